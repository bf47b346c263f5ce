// Numbers for people and for files: boundaries of rounding, no data, round trip.
#include "result/fixture.h"

#include "weir/result/number.h"

struct example {
    double value;
    const char *text;
};

static void test_short(void **state)
{
    (void)state;
    const struct example examples[] = {
        {0, "0"},
        {-0.0, "0"},
        {0.0004, "0"},
        {0.0005, "0.001"},
        {0.12345, "0.123"},
        {1.2344, "1.234"},
        {9.9994, "9.999"},
        {9.9996, "10.00"},
        {12.345, "12.35"},
        {99.994, "99.99"},
        {99.996, "100.0"},
        {123.44, "123.4"},
        {999.94, "999.9"},
        {999.96, "1000"},
        {1234.4, "1234"},
        {9999999, "9999999"},
        {12345678, "12.3M"},
        {123456789, "123M"},
        {-12.345, "-12.35"},
        {NAN, "-"},
        {INFINITY, "-"},
        {-INFINITY, "-"},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(examples); i++) {
        char text[32];
        assert_string_equal(weir_number_short(examples[i].value, text, sizeof(text)),
                            examples[i].text);
    }
}

static void test_exact(void **state)
{
    (void)state;
    const struct example examples[] = {
        {0, "0"},
        {-0.0, "0"},
        {51.2, "51.2"},
        {100, "100"},
        {1234567, "1234567"},
        {0.0000004, "0"},
        {-0.0000004, "0"},
        {0.0000006, "0.000001"},
        {1.0 / 3, "0.333333"},
        {-2.5, "-2.5"},
        {NAN, ""},
        {INFINITY, ""},
        {1e15, "1000000000000000"},
        {1e300, "1.0000000000000001e+300"},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(examples); i++) {
        char text[64];
        assert_string_equal(weir_number_exact(examples[i].value, text, sizeof(text)),
                            examples[i].text);
    }
}

static void test_exact_is_read_back_to_six_decimals(void **state)
{
    (void)state;
    for (double value = 1e-7; value < 1e12; value *= 1.37) {
        char text[64];
        double back = strtod(weir_number_exact(value, text, sizeof(text)), NULL);
        assert_true(fabs(back - value) <= 0.5000001e-6 + value * 1e-15);
        assert_true(fabs(weir_number_round(value) - value) <= 0.5000001e-6);
        assert_true(strlen(text) < 24);
    }
}

static void test_round_has_no_minus_zero(void **state)
{
    (void)state;
    assert_false(signbit(weir_number_round(-1e-9)));
    assert_true(isnan(weir_number_round(NAN)));
    assert_true(isinf(weir_number_round(INFINITY)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short),
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_exact_is_read_back_to_six_decimals),
        cmocka_unit_test(test_round_has_no_minus_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
