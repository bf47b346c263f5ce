// One thread with its loop and its share of a level's slots: see worker.h. A slot is free → it is
// dealt a request → the bridge sends it → bytes come back with their arrival → the request makes a
// sample of them → the slot is free.
#define _GNU_SOURCE
#include "weir/engine/worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <uv.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "worker_internal.h"

static bool is_finished(const struct weir_worker *worker)
{
    if (worker->in_flight > 0) {
        return false;
    }
    if (worker->open != NULL) {
        return weir__open_is_over(worker);
    }
    for (uint32_t i = 0; i < worker->slots_made; i++) {
        if (!worker->slots[i].is_spent) {
            return false;
        }
    }
    return true;
}

/** CPU used by this thread up to the window's end. */
static void mark_cpu(struct weir_worker *worker, weir_ns now)
{
    worker->cpu = weir_clock_thread_cpu() - worker->cpu_before;
    worker->wall = now - worker->started;
}

/** A hundred times a second: slices, limits, the clocks, and whether it is over. */
static void on_tick(uv_timer_t *timer)
{
    struct weir_worker *worker = timer->data;
    weir_ns now = weir_clock_now();
    weir__worker_roll_slice(worker, now);
    weir_stamper_refresh(weir_bridge_stamper(worker->bridge), now);
    if (worker->open != NULL && weir_deal_is_stopped(worker->job.deal)) {
        weir__open_stop(worker);
    }
    if (atomic_load(&worker->is_cancelled)) {
        weir__slots_cancel(worker, now);
    }
    if (now >= worker->look_at) {
        worker->look_at = weir__slots_look(worker, now);
    }
    if (worker->cpu == 0 && now >= weir_deal_window(worker->job.deal).end) {
        mark_cpu(worker, now); // the drain is idle time: it would flatter
    }
    if (is_finished(worker)) {
        uv_stop(&worker->loop);
    }
}

static void begin_level(struct weir_worker *worker)
{
    worker->slice_from = worker->started;
    if (worker->open != NULL) {
        weir__open_begin(worker);
        return;
    }
    for (uint32_t i = 0; i < worker->slots_made; i++) {
        weir__slot_resume(&worker->slots[i],
                          worker->started); // the first is on its way before the last is made
    }
}

static void close_loop(struct weir_worker *worker)
{
    uv_close((uv_handle_t *)&worker->tick, NULL);
    if (worker->open != NULL) {
        weir__open_close(worker);
    }
    weir_bridge_close(worker->bridge);
    (void)uv_run(&worker->loop, UV_RUN_DEFAULT);
    int busy = uv_loop_close(&worker->loop);
    WEIR_ASSERT(busy == 0);
}

static void *thread_main(void *context)
{
    struct weir_worker *worker = context;
    weir__worker_wait(worker); // the start barrier
    worker->cpu_before = weir_clock_thread_cpu();
    uint64_t allocations = weir_mem_count();
    begin_level(worker);
    (void)uv_timer_start(&worker->tick, on_tick, TICK_MS, TICK_MS);
    (void)uv_run(&worker->loop, UV_RUN_DEFAULT);
    worker->allocations = weir_mem_count() - allocations;
    if (worker->cpu == 0) {
        mark_cpu(worker, weir_clock_now());
    }
    weir__worker_flush_slice(worker);
    close_loop(worker);
    atomic_store(&worker->is_done, true);
    return NULL;
}

/** Make the first `count` slots, with their connections. */
static void make_slots(struct weir_worker *worker, uint32_t count)
{
    int *fds = weir_alloc(count, sizeof(*fds));
    weir_ns *spans = weir_alloc(count, sizeof(*spans));
    if (worker->job.config->connection == WEIR_CONNECTION_REUSE) {
        weir_endpoint_connect(worker->job.endpoint, worker->job.config->connect_timeout, fds, spans,
                              count);
    } else {
        memset(fds, -1, count * sizeof(*fds));
    }
    for (uint32_t i = 0; i < count; i++) {
        (void)weir__slot_make(worker, fds[i], spans[i]);
    }
    weir_free(fds);
    weir_free(spans);
}

struct weir_worker *weir_worker_new(const struct weir_worker_job *job, uint16_t index,
                                    uint32_t slots)
{
    struct weir_worker *worker = weir_alloc(1, sizeof(*worker));
    worker->job = *job;
    worker->index = index;
    worker->slot_count = slots;
    worker->slots = weir_alloc(slots, sizeof(*worker->slots));
    worker->recorder = weir_recorder_new();
    weir_recorder_set_goodput(worker->recorder, job->goodput, job->goodput_count);
    weir__worker_init_exchange(worker);
    weir__worker_init_limits(worker);
    int failed = uv_loop_init(&worker->loop);
    WEIR_ASSERT(failed == 0);
    (void)uv_timer_init(&worker->loop, &worker->tick);
    worker->tick.data = worker;
    worker->bridge = weir_bridge_new(&(struct weir_bridge_options){.config = job->config,
                                                                   .endpoint = job->endpoint,
                                                                   .loop = &worker->loop,
                                                                   .calls = slots,
                                                                   .ops = &weir__slot_ops});
    const struct weir_level *level = &job->plan->levels[job->level];
    if (level->mode == WEIR_MODE_RATE) {
        make_slots(worker, weir__open_new(worker));
    } else {
        make_slots(worker, slots);
    }
    return worker;
}

void weir_worker_free(struct weir_worker *worker)
{
    for (uint32_t i = 0; i < worker->slots_made; i++) {
        weir_request_free(&worker->slots[i].request);
        weir_free(worker->slots[i].body);
    }
    weir_bridge_free(worker->bridge);
    weir_recorder_free(worker->recorder);
    weir__worker_free_exchange(worker);
    weir__open_free(worker);
    weir_free(worker->slots);
    weir_free(worker);
}

weir_status weir_worker_start(struct weir_worker *worker, struct weir_err *err)
{
    int failed = pthread_create(&worker->thread, NULL, thread_main, worker);
    return failed == 0 ? WEIR_OK
                       : weir_fail(err, WEIR_SYSTEM, "cannot start a thread: %s", strerror(failed));
}

void weir_worker_join(struct weir_worker *worker)
{
    (void)pthread_join(worker->thread, NULL);
}
