// Arrivals of an open-loop level: the same for every walker, counts exact, and a window that is cut
// by due time.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/plan/arrivals.h"

enum { WALK_MAX = 20000 };

static const struct weir_piece fifty = {WEIR_PIECE_CONSTANT, WEIR_HOUR, 50, 50, 0};
static const struct weir_piece changing[] = {
    {WEIR_PIECE_CONSTANT, 2 * WEIR_SECOND, 20, 20, 0},
    {WEIR_PIECE_RAMP, 4 * WEIR_SECOND, 20, 80, 0},
    {WEIR_PIECE_CONSTANT, WEIR_SECOND, 0, 0, 0},
    {WEIR_PIECE_SINE, 5 * WEIR_SECOND, 40, 40, 2 * WEIR_SECOND},
};
static const weir_ns times[] = {
    0, 0, 5, WEIR_SECOND, WEIR_SECOND, 2 * WEIR_SECOND, 2500 * WEIR_MSEC, 9 * WEIR_SECOND};

static struct weir_schedule steady(enum weir_arrival_kind arrival, uint32_t burst, uint64_t seed)
{
    return (struct weir_schedule){
        .arrival = arrival,
        .burstiness = 0.4,
        .burst = burst,
        .pieces = &fifty,
        .piece_count = 1,
        .is_endless = true,
        .seed = seed,
    };
}

static struct weir_schedule ending(uint64_t seed)
{
    return (struct weir_schedule){
        .burst = 1, .pieces = changing, .piece_count = WEIR_COUNT_OF(changing), .seed = seed};
}

static struct weir_schedule of_file(void)
{
    return (struct weir_schedule){.times = times, .time_count = WEIR_COUNT_OF(times)};
}

/** A level of `schedule`: measured requests and time, warm-up requests and time. */
static struct weir_level level_of(const struct weir_schedule *schedule, uint64_t count,
                                  weir_ns duration, uint64_t warmup_count, weir_ns warmup_duration)
{
    return (struct weir_level){
        .mode = WEIR_MODE_RATE,
        .schedule = schedule,
        .request_count = count,
        .duration = duration,
        .warmup_count = warmup_count,
        .warmup_duration = warmup_duration,
    };
}

/** All a level has. */
struct walk {
    struct weir_arrival_due due[WALK_MAX];
    size_t count;
    size_t measured;
    struct weir_arrivals end;
};

/** Walk a level, and check what holds of any. */
static void walk_level(const struct weir_level *level, struct walk *walk)
{
    struct weir_arrival_due due;
    struct weir_arrivals *arrivals = &walk->end;
    walk->count = 0;
    walk->measured = 0;
    weir_arrivals_begin(level, arrivals);
    while (weir_arrivals_next(arrivals, &due)) {
        assert_true(walk->count < WALK_MAX);
        assert_int_equal(due.id, walk->count);
        assert_true(due.offset >= 0);
        assert_true(walk->count == 0 || due.offset >= walk->due[walk->count - 1].offset);
        assert_true(walk->count == 0 || due.is_measured >= walk->due[walk->count - 1].is_measured);
        walk->due[walk->count++] = due;
        walk->measured += due.is_measured ? 1 : 0;
        assert_int_equal(arrivals->measured, walk->measured);
    }
    for (size_t i = 0; i < walk->count; i++) {
        const weir_ns offset = walk->due[i].offset;
        if (walk->due[i].is_measured) {
            assert_true(offset >= arrivals->window_start && offset < arrivals->window_end);
        } else { // of a burst that is cut by the warm-up's count, some share the window's first ns
            assert_true(offset <= arrivals->window_start);
        }
    }
    assert_true(arrivals->is_over && arrivals->window_start <= arrivals->window_end);
    const struct weir_arrivals before = *arrivals;
    assert_false(weir_arrivals_next(arrivals, &due)); // and never again
    assert_memory_equal(&before, arrivals, sizeof(before));
}

