/** plain_rig.h: weir's own transport against a server that is this very thread: every byte in its
 * place, no race. */
#ifndef WEIR_TESTS_ENGINE_PLAIN_RIG_H
#define WEIR_TESTS_ENGINE_PLAIN_RIG_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "weir/engine/bridge.h"

enum { RIG_BODY = 1 << 16, RIG_PARTS = 256, RIG_CALLS = 4, RIG_PATIENCE_S = 20 };

struct rig {
    uv_loop_t loop;
    struct weir_config config;
    struct weir_target target;
    struct weir_endpoint endpoint;
    struct weir_bridge *bridge;
    struct weir_call *call;
    int listener;
    int server; // the accepted connection; −1: none
    // what the callbacks said
    unsigned sent;
    unsigned heads;
    unsigned dones;
    bool refuses;   // on_body gives up
    unsigned again; // start so many more from on_done
    char body[RIG_BODY];
    size_t body_len;
    weir_ns at[RIG_PARTS]; // arrival of each part of the body
    uint64_t turn[RIG_PARTS];
    size_t parts;
    int16_t status; // as on_body saw it
    bool is_stream;
    struct weir_call_end end; // its message in `message`
    char message[256];
};

static void rig_on_sent(void *context, weir_ns now)
{
    struct rig *rig = context;
    assert_true(now > 0);
    rig->sent++;
}

static void rig_on_head(void *context, weir_ns at)
{
    struct rig *rig = context;
    assert_true(at > 0);
    rig->heads++;
}

static bool rig_on_body(void *context, struct weir_call *call, const char *bytes, size_t len,
                        weir_ns at)
{
    struct rig *rig = context;
    assert_true(rig->heads > 0);
    if (rig->body_len + len <= RIG_BODY) {
        memcpy(rig->body + rig->body_len, bytes, len);
        rig->body_len += len;
    }
    if (rig->parts < RIG_PARTS) {
        rig->at[rig->parts] = at;
        rig->turn[rig->parts++] = weir_bridge_turn(rig->bridge);
    }
    rig->status = weir_call_status(call);
    rig->is_stream = weir_call_is_event_stream(call);
    return !rig->refuses;
}

static void rig_on_done(void *context, const struct weir_call_end *end, weir_ns at)
{
    struct rig *rig = context;
    assert_true(at > 0);
    rig->dones++;
    rig->end = *end;
    (void)snprintf(rig->message, sizeof(rig->message), "%s", end->message);
    if (rig->again > 0) {
        rig->again--;
        weir_call_start(rig->call, "{}", 2, "again");
    }
}

static const struct weir_call_ops rig_ops = {rig_on_sent, rig_on_head, rig_on_body, rig_on_done};

static void rig_listen(struct rig *rig)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    rig->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(rig->listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(rig->listener, 16), 0);
    assert_int_equal(getsockname(rig->listener, (struct sockaddr *)&address, &len), 0);
    char url[64];
    struct weir_err err = {0};
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", ntohs(address.sin_port));
    assert_int_equal(weir_target_parse(url, "chat", &rig->target, &err), WEIR_OK);
    rig->endpoint = (struct weir_endpoint){.target = &rig->target, .address_len = len};
    memcpy(&rig->endpoint.address, &address, len);
    (void)snprintf(rig->endpoint.text, sizeof(rig->endpoint.text), "127.0.0.1");
}

/** `options`: name, value, …, NULL. */
static struct rig *rig_new(const char *const *options)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    struct weir_err err = {0};
    assert_non_null(rig);
    rig->server = -1;
    weir_config_init(&rig->config);
    for (; options != NULL && options[0] != NULL; options += 2) {
        assert_int_equal(weir_config_set(&rig->config, FOR_RUN, options[0], options[1], &err),
                         WEIR_OK);
    }
    rig_listen(rig);
    assert_int_equal(uv_loop_init(&rig->loop), 0);
    rig->bridge = weir_bridge_new(&(struct weir_bridge_options){.config = &rig->config,
                                                                .endpoint = &rig->endpoint,
                                                                .loop = &rig->loop,
                                                                .calls = RIG_CALLS,
                                                                .ops = &rig_ops});
    rig->call = weir_bridge_call(rig->bridge, 0, rig, -1);
    return rig;
}

