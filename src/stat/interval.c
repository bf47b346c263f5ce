// Intervals by way of the incomplete beta function, which is the binomial, the beta and Student's
// distribution in one. See interval.h.
#define _DEFAULT_SOURCE // lgamma_r: lgamma() writes a global
#include "weir/stat/interval.h"

#include <math.h>

#include "weir/base/attr.h"

// ---- the regularised incomplete beta function --------------------------------------------------

static double log_gamma(double x)
{
    int sign = 0;
    return lgamma_r(x, &sign);
}

static double away_from_zero(double x)
{
    const double tiny = 1e-300;
    return fabs(x) < tiny ? tiny : x;
}

/** The continued fraction of I_x(a, b) (DLMF 8.17.22), evaluated forwards by Lentz's method as
 * Thompson and Barnett put it (J. Comput. Phys. 64, 1986). Some √max(a, b) steps where it is used,
 * below the mean. */
static double beta_fraction(double a, double b, double x)
{
    const double fine = 4e-16;
    const unsigned steps_max = 1000 + 20 * (unsigned)fmin(sqrt(fmax(a, b)), 1e8);
    double c = 1;
    double d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
    double fraction = d;
    for (unsigned step = 1; step < steps_max; step++) {
        const double m = step;
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 / away_from_zero(1 + even * d);
        c = away_from_zero(1 + even / c);
        fraction *= c * d;
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / away_from_zero(1 + odd * d);
        c = away_from_zero(1 + odd / c);
        fraction *= c * d;
        if (fabs(c * d - 1) <= fine) {
            break;
        }
    }
    return fraction;
}

/** I_x(a, b) with y = 1 − x, which the caller knows without cancelling. */
static double incomplete_beta(double a, double b, double x, double y)
{
    if (!(x > 0)) {
        return 0;
    }
    if (!(y > 0)) {
        return 1;
    }
    const double front =
        exp(a * (x < 0.5 ? log(x) : log1p(-y)) + b * (y < 0.5 ? log(y) : log1p(-x)) +
            log_gamma(a + b) - log_gamma(a) - log_gamma(b));
    if (x < (a + 1) / (a + b + 2)) {
        return front * beta_fraction(a, b, x) / a;
    }
    return 1 - front * beta_fraction(b, a, y) / b;
}

/** Probability of `hits` or more of `total` at odds of p, q = 1 − p. */
static double at_least(double hits, double total, double p, double q)
{
    if (hits <= 0) {
        return 1;
    }
    return hits > total ? 0 : incomplete_beta(hits, total - hits + 1, p, q);
}

// ---- shares ------------------------------------------------------------------------------------

/** The odds p at which `hits` or more of `total` have probability `chance`: bisection, since the
 * function is steep somewhere and flat everywhere else. */