/** Offset of arrival `index` of the bare schedule. */
static weir_ns bare(const struct weir_schedule *schedule, uint64_t index)
{
    struct weir_schedule_cursor cursor;
    uint64_t at = 0;
    weir_ns offset = 0;
    weir_schedule_begin(schedule, &cursor);
    do {
        assert_true(weir_schedule_next(&cursor, &at, &offset));
    } while (at < index);
    return offset;
}

/** `count` workers, each with a walk of its own, take every count-th arrival; what they take
 * together is what one would have sent. */
static void share_level(const struct weir_level *level, const struct walk *whole, uint64_t count)
{
    uint8_t *is_taken = calloc(whole->count + 1, 1);
    assert_non_null(is_taken);
    for (uint64_t worker = 0; worker < count; worker++) {
        struct weir_arrivals arrivals;
        struct weir_arrival_due due;
        weir_arrivals_begin(level, &arrivals);
        while (weir_arrivals_next(&arrivals, &due)) {
            if (due.id % count != worker) {
                continue;
            }
            assert_true(due.id < whole->count);
            assert_int_equal(due.offset, whole->due[due.id].offset);
            assert_int_equal(due.is_measured, whole->due[due.id].is_measured);
            assert_int_equal(is_taken[due.id], 0);
            is_taken[due.id] = 1;
        }
        assert_int_equal(arrivals.window_start, whole->end.window_start);
        assert_int_equal(arrivals.window_end, whole->end.window_end);
        assert_int_equal(arrivals.measured, whole->measured);
    }
    for (size_t i = 0; i < whole->count; i++) {
        assert_int_equal(is_taken[i], 1);
    }
    free(is_taken);
}

static void any_number_of_workers_sends_the_same(void **state)
{
    (void)state;
    const struct weir_schedule schedules[] = {
        steady(WEIR_ARRIVAL_POISSON, 1, 1), steady(WEIR_ARRIVAL_CONSTANT, 1, 2),
        steady(WEIR_ARRIVAL_GAMMA, 3, 3), ending(4), of_file()};
    struct walk *whole = calloc(1, sizeof(*whole));
    assert_non_null(whole);
    for (size_t i = 0; i < WEIR_COUNT_OF(schedules); i++) {
        const struct weir_level levels[] = {
            level_of(&schedules[i], 0, 6 * WEIR_SECOND, 0, 0),
            level_of(&schedules[i], 0, 5 * WEIR_SECOND, 0, WEIR_SECOND),
            level_of(&schedules[i], 101, 0, 7, 0),
            level_of(&schedules[i], 37, 20 * WEIR_SECOND, 3, 500 * WEIR_MSEC)};
        for (size_t k = 0; k < WEIR_COUNT_OF(levels); k++) {
            walk_level(&levels[k], whole);
            assert_true(whole->count > 0);
            for (uint64_t workers = 1; workers <= 4; workers *= 2) {
                share_level(&levels[k], whole, workers);
            }
        }
    }
    free(whole);
}

/** By time, the window has its length to the ns, and holds what is due in it: no more, no less. */
static void the_window_is_cut_by_due_time(void **state)
{
    (void)state;
    struct walk *walk = calloc(1, sizeof(*walk));
    assert_non_null(walk);
    for (uint64_t seed = 0; seed < 200; seed++) {
        const struct weir_schedule schedule =
            steady((enum weir_arrival_kind)(seed % WEIR_ARRIVAL_COUNT), 1 + seed % 4, seed);
        const struct weir_level level =
            level_of(&schedule, 0, 3 * WEIR_SECOND + 1, 0, 700 * WEIR_MSEC);
        walk_level(&level, walk);
        assert_int_equal(walk->end.window_start, 700 * WEIR_MSEC);
        assert_int_equal(walk->end.window_end, 3700 * WEIR_MSEC + 1);
        assert_true(bare(&schedule, walk->count) >= walk->end.window_end);
        for (size_t i = 0; i < walk->count; i++) {
            assert_int_equal(walk->due[i].offset, bare(&schedule, i));
            assert_int_equal(walk->due[i].is_measured, walk->due[i].offset >= 700 * WEIR_MSEC);
        }
    }
    free(walk);
}

