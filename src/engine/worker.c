// One thread with its loop and its share of a level's slots: see worker.h. A slot is free → the
// deal gives it a request → the bridge sends it → bytes come back with their arrival → the request
// makes a sample of them → the slot is free.
#define _GNU_SOURCE
#include "weir/engine/worker.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/engine/bridge.h"
#include "weir/engine/request.h"
#include "worker_internal.h"

static void start_next(struct slot *slot, weir_ns now);

/** Whether a failed request is one of a kind that the next would share at once: then the slot waits
 * before it tries again. */
static bool is_below_http(const struct weir_sample *sample)
{
    return sample->outcome == WEIR_OUTCOME_CONNECT || sample->outcome == WEIR_OUTCOME_DNS ||
           sample->outcome == WEIR_OUTCOME_TLS || sample->outcome == WEIR_OUTCOME_CLIENT_RESOURCE ||
           (sample->outcome == WEIR_OUTCOME_RESET && sample->first_byte == 0);
}

/** The words for a failure: what the server said, else what the transport said. */
static const char *words_for(const struct slot *slot, const char *transport)
{
    const struct weir_sample *sample = &slot->request.sample;
    if (sample->outcome == WEIR_OUTCOME_TIMEOUT) {
        return weir_timeout_key((enum weir_timeout)sample->timeout);
    }
    const char *said =
        slot->request.is_answer_begun ? weir_answer_error(&slot->request.answer) : "";
    bool is_transport = is_below_http(sample) || sample->outcome == WEIR_OUTCOME_RESET;
    return said[0] != '\0' && !is_transport ? said : transport;
}

/** The same with the status in front, where that is what failed: 401 and 404 are told apart by it.
 */
static void tell_failure(const struct slot *slot, const char *transport, char *out, size_t size)
{
    const struct weir_sample *sample = &slot->request.sample;
    const char *words = words_for(slot, transport);
    if (sample->http_status > 0 && sample->http_status != 200) {
        (void)snprintf(out, size, "HTTP %d%s%s", sample->http_status, words[0] != '\0' ? ": " : "",
                       words);
    } else {
        (void)weir_copy(out, size, words);
    }
}

static void note_failure(const struct slot *slot, const char *transport)
{
    struct weir_worker *worker = slot->worker;
    if (worker->failures_told >= FAILURES_TOLD) {
        return;
    }
    struct weir_failure_note note = {.sample = slot->request.sample};
    tell_failure(slot, transport, note.message, sizeof(note.message));
    worker->failures_told += weir_ring_push(worker->failures, &note) ? 1 : 0;
}

/** A sample is finished: hand it on and free the slot. */
static void release(struct slot *slot, const char *transport, weir_ns now)
{
    struct weir_worker *worker = slot->worker;
    const struct weir_sample *sample = &slot->request.sample;
    worker->in_flight--;
    worker->last_done = sample->done > worker->last_done ? sample->done : worker->last_done;
    weir__worker_roll_slice(worker, sample->done);
    worker->slice->ok += sample->outcome == WEIR_OUTCOME_OK ? 1 : 0;
    worker->slice->failed += sample->outcome == WEIR_OUTCOME_OK ? 0 : 1;
    if (!weir_ring_push(worker->samples, sample)) {
        worker->records_dropped++;
    }
    if (sample->outcome != WEIR_OUTCOME_OK) {
        note_failure(slot, transport);
    }
    slot->pause = is_below_http(sample) ? (slot->pause > 0 ? slot->pause * 2 : PAUSE_MIN) : 0;
    slot->pause = slot->pause < PAUSE_MAX ? slot->pause : PAUSE_MAX;
    slot->resume_at = slot->pause > 0 ? now + slot->pause : 0;
}

static void on_sent(void *context, weir_ns now)
{
    struct slot *slot = context;
    weir_request_sent(&slot->request, now);
    weir__worker_roll_slice(slot->worker, now);
    slot->worker->slice->sent++;
}

static void on_head(void *context, weir_ns at)
{
    struct slot *slot = context;
    weir_request_head(&slot->request, at);
}

static bool on_body(void *context, struct weir_call *call, const char *bytes, size_t len,
                    weir_ns at)
{
    struct slot *slot = context;
    struct weir_request *request = &slot->request;
    if (!request->is_answer_begun) {
        weir_request_open_body(request,
                               weir_call_status(call) == 200 && weir_call_is_event_stream(call));
    }
    request->window = weir_deal_window(slot->worker->job.deal);
    return weir_request_body(request, bytes, len, at, weir_bridge_turn(slot->worker->bridge));
}

