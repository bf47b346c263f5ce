// hist.c against a sorted array, against slot bounds written down from the definition, and against
// itself.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/base/rng.h"
#include "weir/stat/hist.h"

#define DAY_NS INT64_C(86400000000000)

static const double percentiles[] = {0,  1,  5,  10, 25,   33.3, 50,    66.6,   75,
                                     80, 90, 95, 99, 99.5, 99.9, 99.99, 99.999, 100};

static int compare_values(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/** Log-uniform in [0, highest]: every magnitude is as likely as any other. */
static int64_t draw(struct weir_rng *rng, int64_t highest)
{
    const uint64_t bits = weir_rng_u64(rng) >> weir_rng_below(rng, 63) >> 1;
    return (int64_t)(bits % ((uint64_t)highest + 1));
}

static int64_t power_of_ten(int exponent)
{
    int64_t power = 1;
    for (int i = 0; i < exponent; i++) {
        power *= 10;
    }
    return power;
}

/** The rank in whole numbers: percentiles are multiples of 1/1000. */
static uint64_t rank_of(uint64_t count, double percentile)
{
    const uint64_t thousandths = (uint64_t)llround(percentile * 1000);
    const uint64_t rank = (count * thousandths + 99999) / 100000;
    return rank > 1 ? rank : 1;
}

static void check_against_sorted(const struct weir_hist *hist, int64_t *values, size_t count)
{
    qsort(values, count, sizeof(values[0]), compare_values);
    assert_int_equal(weir_hist_count(hist), count);
    assert_int_equal(weir_hist_min(hist), values[0]);
    assert_int_equal(weir_hist_max(hist), values[count - 1]);
    const int64_t precision = power_of_ten(weir_hist_digits(hist));
    for (size_t i = 0; i < WEIR_COUNT_OF(percentiles); i++) {
        const int64_t exact = values[rank_of(count, percentiles[i]) - 1];
        const int64_t said = weir_hist_percentile(hist, percentiles[i]);
        assert_true(said >= exact);
        assert_true(said - exact <= exact / precision);
    }
    assert_int_equal(weir_hist_percentile(hist, 100), values[count - 1]);
}

static void check_sums(const struct weir_hist *hist, const int64_t *values, size_t count)
{
    long double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (long double)values[i];
    }
    const long double mean = sum / (long double)count;
    long double squares = 0;
    for (size_t i = 0; i < count; i++) {
        const long double away = (long double)values[i] - mean;
        squares += away * away;
    }
    const double deviation = (double)sqrtl(squares / (long double)count);
    assert_true(fabs(weir_hist_mean(hist) - (double)mean) <= 1e-12 * (double)mean);
    assert_true(fabs(weir_hist_stddev(hist) - deviation) <= 1e-9 * deviation + 1e-9);
}

static void test_percentiles_match_sorted_array(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    struct weir_rng rng = weir_rng_seed(1);
    int64_t *values = weir_alloc(COUNT, sizeof(values[0]));
    for (int digits = 1; digits <= 5; digits++) {
        for (size_t count = 1; count <= COUNT; count = count * 7 + 1) {
            struct weir_hist *hist = weir_hist_new(DAY_NS, digits);
            for (size_t i = 0; i < count; i++) {
                values[i] = draw(&rng, DAY_NS);
                assert_true(weir_hist_record(hist, values[i]));
            }
            check_sums(hist, values, count);
            check_against_sorted(hist, values, count);
            weir_hist_free(hist);
        }
    }
    weir_free(values);
}

static void check_slot(struct weir_hist *hist, size_t index, uint64_t lowest, uint64_t width)
{
    const uint64_t range_top = (uint64_t)weir_hist_highest(hist);
    const uint64_t top = lowest + width - 1;
    if (lowest > range_top) {
        assert_false(weir_hist_record(hist, (int64_t)lowest));
        return;
    }
    weir_hist_reset(hist);
    assert_true(weir_hist_record(hist, (int64_t)lowest));
    assert_int_equal(weir_hist_record(hist, (int64_t)top), top <= range_top);
    assert_int_equal(weir_hist_slot_at(hist, index), 1 + (top <= range_top));
    struct weir_hist_slot slot = {0};
    assert_true(weir_hist_next(hist, &slot));
    assert_int_equal(slot.lowest, lowest);
    assert_int_equal(slot.highest, top);
    assert_false(weir_hist_next(hist, &slot));
}