/** An arrival on the very edge belongs to the window that begins there, not to the one that ends.
 */
static void edges_are_half_open(void **state)
{
    (void)state;
    const struct weir_schedule schedule = steady(WEIR_ARRIVAL_CONSTANT, 1, 1); // each 20 ms
    struct walk *walk = calloc(1, sizeof(*walk));
    assert_non_null(walk);
    const struct weir_level level = level_of(&schedule, 0, 100 * WEIR_MSEC, 0, 40 * WEIR_MSEC);
    walk_level(&level, walk);
    assert_int_equal(walk->count, 7);
    assert_int_equal(walk->measured, 5);
    assert_true(walk->due[2].is_measured && !walk->due[1].is_measured);
    free(walk);
}

static void counts_are_exact(void **state)
{
    (void)state;
    struct walk *walk = calloc(1, sizeof(*walk));
    assert_non_null(walk);
    for (uint64_t seed = 0; seed < 300; seed++) {
        const struct weir_schedule schedule =
            steady((enum weir_arrival_kind)(seed % WEIR_ARRIVAL_COUNT), 1, seed);
        const uint64_t count = 1 + seed % 97;
        const uint64_t warmup = seed % 11;
        const struct weir_level level = level_of(&schedule, count, 0, warmup, 0);
        walk_level(&level, walk);
        assert_int_equal(walk->measured, count);
        assert_int_equal(walk->count, count + warmup);
        assert_int_equal(walk->end.window_start, warmup > 0 ? bare(&schedule, warmup) : 0);
        assert_int_equal(walk->end.window_end, bare(&schedule, count + warmup));
    }
    free(walk);
}

/** A count that ends within a burst still has a window of some length. */
static void a_cut_burst_has_a_window(void **state)
{
    (void)state;
    const struct weir_schedule schedule = steady(WEIR_ARRIVAL_CONSTANT, 10, 1); // ten each 200 ms
    struct walk *walk = calloc(1, sizeof(*walk));
    assert_non_null(walk);
    const struct weir_level level = level_of(&schedule, 5, 0, 0, 0);
    walk_level(&level, walk);
    assert_int_equal(walk->count, 5);
    assert_int_equal(walk->end.window_start, 0);
    assert_int_equal(walk->end.window_end, 200 * WEIR_MSEC);
    const struct weir_level later = level_of(&schedule, 5, 0, 13, 0);
    walk_level(&later, walk);
    assert_int_equal(walk->count, 18);
    assert_int_equal(walk->end.window_start, 200 * WEIR_MSEC);
    assert_int_equal(walk->end.window_end, 400 * WEIR_MSEC);
    free(walk);
}

static void of_two_warmups_the_later_counts(void **state)
{
    (void)state;
    const struct weir_schedule schedule = steady(WEIR_ARRIVAL_POISSON, 1, 9);
    struct walk *walk = calloc(1, sizeof(*walk));
    assert_non_null(walk);
    const struct weir_level by_time = level_of(&schedule, 0, WEIR_SECOND, 3, 2 * WEIR_SECOND);
    walk_level(&by_time, walk);
    assert_int_equal(walk->end.window_start, 2 * WEIR_SECOND);
    assert_int_equal(walk->end.window_end, 3 * WEIR_SECOND);
    const struct weir_level by_count = level_of(&schedule, 0, WEIR_SECOND, 300, 2 * WEIR_SECOND);
    walk_level(&by_count, walk);
    assert_true(bare(&schedule, 300) > 2 * WEIR_SECOND);
    assert_int_equal(walk->end.window_start, bare(&schedule, 300));
    assert_int_equal(walk->end.window_end, bare(&schedule, 300) + WEIR_SECOND);
    assert_true(walk->due[300].is_measured && !walk->due[299].is_measured);
    free(walk);
}

