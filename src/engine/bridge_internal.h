// What bridge.c (lanes and sockets) and transport_curl.c (exchanges) share. Not for anybody else.
#ifndef WEIR_ENGINE_BRIDGE_INTERNAL_H
#define WEIR_ENGINE_BRIDGE_INTERNAL_H

#include <curl/curl.h>

#include "weir/engine/bridge.h"

enum { WEIR__REQUEST_ID_BYTES = 64, WEIR__LANE_CALLS = 256 };

struct weir__lane {
    struct weir_bridge *bridge;
    CURLM *multi;
    uv_timer_t timer;
    bool is_kicked; // libcurl wants to be called at once
};

/** One descriptor, watched for as long as it lives. libcurl asks for a socket's removal and return
 * with every request; the poll handle stays armed in between, which saves the system calls. */
struct weir__watch {
    uv_poll_t poll;
    struct weir__lane *lane;
    int fd;
    int armed;    // UV_READABLE | UV_WRITABLE as given to uv_poll_start; 0: stopped
    bool is_idle; // libcurl has no transfer on it
};

struct weir_call {
    // set once
    struct weir_bridge *bridge;
    struct weir__lane *lane;
    CURL *easy;
    void *context;
    struct curl_slist id_header; // X-Request-Id, in front of the common headers
    char id_text[WEIR__REQUEST_ID_BYTES];
    char error[CURL_ERROR_SIZE];
    int connected_fd; // a socket opened ahead; −1 once used
    // per request
    unsigned sends; // how often libcurl began to send
    bool is_active;
};

struct weir_bridge {
    // set once
    struct weir_bridge_options options;
    struct curl_slist *headers; // common to all requests
    struct curl_slist *resolve; // host:port:address, pinned
    size_t lane_count;
    struct weir__lane *lanes;
    struct weir_call *calls;
    struct weir__watch **watches; // by descriptor
    size_t watch_cap;
    struct weir__watch *pool; // watches made ahead
    size_t pool_count;
    size_t pool_used;
    // per wake-up
    struct weir_arrival arrival;
    uint64_t turn;
    unsigned bodies; // parts of bodies passed on so far
    // audit
    struct weir_stamper stamper;
    struct weir_hist *lag;
    uint64_t user_stamps;
    uint64_t kernel_stamps;
};

/** Socket callbacks of bridge.c for the easy handles. */
curl_socket_t weir__bridge_open_socket(void *context, curlsocktype purpose,
                                       struct curl_sockaddr *address);
int weir__bridge_socket_options(void *context, curl_socket_t fd, curlsocktype purpose);
int weir__bridge_close_socket(void *context, curl_socket_t fd);

/** transport_curl.c: make the handle of a call; an exchange on `lane` has ended. */
void weir__call_init(struct weir_call *call);
void weir__call_done(struct weir_call *call, CURLcode code);
void weir__transport_headers(struct weir_bridge *bridge);

#endif
