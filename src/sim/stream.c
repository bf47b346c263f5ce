// Answers at their pace. Every event has an absolute instant at which it is due; when the simulator
// is late it sends at once and keeps the schedule. What goes into the truth is when the kernel was
// handed each event, whatever the schedule said.
#define _GNU_SOURCE
#include <math.h>
#include <string.h>

#include "sim_internal.h"
#include "weir/base/attr.h"

static weir_ns draw(const struct weir_dist *dist, struct weir_rng *rng)
{
    return (weir_ns)llround(weir_dist_draw(dist, rng));
}

/** Time that `tokens` tokens take after the one before. */
static weir_ns draw_gaps(const struct weir_dist *itl, struct weir_rng *rng, uint64_t tokens)
{
    if (itl->kind == WEIR_DIST_FIXED) {
        return (weir_ns)tokens * (weir_ns)llround(itl->mean);
    }
    weir_ns total = 0;
    for (uint64_t i = 0; i < tokens; i++) {
        total += draw(itl, rng);
    }
    return total;
}

static void record_end(struct weir__conn *conn, enum weir_sim_outcome outcome, weir_ns at)
{
    struct weir__sim *sim = conn->sim;
    struct weir__stream *stream = &conn->stream;
    stream->record.ended_ns = at;
    stream->record.outcome = outcome;
    stream->record.request_id = conn->request_id;
    stream->is_active = false;
    sim->streams--;
    weir_sim_pace_drop(&sim->pace, &conn->item);
    weir_sim_truth_add(&sim->truth, &stream->record, &stream->stamps);
}

static void add_head(const struct weir__conn *conn, struct weir_buf *out)
{
    static const char HEAD[] = "HTTP/1.1 200 OK\r\n"
                               "Content-Type: text/event-stream; charset=utf-8\r\n"
                               "Cache-Control: no-cache\r\n";
    bool fits = weir_buf_add(out, HEAD, sizeof(HEAD) - 1);
    // an HTTP/1.0 client knows no chunks: the end of the connection ends the body
    fits = fits && (!conn->is_http11 || weir_buf_add_str(out, "Transfer-Encoding: chunked\r\n"));
    fits = fits && (conn->keeps_alive || weir_buf_add_str(out, "Connection: close\r\n"));
    fits = fits && weir_buf_add_str(out, "\r\n");
    WEIR_ASSERT(fits);
}

/** Response headers and role event at the head of what is to be sent, unless they went already. */
static void add_beginning(struct weir__conn *conn, struct weir_buf *out)
{
    struct weir__sim *sim = conn->sim;
    if (conn->stream.has_head) {
        return;
    }
    conn->stream.has_head = true;
    add_head(conn, out);
    if (sim->config->role_chunk != WEIR_ROLE_NONE) {
        weir_sim_answer_role(&sim->openai, &conn->stream.answer, out);
    }
}

/** The event on its way was taken by the kernel: note when, and arm the next one. */
static void event_handed(struct weir__conn *conn)
{
    struct weir__sim *sim = conn->sim;
    struct weir__stream *stream = &conn->stream;
    struct weir_sim_record *record = &stream->record;
    const weir_ns at = conn->handed_ns;
    stream->is_pending = false;
    record->first_token_ns = record->first_token_ns > 0 ? record->first_token_ns : at;
    if (stream->is_output && record->first_output_token_ns == 0) {
        record->first_output_token_ns = at;
    }
    record->last_token_ns = at;
    record->tokens = stream->answer.sent;
    record->chunks++;
    if (weir_sim_truth_is_wanted(&sim->truth)) {
        weir_sim_stamps_add(&stream->stamps, at, stream->due_ns);
    }
    const uint64_t next = weir_sim_answer_next(&sim->openai, &stream->answer);
    if (next == 0) {
        record_end(conn, WEIR_SIM_OK, at);
        weir__conn_answered(conn);
        return;
    }
    stream->due_ns += draw_gaps(&sim->config->itl, &stream->rng, next);
    weir_sim_pace_set(&sim->pace, &conn->item, stream->due_ns);
}

/** A token event is due. With the last one goes what ends the answer, in the same segment. */
static void on_token_due(struct weir_sim_pace_item *item)
{
    struct weir__conn *conn = WEIR_CONTAINER_OF(item, struct weir__conn, item);
    struct weir__sim *sim = conn->sim;
    struct weir__stream *stream = &conn->stream;
    struct weir_buf *out = &sim->scratch;
    weir_buf_clear(out);
    add_beginning(conn, out);
    stream->is_output = stream->answer.sent >= stream->answer.reasoning;
    weir_sim_answer_tokens(&sim->openai, &stream->answer, out);
    if (weir_sim_answer_next(&sim->openai, &stream->answer) == 0) {
        weir_sim_answer_end(&sim->openai, &stream->answer, out);
    }
    stream->is_pending = true;
    if (!weir__conn_send(conn, out->ptr, out->len)) {
        return;
    }
    if (weir__conn_is_flushed(conn)) {
        event_handed(conn);
    } else {
        weir_sim_pace_drop(&sim->pace, item); // until the client reads on
    }
}

