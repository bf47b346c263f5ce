// The timeline: the processes are what they are called, and nothing drifts, depends on the number
// of readers or moves backwards.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <math.h>

#include "goodness.h"
#include "timeline.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"

enum { SEEDS = 200, GAPS = 1000 };

/** Gaps in units of the mean gap, without the first. */
static void draw_gaps(const struct weir_schedule *schedule, double rate, double *out, size_t count)
{
    struct weir_schedule_cursor cursor;
    weir_schedule_begin(schedule, &cursor);
    weir_ns last = next_of(&cursor);
    for (size_t i = 0; i < count; i++) {
        const weir_ns now = next_of(&cursor);
        out[i] = (double)(now - last) * 1e-9 * rate;
        last = now;
    }
}

// ---- the processes -----------------------------------------------------------------------------

/** Over many seeds: no seed's gaps are far from the distribution, and the seeds' probabilities are
 * spread evenly, which finds deviations too small for any one of them (and fits too good to be
 * true). */
static void assert_gaps_fit(struct weir_schedule schedule, double rate, double (*cdf)(double))
{
    double gaps[GAPS];
    double probabilities[SEEDS];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        schedule.seed = seed;
        draw_gaps(&schedule, rate, gaps, GAPS);
        probabilities[seed] = goodness_of_fit(gaps, GAPS, cdf);
        if (probabilities[seed] < 1e-5) { // of 200 fair seeds one in 500 times
            fail_msg("seed %" PRIu64 ": probability %g", seed, probabilities[seed]);
        }
    }
    const double all = goodness_of_fit(probabilities, SEEDS, cdf_uniform);
    if (all < 1e-3) {
        fail_msg("the probabilities of %d seeds are not uniform: %g", SEEDS, all);
    }
}

static void poisson_gaps_are_exponential(void **state)
{
    (void)state;
    const struct weir_piece piece = hold(250, WEIR_SECOND);
    assert_gaps_fit(endless(WEIR_ARRIVAL_POISSON, &piece, 0), 250, cdf_exponential);
}

/** Gamma of shape 1/2 and mean 1: a chi-square of one degree. */
static double cdf_gamma_half(double x)
{
    return erf(sqrt(x / 2));
}

/** Gamma of shape 4 and mean 1: Erlang's. */
static double cdf_gamma_four(double x)
{
    const double y = 4 * x;
    return 1 - exp(-y) * (1 + y + y * y / 2 + y * y * y / 6);
}

static void gamma_gaps_are_gamma(void **state)
{
    (void)state;
    const struct weir_piece piece = hold(40, WEIR_SECOND);
    struct weir_schedule schedule = endless(WEIR_ARRIVAL_GAMMA, &piece, 0);
    schedule.burstiness = 0.5;
    assert_gaps_fit(schedule, 40, cdf_gamma_half);
    schedule.burstiness = 4;
    assert_gaps_fit(schedule, 40, cdf_gamma_four);
    schedule.burstiness = 1;
    assert_gaps_fit(schedule, 40, cdf_exponential);
}

static void the_test_of_fit_finds_what_does_not_fit(void **state)
{
    (void)state;
    const struct weir_piece piece = hold(40, WEIR_SECOND);
    struct weir_schedule schedule = endless(WEIR_ARRIVAL_GAMMA, &piece, 3);
    schedule.burstiness = 1.5;
    double gaps[GAPS];
    draw_gaps(&schedule, 40, gaps, GAPS);
    assert_true(goodness_of_fit(gaps, GAPS, cdf_exponential) < 1e-4);
}

static void burstiness_sets_the_spread_of_the_gaps(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    static const double shapes[] = {0.1, 0.25, 1, 4, 25};
    double *gaps = weir_alloc(MANY, sizeof(*gaps));
    const struct weir_piece piece = hold(1000, WEIR_SECOND);
    for (size_t i = 0; i < WEIR_COUNT_OF(shapes); i++) {
        struct weir_schedule schedule = endless(WEIR_ARRIVAL_GAMMA, &piece, 5);
        schedule.burstiness = shapes[i];
        draw_gaps(&schedule, 1000, gaps, MANY);
        double sum = 0;
        double squares = 0;
        for (size_t k = 0; k < MANY; k++) {
            sum += gaps[k];
            squares += gaps[k] * gaps[k];
        }
        const double mean = sum / MANY;
        const double variation = sqrt(squares / MANY - mean * mean) / mean;
        const double expected = 1 / sqrt(shapes[i]);
        assert_near(mean, 1, 5 * expected / sqrt(MANY));
        assert_near(variation / expected, 1, 0.03);
    }
    weir_free(gaps);
}

