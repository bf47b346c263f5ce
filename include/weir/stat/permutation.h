/** permutation.h: did anything get worse? Tests whose unit is the run: when nothing changed, every way of dealing the runs to the
 *  two sides was equally likely, so the share of those ways that look at least as bad as what was seen is the p-value. Nothing is
 *  assumed of the values. Pure; any thread.
 *
 *  Several hypotheses (a metric at several levels) are tested together on the same runs by the largest statistic (Westfall
 *  and Young 1993): one test's p then allows for all of them, and for how much they are alike. The statistic of a
 *  hypothesis is the difference of means in units of the standard deviation of all its values, which no permutation changes. */
#ifndef WEIR_STAT_PERMUTATION_H
#define WEIR_STAT_PERMUTATION_H

#include <stddef.h>
#include <stdint.h>

/** Ways that are enumerated at most; beyond it so many are drawn at random, with `seed`, as the second number says. */
enum { WEIR_PERMUTATION_EXACT_MAX = 200000, WEIR_PERMUTATION_DRAWS = 19999 };

/** `values`: row after row, one row a hypothesis: first `a_count` runs of the one side, then `b_count` of the other.
 *  p[row]: chance that any row shows b above a as far as this one does. Rows must be finite. */
void weir_permutation_test(const double *values, size_t rows, size_t a_count, size_t b_count, uint64_t seed, double *p);

/** The same for pairs of runs: `differences` b − a, row after row; what may change by chance is each pair's sign. */
void weir_permutation_test_paired(const double *differences, size_t rows, size_t pairs, uint64_t seed, double *p);

/** The smallest p there can be with so many runs; 1 when a side is empty. */
double weir_permutation_floor(size_t a_count, size_t b_count);
double weir_permutation_floor_paired(size_t pairs);

#endif
