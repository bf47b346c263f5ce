// What a worker hands to the main thread and takes from it: rings, the start barrier, slices. See
// worker.h.
#define _GNU_SOURCE
#include <string.h>

#include "weir/base/mem.h"
#include "worker_internal.h"

enum { FAILURE_ROOM = FAILURES_TOLD };

void weir__worker_init_exchange(struct weir_worker *worker)
{
    worker->samples = weir_ring_new(SAMPLE_ROOM, sizeof(struct weir_sample));
    worker->failures = weir_ring_new(FAILURE_ROOM, sizeof(struct weir_failure_note));
    worker->slices_full = weir_ring_new(SLICES, sizeof(struct weir_slice_stat *));
    worker->slices_empty = weir_ring_new(SLICES, sizeof(struct weir_slice_stat *));
    for (size_t i = 0; i < SLICES; i++) {
        worker->slices_made[i] = weir_slice_stat_new();
    }
    worker->slice = worker->slices_made[0];
    for (size_t i = 1; i < SLICES; i++) {
        (void)weir_ring_push(worker->slices_empty, &worker->slices_made[i]);
    }
    (void)pthread_mutex_init(&worker->gate_lock, NULL);
    (void)pthread_cond_init(&worker->gate, NULL);
    atomic_init(&worker->is_cancelled, false);
    atomic_init(&worker->is_done, false);
}

void weir__worker_free_exchange(struct weir_worker *worker)
{
    for (size_t i = 0; i < SLICES; i++) {
        weir_slice_stat_free(worker->slices_made[i]);
    }
    weir_ring_free(worker->samples);
    weir_ring_free(worker->failures);
    weir_ring_free(worker->slices_full);
    weir_ring_free(worker->slices_empty);
    (void)pthread_mutex_destroy(&worker->gate_lock);
    (void)pthread_cond_destroy(&worker->gate);
}

static void shorter(weir_ns limit, weir_ns *shortest)
{
    if (limit > 0 && limit < *shortest) {
        *shortest = limit;
    }
}

void weir__worker_init_limits(struct weir_worker *worker)
{
    const struct weir_config *config = worker->job.config;
    worker->limits = (struct weir_request_limits){
        .connect = config->connect_timeout,
        .first_token = config->first_token_timeout,
        .stall = config->stall_timeout,
        .total = config->timeout,
    };
    worker->shortest_limit = PAUSE_MIN; // slots that pause are looked at as well
    shorter(worker->limits.connect, &worker->shortest_limit);
    shorter(worker->limits.first_token, &worker->shortest_limit);
    shorter(worker->limits.stall, &worker->shortest_limit);
    shorter(worker->limits.total, &worker->shortest_limit);
    shorter(config->cancel_rate > 0 ? config->cancel_after : 0, &worker->shortest_limit);
}

void weir__worker_wait(struct weir_worker *worker)
{
    (void)pthread_mutex_lock(&worker->gate_lock);
    while (!worker->is_open) {
        (void)pthread_cond_wait(&worker->gate, &worker->gate_lock);
    }
    (void)pthread_mutex_unlock(&worker->gate_lock);
}

void weir_worker_go(struct weir_worker *worker, weir_ns started)
{
    (void)pthread_mutex_lock(&worker->gate_lock);
    worker->started = started;
    worker->is_open = true;
    (void)pthread_cond_signal(&worker->gate);
    (void)pthread_mutex_unlock(&worker->gate_lock);
}

static void hand_over(struct weir_worker *worker, int64_t next_index)
{
    worker->slice->in_flight = worker->in_flight;
    struct weir_slice_stat *empty = NULL;
    if (!weir_ring_pop(worker->slices_empty, &empty)) {
        return; // the main thread is seconds behind: go on in the same slice rather than lose it
    }
    (void)weir_ring_push(worker->slices_full, &worker->slice);
    weir_slice_stat_reset(empty, next_index);
    worker->slice = empty;
    worker->slice_from = worker->started + next_index * WEIR_SECOND;
}

void weir__worker_roll_slice(struct weir_worker *worker, weir_ns now)
{
    if (now - worker->slice_from >= WEIR_SECOND) {
        hand_over(worker, (now - worker->started) / WEIR_SECOND);
    }
}

void weir__worker_flush_slice(struct weir_worker *worker)
{
    worker->slice->in_flight = worker->in_flight;
    (void)weir_ring_push(worker->slices_full, &worker->slice);
}

void weir_worker_cancel(struct weir_worker *worker)
{
    atomic_store(&worker->is_cancelled, true);
}

bool weir_worker_is_done(const struct weir_worker *worker)
{
    return atomic_load(&worker->is_done);
}

bool weir_worker_take_sample(struct weir_worker *worker, struct weir_sample *out)
{
    return weir_ring_pop(worker->samples, out);
}

struct weir_slice_stat *weir_worker_take_slice(struct weir_worker *worker)
{
    struct weir_slice_stat *slice = NULL;
    return weir_ring_pop(worker->slices_full, &slice) ? slice : NULL;
}

void weir_worker_give_slice(struct weir_worker *worker, struct weir_slice_stat *slice)
{
    (void)weir_ring_push(worker->slices_empty, &slice);
}

bool weir_worker_take_failure(struct weir_worker *worker, struct weir_failure_note *out)
{
    return weir_ring_pop(worker->failures, out);
}

const struct weir_recorder *weir_worker_recorder(const struct weir_worker *worker)
{
    return worker->recorder;
}

struct weir_worker_audit weir_worker_audit(const struct weir_worker *worker)
{
    return (struct weir_worker_audit){
        .lag = weir_bridge_lag(worker->bridge),
        .has_kernel_stamps = weir_bridge_has_kernel_stamps(worker->bridge),
        .cpu = worker->cpu,
        .wall = worker->wall,
        .clock_step = weir_bridge_stamper(worker->bridge)->step_max,
        .coalesced_events = worker->coalesced_events,
        .token_events = worker->token_events,
        .records_dropped = worker->records_dropped,
        .dropped = weir__open_dropped(worker),
        .allocations = worker->allocations,
        .last_done = worker->last_done,
    };
}
