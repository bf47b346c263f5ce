// One clock: see clock.h.
#define _GNU_SOURCE
#include "weir/base/clock.h"

#include <stdio.h>

weir_ns weir_ns_of(struct timespec time)
{
    return (weir_ns)time.tv_sec * WEIR_SECOND + time.tv_nsec;
}

struct timespec weir_timespec_of(weir_ns ns)
{
    return (struct timespec){.tv_sec = ns / WEIR_SECOND, .tv_nsec = ns % WEIR_SECOND};
}

static weir_ns read_clock(clockid_t id)
{
    struct timespec now = {0};
    (void)clock_gettime(id, &now);
    return weir_ns_of(now);
}

weir_ns weir_clock_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

weir_ns weir_clock_thread_cpu(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

/** `id` − CLOCK_MONOTONIC, from the pair with the smallest bracket. */
static weir_ns offset_of(clockid_t id, weir_ns *bracket)
{
    enum { TRIES = 9 };
    weir_ns best_bracket = INT64_MAX;
    weir_ns best = 0;
    for (int i = 0; i < TRIES; i++) {
        weir_ns before = read_clock(CLOCK_MONOTONIC);
        weir_ns other = read_clock(id);
        weir_ns after = read_clock(CLOCK_MONOTONIC);
        if (after - before < best_bracket) {
            best_bracket = after - before;
            best = other - (before + best_bracket / 2);
        }
    }
    if (bracket != NULL) {
        *bracket = best_bracket;
    }
    return best;
}

weir_ns weir_clock_offset(weir_ns *bracket)
{
    return offset_of(CLOCK_REALTIME, bracket);
}

weir_ns weir_clock_suspended(void)
{
    return offset_of(CLOCK_BOOTTIME, NULL);
}

static struct tm utc_of(weir_ns at, weir_ns *wall)
{
    *wall = at + weir_clock_offset(NULL);
    time_t seconds = (time_t)(*wall / WEIR_SECOND);
    struct tm utc = {0};
    (void)gmtime_r(&seconds, &utc);
    return utc;
}

const char *weir_clock_rfc3339(weir_ns at, char *out, size_t size)
{
    weir_ns wall = 0;
    struct tm utc = utc_of(at, &wall);
    (void)snprintf(out, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900,
                   utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                   (int)(wall % WEIR_SECOND / WEIR_MSEC));
    return out;
}

const char *weir_clock_compact(weir_ns at, char *out, size_t size)
{
    weir_ns wall = 0;
    struct tm utc = utc_of(at, &wall);
    (void)snprintf(out, size, "%04d%02d%02dT%02d%02d%02dZ", utc.tm_year + 1900, utc.tm_mon + 1,
                   utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
    return out;
}
