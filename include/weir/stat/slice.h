/** slice.h: what happened in one second of a level: the row of slices.csv and the source of the live line.
 *  A worker fills one slice at a time and hands it over; the reader merges those of all workers. */
#ifndef WEIR_STAT_SLICE_H
#define WEIR_STAT_SLICE_H

#include <stdint.h>

#include "weir/stat/hist.h"
#include "weir/stat/sample.h"

/** Seconds are counted from the level's start. One thread at a time. */
struct weir_slice_stat {
    int64_t index;         // second since the level's start
    uint64_t sent;         // requests sent in this second
    uint64_t ok;           // requests that ended well in this second
    uint64_t failed;       // requests that failed in this second; cancelled ones are neither
    uint64_t chunks;       // token-bearing events that arrived in this second
    uint64_t tokens;       // tokens credited to them (per-chunk usage, else one an event)
    uint64_t in_flight;    // requests in flight at the end of the second
    struct weir_hist *ttft; // ns, two digits, of first tokens that arrived in this second
    struct weir_hist *itl;  // ns, two digits, of gaps that ended in this second
};

struct weir_slice_stat *weir_slice_stat_new(void);
void weir_slice_stat_free(struct weir_slice_stat *slice);
void weir_slice_stat_reset(struct weir_slice_stat *slice, int64_t index);

/** Add `from` to `into`; in-flight counts add up too, since workers share nothing. */
void weir_slice_stat_add(struct weir_slice_stat *into, const struct weir_slice_stat *from);

#endif
