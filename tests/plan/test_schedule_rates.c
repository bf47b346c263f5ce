// Rates that vary give the counts of their integral, and a rescaled timeline brings the exact
// count.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "goodness.h"
#include "timeline.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"

enum { GAPS = 1000 };

// ---- rates that vary ---------------------------------------------------------------------------

// clang-format off
#define VARIED(pieces)                                                                             \
    const struct weir_piece pieces[] = {                                                           \
        hold(20, 5 * WEIR_SECOND), ramp(20, 200, 10 * WEIR_SECOND), hold(0, 2 * WEIR_SECOND),      \
        ramp(200, 0, 10 * WEIR_SECOND), hold(500, WEIR_SECOND),                                    \
        sine(60, 60, 7 * WEIR_SECOND, 20 * WEIR_SECOND), ramp(0, 0, WEIR_SECOND),                  \
        ramp(0, 50, 4 * WEIR_SECOND), sine(30, 10, 300 * WEIR_MSEC, WEIR_SECOND)}
// clang-format on

static struct weir_schedule varied(const struct weir_piece *pieces, size_t count, uint64_t seed)
{
    struct weir_schedule schedule = endless(WEIR_ARRIVAL_POISSON, pieces, seed);
    schedule.piece_count = count;
    schedule.is_endless = false;
    return schedule;
}

/** Simpson's rule over weir_schedule_rate(), which knows nothing of the areas. */
static double integral(const struct weir_schedule *schedule, weir_ns from, weir_ns to)
{
    enum { STEPS = 200 };
    const weir_ns step = (to - from) / STEPS;
    double sum = 0;
    for (int i = 0; i < STEPS; i++) {
        const weir_ns at = from + i * step;
        sum += weir_schedule_rate(schedule, at) + 4 * weir_schedule_rate(schedule, at + step / 2) +
               weir_schedule_rate(schedule, at + step - 1);
    }
    return sum / 6 * (double)step * 1e-9;
}

static void the_expected_count_is_the_integral_of_the_rate(void **state)
{
    (void)state;
    VARIED(pieces);
    const struct weir_schedule schedule = varied(pieces, WEIR_COUNT_OF(pieces), 0);
    double sum = 0;
    for (weir_ns at = 0; at < weir_schedule_length(&schedule); at += WEIR_SECOND / 2) {
        assert_near(weir_schedule_expected(&schedule, at), sum, 1e-4);
        sum += integral(&schedule, at, at + WEIR_SECOND / 2);
    }
    assert_int_equal(weir_schedule_length(&schedule), 54 * WEIR_SECOND);
    assert_near(sum, weir_schedule_expected(&schedule, INT64_MAX), 1e-4);
    assert_true(weir_schedule_rate(&schedule, 54 * WEIR_SECOND) == 0);
    assert_true(weir_schedule_rate(&schedule, -1) == 0);
    assert_true(weir_schedule_expected(&schedule, -1) == 0);
}

/** Counts of half seconds over many seeds: each within the noise of its integral, and their
 * chi-square neither too large nor too small. */
static void counts_follow_the_rate(void **state)
{
    (void)state;
    enum { SLICES = 108, RUNS = 400 };
    VARIED(pieces);
    static const enum weir_arrival_kind kinds[] = {WEIR_ARRIVAL_POISSON, WEIR_ARRIVAL_GAMMA};
    for (size_t kind = 0; kind < WEIR_COUNT_OF(kinds); kind++) {
        struct weir_schedule schedule = varied(pieces, WEIR_COUNT_OF(pieces), 0);
        schedule.arrival = kinds[kind];
        double counts[SLICES] = {0};
        for (schedule.seed = 0; schedule.seed < RUNS; schedule.seed++) {
            struct weir_schedule_cursor cursor;
            weir_schedule_begin(&schedule, &cursor);
            uint64_t index = 0;
            weir_ns offset = 0;
            while (weir_schedule_next(&cursor, &index, &offset)) {
                assert_true(offset < 54 * WEIR_SECOND);
                counts[offset / (WEIR_SECOND / 2)]++;
            }
        }
        double chi = 0;
        unsigned cells = 0;
        for (weir_ns i = 0; i < SLICES; i++) {
            const double expected =
                RUNS * integral(&schedule, i * WEIR_SECOND / 2, (i + 1) * WEIR_SECOND / 2);
            assert_near(counts[i], expected, 4.5 * sqrt(expected) + 1e-6);
            if (expected > 1) {
                chi += (counts[i] - expected) * (counts[i] - expected) / expected;
                cells++;
            }
        }
        assert_near(chi, cells, 4 * sqrt(2.0 * cells));
    }
}

