// Doing to an answer what --fault asks for: before it begins, between two of its tokens, or to the
// whole of it. What was done, and when, goes into its record.
#define _GNU_SOURCE
#include <sys/socket.h>

#include "sim_internal.h"
#include "weir/base/attr.h"

static enum weir_sim_fault_kind kind_of(const struct weir__conn *conn)
{
    return conn->stream.fault->info->kind;
}

/** Fewer or more tokens than asked for. */
static void resize(struct weir__conn *conn, uint64_t tokens)
{
    struct weir_sim_answer *answer = &conn->stream.answer;
    answer->tokens = tokens < WEIR_SIM_TOKENS_MAX ? tokens : WEIR_SIM_TOKENS_MAX;
    answer->reasoning = answer->reasoning < answer->tokens ? answer->reasoning : answer->tokens;
}

static void begin_kind(struct weir__conn *conn, uint64_t tokens)
{
    struct weir__stream *stream = &conn->stream;
    switch (kind_of(conn)) {
    case WEIR_SIM_FAULT_EMPTY:
        resize(conn, 0);
        stream->outcome = WEIR_SIM_FAULTED;
        break;
    case WEIR_SIM_FAULT_SHORT:
        resize(conn, tokens > 1 ? tokens / 2 : tokens);
        break;
    case WEIR_SIM_FAULT_LONG:
        resize(conn, tokens + (tokens + 1) / 2);
        break;
    case WEIR_SIM_FAULT_BYTE_WRITES:
        conn->is_bytewise = true;
        break;
    case WEIR_SIM_FAULT_WRONG_LENGTH:
        stream->answer.is_chunked = false;
        stream->outcome = WEIR_SIM_FAULTED;
        weir__conn_retire(conn);
        break;
    case WEIR_SIM_FAULT_HTTP:
    case WEIR_SIM_FAULT_SLOW_START:
    case WEIR_SIM_FAULT_STALL:
    case WEIR_SIM_FAULT_TRUNCATE:
    case WEIR_SIM_FAULT_CUT:
    case WEIR_SIM_FAULT_RESET:
    case WEIR_SIM_FAULT_HANGUP:
    case WEIR_SIM_FAULT_ERROR_EVENT:
    case WEIR_SIM_FAULT_MALFORMED:
    case WEIR_SIM_FAULT_ONE_WRITE:
    case WEIR_SIM_FAULT_NEVER:
    default:
        return; // its time comes later
    }
    stream->record.fault_ns = weir_clock_now();
}

bool weir__mishap_begin(struct weir__conn *conn)
{
    struct weir__stream *stream = &conn->stream;
    const uint64_t seed = (uint64_t)conn->sim->config->seed;
    stream->record.fault = stream->fault->info->name;
    begin_kind(conn, stream->answer.tokens);
    stream->fault_at =
        weir_sim_fault_place(seed, stream->record.id, weir_sim_answer_events(&stream->answer));
    switch (kind_of(conn)) {
    case WEIR_SIM_FAULT_HANGUP:
        stream->record.fault_ns = weir_clock_now();
        weir__conn_close(conn, WEIR_SIM_FAULTED);
        return true;
    case WEIR_SIM_FAULT_NEVER:
        stream->record.fault_ns = weir_clock_now();
        return true; // and there it stands until the client leaves
    default:
        return false;
    }
}

/** More bytes than the stream will have, without being out of proportion: some clients make room
 * for what they are promised. */
static uint64_t too_many_bytes(const struct weir_sim_answer *answer)
{
    enum { EVENT_BYTES = 4096, EVENTS_AROUND = 16, TIMES_SAID = 8 };
    const uint64_t events = weir_sim_answer_events(answer) + EVENTS_AROUND;
    const bool is_cumulative = answer->request.format == WEIR_SIM_SGLANG;
    return events * EVENT_BYTES +
           answer->tokens * WEIR_SIM_WORD_MAX * (is_cumulative ? events : TIMES_SAID);
}

uint64_t weir__mishap_length(const struct weir__conn *conn)
{
    const bool is_wrong =
        conn->stream.fault != NULL && kind_of(conn) == WEIR_SIM_FAULT_WRONG_LENGTH;
    return is_wrong ? too_many_bytes(&conn->stream.answer) : 0;
}

/** End with a TCP reset instead of a proper close. */
static void reset(struct weir__conn *conn)
{
    const struct linger none = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
    weir__conn_close(conn, WEIR_SIM_FAULTED);
}

static void refusal_of(struct weir_sim_refusal *refusal)
{
    (void)weir_sim_refuse(refusal, 500, NULL,
                          "The simulator was asked for this error: --fault "
                          "error_event");
}

/** Send what is there and end the answer properly, as far as HTTP goes. */
static void send_end(struct weir__conn *conn, const struct weir_buf *out)
{
    if (!conn->stream.answer.is_chunked) {
        weir__conn_retire(conn); // only its end ends the body
    }
    if (!weir__conn_send(conn, out->ptr, out->len)) {
        return;
    }
    weir__stream_end(conn, WEIR_SIM_FAULTED, conn->handed_ns);
    if (weir__conn_is_flushed(conn)) {
        weir__conn_answered(conn);
    }
}

