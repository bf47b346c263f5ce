// Limits on made-up time: the bucket never gives more than rate and burst allow, the budget spaces
// tokens, freezes are read and sorted.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/rng.h"
#include "weir/sim/capacity.h"

static struct weir_sim_bucket bucket_of(const char *text)
{
    struct weir_sim_bucket bucket;
    struct weir_err err = {0};
    if (weir_sim_bucket_parse(text, &bucket, &err) != WEIR_OK) {
        fail_msg("%s", err.text);
    }
    return bucket;
}

static void test_rates_read(void **state)
{
    (void)state;
    static const char *const BAD[] = {"0",      "-1", "x",    "10:",   "10:0",
                                      "10:1.5", ":5", "1e99", "10:5:5"};
    assert_true(bucket_of("").rate == 0);
    assert_true(bucket_of("10").rate == 10 && bucket_of("10").burst == 10);
    assert_true(bucket_of("0.5").burst == 1);
    assert_true(bucket_of("2.5/s:7").rate == 2.5 && bucket_of("2.5/s:7").burst == 7);
    for (size_t i = 0; i < WEIR_COUNT_OF(BAD); i++) {
        struct weir_sim_bucket bucket;
        struct weir_err err = {0};
        assert_int_equal(weir_sim_bucket_parse(BAD[i], &bucket, &err), WEIR_INVALID);
        assert_non_null(strstr(err.text, "10:20"));
    }
}

static void test_no_limit_always_gives(void **state)
{
    (void)state;
    struct weir_sim_bucket bucket = bucket_of("");
    weir_ns wait = 7;
    for (weir_ns now = 1; now < 1000; now++) {
        assert_true(weir_sim_bucket_take(&bucket, now, &wait));
        assert_int_equal(wait, 0);
    }
}

static void test_a_bucket_gives_burst_and_rate_and_no_more(void **state)
{
    (void)state;
    struct weir_sim_bucket bucket = bucket_of("10:5");
    struct weir_rng rng = weir_rng_seed(3);
    weir_ns now = WEIR_SECOND;
    weir_ns wait = 0;
    uint64_t given = 0;
    while (now < 101 * WEIR_SECOND) {
        given += weir_sim_bucket_take(&bucket, now, &wait);
        now += (weir_ns)weir_rng_below(&rng, 20000000); // about 100 a second ask
    }
    assert_in_range(given, 5 + 990, 5 + 1000);
}

static void test_the_wait_is_how_long_it_takes(void **state)
{
    (void)state;
    struct weir_sim_bucket bucket = bucket_of("4:1");
    weir_ns wait = 0;
    assert_true(weir_sim_bucket_take(&bucket, WEIR_SECOND, &wait));
    assert_false(weir_sim_bucket_take(&bucket, WEIR_SECOND, &wait));
    assert_int_equal(wait, 250 * WEIR_MSEC);
    assert_false(weir_sim_bucket_take(&bucket, WEIR_SECOND / 2, &wait)); // stamps may go back
    assert_false(weir_sim_bucket_take(&bucket, WEIR_SECOND + 249 * WEIR_MSEC, &wait));
    assert_true(wait <= WEIR_MSEC + 1);
    assert_true(weir_sim_bucket_take(&bucket, WEIR_SECOND + 250 * WEIR_MSEC + 1, &wait));
}

static void test_a_budget_spaces_tokens(void **state)
{
    (void)state;
    struct weir_sim_budget none = {0};
    assert_int_equal(weir_sim_budget_take(&none, 5, 1000), 5);
    struct weir_sim_budget budget = {.rate = 100};
    assert_int_equal(weir_sim_budget_take(&budget, WEIR_SECOND, 1), WEIR_SECOND);
    assert_int_equal(weir_sim_budget_take(&budget, WEIR_SECOND, 3), WEIR_SECOND + 10 * WEIR_MSEC);
    assert_int_equal(weir_sim_budget_take(&budget, WEIR_SECOND, 1), WEIR_SECOND + 40 * WEIR_MSEC);
    assert_int_equal(weir_sim_budget_take(&budget, 9 * WEIR_SECOND, 1), 9 * WEIR_SECOND);
}

static weir_status freezes_of(const char *first, const char *second, struct weir_sim_freezes *out,
                              struct weir_err *err)
{
    char one[40];
    char two[40];
    char *items[2] = {one, two};
    (void)strncpy(one, first, sizeof(one) - 1);
    (void)strncpy(two, second, sizeof(two) - 1);
    one[sizeof(one) - 1] = '\0';
    two[sizeof(two) - 1] = '\0';
    const struct weir_str_list list = {.items = items, .count = 2};
    return weir_sim_freezes_parse(&list, out, err);
}

static void test_freezes_are_sorted_and_apart(void **state)
{
    (void)state;
    struct weir_err err = {0};
    struct weir_sim_freezes freezes;
    assert_int_equal(freezes_of("5s:2s", "100ms:1s", &freezes, &err), WEIR_OK);
    assert_int_equal(freezes.items[0].at, 100 * WEIR_MSEC);
    assert_int_equal(freezes.items[1].span, 2 * WEIR_SECOND);
    assert_int_equal(freezes_of("5s:2s", "6s:1s", &freezes, &err), WEIR_INVALID);
    assert_non_null(strstr(err.text, "overlap"));
    assert_int_equal(freezes_of("5s", "6s:1s", &freezes, &err), WEIR_INVALID);
    assert_int_equal(freezes_of("5s:0s", "6s:1s", &freezes, &err), WEIR_INVALID);
    assert_int_equal(freezes_of("5:2s", "6s:1s", &freezes, &err), WEIR_INVALID);
    assert_non_null(strstr(err.text, "5s:2s"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates_read),
        cmocka_unit_test(test_no_limit_always_gives),
        cmocka_unit_test(test_a_bucket_gives_burst_and_rate_and_no_more),
        cmocka_unit_test(test_the_wait_is_how_long_it_takes),
        cmocka_unit_test(test_a_budget_spaces_tokens),
        cmocka_unit_test(test_freezes_are_sorted_and_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
