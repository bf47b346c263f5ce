// Numbers with units: tables of examples, and parse(format(x)) == x.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/rng.h"
#include "weir/base/units.h"

struct example {
    const char *text;
    int64_t value; // −1: refused
};

typedef bool parse_fn(struct weir_slice text, int64_t *out);

static void check(parse_fn *parse, const struct example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t value = -77;
        bool is_fine = parse(weir_slice_of(examples[i].text), &value);
        if (is_fine != (examples[i].value >= 0) || value != (is_fine ? examples[i].value : -77)) {
            fail_msg("'%s' became %d %lld", examples[i].text, is_fine, (long long)value);
        }
    }
}

static const weir_ns ten_years = 3650 * WEIR_DAY;

static void durations(void **state)
{
    (void)state;
    const struct example examples[] = {
        {"0", 0},
        {"0.0", 0},
        {"0s", 0},
        {"1ns", 1},
        {"50ms", 50 * WEIR_MSEC},
        {"1.5ms", 1500 * WEIR_USEC},
        {".5s", 500 * WEIR_MSEC},
        {"+2s", 2 * WEIR_SECOND},
        {"3us", 3 * WEIR_USEC},
        {"3\xc2\xb5s", 3 * WEIR_USEC},
        {"2m", 2 * WEIR_MINUTE},
        {"2min", 2 * WEIR_MINUTE},
        {"1.5h", 90 * WEIR_MINUTE},
        {"1d", WEIR_DAY},
        {"3650d", ten_years},
        {"0.000001ms", 1},
        {"0.1ns", 0}, // to the nearest
        {"0.6ns", 1},
        {"1.0000000000000000000000001s", WEIR_SECOND},
        {"315360000000000.001us", -1}, // one past the limit
        {"315359999999999.999us", ten_years - 1},
        {"5", -1},
        {"", -1},
        {"s", -1},
        {".", -1},
        {".s", -1},
        {"5.s", -1},
        {"-1s", -1},
        {"--1s", -1},
        {"1e3s", -1},
        {"0x10s", -1},
        {"nans", -1},
        {"infs", -1},
        {"1 s", -1},
        {" 1s", -1},
        {"1s ", -1},
        {"1S", -1},
        {"1sec", -1},
        {"1.2.3s", -1},
        {"1,5s", -1},
        {"3651d", -1},
        {"3650.00001d", -1},
        {"9223372036854775807d", -1},
        {"99999999999999999999999999s", -1},
    };
    check(weir_parse_duration, examples, WEIR_COUNT_OF(examples));
}

static void sizes(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"0", 0},
        {"1", 1},
        {"12B", 12},
        {"64KiB", 65536},
        {"1.5KiB", 1536},
        {"1KB", 1000},
        {"1.001KB", 1001}, // has no exact double
        {"2.3MB", 2300000},
        {"1MiB", 1048576},
        {"1GiB", 1073741824},
        {"2GB", 2000000000},
        {"9000000000000000", 9000000000000000},
        {"1.5B", -1},
        {"0.3KiB", -1}, // no whole number of bytes
        {"1kb", -1},
        {"1K", -1},
        {"1TB", -1},
        {"-1", -1},
        {"", -1},
        {"KiB", -1},
        {"9000000000000001", -1},
        {"9000001GB", -1},
        {"9223372036854775807GiB", -1},
    };
    check(weir_parse_size, examples, WEIR_COUNT_OF(examples));
}

static void counts(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"0", 0},
        {"128", 128},
        {"1k", 1000},
        {"1K", 1000},
        {"1.5k", 1500},
        {"1.001k", 1001},
        {"4.35k", 4350},
        {"2M", 2000000},
        {"0.000001M", 1},
        {"1.123456789G", 1123456789},
        {"1.0", 1},
        {"1.5", -1},
        {"1.0005k", -1},
        {"1.00000000000001k", -1},
        {"0.00000000000000000001", -1},
        {"1m", -1},
        {"1g", -1},
        {"1kk", -1},
        {"k", -1},
        {"-1k", -1},
        {"1e3", -1},
        {"nan", -1},
        {"10000000G", -1},
    };
    check(weir_parse_count, examples, WEIR_COUNT_OF(examples));
}

static void a_slice_ends_where_it_ends(void **state)
{
    (void)state;
    static const char text[] = "10ms20";
    int64_t value = 0;
    assert_true(weir_parse_duration((struct weir_slice){text, 4}, &value));
    assert_int_equal(value, 10 * WEIR_MSEC);
    assert_true(weir_parse_count((struct weir_slice){text, 2}, &value));
    assert_int_equal(value, 10);
    assert_false(weir_parse_duration((struct weir_slice){"1s\0", 3}, &value));
    assert_false(weir_parse_count((struct weir_slice){"1\0", 2}, &value));
    assert_false(weir_parse_count((struct weir_slice){NULL, 0}, &value));
}

