// --stall-at: for a span the whole server does nothing at all, as when its interpreter collects
// garbage or its machine swaps. Connections queue up in the kernel; nothing is read, nothing sent;
// only being told to stop is heard. Afterwards everything goes on where it stood: what was due
// comes later by the span.
#define _GNU_SOURCE
#include "sim_internal.h"
#include "weir/base/attr.h"

static void shift(struct weir__sim *sim, weir_ns span)
{
    for (struct weir__conn *conn = sim->first; conn != NULL; conn = conn->next) {
        struct weir__stream *stream = &conn->stream;
        if (!stream->has_slot) {
            continue;
        }
        stream->due_ns += span;
        stream->natural_ns += span;
        stream->first_ns += stream->made == 0 ? span : 0;
        if (conn->item.place > 0) {
            weir_sim_pace_set(&sim->pace, &conn->item, conn->item.due + span);
        }
    }
    if (sim->budget.ready > 0) {
        sim->budget.ready += span;
    }
}

static void on_freeze(struct weir_sim_pace_item *item)
{
    struct weir__sim *sim = WEIR_CONTAINER_OF(item, struct weir__sim, freeze_item);
    sim->frozen_ns = weir_clock_now();
    sim->thaw_ns = sim->frozen_ns + sim->freezes.items[sim->freezes_done].span;
    weir_sim_pace_drop(&sim->pace, item);
    weir__sim_listen(sim, false);
    for (struct weir__conn *conn = sim->first; conn != NULL; conn = conn->next) {
        weir__conn_pause(conn);
    }
}

static void set_next(struct weir__sim *sim)
{
    if (sim->freezes_done < sim->freezes.count) {
        const struct weir_sim_freeze *freeze = &sim->freezes.items[sim->freezes_done];
        sim->freeze_item.on_due = on_freeze;
        weir_sim_pace_set(&sim->pace, &sim->freeze_item, sim->first_request_ns + freeze->at);
    }
}

static void thaw(struct weir__sim *sim, weir_ns now)
{
    sim->thaw_ns = 0;
    sim->resumed_ns = now;
    sim->freezes_done++;
    weir_sim_truth_stall(&sim->truth, sim->frozen_ns, now);
    shift(sim, now - sim->frozen_ns);
    weir__sim_listen(sim, true);
    for (struct weir__conn *conn = sim->first; conn != NULL; conn = conn->next) {
        weir__conn_resume(conn);
    }
    set_next(sim);
}

void weir__freeze_arm(struct weir__sim *sim, weir_ns now)
{
    sim->first_request_ns = now;
    set_next(sim);
}

bool weir__freeze_holds(struct weir__sim *sim)
{
    if (sim->thaw_ns == 0) {
        return false;
    }
    const weir_ns now = weir_clock_now();
    if (now < sim->thaw_ns || sim->is_stopping) {
        return true;
    }
    thaw(sim, now);
    return false;
}