static void on_done(void *context, const struct weir_call_end *end, weir_ns at)
{
    struct slot *slot = context;
    struct weir_request *request = &slot->request;
    request->window = weir_deal_window(slot->worker->job.deal);
    request->sample.is_reused = end->is_reused ? 1 : 0;
    request->sample.retries = end->was_retried ? 1 : 0;
    if (!end->is_reused) {
        request->sample.connect_time =
            slot->connect_span > 0 ? slot->connect_span : end->connect_time;
        slot->connect_span = 0;
    }
    if (end->outcome == WEIR_OUTCOME_TIMEOUT) {
        weir_request_abandon(
            request, end->is_connect_timeout ? WEIR_TIMEOUT_CONNECT : WEIR_TIMEOUT_TOTAL, at);
    } else {
        weir_request_end(request, end->outcome, end->http_status, at);
    }
    weir_ns now = weir_clock_now();
    release(slot, end->message, now);
    if (slot->resume_at == 0) {
        start_next(slot, now);
    }
}

static void on_token(void *context, const struct weir_token *token)
{
    struct weir_worker *worker = ((struct slot *)context)->worker;
    weir__worker_roll_slice(worker, token->at);
    struct weir_slice_stat *slice = worker->slice;
    slice->chunks++;
    slice->tokens += token->tokens;
    worker->token_events++;
    worker->coalesced_events += token->is_coalesced ? 1 : 0;
    if (token->gap < 0) {
        (void)weir_hist_record(slice->ttft, token->ttft);
    } else {
        (void)weir_hist_record_n(slice->itl, token->gap / token->tokens, token->tokens);
    }
}

/** The body to send: the item's own, or a copy with words of its own in front. */
static const char *body_for(struct slot *slot, const struct weir_item *item, uint64_t id)
{
    if (item->nonce_at == SIZE_MAX) {
        return item->body.ptr;
    }
    const struct weir_worker *worker = slot->worker;
    memcpy(slot->body, item->body.ptr, item->body.len);
    weir_plan_nonce(worker->job.plan->seed, worker->job.level, id, slot->body + item->nonce_at);
    return slot->body;
}

/** The slot is free: deal it a request, if there is one. */
static void start_next(struct slot *slot, weir_ns now)
{
    struct weir_worker *worker = slot->worker;
    const struct weir_plan *plan = worker->job.plan;
    uint64_t id = 0;
    enum weir_phase phase = WEIR_PHASE_WARMUP;
    slot->resume_at = 0;
    if (!weir_deal_next(worker->job.deal, now, &id, &phase)) {
        slot->is_spent = true;
        return;
    }
    const struct weir_item *item = weir_plan_item(plan, plan->levels[worker->job.level].target, id);
    const struct weir_sample dealt = {
        .id = id,
        .due = now,
        .level = worker->job.level,
        .item = (uint32_t)(id % plan->item_count),
        .tokens_asked = item->tokens_asked,
        .worker = worker->index,
        .phase = (uint8_t)phase,
        .is_streamed = worker->job.config->streaming ? 1 : 0,
    };
    weir_request_begin(&slot->request, &dealt, now);
    worker->in_flight++;
    char request_id[48];
    // A UUID of version 4 in form ("weir", level, id): some servers refuse other ids with 400
    (void)snprintf(
        request_id, sizeof(request_id), "77656972-%04" PRIx32 "-4%03" PRIx32 "-8000-%012" PRIx64,
        (worker->job.level >> 12U) & 0xffffU, worker->job.level & 0xfffU, id & 0xffffffffffffU);
    weir_call_start(slot->call, body_for(slot, item, id), item->body.len, request_id);
}

/** Start the next request from outside the bridge's callbacks. */
static void resume(struct slot *slot, weir_ns now)
{
    start_next(slot, now);
    weir_call_settle(slot->call);
}

static void time_out(struct slot *slot, enum weir_timeout which, weir_ns now)
{
    weir_call_cancel(slot->call);
    slot->request.window = weir_deal_window(slot->worker->job.deal);
    weir_request_abandon(&slot->request, which, now);
    release(slot, "", now);
    if (slot->resume_at == 0) {
        resume(slot, now);
    }
}

/** Time limits that have passed, and slots that have waited long enough. Returns when to look
 * again: never later than a limit that a request begun after this look could have. */
