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

void weir__stream_end(struct weir__conn *conn, enum weir_sim_outcome outcome, weir_ns at)
{
    struct weir__sim *sim = conn->sim;
    struct weir__stream *stream = &conn->stream;
    stream->record.ended_ns = at;
    stream->record.outcome = outcome;
    stream->record.request_id = conn->request_id;
    stream->is_active = false;
    stream->is_pending = false;
    conn->is_bytewise = false;
    weir_sim_pace_drop(&sim->pace, &conn->item);
    weir_sim_pace_drop(&sim->pace, &stream->ping);
    weir_sim_truth_add(&sim->truth, &stream->record, &stream->stamps);
    weir__admit_release(conn);
}

// ---- what goes ahead of the tokens

static void add_head(struct weir__conn *conn, struct weir_buf *out)
{
    const uint64_t length = weir__mishap_length(conn);
    bool fits = weir_buf_addf(out,
                              "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
                              "Cache-Control: no-cache\r\n",
                              weir_sim_answer_type(&conn->stream.answer));
    if (length > 0) {
        fits = fits && weir_buf_addf(out, "Content-Length: %llu\r\n", (unsigned long long)length);
    } else if (conn->stream.answer.is_chunked) {
        fits = fits && weir_buf_add_str(out, "Transfer-Encoding: chunked\r\n");
    } // an HTTP/1.0 client knows no chunks: the end of the connection ends the body
    fits = fits && (conn->keeps_alive || weir_buf_add_str(out, "Connection: close\r\n"));
    fits = fits && weir_buf_add_str(out, "\r\n");
    WEIR_ASSERT(fits);
    conn->stream.has_head = true;
}

void weir__stream_add_beginning(struct weir__conn *conn, struct weir_buf *out)
{
    struct weir__stream *stream = &conn->stream;
    if (!stream->has_head) {
        add_head(conn, out);
    }
    if (!stream->has_open) {
        stream->has_open = true;
        weir_sim_answer_open(&conn->sim->voice, &stream->answer, out);
    }
}

static bool is_held(const struct weir__stream *stream)
{
    return stream->fault != NULL && stream->fault->info->kind == WEIR_SIM_FAULT_ONE_WRITE;
}

void weir__stream_open(struct weir__conn *conn)
{
    const struct weir_config *config = conn->sim->config;
    struct weir__stream *stream = &conn->stream;
    struct weir_buf *out = &conn->sim->scratch;
    const bool is_role_early = config->role_chunk == WEIR_ROLE_EARLY;
    const bool is_early = config->response_headers == WEIR_SIM_HEADERS_EARLY ||
                          (config->response_headers == WEIR_SIM_HEADERS_AUTO && is_role_early);
    if (!stream->answer.request.is_streaming) {
        return;
    }
    weir__ping_arm(conn);
    if (!is_early || stream->has_head || is_held(stream)) {
        return;
    }
    weir_buf_clear(out);
    if (is_role_early) {
        weir__stream_add_beginning(conn, out);
    } else {
        add_head(conn, out);
    }
    (void)weir__conn_send(conn, out->ptr, out->len);
}

// ---- what keeps a silent stream alive

static void on_ping(struct weir_sim_pace_item *item)
{
    struct weir__stream *stream = WEIR_CONTAINER_OF(item, struct weir__stream, ping);
    struct weir__conn *conn = WEIR_CONTAINER_OF(stream, struct weir__conn, stream);
    struct weir_buf *out = &conn->sim->scratch;
    const weir_ns now = weir_clock_now();
    const weir_ns said =
        stream->has_head && conn->handed_ns > 0 ? conn->handed_ns : stream->record.received_ns;
    const weir_ns due = said + conn->sim->config->ping;
    if (due > now || !weir__conn_is_flushed(conn)) {
        weir_sim_pace_set(&conn->sim->pace, item, due > now ? due : now + conn->sim->config->ping);
        return;
    }
    weir_sim_pace_set(&conn->sim->pace, item, now + conn->sim->config->ping);
    weir_buf_clear(out);
    if (!stream->has_head) {
        add_head(conn, out);
    }
    weir_sim_answer_ping(&conn->sim->voice, &stream->answer, out);
    if (out->len > 0) {
        (void)weir__conn_send(conn, out->ptr, out->len);
    }
}

void weir__ping_arm(struct weir__conn *conn)
{
    struct weir__sim *sim = conn->sim;
    struct weir_sim_pace_item *item = &conn->stream.ping;
    if (sim->config->ping > 0 && item->place == 0 && !is_held(&conn->stream)) {
        item->on_due = on_ping;
        weir_sim_pace_set(&sim->pace, item, conn->stream.record.received_ns + sim->config->ping);
    }
}

// ---- tokens

/** When the next write is due: with its token, or at the next flush. */
static weir_ns next_due(const struct weir__conn *conn)
{
    const weir_ns interval = conn->sim->config->flush_interval;
    const weir_ns natural = conn->stream.natural_ns;
    if (interval <= 0) {
        return natural;
    }
    const weir_ns since = natural - conn->stream.record.received_ns;
    return natural + (interval - since % interval) % interval;
}

