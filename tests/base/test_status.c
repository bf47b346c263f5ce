// Statuses, exit codes and error details.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>

#include "base/child.h"
#include "weir/base/status.h"

static void exit_codes_are_those_of_the_manual(void **state)
{
    (void)state;
    static const struct {
        weir_status status;
        int exit_code;
    } fixed[] = {{WEIR_OK, 0},           {WEIR_GATE_FAILED, 1}, {WEIR_INVALID, 2},
                 {WEIR_TOO_LARGE, 2},    {WEIR_UNREACHABLE, 3}, {WEIR_RUN_INVALID, 4},
                 {WEIR_INCONCLUSIVE, 5}, {WEIR_SYSTEM, 70},     {WEIR_INTERNAL, 70},
                 {WEIR_INTERRUPTED, 130}};
    for (size_t i = 0; i < WEIR_COUNT_OF(fixed); i++) {
        assert_int_equal(weir_status_exit_code(fixed[i].status), fixed[i].exit_code);
    }
}

static void each_status_has_its_own_text(void **state)
{
    (void)state;
    static const weir_status all[] = {
#define XX(name, value, exit_code, text) WEIR_##name,
        WEIR_STATUS_MAP(XX)
#undef XX
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(all); i++) {
        assert_true(all[i] <= 0);
        assert_true(strlen(weir_status_text(all[i])) > 0);
        assert_string_not_equal(weir_status_text(all[i]), "unknown status");
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(all[i], all[j]);
            assert_string_not_equal(weir_status_text(all[i]), weir_status_text(all[j]));
        }
    }
}

static void a_number_that_is_no_status_is_an_internal_error(void **state)
{
    (void)state;
    static const weir_status strangers[] = {1, 70, -10, -1000000, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < WEIR_COUNT_OF(strangers); i++) {
        assert_string_equal(weir_status_text(strangers[i]), "unknown status");
        assert_int_equal(weir_status_exit_code(strangers[i]), 70);
    }
}

static void fail_fills_everything_and_returns_the_status(void **state)
{
    (void)state;
    struct weir_err err = {.line = 7, .column = 8, .file = "old", .text = "old"};
    assert_int_equal(weir_fail(&err, WEIR_SYSTEM, "%s: %d", "no", 5), WEIR_SYSTEM);
    assert_int_equal(err.status, WEIR_SYSTEM);
    assert_int_equal(err.line, 0);
    assert_int_equal(err.column, 0);
    assert_string_equal(err.file, "");
    assert_string_equal(err.text, "no: 5");

    assert_int_equal(weir_fail_at(&err, "a.yaml", 3, 9, "bad %c", 'x'), WEIR_INVALID);
    assert_int_equal(err.status, WEIR_INVALID);
    assert_int_equal(err.line, 3);
    assert_int_equal(err.column, 9);
    assert_string_equal(err.file, "a.yaml");
    assert_string_equal(err.text, "bad x");
}

static void nobody_has_to_want_the_detail(void **state)
{
    (void)state;
    assert_int_equal(weir_fail(NULL, WEIR_TOO_LARGE, "%d", 1), WEIR_TOO_LARGE);
    assert_int_equal(weir_fail_at(NULL, "f", 1, 1, "%d", 1), WEIR_INVALID);
}

static void long_details_are_cut_off(void **state)
{
    (void)state;
    char text[2000];
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    struct weir_err err;
    (void)weir_fail_at(&err, text, 1, 1, "%s", text);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    assert_int_equal(strlen(err.file), sizeof(err.file) - 1);
}

static void an_error_can_be_wrapped_in_itself(void **state)
{
    (void)state;
    struct weir_err err;
    (void)weir_fail(&err, WEIR_SYSTEM, "no such file");
    (void)weir_fail(&err, err.status, "cannot read prompts: %s", err.text);
    assert_string_equal(err.text, "cannot read prompts: no such file");
    assert_int_equal(err.status, WEIR_SYSTEM);

    (void)weir_fail_at(&err, "a.yaml", 2, 3, "odd");
    (void)weir_fail_at(&err, err.file, err.line, err.column, "in 'run': %s", err.text);
    assert_string_equal(err.file, "a.yaml");
    assert_string_equal(err.text, "in 'run': odd");
}

static void print_with_place(void)
{
    struct weir_err err;
    (void)weir_fail_at(&err, "a.yaml", 3, 9, "bad");
    weir_err_print(&err);
    err.column = 0;
    weir_err_print(&err);
    err.line = 0;
    weir_err_print(&err);
}

static void print_without_place(void)
{
    struct weir_err err;
    (void)weir_fail(&err, WEIR_SYSTEM, "100%% sure"); // text is never used as a format again
    weir_err_print(&err);
    err.text[0] = '\0';
    weir_err_print(&err);
}

static void errors_are_printed_with_their_place(void **state)
{
    (void)state;
    struct child_result placed = child_run(print_with_place);
    assert_int_equal(placed.exit_code, 0);
    assert_string_equal(placed.text,
                        "weir: a.yaml:3:9: bad\nweir: a.yaml:3: bad\nweir: a.yaml: bad\n");

    struct child_result bare = child_run(print_without_place);
    assert_int_equal(bare.exit_code, 0);
    assert_string_equal(bare.text, "weir: 100% sure\nweir: the operating system refused\n");
}

static void assert_something_false(void)
{
    WEIR_ASSERT(1 + 1 == 3);
}

static void a_programmers_error_aborts_and_says_where(void **state)
{
    (void)state;
    struct child_result result = child_run(assert_something_false);
    assert_int_equal(result.signal, SIGABRT);
    assert_non_null(strstr(result.text, "1 + 1 == 3"));
    assert_non_null(strstr(result.text, "test_status.c"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit_codes_are_those_of_the_manual),
        cmocka_unit_test(each_status_has_its_own_text),
        cmocka_unit_test(a_number_that_is_no_status_is_an_internal_error),
        cmocka_unit_test(fail_fills_everything_and_returns_the_status),
        cmocka_unit_test(nobody_has_to_want_the_detail),
        cmocka_unit_test(long_details_are_cut_off),
        cmocka_unit_test(an_error_can_be_wrapped_in_itself),
        cmocka_unit_test(errors_are_printed_with_their_place),
        cmocka_unit_test(a_programmers_error_aborts_and_says_where),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
