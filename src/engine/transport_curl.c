// libcurl's multi interface on libuv: lanes, sockets, timers. Three rules: libcurl is never
// called from inside one of its own callbacks; a 0 ms timer is served at once, not after a
// millisecond; finished transfers are collected after every call.
#define _GNU_SOURCE
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "transport_curl.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"

static struct weir__curl *curl_of(const struct weir_bridge *bridge)
{
    return bridge->state;
}

/** Hand finished transfers to their calls. They may start the next request, which kicks the lane.
 */
static void collect(struct weir__lane *lane)
{
    int left = 0;
    for (CURLMsg *message = curl_multi_info_read(lane->multi, &left); message != NULL;
         message = curl_multi_info_read(lane->multi, &left)) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        struct weir__curl_call *call = NULL;
        CURLcode code = message->data.result; // the message dies with remove_handle
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&call);
        (void)curl_multi_remove_handle(lane->multi, message->easy_handle);
        weir__curl_call_done(call, code);
    }
}

static void settle(struct weir__lane *lane)
{
    int running = 0;
    collect(lane);
    while (lane->is_kicked) {
        lane->is_kicked = false;
        (void)curl_multi_socket_action(lane->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        collect(lane);
    }
}

/** A wake-up that no byte caused: what libcurl reads during it is stamped by the user-space clock.
 */
static void begin_turn(struct weir_bridge *bridge)
{
    weir_ns now = weir_clock_now();
    bridge->turn++;
    curl_of(bridge)->bodies = 0;
    curl_of(bridge)->arrival = (struct weir_arrival){now, now, false};
}

static void on_timer(uv_timer_t *timer)
{
    struct weir__lane *lane = timer->data;
    begin_turn(lane->bridge);
    lane->is_kicked = true;
    settle(lane);
}

static int on_curl_timer(CURLM *multi, long timeout_ms, void *context)
{
    (void)multi;
    struct weir__lane *lane = context;
    if (timeout_ms == 0) {
        lane->is_kicked = true;
        timeout_ms = -1;
    }
    if (timeout_ms < 0) {
        return uv_timer_stop(&lane->timer);
    }
    return uv_timer_start(&lane->timer, on_timer, (uint64_t)timeout_ms, 0);
}

/** A wake-up by bytes: when those about to be read arrived; also the client's own lag. */
static void stamp(struct weir_bridge *bridge, int fd)
{
    struct weir__curl *curl = curl_of(bridge);
    bridge->turn++;
    curl->bodies = 0;
    weir_ns now = weir_clock_now();
    curl->arrival = weir_stamp_peek(&bridge->stamper, fd, now);
    weir__bridge_note_lag(bridge, curl->arrival.is_kernel, now - curl->arrival.first);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct weir__watch *watch = poll->data;
    struct weir__lane *lane = watch->owner;
    watch->armed = status < 0 ? 0 : watch->armed; // libuv stops a handle whose socket has an error
    if (lane == NULL) { // the server closed a connection at rest: libcurl notices when it wants it
        weir__watch_arm(watch, 0, NULL);
        return;
    }
    int bits = status < 0 ? CURL_CSELECT_ERR : 0;
    if ((events & UV_READABLE) != 0) {
        stamp(lane->bridge, watch->fd);
        bits |= CURL_CSELECT_IN;
    } else {
        begin_turn(lane->bridge);
    }
    bits |= (events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0;
    int running = 0;
    (void)curl_multi_socket_action(lane->multi, watch->fd, bits, &running);
    settle(lane);
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *per_socket)
{
    (void)easy;
    (void)per_socket;
    struct weir__lane *lane = context;
    bool is_idle = what == CURL_POLL_REMOVE; // libcurl has no transfer on it
    struct weir__watch *watch = weir__watch_of(lane->bridge, fd, is_idle ? NULL : lane);
    int events = what != CURL_POLL_OUT ? UV_READABLE : 0;
    events |= what != CURL_POLL_IN ? UV_WRITABLE : 0;
    if (is_idle) { // most likely the next request asks for it back at once: stay armed for reading
        events = watch->armed & UV_READABLE;
    }
    weir__watch_arm(watch, events, on_poll);
    return 0;
}

curl_socket_t weir__curl_open_socket(void *context, curlsocktype purpose,
                                     struct curl_sockaddr *address)
{
    (void)purpose;
    struct weir_call *call = &((struct weir__curl_call *)context)->call;
    int fd = call->connected_fd;
    call->connected_fd = -1;
    if (fd < 0) {
        fd = socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    address->protocol);
    }
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

int weir__curl_socket_options(void *context, curl_socket_t fd, curlsocktype purpose)
{
    (void)context;
    (void)purpose;
    (void)weir_stamp_enable(fd);
    struct sockaddr_storage peer;
    socklen_t len = sizeof(peer);
    bool is_connected = getpeername(fd, (struct sockaddr *)&peer, &len) == 0;
    return is_connected ? CURL_SOCKOPT_ALREADY_CONNECTED : CURL_SOCKOPT_OK;
}

int weir__curl_close_socket(void *context, curl_socket_t fd)
{
    return weir__watch_close_fd(context, fd);
}

static void init_lane(struct weir_bridge *bridge, struct weir__lane *lane)
{
    lane->bridge = bridge;
    lane->multi = curl_multi_init();
    WEIR_ASSERT(lane->multi != NULL);
    int failed = uv_timer_init(bridge->options.loop, &lane->timer);
    WEIR_ASSERT(failed == 0);
    lane->timer.data = lane;
    CURLM *multi = lane->multi;
    (void)curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    (void)curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, lane);
    (void)curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    (void)curl_multi_setopt(multi, CURLMOPT_TIMERDATA, lane);
    (void)curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    (void)curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS,
                            WEIR__LANE_CALLS + 1L); // else the cache evicts what will be needed
}

