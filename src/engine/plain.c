// weir's own transport, for plain HTTP/1.1: calls, their connections' wake-ups and their endings.
// Each call owns one connection; nothing is ever sent twice. See bridge.h and plain_internal.h.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "plain_internal.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"

static struct weir__plain_call *own(struct weir_call *call)
{
    return WEIR_CONTAINER_OF(call, struct weir__plain_call, call);
}

bool weir__plain_is_under_way(const struct weir__plain_call *call)
{
    return call->state == WEIR__PLAIN_SENDING || call->state == WEIR__PLAIN_SENT;
}

// ---- endings
// -------------------------------------------------------------------------------------

void weir__plain_end(struct weir__plain_call *call, enum weir_outcome outcome, const char *message)
{
    const struct weir_bridge_options *options = &call->call.bridge->options;
    bool is_kept = outcome == WEIR_OUTCOME_OK && call->answer.keeps_alive &&
                   call->state == WEIR__PLAIN_SENT &&
                   options->config->connection == WEIR_CONNECTION_REUSE;
    if (!is_kept) {
        weir__plain_drop(call);
    }
    call->idle_since = call->plain->at;
    call->state = WEIR__PLAIN_IDLE;
    const struct weir_call_end end = {
        .outcome = outcome,
        .http_status = call->answer.status,
        .is_reused = call->is_reused,
        .connect_time = call->connect_time,
        .message = message,
    };
    options->ops->on_done(call->call.context, &end, call->plain->at);
}

static bool is_our_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == EADDRNOTAVAIL || error == ENOBUFS ||
           error == ENOMEM;
}

void weir__plain_fail(struct weir__plain_call *call, const char *what, int error)
{
    struct weir__plain *plain = call->plain;
    const struct weir_endpoint *endpoint = plain->bridge->options.endpoint;
    char words[96];
    (void)snprintf(plain->message, sizeof(plain->message), "%s (%s port %u): %s", what,
                   endpoint->text, (unsigned)endpoint->target->port,
                   strerror_r(error, words, sizeof(words)));
    bool is_up = call->state != WEIR__PLAIN_CONNECTING;
    plain->at = weir_clock_now();
    weir__plain_end(call,
                    is_our_shortage(error) ? WEIR_OUTCOME_CLIENT_RESOURCE
                    : is_up                ? WEIR_OUTCOME_RESET
                                           : WEIR_OUTCOME_CONNECT,
                    plain->message);
}

// ---- under way
// -----------------------------------------------------------------------------------

/** Begin what has been started. A call that fails at once may be started again meanwhile: that is
 * done in another turn of this loop, not inside the first. */
static void begin_started(struct weir__plain *plain)
{
    for (struct weir__plain_call *call = plain->first_started; call != NULL;
         call = plain->first_started) {
        plain->first_started = call->next;
        call->is_listed = false;
        if (call->state == WEIR__PLAIN_STARTED) { // not cancelled since
            weir__plain_begin(call);
        }
    }
}

static void go_on(struct weir__plain_call *call, int events, bool is_broken)
{
    if (call->state == WEIR__PLAIN_CONNECTING) {
        weir__plain_connected(call);
        return;
    }
    if ((events & UV_READABLE) != 0 || is_broken) {
        weir__plain_read(call, is_broken);
    }
    if ((events & UV_WRITABLE) != 0 && call->state == WEIR__PLAIN_SENDING) {
        weir__plain_write(call);
    }
}

void weir__plain_on_poll(uv_poll_t *poll, int status, int events)
{
    struct weir__watch *watch = poll->data;
    struct weir__plain_call *call = watch->owner;
    if (status < 0) {
        watch->armed = 0; // libuv stops a handle whose socket has an error
    }
    if (call->state == WEIR__PLAIN_IDLE || call->state == WEIR__PLAIN_STARTED) {
        weir__plain_drop(call); // the server closed a connection at rest, or sent what nobody asked
        return;                 // for: either way it is of no more use
    }
    go_on(call, events, status < 0);
    begin_started(call->plain);
}

/** The loop is about to look at the sockets. */
static void on_look(uv_prepare_t *look)
{
    struct weir__plain *plain = look->data;
    plain->looked_before = plain->has_looked ? plain->looked_at : plain->prepared_at;
    plain->prepared_at = weir_clock_now();
    plain->has_looked = false;
}

// ---- the transport
// -------------------------------------------------------------------------------

static void plain_open(struct weir_bridge *bridge)
{
    struct weir__plain *plain = weir_alloc(1, sizeof(*plain));
    bridge->state = plain;
    plain->bridge = bridge;
    plain->calls = weir_alloc(bridge->options.calls, sizeof(*plain->calls));
    plain->prepared_at = weir_clock_now();
    weir__plain_make_head(plain);
    int failed = uv_prepare_init(bridge->options.loop, &plain->look);
    WEIR_ASSERT(failed == 0);
    plain->look.data = plain;
    (void)uv_prepare_start(&plain->look, on_look);
    uv_unref((uv_handle_t *)&plain->look);
}

static struct weir_call *plain_call(struct weir_bridge *bridge, uint32_t index)
{
    struct weir__plain *plain = bridge->state;
    struct weir__plain_call *call = &plain->calls[index];
    if (call->plain == NULL) {
        call->call.bridge = bridge;
        call->plain = plain;
        call->fd = -1;
    }
    return &call->call;
}

static void plain_start(struct weir_call *base, const char *body, size_t len)
{
    struct weir__plain_call *call = own(base);
    struct weir__plain *plain = call->plain;
    WEIR_ASSERT(call->state == WEIR__PLAIN_IDLE);
    call->state = WEIR__PLAIN_STARTED;
    call->body = body;
    call->body_len = len;
    if (call->is_listed) { // cancelled before it was begun, and started again
        return;
    }
    call->is_listed = true;
    call->next = NULL;
    if (plain->first_started == NULL) {
        plain->first_started = call;
    } else {
        plain->last_started->next = call;
    }
    plain->last_started = call;
}

static void plain_cancel(struct weir_call *base)
{
    struct weir__plain_call *call = own(base);
    if (call->state != WEIR__PLAIN_IDLE) {
        call->state = WEIR__PLAIN_IDLE;
        weir__plain_drop(call);
    }
}

static void plain_settle(struct weir_call *base)
{
    begin_started(own(base)->plain);
}

static int16_t plain_status(struct weir_call *base)
{
    return own(base)->answer.status;
}

static bool plain_is_event_stream(struct weir_call *base)
{
    return own(base)->answer.is_event_stream;
}

static void plain_close(struct weir_bridge *bridge)
{
    struct weir__plain *plain = bridge->state;
    for (uint32_t i = 0; i < bridge->options.calls; i++) {
        struct weir__plain_call *call = &plain->calls[i];
        if (call->plain == NULL) {
            continue;
        }
        weir__plain_drop(call);
        if (call->call.connected_fd >= 0) {
            (void)close(call->call.connected_fd);
        }
    }
    uv_close((uv_handle_t *)&plain->look, NULL);
}

static void plain_free(struct weir_bridge *bridge)
{
    struct weir__plain *plain = bridge->state;
    weir_free(plain->head);
    weir_free(plain->calls);
    weir_free(plain);
}

const struct weir__transport weir__transport_plain = {
    .open = plain_open,
    .call = plain_call,
    .start = plain_start,
    .cancel = plain_cancel,
    .settle = plain_settle,
    .status = plain_status,
    .is_event_stream = plain_is_event_stream,
    .close = plain_close,
    .free = plain_free,
};
