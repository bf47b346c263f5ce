// Resolving a target and opening connections to it ahead of the window: see endpoint.h.
#define _GNU_SOURCE
#include "weir/engine/endpoint.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "weir/base/mem.h"
#include "weir/engine/stamp.h"

enum { BATCH = 128, PROBE_AFTER_S = 60 };

/** What every connection gets: no delay of small writes, probes when it is silent, stamps. */
static void prepare(int fd)
{
    const int on = 1;
    const int after = PROBE_AFTER_S;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &after, sizeof(after));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &after, sizeof(after));
    (void)weir_stamp_enable(fd);
}

/** Begin a connection; the descriptor, or −1 with errno. */
static int begin_connect(const struct sockaddr_storage *address, socklen_t len)
{
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (fd < 0) {
        return -1;
    }
    prepare(fd);
    if (connect(fd, (const struct sockaddr *)address, len) == 0 || errno == EINPROGRESS) {
        return fd;
    }
    int saved = errno;
    (void)close(fd);
    errno = saved;
    return -1;
}

/** 0 when the connection is up, else its errno. */
static int connect_error(int fd)
{
    int error = 0;
    socklen_t len = sizeof(error);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) {
        return errno;
    }
    return error;
}

static int remaining_ms(weir_ns deadline)
{
    weir_ns left = deadline - weir_clock_now();
    if (left <= 0) {
        return 0;
    }
    return left > WEIR_HOUR ? (int)(WEIR_HOUR / WEIR_MSEC) : (int)(left / WEIR_MSEC) + 1;
}

/** Whether `address` accepts a connection; 0 or an errno. */
static int try_address(const struct addrinfo *info, weir_ns timeout)
{
    struct sockaddr_storage address = {0};
    memcpy(&address, info->ai_addr, info->ai_addrlen);
    int fd = begin_connect(&address, info->ai_addrlen);
    if (fd < 0) {
        return errno;
    }
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    int ready = poll(&wait, 1, remaining_ms(weir_clock_now() + timeout));
    int error = ready > 0 ? connect_error(fd) : ETIMEDOUT;
    (void)close(fd);
    return error;
}

static weir_status resolve(const struct weir_target *target, struct addrinfo **list,
                           struct weir_err *err)
{
    char port[8];
    (void)snprintf(port, sizeof(port), "%u", target->port);
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    int code = getaddrinfo(target->host, port, &hints, list);
    if (code == 0) {
        return WEIR_OK;
    }
    return weir_fail(err, WEIR_UNREACHABLE,
                     "%s: cannot resolve the host '%s': %s; check the name in --url", target->name,
                     target->host, gai_strerror(code));
}

static void take_address(const struct addrinfo *info, struct weir_endpoint *out)
{
    memcpy(&out->address, info->ai_addr, info->ai_addrlen);
    out->address_len = info->ai_addrlen;
    (void)getnameinfo(info->ai_addr, info->ai_addrlen, out->text, sizeof(out->text), NULL, 0,
                      NI_NUMERICHOST);
}

static weir_status refuse(const struct weir_target *target, int error, struct weir_err *err)
{
    if (error == ETIMEDOUT) {
        return weir_fail(err, WEIR_UNREACHABLE,
                         "%s: no answer from %s port %u within the connect timeout; check the "
                         "address, firewalls "
                         "and --connect-timeout",
                         target->name, target->host, target->port);
    }
    return weir_fail(err, WEIR_UNREACHABLE,
                     "%s: cannot connect to %s port %u: %s; is the server running there?",
                     target->name, target->host, target->port, strerror(error));
}

weir_status weir_endpoint_open(const struct weir_target *target, weir_ns timeout,
                               struct weir_endpoint *out, struct weir_err *err)
{
    struct addrinfo *list = NULL;
    weir_status status = resolve(target, &list, err);
    if (status != WEIR_OK) {
        return status;
    }
    int error = ECONNREFUSED;
    for (const struct addrinfo *info = list; info != NULL; info = info->ai_next) {
        error = try_address(info, timeout > 0 ? timeout : WEIR_MINUTE);
        if (error == 0) {
            *out = (struct weir_endpoint){.target = target};
            take_address(info, out);
            break;
        }
    }
    freeaddrinfo(list);
    return error == 0 ? WEIR_OK : refuse(target, error, err);
}

/** Wait for one batch of connections that have been begun. */
static void finish_batch(struct pollfd *waits, int *fds, weir_ns *spans, size_t count,
                         weir_ns timeout)
{
    weir_ns began = weir_clock_now();
    size_t open = 0;
    for (size_t i = 0; i < count; i++) {
        waits[i] = (struct pollfd){.fd = fds[i], .events = POLLOUT};
        open += fds[i] >= 0 ? 1 : 0;
    }
    while (open > 0 && poll(waits, count, remaining_ms(began + timeout)) > 0) {
        weir_ns now = weir_clock_now();
        for (size_t i = 0; i < count; i++) {
            if (waits[i].fd >= 0 && waits[i].revents != 0) {
                spans[i] = connect_error(fds[i]) == 0 ? now - began : -1;
                waits[i].fd = -1;
                open--;
            }
        }
    }
}

/** Close what did not come up: the first request tries again, and reports why. */
static void drop_failed(int *fds, const weir_ns *spans, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (fds[i] >= 0 && spans[i] < 0) {
            (void)close(fds[i]);
            fds[i] = -1;
        }
    }
}

int weir_endpoint_begin_connect(const struct weir_endpoint *endpoint)
{
    return begin_connect(&endpoint->address, endpoint->address_len);
}

void weir_endpoint_connect(const struct weir_endpoint *endpoint, weir_ns timeout, int *fds,
                           weir_ns *spans, size_t count)
{
    struct pollfd waits[BATCH];
    for (size_t first = 0; first < count; first += BATCH) {
        size_t batch = count - first < BATCH ? count - first : BATCH;
        for (size_t i = 0; i < batch; i++) {
            fds[first + i] = weir_endpoint_begin_connect(endpoint);
            spans[first + i] = -1;
        }
        finish_batch(waits, fds + first, spans + first, batch, timeout > 0 ? timeout : WEIR_MINUTE);
        drop_failed(fds + first, spans + first, batch);
    }
}
