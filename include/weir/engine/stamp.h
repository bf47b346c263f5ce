/** stamp.h: when bytes arrived, as the kernel saw it. Linux stamps each received segment
 * (SO_TIMESTAMPNS, CLOCK_REALTIME), and a read brings the stamp of the segment that holds its last
 * byte. A one-byte MSG_PEEK thus reads the stamp of the next unread byte without taking it. One
 * thread a stamper. */
#ifndef WEIR_ENGINE_STAMP_H
#define WEIR_ENGINE_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "weir/base/clock.h"

/** Carries kernel stamps over to CLOCK_MONOTONIC. Caller's memory. */
struct weir_stamper {
    weir_ns offset;      // realtime − monotonic
    weir_ns measured_at; // when the offset was last measured
    weir_ns step_max;    // largest change of the offset seen: a clock step
};

/** When the bytes that can be read now arrived. */
struct weir_arrival {
    weir_ns first;  // on CLOCK_MONOTONIC: the segment of the next unread byte; never after `now`
    weir_ns last;   // the last segment within the next WEIR_READ_BYTES
    bool is_kernel; // false: no stamp was there, both are the user-space clock
};

/** What one read takes at most. */
enum { WEIR_READ_BYTES = 4096 };

/** Below this age of the first segment the second look is saved: `last` then is `first`, and off by
 * less than this. */
#define WEIR_STAMP_PROMPT (100 * WEIR_USEC)

void weir_stamper_init(struct weir_stamper *stamper);

/** Ask the kernel to stamp what `fd` receives. False where it cannot. Call before connect. */
bool weir_stamp_enable(int fd);

/** Arrival of the unread bytes of `fd`, given that it is `now`. A reader that comes late finds
 * several segments in the queue; with the stamps of the first and the last of them, events that
 * came one after the other do not fall together. */
struct weir_arrival weir_stamp_peek(struct weir_stamper *stamper, int fd, weir_ns now);

/** A read together with the instant at which its last byte arrived. */
struct weir_stamped {
    ssize_t len;    // of recvmsg: bytes, 0 at the end of the stream, −1 with errno
    weir_ns at;     // on CLOCK_MONOTONIC; `now` without a stamp
    bool is_kernel; // the kernel said so
};

/** Read what is there, up to `size` bytes, without blocking. `now` is a recent reading of the
 * clock; is_look: leave the bytes unread. */
struct weir_stamped weir_stamp_read(struct weir_stamper *stamper, int fd, void *bytes, size_t size,
                                    weir_ns now, bool is_look);

/** Measure the offset again when it is older than a second. Call now and then. */
void weir_stamper_refresh(struct weir_stamper *stamper, weir_ns now);

#endif
