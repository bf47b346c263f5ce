// What the main thread makes of a level's slices while it runs: has it settled, does anything
// drift? Main thread only.
#ifndef WEIR_ENGINE_LEVEL_WATCH_H
#define WEIR_ENGINE_LEVEL_WATCH_H

#include <stdbool.h>

#include "weir/stat/series.h"
#include "weir/stat/slice.h"
#include "weir/stat/summary.h"

/** A level has settled when tokens (or, without any, answers) a second and requests in flight of
 * the last SETTLE_HALF seconds differ by less than SETTLE_SHARE from those of as many seconds
 * before. */
enum { WEIR__SETTLE_HALF = 3 };
#define WEIR__SETTLE_SHARE 0.05

struct level_watch {
    struct weir_series series[WEIR_TREND_COUNT];
    double output[2 * WEIR__SETTLE_HALF]; // of the last seconds, oldest first
    double answers[2 * WEIR__SETTLE_HALF];
    double in_flight[2 * WEIR__SETTLE_HALF];
    size_t seconds;
};

/** The next second. */
void weir__watch_slice(struct level_watch *watch, const struct weir_slice_stat *slice);

bool weir__watch_has_settled(const struct level_watch *watch);

/** Trends over the measured window, and whether an open loop was saturated. */
void weir__watch_sum_up(const struct level_watch *watch, struct weir_level_summary *out);

#endif
