// Who is answered: limits first, then faults, then a slot. Those beyond the slots wait in the order
// they came; those beyond the queue are refused in the profile's own way.
#define _GNU_SOURCE
#include "format.h"
#include "sim_internal.h"
#include "weir/base/attr.h"

/** Answer with an error instead, and write that down. `fault` says why when it is not the client's
 * doing. */
static void reject(struct weir__conn *conn, const struct weir__route *route,
                   const struct weir_sim_refusal *refusal, const char *fault, const char *headers)
{
    struct weir_sim_record *record = &conn->stream.record;
    record->ended_ns = weir_clock_now();
    record->outcome = WEIR_SIM_REJECTED;
    record->http_status = refusal->http_status;
    record->fault = fault;
    record->fault_ns = fault != NULL ? record->ended_ns : 0;
    weir_sim_truth_add(&conn->sim->truth, record, NULL);
    weir__route_refuse(conn, route->format, refusal, headers);
}

/** Retry-After counts whole seconds; OpenAI adds milliseconds. */
static bool add_retry(struct weir_buf *headers, weir_ns wait)
{
    const long long ms = (wait + WEIR_MSEC - 1) / WEIR_MSEC;
    const long long seconds = (wait + WEIR_SECOND - 1) / WEIR_SECOND;
    return wait < 0 ||
           weir_buf_addf(headers, "Retry-After: %lld\r\nRetry-After-Ms: %lld\r\n", seconds, ms);
}

static void reject_later(struct weir__conn *conn, const struct weir__route *route,
                         const struct weir_sim_refusal *refusal, const char *fault, weir_ns wait)
{
    enum { HEADERS_CAP = 128 };
    struct weir_buf headers;
    weir_buf_init(&headers, HEADERS_CAP);
    const bool fits = add_retry(&headers, wait);
    WEIR_ASSERT(fits);
    reject(conn, route, refusal, fault, weir_buf_text(&headers));
    weir_buf_free(&headers);
}

static bool is_rate_limited(struct weir__conn *conn, const struct weir__route *route)
{
    struct weir_sim_refusal refusal;
    weir_ns wait = 0;
    if (weir_sim_bucket_take(&conn->sim->bucket, conn->read_ns, &wait)) {
        return false;
    }
    (void)weir_sim_refuse(&refusal, 429, NULL,
                          "Rate limit reached: %g requests a second. Try again in %lld ms.",
                          conn->sim->bucket.rate, (long long)((wait + WEIR_MSEC - 1) / WEIR_MSEC));
    refusal.code = "rate_limit_exceeded";
    reject_later(conn, route, &refusal, "rate_limit", wait);
    return true;
}

/** Draw what is done to this request. True: an error status, and that was that. */
static bool is_struck(struct weir__conn *conn, const struct weir__route *route)
{
    struct weir__sim *sim = conn->sim;
    struct weir__stream *stream = &conn->stream;
    struct weir_sim_refusal refusal;
    stream->fault =
        weir_sim_faults_draw(&sim->faults, (uint64_t)sim->config->seed, stream->record.id);
    if (stream->fault == NULL || stream->fault->info->kind != WEIR_SIM_FAULT_HTTP) {
        return false;
    }
    (void)weir_sim_refuse(&refusal, stream->fault->info->http_status, NULL,
                          "The simulator was asked for this: --fault %s",
                          stream->fault->info->name);
    reject_later(conn, route, &refusal, stream->fault->info->name, stream->fault->span);
    return true;
}

// ---- slots and the queue

static void enqueue(struct weir__conn *conn)
{
    struct weir__sim *sim = conn->sim;
    conn->stream.is_waiting = true;
    conn->stream.next_waiting = NULL;
    conn->stream.prev_waiting = sim->last_waiting;
    if (sim->last_waiting != NULL) {
        sim->last_waiting->stream.next_waiting = conn;
    } else {
        sim->waiting = conn;
    }
    sim->last_waiting = conn;
    sim->waiting_count++;
    sim->max_waiting =
        sim->waiting_count > sim->max_waiting ? sim->waiting_count : sim->max_waiting;
}

static void dequeue(struct weir__conn *conn)
{
    struct weir__sim *sim = conn->sim;
    struct weir__conn *next = conn->stream.next_waiting;
    struct weir__conn *prev = conn->stream.prev_waiting;
    conn->stream.is_waiting = false;
    if (prev != NULL) {
        prev->stream.next_waiting = next;
    } else {
        sim->waiting = next;
    }
    if (next != NULL) {
        next->stream.prev_waiting = prev;
    } else {
        sim->last_waiting = prev;
    }
    sim->waiting_count--;
}

static void grant(struct weir__conn *conn, weir_ns at)
{
    struct weir__sim *sim = conn->sim;
    conn->stream.has_slot = true;
    sim->streams++;
    sim->max_streams = sim->streams > sim->max_streams ? sim->streams : sim->max_streams;
    weir__stream_start(conn, at);
}

