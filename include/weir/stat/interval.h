/** interval.h: how sure a figure is. Pure; any thread. */
#ifndef WEIR_STAT_INTERVAL_H
#define WEIR_STAT_INTERVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/stat/hist.h"

struct weir_interval {
    double low;
    double high;
};

/** Clopper–Pearson interval of a share (hits of total) at `confidence` (0.95). [0, 1] when total is
 * 0. */
struct weir_interval weir_interval_share(uint64_t hits, uint64_t total, double confidence);

/** Distribution-free interval of a percentile from order statistics (binomial ranks), in histogram
 * units. False when the sample is too small for one. Holds for independent values; within one run
 * they are not quite, so it is a lower bound on the doubt. */
bool weir_interval_percentile(const struct weir_hist *hist, double percentile, double confidence,
                              struct weir_interval *out);

/** Values needed before a percentile has such an interval at all. */
uint64_t weir_interval_percentile_needs(double percentile, double confidence);

/** Least-squares slope of y over x = 0, 1, 2, … with the interval of its slope from the residuals'
 * autocorrelation-corrected standard error (effective sample size n(1−ρ)/(1+ρ), ρ: lag-1
 * autocorrelation of the residuals, not below 0). Skips NAN values. False with fewer than 5. */
struct weir_trend {
    double slope; // per step
    struct weir_interval interval;
    double mean;
    size_t count;
};
bool weir_trend_of(const double *values, size_t count, double confidence, struct weir_trend *out);

/** Quantile functions. */
double weir_normal_quantile(double p);
double weir_t_quantile(double p, double degrees);

#endif
