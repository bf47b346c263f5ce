// Exact percentiles, against a sorted array and against the definition.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "weir/base/rng.h"
#include "weir/sim/series.h"

static int compare(const void *left, const void *right)
{
    const weir_ns a = *(const weir_ns *)left;
    const weir_ns b = *(const weir_ns *)right;
    return (a > b) - (a < b);
}

/** Values of every magnitude: a share of them beyond 32 bits, some equal. */
static weir_ns draw(struct weir_rng *rng)
{
    const uint32_t shift = weir_rng_below(rng, 40);
    return (weir_ns)(weir_rng_u64(rng) & ((UINT64_C(1) << shift) - 1));
}

static void check_against_sorted(size_t count, uint64_t seed)
{
    struct weir_sim_series series;
    weir_sim_series_init(&series, UINT64_MAX);
    weir_ns *values = calloc(count, sizeof(*values));
    assert_non_null(values);
    struct weir_rng rng = weir_rng_split(seed, "test series", count);
    for (size_t i = 0; i < count; i++) {
        values[i] = draw(&rng);
        weir_sim_series_add(&series, values[i]);
    }
    qsort(values, count, sizeof(*values), compare);
    assert_int_equal(weir_sim_series_count(&series), count);
    for (uint32_t permille = 1; permille <= 1000; permille++) {
        // the definition: the smallest value that at least permille/1000 of all values do not
        // exceed
        size_t rank = 1;
        while (rank * 1000 < (size_t)permille * count) {
            rank++;
        }
        assert_int_equal(weir_sim_series_at(&series, permille), values[rank - 1]);
    }
    assert_int_equal(weir_sim_series_at(&series, 0), values[0]);
    free(values);
    weir_sim_series_free(&series);
}

static void test_every_permille_equals_the_sorted_array(void **state)
{
    (void)state;
    static const size_t COUNTS[] = {1, 2, 3, 10, 99, 100, 101, 999, 1000, 1001, 5000};
    for (size_t i = 0; i < sizeof(COUNTS) / sizeof(COUNTS[0]); i++) {
        check_against_sorted(COUNTS[i], i);
    }
}

static void test_values_can_be_added_after_a_percentile_was_asked(void **state)
{
    (void)state;
    struct weir_sim_series series;
    weir_sim_series_init(&series, UINT64_MAX);
    weir_sim_series_add(&series, 10);
    assert_int_equal(weir_sim_series_at(&series, 1000), 10);
    weir_sim_series_add(&series, 3);
    weir_sim_series_add(&series, (weir_ns)UINT32_MAX + 1);
    weir_sim_series_add(&series, UINT32_MAX);
    assert_int_equal(weir_sim_series_at(&series, 0), 3);
    assert_int_equal(weir_sim_series_at(&series, 750), UINT32_MAX);
    assert_int_equal(weir_sim_series_at(&series, 1000), (weir_ns)UINT32_MAX + 1);
    weir_sim_series_free(&series);
}

static json_t *json_of(struct weir_sim_series *series)
{
    struct weir_buf text;
    weir_buf_init(&text, 4096);
    assert_true(weir_sim_series_json(series, &text));
    json_t *json = json_loadb(text.ptr, text.len, 0, NULL);
    assert_non_null(json);
    weir_buf_free(&text);
    return json;
}

static void test_no_values_are_null_never_zero(void **state)
{
    (void)state;
    struct weir_sim_series series;
    weir_sim_series_init(&series, UINT64_MAX);
    json_t *json = json_of(&series);
    assert_int_equal(json_integer_value(json_object_get(json, "count")), 0);
    assert_true(json_is_null(json_object_get(json, "p50")));
    assert_true(json_is_null(json_object_get(json, "p99.9")));
    assert_true(json_is_null(json_object_get(json, "mean")));
    json_decref(json);
    weir_sim_series_free(&series);
}

static void test_json_is_in_milliseconds_and_keeps_nanoseconds(void **state)
{
    (void)state;
    struct weir_sim_series series;
    weir_sim_series_init(&series, UINT64_MAX);
    weir_sim_series_add(&series, 1000001);
    weir_sim_series_add(&series, 3000003);
    weir_sim_series_add(&series, -5); // an offset between clocks may do that: counts as 0
    json_t *json = json_of(&series);
    assert_true(fabs(json_number_value(json_object_get(json, "p50")) - 1.000001) < 1e-9);
    assert_true(fabs(json_number_value(json_object_get(json, "max")) - 3.000003) < 1e-9);
    assert_true(fabs(json_number_value(json_object_get(json, "min"))) < 1e-9);
    assert_true(fabs(json_number_value(json_object_get(json, "mean")) - 4.000004 / 3) < 1e-6);
    json_decref(json);
    weir_sim_series_free(&series);
}

static void test_cap_is_counted_not_hidden(void **state)
{
    (void)state;
    struct weir_sim_series series;
    weir_sim_series_init(&series, 5);
    for (weir_ns i = 0; i < 8; i++) {
        weir_sim_series_add(&series, i);
    }
    assert_int_equal(weir_sim_series_count(&series), 5);
    json_t *json = json_of(&series);
    assert_int_equal(json_integer_value(json_object_get(json, "not_kept")), 3);
    json_decref(json);
    weir_sim_series_free(&series);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_permille_equals_the_sorted_array),
        cmocka_unit_test(test_values_can_be_added_after_a_percentile_was_asked),
        cmocka_unit_test(test_no_values_are_null_never_zero),
        cmocka_unit_test(test_json_is_in_milliseconds_and_keeps_nanoseconds),
        cmocka_unit_test(test_cap_is_counted_not_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