static bool has_free_slot(const struct weir__sim *sim)
{
    return sim->config->slots == 0 || sim->streams < (uint64_t)sim->config->slots;
}

static bool is_queue_full(const struct weir__sim *sim)
{
    const int64_t most = sim->config->max_queue;
    return most >= 0 && sim->waiting_count >= (uint64_t)most;
}

/** Some servers have sent 200 by the time they find that they are full. */
static void reject_in_band(struct weir__conn *conn, const struct weir_sim_refusal *refusal)
{
    struct weir__sim *sim = conn->sim;
    struct weir__stream *stream = &conn->stream;
    weir_buf_clear(&sim->scratch);
    stream->has_open = true; // no role: there is no answer
    weir__stream_add_beginning(conn, &sim->scratch);
    weir_sim_answer_fail(&sim->voice, &stream->answer, refusal, &sim->scratch);
    stream->record.ended_ns = weir_clock_now();
    stream->record.outcome = WEIR_SIM_REJECTED;
    stream->record.fault = "queue_full";
    stream->record.fault_ns = stream->record.ended_ns;
    weir_sim_truth_add(&sim->truth, &stream->record, NULL);
    if (weir__conn_send(conn, sim->scratch.ptr, sim->scratch.len) && weir__conn_is_flushed(conn)) {
        weir__conn_answered(conn);
    }
}

static void reject_overload(struct weir__conn *conn, const struct weir__route *route)
{
    const struct weir_sim_profile *profile = conn->sim->voice.profile;
    struct weir_sim_refusal refusal;
    (void)weir_sim_refuse(&refusal, profile->overload, NULL, "%s", profile->overloaded);
    if (conn->stream.answer.request.is_streaming &&
        (profile->quirks & WEIR_SIM_OVERLOAD_IN_BAND) != 0) {
        reject_in_band(conn, &refusal);
        return;
    }
    reject(conn, route, &refusal, "queue_full", "");
}

/** The request is good and nothing was done instead: now or later it is answered. */
static void answer(struct weir__conn *conn, const struct weir__route *route)
{
    struct weir__sim *sim = conn->sim;
    struct weir__stream *stream = &conn->stream;
    const bool must_wait = !has_free_slot(sim);
    if (must_wait && is_queue_full(sim)) {
        reject_overload(conn, route);
        return;
    }
    stream->is_active = true;
    stream->outcome = WEIR_SIM_OK;
    stream->stamps.count = 0; // what waits has sent nothing
    if (stream->fault != NULL && weir__mishap_begin(conn)) {
        return;
    }
    if (must_wait) {
        enqueue(conn);
        weir__stream_open(conn);
        return;
    }
    const weir_ns from = conn->read_ns > sim->resumed_ns ? conn->read_ns : sim->resumed_ns;
    grant(conn, from);
}

void weir__admit(struct weir__conn *conn, const struct weir__route *route)
{
    struct weir__sim *sim = conn->sim;
    struct weir__stream *stream = &conn->stream;
    struct weir_sim_request request;
    struct weir_sim_refusal refusal;
    const uint64_t number = sim->requests++;
    const struct weir_sim_reader reader = {.format = route->format,
                                           .model = sim->voice.model,
                                           .takes_any_model =
                                               weir__has_quirk(&sim->voice, WEIR_SIM_MODEL_IGNORED),
                                           .is_stream_path = route->is_stream_path};
    stream->record = (struct weir_sim_record){
        .id = number, .request_id = conn->request_id, .received_ns = conn->read_ns};
    if (number == 0) {
        weir__freeze_arm(sim, conn->read_ns);
    }
    const struct weir_slice body = {.ptr = weir_buf_text(&conn->body), .len = conn->body.len};
    if (!weir_sim_request_read(body, &reader, &request, &refusal)) {
        reject(conn, route, &refusal, NULL, "");
        return;
    }
    stream->record.is_streamed = request.is_streaming;
    if (is_rate_limited(conn, route) || is_struck(conn, route)) {
        return;
    }
    weir_sim_answer_begin(&sim->voice, &stream->answer, &request, number, conn->is_http11);
    stream->record.http_status = HTTP_STATUS_OK;
    stream->has_head = false;
    stream->has_open = false;
    stream->is_pending = false;
    answer(conn, route);
}

void weir__admit_release(struct weir__conn *conn)
{
    struct weir__sim *sim = conn->sim;
    if (conn->stream.is_waiting) {
        dequeue(conn);
    }
    if (!conn->stream.has_slot) {
        return;
    }
    conn->stream.has_slot = false;
    sim->streams--;
    if (sim->waiting != NULL && !sim->is_stopping && has_free_slot(sim)) {
        struct weir__conn *next = sim->waiting;
        dequeue(next);
        grant(next, weir_clock_now());
    }
}