/** As the layout is defined: runs of half as many slots as the first bucket has, the first two of
 * them one wide, each further one of double the width. */
static void check_layout(int64_t highest, int digits)
{
    struct weir_hist *hist = weir_hist_new(highest, digits);
    size_t half = 1;
    while (2 * half < (size_t)(2 * power_of_ten(digits))) {
        half *= 2;
    }
    const size_t slots = weir_hist_slot_count(hist);
    assert_int_equal(slots % half, 0);
    uint64_t lowest = 0;
    uint64_t width = 1;
    for (size_t run = 0; run < slots / half; run++) {
        width *= run > 1 ? 2 : 1;
        const size_t edges[] = {0, 1, half / 2, half - 2, half - 1};
        for (size_t i = 0; i < WEIR_COUNT_OF(edges); i++) {
            check_slot(hist, run * half + edges[i], lowest + edges[i] * width, width);
        }
        lowest += half * width;
    }
    assert_true(lowest > (uint64_t)highest); // the slots cover the range, and no run is needless
    assert_true(slots == 2 * half || lowest - half * width <= (uint64_t)highest);
    weir_hist_free(hist);
}

static void test_layout_at_boundaries(void **state)
{
    (void)state;
    const int64_t fixed[] = {2, 3, 9, 10, 1000, 60000000, DAY_NS, INT64_MAX, INT64_MAX - 1};
    for (int digits = 1; digits <= 5; digits++) {
        for (size_t i = 0; i < WEIR_COUNT_OF(fixed); i++) {
            check_layout(fixed[i], digits);
        }
        for (unsigned bit = 2; bit < 63; bit++) {
            check_layout((INT64_C(1) << bit) - 1, digits);
            check_layout(INT64_C(1) << bit, digits);
        }
    }
}

static void test_small_values_are_exact(void **state)
{
    (void)state;
    struct weir_hist *hist = weir_hist_new(DAY_NS, 3);
    for (int64_t value = 0; value < 2048; value++) {
        weir_hist_reset(hist);
        assert_true(weir_hist_record(hist, value));
        assert_true(weir_hist_record(hist, DAY_NS));
        assert_int_equal(weir_hist_percentile(hist, 50), value);
    }
    weir_hist_free(hist);
}

static void test_empty(void **state)
{
    (void)state;
    struct weir_hist *hist = weir_hist_new(1000, 2);
    struct weir_hist_slot slot = {0};
    assert_int_equal(weir_hist_count(hist), 0);
    assert_int_equal(weir_hist_dropped(hist), 0);
    assert_int_equal(weir_hist_min(hist), 0);
    assert_int_equal(weir_hist_max(hist), 0);
    assert_int_equal(weir_hist_percentile(hist, 99), 0);
    assert_int_equal(weir_hist_count_up_to(hist, INT64_MAX), 0);
    assert_true(weir_hist_mean(hist) == 0 && weir_hist_stddev(hist) == 0);
    assert_false(weir_hist_next(hist, &slot));
    assert_int_equal(weir_hist_highest(hist), 1000);
    assert_int_equal(weir_hist_digits(hist), 2);
    weir_hist_free(hist);
    weir_hist_free(NULL);
}

static void test_out_of_range_is_dropped_and_counted(void **state)
{
    (void)state;
    struct weir_hist *hist = weir_hist_new(1000, 3);
    assert_true(weir_hist_record(hist, 1000));
    assert_true(weir_hist_record(hist, 0));
    assert_false(weir_hist_record(hist, 1001));
    assert_false(weir_hist_record(hist, -1));
    assert_false(weir_hist_record(hist, INT64_MIN));
    assert_false(weir_hist_record(hist, INT64_MAX));
    assert_false(weir_hist_record_n(hist, -5, 10));
    assert_false(weir_hist_record_n(hist, 1001, 100));
    assert_int_equal(weir_hist_dropped(hist), 114);
    assert_int_equal(weir_hist_count(hist), 2);
    assert_int_equal(weir_hist_max(hist), 1000);
    assert_int_equal(weir_hist_min(hist), 0);
    weir_hist_free(hist);
}

