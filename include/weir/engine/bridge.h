/** bridge.h: libcurl's multi interface on a libuv loop. A bridge belongs to one worker thread and
 * drives several lanes, each a multi handle with some hundred streams: libcurl's cost a request
 * grows with the transfers on one handle.
 *
 *  A call is one HTTP exchange at a time on a handle of its own, reused from request to request.
 * Bytes reach the caller with the kernel's receive stamp. Callbacks run on the worker's thread;
 * weir_call_start may be called from on_done, not from the others. */
#ifndef WEIR_ENGINE_BRIDGE_H
#define WEIR_ENGINE_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "weir/config/config.h"
#include "weir/engine/endpoint.h"
#include "weir/engine/stamp.h"
#include "weir/stat/hist.h"
#include "weir/stat/sample.h"

struct weir_bridge;
struct weir_call;

/** How an exchange ended, as the transport saw it. */
struct weir_call_end {
    enum weir_outcome outcome; // OK: a complete HTTP answer; judge http_status and body. Else what
                               // went wrong below HTTP
    int16_t http_status;       // 0: none came
    bool is_connect_timeout;   // with TIMEOUT: the connection was not up in time
    bool is_reused;
    bool was_retried; // libcurl wanted to send the request a second time, and was not let
    weir_ns connect_time;
    const char *message; // for people; valid during the callback
};

struct weir_call_ops {
    void (*on_sent)(void *context, weir_ns now); // connection up, request about to be written
    void (*on_head)(void *context, weir_ns at);  // each part of the response's head
    bool (*on_body)(void *context, struct weir_call *call, const char *bytes, size_t len,
                    weir_ns at); // false: give up, the answer is beyond help
    void (*on_done)(void *context, const struct weir_call_end *end, weir_ns at);
};

struct weir_bridge_options {
    const struct weir_config *config;
    const struct weir_endpoint *endpoint;
    uv_loop_t *loop;
    uint32_t calls; // exchanges at a time
    const struct weir_call_ops *ops;
};

/** Allocates everything the calls need. Never NULL. */
struct weir_bridge *weir_bridge_new(const struct weir_bridge_options *options);

/** Close every connection. The loop must run once more before it is closed (uv handles close
 * asynchronously), then weir_bridge_free. */
void weir_bridge_close(struct weir_bridge *bridge);
void weir_bridge_free(struct weir_bridge *bridge);

/** Call number `index` < calls; `context` goes to its callbacks. `connected_fd` ≥ 0 is a socket
 * that is connected already (owned by the bridge from now on). */
struct weir_call *weir_bridge_call(struct weir_bridge *bridge, uint32_t index, void *context,
                                   int connected_fd);

/** Send a request. `body` is borrowed until the end; `request_id` goes into X-Request-Id. Inside
 * on_done it gets under way by itself; elsewhere weir_call_settle() must follow. */
void weir_call_start(struct weir_call *call, const char *body, size_t len, const char *request_id);

/** Drop the exchange and its connection. No callback will come. Not from within a callback. */
void weir_call_cancel(struct weir_call *call);

/** Status of the answer being received. */
int16_t weir_call_status(struct weir_call *call);

/** Whether the answer being received is a text/event-stream. */
bool weir_call_is_event_stream(struct weir_call *call);

/** Let a call that was started outside on_done get under way. */
void weir_call_settle(struct weir_call *call);

/** Number of the wake-up being served: bytes with the same number came out of one read. */
uint64_t weir_bridge_turn(const struct weir_bridge *bridge);

/** Self-audit. */
const struct weir_hist *
weir_bridge_lag(const struct weir_bridge *bridge); // ns from kernel stamp to user space, per read
bool weir_bridge_has_kernel_stamps(const struct weir_bridge *bridge);
struct weir_stamper *weir_bridge_stamper(struct weir_bridge *bridge);

#endif
