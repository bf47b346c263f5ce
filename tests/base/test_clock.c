// Instants, spans and how they are written. Nothing here asserts how long anything takes.
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/clock.h"

static void now_never_goes_back(void **state)
{
    (void)state;
    weir_ns last = weir_clock_now();
    assert_true(last > 0);
    for (int i = 0; i < 10000; i++) {
        weir_ns now = weir_clock_now();
        assert_true(now >= last);
        last = now;
    }
}

static void cpu_time_grows_with_work(void **state)
{
    (void)state;
    weir_ns before = weir_clock_thread_cpu();
    volatile unsigned sum = 0;
    while (weir_clock_thread_cpu() == before) {
        sum++;
    }
    assert_true(weir_clock_thread_cpu() > before);
}

static void timespec_round_trip(void **state)
{
    (void)state;
    static const weir_ns instants[] = {
        0, 1, WEIR_SECOND - 1, WEIR_SECOND, WEIR_MINUTE, 10 * WEIR_DAY, 1769860800123456789};
    for (size_t i = 0; i < WEIR_COUNT_OF(instants); i++) {
        struct timespec time = weir_timespec_of(instants[i]);
        assert_in_range(time.tv_nsec, 0, 999999999);
        assert_int_equal(weir_ns_of(time), instants[i]);
    }
    assert_int_equal(weir_ns_of((struct timespec){.tv_sec = 2, .tv_nsec = 5}), 2000000005);
}

static void units_are_what_they_say(void **state)
{
    (void)state;
    assert_int_equal(WEIR_USEC, 1000);
    assert_int_equal(WEIR_MSEC, 1000000);
    assert_int_equal(WEIR_SECOND, 1000000000);
    assert_int_equal(WEIR_MINUTE, 60000000000);
    assert_int_equal(WEIR_HOUR, 3600000000000);
    assert_int_equal(WEIR_DAY, 86400000000000);
}

static void the_offset_carries_monotonic_over_to_wall_time(void **state)
{
    (void)state;
    weir_ns bracket = -1;
    weir_ns offset = weir_clock_offset(&bracket);
    assert_true(bracket >= 0);
    // wall time by way of the offset lies between two readings of the wall clock, an hour of slack
    // for a clock that is set
    weir_ns wall = weir_clock_now() + offset;
    weir_ns direct = (weir_ns)time(NULL) * WEIR_SECOND;
    assert_true(llabs(wall - direct) < WEIR_HOUR);
    assert_true(weir_clock_offset(NULL) != 0);
}

/** `at` on the monotonic clock such that the wall clock shows half a second past `epoch`. */
static weir_ns half_past(int64_t epoch)
{
    return epoch * WEIR_SECOND + WEIR_SECOND / 2 - weir_clock_offset(NULL);
}

/** Nothing can suspend the machine here; what can be checked is that it is the difference of the
 * two clocks, and that two readings agree far below what a suspension would bring. */
static void suspended_time_is_boot_time_without_monotonic(void **state)
{
    (void)state;
    struct timespec boot;
    weir_ns before = weir_clock_suspended();
    weir_ns earlier = weir_clock_now();
    assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &boot), 0);
    weir_ns later = weir_clock_now();
    weir_ns after = weir_clock_suspended();
    assert_true(llabs(after - before) < 10 * WEIR_MSEC);
    assert_true(weir_ns_of(boot) - later - WEIR_MSEC <= after);
    assert_true(after <= weir_ns_of(boot) - earlier + WEIR_MSEC);
}

static void known_instants_are_written_in_utc(void **state)
{
    (void)state;
    static const struct {
        int64_t epoch;
        const char *seconds;
        const char *compact;
    } cases[] = {
        {0, "1970-01-01T00:00:00", "19700101T000000Z"},
        {946684800, "2000-01-01T00:00:00", "20000101T000000Z"},
        {1709251199, "2024-02-29T23:59:59", "20240229T235959Z"},
        {1769860800, "2026-01-31T12:00:00", "20260131T120000Z"},
        {2147483648, "2038-01-19T03:14:08", "20380119T031408Z"},
    };
    assert_int_equal(setenv("TZ", "Asia/Seoul", 1),
                     0); // where the machine stands makes no difference
    tzset();
    for (size_t i = 0; i < WEIR_COUNT_OF(cases); i++) {
        char out[40];
        const char *text = weir_clock_rfc3339(half_past(cases[i].epoch), out, sizeof(out));
        assert_ptr_equal(text, out);
        assert_int_equal(strlen(text), strlen("2026-01-31T12:00:00.123Z"));
        assert_memory_equal(text, cases[i].seconds, strlen(cases[i].seconds));
        assert_int_equal(text[19], '.');
        assert_int_equal(text[23], 'Z');
        assert_in_range(strtol(text + 20, NULL, 10), 100,
                        900); // the offset is measured anew each time
        assert_string_equal(weir_clock_compact(half_past(cases[i].epoch), out, sizeof(out)),
                            cases[i].compact);
    }
}

static void too_little_room_cuts_off(void **state)
{
    (void)state;
    char out[5];
    assert_int_equal(strlen(weir_clock_rfc3339(half_past(1769860800), out, sizeof(out))), 4);
    assert_string_equal(out, "2026");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(now_never_goes_back),
        cmocka_unit_test(cpu_time_grows_with_work),
        cmocka_unit_test(timespec_round_trip),
        cmocka_unit_test(units_are_what_they_say),
        cmocka_unit_test(the_offset_carries_monotonic_over_to_wall_time),
        cmocka_unit_test(suspended_time_is_boot_time_without_monotonic),
        cmocka_unit_test(known_instants_are_written_in_utc),
        cmocka_unit_test(too_little_room_cuts_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
