// Intervals: values of published tables, exact coverage where it can be summed, seeded simulation
// where it cannot.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "weir/base/attr.h"
#include "weir/base/rng.h"
#include "weir/stat/interval.h"

#define assert_near(value, expected, within)                                                       \
    do {                                                                                           \
        const double near_value = (value);                                                         \
        const double near_expected = (expected);                                                   \
        if (!(fabs(near_value - near_expected) <= (within))) {                                     \
            fail_msg("%s is %.15g, not %.15g within %g", #value, near_value, near_expected,        \
                     (double)(within));                                                            \
        }                                                                                          \
    } while (0)

/** Share of `hits` in `runs` for a true rate of `rate`: within `width` standard deviations. */
#define assert_rate(hits, runs, rate, width)                                                       \
    assert_near((double)(hits) / (runs), (rate), (width)*sqrt((rate) * (1 - (rate)) / (runs)))

// ---- quantile functions ------------------------------------------------------------------------

static void normal_quantiles_are_those_of_the_tables(void **state)
{
    (void)state;
    static const double table[][2] = {
        {0.975, 1.959963984540054},  {0.995, 2.575829303548901}, {0.9995, 3.290526731491926},
        {0.95, 1.644853626951473},   {0.75, 0.674489750196082},  {0.5, 0},
        {0.9999995, 4.891638475699},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(table); i++) {
        assert_near(weir_normal_quantile(table[i][0]), table[i][1], 2e-10);
        assert_near(weir_normal_quantile(1 - table[i][0]), -table[i][1], 2e-10);
    }
    for (double x = -37; x < 8; x += 0.25) { // back from the distribution function
        assert_near(weir_normal_quantile(0.5 * erfc(-x / sqrt(2))), x, x < 5 ? 1e-9 : 0.05);
    }
    assert_true(weir_normal_quantile(0) == -INFINITY && weir_normal_quantile(1) == INFINITY);
    assert_true(isnan(weir_normal_quantile(-0.1)) && isnan(weir_normal_quantile(1.1)) &&
                isnan(weir_normal_quantile(NAN)));
}

static void t_quantiles_are_those_of_the_tables(void **state)
{
    (void)state;
    static const double table[][3] = {// degrees, two-sided 95 %, 99 %
                                      {1, 12.706, 63.657}, {2, 4.303, 9.925},   {3, 3.182, 5.841},
                                      {5, 2.571, 4.032},   {10, 2.228, 3.169},  {20, 2.086, 2.845},
                                      {30, 2.042, 2.750},  {60, 2.000, 2.660},  {120, 1.980, 2.617},
                                      {1e6, 1.960, 2.576}, {1e12, 1.960, 2.576}};
    for (size_t i = 0; i < WEIR_COUNT_OF(table); i++) {
        assert_near(weir_t_quantile(0.975, table[i][0]), table[i][1], 5.1e-4);
        assert_near(weir_t_quantile(0.995, table[i][0]), table[i][2], 5.1e-4);
        assert_near(weir_t_quantile(0.025, table[i][0]), -table[i][1], 5.1e-4);
    }
    // one degree is Cauchy's distribution, two have a closed form
    for (double p = 0.51; p < 0.9999; p += 0.01) {
        const double cauchy = tan(3.14159265358979323846 * (p - 0.5));
        const double two = (2 * p - 1) * sqrt(2 / (4 * p * (1 - p)));
        assert_near(weir_t_quantile(p, 1) / cauchy, 1, 1e-11);
        assert_near(weir_t_quantile(p, 2) / two, 1, 1e-11);
    }
    // where the exact form hands over to the series nothing jumps
    assert_near(weir_t_quantile(0.975, 9999.9999), weir_t_quantile(0.975, 10000.0001), 1e-10);
    assert_true(weir_t_quantile(0.5, 3) == 0 && weir_t_quantile(1, 3) == INFINITY);
    assert_true(isnan(weir_t_quantile(0.9, 0)) && isnan(weir_t_quantile(0.9, -1)) &&
                isnan(weir_t_quantile(2, 3)));
    assert_true(weir_t_quantile(1 - 1e-12, 0.5) > 1e20);
}

// ---- shares ------------------------------------------------------------------------------------