/** Carried back to the unit process, the gaps of a rate that varies are exponential again. */
static void rescaled_time_is_a_unit_process(void **state)
{
    (void)state;
    VARIED(pieces);
    for (uint64_t seed = 0; seed < 50; seed++) {
        const struct weir_schedule schedule = varied(pieces, WEIR_COUNT_OF(pieces), seed);
        double gaps[GAPS];
        struct weir_schedule_cursor cursor;
        weir_schedule_begin(&schedule, &cursor);
        double last = 0;
        for (size_t i = 0; i < GAPS; i++) {
            const double area = weir_schedule_expected(&schedule, next_of(&cursor));
            gaps[i] = area - last;
            last = area;
        }
        assert_true(goodness_of_fit(gaps, GAPS, cdf_exponential) > 1e-4);
    }
}

/** Arrival k of equal gaps lies where the area is k, to the ns: the inverse is one. */
static void constant_arrivals_follow_the_area(void **state)
{
    (void)state;
    VARIED(pieces);
    struct weir_schedule schedule = varied(pieces, WEIR_COUNT_OF(pieces), 0);
    schedule.arrival = WEIR_ARRIVAL_CONSTANT;
    struct weir_schedule_cursor cursor;
    weir_schedule_begin(&schedule, &cursor);
    uint64_t index = 0;
    weir_ns offset = 0;
    weir_ns last = 0;
    uint64_t count = 0;
    while (weir_schedule_next(&cursor, &index, &offset)) {
        assert_true(offset >= last);
        const double before = weir_schedule_expected(&schedule, offset - 1);
        const double behind = weir_schedule_expected(&schedule, offset + 1);
        assert_true((double)index >= before - 1e-9 && (double)index <= behind + 1e-9);
        last = offset;
        count++;
    }
    assert_int_equal(count, ceil(weir_schedule_expected(&schedule, INT64_MAX)));
    assert_false(weir_schedule_next(&cursor, &index, &offset));
}

/** The last piece of an endless schedule. */
static void what_never_ends_goes_on_as_it_says(void **state)
{
    (void)state;
    const struct weir_piece up = ramp(0, 10, 10 * WEIR_SECOND);
    struct weir_schedule schedule = endless(WEIR_ARRIVAL_CONSTANT, &up, 0);
    assert_true(weir_schedule_length(&schedule) == INT64_MAX);
    assert_near(weir_schedule_expected(&schedule, 20 * WEIR_SECOND), 50 + 100, 1e-9);
    assert_near(weir_schedule_rate(&schedule, WEIR_DAY), 10, 0);
    assert_int_equal(count_in(&schedule, 20 * WEIR_SECOND), 150);
    struct weir_schedule_cursor cursor;
    weir_schedule_begin(&schedule, &cursor);
    cursor.index = 51;
    assert_int_equal(next_of(&cursor), 10100 * WEIR_MSEC);

    const struct weir_piece down = ramp(10, 0, 10 * WEIR_SECOND);
    schedule = endless(WEIR_ARRIVAL_POISSON, &down, 0);
    const uint64_t count = count_in(&schedule, INT64_MAX); // ends: nothing comes at a rate of 0
    assert_near((double)count, 50, 5 * sqrt(50));

    const struct weir_piece wave = sine(10, 10, 4 * WEIR_SECOND, WEIR_SECOND);
    schedule = endless(WEIR_ARRIVAL_CONSTANT, &wave, 0);
    assert_near(weir_schedule_rate(&schedule, 4000001 * WEIR_SECOND), 20, 1e-6);
    assert_near(weir_schedule_rate(&schedule, 4000003 * WEIR_SECOND), 0, 1e-6);
    weir_schedule_begin(&schedule, &cursor);
    cursor.index = 40000000;
    assert_int_equal(next_of(&cursor), 4000000 * WEIR_SECOND);
}