static void test_count_has_a_cap(void **state)
{
    (void)state;
    struct weir_hist *hist = weir_hist_new(1000, 3);
    struct weir_hist *other = weir_hist_new(1000, 3);
    assert_true(weir_hist_record_n(hist, 7, (uint64_t)INT64_MAX - 1));
    assert_false(weir_hist_record_n(hist, 7, 2));
    assert_int_equal(weir_hist_dropped(hist), 2);
    assert_true(weir_hist_record_n(hist, 9, 1));
    assert_false(weir_hist_record_n(hist, 7, UINT64_MAX));
    assert_true(weir_hist_dropped(hist) == UINT64_MAX);
    assert_int_equal(weir_hist_percentile(hist, 100), 9);
    assert_int_equal(weir_hist_percentile(hist, 99.9), 7);
    assert_true(weir_hist_record_n(other, 8, 3));
    assert_int_equal(weir_hist_add(hist, other), 3);
    assert_int_equal(weir_hist_count(hist), INT64_MAX);
    assert_false(weir_hist_fill_slot(hist, 3, 1));
    weir_hist_free(hist);
    weir_hist_free(other);
}

static void test_record_n_equals_n_records(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(2);
    struct weir_hist *many = weir_hist_new(DAY_NS, 3);
    struct weir_hist *single = weir_hist_new(DAY_NS, 3);
    for (int i = 0; i < 200; i++) {
        const int64_t value = draw(&rng, DAY_NS);
        const uint32_t times = weir_rng_below(&rng, 50);
        assert_true(weir_hist_record_n(many, value, times));
        for (uint32_t j = 0; j < times; j++) {
            assert_true(weir_hist_record(single, value));
        }
    }
    for (size_t i = 0; i < weir_hist_slot_count(many); i++) {
        assert_int_equal(weir_hist_slot_at(many, i), weir_hist_slot_at(single, i));
    }
    assert_int_equal(weir_hist_min(many), weir_hist_min(single));
    assert_int_equal(weir_hist_max(many), weir_hist_max(single));
    assert_true(weir_hist_mean(many) == weir_hist_mean(single));
    assert_true(weir_hist_stddev(many) == weir_hist_stddev(single));
    weir_hist_free(many);
    weir_hist_free(single);
}

static void test_record_zero_times_changes_nothing(void **state)
{
    (void)state;
    struct weir_hist *hist = weir_hist_new(1000, 3);
    assert_true(weir_hist_record_n(hist, 5, 0));
    assert_true(weir_hist_fill_slot(hist, 5, 0));
    assert_int_equal(weir_hist_count(hist), 0);
    assert_int_equal(weir_hist_max(hist), 0);
    assert_true(weir_hist_record(hist, 8));
    assert_int_equal(weir_hist_min(hist), 8);
    weir_hist_free(hist);
}

static void test_deviation_keeps_its_digits(void **state)
{
    (void)state;
    // Two values one apart near 2^63, 2^40 times each: a sum of squares in doubles would lose
    // everything.
    struct weir_hist *hist = weir_hist_new(INT64_MAX, 3);
    const uint64_t times = UINT64_C(1) << 40;
    assert_true(weir_hist_record_n(hist, INT64_MAX, times));
    assert_true(weir_hist_record_n(hist, INT64_MAX - 2, times));
    assert_true(fabs(weir_hist_stddev(hist) - 1.0) < 1e-12);
    weir_hist_reset(hist);
    assert_true(weir_hist_record_n(hist, 0, 3));
    assert_true(weir_hist_record_n(hist, 1, 1));
    assert_true(fabs(weir_hist_mean(hist) - 0.25) < 1e-15);
    assert_true(fabs(weir_hist_stddev(hist) - sqrt(3.0) / 4) < 1e-15);
    weir_hist_reset(hist);
    assert_true(weir_hist_record_n(hist, INT64_MAX, INT64_MAX / 2));
    assert_true(weir_hist_record_n(hist, 1, INT64_MAX / 2));
    assert_true(fabs(weir_hist_stddev(hist) / 4.611686018427388e18 - 1) < 1e-12);
    assert_true(fabs(weir_hist_mean(hist) / 4.611686018427388e18 - 1) < 1e-12);
    weir_hist_free(hist);
}

