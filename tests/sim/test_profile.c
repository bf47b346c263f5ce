// The table of servers: in the order of the option's values, each row's options good, and options
// of the user's winning over them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "weir/base/str.h"
#include "weir/sim/profile.h"

static void choose(struct weir_config *config, const char *profile)
{
    struct weir_err err = {0};
    weir_config_init(config);
    assert_int_equal(weir_config_set(config, FOR_SIM, "profile", profile, &err), WEIR_OK);
}

static void test_rows_stand_in_the_order_of_the_option(void **state)
{
    (void)state;
    size_t count = 0;
    const struct weir_sim_profile *table = weir_sim_profile_table(&count);
    struct weir_slice rest = weir_slice_of(weir_option(WEIR_OPTION_profile)->value);
    struct weir_slice name;
    size_t index = 0;
    for (; weir_slice_next_part(&rest, '|', &name); index++) {
        assert_true(index < count);
        assert_true(weir_slice_equals(name, table[index].name));
    }
    assert_int_equal(index, count);
}

static void test_every_profile_applies(void **state)
{
    (void)state;
    size_t count = 0;
    const struct weir_sim_profile *table = weir_sim_profile_table(&count);
    for (size_t i = 0; i < count; i++) {
        struct weir_config config;
        struct weir_err err = {0};
        choose(&config, table[i].name);
        if (weir_sim_profile_apply(&config, &err) != WEIR_OK) {
            fail_msg("%s: %s", table[i].name, err.text);
        }
        assert_ptr_equal(weir_sim_profile_of(&config), &table[i]);
        assert_true(table[i].endpoints != 0);
        assert_true(table[i].overload >= 400);
        assert_non_null(table[i].overloaded);
        weir_config_free(&config);
    }
}

static void test_a_profile_sets_what_nobody_has_set(void **state)
{
    (void)state;
    struct weir_config config;
    struct weir_err err = {0};
    choose(&config, "ollama");
    assert_int_equal(weir_config_set(&config, FOR_SIM, "slots", "7", &err), WEIR_OK);
    assert_int_equal(weir_config_set(&config, FOR_SIM, "role-chunk", "early", &err), WEIR_OK);
    assert_int_equal(weir_sim_profile_apply(&config, &err), WEIR_OK);
    assert_int_equal(config.slots, 7);                    // the user's
    assert_int_equal(config.role_chunk, WEIR_ROLE_EARLY); // said, though it is the default
    assert_int_equal(config.max_queue, 512);              // the profile's
    assert_int_equal(config.reasoning_field, WEIR_REASONING);
    assert_int_equal(config.usage_filler, WEIR_SIM_FILLER_ZEROS);
    weir_config_free(&config);
}

static void test_the_plain_profile_changes_nothing(void **state)
{
    (void)state;
    struct weir_config config;
    struct weir_config before;
    struct weir_err err = {0};
    choose(&config, "plain");
    choose(&before, "plain");
    assert_int_equal(weir_sim_profile_apply(&config, &err), WEIR_OK);
    assert_int_equal(weir_config_hash(&config, FOR_SIM), weir_config_hash(&before, FOR_SIM));
    weir_config_free(&config);
    weir_config_free(&before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_stand_in_the_order_of_the_option),
        cmocka_unit_test(test_every_profile_applies),
        cmocka_unit_test(test_a_profile_sets_what_nobody_has_set),
        cmocka_unit_test(test_the_plain_profile_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