/** With a count and a time, whichever comes first. */
static void of_two_ends_the_first_counts(void **state)
{
    (void)state;
    const struct weir_schedule schedule = steady(WEIR_ARRIVAL_CONSTANT, 1, 1);
    struct walk *walk = calloc(1, sizeof(*walk));
    assert_non_null(walk);
    const struct weir_level by_count = level_of(&schedule, 10, WEIR_SECOND, 0, 0);
    walk_level(&by_count, walk);
    assert_int_equal(walk->measured, 10);
    assert_int_equal(walk->end.window_end, 200 * WEIR_MSEC);
    const struct weir_level by_time = level_of(&schedule, 60, WEIR_SECOND, 0, 0);
    walk_level(&by_time, walk);
    assert_int_equal(walk->measured, 50);
    assert_int_equal(walk->end.window_end, WEIR_SECOND);
    free(walk);
}

static void a_schedule_that_ends_closes_the_window(void **state)
{
    (void)state;
    struct walk *walk = calloc(1, sizeof(*walk));
    assert_non_null(walk);
    for (uint64_t seed = 0; seed < 50; seed++) {
        const struct weir_schedule schedule = ending(seed);
        const struct weir_level longer = level_of(&schedule, 0, WEIR_HOUR, 0, WEIR_SECOND);
        walk_level(&longer, walk);
        assert_int_equal(walk->end.window_start, WEIR_SECOND);
        assert_int_equal(walk->end.window_end, 12 * WEIR_SECOND);
        const struct weir_level more = level_of(&schedule, 1000000, 0, 2, 0);
        walk_level(&more, walk);
        assert_int_equal(walk->end.window_end, 12 * WEIR_SECOND);
        const struct weir_level never_warm = level_of(&schedule, 5, WEIR_SECOND, 1000000, 0);
        walk_level(&never_warm, walk);
        assert_int_equal(walk->measured, 0);
        assert_int_equal(walk->end.window_start, 12 * WEIR_SECOND);
        assert_int_equal(walk->end.window_end, 12 * WEIR_SECOND);
        const struct weir_level late = level_of(&schedule, 5, 0, 0, WEIR_HOUR);
        walk_level(&late, walk);
        assert_int_equal(walk->measured, 0);
        assert_int_equal(walk->end.window_start, 12 * WEIR_SECOND);
    }
    free(walk);
}

static void a_file_of_times_is_taken_as_it_is(void **state)
{
    (void)state;
    const struct weir_schedule schedule = of_file();
    struct walk *walk = calloc(1, sizeof(*walk));
    assert_non_null(walk);
    const struct weir_level all = level_of(&schedule, 0, WEIR_HOUR, 0, 0);
    walk_level(&all, walk);
    assert_int_equal(walk->measured, WEIR_COUNT_OF(times));
    assert_int_equal(walk->end.window_end, 9 * WEIR_SECOND + 1);
    const struct weir_level some = level_of(&schedule, 2, 0, 3, 0);
    walk_level(&some, walk);
    assert_int_equal(walk->measured, 2);
    assert_int_equal(walk->end.window_start, WEIR_SECOND);
    assert_int_equal(walk->end.window_end, 2 * WEIR_SECOND);
    const struct weir_level last = level_of(&schedule, 2, 0, 6, 0);
    walk_level(&last, walk);
    assert_int_equal(walk->end.window_end, 9 * WEIR_SECOND + 1);
    free(walk);
}

/** A day of arrivals is walked one by one, in no memory but the walk's own. */
static void a_day_is_walked(void **state)
{
    (void)state;
    const struct weir_piece ten = {WEIR_PIECE_CONSTANT, WEIR_HOUR, 10, 10, 0};
    struct weir_schedule schedule = steady(WEIR_ARRIVAL_POISSON, 1, 5);
    schedule.pieces = &ten;
    const struct weir_level level = level_of(&schedule, 0, WEIR_DAY, 0, WEIR_MINUTE);
    struct weir_arrivals arrivals;
    struct weir_arrival_due due;
    weir_arrivals_begin(&level, &arrivals);
    while (weir_arrivals_next(&arrivals, &due)) {
    }
    assert_int_equal(arrivals.window_end, WEIR_DAY + WEIR_MINUTE);
    assert_true(fabs((double)arrivals.measured - 864000) < 5 * sqrt(864000));
}