/** Variance of the counts of windows over their mean: 1 of a Poisson process, and in the long run
 * 1/shape of a gamma one. */
static void counts_are_dispersed_as_they_should_be(void **state)
{
    (void)state;
    enum { WINDOWS = 20000, PER_WINDOW = 50 };
    static const double shapes[] = {0, 0.5, 4}; // 0: Poisson
    const struct weir_piece piece = hold(PER_WINDOW, WEIR_SECOND);
    for (size_t i = 0; i < WEIR_COUNT_OF(shapes); i++) {
        struct weir_schedule schedule = endless(WEIR_ARRIVAL_POISSON, &piece, 8);
        if (shapes[i] > 0) {
            schedule.arrival = WEIR_ARRIVAL_GAMMA;
            schedule.burstiness = shapes[i];
        }
        struct weir_schedule_cursor cursor;
        weir_schedule_begin(&schedule, &cursor);
        weir_ns offset = next_of(&cursor);
        double squares = 0;
        double sum = 0;
        for (weir_ns second = 1; second <= WINDOWS; second++) {
            double count = 0;
            for (; offset < second * WEIR_SECOND; offset = next_of(&cursor)) {
                count++;
            }
            sum += count;
            squares += count * count;
        }
        const double mean = sum / WINDOWS;
        const double expected = shapes[i] > 0 ? 1 / shapes[i] : 1;
        const double index = (squares / WINDOWS - mean * mean) / mean;
        assert_near(mean, PER_WINDOW, 5 * sqrt(PER_WINDOW * expected / WINDOWS));
        assert_near(index / expected, 1, 0.05);
    }
}

/** A renewal process that began with a whole gap would have (cv² − 1)/2 arrivals too many: 1.5 of
 * this one, which expects 4. */
static void the_first_instant_is_like_any_other(void **state)
{
    (void)state;
    enum { RUNS = 40000 };
    const struct weir_piece piece = hold(2, WEIR_SECOND);
    struct weir_schedule schedule = endless(WEIR_ARRIVAL_GAMMA, &piece, 0);
    schedule.burstiness = 0.25;
    double sum = 0;
    double squares = 0;
    for (schedule.seed = 0; schedule.seed < RUNS; schedule.seed++) {
        const double count = (double)count_in(&schedule, 2 * WEIR_SECOND);
        sum += count;
        squares += count * count;
    }
    const double mean = sum / RUNS;
    const double error = sqrt((squares / RUNS - mean * mean) / RUNS);
    assert_near(mean, 4, 4 * error);
    assert_true(error < 0.03);
}

/** Runs must be repeatable years later: these offsets, taken from the first release, may never
 * change. */
static void timelines_are_the_same_for_ever(void **state)
{
    (void)state;
    static const weir_ns poisson[] = {1153462,  2408399,  4691775,  15332164,
                                      22748802, 29550478, 31427761, 32079215};
    static const weir_ns gamma[] = {2869236,  10033277, 11097886, 26728014,
                                    30946307, 34115848, 36013322, 37669334};
    const struct weir_piece piece = sine(100, 50, WEIR_SECOND, WEIR_SECOND);
    struct weir_schedule schedule = endless(WEIR_ARRIVAL_POISSON, &piece, 1);
    struct weir_schedule_cursor cursor;
    weir_schedule_begin(&schedule, &cursor);
    for (size_t i = 0; i < WEIR_COUNT_OF(poisson); i++) {
        assert_int_equal(next_of(&cursor), poisson[i]);
    }
    schedule.arrival = WEIR_ARRIVAL_GAMMA;
    schedule.burstiness = 0.5;
    weir_schedule_begin(&schedule, &cursor);
    for (size_t i = 0; i < WEIR_COUNT_OF(gamma); i++) {
        assert_int_equal(next_of(&cursor), gamma[i]);
    }
}

