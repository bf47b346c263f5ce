// The engine's way to the network: chooses a transport and hands calls on to it. See bridge.h.
#define _GNU_SOURCE
#include "weir/engine/bridge.h"

#include <string.h>

#include "bridge_internal.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/base/str.h"

enum { LAG_MAX_S = 60, LAG_DIGITS = 2 };

static const struct weir__transport *choose(const struct weir_bridge_options *options)
{
    bool is_tls = options->endpoint->target->is_tls;
    bool is_plain = options->config->transport == WEIR_TRANSPORT_NATIVE ||
                    (options->config->transport == WEIR_TRANSPORT_AUTO && !is_tls);
    WEIR_ASSERT(!is_plain || !is_tls); // refused before the run
    return is_plain ? &weir__transport_plain : &weir__transport_curl;
}

struct weir_bridge *weir_bridge_new(const struct weir_bridge_options *options)
{
    struct weir_bridge *bridge = weir_alloc(1, sizeof(*bridge));
    bridge->options = *options;
    bridge->transport = choose(options);
    bridge->lag = weir_hist_new(LAG_MAX_S * WEIR_SECOND, LAG_DIGITS);
    weir_stamper_init(&bridge->stamper);
    weir__headers_make(options->config, options->endpoint->target->dialect, &bridge->headers);
    weir__watches_open(bridge);
    bridge->transport->open(bridge);
    return bridge;
}

void weir_bridge_close(struct weir_bridge *bridge)
{
    bridge->transport->close(bridge);
    weir__watches_close(bridge);
}

void weir_bridge_free(struct weir_bridge *bridge)
{
    bridge->transport->free(bridge);
    weir__watches_free(bridge);
    weir__headers_free(&bridge->headers);
    weir_hist_free(bridge->lag);
    weir_free(bridge);
}

struct weir_call *weir_bridge_call(struct weir_bridge *bridge, uint32_t index, void *context,
                                   int connected_fd)
{
    WEIR_ASSERT(index < bridge->options.calls);
    struct weir_call *call = bridge->transport->call(bridge, index);
    call->context = context;
    call->connected_fd = connected_fd;
    return call;
}

void weir_call_start(struct weir_call *call, const char *body, size_t len, const char *request_id)
{
    (void)weir_copy(call->request_id, sizeof(call->request_id), request_id);
    call->bridge->transport->start(call, body, len);
}

void weir_call_cancel(struct weir_call *call)
{
    call->bridge->transport->cancel(call);
}

int16_t weir_call_status(struct weir_call *call)
{
    return call->bridge->transport->status(call);
}

bool weir_call_is_event_stream(struct weir_call *call)
{
    return call->bridge->transport->is_event_stream(call);
}

void weir_call_settle(struct weir_call *call)
{
    call->bridge->transport->settle(call);
}

uint64_t weir_bridge_turn(const struct weir_bridge *bridge)
{
    return bridge->turn;
}

void weir__bridge_note_lag(struct weir_bridge *bridge, bool is_kernel, weir_ns lag)
{
    if (is_kernel) {
        bridge->kernel_stamps++;
        (void)weir_hist_record(bridge->lag, lag > 0 ? lag : 0);
    }
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
