// A connection and the requests on it: bytes in, through llhttp, in order, with the kernel's stamp.
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim_internal.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"

enum { NAME_CAP = 32 };

// A client that keeps sending after our last answer on a connection is listened to for so long
static const weir_ns DRAIN_PATIENCE = 2 * WEIR_SECOND;

// ---- reading a request: callbacks of llhttp
// ----------------------------------------------------------

static struct weir__conn *conn_of(llhttp_t *parser)
{
    return WEIR_CONTAINER_OF(parser, struct weir__conn, parser);
}

/** Stop the parser: the request is answered with `status` and the connection ends. */
static int refuse(struct weir__conn *conn, int status)
{
    conn->refused_status = status;
    return HPE_USER;
}

static int on_begin(llhttp_t *parser)
{
    struct weir__conn *conn = conn_of(parser);
    weir_buf_clear(&conn->path);
    weir_buf_clear(&conn->body);
    weir_buf_clear(&conn->header);
    weir_buf_clear(&conn->value);
    conn->request_id[0] = '\0';
    conn->header_bytes = 0;
    conn->has_expect = false;
    conn->must_continue = false;
    return 0;
}

static int on_url(llhttp_t *parser, const char *at, size_t len)
{
    struct weir__conn *conn = conn_of(parser);
    return weir_buf_add(&conn->path, at, len) ? 0 : refuse(conn, HTTP_STATUS_URI_TOO_LONG);
}

static bool count_header(struct weir__conn *conn, size_t len)
{
    conn->header_bytes += len;
    return conn->header_bytes <= WEIR__HEADER_CAP;
}

