/** live.h: the line that shows how a run goes. Formatting is pure and apart from writing. One
 * thread. */
#ifndef WEIR_RESULT_LIVE_H
#define WEIR_RESULT_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "weir/base/buf.h"
#include "weir/base/clock.h"
#include "weir/stat/slice.h"
#include "weir/stat/summary.h"

/** Seconds over which the rates of the line are averaged; s between the lines of a log. */
enum { WEIR_LIVE_SECONDS = 5, WEIR_LIVE_PLAIN_EVERY_S = 10 };

/** What the line is made from. `label` and the limits are the caller's; the rest weir_live_update()
 * fills in. */
struct weir_live_state {
    // set when a level begins
    uint32_t level; // from 0
    uint32_t level_count;
    char label[192];        // "vllm c=64"
    uint64_t request_count; // measured requests; 0: ends by time
    weir_ns duration;       // of the measured window; 0: ends by count
    uint64_t warmup_count;
    weir_ns warmup_duration;

    // so far
    int64_t seconds;  // of the level that are over
    int64_t opened_s; // when warm-up was over; −1: not yet
    uint64_t sent;
    uint64_t ok;
    uint64_t failed;
    uint64_t in_flight;
    double ok_rate; // a second, over the last WEIR_LIVE_SECONDS
    double token_rate;
    double ttft_p50_ms; // of the level so far; NAN: no data yet, or too little
    double ttft_p99_ms;
};

struct weir_live;

enum weir_live_style { WEIR_LIVE_NONE, WEIR_LIVE_PLAIN, WEIR_LIVE_REDRAW };

/** Write to `file` (borrowed). columns: what a redrawn line may be wide. */
struct weir_live *weir_live_new(enum weir_live_style style, FILE *file, int columns);
void weir_live_free(struct weir_live *live);

/** A level begins: the fields that `begin` sets at the start are taken over. */
void weir_live_begin(struct weir_live *live, const struct weir_live_state *begin);

/** A second is over: count it in, and show the line where the style says so. */
void weir_live_update(struct weir_live *live, const struct weir_slice_stat *slice);

/** A level is over: show how it went, for good. */
void weir_live_end(struct weir_live *live, const struct weir_level_summary *level);

/** Take a redrawn line off the screen, before something else is written there. */
void weir_live_clear(struct weir_live *live);

const struct weir_live_state *weir_live_state(const struct weir_live *live);

/** Append the line, without its end. */
bool weir_live_format(const struct weir_live_state *state, struct weir_buf *out);

/** Append the line of a finished level. */
bool weir_live_format_end(const struct weir_live_state *state,
                          const struct weir_level_summary *level, struct weir_buf *out);

#endif
