/** deal.h: who sends the next request of a closed-loop level, and when the measured window opens
 * and closes. The one thing the workers of a level share: a few atomics, no lock. Any thread. */
#ifndef WEIR_ENGINE_DEAL_H
#define WEIR_ENGINE_DEAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "weir/base/clock.h"
#include "weir/plan/plan.h"
#include "weir/stat/recorder.h"
#include "weir/stat/sample.h"

/** Not known yet. */
#define WEIR_OPEN INT64_MAX

struct weir_deal {
    // set once
    uint64_t request_count;
    uint64_t warmup_count;
    weir_ns duration;
    weir_ns warmup_until; // earliest opening of the window
    bool closes_at_last;  // the window closes when the last measured request is dealt
    // shared
    atomic_uint_fast64_t next_id;
    atomic_uint_fast64_t
        measured; // measured requests asked for, beyond request_count when it ran out
    _Atomic int64_t window_start;
    _Atomic int64_t window_end;
    atomic_bool is_stopped;
};

/** A level ends by count, by time or by whichever comes first. By count, the window closes at the
 * instant the last request is dealt, since from then on the load falls; with fewer than two rounds
 * of requests there is no steady part, and the window lasts to the last answer instead (the engine
 * says when: weir_deal_close). */
void weir_deal_init(struct weir_deal *deal, const struct weir_level *level, bool is_auto, weir_ns started);

/** A slot is free at `now`: deal it a request. False: the level has no more. */
bool weir_deal_next(struct weir_deal *deal, weir_ns now, uint64_t *id, enum weir_phase *phase);

/** The measured window as far as it is known. */
struct weir_window weir_deal_window(struct weir_deal *deal);

/** Measured requests dealt so far. */
uint64_t weir_deal_sent(struct weir_deal *deal);

/** Open loop: what the schedule says of the window, as offsets from `started`; OPEN (WEIR_ARRIVALS_OPEN) where it does not know yet. */
void weir_deal_publish(struct weir_deal *deal, weir_ns started, weir_ns window_start, weir_ns window_end);

/** Open loop: a measured request has been sent. */
void weir_deal_count(struct weir_deal *deal);

/** --warmup auto: the level has settled, the window opens at `now` unless it is open already. */
void weir_deal_settle(struct weir_deal *deal, weir_ns now);

bool weir_deal_is_stopped(struct weir_deal *deal);

/** Deal no more; the window closes now if it has not. */
void weir_deal_stop(struct weir_deal *deal, weir_ns now);

/** Close a window that is still open. */
void weir_deal_close(struct weir_deal *deal, weir_ns at);

#endif