static void a_schedule_without_load_has_no_arrivals(void **state)
{
    (void)state;
    const struct weir_piece nothing[] = {hold(0, WEIR_SECOND), ramp(0, 0, WEIR_SECOND),
                                         sine(0, 0, WEIR_SECOND, WEIR_SECOND)};
    for (size_t i = 0; i < WEIR_COUNT_OF(nothing); i++) {
        const struct weir_schedule schedule = endless(WEIR_ARRIVAL_POISSON, &nothing[i], 0);
        assert_int_equal(count_in(&schedule, INT64_MAX), 0);
        assert_true(weir_schedule_expected(&schedule, INT64_MAX) == 0);
        assert_true(weir_schedule_rescale(&schedule, 10, WEIR_SECOND) == 0);
    }
    struct weir_schedule empty = endless(WEIR_ARRIVAL_CONSTANT, nothing, 0);
    empty.piece_count = 0;
    assert_int_equal(count_in(&empty, INT64_MAX), 0);
    assert_int_equal(weir_schedule_length(&empty), 0);
}

// ---- an exact count ----------------------------------------------------------------------------

static void a_rescaled_schedule_brings_the_exact_count(void **state)
{
    (void)state;
    VARIED(pieces);
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct weir_schedule schedule = varied(pieces, WEIR_COUNT_OF(pieces), seed);
        schedule.arrival = (enum weir_arrival_kind)(seed % WEIR_ARRIVAL_COUNT);
        schedule.burstiness = seed % 2 == 0 ? 0.5 : 3;
        schedule.is_endless = seed % 5 == 0;
        static const weir_ns windows[] = {3 * WEIR_SECOND, 16 * WEIR_SECOND, 27 * WEIR_SECOND,
                                          54 * WEIR_SECOND, 999 * WEIR_MSEC};
        for (size_t i = 0; i < WEIR_COUNT_OF(windows); i++) {
            const uint64_t wanted = 1 + 97 * (seed % 7);
            schedule.burst = 1;
            schedule.rescale = weir_schedule_rescale(&schedule, wanted, windows[i]);
            assert_true(schedule.rescale > 0);
            assert_int_equal(count_in(&schedule, windows[i]), wanted);
            schedule.burst = 4;
            schedule.rescale = weir_schedule_rescale(&schedule, wanted, windows[i]);
            assert_int_equal(count_in(&schedule, windows[i]), (wanted + 3) / 4 * 4);
            schedule.rescale = 0;
        }
    }
    struct weir_schedule schedule = varied(pieces, WEIR_COUNT_OF(pieces), 1);
    assert_true(weir_schedule_rescale(&schedule, 0, WEIR_SECOND) == 0);
    schedule.rescale = weir_schedule_rescale(&schedule, 300, 100 * WEIR_SECOND); // behind the end
    assert_int_equal(count_in(&schedule, INT64_MAX), 300);
}

/** Given their number, the arrivals of a Poisson process are spread as as many independent uniform
 * ones: a rescaled timeline is not stretched towards either end. */