static void shares_are_those_of_the_tables(void **state)
{
    (void)state;
    static const struct {
        uint64_t hits;
        uint64_t total;
        double low;
        double high;
    } table[] = {
        // Newcombe, Statistics in Medicine 17 (1998), table I, method 5
        {81, 263, 0.2527, 0.3676},
        {15, 148, 0.0578, 0.1617},
        {0, 20, 0.0000, 0.1684},
        {1, 29, 0.0009, 0.1776},
        // Clopper and Pearson's charts as commonly tabulated
        {5, 10, 0.1871, 0.8129},
        {1, 10, 0.0025, 0.4450},
        {10, 100, 0.0490, 0.1762},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(table); i++) {
        const struct weir_interval is = weir_interval_share(table[i].hits, table[i].total, 0.95);
        assert_near(is.low, table[i].low, 5.1e-5);
        assert_near(is.high, table[i].high, 5.1e-5);
        const struct weir_interval other =
            weir_interval_share(table[i].total - table[i].hits, table[i].total, 0.95);
        assert_near(other.low, 1 - is.high, 1e-12);
        assert_near(other.high, 1 - is.low, 1e-12);
    }
}

static void shares_at_the_ends_have_their_closed_form(void **state)
{
    (void)state;
    static const uint64_t totals[] = {1, 2, 17, 1000, 1000000, 1000000000};
    for (size_t i = 0; i < WEIR_COUNT_OF(totals); i++) {
        const double reach = -expm1(log(0.005) / (double)totals[i]); // none of n at 99 %
        const struct weir_interval none = weir_interval_share(0, totals[i], 0.99);
        const struct weir_interval all = weir_interval_share(totals[i], totals[i], 0.99);
        assert_true(none.low == 0 && all.high == 1);
        assert_near(none.high / reach, 1, 1e-5);
        assert_near(1 - all.low, none.high, 1e-12);
    }
    const struct weir_interval nothing = weir_interval_share(0, 0, 0.95);
    assert_true(nothing.low == 0 && nothing.high == 1);
}

static void large_shares_meet_the_normal_approximation(void **state)
{
    (void)state;
    for (uint64_t n = 1000000; n <= 1000000000000; n *= 1000) {
        const double reach = 1.959964 * sqrt(0.2 * 0.8 / (double)n);
        const struct weir_interval is = weir_interval_share(n / 5, n, 0.95);
        assert_near((0.2 - is.low) / reach, 1, 2e-3);
        assert_near((is.high - 0.2) / reach, 1, 2e-3);
    }
}

static double binomial(uint64_t k, uint64_t n, double p)
{
    return exp(lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1) +
               (double)k * log(p) + (double)(n - k) * log1p(-p));
}

/** Summed over all outcomes, not simulated. */
static void shares_never_cover_less_than_they_say(void **state)
{
    (void)state;
    enum { N = 40 };
    struct weir_interval intervals[N + 1];
    for (uint64_t k = 0; k <= N; k++) {
        intervals[k] = weir_interval_share(k, N, 0.9);
        assert_true(k == 0 || intervals[k].low > intervals[k - 1].low);
    }
    double least = 1;
    for (double p = 0.003; p < 1; p += 0.003) {
        double covered = 0;
        for (uint64_t k = 0; k <= N; k++) {
            const bool is_inside = intervals[k].low <= p && p <= intervals[k].high;
            covered += is_inside ? binomial(k, N, p) : 0;
        }
        least = fmin(least, covered);
    }
    assert_true(least >= 0.9 - 1e-9);
    assert_true(least < 0.93); // and not much more: it is no trivial interval
}

// ---- percentiles -------------------------------------------------------------------------------

/** The values 1 to n: a rank is its value. */
static bool ranks_of(uint64_t n, double percentile, double confidence, struct weir_interval *out)
{
    struct weir_hist *hist = weir_hist_new(200000, 5);
    for (uint64_t i = 1; i <= n; i++) {
        assert_true(weir_hist_record(hist, (int64_t)i));
    }
    const bool has = weir_interval_percentile(hist, percentile, confidence, out);
    weir_hist_free(hist);
    return has;
}

static void ranks_of_the_median_are_those_of_the_tables(void **state)
{
    (void)state;
    static const double table[][3] = {
        // n, ranks of the 95 % interval of the median, as in tables of the sign test
        {6, 1, 6},   {7, 1, 7},   {8, 1, 8},    {9, 2, 8},    {10, 2, 9},   {15, 4, 12},
        {20, 6, 15}, {25, 8, 18}, {30, 10, 21}, {50, 18, 33}, {100, 40, 61}};
    struct weir_interval is = {0, 0};
    for (size_t i = 0; i < WEIR_COUNT_OF(table); i++) {
        assert_true(ranks_of((uint64_t)table[i][0], 50, 0.95, &is));
        assert_near(is.low, table[i][1], 0);
        assert_near(is.high, table[i][2], 0);
    }
    assert_false(ranks_of(5, 50, 0.95, &is));
    assert_false(ranks_of(0, 50, 0.95, &is));
}

