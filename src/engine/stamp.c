// Kernel receive stamps: see stamp.h.
#define _GNU_SOURCE
#include "weir/engine/stamp.h"

#include <string.h>
#include <sys/socket.h>

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

/** CLOCK_REALTIME stamp of the segment that holds the last of the next `len` unread bytes, or 0. */
static weir_ns peek_realtime(int fd, size_t len)
{
    static char nothing[WEIR_READ_BYTES]; // MSG_TRUNC: bytes are counted, not copied
    union {
        char bytes[CMSG_SPACE(sizeof(struct timespec))];
        struct cmsghdr align;
    } control;
    struct iovec part = {nothing, len};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control)};
    if (recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC) <= 0) {
        return 0;
    }
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec stamp;
            memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
            return weir_ns_of(stamp);
        }
    }
    return 0;
}

static weir_ns earlier(weir_ns a, weir_ns b)
{
    return a < b ? a : b;
}

struct weir_arrival weir_stamp_peek(struct weir_stamper *stamper, int fd, weir_ns now)
{
    weir_ns realtime = peek_realtime(fd, 1);
    if (realtime == 0) {
        return (struct weir_arrival){now, now, false};
    }
    weir_ns first = realtime - stamper->offset;
    if (first > now || now - first > 100 * WEIR_MSEC) {
        // In the future, or suspiciously old: the wall clock may have been stepped since the offset
        // was taken.
        measure(stamper, now);
        first = realtime - stamper->offset;
    }
    first = earlier(first, now);
    weir_ns last = first;
    if (now - first > WEIR_STAMP_PROMPT) {
        weir_ns newest = peek_realtime(fd, WEIR_READ_BYTES) - stamper->offset;
        last = newest > first ? earlier(newest, now) : first;
    }
    return (struct weir_arrival){first, last, true};
}
