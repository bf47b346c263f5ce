// Kernel receive stamps: see stamp.h.
#define _GNU_SOURCE
#include "weir/engine/stamp.h"

#include <string.h>
#include <sys/socket.h>

/** A stamp as old as this, or the future, is reason to measure the clocks' offset again. */
#define OLD (100 * WEIR_MSEC)

void weir_stamper_init(struct weir_stamper *stamper)
{
    *stamper =
        (struct weir_stamper){.offset = weir_clock_offset(NULL), .measured_at = weir_clock_now()};
}

bool weir_stamp_enable(int fd)
{
    const int on = 1;
    return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) == 0;
}

static void measure(struct weir_stamper *stamper, weir_ns now)
{
    weir_ns offset = weir_clock_offset(NULL);
    weir_ns step = offset > stamper->offset ? offset - stamper->offset : stamper->offset - offset;
    if (step > stamper->step_max) {
        stamper->step_max = step;
    }
    stamper->offset = offset;
    stamper->measured_at = now;
}

void weir_stamper_refresh(struct weir_stamper *stamper, weir_ns now)
{
    if (now - stamper->measured_at > WEIR_SECOND) {
        measure(stamper, now);
    }
}

/** The kernel's stamp among a message's control data, or 0. */
static weir_ns stamp_of(struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec stamp;
            memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
            return weir_ns_of(stamp);
        }
    }
    return 0;
}

/** recvmsg without blocking. `*realtime`: CLOCK_REALTIME stamp of the segment that holds the last
 * byte, or 0. */
static ssize_t receive(int fd, void *bytes, size_t size, int flags, weir_ns *realtime)
{
    union {
        char bytes[CMSG_SPACE(sizeof(struct timespec))];
        struct cmsghdr align;
    } control;
    struct iovec part = {bytes, size};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control)};
    ssize_t len = recvmsg(fd, &message, flags | MSG_DONTWAIT);
    *realtime = len > 0 ? stamp_of(&message) : 0;
    return len;
}

static weir_ns earlier(weir_ns a, weir_ns b)
{
    return a < b ? a : b;
}

/** A stamp on CLOCK_MONOTONIC, never after now. */
static weir_ns to_monotonic(struct weir_stamper *stamper, weir_ns realtime, weir_ns now)
{
    weir_ns at = realtime - stamper->offset;
    if (at <= now && now - at <= OLD) {
        return at;
    }
    now = weir_clock_now(); // bytes may have come since `now` was read
    bool is_old = now - at > OLD && now - stamper->measured_at > OLD;
    if (at > now || is_old) { // the wall clock may have been stepped since the offset was taken
        measure(stamper, now);
        at = realtime - stamper->offset;
    }
    return earlier(at, now);
}

struct weir_arrival weir_stamp_peek(struct weir_stamper *stamper, int fd, weir_ns now)
{
    static _Thread_local char nothing[WEIR_READ_BYTES]; // MSG_TRUNC: bytes are counted, not copied
    weir_ns realtime = 0;
    (void)receive(fd, nothing, 1, MSG_PEEK | MSG_TRUNC, &realtime);
    if (realtime == 0) {
        return (struct weir_arrival){now, now, false};
    }
    weir_ns first = earlier(to_monotonic(stamper, realtime, now), now);
    weir_ns last = first;
    if (now - first > WEIR_STAMP_PROMPT) {
        (void)receive(fd, nothing, sizeof(nothing), MSG_PEEK | MSG_TRUNC, &realtime);
        weir_ns newest = realtime - stamper->offset;
        last = newest > first ? earlier(newest, now) : first;
    }
    return (struct weir_arrival){first, last, true};
}

struct weir_stamped weir_stamp_read(struct weir_stamper *stamper, int fd, void *bytes, size_t size,
                                    weir_ns now, bool is_look)
{
    weir_ns realtime = 0;
    ssize_t len = receive(fd, bytes, size, is_look ? MSG_PEEK : 0, &realtime);
    bool is_kernel = realtime != 0;
    return (struct weir_stamped){len, is_kernel ? to_monotonic(stamper, realtime, now) : now,
                                 is_kernel};
}