static void whole_handed(struct weir__conn *conn)
{
    conn->stream.is_pending = false;
    conn->stream.record.tokens = conn->stream.answer.sent;
    record_end(conn, WEIR_SIM_OK, conn->handed_ns);
    weir__conn_answered(conn);
}

/** An answer that is not streamed is due. */
static void on_whole_due(struct weir_sim_pace_item *item)
{
    struct weir__conn *conn = WEIR_CONTAINER_OF(item, struct weir__conn, item);
    struct weir__sim *sim = conn->sim;
    weir_buf_clear(&sim->scratch);
    weir_sim_answer_whole(&sim->openai, &conn->stream.answer, &sim->scratch);
    weir_sim_pace_drop(&sim->pace, item);
    conn->stream.is_pending = true;
    if (weir__conn_respond(conn, HTTP_STATUS_OK, "Content-Type: application/json\r\n",
                           &sim->scratch) &&
        weir__conn_is_flushed(conn)) {
        whole_handed(conn);
    }
}

static void start_streaming(struct weir__conn *conn)
{
    struct weir__sim *sim = conn->sim;
    struct weir__stream *stream = &conn->stream;
    if (weir_sim_truth_is_wanted(&sim->truth)) {
        weir_sim_stamps_reset(&stream->stamps,
                              weir_sim_answer_events(&sim->openai, &stream->answer));
    }
    conn->item.on_due = on_token_due;
    if (sim->config->role_chunk == WEIR_ROLE_EARLY) {
        weir_buf_clear(&sim->scratch);
        add_beginning(conn, &sim->scratch);
        if (!weir__conn_send(conn, sim->scratch.ptr, sim->scratch.len)) {
            return;
        }
    }
    if (weir__conn_is_flushed(conn)) {
        weir_sim_pace_set(&sim->pace, &conn->item, stream->due_ns);
    }
}

static void start_whole(struct weir__conn *conn)
{
    struct weir__sim *sim = conn->sim;
    struct weir__stream *stream = &conn->stream;
    stream->stamps.count = 0;
    stream->due_ns += draw_gaps(&sim->config->itl, &stream->rng, stream->answer.tokens - 1);
    conn->item.on_due = on_whole_due;
    weir_sim_pace_set(&sim->pace, &conn->item, stream->due_ns);
}

static void reject(struct weir__conn *conn, const struct weir_sim_fault *fault)
{
    struct weir_sim_record *record = &conn->stream.record;
    record->ended_ns = weir_clock_now();
    record->outcome = WEIR_SIM_REJECTED;
    record->http_status = fault->http_status;
    weir_sim_truth_add(&conn->sim->truth, record, NULL);
    weir__route_refuse(conn, fault);
}

void weir__stream_start(struct weir__conn *conn, bool is_chat)
{
    struct weir__sim *sim = conn->sim;
    struct weir__stream *stream = &conn->stream;
    struct weir_sim_request request;
    struct weir_sim_fault fault;
    const uint64_t number = sim->requests++;
    stream->record = (struct weir_sim_record){
        .id = number, .request_id = conn->request_id, .received_ns = conn->read_ns};
    const struct weir_slice body = {.ptr = weir_buf_text(&conn->body), .len = conn->body.len};
    if (!weir_sim_request_read(body, is_chat, sim->openai.model, &request, &fault)) {
        reject(conn, &fault);
        return;
    }
    weir_sim_answer_begin(&sim->openai, &stream->answer, &request, number, conn->is_http11);
    stream->record.is_streamed = request.is_streaming;
    stream->record.http_status = HTTP_STATUS_OK;
    stream->has_head = false;
    stream->is_active = true;
    stream->is_pending = false;
    sim->streams++;
    sim->max_streams = sim->streams > sim->max_streams ? sim->streams : sim->max_streams;
    stream->rng = weir_rng_split((uint64_t)sim->config->seed, "sim pace", number);
    stream->due_ns = conn->read_ns + draw(&sim->config->ttft, &stream->rng);
    if (request.is_streaming) {
        start_streaming(conn);
    } else {
        start_whole(conn);
    }
}

void weir__stream_flushed(struct weir__conn *conn)
{
    struct weir__stream *stream = &conn->stream;
    if (!stream->is_pending) {
        weir_sim_pace_set(&conn->sim->pace, &conn->item, stream->due_ns);
    } else if (stream->answer.request.is_streaming) {
        event_handed(conn);
    } else {
        whole_handed(conn);
    }
}

void weir__stream_abort(struct weir__conn *conn, enum weir_sim_outcome outcome)
{
    if (conn->stream.is_active) {
        record_end(conn, outcome, weir_clock_now());
    }
}

void weir__stream_free(struct weir__stream *stream)
{
    weir_sim_answer_free(&stream->answer);
    weir_sim_stamps_free(&stream->stamps);
}