static void check_equal(const struct weir_hist *a, const struct weir_hist *b)
{
    struct weir_hist_slot left = {0};
    struct weir_hist_slot right = {0};
    while (weir_hist_next(a, &left)) {
        assert_true(weir_hist_next(b, &right));
        assert_int_equal(left.lowest, right.lowest);
        assert_int_equal(left.count, right.count);
    }
    assert_false(weir_hist_next(b, &right));
    assert_int_equal(weir_hist_count(a), weir_hist_count(b));
    assert_int_equal(weir_hist_min(a), weir_hist_min(b));
    assert_int_equal(weir_hist_max(a), weir_hist_max(b));
    assert_true(weir_hist_mean(a) == weir_hist_mean(b));
    assert_true(weir_hist_stddev(a) == weir_hist_stddev(b));
}

static void test_merge_is_union(void **state)
{
    (void)state;
    enum { PARTS = 8, COUNT = 3000 };
    struct weir_rng rng = weir_rng_seed(3);
    struct weir_hist *all = weir_hist_new(DAY_NS, 3);
    struct weir_hist *merged = weir_hist_new(DAY_NS, 3);
    for (int part = 0; part < PARTS; part++) {
        // Ranges differ: what counts is that the values fit.
        struct weir_hist *one = weir_hist_new(part % 2 == 0 ? DAY_NS : 2 * DAY_NS, 3);
        for (int i = 0; i < COUNT * (part > 0); i++) { // the first stays empty
            const int64_t value = draw(&rng, DAY_NS);
            assert_true(weir_hist_record(all, value));
            assert_true(weir_hist_record(one, value));
        }
        assert_int_equal(weir_hist_add(merged, one), 0);
        weir_hist_free(one);
    }
    check_equal(all, merged);
    assert_int_equal(weir_hist_add(merged, merged), 0);
    assert_int_equal(weir_hist_count(merged), 2 * weir_hist_count(all));
    assert_true(weir_hist_mean(merged) == weir_hist_mean(all));
    weir_hist_free(all);
    weir_hist_free(merged);
}

static void test_merge_of_different_digits(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    struct weir_rng rng = weir_rng_seed(4);
    int64_t *values = weir_alloc(COUNT, sizeof(values[0]));
    for (int from_digits = 1; from_digits <= 5; from_digits++) {
        struct weir_hist *from = weir_hist_new(DAY_NS, from_digits);
        struct weir_hist *into = weir_hist_new(DAY_NS, 6 - from_digits);
        for (size_t i = 0; i < COUNT; i++) {
            values[i] = draw(&rng, DAY_NS);
            assert_true(weir_hist_record(from, values[i]));
        }
        assert_int_equal(weir_hist_add(into, from), 0);
        qsort(values, COUNT, sizeof(values[0]), compare_values);
        assert_int_equal(weir_hist_count(into), COUNT);
        assert_int_equal(weir_hist_min(into), values[0]);
        assert_int_equal(weir_hist_max(into), values[COUNT - 1]);
        assert_int_equal(weir_hist_percentile(into, 100), values[COUNT - 1]);
        check_sums(into, values, COUNT);
        const int digits =
            from_digits < 3 ? from_digits : 6 - from_digits; // the coarser of the two
        for (size_t i = 0; i < WEIR_COUNT_OF(percentiles); i++) {
            const int64_t exact = values[rank_of(COUNT, percentiles[i]) - 1];
            const int64_t off = llabs(weir_hist_percentile(into, percentiles[i]) - exact);
            assert_true(off <= 2 * exact / power_of_ten(digits) + 1);
        }
        weir_hist_free(from);
        weir_hist_free(into);
    }
    weir_free(values);
}