// ---- forecast
// --------------------------------------------------------------------------------------

/** Equal gaps leave nothing to chance. */
static void the_forecast_of_equal_gaps_is_exact(void **state)
{
    (void)state;
    const struct weir_schedule schedule = steady(WEIR_ARRIVAL_CONSTANT, 1, 1);
    const struct weir_level levels[] = {
        level_of(&schedule, 0, 4 * WEIR_SECOND, 0, 0),
        level_of(&schedule, 0, 4 * WEIR_SECOND, 0, WEIR_SECOND),
        level_of(&schedule, 0, 4 * WEIR_SECOND, 25, WEIR_SECOND / 5),
        level_of(&schedule, 30, 0, 25, 0),
        level_of(&schedule, 30, 4 * WEIR_SECOND, 5, WEIR_SECOND),
    };
    struct walk *walk = calloc(1, sizeof(*walk));
    assert_non_null(walk);
    for (size_t i = 0; i < WEIR_COUNT_OF(levels); i++) {
        walk_level(&levels[i], walk);
        const struct weir_forecast forecast = weir_arrivals_forecast(&levels[i]);
        assert_true(fabs(forecast.measured - (double)walk->measured) < 1e-6);
        assert_int_equal(forecast.window_start, walk->end.window_start);
        assert_int_equal(forecast.window_end, walk->end.window_end);
    }
    free(walk);
}

static void the_forecast_of_a_file_is_exact(void **state)
{
    (void)state;
    const struct weir_schedule schedule = of_file();
    struct walk *walk = calloc(1, sizeof(*walk));
    assert_non_null(walk);
    for (uint64_t count = 1; count < 10; count++) {
        for (uint64_t warmup = 0; warmup < 10; warmup++) {
            const struct weir_level level =
                level_of(&schedule, count, 0, warmup, (weir_ns)(warmup % 3 * 3));
            walk_level(&level, walk);
            const struct weir_forecast forecast = weir_arrivals_forecast(&level);
            assert_int_equal((uint64_t)forecast.measured, walk->measured);
            assert_int_equal(forecast.window_start, walk->end.window_start);
            assert_int_equal(forecast.window_end, walk->end.window_end);
        }
    }
    free(walk);
}

/** Over seeds, the mean of what comes is what was forecast. */
static void the_forecast_is_the_mean(void **state)
{
    (void)state;
    enum { SEEDS = 400 };
    struct walk *walk = calloc(1, sizeof(*walk));
    assert_non_null(walk);
    double sum = 0;
    double expected = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        const struct weir_schedule schedule = ending(seed);
        const struct weir_level level =
            level_of(&schedule, 0, 20 * WEIR_SECOND, 0, 1500 * WEIR_MSEC);
        walk_level(&level, walk);
        sum += (double)walk->measured;
        expected = weir_arrivals_forecast(&level).measured;
    }
    // half a second of 20, four of 50 on average, a pause, five of 40 and the half wave of 80/pi
    // that two and a half periods leave over
    assert_true(fabs(expected - (10 + 200 + 200 + 80 / 3.14159265358979)) < 1e-6);
    assert_true(fabs(sum / SEEDS - expected) < 4 * sqrt(expected / SEEDS));
    free(walk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_workers_sends_the_same),
        cmocka_unit_test(the_window_is_cut_by_due_time),
        cmocka_unit_test(edges_are_half_open),
        cmocka_unit_test(counts_are_exact),
        cmocka_unit_test(a_cut_burst_has_a_window),
        cmocka_unit_test(of_two_warmups_the_later_counts),
        cmocka_unit_test(of_two_ends_the_first_counts),
        cmocka_unit_test(a_schedule_that_ends_closes_the_window),
        cmocka_unit_test(a_file_of_times_is_taken_as_it_is),
        cmocka_unit_test(a_day_is_walked),
        cmocka_unit_test(the_forecast_of_equal_gaps_is_exact),
        cmocka_unit_test(the_forecast_of_a_file_is_exact),
        cmocka_unit_test(the_forecast_is_the_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
