// One slot of a worker: sends what it is dealt, hears from the bridge, passes the sample on and is
// free again. See worker.h.
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "weir/base/mem.h"
#include "weir/base/str.h"
#include "worker_internal.h"

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
    worker->slice->failed +=
        sample->outcome != WEIR_OUTCOME_OK && sample->outcome != WEIR_OUTCOME_CANCELLED ? 1 : 0;
    if (!weir_ring_push(worker->samples, sample)) {
        worker->records_dropped++;
    }
    if (sample->outcome != WEIR_OUTCOME_OK) {
        note_failure(slot, transport);
    }
    // an open loop goes on whatever happens: there, the timeline decides
    bool pauses = worker->open == NULL && is_below_http(sample);
    slot->pause = pauses ? (slot->pause > 0 ? slot->pause * 2 : PAUSE_MIN) : 0;
    slot->pause = slot->pause < PAUSE_MAX ? slot->pause : PAUSE_MAX;
    slot->resume_at = slot->pause > 0 ? now + slot->pause : 0;
}

/** The slot is free. A closed loop deals it the next request, unless it pauses after a failure; in
 * an open loop it may take an arrival that waits. */
static void go_on(struct slot *slot, weir_ns now)
{
    if (slot->worker->open != NULL) {
        weir__open_freed(slot, now);
    } else if (slot->resume_at == 0) {
        weir__slot_start_next(slot, now);
    }
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
        const char *type = weir_call_is_event_stream(call) ? "text/event-stream" : "";
        weir_request_open_body(request,
                               weir_dialect_framing(request->answer.dialect, weir_call_status(call),
                                                    weir_slice_of(type)));
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
    go_on(slot, now);
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

/** Whether the user behind request `id` leaves before the answer is complete: a share of all, the
 * same for the same seed. */
static weir_ns patience_of(const struct weir_worker *worker, uint64_t id)
{
    const struct weir_config *config = worker->job.config;
    if (config->cancel_rate <= 0) {
        return 0;
    }
    struct weir_rng rng = weir_rng_split(worker->job.plan->seed, "cancel", id);
    return weir_rng_unit(&rng) * 100 < config->cancel_rate ? config->cancel_after : 0;
}

void weir__slot_send(struct slot *slot, uint64_t id, enum weir_phase phase, weir_ns due)
{
    struct weir_worker *worker = slot->worker;
    const struct weir_plan *plan = worker->job.plan;
    const struct weir_item *item = weir_plan_item(plan, plan->levels[worker->job.level].target, id);
    const struct weir_sample dealt = {
        .id = id,
        .due = due,
        .level = worker->job.level,
        .item = (uint32_t)(id % plan->item_count),
        .tokens_asked = item->tokens_asked,
        .worker = worker->index,
        .phase = (uint8_t)phase,
        .is_streamed = worker->job.config->streaming ? 1 : 0,
    };
    slot->resume_at = 0;
    weir_request_begin(&slot->request, &dealt, weir_clock_now());
    slot->request.cancel_after = patience_of(worker, id);
    worker->in_flight++;
    char request_id[48];
    // A UUID of version 4 in form ("weir", level, id): some servers refuse other ids with 400
    (void)snprintf(
        request_id, sizeof(request_id), "77656972-%04" PRIx32 "-4%03" PRIx32 "-8000-%012" PRIx64,
        (worker->job.level >> 12U) & 0xffffU, worker->job.level & 0xfffU, id & 0xffffffffffffU);
    weir_call_start(slot->call, body_for(slot, item, id), item->body.len, request_id);
}

void weir__slot_start_next(struct slot *slot, weir_ns now)
{
    uint64_t id = 0;
    enum weir_phase phase = WEIR_PHASE_WARMUP;
    slot->resume_at = 0;
    if (!weir_deal_next(slot->worker->job.deal, now, &id, &phase)) {
        slot->is_spent = true;
        return;
    }
    weir__slot_send(slot, id, phase, now);
}

void weir__slot_resume(struct slot *slot, weir_ns now)
{
    weir__slot_start_next(slot, now);
    weir_call_settle(slot->call);
}

/** Give the request up; `words` for the failure note. */
static void give_up(struct slot *slot, enum weir_timeout which, const char *words, weir_ns now)
{
    weir_call_cancel(slot->call);
    slot->request.window = weir_deal_window(slot->worker->job.deal);
    weir_request_abandon(&slot->request, which, now);
    release(slot, words, now);
}

static void time_out(struct slot *slot, enum weir_timeout which, weir_ns now)
{
    give_up(slot, which, which == WEIR_TIMEOUT_NONE ? "the user left" : "", now);
    go_on(slot, now);
    weir_call_settle(slot->call);
}

/** Time limits that have passed, and slots that have waited long enough. Returns when to look
 * again: never later than a limit that a request begun after this look could have. */
weir_ns weir__slots_look(struct weir_worker *worker, weir_ns now)
{
    weir_ns next = now + worker->shortest_limit;
    for (uint32_t i = 0; i < worker->slots_made; i++) {
        struct slot *slot = &worker->slots[i];
        enum weir_timeout which = WEIR_TIMEOUT_NONE;
        if (weir_request_deadline(&slot->request, &worker->limits, &which) <= now) {
            time_out(slot, which, now);
        }
        if (slot->resume_at > 0 &&
            (slot->resume_at <= now || now >= weir_deal_window(worker->job.deal).end)) {
            weir__slot_resume(slot, now);
        }
        weir_ns at = slot->resume_at > 0
                         ? slot->resume_at
                         : weir_request_deadline(&slot->request, &worker->limits, &which);
        next = at < next ? at : next;
    }
    return next;
}

void weir__slots_cancel(struct weir_worker *worker, weir_ns now)
{
    for (uint32_t i = 0; i < worker->slots_made; i++) {
        struct slot *slot = &worker->slots[i];
        if (slot->request.state != WEIR_REQUEST_IDLE) {
            give_up(slot, WEIR_TIMEOUT_NONE, "cancelled", now);
        }
        slot->is_spent = true;
        slot->resume_at = 0;
    }
}

const struct weir_call_ops weir__slot_ops = {on_sent, on_head, on_body, on_done};

/** Gaps kept a request: what was asked for and some; answers of unknown length get a fixed room. */
static size_t gap_room(const struct weir_plan *plan)
{
    enum { UNKNOWN = 4096, SPARE = 16, MOST = 1 << 16 };
    size_t asked = plan->tokens_asked_max > 0 ? (size_t)plan->tokens_asked_max + SPARE : UNKNOWN;
    return asked < MOST ? asked : MOST;
}

struct slot *weir__slot_make(struct weir_worker *worker, int fd, weir_ns connect_span)
{
    const struct weir_plan *plan = worker->job.plan;
    const uint32_t index = worker->slots_made++;
    struct slot *slot = &worker->slots[index];
    slot->worker = worker;
    slot->connect_span = fd >= 0 ? connect_span : 0;
    slot->body = weir_alloc(plan->body_bytes_max + 1, 1);
    const struct weir_dialect *dialect =
        plan->targets[plan->levels[worker->job.level].target].dialect;
    weir_request_init(&slot->request, dialect, gap_room(plan), worker->recorder, on_token, slot);
    slot->call = weir_bridge_call(worker->bridge, index, slot, fd);
    return slot;
}
