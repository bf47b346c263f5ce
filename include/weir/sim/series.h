/** series.h: every duration of a run, kept so that percentiles are exact (nearest rank), not
 * estimated. Costs 4 bytes a value; beyond a cap values are counted, no longer kept. The
 * simulator's truth, and nobody else's. One thread. */
#ifndef WEIR_SIM_SERIES_H
#define WEIR_SIM_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/base/buf.h"
#include "weir/base/clock.h"

/** Private. Caller's memory. */
struct weir_sim_series {
    uint32_t *narrow; // values below 2^32 ns (4.29 s)
    size_t narrow_count;
    size_t narrow_size;
    weir_ns *wide; // the others
    size_t wide_count;
    size_t wide_size;
    uint64_t cap;     // no more values than this are kept
    uint64_t dropped; // values beyond the cap
    double sum_ns;    // of the values kept
    bool is_sorted;
};

void weir_sim_series_init(struct weir_sim_series *series, uint64_t cap);
void weir_sim_series_free(struct weir_sim_series *series);

/** Values below 0 count as 0. */
void weir_sim_series_add(struct weir_sim_series *series, weir_ns value);

/** Values kept. */
uint64_t weir_sim_series_count(const struct weir_sim_series *series);

/** The value of rank ⌈permille/1000 · N⌉ in ascending order (permille 0: the smallest); sorts first
 * when need be. N must not be 0. */
weir_ns weir_sim_series_at(struct weir_sim_series *series, uint32_t permille);

/** Append {"count": N, "p50": …, "p90", "p95", "p99", "p99.9", "min", "max", "mean"} in ms; all
 * null when N is 0. */
bool weir_sim_series_json(struct weir_sim_series *series, struct weir_buf *out);

#endif
