// Faults: every kind reads as it is written, nonsense is refused with a remedy, and shares are what
// was asked for.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/sim/fault.h"

static weir_status parse(const char *first, const char *second, struct weir_sim_faults *out,
                         struct weir_err *err)
{
    char one[80];
    char two[80];
    char *items[2] = {one, two};
    (void)snprintf(one, sizeof(one), "%s", first);
    (void)snprintf(two, sizeof(two), "%s", second != NULL ? second : "");
    const struct weir_str_list list = {.items = items, .count = second != NULL ? 2 : 1};
    return weir_sim_faults_parse(&list, out, err);
}

static void test_every_kind_reads(void **state)
{
    (void)state;
    size_t count = 0;
    const struct weir_sim_fault_info *table = weir_sim_fault_table(&count);
    assert_true(count <= WEIR_SIM_FAULTS_MAX);
    for (size_t i = 0; i < count; i++) {
        char text[80];
        struct weir_err err = {0};
        struct weir_sim_faults faults;
        (void)snprintf(text, sizeof(text), "%s=2.5%%%s", table[i].name,
                       table[i].arg == WEIR_SIM_ARG_SPAN ? ":2s" : "");
        if (parse(text, NULL, &faults, &err) != WEIR_OK) {
            fail_msg("%s: %s", text, err.text);
        }
        assert_ptr_equal(faults.items[0].info, &table[i]);
        assert_true(fabs(faults.items[0].share - 0.025) < 1e-12);
        assert_int_equal(faults.items[0].span,
                         table[i].arg == WEIR_SIM_ARG_SPAN ? 2 * WEIR_SECOND : -1);
        assert_true(table[i].kind != WEIR_SIM_FAULT_HTTP || table[i].http_status >= 400);
    }
}

static void test_help_lists_every_kind(void **state)
{
    (void)state;
    size_t count = 0;
    const struct weir_sim_fault_info *table = weir_sim_fault_table(&count);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(strstr(weir_option(WEIR_OPTION_fault)->help, table[i].name));
    }
}

static void test_nonsense_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *says;
    } ROWS[] = {
        {"", "no fault"},
        {"stal=1%:2s", "did you mean \"stall\"?"},
        {"truncat=1%", "did you mean \"truncate\"?"},
        {"truncate", "truncate=1%"},
        {"truncate=", "truncate=1%"},
        {"truncate=1", "truncate=1%"},
        {"truncate=%", "truncate=1%"},
        {"truncate=101%", "0% to 100%"},
        {"truncate=-1%", "0% to 100%"},
        {"truncate=nan%", "0% to 100%"},
        {"truncate=1%:2s", "truncate=1%"},
        {"stall=1%", "stall=1%:2s"},
        {"stall=1%:2", "stall=1%:2s"},
        {"stall=1%:", "stall=1%:2s"},
        {"http_429=1%:2s", "retry-after=2s"},
        {"http_429=1%:retry-after=", "retry-after=2s"},
        {"http_500=1%:retry-after=2s", "http_500=1%"},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(ROWS); i++) {
        struct weir_err err = {0};
        struct weir_sim_faults faults = {.count = 77};
        assert_int_equal(parse(ROWS[i].text, NULL, &faults, &err), WEIR_INVALID);
        if (strstr(err.text, ROWS[i].says) == NULL) {
            fail_msg("\"%s\": \"%s\" lacks \"%s\"", ROWS[i].text, err.text, ROWS[i].says);
        }
        assert_int_equal(faults.count, 77); // outputs stay as they were
    }
}

static void test_shares_must_fit(void **state)
{
    (void)state;
    struct weir_err err = {0};
    struct weir_sim_faults faults;
    assert_int_equal(parse("cut=60%", "reset=40%", &faults, &err), WEIR_OK);
    assert_int_equal(parse("cut=60%", "reset=40.1%", &faults, &err), WEIR_INVALID);
    assert_non_null(strstr(err.text, "100.1%"));
}

static void test_shares_are_kept(void **state)
{
    (void)state;
    enum { REQUESTS = 100000 };
    struct weir_err err = {0};
    struct weir_sim_faults faults;
    uint64_t struck[2] = {0, 0};
    assert_int_equal(parse("cut=1%", "http_429=5%:retry-after=1s", &faults, &err), WEIR_OK);
    for (uint64_t number = 0; number < REQUESTS; number++) {
        const struct weir_sim_fault *fault = weir_sim_faults_draw(&faults, 1, number);
        assert_ptr_equal(fault, weir_sim_faults_draw(&faults, 1, number)); // the same again
        if (fault != NULL) {
            struck[fault - faults.items]++;
        }
    }
    for (size_t i = 0; i < 2; i++) { // four standard deviations
        const double share = faults.items[i].share;
        const double deviation = sqrt(REQUESTS * share * (1 - share));
        assert_true(fabs((double)struck[i] - REQUESTS * share) < 4 * deviation);
    }
}

static void test_nobody_and_everybody(void **state)
{
    (void)state;
    struct weir_err err = {0};
    struct weir_sim_faults faults;
    const struct weir_str_list none = {.items = NULL, .count = 0};
    assert_int_equal(weir_sim_faults_parse(&none, &faults, &err), WEIR_OK);
    assert_null(weir_sim_faults_draw(&faults, 1, 0));
    assert_int_equal(parse("cut=0%", "never=100%", &faults, &err), WEIR_OK);
    for (uint64_t number = 0; number < 1000; number++) {
        assert_ptr_equal(weir_sim_faults_draw(&faults, 1, number), &faults.items[1]);
    }
}

static void test_places_lie_between_the_first_token_and_the_last(void **state)
{
    (void)state;
    bool seen[10] = {false};
    assert_int_equal(weir_sim_fault_place(1, 0, 0), 0);
    assert_int_equal(weir_sim_fault_place(1, 0, 1), 0);
    for (uint64_t number = 0; number < 500; number++) {
        assert_int_equal(weir_sim_fault_place(1, number, 2), 1);
        const uint64_t place = weir_sim_fault_place(1, number, 10);
        assert_in_range(place, 1, 9);
        seen[place] = true;
    }
    for (size_t place = 1; place < 10; place++) {
        assert_true(seen[place]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_reads),
        cmocka_unit_test(test_help_lists_every_kind),
        cmocka_unit_test(test_nonsense_is_refused),
        cmocka_unit_test(test_shares_must_fit),
        cmocka_unit_test(test_shares_are_kept),
        cmocka_unit_test(test_nobody_and_everybody),
        cmocka_unit_test(test_places_lie_between_the_first_token_and_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
