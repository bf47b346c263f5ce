/** clock.h: one clock. All instants are nanoseconds on CLOCK_MONOTONIC; wall time only stamps
 * artifacts. Kernel receive stamps are CLOCK_REALTIME: weir_clock_offset() carries them over. Any
 * thread. */
#ifndef WEIR_BASE_CLOCK_H
#define WEIR_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/** Nanoseconds: an instant on CLOCK_MONOTONIC (0: never happened) or a span. */
typedef int64_t weir_ns;

#define WEIR_USEC   ((weir_ns)1000)
#define WEIR_MSEC   (1000 * WEIR_USEC)
#define WEIR_SECOND (1000 * WEIR_MSEC)
#define WEIR_MINUTE (60 * WEIR_SECOND)
#define WEIR_HOUR   (60 * WEIR_MINUTE)
#define WEIR_DAY    (24 * WEIR_HOUR)

/** Now, on CLOCK_MONOTONIC. */
weir_ns weir_clock_now(void);

/** CPU time used by the calling thread so far. */
weir_ns weir_clock_thread_cpu(void);

/** CLOCK_REALTIME − CLOCK_MONOTONIC, from the pair with the smallest bracket of several readings.
 *  `*bracket` (may be NULL) is how long that pair took: the offset is not known better than that.
 */
weir_ns weir_clock_offset(weir_ns *bracket);

/** How long the machine has been suspended since it was started, give or take a microsecond:
 * CLOCK_BOOTTIME − CLOCK_MONOTONIC. When it grows, time went by that no clock here saw. */
weir_ns weir_clock_suspended(void);

weir_ns weir_ns_of(struct timespec time);
struct timespec weir_timespec_of(weir_ns ns);

/** Wall time of the monotonic instant `at` as RFC 3339 in UTC with milliseconds:
 * 2026-01-31T12:00:00.123Z. Returns `out`. */
const char *weir_clock_rfc3339(weir_ns at, char *out, size_t size);

/** The same instant as 20260131T120000Z, for names of directories. Returns `out`. */
const char *weir_clock_compact(weir_ns at, char *out, size_t size);

#endif