static int on_header_field(llhttp_t *parser, const char *at, size_t len)
{
    struct weir__conn *conn = conn_of(parser);
    if (!count_header(conn, len)) {
        return refuse(conn, HTTP_STATUS_REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    // a name too long for the buffer is none of those we look for
    (void)weir_buf_add(&conn->header, at, len);
    return 0;
}

static bool is_header(const struct weir__conn *conn, const char *name)
{
    return !conn->header.overflow && strcasecmp(weir_buf_text(&conn->header), name) == 0;
}

static int on_header_value(llhttp_t *parser, const char *at, size_t len)
{
    struct weir__conn *conn = conn_of(parser);
    if (!count_header(conn, len)) {
        return refuse(conn, HTTP_STATUS_REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    if (is_header(conn, "x-request-id") || is_header(conn, "expect")) {
        const size_t room = conn->value.cap - conn->value.len;
        (void)weir_buf_add(&conn->value, at, len < room ? len : room);
    }
    return 0;
}

static int on_header_end(llhttp_t *parser)
{
    struct weir__conn *conn = conn_of(parser);
    if (is_header(conn, "x-request-id")) {
        memcpy(conn->request_id, weir_buf_text(&conn->value), conn->value.len + 1);
    } else if (is_header(conn, "expect")) {
        conn->has_expect = strcasecmp(weir_buf_text(&conn->value), "100-continue") == 0;
    }
    weir_buf_clear(&conn->header);
    weir_buf_clear(&conn->value);
    return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
    struct weir__conn *conn = conn_of(parser);
    if (parser->content_length > WEIR__BODY_CAP) {
        return refuse(conn, HTTP_STATUS_PAYLOAD_TOO_LARGE);
    }
    conn->must_continue = conn->has_expect;
    return 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
    struct weir__conn *conn = conn_of(parser);
    conn->must_continue = false; // it did not wait
    return weir_buf_add(&conn->body, at, len) ? 0 : refuse(conn, HTTP_STATUS_PAYLOAD_TOO_LARGE);
}

static int on_complete(llhttp_t *parser)
{
    struct weir__conn *conn = conn_of(parser);
    conn->keeps_alive = llhttp_should_keep_alive(parser) != 0;
    conn->is_http11 = parser->http_major == 1 && parser->http_minor >= 1;
    conn->must_continue = false;
    conn->is_complete = true;
    return HPE_PAUSED; // the answer comes before the next request is read
}

void weir__http_init(llhttp_settings_t *parsing)
{
    llhttp_settings_init(parsing);
    parsing->on_message_begin = on_begin;
    parsing->on_url = on_url;
    parsing->on_header_field = on_header_field;
    parsing->on_header_value = on_header_value;
    parsing->on_header_value_complete = on_header_end;
    parsing->on_headers_complete = on_headers_complete;
    parsing->on_body = on_body;
    parsing->on_message_complete = on_complete;
}

// ---- the life of a connection
// --------------------------------------------------------------------------

static void on_impatient(struct weir_sim_pace_item *item)
{
    struct weir__conn *conn = WEIR_CONTAINER_OF(item, struct weir__conn, item);
    weir__conn_close(conn, WEIR_SIM_CLIENT_CLOSED);
}

/** Close the connection if nothing comes for `patience`. */
static void set_patience(struct weir__conn *conn, weir_ns patience)
{
    conn->item.on_due = on_impatient;
    weir_sim_pace_set(&conn->sim->pace, &conn->item, weir_clock_now() + patience);
}

static void wait_for_request(struct weir__conn *conn)
{
    conn->state = WEIR__CONN_READING;
    weir__conn_watch(conn, conn->watched | UV_READABLE);
    if (conn->sim->config->idle_close > 0) {
        set_patience(conn, conn->sim->config->idle_close);
    }
}

/** Our side ends; what the client still sends is read and dropped, so that it can read our answer.
 */
static void drain(struct weir__conn *conn)
{
    conn->state = WEIR__CONN_DRAINING;
    (void)shutdown(conn->fd, SHUT_WR);
    weir__conn_watch(conn, UV_READABLE);
    set_patience(conn, DRAIN_PATIENCE);
}

static void on_closed(uv_handle_t *handle)
{
    struct weir__conn *conn = handle->data;
    weir__stream_free(&conn->stream);
    weir_buf_free(&conn->path);
    weir_buf_free(&conn->body);
    weir_buf_free(&conn->header);
    weir_buf_free(&conn->value);
    weir_buf_free(&conn->later);
    weir_buf_free(&conn->out);
    weir_free(conn);
}

void weir__conn_close(struct weir__conn *conn, enum weir_sim_outcome outcome)
{
    if (conn->state == WEIR__CONN_CLOSED) {
        return;
    }
    struct weir__sim *sim = conn->sim;
    conn->state = WEIR__CONN_CLOSED;
    weir__stream_abort(conn, outcome);
    weir_sim_pace_drop(&sim->pace, &conn->item);
    weir_sim_pace_drop(&sim->pace, &conn->stream.ping);
    if (conn->prev != NULL) {
        conn->prev->next = conn->next;
    } else {
        sim->first = conn->next;
    }
    if (conn->next != NULL) {
        conn->next->prev = conn->prev;
    }
    uv_close((uv_handle_t *)&conn->poll, on_closed);
    (void)close(conn->fd);
    weir__sim_relieved(sim);
}

// ---- bytes in
// ----------------------------------------------------------------------------------------

/** Feed the parser until it has a request or wants more. Returns how many bytes it took. */
static size_t parse(struct weir__conn *conn, const char *bytes, size_t len)
{
    const enum llhttp_errno result = llhttp_execute(&conn->parser, bytes, len);
    if (result == HPE_OK) {
        return len;
    }
    const size_t taken = (size_t)(llhttp_get_error_pos(&conn->parser) - bytes);
    if (result == HPE_PAUSED) {
        llhttp_resume(&conn->parser);
    } else if (result == HPE_PAUSED_UPGRADE) {
        llhttp_resume_after_upgrade(&conn->parser); // we stay with HTTP/1.1, as a server may
    } else {
        weir__route_broken(conn);
        return len;
    }
    return taken;
}

static void send_continue(struct weir__conn *conn)
{
    static const char CONTINUE[] = "HTTP/1.1 100 Continue\r\n\r\n";
    conn->must_continue = false;
    (void)weir__conn_send(conn, CONTINUE, sizeof(CONTINUE) - 1);
}

/** Bytes of a client: requests are answered in order, so what lies behind the one being answered
 * waits. */
static void feed(struct weir__conn *conn, const char *bytes, size_t len)
{
    conn->is_feeding = true;
    while (len > 0 && conn->state == WEIR__CONN_READING) {
        const size_t taken = parse(conn, bytes, len);
        bytes += taken;
        len -= taken;
        if (conn->is_complete) {
            conn->is_complete = false;
            weir__route(conn);
        }
    }
    conn->is_feeding = false;
    if (conn->state == WEIR__CONN_READING && conn->must_continue) {
        send_continue(conn);
    }
    if (conn->state == WEIR__CONN_ANSWERING && len > 0) {
        const bool fits = weir_buf_add(&conn->later, bytes, len);
        WEIR_ASSERT(fits); // at most one read: reading rests now
        weir__conn_watch(conn, conn->watched & ~UV_READABLE);
    }
}

void weir__conn_answered(struct weir__conn *conn)
{
    if (!conn->keeps_alive) {
        drain(conn);
        return;
    }
    wait_for_request(conn);
    if (conn->later.len == 0 || conn->is_feeding) {
        return;
    }
    struct weir_buf later = conn->later;
    weir_buf_init(&conn->later, later.cap);
    feed(conn, later.ptr, later.len);
    weir_buf_free(&later);
}

/** Monotonic time of a kernel stamp. The distance of the two clocks is measured anew each second.
 */
static weir_ns monotonic_of(struct weir__sim *sim, struct timespec wall, weir_ns now)
{
    if (now - sim->offset_at_ns > WEIR_SECOND) {
        sim->offset_ns = weir_clock_offset(NULL);
        sim->offset_at_ns = now;
    }
    const weir_ns at = weir_ns_of(wall) - sim->offset_ns;
    return at < now ? at : now;
}

/** Read once, with the kernel's stamp of the last segment read. Returns what recvmsg() does. */
static ssize_t receive(struct weir__conn *conn)
{
    union {
        char bytes[CMSG_SPACE(sizeof(struct timespec))];
        struct cmsghdr align;
    } control;
    struct weir__sim *sim = conn->sim;
    struct iovec into = {.iov_base = sim->input, .iov_len = WEIR__INPUT_BYTES};
    struct msghdr message = {.msg_iov = &into,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    const ssize_t len = recvmsg(conn->fd, &message, MSG_DONTWAIT);
    const weir_ns now = weir_clock_now();
    conn->read_ns = now;
    if (len <= 0) {
        return len;
    }
    const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header != NULL && header->cmsg_level == SOL_SOCKET &&
        header->cmsg_type == SCM_TIMESTAMPNS) {
        struct timespec wall;
        memcpy(&wall, CMSG_DATA(header), sizeof(wall));
        conn->read_ns = monotonic_of(sim, wall, now);
    }
    return len;
}

static void on_readable(struct weir__conn *conn)
{
    const ssize_t len = receive(conn);
    if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (len <= 0) {
        weir__conn_close(conn, WEIR_SIM_CLIENT_CLOSED);
        return;
    }
    switch (conn->state) {
    case WEIR__CONN_READING:
        if (conn->item.place > 0) {
            set_patience(conn, conn->sim->config->idle_close);
        }
        feed(conn, conn->sim->input, (size_t)len);
        break;
    case WEIR__CONN_ANSWERING: {
        const bool fits = weir_buf_add(&conn->later, conn->sim->input, (size_t)len);
        WEIR_ASSERT(fits);
        weir__conn_watch(conn, conn->watched & ~UV_READABLE);
        break;
    }
    case WEIR__CONN_DRAINING:
    case WEIR__CONN_CLOSED:
    default:
        break;
    }
}

static void on_writable(struct weir__conn *conn)
{
    if (!weir__conn_flush(conn) || !weir__conn_is_flushed(conn)) {
        return;
    }
    if (conn->stream.is_active) {
        weir__stream_flushed(conn);
    } else if (conn->state == WEIR__CONN_ANSWERING) {
        weir__conn_answered(conn);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct weir__conn *conn = poll->data;
    struct weir__sim *sim = conn->sim;
    if (status < 0) {
        weir__conn_close(conn, WEIR_SIM_CLIENT_CLOSED);
    }
    if ((events & UV_WRITABLE) != 0 && conn->state != WEIR__CONN_CLOSED) {
        on_writable(conn);
    }
    if ((events & UV_READABLE) != 0 && conn->state != WEIR__CONN_CLOSED) {
        on_readable(conn);
    }
    weir__sim_turn(sim);
}

void weir__conn_watch(struct weir__conn *conn, int events)
{
    if (events == conn->watched || conn->state == WEIR__CONN_CLOSED) {
        return;
    }
    conn->watched = events;
    const int result =
        events != 0 ? uv_poll_start(&conn->poll, events, on_poll) : uv_poll_stop(&conn->poll);
    WEIR_ASSERT(result == 0);
}

void weir__conn_pause(struct weir__conn *conn)
{
    (void)uv_poll_stop(&conn->poll);
}

void weir__conn_resume(struct weir__conn *conn)
{
    if (conn->watched != 0) {
        const int result = uv_poll_start(&conn->poll, conn->watched, on_poll);
        WEIR_ASSERT(result == 0);
    }
}

void weir__conn_open(struct weir__sim *sim, int fd)
{
    struct weir__conn *conn = weir_alloc(1, sizeof(*conn));
    conn->sim = sim;
    conn->fd = fd;
    if (uv_poll_init(&sim->loop, &conn->poll, fd) != 0) {
        (void)close(fd);
        weir_free(conn);
        return;
    }
    conn->poll.data = conn;
    weir_buf_init(&conn->path, WEIR__PATH_CAP);
    weir_buf_init(&conn->body, WEIR__BODY_CAP);
    weir_buf_init(&conn->header, NAME_CAP);
    weir_buf_init(&conn->value, WEIR__ID_MAX);
    weir_buf_init(&conn->later, WEIR__INPUT_BYTES);
    weir_buf_init(&conn->out, WEIR_SIM_ANSWER_CAP);
    llhttp_init(&conn->parser, HTTP_REQUEST, &sim->parsing);
    conn->next = sim->first;
    if (sim->first != NULL) {
        sim->first->prev = conn;
    }
    sim->first = conn;
    wait_for_request(conn);
}