/** P(B < k) by summing. */
static double below(uint64_t k, uint64_t n, double p)
{
    double sum = 0;
    for (uint64_t i = 0; i < k; i++) {
        sum += binomial(i, n, p);
    }
    return sum;
}

/** The ranks are the innermost ones that leave no more than half the rest on each side. */
static void ranks_are_the_innermost_that_hold(void **state)
{
    (void)state;
    static const double percentiles[] = {1, 10, 25, 50, 90, 95, 99, 99.9};
    static const uint64_t totals[] = {47, 368, 600, 1000, 5000};
    for (size_t i = 0; i < WEIR_COUNT_OF(percentiles); i++) {
        for (size_t j = 0; j < WEIR_COUNT_OF(totals); j++) {
            const uint64_t n = totals[j];
            const double p = percentiles[i] / 100;
            struct weir_interval is = {0, 0};
            if (!ranks_of(n, percentiles[i], 0.95, &is)) {
                assert_true(n < weir_interval_percentile_needs(percentiles[i], 0.95));
                continue;
            }
            const uint64_t low = (uint64_t)is.low;
            const uint64_t high = (uint64_t)is.high;
            assert_true(below(low, n, p) <= 0.025 + 1e-9 && below(low + 1, n, p) > 0.025 - 1e-9);
            assert_true(1 - below(high, n, p) <= 0.025 + 1e-9);
            assert_true(1 - below(high - 1, n, p) > 0.025 - 1e-9);
        }
    }
}

static void needs_are_those_of_wilks(void **state)
{
    (void)state;
    // Wilks (1941): one-sided tolerance limits 95/95, 99/95 and 99/99, here one side of two
    assert_int_equal(weir_interval_percentile_needs(95, 0.90), 59);
    assert_int_equal(weir_interval_percentile_needs(99, 0.90), 299);
    assert_int_equal(weir_interval_percentile_needs(99, 0.98), 459);
    assert_int_equal(weir_interval_percentile_needs(50, 0.95), 6);
    assert_int_equal(weir_interval_percentile_needs(99, 0.95), 368);
    assert_int_equal(weir_interval_percentile_needs(1, 0.95), 368);
    assert_int_equal(weir_interval_percentile_needs(99.9, 0.95), 3688);
    assert_true(weir_interval_percentile_needs(0, 0.95) == UINT64_MAX);
    assert_true(weir_interval_percentile_needs(100, 0.95) == UINT64_MAX);
    assert_true(weir_interval_percentile_needs(NAN, 0.95) == UINT64_MAX);
    struct weir_interval is = {0, 0};
    assert_false(ranks_of(367, 99, 0.95, &is));
    assert_true(ranks_of(368, 99, 0.95, &is));
    assert_near(is.high, 368, 0);
    assert_false(ranks_of(1000, 100, 0.95, &is));
}

/** Bounds are those of the slots, but no further out than what was seen. */
static void bounds_hold_what_the_histogram_knows(void **state)
{
    (void)state;
    struct weir_hist *hist = weir_hist_new(1000000000, 2);
    assert_true(weir_hist_record_n(hist, 123456789, 1000));
    struct weir_interval is = {0, 0};
    assert_true(weir_interval_percentile(hist, 99, 0.95, &is));
    assert_near(is.low, 123456789, 0);
    assert_near(is.high, 123456789, 0);
    assert_true(weir_hist_record_n(hist, 1, 1000));
    assert_true(weir_hist_record_n(hist, 999999999, 1000));
    assert_true(weir_interval_percentile(hist, 50, 0.95, &is));
    assert_true(is.low < 123456789 && is.low > 0.99 * 123456789);
    assert_true(is.high > 123456789 && is.high < 1.01 * 123456789);
    weir_hist_free(hist);
}

static void percentile_intervals_cover_what_they_say(void **state)
{
    (void)state;
    enum { RUNS = 1500, N = 700, TOP = 1000000 };
    static const double percentiles[] = {50, 90, 99};
    struct weir_rng rng = weir_rng_seed(11);
    struct weir_hist *hist = weir_hist_new(TOP, 5);
    unsigned covered[WEIR_COUNT_OF(percentiles)] = {0};
    for (int run = 0; run < RUNS; run++) {
        weir_hist_reset(hist);
        for (int i = 0; i < N; i++) {
            assert_true(weir_hist_record(hist, weir_rng_below(&rng, TOP)));
        }
        for (size_t i = 0; i < WEIR_COUNT_OF(percentiles); i++) {
            struct weir_interval is = {0, 0};
            assert_true(weir_interval_percentile(hist, percentiles[i], 0.95, &is));
            const double truth = percentiles[i] / 100 * TOP;
            covered[i] += is.low <= truth && truth <= is.high;
        }
    }
    for (size_t i = 0; i < WEIR_COUNT_OF(percentiles); i++) {
        struct weir_interval ranks = {0, 0}; // being whole, they cover a little more than 95 %
        assert_true(ranks_of(N, percentiles[i], 0.95, &ranks));
        const double p = percentiles[i] / 100;
        const double exact = below((uint64_t)ranks.high, N, p) - below((uint64_t)ranks.low, N, p);
        assert_true(exact >= 0.95 && exact < 0.985);
        assert_rate(covered[i], RUNS, exact, 4);
    }
    weir_hist_free(hist);
}

