// One HTTP exchange on a libcurl easy handle: options, callbacks, and what an ending means. See
// bridge.h.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bridge_internal.h"
#include "weir/base/mem.h"

enum {
    BUFFER_BYTES = 4096, // receive buffer a stream: events are small, streams are many
    IDLE_MAX_S = 3,      // most servers close idle connections after 5 s: do not race them
    CONNECT_BACKSTOP_MS =
        3600 *
        1000, // the engine has its own limits; libcurl's default of 300 s must not come before them
};

/** Set an option; libcurl refusing one is a programmer's error. */
#define SET(call, option, value)                                                                   \
    WEIR_ASSERT(curl_easy_setopt((call)->easy, CURLOPT_##option, value) == CURLE_OK)

static void add_header(struct weir_bridge *bridge, const char *line)
{
    bridge->headers = curl_slist_append(bridge->headers, line);
    WEIR_ASSERT(bridge->headers != NULL);
}

void weir__transport_headers(struct weir_bridge *bridge)
{
    const struct weir_config *config = bridge->options.config;
    add_header(bridge, "Content-Type: application/json");
    add_header(bridge,
               config->streaming ? "Accept: text/event-stream" : "Accept: application/json");
    add_header(bridge, "Expect:"); // libcurl would wait a second for "100 Continue" on large bodies
    if (config->api_key[0] != '\0') {
        size_t size = strlen(config->api_key) + sizeof("Authorization: Bearer ");
        char *line = weir_alloc(size, 1);
        (void)snprintf(line, size, "Authorization: Bearer %s", config->api_key);
        add_header(bridge, line);
        weir_free(line);
    }
    for (size_t i = 0; i < config->header.count; i++) {
        add_header(bridge, config->header.items[i]);
    }
}

/** The connection is up. A second time for one request means that libcurl found a reused connection
 * dead and is about to send again: the server may have seen the first, so that is not its call to
 * make. */
static int on_prereq(void *context, char *peer_ip, char *local_ip, int peer_port, int local_port)
{
    (void)peer_ip;
    (void)local_ip;
    (void)peer_port;
    (void)local_port;
    struct weir_call *call = context;
    if (++call->sends > 1) {
        return CURL_PREREQFUNC_ABORT;
    }
    call->bridge->options.ops->on_sent(call->context, weir_clock_now());
    return CURL_PREREQFUNC_OK;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes;
    struct weir_call *call = context;
    call->bridge->options.ops->on_head(call->context, call->bridge->arrival.first);
    return size * count;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct weir_call *call = context;
    struct weir_bridge *bridge = call->bridge;
    // libcurl passes on each HTTP chunk by itself. When several came out of one read, the first
    // arrived with the first segment, and those behind it, as far as two stamps can tell, with the
    // last.
    weir_ns at = bridge->bodies++ == 0 ? bridge->arrival.first : bridge->arrival.last;
    bool wants_more = bridge->options.ops->on_body(call->context, call, bytes, size * count, at);
    return wants_more ? size * count : 0;
}

/** Options that hold for every request of the call. */
static void set_protocol(struct weir_call *call)
{
    SET(call, HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(call, POST, 1L);
    SET(call, NOSIGNAL, 1L);
    SET(call, FOLLOWLOCATION, 0L);
    SET(call, PROXY, "");
    SET(call, NOPROXY, "*");
    SET(call, BUFFERSIZE, (long)WEIR_READ_BYTES);
    SET(call, TCP_KEEPALIVE, 1L);
    SET(call, MAXAGE_CONN, (long)IDLE_MAX_S);
    SET(call, CONNECTTIMEOUT_MS, (long)CONNECT_BACKSTOP_MS);
    SET(call, PROTOCOLS_STR, "http,https");
}

static void set_connection(struct weir_call *call)
{
    struct weir_bridge *bridge = call->bridge;
    SET(call, RESOLVE, bridge->resolve);
    SET(call, OPENSOCKETFUNCTION, weir__bridge_open_socket);
    SET(call, OPENSOCKETDATA, call);
    SET(call, SOCKOPTFUNCTION, weir__bridge_socket_options);
    SET(call, CLOSESOCKETFUNCTION, weir__bridge_close_socket);
    SET(call, CLOSESOCKETDATA, bridge);
    if (bridge->options.config->connection == WEIR_CONNECTION_NEW) {
        SET(call, FRESH_CONNECT, 1L);
        SET(call, FORBID_REUSE, 1L);
    }
}

void weir__call_init(struct weir_call *call)
{
    struct weir_bridge *bridge = call->bridge;
    call->easy = curl_easy_init();
    WEIR_ASSERT(call->easy != NULL);
    call->id_header.data = call->id_text;
    call->id_header.next = bridge->headers;
    SET(call, URL, bridge->options.endpoint->target->url);
    SET(call, PRIVATE, call);
    SET(call, ERRORBUFFER, call->error);
    SET(call, HTTPHEADER, &call->id_header);
    SET(call, PREREQFUNCTION, on_prereq);
    SET(call, PREREQDATA, call);
    SET(call, HEADERFUNCTION, on_header);
    SET(call, HEADERDATA, call);
    SET(call, WRITEFUNCTION, on_body);
    SET(call, WRITEDATA, call);
    set_protocol(call);
    set_connection(call);
}

struct weir_call *weir_bridge_call(struct weir_bridge *bridge, uint32_t index, void *context,
                                   int connected_fd)
{
    WEIR_ASSERT(index < bridge->options.calls);
    bridge->calls[index].context = context;
    bridge->calls[index].connected_fd = connected_fd;
    return &bridge->calls[index];
}

void weir_call_start(struct weir_call *call, const char *body, size_t len, const char *request_id)
{
    (void)snprintf(call->id_text, sizeof(call->id_text), "X-Request-Id: %s", request_id);
    SET(call, POSTFIELDSIZE_LARGE, (curl_off_t)len);
    SET(call, POSTFIELDS, body); // borrowed, not copied
    call->error[0] = '\0';
    call->sends = 0;
    call->is_active = true;
    CURLMcode code = curl_multi_add_handle(call->lane->multi, call->easy);
    WEIR_ASSERT(code == CURLM_OK);
}

void weir_call_cancel(struct weir_call *call)
{
    if (call->is_active) {
        call->is_active = false;
        (void)curl_multi_remove_handle(call->lane->multi, call->easy);
    }
}

int16_t weir_call_status(struct weir_call *call)
{
    long status = 0;
    (void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    return (int16_t)status;
}

bool weir_call_is_event_stream(struct weir_call *call)
{
    static const char wanted[] = "text/event-stream";
    char *type = NULL;
    (void)curl_easy_getinfo(call->easy, CURLINFO_CONTENT_TYPE, &type);
    return type != NULL && strncasecmp(type, wanted, sizeof(wanted) - 1) == 0;
}

static bool is_our_shortage(long os_error)
{
    return os_error == EMFILE || os_error == ENFILE || os_error == EADDRNOTAVAIL ||
           os_error == ENOBUFS || os_error == ENOMEM;
}

/** What went wrong below HTTP, as an outcome. */
static enum weir_outcome outcome_of(CURLcode code, long os_error)
{
    switch (code) {
    case CURLE_OK:
        return WEIR_OUTCOME_OK;
    case CURLE_COULDNT_RESOLVE_HOST:
        return WEIR_OUTCOME_DNS;
    case CURLE_COULDNT_CONNECT:
        return is_our_shortage(os_error) ? WEIR_OUTCOME_CLIENT_RESOURCE : WEIR_OUTCOME_CONNECT;
    case CURLE_OUT_OF_MEMORY:
        return WEIR_OUTCOME_CLIENT_RESOURCE;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return WEIR_OUTCOME_TLS;
    case CURLE_OPERATION_TIMEDOUT:
        return WEIR_OUTCOME_TIMEOUT;
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_ABORTED_BY_CALLBACK: // a second send that was refused
        return WEIR_OUTCOME_RESET;
    default:
        return WEIR_OUTCOME_MALFORMED; // broken HTTP, or an answer that on_body gave up
    }
}

static weir_ns connect_time(struct weir_call *call)
{
    curl_off_t tcp_us = 0;
    curl_off_t tls_us = 0;
    (void)curl_easy_getinfo(call->easy, CURLINFO_CONNECT_TIME_T, &tcp_us);
    (void)curl_easy_getinfo(call->easy, CURLINFO_APPCONNECT_TIME_T, &tls_us);
    return (weir_ns)(tls_us > tcp_us ? tls_us : tcp_us) * WEIR_USEC;
}

void weir__call_done(struct weir_call *call, CURLcode code)
{
    long os_error = 0;
    long connects = 0;
    (void)curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &os_error);
    (void)curl_easy_getinfo(call->easy, CURLINFO_NUM_CONNECTS, &connects);
    struct weir_call_end end = {
        .outcome = outcome_of(code, os_error),
        .http_status = weir_call_status(call),
        .is_connect_timeout = call->sends == 0,
        .is_reused = connects == 0,
        .was_retried = call->sends > 1,
        .connect_time = connects > 0 ? connect_time(call) : 0,
        .message = call->error[0] != '\0' ? call->error
                   : code == CURLE_OK     ? ""
                                          : curl_easy_strerror(code),
    };
    call->is_active = false;
    call->bridge->options.ops->on_done(call->context, &end, call->bridge->arrival.last);
}
