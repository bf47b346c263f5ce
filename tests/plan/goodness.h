/** goodness.h: how well a sample fits a distribution: Kolmogorov and Smirnov's test. Seeds in the
 * tests are fixed, so a level is met or missed once and for all. */
#ifndef WEIR_TESTS_PLAN_GOODNESS_H
#define WEIR_TESTS_PLAN_GOODNESS_H

#include <math.h>
#include <stdlib.h>

static inline int compare_doubles(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

/** Probability of a distance at least as large as that of the `count` values (which get sorted)
 * from `cdf`, if they were drawn from it: the limit distribution with Stephens' correction (1970),
 * good from some 10 values on. */
static inline double goodness_of_fit(double *values, size_t count, double (*cdf)(double))
{
    qsort(values, count, sizeof(*values), compare_doubles);
    double distance = 0;
    for (size_t i = 0; i < count; i++) {
        const double f = cdf(values[i]);
        distance = fmax(distance,
                        fmax((double)(i + 1) / (double)count - f, f - (double)i / (double)count));
    }
    const double root = sqrt((double)count);
    const double x = (root + 0.12 + 0.11 / root) * distance;
    double p = 0;
    for (int k = 1; k <= 100; k++) {
        p += (k % 2 == 1 ? 2 : -2) * exp(-2.0 * k * k * x * x);
    }
    return x < 0.2 ? 1
                   : fmin(fmax(p, 0), 1); // the series does not settle where p is 1 to ten places
}

static inline double cdf_exponential(double x)
{
    return -expm1(-x);
}

static inline double cdf_uniform(double x)
{
    return x;
}

#endif