static void test_merge_drops_what_does_not_fit(void **state)
{
    (void)state;
    struct weir_hist *into = weir_hist_new(1000, 3);
    struct weir_hist *from = weir_hist_new(DAY_NS, 3);
    assert_true(weir_hist_record_n(from, 700, 3));
    assert_true(weir_hist_record_n(from, 5000, 4));
    assert_true(weir_hist_record(from, DAY_NS));
    assert_false(weir_hist_record(from, -1));
    assert_int_equal(weir_hist_add(into, from), 5);
    assert_int_equal(weir_hist_dropped(into), 6);
    assert_int_equal(weir_hist_count(into), 3);
    assert_int_equal(weir_hist_max(into), 700);
    assert_true(weir_hist_mean(into) == 700);
    weir_hist_free(into);
    weir_hist_free(from);
}

static void test_reset_forgets_all_and_reuses(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(5);
    struct weir_hist *used = weir_hist_new(DAY_NS, 3);
    struct weir_hist *fresh = weir_hist_new(DAY_NS, 3);
    for (int i = 0; i < 5000; i++) {
        (void)weir_hist_record(used, draw(&rng, DAY_NS) - 1000);
    }
    const uint64_t allocations = weir_mem_count();
    weir_hist_reset(used);
    assert_int_equal(weir_hist_dropped(used), 0);
    for (size_t i = 0; i < weir_hist_slot_count(used); i++) {
        assert_int_equal(weir_hist_slot_at(used, i), 0);
    }
    for (int i = 0; i < 500; i++) {
        const int64_t value = draw(&rng, DAY_NS);
        assert_true(weir_hist_record(used, value));
        assert_true(weir_hist_record(fresh, value));
    }
    assert_int_equal(weir_mem_count(), allocations); // recording allocates nothing
    check_equal(used, fresh);
    weir_hist_free(used);
    weir_hist_free(fresh);
}

static void test_iteration_sums_and_counts_up(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(6);
    for (int digits = 1; digits <= 4; digits++) {
        struct weir_hist *hist = weir_hist_new(DAY_NS, digits);
        for (int i = 0; i < 400; i++) {
            assert_true(weir_hist_record(hist, draw(&rng, DAY_NS)));
        }
        uint64_t total = 0;
        int64_t last_highest = -1;
        struct weir_hist_slot slot = {0};
        while (weir_hist_next(hist, &slot)) {
            total += slot.count;
            assert_true(slot.count > 0);
            assert_true(slot.lowest > last_highest && slot.highest >= slot.lowest);
            assert_int_equal(slot.up_to, total);
            assert_int_equal(weir_hist_count_up_to(hist, slot.lowest), total);
            assert_int_equal(weir_hist_count_up_to(hist, slot.highest), total);
            if (slot.lowest > 0) {
                assert_int_equal(weir_hist_count_up_to(hist, slot.lowest - 1), total - slot.count);
            }
            last_highest = slot.highest;
        }
        assert_int_equal(total, weir_hist_count(hist));
        assert_false(weir_hist_next(hist, &slot)); // and stays at the end
        weir_hist_free(hist);
    }
}

static void test_count_up_to_is_monotone(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(7);
    struct weir_hist *hist = weir_hist_new(1000000, 2);
    for (int i = 0; i < 1000; i++) {
        assert_true(weir_hist_record(hist, draw(&rng, 1000000)));
    }
    uint64_t last = 0;
    assert_int_equal(weir_hist_count_up_to(hist, -1), 0);
    for (int64_t value = 0; value <= 1000000; value += 1 + value / 200) {
        const uint64_t count = weir_hist_count_up_to(hist, value);
        assert_true(count >= last);
        last = count;
    }
    assert_int_equal(weir_hist_count_up_to(hist, INT64_MAX), 1000);
    weir_hist_free(hist);
}

static void test_rank_is_exact_for_decimal_percentiles(void **state)
{
    (void)state;
    struct weir_hist *hist = weir_hist_new(100000, 5);
    for (int64_t value = 1; value <= 100000; value++) {
        assert_true(weir_hist_record(hist, value));
    }
    for (int thousandths = 1; thousandths <= 100000; thousandths++) {
        const double percentile = (double)thousandths / 1000;
        assert_int_equal(weir_hist_percentile(hist, percentile), thousandths);
    }
    assert_int_equal(weir_hist_percentile(hist, -5), 1);
    assert_int_equal(weir_hist_percentile(hist, (double)NAN), 1);
    assert_int_equal(weir_hist_percentile(hist, 1e9), 100000);
    weir_hist_free(hist);
}

