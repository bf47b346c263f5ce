// The sending half of a connection: bytes to the kernel, and what it would not take yet.
#define _GNU_SOURCE
#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "sim_internal.h"
#include "weir/base/attr.h"

// headers and a body up to JOINED_BYTES go in one system call
enum { HEAD_BYTES = 1024, JOINED_BYTES = 64 * 1024 };

static bool must_wait(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static void keep(struct weir__conn *conn, const char *bytes, size_t len)
{
    const bool fits = weir_buf_add(&conn->out, bytes, len);
    WEIR_ASSERT(fits); // the cap is that of the largest answer there is
    weir__conn_watch(conn, conn->watched | UV_WRITABLE);
}

static bool send_bytes(struct weir__conn *conn, const char *bytes, size_t len)
{
    if (!weir__conn_is_flushed(conn)) {
        keep(conn, bytes, len);
        return true;
    }
    conn->handed_ns = weir_clock_now();
    const ssize_t sent = send(conn->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent == (ssize_t)len) {
        return true;
    }
    if (sent < 0 && !must_wait(errno)) {
        weir__conn_close(conn, WEIR_SIM_CLIENT_CLOSED);
        return false;
    }
    const size_t taken = sent > 0 ? (size_t)sent : 0;
    keep(conn, bytes + taken, len - taken);
    return true;
}

bool weir__conn_send(struct weir__conn *conn, const char *bytes, size_t len)
{
    if (!conn->is_bytewise) {
        return send_bytes(conn, bytes, len);
    }
    for (size_t i = 0; i < len; i++) {
        if (!send_bytes(conn, bytes + i, 1)) {
            return false;
        }
    }
    return true;
}

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } REASONS[] = {
        {200, "OK"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {529, "Overloaded"},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(REASONS); i++) {
        if (REASONS[i].status == status) {
            return REASONS[i].reason;
        }
    }
    return "Unknown";
}

bool weir__conn_respond(struct weir__conn *conn, int status, const char *headers,
                        const struct weir_buf *body)
{
    struct weir_buf text;
    weir_buf_init(&text, HEAD_BYTES + JOINED_BYTES);
    bool fits = weir_buf_addf(&text, "HTTP/1.1 %d %s\r\n%sContent-Length: %zu\r\n%s\r\n", status,
                              reason_of(status), headers, body->len,
                              conn->keeps_alive ? "" : "Connection: close\r\n");
    const bool has_body = conn->parser.method != HTTP_HEAD && body->len > 0;
    const bool is_joined = has_body && body->len <= JOINED_BYTES;
    if (is_joined) {
        fits = fits && weir_buf_add(&text, body->ptr, body->len);
    }
    WEIR_ASSERT(fits);
    bool is_alive = weir__conn_send(conn, text.ptr, text.len);
    if (is_alive && has_body && !is_joined) {
        is_alive = weir__conn_send(conn, body->ptr, body->len);
    }
    weir_buf_free(&text);
    return is_alive;
}

bool weir__conn_flush(struct weir__conn *conn)
{
    conn->handed_ns = weir_clock_now();
    const ssize_t sent = send(conn->fd, conn->out.ptr + conn->out_at, conn->out.len - conn->out_at,
                              MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
        if (must_wait(errno)) {
            return true;
        }
        weir__conn_close(conn, WEIR_SIM_CLIENT_CLOSED);
        return false;
    }
    conn->out_at += (size_t)sent;
    if (conn->out_at == conn->out.len) {
        conn->out_at = 0;
        weir_buf_free(&conn->out); // rare enough that memory is worth more than the next malloc
        weir__conn_watch(conn, conn->watched & ~UV_WRITABLE);
    }
    return true;
}
