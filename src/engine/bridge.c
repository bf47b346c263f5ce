// libcurl's multi interface on libuv: lanes, sockets, timers. See bridge.h. Three rules: libcurl is
// never called from inside one of its own callbacks; a 0 ms timer is served at once, not after a
// millisecond; finished transfers are collected after every call.
#define _GNU_SOURCE
#include "weir/engine/bridge.h"

#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "bridge_internal.h"
#include "weir/base/mem.h"
#include "weir/engine/limits.h"

enum { LAG_MAX_S = 60, LAG_DIGITS = 2, WATCHES_SPARE = 16 };

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
        struct weir_call *call = NULL;
        CURLcode code = message->data.result; // the message dies with remove_handle
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&call);
        (void)curl_multi_remove_handle(lane->multi, message->easy_handle);
        weir__call_done(call, code);
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
    bridge->bodies = 0;
    bridge->arrival = (struct weir_arrival){now, now, false};
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

static void arm(struct weir__watch *watch, int events, uv_poll_cb callback)
{
    if (events == watch->armed) {
        return;
    }
    watch->armed = events;
    int failed =
        events == 0 ? uv_poll_stop(&watch->poll) : uv_poll_start(&watch->poll, events, callback);
    WEIR_ASSERT(failed == 0);
}

/** A wake-up by bytes: when those about to be read arrived; also the client's own lag. */
static void stamp(struct weir_bridge *bridge, int fd)
{
    bridge->turn++;
    bridge->bodies = 0;
    weir_ns now = weir_clock_now();
    bridge->arrival = weir_stamp_peek(&bridge->stamper, fd, now);
    if (bridge->arrival.is_kernel) {
        bridge->kernel_stamps++;
        (void)weir_hist_record(bridge->lag, now - bridge->arrival.first);
    } else {
        bridge->user_stamps++;
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct weir__watch *watch = poll->data;
    struct weir__lane *lane = watch->lane;
    if (watch->is_idle) {
        arm(watch, 0,
            NULL); // the server closed a connection at rest: libcurl notices when it wants it
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

/** The watch of a descriptor; made on its first use. */
static struct weir__watch *watch_of(struct weir__lane *lane, int fd)
{
    struct weir_bridge *bridge = lane->bridge;
    WEIR_ASSERT(fd >= 0 && (size_t)fd < bridge->watch_cap);
    struct weir__watch *watch = bridge->watches[fd];
    if (watch == NULL) {
        watch = bridge->pool_used < bridge->pool_count ? &bridge->pool[bridge->pool_used++]
                                                       : weir_alloc(1, sizeof(*watch));
        watch->fd = fd;
        watch->poll.data = watch;
        int failed = uv_poll_init(bridge->options.loop, &watch->poll, fd);
        WEIR_ASSERT(failed == 0);
        bridge->watches[fd] = watch;
    }
    watch->lane = lane;
    return watch;
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *per_socket)
{
    (void)easy;
    (void)per_socket;
    struct weir__watch *watch = watch_of(context, fd);
    watch->is_idle = what == CURL_POLL_REMOVE;
    if (watch->is_idle) {
        // Most likely the next request asks for it back at once: stay armed for reading.
        arm(watch, watch->armed & UV_READABLE, on_poll);
        return 0;
    }
    int events = what != CURL_POLL_OUT ? UV_READABLE : 0;
    events |= what != CURL_POLL_IN ? UV_WRITABLE : 0;
    arm(watch, events, on_poll);
    return 0;
}

curl_socket_t weir__bridge_open_socket(void *context, curlsocktype purpose,
                                       struct curl_sockaddr *address)
{
    (void)purpose;
    struct weir_call *call = context;
    int fd = call->connected_fd;
    call->connected_fd = -1;
    if (fd < 0) {
        fd = socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    address->protocol);
    }
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

int weir__bridge_socket_options(void *context, curl_socket_t fd, curlsocktype purpose)
{
    (void)context;
    (void)purpose;
    (void)weir_stamp_enable(fd);
    int is_connected = 0;
    struct sockaddr_storage peer;
    socklen_t len = sizeof(peer);
    is_connected = getpeername(fd, (struct sockaddr *)&peer, &len) == 0;
    return is_connected ? CURL_SOCKOPT_ALREADY_CONNECTED : CURL_SOCKOPT_OK;
}

int weir__bridge_close_socket(void *context, curl_socket_t fd)
{
    struct weir_bridge *bridge = context;
    struct weir__watch *watch = (size_t)fd < bridge->watch_cap ? bridge->watches[fd] : NULL;
    if (watch != NULL) {
        arm(watch, 0, NULL); // before the close: a closed descriptor must not stay in the epoll set
        watch->is_idle = true;
    }
    return close(fd);
}

static void init_lane(struct weir_bridge *bridge, struct weir__lane *lane, long calls)
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
                            calls + 1); // else the cache evicts what will be needed
}

static void pin_address(struct weir_bridge *bridge)
{
    const struct weir_endpoint *endpoint = bridge->options.endpoint;
    char entry[512];
    (void)snprintf(entry, sizeof(entry), "%s:%u:%s", endpoint->target->host, endpoint->target->port,
                   endpoint->text);
    bridge->resolve = curl_slist_append(NULL, entry);
}

struct weir_bridge *weir_bridge_new(const struct weir_bridge_options *options)
{
    struct weir_bridge *bridge = weir_alloc(1, sizeof(*bridge));
    bridge->options = *options;
    bridge->lane_count = (options->calls + WEIR__LANE_CALLS - 1) / WEIR__LANE_CALLS;
    bridge->lanes = weir_alloc(bridge->lane_count, sizeof(*bridge->lanes));
    bridge->watch_cap = (size_t)weir_limits_descriptors();
    bridge->watches = weir_alloc(bridge->watch_cap, sizeof(struct weir__watch *));
    bridge->pool_count = (size_t)options->calls * 2 + WATCHES_SPARE;
    bridge->pool = weir_alloc(bridge->pool_count, sizeof(*bridge->pool));
    bridge->lag = weir_hist_new(LAG_MAX_S * WEIR_SECOND, LAG_DIGITS);
    weir_stamper_init(&bridge->stamper);
    pin_address(bridge);
    weir__transport_headers(bridge);
    for (size_t i = 0; i < bridge->lane_count; i++) {
        init_lane(bridge, &bridge->lanes[i], WEIR__LANE_CALLS);
    }
    bridge->calls = weir_alloc(options->calls, sizeof(*bridge->calls));
    for (uint32_t i = 0; i < options->calls; i++) {
        struct weir_call *call = &bridge->calls[i];
        call->bridge = bridge;
        call->lane = &bridge->lanes[i % bridge->lane_count];
        call->connected_fd = -1;
        weir__call_init(call);
    }
    return bridge;
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

void weir_bridge_close(struct weir_bridge *bridge)
{
    for (uint32_t i = 0; i < bridge->options.calls; i++) {
        struct weir_call *call = &bridge->calls[i];
        if (call->is_active) {
            (void)curl_multi_remove_handle(call->lane->multi, call->easy);
        }
        if (call->connected_fd >= 0) {
            (void)close(call->connected_fd);
        }
        curl_easy_cleanup(call->easy);
    }
    for (size_t i = 0; i < bridge->lane_count; i++) {
        (void)curl_multi_cleanup(bridge->lanes[i].multi);
        close_handle((uv_handle_t *)&bridge->lanes[i].timer);
    }
    for (size_t i = 0; i < bridge->watch_cap; i++) {
        if (bridge->watches[i] != NULL) {
            close_handle((uv_handle_t *)&bridge->watches[i]->poll);
        }
    }
}

static bool is_pooled(const struct weir_bridge *bridge, const struct weir__watch *watch)
{
    return watch >= bridge->pool && watch < bridge->pool + bridge->pool_count;
}

void weir_bridge_free(struct weir_bridge *bridge)
{
    for (size_t i = 0; i < bridge->watch_cap; i++) {
        if (bridge->watches[i] != NULL && !is_pooled(bridge, bridge->watches[i])) {
            weir_free(bridge->watches[i]);
        }
    }
    curl_slist_free_all(bridge->headers);
    curl_slist_free_all(bridge->resolve);
    weir_hist_free(bridge->lag);
    weir_free(bridge->pool);
    weir_free(bridge->watches);
    weir_free(bridge->lanes);
    weir_free(bridge->calls);
    weir_free(bridge);
}

void weir_call_settle(struct weir_call *call)
{
    begin_turn(call->bridge);
    settle(call->lane);
}

uint64_t weir_bridge_turn(const struct weir_bridge *bridge)
{
    return bridge->turn;
}

const struct weir_hist *weir_bridge_lag(const struct weir_bridge *bridge)
{
    return bridge->lag;
}

bool weir_bridge_has_kernel_stamps(const struct weir_bridge *bridge)
{
    return bridge->kernel_stamps > 0;
}

struct weir_stamper *weir_bridge_stamper(struct weir_bridge *bridge)
{
    return &bridge->stamper;
}
