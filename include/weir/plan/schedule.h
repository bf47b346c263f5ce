/** schedule.h: when requests of an open-loop level are due: one seeded global timeline, computed
 * ahead of the clock and streamed, so that a week costs no more memory than a second. A pure
 * function of specification and seed: every worker walks the same timeline and takes each W-th
 * arrival, so the arrivals are identical whatever the number of workers. Never re-anchored, never
 * thinned.
 *
 *  A rate that varies in time is made by time rescaling: the process is drawn at rate 1 and carried
 * over by the inverse of the cumulative rate Λ(t) (Çinlar, Introduction to Stochastic Processes,
 * 1975); a Poisson process stays exactly Poisson. One thread a cursor. */
#ifndef WEIR_PLAN_SCHEDULE_H
#define WEIR_PLAN_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/base/clock.h"
#include "weir/base/rng.h"
#include "weir/base/status.h"
#include "weir/base/str.h"

/** name, key, meaning. */
#define WEIR_ARRIVAL_MAP(XX)                                                                       \
    XX(POISSON, "poisson", "exponential gaps: independent users; gaps vary as much as their mean") \
    XX(CONSTANT, "constant", "equal gaps")                                                         \
    XX(GAMMA, "gamma",                                                                             \
       "gamma gaps of shape --burstiness: below 1 burstier than Poisson, above 1 smoother")

enum weir_arrival_kind {
#define XX(name, key, meaning) WEIR_ARRIVAL_##name,
    WEIR_ARRIVAL_MAP(XX)
#undef XX
        WEIR_ARRIVAL_COUNT
};

/** Shapes of a piece of --rate-schedule. */
enum weir_piece_kind { WEIR_PIECE_CONSTANT, WEIR_PIECE_RAMP, WEIR_PIECE_SINE };

/** One piece: the rate over `length` ns. RAMP goes from `from` to `to` linearly; CONSTANT holds
 * `from`; SINE swings around `from` by `to` (≤ from) once every `period`. A step or a spike is a
 * constant piece of its own. */
struct weir_piece {
    enum weir_piece_kind kind;
    weir_ns length;
    double from; // requests/s
    double to;
    weir_ns period;
};

/** Where arrivals come from. Plain data; the arrays are borrowed and outlive the cursors. */
struct weir_schedule {
    enum weir_arrival_kind arrival;
    double burstiness; // shape of GAMMA
    uint32_t burst; // arrivals at each instant, ≥ 1: "bursts of N at once"; the rate stays that of
                    // requests
    const struct weir_piece *pieces;
    size_t piece_count; // the last piece goes on for ever when `is_endless`
    bool is_endless;
    const weir_ns
        *times; // a file of arrival times (ascending, from 0) instead of pieces; NULL: none
    size_t time_count;
    double rescale; // 0: true process; else factor on every gap so that exactly the planned count
                    // falls into the window
    uint64_t seed;
};

/** Parse "--rate-schedule": pieces separated by blanks or commas, e.g. "10/s for 30s, ramp 10/s to
 * 50/s over 1m, 100/s for 5s, sine 20/s+-10/s every 30s for 2m". The grammar stands in README.md.
 * *out is heap memory for weir_free(). */
weir_status weir_pieces_parse(struct weir_slice text, struct weir_piece **out, size_t *count,
                              struct weir_err *err) WEIR_MUST_USE;

/** Read a file of arrival times: one number of seconds from the start a line (or durations with a
 * unit), ascending, # comments. Errors name file, line and remedy. *out is heap memory for
 * weir_free(). */
weir_status weir_times_read(const char *path, weir_ns **out, size_t *count,
                            struct weir_err *err) WEIR_MUST_USE;

/** Rate at `at` from the level's start, requests/s; 0 behind the last piece. */
double weir_schedule_rate(const struct weir_schedule *schedule, weir_ns at);

/** Expected arrivals in [0, until). */
double weir_schedule_expected(const struct weir_schedule *schedule, weir_ns until);

/** Length of all pieces (or the last time + 1); INT64_MAX when endless. */
weir_ns weir_schedule_length(const struct weir_schedule *schedule);

/** A place on the timeline. Caller's memory; private. */
struct weir_schedule_cursor {
    const struct weir_schedule *schedule;
    struct weir_rng rng;
    uint64_t index; // of the next arrival
    double area;    // Λ reached so far
    uint32_t left_in_burst;
    weir_ns at;
    size_t piece;
    weir_ns piece_start;
    double piece_area; // Λ at piece_start
};

void weir_schedule_begin(const struct weir_schedule *schedule, struct weir_schedule_cursor *cursor);

/** The next arrival: its index and its offset from the level's start, never smaller than the one
 * before. False at the end. O(1), no allocation. */
bool weir_schedule_next(struct weir_schedule_cursor *cursor, uint64_t *index, weir_ns *offset);

#endif
