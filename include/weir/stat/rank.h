/** rank.h: comparing two small groups of runs by ranks: nothing is assumed but that runs are exchangeable when nothing
 *  changed. Values are one number a run (the p50 of its TTFT, say); for ratios pass logarithms. Pure; any thread. */
#ifndef WEIR_STAT_RANK_H
#define WEIR_STAT_RANK_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/stat/interval.h"

/** How far `b` lies above `a`, with an interval. */
struct weir_shift {
    double estimate;
    struct weir_interval interval; // −INFINITY, INFINITY where so few values have none at this confidence
};

/** Mann and Whitney's U test: probability, when both groups come from the same distribution, that `b` lies above `a` (or,
 *  two-sided, apart from it) at least as much as it does. Exact up to WEIR_RANK_EXACT_MAX pairs and without ties; else the normal
 *  approximation with tie correction and continuity correction, which ties alone make a little too large or too small. 1 when a
 *  group is empty. */
enum { WEIR_RANK_EXACT_MAX = 2500 };
double weir_rank_test(const double *a, size_t a_count, const double *b, size_t b_count, bool is_two_sided);

/** Hodges and Lehmann's estimate: the median of all differences b − a; the interval holds those shifts that the U test would
 *  not refuse. False when a group is empty. */
bool weir_rank_shift(const double *a, size_t a_count, const double *b, size_t b_count, double confidence,
                     struct weir_shift *out);

/** The same for pairs: `differences` b − a, one a pair; the median of all pairwise means, with the interval of Wilcoxon's
 *  signed-rank test. */
bool weir_rank_shift_paired(const double *differences, size_t count, double confidence, struct weir_shift *out);

/** Holm's step-down correction: `out[i]` is the smallest error rate of the whole family at which test i is still
 *  significant. `out` may be `p`. */
void weir_holm(const double *p, size_t count, double *out);

#endif
