// What the transports (transport_curl*.c, plain*.c) share behind bridge.h. Not for anybody else.
#ifndef WEIR_ENGINE_BRIDGE_INTERNAL_H
#define WEIR_ENGINE_BRIDGE_INTERNAL_H

#include "weir/engine/bridge.h"

enum {
    WEIR__REQUEST_ID_BYTES = 64,
    WEIR__IDLE_MAX_S = 3
}; // most servers close idle connections
   // after 5 s: do not race them

/** One way to carry requests. Calls are made when they are first asked for: a level may reserve
 * many more than it uses. */
struct weir__transport {
    void (*open)(struct weir_bridge *bridge);
    struct weir_call *(*call)(struct weir_bridge *bridge, uint32_t index);
    void (*start)(struct weir_call *call, const char *body, size_t len);
    void (*cancel)(struct weir_call *call);
    void (*settle)(struct weir_call *call);
    int16_t (*status)(struct weir_call *call);
    bool (*is_event_stream)(struct weir_call *call);
    void (*close)(struct weir_bridge *bridge);
    void (*free)(struct weir_bridge *bridge);
};

/** What every call has; the first member of each transport's own. */
struct weir_call {
    struct weir_bridge *bridge;
    void *context;
    int connected_fd; // a socket opened ahead; −1 once used
    char request_id[WEIR__REQUEST_ID_BYTES];
};

/** A socket on the loop for as long as it is open; made ahead and used for one after the other. */
struct weir__watch {
    uv_poll_t poll; // its data: this watch
    struct weir_bridge *bridge;
    struct weir__watch *next; // of those that are free
    struct weir__watch *more; // of those that were not made ahead
    void *owner;
    int fd;
    int armed; // UV_READABLE | UV_WRITABLE as given to uv_poll_start; 0: stopped
};

/** Request headers that do not change from one request to the next, "Name: value" each. */
struct weir__headers {
    char **lines;
    size_t count;
    bool has_host;       // the user's own among them: none is made
    bool has_request_id; // likewise
};

struct weir_bridge {
    // set once
    struct weir_bridge_options options;
    const struct weir__transport *transport;
    void *state; // the transport's own
    struct weir__headers headers;
    struct weir__watch **watches; // by descriptor
    size_t watch_cap;
    struct weir__watch *pool; // watches made ahead
    size_t pool_count;
    size_t pool_used;
    struct weir__watch *free; // watches whose sockets have been closed
    struct weir__watch *more; // watches beyond the pool
    // per wake-up
    uint64_t turn;
    // audit
    struct weir_stamper stamper;
    struct weir_hist *lag;
    uint64_t kernel_stamps;
};

/** transport_curl.c: libcurl. plain.c: weir's own, for plain HTTP/1.1. */
extern const struct weir__transport weir__transport_curl;
extern const struct weir__transport weir__transport_plain;

/** bridge_headers.c. The user's headers take the place of weir's own of the same name. */
void weir__headers_make(const struct weir_config *config, const struct weir_dialect *dialect,
                        struct weir__headers *out);
void weir__headers_free(struct weir__headers *headers);

/** bridge_watch.c: the watch of a descriptor, made on its first use. */
void weir__watches_open(struct weir_bridge *bridge);
struct weir__watch *weir__watch_of(struct weir_bridge *bridge, int fd, void *owner);
void weir__watch_arm(struct weir__watch *watch, int events, uv_poll_cb callback);

/** Close a descriptor that may be watched: it leaves the epoll set first, while its number is ours.
 */
int weir__watch_close_fd(struct weir_bridge *bridge, int fd);
void weir__watches_close(struct weir_bridge *bridge);
void weir__watches_free(struct weir_bridge *bridge);

/** bridge.c: bytes came with a kernel stamp, or without: for the self-audit. */
void weir__bridge_note_lag(struct weir_bridge *bridge, bool is_kernel, weir_ns lag);

#endif
