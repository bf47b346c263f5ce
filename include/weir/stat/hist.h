/** hist.h: counts of non-negative integers with bounded relative error: an HDR histogram (hdrhistogram.org), written for weir.
 *  Not thread-safe: one writer; merge with weir_hist_add(). The unit is the caller's: nanoseconds, tokens, …
 *
 *  Layout as in the HdrHistogram reference implementations with lowest discernible value 1: buckets of doubling width,
 *  each of 2^k sub-buckets, where 2^k is the smallest power of two ≥ 2·10^digits. Values below 2^k are exact; above, a
 *  value shares its slot with others at most value/10^digits away. min, max and sum are kept exactly beside the counts. */
#ifndef WEIR_STAT_HIST_H
#define WEIR_STAT_HIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/base/attr.h"

struct weir_hist;

/** Values in [0, highest]; `digits` significant decimal digits, 1 to 5; highest ≥ 2. Never NULL. Free with weir_hist_free(). */
struct weir_hist *weir_hist_new(int64_t highest, int digits);
void weir_hist_free(struct weir_hist *hist);

/** Forget every value; keep the memory. */
void weir_hist_reset(struct weir_hist *hist);

/** Count `value`. False (and counted in weir_hist_dropped) when it is negative or above `highest`. O(1), no allocation. */
bool weir_hist_record(struct weir_hist *hist, int64_t value);

/** Count `value` `times` times. Also false, with all of them dropped, when the count would pass INT64_MAX. */
bool weir_hist_record_n(struct weir_hist *hist, int64_t value, uint64_t times);

/** Add all of `from` to `into`; both may differ in range and digits. Returns how many values did not fit (they are
 *  counted as dropped in `into`, as are those that `from` had dropped itself). With the same digits and nothing out of
 *  range all is exact. Else values move by way of their slot's median, but min and max, and the sums when all fit, stay
 *  exact. */
uint64_t weir_hist_add(struct weir_hist *into, const struct weir_hist *from);

uint64_t weir_hist_count(const struct weir_hist *hist);    // values held
uint64_t weir_hist_dropped(const struct weir_hist *hist);  // values refused
int64_t weir_hist_min(const struct weir_hist *hist);       // exact; 0 when empty
int64_t weir_hist_max(const struct weir_hist *hist);       // exact; 0 when empty
double weir_hist_mean(const struct weir_hist *hist);       // exact sum / count; 0 when empty
double weir_hist_stddev(const struct weir_hist *hist);     // population deviation; 0 when empty
int64_t weir_hist_highest(const struct weir_hist *hist);   // as given to weir_hist_new
int weir_hist_digits(const struct weir_hist *hist);

/** The value at or below which `percentile` (0 to 100) of the values lie: the value of rank max(1, ⌈count·percentile/100⌉),
 *  as the highest value of its slot (what the reference implementations answer) but never above the exact maximum. 0 when empty. */
int64_t weir_hist_percentile(const struct weir_hist *hist, double percentile);

/** Number of values counted in slots up to the one of `value`, that one included. */
uint64_t weir_hist_count_up_to(const struct weir_hist *hist, int64_t value);

/** One slot with its count. Iterate: struct weir_hist_slot slot = {0}; while (weir_hist_next(hist, &slot)) … visits the
 *  slots that hold something, in ascending order. */
struct weir_hist_slot {
    size_t next;     // private
    int64_t lowest;  // lowest value of the slot
    int64_t highest; // highest value of the slot
    uint64_t count;
    uint64_t up_to;  // count of this and all lower slots
};
bool weir_hist_next(const struct weir_hist *hist, struct weir_hist_slot *slot);

// ---- for the codec (hlog.h) ----

/** Number of slots, and the count in slot `index`. */
size_t weir_hist_slot_count(const struct weir_hist *hist);
uint64_t weir_hist_slot_at(const struct weir_hist *hist, size_t index);

/** Count `times` values of which is known only that they lie in [lowest, highest]: as `highest` (which is cut to the range
 *  unless `lowest` is outside too), but as the median for mean and deviation; min and max move to the bounds. False when
 *  there is no slot for them or no room for so many. */
bool weir_hist_fill(struct weir_hist *hist, int64_t lowest, int64_t highest, uint64_t times);

/** The same with the bounds of slot `index`. False also when there is no such slot. */
bool weir_hist_fill_slot(struct weir_hist *hist, size_t index, uint64_t times);

#endif
