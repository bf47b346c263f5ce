// The first few distinct messages: counting, limits, hostile text.
#include "result/fixture.h"

static void test_distinct_by_level_outcome_and_text(void **state)
{
    (void)state;
    struct weir_errors errors;
    weir_errors_init(&errors);
    for (int i = 0; i < 3; i++) {
        weir_errors_add(&errors, 0, WEIR_OUTCOME_HTTP_5XX, "busy");
        weir_errors_add(&errors, 1, WEIR_OUTCOME_HTTP_5XX, "busy");
        weir_errors_add(&errors, 0, WEIR_OUTCOME_RESET, "busy");
    }
    assert_int_equal(errors.count, 3);
    for (size_t i = 0; i < errors.count; i++) {
        assert_int_equal(errors.items[i].count, 3);
    }
    weir_errors_free(&errors);
}

static void test_at_most_five(void **state)
{
    (void)state;
    struct weir_errors errors;
    weir_errors_init(&errors);
    for (int i = 0; i < 1000; i++) {
        char text[32];
        (void)snprintf(text, sizeof(text), "request %d", i);
        weir_errors_add(&errors, 0, WEIR_OUTCOME_HTTP_4XX, text);
    }
    weir_errors_add(&errors, 0, WEIR_OUTCOME_HTTP_4XX, "request 4");
    assert_int_equal(errors.count, WEIR_ERRORS_PER_OUTCOME);
    assert_string_equal(errors.items[4].text, "request 4");
    assert_int_equal(errors.items[4].count, 2);
    weir_errors_free(&errors);
}

static void test_long_and_dirty_text(void **state)
{
    (void)state;
    struct weir_errors errors;
    weir_errors_init(&errors);
    char text[1000];
    memset(text, '\n', sizeof(text));
    memset(text + 10, 'x', 500);
    text[999] = '\0';
    weir_errors_add(&errors, 0, WEIR_OUTCOME_MALFORMED, text);
    assert_int_equal(strlen(errors.items[0].text), WEIR_ERROR_BYTES - 1);
    assert_null(strchr(errors.items[0].text, '\n'));
    weir_errors_free(&errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distinct_by_level_outcome_and_text),
        cmocka_unit_test(test_at_most_five),
        cmocka_unit_test(test_long_and_dirty_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
