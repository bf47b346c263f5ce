/** bootstrap.h: how sure a mean over time is, when neighbouring seconds are alike: blocks of seconds are drawn with replacement
 *  (circular block bootstrap, Politis and Romano 1992), so that what belongs together stays together. Pure; any thread.
 *
 *  It sees how a figure varies within a run, not how it varies from run to run: of two servers that are the same but were
 *  started twice it may say that they differ. */
#ifndef WEIR_STAT_BOOTSTRAP_H
#define WEIR_STAT_BOOTSTRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/stat/interval.h"

/** Fewest values of a series that say anything. */
enum { WEIR_BOOTSTRAP_MIN = 8, WEIR_BOOTSTRAP_DRAWS = 1999 };

/** Length of the blocks for a series of `count` values: Politis and White's rule (2004) for the circular bootstrap with the
 *  autocorrelation taken as that of a first-order process; from 1 to a quarter of the series. */
size_t weir_bootstrap_block(const double *values, size_t count);

/** A figure second by second. */
struct weir_values {
    const double *items; // finite
    size_t count;
};

struct weir_bootstrap_shift {
    double estimate;               // mean of b − mean of a
    double error;                  // its standard error
    struct weir_interval interval; // of the shift
    size_t block;                  // the longer one of both series'
};

/** How far the mean of `b` lies above that of `a`. The drawn deviations are stretched for the few blocks that there are
 *  (√(n/(n−L)) a series, and Student's t for the normal distribution). False when a series has fewer than WEIR_BOOTSTRAP_MIN
 *  values. */
bool weir_bootstrap_shift_of(struct weir_values a, struct weir_values b, double confidence, uint64_t seed,
                             struct weir_bootstrap_shift *out);

#endif
