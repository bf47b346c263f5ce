// One HTTP exchange on a libcurl easy handle: options, callbacks, and what an ending means. See
// transport_curl.h.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "transport_curl.h"
#include "weir/base/attr.h"

enum {
    CONNECT_BACKSTOP_MS =
        3600 *
        1000, // the engine has its own limits; libcurl's default of 300 s must not come before them
};

/** Set an option; libcurl refusing one is a programmer's error. */
#define SET(call, option, value)                                                                   \
    WEIR_ASSERT(curl_easy_setopt((call)->easy, CURLOPT_##option, value) == CURLE_OK)

/** libcurl's call whose first member `call` is. */
static struct weir__curl_call *own(struct weir_call *call)
{
    return WEIR_CONTAINER_OF(call, struct weir__curl_call, call);
}

static struct weir__curl *curl_of(const struct weir__curl_call *call)
{
    return call->call.bridge->state;
}

/** The connection is up. A second time for one request means that libcurl found a reused connection
 * dead and is about to send again: the server may have seen the first, so that is not its call to
 * make. */
// NOLINTNEXTLINE(readability-non-const-parameter): the signature is libcurl's
static int on_prereq(void *context, char *peer_ip, char *local_ip, int peer_port, int local_port)
{
    (void)peer_ip;
    (void)local_ip;
    (void)peer_port;
    (void)local_port;
    struct weir__curl_call *call = context;
    if (++call->sends > 1) {
        return CURL_PREREQFUNC_ABORT;
    }
    call->call.bridge->options.ops->on_sent(call->call.context, weir_clock_now());
    return CURL_PREREQFUNC_OK;
}

// NOLINTNEXTLINE(readability-non-const-parameter): the signature is libcurl's
static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes;
    struct weir__curl_call *call = context;
    call->call.bridge->options.ops->on_head(call->call.context, curl_of(call)->arrival.first);
    return size * count;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct weir__curl_call *call = context;
    struct weir__curl *curl = curl_of(call);
    // libcurl passes on each HTTP chunk by itself. When several came out of one read, the first
    // arrived with the first segment, and those behind it, as far as two stamps can tell, with the
    // last.
    weir_ns at = curl->bodies++ == 0 ? curl->arrival.first : curl->arrival.last;
    bool wants_more = call->call.bridge->options.ops->on_body(call->call.context, &call->call,
                                                              bytes, size * count, at);
    return wants_more ? size * count : 0;
}

/** Options that hold for every request of the call. */
static void set_protocol(struct weir__curl_call *call)
{
    SET(call, HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(call, POST, 1L);
    SET(call, NOSIGNAL, 1L);
    SET(call, FOLLOWLOCATION, 0L);
    SET(call, PROXY, "");
    SET(call, NOPROXY, "*");
    SET(call, BUFFERSIZE, (long)WEIR_READ_BYTES);
    SET(call, TCP_KEEPALIVE, 1L);
    SET(call, MAXAGE_CONN, (long)WEIR__IDLE_MAX_S);
    SET(call, CONNECTTIMEOUT_MS, (long)CONNECT_BACKSTOP_MS);
    SET(call, PROTOCOLS_STR, "http,https");
}

static void set_connection(struct weir__curl_call *call)
{
    struct weir_bridge *bridge = call->call.bridge;
    SET(call, RESOLVE, curl_of(call)->resolve);
    SET(call, OPENSOCKETFUNCTION, weir__curl_open_socket);
    SET(call, OPENSOCKETDATA, call);
    SET(call, SOCKOPTFUNCTION, weir__curl_socket_options);
    SET(call, CLOSESOCKETFUNCTION, weir__curl_close_socket);
    SET(call, CLOSESOCKETDATA, bridge);
    if (bridge->options.config->connection == WEIR_CONNECTION_NEW) {
        SET(call, FRESH_CONNECT, 1L);
        SET(call, FORBID_REUSE, 1L);
    }
}

void weir__curl_call_init(struct weir__curl_call *call)
{
    struct weir_bridge *bridge = call->call.bridge;
    call->easy = curl_easy_init();
    WEIR_ASSERT(call->easy != NULL);
    call->id_header.data = call->id_text;
    call->id_header.next = curl_of(call)->headers;
    SET(call, URL, bridge->options.endpoint->target->url);
    SET(call, PRIVATE, call);
    SET(call, ERRORBUFFER, call->error);
    SET(call, HTTPHEADER, bridge->headers.has_request_id ? call->id_header.next : &call->id_header);
    SET(call, PREREQFUNCTION, on_prereq);
    SET(call, PREREQDATA, call);
    SET(call, HEADERFUNCTION, on_header);
    SET(call, HEADERDATA, call);
    SET(call, WRITEFUNCTION, on_body);
    SET(call, WRITEDATA, call);
    set_protocol(call);
    set_connection(call);
}

void weir__curl_call_start(struct weir_call *base, const char *body, size_t len)
{
    struct weir__curl_call *call = own(base);
    (void)snprintf(call->id_text, sizeof(call->id_text), "X-Request-Id: %s", base->request_id);
    SET(call, POSTFIELDSIZE_LARGE, (curl_off_t)len);
    SET(call, POSTFIELDS, body); // borrowed, not copied
    call->error[0] = '\0';
    call->sends = 0;
    call->is_active = true;
    CURLMcode code = curl_multi_add_handle(call->lane->multi, call->easy);
    WEIR_ASSERT(code == CURLM_OK);
}

int16_t weir__curl_call_status(struct weir_call *call)
{
    long status = 0;
    (void)curl_easy_getinfo(own(call)->easy, CURLINFO_RESPONSE_CODE, &status);
    return (int16_t)status;
}

bool weir__curl_call_is_event_stream(struct weir_call *call)
{
    static const char wanted[] = "text/event-stream";
    char *type = NULL;
    (void)curl_easy_getinfo(own(call)->easy, CURLINFO_CONTENT_TYPE, &type);
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

static weir_ns connect_time(struct weir__curl_call *call)
{
    curl_off_t tcp_us = 0;
    curl_off_t tls_us = 0;
    (void)curl_easy_getinfo(call->easy, CURLINFO_CONNECT_TIME_T, &tcp_us);
    (void)curl_easy_getinfo(call->easy, CURLINFO_APPCONNECT_TIME_T, &tls_us);
    return (weir_ns)(tls_us > tcp_us ? tls_us : tcp_us) * WEIR_USEC;
}

void weir__curl_call_done(struct weir__curl_call *call, CURLcode code)
{
    long os_error = 0;
    long connects = 0;
    (void)curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &os_error);
    (void)curl_easy_getinfo(call->easy, CURLINFO_NUM_CONNECTS, &connects);
    struct weir_call_end end = {
        .outcome = outcome_of(code, os_error),
        .http_status = weir__curl_call_status(&call->call),
        .is_connect_timeout = call->sends == 0,
        .is_reused = connects == 0,
        .was_retried = call->sends > 1,
        .connect_time = connects > 0 ? connect_time(call) : 0,
        .message = call->error[0] != '\0' ? call->error
                   : code == CURLE_OK     ? ""
                                          : curl_easy_strerror(code),
    };
    call->is_active = false;
    call->call.bridge->options.ops->on_done(call->call.context, &end, curl_of(call)->arrival.last);
}