static double odds_for(double hits, double total, double chance)
{
    const double fine = 1e-13;
    double low = 0;
    double high = 1;
    while (high - low > fine * high) {
        const double middle = low + (high - low) / 2;
        if (at_least(hits, total, middle, 1 - middle) < chance) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

struct weir_interval weir_interval_share(uint64_t hits, uint64_t total, double confidence)
{
    WEIR_ASSERT(hits <= total && confidence > 0 && confidence < 1);
    struct weir_interval interval = {0, 1};
    if (hits > total - hits) { // the smaller side, where a double has more places
        const struct weir_interval misses = weir_interval_share(total - hits, total, confidence);
        return (struct weir_interval){1 - misses.high, 1 - misses.low};
    }
    const double tail = (1 - confidence) / 2;
    const double n = (double)total;
    if (hits > 0) {
        interval.low = odds_for((double)hits, n, tail);
    }
    if (hits < total) {
        interval.high = odds_for((double)hits + 1, n, 1 - tail);
    }
    return interval;
}

// ---- percentiles -------------------------------------------------------------------------------

uint64_t weir_interval_percentile_needs(double percentile, double confidence)
{
    WEIR_ASSERT(confidence > 0 && confidence < 1);
    if (!(percentile > 0 && percentile < 100)) {
        return UINT64_MAX;
    }
    // All values on one side of the percentile must be too rare to be chance.
    const double rarer = fmin(percentile, 100 - percentile) / 100;
    const double needed = ceil(log((1 - confidence) / 2) / log1p(-rarer));
    return needed < 0x1p63 ? (uint64_t)needed : UINT64_MAX;
}

/** The smallest rank from 1 to `count` that as many values as that lie below the percentile, or
 * more, with no more than chance `tail`. There is one: the caller has seen to that. */
static uint64_t upper_rank(uint64_t count, double p, double q, double tail)
{
    uint64_t low = 1;
    uint64_t high = count;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (at_least((double)middle, (double)count, p, q) <= tail) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

bool weir_interval_percentile(const struct weir_hist *hist, double percentile, double confidence,
                              struct weir_interval *out)
{
    const uint64_t count = weir_hist_count(hist);
    if (count < weir_interval_percentile_needs(percentile, confidence)) {
        return false;
    }
    const double tail = (1 - confidence) / 2;
    const double p = percentile / 100;
    const double q = (100 - percentile) / 100;
    const uint64_t upper = upper_rank(count, p, q, tail);
    // Seen from above the lower rank is an upper one.
    const uint64_t lower = count + 1 - upper_rank(count, q, p, tail);
    struct weir_hist_slot slot = {0};
    bool is_more = weir_hist_next(hist, &slot);
    while (is_more && slot.up_to < lower) {
        is_more = weir_hist_next(hist, &slot);
    }
    out->low = fmax((double)slot.lowest, (double)weir_hist_min(hist));
    while (is_more && slot.up_to < upper) {
        is_more = weir_hist_next(hist, &slot);
    }
    out->high = fmin((double)slot.highest, (double)weir_hist_max(hist));
    return true;
}

// ---- trends ------------------------------------------------------------------------------------

enum { VALUES_MIN = 5 };

/** Sums over the values that are there; x and y are taken from their means. */
struct fit {
    size_t count;
    double x_mean;
    double y_mean;
    double xx;
    double slope;
    double squares; // of the residuals
    double lagged;  // products of neighbouring residuals
};

static void fit_line(const double *values, size_t count, struct fit *fit)
{
    double x_sum = 0;
    double y_sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (isfinite(values[i])) {
            fit->count++;
            x_sum += (double)i;
            y_sum += values[i];
        }
    }
    fit->x_mean = x_sum / (double)fit->count;
    fit->y_mean = y_sum / (double)fit->count;
    double xy = 0;
    for (size_t i = 0; i < count; i++) {
        if (isfinite(values[i])) {
            const double x = (double)i - fit->x_mean;
            fit->xx += x * x;
            xy += x * (values[i] - fit->y_mean);
        }
    }
    fit->slope = xy / fit->xx;
}

static void add_residuals(const double *values, size_t count, struct fit *fit)
{
    double last = NAN;
    for (size_t i = 0; i < count; i++) {
        const double x = (double)i - fit->x_mean;
        const double residual = values[i] - fit->y_mean - fit->slope * x; // not finite: left out
        if (isfinite(residual)) {
            fit->squares += residual * residual;
            fit->lagged += isfinite(last) ? residual * last : 0;
        }
        last = residual;
    }
}

/** How many independent residuals tell as much: see interval.h. */
static double effective_count(double count, double squares, double lagged)
{
    double rho = squares > 0 ? lagged / squares : 0;
    rho = fmin(fmax(rho + (1 + 4 * rho) / count, 0), 1);
    return fmax(count * (1 - rho) / (1 + rho), 3);
}

bool weir_trend_of(const double *values, size_t count, double confidence, struct weir_trend *out)
{
    WEIR_ASSERT(confidence > 0 && confidence < 1);
    struct fit fit = {0};
    fit_line(values, count, &fit);
    if (fit.count < VALUES_MIN) {
        return false;
    }
    add_residuals(values, count, &fit);
    const double degrees = effective_count((double)fit.count, fit.squares, fit.lagged) - 2;
    const double error = sqrt(fit.squares / degrees / fit.xx);
    const double reach = error * weir_t_quantile(0.5 + confidence / 2, degrees);
    *out = (struct weir_trend){
        .slope = fit.slope,
        .interval = {fit.slope - reach, fit.slope + reach},
        .mean = fit.y_mean,
        .count = fit.count,
    };
    return true;
}

/** Squares of the steps around their mean, and products of neighbouring ones. */
static void add_step_residuals(const double *values, size_t count, double mean, struct fit *fit)
{
    double last = NAN;
    for (size_t i = 1; i < count; i++) {
        const double residual = values[i] - values[i - 1] - mean;
        if (isfinite(residual)) {
            fit->squares += residual * residual;
            fit->lagged += isfinite(last) ? residual * last : 0;
        }
        last = residual;
    }
}

bool weir_drift_of(const double *values, size_t count, double confidence, struct weir_trend *out)
{
    WEIR_ASSERT(confidence > 0 && confidence < 1);
    struct fit fit = {0};
    fit_line(values, count, &fit);
    double sum = 0;
    double steps = 0;
    for (size_t i = 1; i < count; i++) {
        const double step = values[i] - values[i - 1];
        sum += isfinite(step) ? step : 0;
        steps += isfinite(step) ? 1 : 0;
    }
    if (fit.count < VALUES_MIN || steps < VALUES_MIN - 1) {
        return false;
    }
    const double mean = sum / steps;
    add_step_residuals(values, count, mean, &fit);
    const double effective = effective_count(steps, fit.squares, fit.lagged);
    const double error = sqrt(fit.squares / (effective - 1) / steps);
    const double reach = error * weir_t_quantile(0.5 + confidence / 2, effective - 1);
    *out = (struct weir_trend){
        .slope = mean,
        .interval = {mean - reach, mean + reach},
        .mean = fit.y_mean,
        .count = fit.count,
    };
    return true;
}

// ---- quantile functions ------------------------------------------------------------------------

/** The value that a standard normal one exceeds with probability q, 0 < q < 0.5: Hastings' formula
 * (Abramowitz and Stegun 26.2.23), right to 4.5e-4, and Halley's steps from there to the last
 * places. */
static double normal_above(double q)
{
    const double t = sqrt(-2 * log(q));
    double z = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
    for (int i = 0; i < 3; i++) {
        const double density = exp(-z * z / 2) / sqrt(2 * 3.14159265358979323846);
        const double off = (0.5 * erfc(z / sqrt(2)) - q) / density;
        z += off / (1 - off * z / 2);
    }
    return z;
}

/** Probability that Student's t exceeds t > 0. */
static double t_above(double t, double degrees)
{
    const double square = t * t;
    const double all = degrees + square;
    return 0.5 * incomplete_beta(degrees / 2, 0.5, degrees / all, square / all);
}

/** The value that Student's t exceeds with probability q, 0 < q < 0.5. */
static double t_quantile_above(double q, double degrees)
{
    const double series_from = 1e4; // degrees
    const double fine = 1e-14;
    const double z = normal_above(q);
    if (degrees > series_from) { // Abramowitz and Stegun 26.7.5
        const double square = z * z;
        const double first = (square + 1) / (4 * degrees);
        const double second = ((5 * square + 16) * square + 3) / (96 * degrees * degrees);
        return z * (1 + first + second);
    }
    double low = 0;
    double high = fmax(z, 1);
    while (t_above(high, degrees) > q && high < 0x1p500) {
        low = high;
        high *= 2;
    }
    while (high - low > fine * high) {
        const double middle = low + (high - low) / 2;
        if (t_above(middle, degrees) > q) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

/** What both quantile functions answer without looking: true and *out, or false. */
static bool is_trivial(double p, double *out)
{
    if (p > 0 && p < 1 && p != 0.5) {
        return false;
    }
    *out = p == 0.5 ? 0 : p == 0 ? -INFINITY : p == 1 ? INFINITY : NAN;
    return true;
}

double weir_normal_quantile(double p)
{
    double out = NAN;
    if (!is_trivial(p, &out)) {
        out = p < 0.5 ? -normal_above(p) : normal_above(1 - p);
    }
    return out;
}

double weir_t_quantile(double p, double degrees)
{
    double out = NAN;
    if (degrees > 0 && !is_trivial(p, &out)) {
        out = p < 0.5 ? -t_quantile_above(p, degrees) : t_quantile_above(1 - p, degrees);
    }
    return out;
}
