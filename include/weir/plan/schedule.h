/** schedule.h: when requests of an open-loop level are due: one seeded global timeline, computed ahead of the clock and
 *  streamed, so that a week costs no more memory than a second. A pure function of specification and seed: every worker
 *  walks the same timeline and takes each W-th arrival, so the arrivals are identical whatever the number of workers.
 *  Never re-anchored, never thinned. One thread a cursor.
 *
 *  A rate that varies in time is made by time rescaling: the process is drawn at rate 1 and carried over by the inverse
 *  of the cumulative rate Λ(t) (Çinlar, Introduction to Stochastic Processes, 1975); a Poisson process stays exactly
 *  Poisson. Of the unit process:
 *    POISSON   the first arrival comes after a whole exponential gap, as to somebody who starts to watch at any time.
 *    GAMMA     is watched from any time, too: its first gap is the rest of one that was under way (the stationary
 *              renewal process), so that the expected count is Λ(t) from the first instant on, whatever the burstiness.
 *    CONSTANT  arrival k lies at Λ = k, the first at 0: computed, not summed, so nothing drifts.
 *  Bursts are instants of such a process with `burst` times the gap; `burst` arrivals share each.
 *  Offsets are rounded to the nearest ns. */
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
#define WEIR_ARRIVAL_MAP(XX)                                                                                           \
    XX(POISSON, "poisson", "exponential gaps: independent users; gaps vary as much as their mean")                     \
    XX(CONSTANT, "constant", "equal gaps")                                                                             \
    XX(GAMMA, "gamma", "gamma gaps of shape --burstiness: below 1 burstier than Poisson, above 1 smoother")

enum weir_arrival_kind {
#define XX(name, key, meaning) WEIR_ARRIVAL_##name,
    WEIR_ARRIVAL_MAP(XX)
#undef XX
        WEIR_ARRIVAL_COUNT
};

/** Limits of what the parsers take. */
#define WEIR_SCHEDULE_RATE_MAX   1e6               // requests/s
#define WEIR_SCHEDULE_LENGTH_MAX (3650 * WEIR_DAY) // all pieces together
#define WEIR_PIECES_MAX          10000
#define WEIR_TIMES_MAX           50000000

/** Shapes of a piece of --rate-schedule. */
enum weir_piece_kind { WEIR_PIECE_CONSTANT, WEIR_PIECE_RAMP, WEIR_PIECE_SINE };

/** One piece: the rate over `length` ns. CONSTANT holds `from`; RAMP goes from `from` to `to` linearly; SINE swings
 *  around `from` by `to` (≤ from) once every `period`, upwards first. A step or a spike is a constant piece of its own,
 *  a pause a constant 0. */
struct weir_piece {
    enum weir_piece_kind kind;
    weir_ns length; // > 0
    double from;    // requests/s, ≥ 0
    double to;
    weir_ns period; // > 0 with SINE
};

/** Where arrivals come from. Plain data; the arrays are borrowed and outlive the cursors. */
struct weir_schedule {
    enum weir_arrival_kind arrival;
    double burstiness;               // shape of GAMMA, > 0
    uint32_t burst;                  // arrivals at each instant, ≥ 1; the rate stays that of requests
    const struct weir_piece *pieces;
    size_t piece_count;
    bool is_endless;                 // the last piece never ends: CONSTANT and SINE go on, RAMP stays at `to`
    const weir_ns *times;            // a file of arrival times (ascending, from 0); NULL: none. With it nothing above
    size_t time_count;               // plays a part, nor do rescale and seed
    double rescale;                  // 0: the true process; else what weir_schedule_rescale() answered
    uint64_t seed;
};

/** Parse "--rate-schedule", e.g. "10/s for 30s, ramp 10/s to 50/s over 1m, 100/s for 5s, sine 20/s+-10/s every 30s for 2m":
 *
 *      pieces = piece { ( blank | "," ) piece }
 *      piece  = [ "constant" | "hold" | "step" | "spike" ] rate "for" time
 *             | "ramp" [ [ "from" ] rate ] "to" rate "over" time      without its first rate: from where the last piece ended
 *             | "sine" rate ( "+-" | "±" ) rate "every" time "for" time
 *             | "pause" "for" time
 *      rate   = number [ "k" ] [ "/" ( "s" | "min" | "h" ) ]          a bare number is a second's; 0 to 1,000,000/s
 *      time   = number and ms, s, m, h or d
 *  "for" and "over" mean the same. An error names the column (also in err->column) and what would be right there.
 *  *out is heap memory for weir_free(). */
weir_status weir_pieces_parse(struct weir_slice text, struct weir_piece **out, size_t *count, struct weir_err *err)
    WEIR_MUST_USE;

/** Read a file of arrival times: one number of seconds from the level's start a line (or a duration with its unit),
 *  ascending (equal ones are allowed), # comments. Errors name file, line and remedy. *out is heap memory for weir_free(). */
weir_status weir_times_read(const char *path, weir_ns **out, size_t *count, struct weir_err *err) WEIR_MUST_USE;

/** The same of text in memory; `name` stands in errors. */
weir_status weir_times_parse(struct weir_slice text, const char *name, weir_ns **out, size_t *count,
                             struct weir_err *err) WEIR_MUST_USE;

/** Rate at `at` from the level's start, requests/s; 0 behind the last piece. Of a file of times: arrivals in the second
 *  that holds `at`. The rate that was asked for: `rescale` does not show in it. */
double weir_schedule_rate(const struct weir_schedule *schedule, weir_ns at);

/** Expected arrivals in [0, until): Λ(until). Of a file of times: their exact number. Without `rescale`, too. */
double weir_schedule_expected(const struct weir_schedule *schedule, weir_ns until);

/** Length of all pieces (or the last time + 1); INT64_MAX when endless. */
weir_ns weir_schedule_length(const struct weir_schedule *schedule);

/** The factor for `rescale` with which exactly `count` arrivals fall into [0, window): it stretches every gap of the unit
 *  process alike, such that arrival `count` (from 0) falls on the window's end. What that does: the realised rate is
 *  the one asked for, exactly, and no longer varies between seeds as a true process's does. Of POISSON it makes exactly
 *  that process given that `count` fall into the window; of the others it keeps the shape of the gaps. With bursts,
 *  `count` is rounded up to whole ones. Arrivals within one ns of each other cannot be parted: where arrival `count` − 1
 *  shares its ns with arrival `count` (extreme burstiness), it falls on the end, too. Walks the process once: `count`
 *  draws, no memory. 0 (leave it) when nothing can fall into the window, for a count of 0, and for a file of times. */
double weir_schedule_rescale(const struct weir_schedule *schedule, uint64_t count, weir_ns window);

/** A place on the timeline. Caller's memory; private. */
struct weir_schedule_cursor {
    const struct weir_schedule *schedule;
    struct weir_rng rng;
    uint64_t index;         // of the next arrival
    double area;            // Λ reached by the unit process so far, before `rescale`
    uint32_t left_in_burst;
    weir_ns at;
    size_t piece;
    weir_ns piece_start;
    double piece_area;      // Λ at piece_start
    double piece_total;     // Λ of the whole piece
};

/** To the first arrival. The schedule must keep to the limits named above: what the parsers answer does. */
void weir_schedule_begin(const struct weir_schedule *schedule, struct weir_schedule_cursor *cursor);

/** The next arrival: its index and its offset from the level's start, never smaller than the one before. False at the
 *  end, and beyond a hundred years. O(1), no allocation. */
bool weir_schedule_next(struct weir_schedule_cursor *cursor, uint64_t *index, weir_ns *offset);

#endif
