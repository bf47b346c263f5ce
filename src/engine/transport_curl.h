// libcurl's side: what transport_curl.c (lanes and sockets) and transport_exchange.c (exchanges)
// share.
#ifndef WEIR_ENGINE_TRANSPORT_CURL_H
#define WEIR_ENGINE_TRANSPORT_CURL_H

#include <curl/curl.h>

#include "bridge_internal.h"

enum { WEIR__LANE_CALLS = 256 };

/** One multi handle: libcurl's cost a request grows with the transfers on it, so there are several.
 */
struct weir__lane {
    struct weir_bridge *bridge;
    CURLM *multi; // NULL until the lane's first call is made
    uv_timer_t timer;
    bool is_kicked; // libcurl wants to be called at once
};

struct weir__curl_call {
    struct weir_call call; // first: calls are handed out by its address
    struct weir__lane *lane;
    CURL *easy;                  // NULL until the call is made
    struct curl_slist id_header; // X-Request-Id, in front of the common headers
    char id_text[WEIR__REQUEST_ID_BYTES + 16];
    char error[CURL_ERROR_SIZE];
    unsigned sends; // how often libcurl began to send
    bool is_active;
};

struct weir__curl {
    struct curl_slist *headers; // common to all requests
    struct curl_slist *resolve; // host:port:address, pinned
    size_t lane_count;
    struct weir__lane *lanes;
    struct weir__curl_call *calls;
    // per wake-up
    struct weir_arrival arrival;
    unsigned bodies; // parts of bodies passed on so far
};

/** transport_curl.c: socket callbacks for the easy handles. */
curl_socket_t weir__curl_open_socket(void *context, curlsocktype purpose,
                                     struct curl_sockaddr *address);
int weir__curl_socket_options(void *context, curl_socket_t fd, curlsocktype purpose);
int weir__curl_close_socket(void *context, curl_socket_t fd);

/** transport_exchange.c: make the handle of a call; begin an exchange; it has ended. */
void weir__curl_call_init(struct weir__curl_call *call);
void weir__curl_call_start(struct weir_call *base, const char *body, size_t len);
void weir__curl_call_done(struct weir__curl_call *call, CURLcode code);
int16_t weir__curl_call_status(struct weir_call *call);
bool weir__curl_call_is_event_stream(struct weir_call *call);

#endif