static void test_fill_slot_moves_bounds(void **state)
{
    (void)state;
    struct weir_hist *hist = weir_hist_new(5001, 3);
    assert_false(weir_hist_fill_slot(hist, weir_hist_slot_count(hist), 1));
    assert_true(weir_hist_fill_slot(hist, 2048 + 5, 3)); // 2058 and 2059
    assert_int_equal(weir_hist_min(hist), 2058);
    assert_int_equal(weir_hist_max(hist), 2059);
    assert_true(weir_hist_mean(hist) == 2059);
    const size_t last = 2048 + 1024 + (5001 - 4096) / 4; // 5000 to 5003
    assert_true(weir_hist_fill_slot(hist, last, 1));
    assert_int_equal(weir_hist_max(hist), 5001);
    assert_int_equal(weir_hist_slot_at(hist, last), 1);
    assert_true(weir_hist_fill_slot(hist, last + 1, 1)); // what others count above their highest
    assert_int_equal(weir_hist_max(hist), 5007);
    assert_int_equal(weir_hist_count(hist), 5);
    assert_int_equal(weir_hist_slot_at(hist, SIZE_MAX), 0);
    weir_hist_free(hist);
}

static void test_fill_by_bounds(void **state)
{
    (void)state;
    struct weir_hist *hist = weir_hist_new(1000000, 3);
    assert_true(weir_hist_fill(hist, 4096, 8191, 4)); // wider than a slot
    assert_int_equal(weir_hist_min(hist), 4096);
    assert_int_equal(weir_hist_max(hist), 8191);
    assert_int_equal(weir_hist_percentile(hist, 50), 8191);
    assert_true(weir_hist_mean(hist) == 6144);
    assert_int_equal(weir_hist_count_up_to(hist, 8187), 0);
    assert_int_equal(weir_hist_count_up_to(hist, 8188), 4);
    assert_false(weir_hist_fill(hist, (1 << 20) - 1, 1 << 20, 1)); // no such slot
    assert_true(weir_hist_fill(hist, 524288, 1048575, 1));         // cut to the range
    assert_int_equal(weir_hist_max(hist), 1000000);
    assert_int_equal(weir_hist_percentile(hist, 100), 1000000);
    struct weir_hist_slot slot = {0};
    assert_true(weir_hist_next(hist, &slot) && slot.count == 4);
    assert_true(weir_hist_next(hist, &slot) && slot.count == 1);
    assert_false(weir_hist_next(hist, &slot));
    struct weir_hist *finer = weir_hist_new(1000000, 4);
    assert_int_equal(weir_hist_add(finer, hist), 0);
    assert_int_equal(weir_hist_min(finer), 4096);           // in a slot without a count
    assert_int_equal(weir_hist_percentile(finer, 1), 8190); // the median of 8188 to 8191
    assert_true(weir_hist_mean(finer) == weir_hist_mean(hist));
    weir_hist_reset(hist);
    assert_int_equal(weir_hist_slot_at(hist, 2048 + 2047), 0);
    weir_hist_free(hist);
    weir_hist_free(finer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percentiles_match_sorted_array),
        cmocka_unit_test(test_layout_at_boundaries),
        cmocka_unit_test(test_small_values_are_exact),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_out_of_range_is_dropped_and_counted),
        cmocka_unit_test(test_count_has_a_cap),
        cmocka_unit_test(test_record_n_equals_n_records),
        cmocka_unit_test(test_record_zero_times_changes_nothing),
        cmocka_unit_test(test_deviation_keeps_its_digits),
        cmocka_unit_test(test_merge_is_union),
        cmocka_unit_test(test_merge_of_different_digits),
        cmocka_unit_test(test_merge_drops_what_does_not_fit),
        cmocka_unit_test(test_reset_forgets_all_and_reuses),
        cmocka_unit_test(test_iteration_sums_and_counts_up),
        cmocka_unit_test(test_count_up_to_is_monotone),
        cmocka_unit_test(test_rank_is_exact_for_decimal_percentiles),
        cmocka_unit_test(test_fill_slot_moves_bounds),
        cmocka_unit_test(test_fill_by_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