/** A pause: everything that follows comes later. */
static void stall(struct weir__conn *conn, const struct weir_buf *out)
{
    struct weir__stream *stream = &conn->stream;
    stream->due_ns += stream->fault->span;
    stream->natural_ns += stream->fault->span;
    stream->first_ns += stream->made == 0 ? stream->fault->span : 0;
    stream->fault = NULL;
    if (out->len > 0 && !weir__conn_send(conn, out->ptr, out->len)) {
        return;
    }
    if (weir__conn_is_flushed(conn)) {
        weir_sim_pace_set(&conn->sim->pace, &conn->item, stream->due_ns);
    } else {
        weir_sim_pace_drop(&conn->sim->pace, &conn->item);
    }
}

bool weir__mishap_strikes(struct weir__conn *conn, struct weir_buf *out)
{
    struct weir__sim *sim = conn->sim;
    struct weir__stream *stream = &conn->stream;
    struct weir_sim_refusal refusal;
    if (stream->made != stream->fault_at || stream->answer.tokens == 0) {
        return false;
    }
    stream->record.fault_ns =
        stream->record.fault_ns > 0 ? stream->record.fault_ns : weir_clock_now();
    switch (kind_of(conn)) {
    case WEIR_SIM_FAULT_STALL:
        stall(conn, out);
        return true;
    case WEIR_SIM_FAULT_TRUNCATE:
        weir_sim_answer_stop(&stream->answer, out);
        send_end(conn, out);
        return true;
    case WEIR_SIM_FAULT_ERROR_EVENT:
        refusal_of(&refusal);
        weir_sim_answer_fail(&sim->voice, &stream->answer, &refusal, out);
        send_end(conn, out);
        return true;
    case WEIR_SIM_FAULT_CUT:
    case WEIR_SIM_FAULT_RESET:
        if (out->len > 0 && !weir__conn_send(conn, out->ptr, out->len)) {
            return true;
        }
        if (kind_of(conn) == WEIR_SIM_FAULT_RESET) {
            reset(conn);
        } else {
            weir__conn_close(conn, WEIR_SIM_FAULTED);
        }
        return true;
    case WEIR_SIM_FAULT_MALFORMED:
        weir_sim_answer_break(&sim->voice, &stream->answer, out);
        stream->outcome = WEIR_SIM_FAULTED;
        stream->fault = NULL;
        return false;
    default:
        return false; // the others are not about one place
    }
}

/** Headers that promise `length` bytes, then the body up to `sent` of them, then the end. */
static void send_part(struct weir__conn *conn, const struct weir_buf *body, size_t sent,
                      size_t length)
{
    enum { HEAD_CAP = 256 };
    struct weir_buf text;
    weir_buf_init(&text, HEAD_CAP + sent);
    const bool fits = weir_buf_addf(&text,
                                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                    "Content-Length: %zu\r\n\r\n",
                                    length) &&
                      weir_buf_add(&text, body->ptr, sent);
    WEIR_ASSERT(fits);
    weir__conn_retire(conn);
    const bool is_alive = weir__conn_send(conn, text.ptr, text.len);
    weir_buf_free(&text);
    if (!is_alive) {
        return;
    }
    if (kind_of(conn) == WEIR_SIM_FAULT_RESET) {
        reset(conn);
        return;
    }
    weir__stream_end(conn, WEIR_SIM_FAULTED, conn->handed_ns);
    if (weir__conn_is_flushed(conn)) {
        weir__conn_answered(conn);
    }
}

static void send_error(struct weir__conn *conn)
{
    struct weir_sim_refusal refusal;
    const enum weir_sim_format_id format = conn->stream.answer.request.format;
    refusal_of(&refusal);
    conn->stream.record.http_status = refusal.http_status;
    weir__stream_end(conn, WEIR_SIM_FAULTED, weir_clock_now());
    weir__route_refuse(conn, format, &refusal, "");
}

bool weir__mishap_whole(struct weir__conn *conn, struct weir_buf *body)
{
    enum { MISSING = 100 };
    struct weir__stream *stream = &conn->stream;
    stream->record.fault_ns =
        stream->record.fault_ns > 0 ? stream->record.fault_ns : weir_clock_now();
    switch (kind_of(conn)) {
    case WEIR_SIM_FAULT_TRUNCATE:
    case WEIR_SIM_FAULT_CUT:
    case WEIR_SIM_FAULT_RESET:
        send_part(conn, body, body->len / 2, body->len);
        return true;
    case WEIR_SIM_FAULT_WRONG_LENGTH:
        send_part(conn, body, body->len, body->len + MISSING);
        return true;
    case WEIR_SIM_FAULT_ERROR_EVENT:
        send_error(conn);
        return true;
    case WEIR_SIM_FAULT_MALFORMED:
        body->len /= 2;
        stream->outcome = WEIR_SIM_FAULTED;
        return false;
    default:
        return false;
    }
}