static void pin_address(struct weir_bridge *bridge)
{
    const struct weir_endpoint *endpoint = bridge->options.endpoint;
    char entry[512];
    (void)snprintf(entry, sizeof(entry), "%s:%u:%s", endpoint->target->host, endpoint->target->port,
                   endpoint->text);
    curl_of(bridge)->resolve = curl_slist_append(NULL, entry);
}

static void add_header(struct weir__curl *curl, const char *line)
{
    curl->headers = curl_slist_append(curl->headers, line);
    WEIR_ASSERT(curl->headers != NULL);
}

static void curl_open(struct weir_bridge *bridge)
{
    struct weir__curl *curl = weir_alloc(1, sizeof(*curl));
    uint32_t calls = bridge->options.calls;
    bridge->state = curl;
    curl->lane_count = ((size_t)calls + WEIR__LANE_CALLS - 1) / WEIR__LANE_CALLS;
    curl->lanes = weir_alloc(curl->lane_count, sizeof(*curl->lanes));
    curl->calls = weir_alloc(calls, sizeof(*curl->calls));
    pin_address(bridge);
    add_header(curl, "Expect:"); // libcurl would wait a second for "100 Continue" on large bodies
    for (size_t i = 0; i < bridge->headers.count; i++) {
        add_header(curl, bridge->headers.lines[i]);
    }
}

static struct weir_call *curl_call(struct weir_bridge *bridge, uint32_t index)
{
    struct weir__curl *curl = bridge->state;
    struct weir__curl_call *call = &curl->calls[index];
    if (call->easy == NULL) {
        call->call.bridge = bridge;
        call->lane = &curl->lanes[index / WEIR__LANE_CALLS];
        if (call->lane->multi == NULL) {
            init_lane(bridge, call->lane);
        }
        weir__curl_call_init(call);
    }
    return &call->call;
}

static void curl_cancel(struct weir_call *base)
{
    struct weir__curl_call *call = WEIR_CONTAINER_OF(base, struct weir__curl_call, call);
    if (call->is_active) {
        call->is_active = false;
        (void)curl_multi_remove_handle(call->lane->multi, call->easy);
    }
}

static void curl_settle(struct weir_call *base)
{
    struct weir__curl_call *call = WEIR_CONTAINER_OF(base, struct weir__curl_call, call);
    begin_turn(base->bridge);
    settle(call->lane);
}

static void close_call(struct weir__curl_call *call)
{
    if (call->easy == NULL) {
        return;
    }
    curl_cancel(&call->call);
    if (call->call.connected_fd >= 0) {
        (void)close(call->call.connected_fd);
    }
    curl_easy_cleanup(call->easy);
}

static void curl_close(struct weir_bridge *bridge)
{
    struct weir__curl *curl = bridge->state;
    for (uint32_t i = 0; i < bridge->options.calls; i++) {
        close_call(&curl->calls[i]);
    }
    for (size_t i = 0; i < curl->lane_count; i++) {
        if (curl->lanes[i].multi != NULL) {
            (void)curl_multi_cleanup(curl->lanes[i].multi);
            uv_close((uv_handle_t *)&curl->lanes[i].timer, NULL);
        }
    }
}

static void curl_free_state(struct weir_bridge *bridge)
{
    struct weir__curl *curl = bridge->state;
    curl_slist_free_all(curl->headers);
    curl_slist_free_all(curl->resolve);
    weir_free(curl->lanes);
    weir_free(curl->calls);
    weir_free(curl);
}

const struct weir__transport weir__transport_curl = {
    .open = curl_open,
    .call = curl_call,
    .start = weir__curl_call_start,
    .cancel = curl_cancel,
    .settle = curl_settle,
    .status = weir__curl_call_status,
    .is_event_stream = weir__curl_call_is_event_stream,
    .close = curl_close,
    .free = curl_free_state,
};