static void set_due(struct weir__conn *conn)
{
    conn->stream.due_ns = next_due(conn);
    weir_sim_pace_set(&conn->sim->pace, &conn->item, conn->stream.due_ns);
}

/** The write on its way was taken by the kernel: note when, and arm the next one. */
static void batch_handed(struct weir__conn *conn)
{
    struct weir__sim *sim = conn->sim;
    struct weir__stream *stream = &conn->stream;
    struct weir_sim_record *record = &stream->record;
    const weir_ns at = conn->handed_ns;
    stream->is_pending = false;
    if (stream->batch > 0) {
        record->first_token_ns = record->first_token_ns > 0 ? record->first_token_ns : at;
        if (stream->is_output && record->first_output_token_ns == 0) {
            record->first_output_token_ns = at;
        }
        record->last_token_ns = at;
    }
    record->tokens = stream->answer.sent;
    record->chunks += stream->batch;
    for (uint32_t i = 0; weir_sim_truth_is_wanted(&sim->truth) && i < stream->batch; i++) {
        weir_sim_stamps_add(&stream->stamps, at, stream->due_ns);
    }
    stream->batch = 0;
    if (weir_sim_answer_next(&stream->answer) == 0) {
        weir__stream_end(conn, stream->outcome, at);
        weir__conn_answered(conn);
        return;
    }
    set_due(conn);
}

/** All answers share the tokens a second there are. True: the next token has to wait. */
static bool must_wait_for_budget(struct weir__conn *conn, uint64_t tokens)
{
    struct weir__sim *sim = conn->sim;
    struct weir__stream *stream = &conn->stream;
    if (stream->has_budget) {
        return false;
    }
    const weir_ns at = weir_sim_budget_take(&sim->budget, stream->due_ns, tokens);
    stream->has_budget = true;
    if (at <= stream->due_ns) {
        return false;
    }
    stream->natural_ns += at - stream->due_ns;
    stream->first_ns += stream->made == 0 ? at - stream->due_ns : 0;
    stream->due_ns = at;
    weir_sim_pace_set(&sim->pace, &conn->item, at);
    return true;
}

static void add_end(struct weir__conn *conn, struct weir_buf *out)
{
    struct weir__stream *stream = &conn->stream;
    stream->answer.prefill_ns = stream->first_ns - stream->admitted_ns;
    stream->answer.decode_ns = stream->due_ns - stream->first_ns;
    weir_sim_answer_close(&conn->sim->voice, &stream->answer, out);
}

/** The token event that is due, and those that are flushed with it. */
static void add_events(struct weir__conn *conn, struct weir_buf *out)
{
    enum { BATCH_MAX = 4096 };
    struct weir__sim *sim = conn->sim;
    struct weir__stream *stream = &conn->stream;
    uint64_t next = weir_sim_answer_next(&stream->answer);
    stream->is_output = false;
    while (next > 0) {
        stream->is_output = stream->is_output || stream->answer.sent >= stream->answer.reasoning;
        if (stream->answer.sent + next == stream->answer.tokens) {
            stream->answer.decode_ns = stream->due_ns - stream->first_ns; // some tell it here
            stream->answer.prefill_ns = stream->first_ns - stream->admitted_ns;
        }
        weir_sim_answer_tokens(&sim->voice, &stream->answer, out);
        stream->batch++;
        stream->made++;
        next = weir_sim_answer_next(&stream->answer);
        stream->natural_ns += next > 0 ? draw_gaps(&sim->config->itl, &stream->rng, next) : 0;
        if (sim->config->flush_interval <= 0 || stream->natural_ns > stream->due_ns ||
            stream->batch >= BATCH_MAX ||
            (stream->fault != NULL && stream->made == stream->fault_at)) {
            break;
        }
        if (next > 0) {
            (void)weir_sim_budget_take(&sim->budget, stream->due_ns, next);
        }
    }
    stream->has_budget = false;
    if (next == 0) {
        add_end(conn, out);
    }
}

/** What was made waits for the rest of the answer. True: there is more to come. */
static bool hold_back(struct weir__conn *conn, struct weir_buf *out)
{
    struct weir__stream *stream = &conn->stream;
    if (stream->held.cap == 0) {
        weir_buf_init(&stream->held, WEIR_SIM_ANSWER_CAP);
    }
    const bool fits = weir_buf_add(&stream->held, out->ptr, out->len);
    if (fits && weir_sim_answer_next(&stream->answer) > 0) {
        set_due(conn);
        return true;
    }
    return false;
}

static void send_batch(struct weir__conn *conn, const struct weir_buf *out)
{
    conn->stream.is_pending = true;
    if (!weir__conn_send(conn, out->ptr, out->len)) {
        return;
    }
    if (weir__conn_is_flushed(conn)) {
        batch_handed(conn);
    } else {
        weir_sim_pace_drop(&conn->sim->pace, &conn->item); // until the client reads on
    }
}

