/** endpoint.h: where a target is on the network: resolved once, before the clock starts, and pinned
 * for the run. */
#ifndef WEIR_ENGINE_ENDPOINT_H
#define WEIR_ENGINE_ENDPOINT_H

#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

#include "weir/base/clock.h"
#include "weir/base/status.h"
#include "weir/plan/target.h"

struct weir_endpoint {
    const struct weir_target *target;
    struct sockaddr_storage address; // the one that answered
    socklen_t address_len;
    char text[INET6_ADDRSTRLEN + 2]; // numeric, IPv6 without brackets
};

/** Resolve the target's host and take the first address that accepts a connection within `timeout`.
 * WEIR_UNREACHABLE, with what was tried and what to check, when none does. Blocks. */
weir_status weir_endpoint_open(const struct weir_target *target, weir_ns timeout,
                               struct weir_endpoint *out, struct weir_err *err) WEIR_MUST_USE;

/** Begin a connection: a non-blocking stamped socket that becomes writable when it is up, or −1
 * with errno. */
int weir_endpoint_begin_connect(const struct weir_endpoint *endpoint);

/** Open `count` TCP connections to the endpoint ahead of the window, a batch at a time so that the
 * server's accept queue does not overflow. fds[i] is a connected non-blocking stamped socket, or −1
 * where that failed; spans[i] is how long it took. Blocks. */
void weir_endpoint_connect(const struct weir_endpoint *endpoint, weir_ns timeout, int *fds,
                           weir_ns *spans, size_t count);

#endif