static void rescaled_poisson_arrivals_are_uniform(void **state)
{
    (void)state;
    enum { COUNT = 20, RUNS = 2000 };
    double *all = weir_alloc((size_t)COUNT * RUNS, sizeof(*all));
    double *lasts = weir_alloc(RUNS, sizeof(*lasts));
    const struct weir_piece piece = hold(123, WEIR_SECOND);
    for (uint64_t seed = 0; seed < RUNS; seed++) {
        struct weir_schedule schedule = endless(WEIR_ARRIVAL_POISSON, &piece, seed);
        schedule.rescale = weir_schedule_rescale(&schedule, COUNT, WEIR_SECOND);
        struct weir_schedule_cursor cursor;
        weir_schedule_begin(&schedule, &cursor);
        for (size_t i = 0; i < COUNT; i++) {
            all[seed * COUNT + i] = (double)next_of(&cursor) * 1e-9;
        }
        lasts[seed] = pow(all[seed * COUNT + COUNT - 1], COUNT); // the largest of n: F = xⁿ
    }
    assert_true(goodness_of_fit(all, (size_t)COUNT * RUNS, cdf_uniform) > 1e-3);
    assert_true(goodness_of_fit(lasts, RUNS, cdf_uniform) > 1e-3);
    weir_free(lasts);
    weir_free(all);
}

static void rescaled_equal_gaps_stay_equal(void **state)
{
    (void)state;
    const struct weir_piece piece = hold(33.3, WEIR_SECOND);
    struct weir_schedule schedule = endless(WEIR_ARRIVAL_CONSTANT, &piece, 0);
    schedule.rescale = weir_schedule_rescale(&schedule, 1000, 100 * WEIR_SECOND);
    struct weir_schedule_cursor cursor;
    weir_schedule_begin(&schedule, &cursor);
    for (weir_ns k = 0; k < 2000; k++) {
        assert_in_range(next_of(&cursor) - k * 100 * WEIR_MSEC + 1, 0, 2);
    }
}

// ---- a file of times ---------------------------------------------------------------------------

static void times_are_taken_as_they_stand(void **state)
{
    (void)state;
    static const weir_ns times[] = {0, 0, 5, WEIR_SECOND, WEIR_SECOND + 1, 9 * WEIR_SECOND};
    const struct weir_schedule schedule = {.times = times, .time_count = WEIR_COUNT_OF(times)};
    struct weir_schedule_cursor cursor;
    weir_schedule_begin(&schedule, &cursor);
    for (size_t i = 0; i < WEIR_COUNT_OF(times); i++) {
        uint64_t index = 99;
        weir_ns offset = -1;
        assert_true(weir_schedule_next(&cursor, &index, &offset));
        assert_int_equal(index, i);
        assert_int_equal(offset, times[i]);
    }
    uint64_t index = 0;
    weir_ns offset = 0;
    assert_false(weir_schedule_next(&cursor, &index, &offset));
    assert_int_equal(weir_schedule_length(&schedule), 9 * WEIR_SECOND + 1);
    assert_true(weir_schedule_expected(&schedule, 0) == 0);
    assert_true(weir_schedule_expected(&schedule, 1) == 2);
    assert_true(weir_schedule_expected(&schedule, WEIR_SECOND) == 3);
    assert_true(weir_schedule_expected(&schedule, INT64_MAX) == 6);
    assert_true(weir_schedule_rate(&schedule, 1500 * WEIR_MSEC) == 2);
    assert_true(weir_schedule_rate(&schedule, 5 * WEIR_SECOND) == 0);
    assert_true(weir_schedule_rate(&schedule, INT64_MAX) == 0);
    assert_true(weir_schedule_rescale(&schedule, 3, WEIR_SECOND) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_expected_count_is_the_integral_of_the_rate),
        cmocka_unit_test(counts_follow_the_rate),
        cmocka_unit_test(rescaled_time_is_a_unit_process),
        cmocka_unit_test(constant_arrivals_follow_the_area),
        cmocka_unit_test(what_never_ends_goes_on_as_it_says),
        cmocka_unit_test(a_schedule_without_load_has_no_arrivals),
        cmocka_unit_test(a_rescaled_schedule_brings_the_exact_count),
        cmocka_unit_test(rescaled_poisson_arrivals_are_uniform),
        cmocka_unit_test(rescaled_equal_gaps_stay_equal),
        cmocka_unit_test(times_are_taken_as_they_stand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
