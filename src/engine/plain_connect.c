// Connections of weir's own transport, and requests onto them. See plain_internal.h.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "plain_internal.h"
#include "weir/base/buf.h"
#include "weir/base/mem.h"
#include "weir/base/str.h"

enum { HEAD_CAP = 1 << 20, HTTP_PORT = 80 };

/** What stands behind scheme and authority of the endpoint's URL. */
static const char *path_of(const struct weir_target *target)
{
    const char *authority = strstr(target->url, "://");
    const char *path = authority != NULL ? strchr(authority + 3, '/') : NULL;
    return path != NULL ? path : "/";
}

static void add_host(const struct weir_target *target, struct weir_buf *head)
{
    bool is_ipv6 = strchr(target->host, ':') != NULL;
    (void)weir_buf_addf(head, "Host: %s%s%s", is_ipv6 ? "[" : "", target->host, is_ipv6 ? "]" : "");
    if (target->port != HTTP_PORT) {
        (void)weir_buf_addf(head, ":%u", (unsigned)target->port);
    }
    (void)weir_buf_add_str(head, "\r\n");
}

void weir__plain_make_head(struct weir__plain *plain)
{
    const struct weir_target *target = plain->bridge->options.endpoint->target;
    const struct weir__headers *headers = &plain->bridge->headers;
    struct weir_buf head;
    weir_buf_init(&head, HEAD_CAP);
    (void)weir_buf_addf(&head, "POST %s HTTP/1.1\r\n", path_of(target));
    if (!headers->has_host) {
        add_host(target, &head);
    }
    for (size_t i = 0; i < headers->count; i++) {
        (void)weir_buf_add_str(&head, headers->lines[i]);
        (void)weir_buf_add_str(&head, "\r\n");
    }
    plain->head = weir_strdup(weir_buf_text(&head));
    plain->head_len = head.len;
    weir_buf_free(&head);
}

void weir__plain_drop(struct weir__plain_call *call)
{
    if (call->fd >= 0) {
        (void)weir__watch_close_fd(call->call.bridge, call->fd);
        call->fd = -1;
        call->watch = NULL;
    }
}

/** The end of the head: what differs from request to request. */
static void make_tail(struct weir__plain_call *call)
{
    bool has_own = call->call.bridge->headers.has_request_id;
    int len = snprintf(call->tail, sizeof(call->tail), "%s%s%sContent-Length: %zu\r\n\r\n",
                       has_own ? "" : "X-Request-Id: ", has_own ? "" : call->call.request_id,
                       has_own ? "" : "\r\n", call->body_len);
    call->tail_len = (size_t)len;
}

static void adopt(struct weir__plain_call *call, int fd, int events)
{
    call->fd = fd;
    call->watch = weir__watch_of(call->call.bridge, fd, call);
    weir__watch_arm(call->watch, events, weir__plain_on_poll);
}

/** Whether a connection at rest can still be used: nothing to read, not even its end. */
static bool is_alive(int fd)
{
    char byte = 0;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/** A connection that is up already: the one opened ahead, or that of the last request. */
static bool take_connection(struct weir__plain_call *call)
{
    if (call->call.connected_fd >= 0) {
        weir__plain_drop(call);
        adopt(call, call->call.connected_fd, UV_READABLE);
        call->call.connected_fd = -1;
        call->is_reused = false;
    } else if (call->fd >= 0) {
        call->is_reused = true;
        if (weir_clock_now() - call->idle_since > WEIR__IDLE_MAX_S * WEIR_SECOND) {
            weir__plain_drop(call);
        }
    }
    if (call->fd >= 0 && !is_alive(call->fd)) {
        weir__plain_drop(call);
    }
    return call->fd >= 0;
}

void weir__plain_begin(struct weir__plain_call *call)
{
    weir__plain_answer_begin(&call->answer);
    make_tail(call);
    call->written = 0;
    call->last_at = 0;
    call->connect_time = 0;
    call->connect_began = 0;
    call->state = WEIR__PLAIN_CONNECTING;
    if (take_connection(call)) {
        weir__plain_connected(call);
        return;
    }
    call->is_reused = false;
    call->connect_began = weir_clock_now();
    int fd = weir_endpoint_begin_connect(call->call.bridge->options.endpoint);
    if (fd < 0) {
        weir__plain_fail(call, "cannot connect", errno);
    } else {
        adopt(call, fd, UV_WRITABLE);
    }
}

void weir__plain_connected(struct weir__plain_call *call)
{
    weir_ns now = weir_clock_now();
    if (call->connect_began > 0) {
        int error = 0;
        socklen_t len = sizeof(error);
        if (getsockopt(call->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0) {
            weir__plain_fail(call, "cannot connect", error != 0 ? error : errno);
            return;
        }
        call->connect_time = now - call->connect_began;
        call->connect_began = 0;
    }
    call->state = WEIR__PLAIN_SENDING;
    call->call.bridge->options.ops->on_sent(call->call.context, now);
    weir__plain_write(call);
}

/** What is not written yet, as parts for sendmsg. */
static size_t parts_left(const struct weir__plain_call *call, struct iovec parts[3])
{
    const struct weir_slice all[3] = {
        {call->plain->head, call->plain->head_len},
        {call->tail, call->tail_len},
        {call->body, call->body_len},
    };
    size_t done = call->written;
    size_t count = 0;
    for (size_t i = 0; i < 3; i++) {
        size_t skip = done < all[i].len ? done : all[i].len;
        done -= skip;
        if (skip < all[i].len) {
            union { // sendmsg only reads, but its type does not say so
                const char *in;
                void *out;
            } from = {all[i].ptr + skip};
            parts[count++] = (struct iovec){from.out, all[i].len - skip};
        }
    }
    return count;
}

void weir__plain_write(struct weir__plain_call *call)
{
    const size_t total = call->plain->head_len + call->tail_len + call->body_len;
    while (call->written < total) {
        struct iovec parts[3];
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = parts_left(call, parts)};
        ssize_t sent = sendmsg(call->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EAGAIN) {
            weir__watch_arm(call->watch, UV_READABLE | UV_WRITABLE, weir__plain_on_poll);
            return;
        }
        if (sent < 0 && errno != EINTR) {
            weir__plain_fail(call, "cannot send the request", errno);
            return;
        }
        call->written += sent > 0 ? (size_t)sent : 0;
    }
    call->state = WEIR__PLAIN_SENT;
    weir__watch_arm(call->watch, UV_READABLE, weir__plain_on_poll);
}