static void any_number_of_values_has_its_interval(void **state)
{
    (void)state;
    struct weir_hist *hist = weir_hist_new(1000, 3);
    assert_true(weir_hist_record_n(hist, 10, 989999900000));
    assert_true(weir_hist_record_n(hist, 20, 400000));
    assert_true(weir_hist_record_n(hist, 30, 9999700000)); // 10^12 in all
    struct weir_interval is = {0, 0};
    assert_true(weir_interval_percentile(hist, 99, 0.95, &is)); // ±195,000 ranks of 990·10^9
    assert_near(is.low, 10, 0);
    assert_near(is.high, 20, 0);
    weir_hist_free(hist);
}

// ---- trends ------------------------------------------------------------------------------------

static void a_line_is_found_exactly(void **state)
{
    (void)state;
    double values[40];
    for (size_t i = 0; i < WEIR_COUNT_OF(values); i++) {
        values[i] = i % 3 == 1 ? NAN : 7 - 0.25 * (double)i;
    }
    values[3] = INFINITY;
    struct weir_trend trend;
    assert_true(weir_trend_of(values, WEIR_COUNT_OF(values), 0.95, &trend));
    assert_int_equal(trend.count, 26);
    assert_near(trend.slope, -0.25, 1e-12);
    assert_near(trend.interval.low, -0.25, 1e-12);
    assert_near(trend.interval.high, -0.25, 1e-12);
    assert_false(weir_trend_of(values, 7, 0.95, &trend)); // 0, 2, 5, 6
    assert_true(weir_trend_of(values, 9, 0.95, &trend));  // … and 8
    assert_int_equal(trend.count, 5);
    assert_false(weir_trend_of(NULL, 0, 0.95, &trend));
    static const double level[] = {3, 3, 3, 3, 3};
    assert_true(weir_trend_of(level, 5, 0.95, &trend));
    assert_true(trend.slope == 0 && trend.interval.low == 0 && trend.interval.high == 0);
    assert_near(trend.mean, 3, 0);
}

/** Of independent noise the interval is the textbook's, but for what the correction costs. */
static void independent_noise_gets_the_textbook_interval(void **state)
{
    (void)state;
    enum { N = 2000 };
    double values[N];
    struct weir_rng rng = weir_rng_seed(3);
    for (size_t i = 0; i < N; i++) {
        values[i] = 5 + 0.001 * (double)i + weir_rng_normal(&rng);
    }
    struct weir_trend trend;
    assert_true(weir_trend_of(values, N, 0.95, &trend));
    const double reach = 1.96 * sqrt(12.0 / ((double)N * N * N)); // σ/√Σ(x − x̄)²
    assert_near((trend.interval.high - trend.interval.low) / (2 * reach), 1, 0.08);
    assert_near(trend.slope, 0.001, 2 * reach);
    assert_true(trend.interval.low > 0);
}

/** Share of AR(1) series without any trend whose interval says so. */
static double trend_coverage(double phi, size_t n, uint64_t seed)
{
    enum { RUNS = 1500, N_MAX = 200 };
    struct weir_rng rng = weir_rng_seed(seed);
    double values[N_MAX];
    unsigned covered = 0;
    for (int run = 0; run < RUNS; run++) {
        double x = weir_rng_normal(&rng) / sqrt(1 - phi * phi);
        for (size_t i = 0; i < n; i++) {
            values[i] = x;
            x = phi * x + weir_rng_normal(&rng);
        }
        struct weir_trend trend;
        assert_true(weir_trend_of(values, n, 0.95, &trend));
        covered += trend.interval.low <= 0 && trend.interval.high >= 0;
    }
    return (double)covered / RUNS;
}

