/** interval.h: how sure a figure is. Pure; any thread. `confidence` lies between 0 and 1 (0.95), both excluded; intervals
 *  are two-sided with equal tails. */
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

/** Clopper and Pearson's interval of a share (hits of total, 0 to 1): never covers less often than it says, whatever the
 *  share. [0, 1] when total is 0. */
struct weir_interval weir_interval_share(uint64_t hits, uint64_t total, double confidence);

/** Distribution-free interval of a percentile from order statistics, in histogram units: the ranks come from the
 *  binomial distribution itself, not from its normal approximation; low is the lowest value of the lower rank's slot,
 *  high the highest of the upper one's. False when the sample is too small for one. Holds for independent values;
 *  within one run they are not quite, so it is a lower bound on the doubt. */
bool weir_interval_percentile(const struct weir_hist *hist, double percentile, double confidence,
                              struct weir_interval *out);

/** Values needed before a percentile has such an interval at all; UINT64_MAX for 0 and 100, which never have. */
uint64_t weir_interval_percentile_needs(double percentile, double confidence);

/** Least-squares slope of y over x = 0, 1, 2, … with an interval that allows for autocorrelation: of n residuals only
 *  n(1−ρ)/(1+ρ) count, in the standard error and in the degrees of freedom (ρ: their lag-1 autocorrelation, raised by
 *  its bias of about (1 + 4ρ)/n in short series, not below 0; Santer et al., J. Geophys. Res. 105, 2000). Where
 *  fewer than 3 would count, 3 do: the interval is then very wide. Values that are NAN or infinite are left out. */
struct weir_trend {
    double slope; // per step
    struct weir_interval interval;
    double mean;  // of the values
    size_t count; // of the values
};

/** False with fewer than 5 values. */
bool weir_trend_of(const double *values, size_t count, double confidence, struct weir_trend *out);

/** Mean step from one value to the next, with its interval from the steps: how fast a quantity drifts that adds up, as a
 *  queue does. Of such a random walk the residuals around a line are so much alike that weir_trend_of() sees little,
 *  while its steps are independent; of a quantity that stays around a level the interval is wider than it need be,
 *  so it raises no more false alarms than it says. Steps between two values that are there count; the same correction
 *  for autocorrelation. False with fewer than 5 values or 4 steps. */
bool weir_drift_of(const double *values, size_t count, double confidence, struct weir_trend *out);

/** Quantile functions: what a standard normal value, or one of Student's t with `degrees` > 0 of freedom, stays below
 *  with probability p. ∓INFINITY for 0 and 1, NAN outside. */
double weir_normal_quantile(double p);
double weir_t_quantile(double p, double degrees);

#endif
