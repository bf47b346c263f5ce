/** timeline.h: schedules for tests, and walks over them. */
#ifndef WEIR_TESTS_PLAN_TIMELINE_H
#define WEIR_TESTS_PLAN_TIMELINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "weir/plan/schedule.h"

#define assert_near(value, expected, within)                                                       \
    do {                                                                                           \
        const double near_value = (value);                                                         \
        const double near_expected = (expected);                                                   \
        if (!(fabs(near_value - near_expected) <= (within))) {                                     \
            fail_msg("%s is %.12g, not %.12g within %g", #value, near_value, near_expected,        \
                     (double)(within));                                                            \
        }                                                                                          \
    } while (0)

static inline struct weir_piece hold(double rate, weir_ns length)
{
    return (struct weir_piece){
        .kind = WEIR_PIECE_CONSTANT, .length = length, .from = rate, .to = rate};
}

static inline struct weir_piece ramp(double from, double to, weir_ns length)
{
    return (struct weir_piece){.kind = WEIR_PIECE_RAMP, .length = length, .from = from, .to = to};
}

static inline struct weir_piece sine(double mean, double swing, weir_ns period, weir_ns length)
{
    return (struct weir_piece){
        .kind = WEIR_PIECE_SINE, .length = length, .from = mean, .to = swing, .period = period};
}

/** One endless piece. */
static inline struct weir_schedule endless(enum weir_arrival_kind arrival,
                                           const struct weir_piece *piece, uint64_t seed)
{
    return (struct weir_schedule){.arrival = arrival,
                                  .burstiness = 1,
                                  .burst = 1,
                                  .pieces = piece,
                                  .piece_count = 1,
                                  .is_endless = true,
                                  .seed = seed};
}

static inline weir_ns next_of(struct weir_schedule_cursor *cursor)
{
    uint64_t index = 0;
    weir_ns offset = -1;
    assert_true(weir_schedule_next(cursor, &index, &offset));
    return offset;
}

/** Arrivals in [0, window). */
static inline uint64_t count_in(const struct weir_schedule *schedule, weir_ns window)
{
    struct weir_schedule_cursor cursor;
    weir_schedule_begin(schedule, &cursor);
    uint64_t index = 0;
    uint64_t count = 0;
    weir_ns offset = 0;
    weir_ns last = 0;
    while (weir_schedule_next(&cursor, &index, &offset) && offset < window) {
        assert_int_equal(index, count);
        assert_true(offset >= last);
        last = offset;
        count++;
    }
    return count;
}

#endif
