/** pace.h: what is due when: a heap of the instants at which the simulator has to do something
 * (send a token, close an idle connection). Knows no clock and no sockets, so that tests run on
 * made-up time. One thread. */
#ifndef WEIR_SIM_PACE_H
#define WEIR_SIM_PACE_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/base/clock.h"

struct weir_sim_pace_item;

/** Called when an item is due. It must set the item's next instant or drop it (it stays first in
 * the queue until then). */
typedef void weir_sim_pace_fn(struct weir_sim_pace_item *item);

/** Embedded in whatever waits. Zeroed memory is an item that waits for nothing. */
struct weir_sim_pace_item {
    weir_sim_pace_fn *on_due; // set by the owner before weir_sim_pace_set()
    weir_ns due;              // valid while the item waits
    size_t place;             // 1-based place in the heap; 0: not waiting. Private
};

/** Private. Caller's memory. */
struct weir_sim_pace {
    struct weir_sim_pace_slot *slots;
    size_t count;
    size_t size;
};

void weir_sim_pace_init(struct weir_sim_pace *pace);
void weir_sim_pace_free(struct weir_sim_pace *pace);

/** Let `item` be due at `due`, whether it waited before or not. Allocates only when more items wait
 * than ever before. */
void weir_sim_pace_set(struct weir_sim_pace *pace, struct weir_sim_pace_item *item, weir_ns due);

/** Let `item` wait for nothing; no harm when it already does not. */
void weir_sim_pace_drop(struct weir_sim_pace *pace, struct weir_sim_pace_item *item);

/** The instant of the earliest item; INT64_MAX when none waits. */
weir_ns weir_sim_pace_next(const struct weir_sim_pace *pace);

/** The earliest item if it is due at `now`, else NULL. The item keeps its place: see
 * weir_sim_pace_fn. */
struct weir_sim_pace_item *weir_sim_pace_due(const struct weir_sim_pace *pace, weir_ns now);

#endif
