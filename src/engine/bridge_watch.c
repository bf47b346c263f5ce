// Sockets on the loop: a uv_poll handle for as long as a socket is open. Those handles close
// asynchronously, so there are more of them than calls. See bridge_internal.h.
#define _GNU_SOURCE
#include <unistd.h>

#include "bridge_internal.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/engine/limits.h"

enum { WATCHES_SPARE = 16 };

void weir__watches_open(struct weir_bridge *bridge)
{
    bridge->watch_cap = (size_t)weir_limits_descriptors();
    bridge->watches = weir_alloc(bridge->watch_cap, sizeof(struct weir__watch *));
    bridge->pool_count = (size_t)bridge->options.calls * 2 + WATCHES_SPARE;
    bridge->pool = weir_alloc(bridge->pool_count, sizeof(*bridge->pool));
}

static struct weir__watch *take_watch(struct weir_bridge *bridge)
{
    struct weir__watch *watch = bridge->free;
    if (watch != NULL) {
        bridge->free = watch->next;
    } else if (bridge->pool_used < bridge->pool_count) {
        watch = &bridge->pool[bridge->pool_used++];
    } else {
        watch = weir_alloc(1, sizeof(*watch));
        watch->more = bridge->more;
        bridge->more = watch;
    }
    return watch;
}

struct weir__watch *weir__watch_of(struct weir_bridge *bridge, int fd, void *owner)
{
    WEIR_ASSERT(fd >= 0 && (size_t)fd < bridge->watch_cap);
    struct weir__watch *watch = bridge->watches[fd];
    if (watch == NULL) {
        watch = take_watch(bridge);
        watch->bridge = bridge;
        watch->fd = fd;
        watch->armed = 0;
        int failed = uv_poll_init(bridge->options.loop, &watch->poll, fd);
        WEIR_ASSERT(failed == 0);
        watch->poll.data = watch;
        bridge->watches[fd] = watch;
    }
    watch->owner = owner;
    return watch;
}

void weir__watch_arm(struct weir__watch *watch, int events, uv_poll_cb callback)
{
    if (events == watch->armed) {
        return;
    }
    watch->armed = events;
    int failed =
        events == 0 ? uv_poll_stop(&watch->poll) : uv_poll_start(&watch->poll, events, callback);
    WEIR_ASSERT(failed == 0);
}

static void on_closed(uv_handle_t *handle)
{
    struct weir__watch *watch = handle->data;
    watch->next = watch->bridge->free;
    watch->bridge->free = watch;
}

static void give_up(struct weir_bridge *bridge, size_t fd)
{
    struct weir__watch *watch = bridge->watches[fd];
    if (watch != NULL) {
        bridge->watches[fd] = NULL;
        uv_close((uv_handle_t *)&watch->poll, on_closed);
    }
}

int weir__watch_close_fd(struct weir_bridge *bridge, int fd)
{
    if ((size_t)fd < bridge->watch_cap) {
        give_up(bridge, (size_t)fd);
    }
    return close(fd);
}

void weir__watches_close(struct weir_bridge *bridge)
{
    for (size_t i = 0; i < bridge->watch_cap; i++) {
        give_up(bridge, i);
    }
}

void weir__watches_free(struct weir_bridge *bridge)
{
    for (struct weir__watch *watch = bridge->more; watch != NULL;) {
        struct weir__watch *more = watch->more;
        weir_free(watch);
        watch = more;
    }
    weir_free(bridge->pool);
    weir_free(bridge->watches);
}
