/** arrivals.h: the requests of an open-loop level in order: which are warm-up, which are measured, and where the window opens and
 *  closes. A pure function of the level: each worker walks it for itself and all come to the same. One thread a walk. */
#ifndef WEIR_PLAN_ARRIVALS_H
#define WEIR_PLAN_ARRIVALS_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/plan/plan.h"
#include "weir/plan/schedule.h"

/** Not known yet. */
#define WEIR_ARRIVALS_OPEN INT64_MAX

struct weir_arrivals {
    const struct weir_level *level;
    struct weir_schedule_cursor cursor;
    uint64_t measured;     // measured arrivals so far
    weir_ns last;          // due time of the arrival before; −1: none
    weir_ns window_start;  // from the level's start: --warmup-duration, and not before the arrival behind --warmup-count; OPEN until known
    weir_ns window_end;    // window_start + duration, or when the first arrival later than the last measured one is due; OPEN until known
    bool is_over;
};

struct weir_arrival_due {
    uint64_t id;        // 0, 1, 2, … over the whole level, warm-up included
    weir_ns offset;     // due, from the level's start
    bool is_measured;
};

void weir_arrivals_begin(const struct weir_level *level, struct weir_arrivals *arrivals);

/** The next arrival. False: the level has no more (its count is reached, its time is over, or the schedule has ended). */
bool weir_arrivals_next(struct weir_arrivals *arrivals, struct weir_arrival_due *out);

/** What an open-loop level comes to on average over all seeds; exact for a file of times. */
struct weir_forecast {
    double measured;      // measured requests
    weir_ns window_start; // from the level's start
    weir_ns window_end;
};

struct weir_forecast weir_arrivals_forecast(const struct weir_level *level);

#endif