/** Each of W workers walks the whole timeline and keeps what is its own. */
static void workers_share_one_timeline(void **state)
{
    (void)state;
    enum { ARRIVALS = 5000 };
    weir_ns *alone = weir_alloc(ARRIVALS, sizeof(*alone));
    const struct weir_piece pieces[] = {ramp(0, 900, 3 * WEIR_SECOND), hold(0, WEIR_SECOND),
                                        sine(500, 500, WEIR_SECOND, WEIR_SECOND)};
    struct weir_schedule schedule = endless(WEIR_ARRIVAL_GAMMA, pieces, 77);
    schedule.piece_count = WEIR_COUNT_OF(pieces);
    schedule.burst = 3;
    for (uint64_t workers = 1; workers <= 4; workers++) {
        uint64_t dealt = 0;
        for (uint64_t worker = 0; worker < workers; worker++) {
            struct weir_schedule_cursor cursor;
            weir_schedule_begin(&schedule, &cursor);
            uint64_t index = 0;
            weir_ns offset = 0;
            while (weir_schedule_next(&cursor, &index, &offset) && index < ARRIVALS) {
                if (index % workers == worker) {
                    dealt++;
                    alone[index] = workers == 1 ? offset : alone[index];
                    assert_int_equal(offset, alone[index]);
                }
            }
        }
        assert_int_equal(dealt, ARRIVALS);
    }
    schedule.seed++;
    struct weir_schedule_cursor cursor;
    weir_schedule_begin(&schedule, &cursor);
    assert_int_not_equal(next_of(&cursor), alone[0]);
    weir_free(alone);
}

static void walking_allocates_nothing(void **state)
{
    (void)state;
    const struct weir_piece piece = sine(1000, 1000, WEIR_SECOND, WEIR_SECOND);
    const struct weir_schedule schedule = endless(WEIR_ARRIVAL_GAMMA, &piece, 1);
    struct weir_schedule_cursor cursor;
    const uint64_t before = weir_mem_count();
    weir_schedule_begin(&schedule, &cursor);
    for (int i = 0; i < 1000; i++) {
        (void)next_of(&cursor);
    }
    assert_int_equal(weir_mem_count(), before);
}

// ---- equal gaps --------------------------------------------------------------------------------

/** k·10^9/rate, rounded to the nearest, in integers. */
static weir_ns exact_offset(uint64_t k, uint64_t rate)
{
    const uint64_t rest = k % rate;
    return (weir_ns)(k / rate) * WEIR_SECOND + (weir_ns)((rest * 1000000000U + rate / 2) / rate);
}

static void constant_arrivals_are_exact_however_far_away(void **state)
{
    (void)state;
    static const uint64_t rates[] = {1, 3, 7, 10, 999, 7919, 1000000};
    static const uint64_t starts[] = {0, 1, 999999, 100000000, 123456789, 10000000000};
    for (size_t i = 0; i < WEIR_COUNT_OF(rates); i++) {
        const struct weir_piece piece = hold((double)rates[i], WEIR_SECOND);
        const struct weir_schedule schedule = endless(WEIR_ARRIVAL_CONSTANT, &piece, 0);
        for (size_t j = 0; j < WEIR_COUNT_OF(starts); j++) {
            if (starts[j] / rates[i] > 3000000000) {
                continue; // a century away
            }
            struct weir_schedule_cursor cursor;
            weir_schedule_begin(&schedule, &cursor);
            cursor.index = starts[j]; // a jump: all before it would have been drawn the same way
            for (uint64_t k = starts[j]; k < starts[j] + 100; k++) {
                assert_int_equal(next_of(&cursor), exact_offset(k, rates[i]));
            }
        }
    }
}

static void slow_rates_are_exact_too(void **state)
{
    (void)state;
    static const double rates[] = {0.001, 0.1, 0.3, 2.5, 1e-6};
    for (size_t i = 0; i < WEIR_COUNT_OF(rates); i++) {
        const struct weir_piece piece = hold(rates[i], WEIR_SECOND);
        const struct weir_schedule schedule = endless(WEIR_ARRIVAL_CONSTANT, &piece, 0);
        struct weir_schedule_cursor cursor;
        weir_schedule_begin(&schedule, &cursor);
        for (int k = 0; k < 1000; k++) {
            const double expected = k / rates[i] * 1e9;
            assert_near((double)next_of(&cursor), expected, 0.5 + expected * 3e-16);
        }
    }
}

/** What is due in the last half ns of a piece rounds to its end, and so behind it. */
static void no_arrival_lies_on_the_end(void **state)
{
    (void)state;
    const struct weir_piece pieces[] = {hold(3, 666666667), hold(1, 1)};
    struct weir_schedule schedule = endless(WEIR_ARRIVAL_CONSTANT, pieces, 0);
    schedule.is_endless = false;
    assert_int_equal(count_in(&schedule, INT64_MAX), 2); // the third is due at 666666666.67
    schedule.piece_count = 2;
    assert_int_equal(count_in(&schedule, INT64_MAX), 3);
    assert_int_equal(count_in(&schedule, 666666667), 2);
}

