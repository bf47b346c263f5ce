// What worker.c (the loop and its slots) and worker_exchange.c (what it hands to the main thread)
// share.
#ifndef WEIR_ENGINE_WORKER_INTERNAL_H
#define WEIR_ENGINE_WORKER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

#include "weir/engine/bridge.h"
#include "weir/engine/request.h"
#include "weir/engine/worker.h"

enum {
    TICK_MS = 10,
    SAMPLE_ROOM = 1 << 15, // samples waiting for the main thread, which looks 20 times a second
    SLICES = 8,            // seconds the main thread may fall behind
    FAILURES_TOLD = 32,    // failures told in words, a worker and level
};
#define PAUSE_MIN (50 * WEIR_MSEC)
#define PAUSE_MAX WEIR_SECOND

/** One request at a time, with all it needs. */
struct slot {
    struct weir_worker *worker;
    struct weir_call *call;
    struct weir_request request;
    char *body;           // body_bytes_max bytes for a body with words of its own
    weir_ns connect_span; // what its connection opened ahead took; 0 once told
    weir_ns pause;        // after failures below HTTP: grows from PAUSE_MIN to PAUSE_MAX
    weir_ns resume_at;    // 0: not pausing
    bool is_spent;        // the level has no more requests for it
};

struct open_loop;

struct weir_worker {
    // set once
    struct weir_worker_job job;
    uint16_t index;
    uint32_t slot_count; // most there can be
    uint32_t slots_made; // those that have been needed
    struct slot *slots;
    struct open_loop *open; // NULL: closed loop
    struct weir_bridge *bridge;
    struct weir_recorder *recorder;
    struct weir_request_limits limits;
    weir_ns shortest_limit;
    pthread_t thread;
    // the loop's own
    uv_loop_t loop;
    uv_timer_t tick;
    weir_ns started;
    weir_ns look_at; // when a time limit can pass at the earliest
    uint64_t in_flight;
    // slices: one in hand, the others wait or are with the main thread
    struct weir_slice_stat *slice;
    weir_ns slice_from; // start of its second
    struct weir_slice_stat *slices_made[SLICES];
    // exchange with the main thread
    struct weir_ring *samples;
    struct weir_ring *failures;
    struct weir_ring *slices_full;
    struct weir_ring *slices_empty;
    pthread_mutex_t gate_lock; // start barrier only
    pthread_cond_t gate;
    bool is_open;
    atomic_bool is_cancelled;
    atomic_bool is_done;
    // audit
    unsigned failures_told;
    uint64_t coalesced_events;
    uint64_t token_events;
    uint64_t records_dropped;
    uint64_t allocations;
    weir_ns cpu_before;
    weir_ns cpu;
    weir_ns wall;
    weir_ns last_done;
};

// ---- worker_slot.c

extern const struct weir_call_ops weir__slot_ops;

/** Make the next slot; `fd`: a connection opened ahead, or −1. */
struct slot *weir__slot_make(struct weir_worker *worker, int fd, weir_ns connect_span);

/** Send request `id`, due at `due`. From outside the bridge's callbacks weir_call_settle() must
 * follow. */
void weir__slot_send(struct slot *slot, uint64_t id, enum weir_phase phase, weir_ns due);

/** Closed loop: deal the free slot a request, if there is one; the second from outside the bridge's
 * callbacks. */
void weir__slot_start_next(struct slot *slot, weir_ns now);
void weir__slot_resume(struct slot *slot, weir_ns now);

/** Time limits that have passed, and slots that have paused long enough; returns when to look
 * again. */
weir_ns weir__slots_look(struct weir_worker *worker, weir_ns now);

/** Cancel what is in flight. */
void weir__slots_cancel(struct weir_worker *worker, weir_ns now);

// ---- worker_open.c: requests are sent when they are due, whatever the server does

/** Prepare; returns how many slots to make before the clock starts. */
uint32_t weir__open_new(struct weir_worker *worker);
void weir__open_begin(struct weir_worker *worker);
void weir__open_freed(struct slot *slot, weir_ns now);         // from on_done and outside of it
void weir__open_stop(struct weir_worker *worker);              // no more arrivals
uint64_t weir__open_dropped(const struct weir_worker *worker); // measured arrivals
bool weir__open_is_over(const struct weir_worker *worker);
void weir__open_close(struct weir_worker *worker); // handles, within the loop
void weir__open_free(struct weir_worker *worker);

// ---- worker_exchange.c

void weir__worker_init_exchange(struct weir_worker *worker);
void weir__worker_free_exchange(struct weir_worker *worker);
void weir__worker_init_limits(struct weir_worker *worker);

/** Wait at the start barrier. */
void weir__worker_wait(struct weir_worker *worker);

/** Hand over the slice in hand when `now` lies beyond its second. */
void weir__worker_roll_slice(struct weir_worker *worker, weir_ns now);

/** Hand over the last, unfinished slice. */
void weir__worker_flush_slice(struct weir_worker *worker);

#endif