static void rig_free(struct rig *rig)
{
    weir_bridge_close(rig->bridge);
    (void)uv_run(&rig->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&rig->loop), 0);
    weir_bridge_free(rig->bridge);
    weir_config_free(&rig->config);
    (void)close(rig->listener);
    if (rig->server >= 0) {
        (void)close(rig->server);
    }
    free(rig);
}

static void rig_start(struct rig *rig, const char *body, size_t len)
{
    rig->sent = rig->heads = rig->dones = 0;
    rig->body_len = rig->parts = 0;
    rig->status = 0;
    rig->is_stream = false;
    weir_call_start(rig->call, body, len, "the-id");
    weir_call_settle(rig->call);
}

/** One look of the loop at its sockets. */
static void rig_turn(struct rig *rig)
{
    (void)uv_run(&rig->loop, UV_RUN_NOWAIT);
}

/** Turn until `*count` is at least `wanted`; RIG_PATIENCE_S only ends a test that has failed. */
static void rig_await(struct rig *rig, const unsigned *count, unsigned wanted)
{
    weir_ns until = weir_clock_now() + RIG_PATIENCE_S * WEIR_SECOND;
    while (*count < wanted) {
        assert_true(weir_clock_now() < until);
        rig_turn(rig);
    }
}

static void rig_accept(struct rig *rig)
{
    const int on = 1;
    weir_ns until = weir_clock_now() + RIG_PATIENCE_S * WEIR_SECOND;
    if (rig->server >= 0) {
        (void)close(rig->server);
    }
    rig->server = -1;
    while (rig->server < 0) {
        assert_true(weir_clock_now() < until);
        rig_turn(rig);
        rig->server = accept4(rig->listener, NULL, NULL, SOCK_NONBLOCK);
    }
    (void)setsockopt(rig->server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/** Whether a connection waits to be accepted. */
static bool rig_has_caller(const struct rig *rig)
{
    struct pollfd wait = {.fd = rig->listener, .events = POLLIN};
    return poll(&wait, 1, 0) == 1;
}

/** Read the server's side until the request is whole; its length. */
static size_t rig_request(struct rig *rig, char *out, size_t size)
{
    size_t len = 0;
    weir_ns until = weir_clock_now() + RIG_PATIENCE_S * WEIR_SECOND;
    for (;;) {
        assert_true(weir_clock_now() < until && len < size);
        rig_turn(rig);
        ssize_t got = read(rig->server, out + len, size - len - 1);
        len += got > 0 ? (size_t)got : 0;
        out[len] = '\0';
        const char *end = strstr(out, "\r\n\r\n");
        const char *length = strstr(out, "Content-Length: ");
        if (end != NULL && length != NULL &&
            len >= (size_t)(end + 4 - out) + strtoul(length + 16, NULL, 10)) {
            return len;
        }
    }
}

/** A request that has reached the server, on a connection that is new unless there is one. */
static void rig_ask(struct rig *rig)
{
    char request[4096];
    rig_start(rig, "{}", 2);
    if (rig->server < 0) {
        rig_accept(rig);
    }
    (void)rig_request(rig, request, sizeof(request));
}

static void rig_say_n(struct rig *rig, const char *bytes, size_t len)
{
    assert_int_equal(send(rig->server, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void rig_say(struct rig *rig, const char *text)
{
    rig_say_n(rig, text, strlen(text));
}

static void rig_hang_up(struct rig *rig, bool with_reset)
{
    const struct linger linger = {.l_onoff = with_reset ? 1 : 0, .l_linger = 0};
    (void)setsockopt(rig->server, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    (void)close(rig->server);
    rig->server = -1;
}

#endif