static void durations_are_written_short(void **state)
{
    (void)state;
    static const struct {
        weir_ns ns;
        const char *text;
    } cases[] = {
        {0, "0s"},
        {1, "1ns"},
        {999, "999ns"},
        {1000, "1us"},
        {1500, "1.5us"},
        {1234567, "1234.567us"},
        {50 * WEIR_MSEC, "50ms"},
        {1500 * WEIR_USEC, "1.5ms"},
        {1050 * WEIR_USEC, "1.05ms"},
        {1001 * WEIR_MSEC, "1.001s"},
        {90 * WEIR_SECOND, "90s"},
        {WEIR_HOUR, "1h"},
        {2 * WEIR_HOUR, "2h"},
        {WEIR_HOUR + WEIR_SECOND, "3601s"},
        {WEIR_HOUR + 1, "3600000000.001us"},
        {3650 * WEIR_DAY, "87600h"},
        {-5, "-5ns"},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(cases); i++) {
        char out[40];
        assert_string_equal(weir_format_duration(cases[i].ns, out, sizeof(out)), cases[i].text);
    }
}

/** Numbers of all magnitudes, and such as are round in some unit. */
static int64_t some_value(struct weir_rng *rng, int64_t most)
{
    static const int64_t grains[] = {1,       10,      1000,    1 << 10,
                                     1000000, 1 << 20, 1 << 30, 3600000000000};
    int64_t value = (int64_t)(weir_rng_u64(rng) >> weir_rng_below(rng, 64)) & INT64_MAX;
    int64_t grain = grains[weir_rng_below(rng, WEIR_COUNT_OF(grains))];
    value = value % (most + 1);
    return value >= grain ? value / grain * grain : value;
}

static void what_is_written_can_be_read_again(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(11);
    for (int i = 0; i < 200000; i++) {
        char out[40];
        int64_t again = -1;
        weir_ns ns = some_value(&rng, ten_years);
        assert_true(
            weir_parse_duration(weir_slice_of(weir_format_duration(ns, out, sizeof(out))), &again));
        assert_int_equal(again, ns);
        int64_t bytes = some_value(&rng, 9000000000000000);
        assert_true(
            weir_parse_size(weir_slice_of(weir_format_size(bytes, out, sizeof(out))), &again));
        assert_int_equal(again, bytes);
    }
}

static void sizes_are_written_short(void **state)
{
    (void)state;
    static const struct {
        int64_t bytes;
        const char *text;
    } cases[] = {{0, "0B"},       {1000, "1000B"},   {1024, "1KiB"},       {65536, "64KiB"},
                 {1536, "1536B"}, {1048576, "1MiB"}, {1572864, "1536KiB"}, {1 << 30, "1GiB"}};
    for (size_t i = 0; i < WEIR_COUNT_OF(cases); i++) {
        char out[40];
        assert_string_equal(weir_format_size(cases[i].bytes, out, sizeof(out)), cases[i].text);
    }
}

/** Bytes of any kind are refused or read, never anything else; the sanitizers watch. */
static void noise_does_no_harm(void **state)
{
    (void)state;
    static const char alphabet[] = "0123456789.+-eExnsumhdkKMGBi \0\xc2\xb5";
    struct weir_rng rng = weir_rng_seed(12);
    for (int i = 0; i < 200000; i++) {
        char text[24];
        size_t len = weir_rng_below(&rng, sizeof(text));
        for (size_t j = 0; j < len; j++) {
            text[j] = alphabet[weir_rng_below(&rng, sizeof(alphabet))];
        }
        const struct weir_slice slice = {text, len};
        int64_t value = 0;
        if (weir_parse_duration(slice, &value)) {
            assert_in_range(value, 0, ten_years);
        }
        if (weir_parse_size(slice, &value) || weir_parse_count(slice, &value)) {
            assert_in_range(value, 0, 9000000000000000 + 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations),
        cmocka_unit_test(sizes),
        cmocka_unit_test(counts),
        cmocka_unit_test(a_slice_ends_where_it_ends),
        cmocka_unit_test(durations_are_written_short),
        cmocka_unit_test(what_is_written_can_be_read_again),
        cmocka_unit_test(sizes_are_written_short),
        cmocka_unit_test(noise_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
