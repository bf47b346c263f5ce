/** worker.h: one thread, one loop, its share of a level's slots. Workers share nothing but the deal
 * (deal.h). */
#ifndef WEIR_ENGINE_WORKER_H
#define WEIR_ENGINE_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/base/ring.h"
#include "weir/config/config.h"
#include "weir/engine/deal.h"
#include "weir/engine/endpoint.h"
#include "weir/plan/plan.h"
#include "weir/stat/recorder.h"
#include "weir/stat/slice.h"

struct weir_worker;

/** What all workers of a level have in common. Set before they start. */
struct weir_worker_job {
    const struct weir_config *config;
    const struct weir_plan *plan;
    const struct weir_endpoint *endpoint;
    uint32_t level;
    uint32_t workers; // of the level: arrival k of an open loop belongs to worker k % workers
    struct weir_deal *deal;
    const struct weir_objective *goodput; // what a request must keep to count as good; borrowed
    size_t goodput_count;
};

/** A failure told in words: the first few of each worker. */
struct weir_failure_note {
    struct weir_sample sample;
    char message[256];
};

/** What a worker knows of itself once it has ended. */
struct weir_worker_audit {
    const struct weir_hist *lag; // ns
    bool has_kernel_stamps;
    weir_ns cpu; // thread CPU from the first request to the end of the drain
    weir_ns wall;
    weir_ns clock_step;
    uint64_t coalesced_events;
    uint64_t token_events;
    uint64_t records_dropped; // samples the main thread did not take in time
    uint64_t dropped;         // measured arrivals of an open loop that found no slot and were dropped
    uint64_t allocations;     // of ours after the start barrier: 0 by law
    weir_ns last_done;
};

/** Make a worker with `slots` slots and open its connections. Blocks while they open. Never NULL.
 */
struct weir_worker *weir_worker_new(const struct weir_worker_job *job, uint16_t index,
                                    uint32_t slots);
void weir_worker_free(struct weir_worker *worker);

/** Start the thread: it waits for weir_worker_go. WEIR_SYSTEM when there is none to be had. */
weir_status weir_worker_start(struct weir_worker *worker, struct weir_err *err) WEIR_MUST_USE;

/** The start barrier: the level begins at `started`. */
void weir_worker_go(struct weir_worker *worker, weir_ns started);

/** Any thread: requests in flight are cancelled. The deal should be stopped before. */
void weir_worker_cancel(struct weir_worker *worker);

/** Any thread: the worker has no request in flight and will get none. */
bool weir_worker_is_done(const struct weir_worker *worker);

/** Wait for the thread's end. */
void weir_worker_join(struct weir_worker *worker);

/** Main thread, at any time: the next finished request, slice (to be given back) or failure in
 * words; false when there is none. */
bool weir_worker_take_sample(struct weir_worker *worker, struct weir_sample *out);
struct weir_slice_stat *weir_worker_take_slice(struct weir_worker *worker);
void weir_worker_give_slice(struct weir_worker *worker, struct weir_slice_stat *slice);
bool weir_worker_take_failure(struct weir_worker *worker, struct weir_failure_note *out);

/** After the join. */
const struct weir_recorder *weir_worker_recorder(const struct weir_worker *worker);
struct weir_worker_audit weir_worker_audit(const struct weir_worker *worker);

#endif