static void autocorrelated_noise_is_no_trend(void **state)
{
    (void)state;
    assert_near(trend_coverage(0, 60, 1), 0.955, 0.02);
    assert_near(trend_coverage(0.5, 60, 2), 0.945, 0.02);
    assert_near(trend_coverage(0.8, 200, 3), 0.95, 0.02);
    assert_near(trend_coverage(0.9, 200, 4), 0.945, 0.025);
    assert_true(trend_coverage(0.8, 60, 5) >= 0.91); // short: ρ itself is estimated too low
}

static void a_drift_is_the_mean_step(void **state)
{
    (void)state;
    static const double values[] = {1, 3, NAN, 10, 12, 15, 16, NAN, 99};
    struct weir_trend drift;
    assert_true(weir_drift_of(values, WEIR_COUNT_OF(values), 0.95, &drift));
    assert_near(drift.slope, 2, 1e-12); // 2, 2, 3 and 1
    assert_true(drift.interval.low < 2 && drift.interval.high > 2);
    assert_near(drift.interval.low + drift.interval.high, 4, 1e-12);
    assert_int_equal(drift.count, 7);
    assert_false(weir_drift_of(values, 6, 0.95, &drift));
    static const double apart[] = {1, NAN, 2, NAN, 3, NAN, 4, NAN, 5, NAN, 6};
    assert_false(weir_drift_of(apart, WEIR_COUNT_OF(apart), 0.95, &drift));
}

static void a_random_walk_has_the_drift_it_was_given(void **state)
{
    (void)state;
    enum { RUNS = 2000, N = 60 };
    struct weir_rng rng = weir_rng_seed(6);
    unsigned covered = 0;
    for (int run = 0; run < RUNS; run++) {
        double values[N];
        double x = 0;
        for (size_t i = 0; i < N; i++) {
            values[i] = x;
            x += 0.3 + weir_rng_normal(&rng);
        }
        struct weir_trend drift;
        assert_true(weir_drift_of(values, N, 0.95, &drift));
        covered += drift.interval.low <= 0.3 && drift.interval.high >= 0.3;
    }
    assert_rate(covered, RUNS, 0.955, 4);
}

/** Requests in a server of 20 slots (M/M/20), seen each second after half a minute: how often the
 * drift of 60 s is called growth. */
static double called_growing(double load, uint64_t seed)
{
    enum { RUNS = 200, N = 60, SLOTS = 20, WARM = 30 };
    struct weir_rng rng = weir_rng_seed(seed);
    unsigned growing = 0;
    for (int run = 0; run < RUNS; run++) {
        double values[N];
        double now = -WARM;
        double inside = 0;
        for (size_t i = 0; i < N;) {
            const double rate = load * SLOTS + fmin(inside, SLOTS);
            now += weir_rng_exponential(&rng) / rate;
            while (i < N && now > (double)i) {
                values[i++] = inside;
            }
            inside += weir_rng_unit(&rng) * rate < load * SLOTS ? 1 : -1;
        }
        struct weir_trend drift;
        assert_true(weir_drift_of(values, N, 0.95, &drift));
        growing += drift.interval.low > 0;
    }
    return growing / (double)RUNS;
}

static void an_overloaded_server_is_told_from_a_busy_one(void **state)
{
    (void)state;
    assert_true(called_growing(0.5, 1) <= 0.01);
    assert_true(called_growing(0.9, 2) <= 0.02);
    assert_true(called_growing(1.25, 3) >= 0.95);
    assert_true(called_growing(1.5, 4) >= 0.99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normal_quantiles_are_those_of_the_tables),
        cmocka_unit_test(t_quantiles_are_those_of_the_tables),
        cmocka_unit_test(shares_are_those_of_the_tables),
        cmocka_unit_test(shares_at_the_ends_have_their_closed_form),
        cmocka_unit_test(large_shares_meet_the_normal_approximation),
        cmocka_unit_test(shares_never_cover_less_than_they_say),
        cmocka_unit_test(ranks_of_the_median_are_those_of_the_tables),
        cmocka_unit_test(ranks_are_the_innermost_that_hold),
        cmocka_unit_test(needs_are_those_of_wilks),
        cmocka_unit_test(bounds_hold_what_the_histogram_knows),
        cmocka_unit_test(percentile_intervals_cover_what_they_say),
        cmocka_unit_test(any_number_of_values_has_its_interval),
        cmocka_unit_test(a_line_is_found_exactly),
        cmocka_unit_test(independent_noise_gets_the_textbook_interval),
        cmocka_unit_test(autocorrelated_noise_is_no_trend),
        cmocka_unit_test(a_drift_is_the_mean_step),
        cmocka_unit_test(a_random_walk_has_the_drift_it_was_given),
        cmocka_unit_test(an_overloaded_server_is_told_from_a_busy_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