static weir_ns look_at_slots(struct weir_worker *worker, weir_ns now)
{
    weir_ns next = now + worker->shortest_limit;
    for (uint32_t i = 0; i < worker->slot_count; i++) {
        struct slot *slot = &worker->slots[i];
        enum weir_timeout which = WEIR_TIMEOUT_NONE;
        if (weir_request_deadline(&slot->request, &worker->limits, &which) <= now) {
            time_out(slot, which, now);
        }
        if (slot->resume_at > 0 &&
            (slot->resume_at <= now || now >= weir_deal_window(worker->job.deal).end)) {
            resume(slot, now);
        }
        weir_ns at = slot->resume_at > 0
                         ? slot->resume_at
                         : weir_request_deadline(&slot->request, &worker->limits, &which);
        next = at < next ? at : next;
    }
    return next;
}

static bool is_finished(const struct weir_worker *worker)
{
    if (worker->in_flight > 0) {
        return false;
    }
    for (uint32_t i = 0; i < worker->slot_count; i++) {
        if (!worker->slots[i].is_spent) {
            return false;
        }
    }
    return true;
}

static void cancel_all(struct weir_worker *worker, weir_ns now)
{
    for (uint32_t i = 0; i < worker->slot_count; i++) {
        struct slot *slot = &worker->slots[i];
        slot->is_spent = true;
        slot->resume_at = 0;
        if (slot->request.state != WEIR_REQUEST_IDLE) {
            weir_call_cancel(slot->call);
            slot->request.window = weir_deal_window(worker->job.deal);
            weir_request_abandon(&slot->request, WEIR_TIMEOUT_NONE, now);
            release(slot, "cancelled", now);
            slot->resume_at = 0;
        }
    }
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
    if (atomic_load(&worker->is_cancelled)) {
        cancel_all(worker, now);
    }
    if (now >= worker->look_at) {
        worker->look_at = look_at_slots(worker, now);
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
    for (uint32_t i = 0; i < worker->slot_count; i++) {
        resume(&worker->slots[i],
               worker->started); // one at a time: the first is on its way before the last is made
    }
}

static void close_loop(struct weir_worker *worker)
{
    uv_close((uv_handle_t *)&worker->tick, NULL);
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

static const struct weir_call_ops call_ops = {on_sent, on_head, on_body, on_done};

static void init_slot(struct weir_worker *worker, uint32_t index, size_t gap_cap, int fd,
                      weir_ns connect_span)
{
    struct slot *slot = &worker->slots[index];
    const struct weir_plan *plan = worker->job.plan;
    slot->worker = worker;
    slot->connect_span = fd >= 0 ? connect_span : 0;
    slot->body = weir_alloc(plan->body_bytes_max + 1, 1);
    const struct weir_dialect *dialect =
        plan->targets[plan->levels[worker->job.level].target].dialect;
    weir_request_init(&slot->request, dialect, gap_cap, worker->recorder, on_token, slot);
    slot->call = weir_bridge_call(worker->bridge, index, slot, fd);
}

/** Gaps kept a request: what was asked for and some; answers of unknown length get a fixed room. */
static size_t gap_room(const struct weir_plan *plan)
{
    enum { UNKNOWN = 4096, SPARE = 16, MOST = 1 << 16 };
    size_t asked = plan->tokens_asked_max > 0 ? (size_t)plan->tokens_asked_max + SPARE : UNKNOWN;
    return asked < MOST ? asked : MOST;
}

static void init_slots(struct weir_worker *worker)
{
    uint32_t count = worker->slot_count;
    int *fds = weir_alloc(count, sizeof(*fds));
    weir_ns *spans = weir_alloc(count, sizeof(*spans));
    if (worker->job.config->connection == WEIR_CONNECTION_REUSE) {
        weir_endpoint_connect(worker->job.endpoint, worker->job.config->connect_timeout, fds, spans,
                              count);
    } else {
        memset(fds, -1, count * sizeof(*fds));
    }
    size_t gap_cap = gap_room(worker->job.plan);
    for (uint32_t i = 0; i < count; i++) {
        init_slot(worker, i, gap_cap, fds[i], spans[i]);
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
                                                                   .ops = &call_ops});
    init_slots(worker);
    return worker;
}

void weir_worker_free(struct weir_worker *worker)
{
    for (uint32_t i = 0; i < worker->slot_count; i++) {
        weir_request_free(&worker->slots[i].request);
        weir_free(worker->slots[i].body);
    }
    weir_bridge_free(worker->bridge);
    weir_recorder_free(worker->recorder);
    weir__worker_free_exchange(worker);
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