/** A token event is due. With the last one goes what ends the answer, in the same segment. */
static void on_token_due(struct weir_sim_pace_item *item)
{
    struct weir__conn *conn = WEIR_CONTAINER_OF(item, struct weir__conn, item);
    struct weir__sim *sim = conn->sim;
    struct weir__stream *stream = &conn->stream;
    struct weir_buf *out = &sim->scratch;
    if (sim->budget.rate > 0 && must_wait_for_budget(conn, weir_sim_answer_next(&stream->answer))) {
        return;
    }
    weir_buf_clear(out);
    weir__stream_add_beginning(conn, out);
    if (stream->fault != NULL && weir__mishap_strikes(conn, out)) {
        return;
    }
    add_events(conn, out);
    if (!is_held(stream)) {
        send_batch(conn, out);
    } else if (!hold_back(conn, out)) {
        struct weir_buf held = stream->held;
        weir_buf_init(&stream->held, held.cap);
        send_batch(conn, &held);
        weir_buf_free(&held);
    }
}

// ---- answers that are not streamed

static void whole_handed(struct weir__conn *conn)
{
    conn->stream.record.tokens = conn->stream.answer.sent;
    weir__stream_end(conn, conn->stream.outcome, conn->handed_ns);
    weir__conn_answered(conn);
}

static void on_whole_due(struct weir_sim_pace_item *item)
{
    struct weir__conn *conn = WEIR_CONTAINER_OF(item, struct weir__conn, item);
    struct weir__sim *sim = conn->sim;
    struct weir__stream *stream = &conn->stream;
    if (sim->budget.rate > 0 && must_wait_for_budget(conn, stream->answer.tokens)) {
        return;
    }
    stream->has_budget = false;
    weir_buf_clear(&sim->scratch);
    weir_sim_answer_whole(&sim->voice, &stream->answer, &sim->scratch);
    weir_sim_pace_drop(&sim->pace, item);
    if (stream->fault != NULL && weir__mishap_whole(conn, &sim->scratch)) {
        return;
    }
    stream->is_pending = true;
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
        weir_sim_stamps_reset(&stream->stamps, weir_sim_answer_events(&stream->answer));
    }
    conn->item.on_due = on_token_due;
    stream->due_ns = next_due(conn);
    weir__stream_open(conn);
    if (stream->is_active && weir__conn_is_flushed(conn)) {
        weir_sim_pace_set(&sim->pace, &conn->item, stream->due_ns);
    }
}

static void start_whole(struct weir__conn *conn)
{
    struct weir__sim *sim = conn->sim;
    struct weir__stream *stream = &conn->stream;
    stream->stamps.count = 0;
    stream->answer.prefill_ns = stream->first_ns - stream->admitted_ns;
    if (stream->answer.tokens > 1) {
        stream->answer.decode_ns =
            draw_gaps(&sim->config->itl, &stream->rng, stream->answer.tokens - 1);
    }
    stream->due_ns += stream->answer.decode_ns;
    if (stream->fault != NULL && stream->fault->info->kind == WEIR_SIM_FAULT_STALL) {
        stream->due_ns += stream->fault->span;
        stream->record.fault_ns = stream->first_ns;
    }
    conn->item.on_due = on_whole_due;
    weir_sim_pace_set(&sim->pace, &conn->item, stream->due_ns);
}

void weir__stream_start(struct weir__conn *conn, weir_ns from)
{
    struct weir__sim *sim = conn->sim;
    struct weir__stream *stream = &conn->stream;
    stream->rng = weir_rng_split((uint64_t)sim->config->seed, "sim pace", stream->record.id);
    stream->record.admitted_ns = from;
    stream->admitted_ns = from;
    stream->first_ns = from + draw(&sim->config->ttft, &stream->rng);
    if (stream->fault != NULL && stream->fault->info->kind == WEIR_SIM_FAULT_SLOW_START) {
        stream->record.fault_ns = stream->first_ns;
        stream->first_ns += stream->fault->span;
    }
    stream->natural_ns = stream->first_ns;
    stream->due_ns = stream->first_ns;
    stream->made = 0;
    stream->batch = 0;
    stream->has_budget = false;
    if (stream->answer.request.is_streaming) {
        start_streaming(conn);
    } else {
        start_whole(conn);
    }
}

void weir__stream_flushed(struct weir__conn *conn)
{
    struct weir__stream *stream = &conn->stream;
    if (stream->is_pending && stream->answer.request.is_streaming) {
        batch_handed(conn);
    } else if (stream->is_pending) {
        whole_handed(conn);
    } else if (stream->has_slot) {
        weir_sim_pace_set(&conn->sim->pace, &conn->item, stream->due_ns);
    }
}

void weir__stream_abort(struct weir__conn *conn, enum weir_sim_outcome outcome)
{
    if (conn->stream.is_active) {
        weir__stream_end(conn, outcome, weir_clock_now());
    }
}

void weir__stream_free(struct weir__stream *stream)
{
    weir_sim_answer_free(&stream->answer);
    weir_sim_stamps_free(&stream->stamps);
    weir_buf_free(&stream->held);
}