static void a_century_is_the_end(void **state)
{
    (void)state;
    const struct weir_piece piece = hold(1e-9, WEIR_SECOND);
    const struct weir_schedule schedule = endless(WEIR_ARRIVAL_CONSTANT, &piece, 0);
    struct weir_schedule_cursor cursor;
    weir_schedule_begin(&schedule, &cursor);
    for (weir_ns k = 0; k < 4; k++) {
        assert_near((double)next_of(&cursor), (double)k * 1e18, 1000);
    }
    uint64_t index = 0;
    weir_ns offset = 0;
    assert_false(weir_schedule_next(&cursor, &index, &offset));
    assert_false(weir_schedule_next(&cursor, &index, &offset));
}

static void the_fastest_rate_keeps_its_mean(void **state)
{
    (void)state;
    enum { ARRIVALS = 1000000 };
    const struct weir_piece piece = hold(WEIR_SCHEDULE_RATE_MAX, WEIR_SECOND);
    const struct weir_schedule schedule = endless(WEIR_ARRIVAL_POISSON, &piece, 2);
    struct weir_schedule_cursor cursor;
    weir_schedule_begin(&schedule, &cursor);
    weir_ns last = 0;
    for (int i = 0; i < ARRIVALS; i++) {
        last = next_of(&cursor);
    }
    assert_near((double)last * 1e-9, 1, 4e-3); // four deviations: 4/√n
}

/** Far out on the timeline gaps are still gaps: the ns are not lost in the sum. */
static void gaps_keep_their_grain_after_a_hundred_million_arrivals(void **state)
{
    (void)state;
    const struct weir_piece piece = hold(5000, WEIR_SECOND);
    const struct weir_schedule schedule = endless(WEIR_ARRIVAL_POISSON, &piece, 4);
    struct weir_schedule_cursor near;
    struct weir_schedule_cursor far;
    weir_schedule_begin(&schedule, &near);
    weir_schedule_begin(&schedule, &far);
    far.area = 1e8;
    weir_ns last_near = 0;
    weir_ns last_far = 20000 * WEIR_SECOND;
    for (int i = 0; i < 1000; i++) {
        const weir_ns now_near = next_of(&near);
        const weir_ns now_far = next_of(&far);
        assert_in_range(now_far - last_far - (now_near - last_near) + 8, 0, 16);
        last_near = now_near;
        last_far = now_far;
    }
    assert_in_range(last_far - 20000 * WEIR_SECOND - last_near + 50, 0, 100);
}

// ---- bursts ------------------------------------------------------------------------------------

static void bursts_share_their_instant_and_keep_the_rate(void **state)
{
    (void)state;
    const struct weir_piece piece = hold(100, WEIR_SECOND);
    struct weir_schedule schedule = endless(WEIR_ARRIVAL_CONSTANT, &piece, 6);
    schedule.burst = 8;
    struct weir_schedule_cursor cursor;
    weir_schedule_begin(&schedule, &cursor);
    for (weir_ns k = 0; k < 1000; k++) {
        uint64_t index = 0;
        weir_ns offset = 0;
        assert_true(weir_schedule_next(&cursor, &index, &offset));
        assert_int_equal(index, k);
        assert_int_equal(offset, k / 8 * 80 * WEIR_MSEC);
    }
    schedule.arrival = WEIR_ARRIVAL_POISSON;
    const double count = (double)count_in(&schedule, 1000 * WEIR_SECOND);
    assert_near(count, 100000, 4 * sqrt(8 * 100000.0));
    assert_true(fmod(count, 8) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(poisson_gaps_are_exponential),
        cmocka_unit_test(gamma_gaps_are_gamma),
        cmocka_unit_test(the_test_of_fit_finds_what_does_not_fit),
        cmocka_unit_test(burstiness_sets_the_spread_of_the_gaps),
        cmocka_unit_test(counts_are_dispersed_as_they_should_be),
        cmocka_unit_test(the_first_instant_is_like_any_other),
        cmocka_unit_test(timelines_are_the_same_for_ever),
        cmocka_unit_test(workers_share_one_timeline),
        cmocka_unit_test(walking_allocates_nothing),
        cmocka_unit_test(constant_arrivals_are_exact_however_far_away),
        cmocka_unit_test(slow_rates_are_exact_too),
        cmocka_unit_test(no_arrival_lies_on_the_end),
        cmocka_unit_test(a_century_is_the_end),
        cmocka_unit_test(the_fastest_rate_keeps_its_mean),
        cmocka_unit_test(gaps_keep_their_grain_after_a_hundred_million_arrivals),
        cmocka_unit_test(bursts_share_their_instant_and_keep_the_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
