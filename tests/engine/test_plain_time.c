// weir's own transport: the stamps of a reader that is late, calls that are dropped or started
// over, and connections opened ahead.
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/resource.h>

#include "engine/plain_rig.h"

#define WITH_SIZE "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define HEAD                                                                                       \
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

enum { EVENTS = 8 }; // fewer than a sender may have under way unacknowledged

/** The kernel begins to stamp a moment after the first socket asked for it. */
static void warm_up(struct rig *rig)
{
    weir_ns until = weir_clock_now() + RIG_PATIENCE_S * WEIR_SECOND;
    while (!weir_bridge_has_kernel_stamps(rig->bridge)) {
        assert_true(weir_clock_now() < until);
        rig_ask(rig);
        rig_say(rig, WITH_SIZE);
        rig_await(rig, &rig->dones, 1);
    }
}

static void pass(weir_ns span)
{
    weir_ns until = weir_clock_now() + span;
    while (weir_clock_now() < until) {
    }
}

/** EVENTS events that nobody reads until all are there. False: they took so long that the kernel
 * has acknowledged some, after which it joins segments, stamps and all. */
static bool send_events(struct rig *rig, weir_ns before[EVENTS], weir_ns after[EVENTS])
{
    rig_ask(rig);
    rig_say(rig, HEAD);
    rig_await(rig, &rig->heads, 1);
    for (int i = 0; i < EVENTS; i++) {
        char event[64];
        int data = 10 + i % 3; // lengths differ
        (void)snprintf(event, sizeof(event), "%x\r\ndata: %0*d\n\n\r\n", (unsigned)data + 8, data,
                       i);
        before[i] = weir_clock_now();
        rig_say(rig, event);
        after[i] = weir_clock_now();
        pass(300 * WEIR_USEC);
    }
    bool is_timely = weir_clock_now() - before[0] < 20 * WEIR_MSEC;
    rig_turn(rig); // only now does anybody look
    rig_say(rig, "0\r\n\r\n");
    rig_await(rig, &rig->dones, 1);
    assert_int_equal(rig->end.outcome, WEIR_OUTCOME_OK);
    assert_int_equal(rig->parts, EVENTS);
    return is_timely;
}

/** Events that wait for a late client, one segment each: every one keeps its own time. */
static void each_event_keeps_its_arrival(void **state)
{
    (void)state;
    enum { ATTEMPTS = 50 };
    struct rig *rig = rig_new(NULL);
    weir_ns before[EVENTS];
    weir_ns after[EVENTS];
    warm_up(rig);
    weir_ns bracket = 0;
    (void)weir_clock_offset(&bracket);
    const weir_ns slack = bracket + 100 * WEIR_USEC;
    bool is_timely = false;
    for (int i = 0; i < ATTEMPTS && !is_timely; i++) {
        is_timely = send_events(rig, before, after);
    }
    for (int i = 0; i < EVENTS && is_timely; i++) {
        assert_true(rig->at[i] >= before[i] - slack && rig->at[i] <= after[i] + slack);
        assert_true(i == 0 || rig->turn[i] != rig->turn[i - 1]);
    }
    rig_free(rig);
    if (!is_timely) {
        skip(); // a machine this busy shows nothing
    }
}

/** Events in one segment came together, and are told as one read's; late or not. */
static void events_of_one_segment_share_it(void **state)
{
    (void)state;
    struct rig *rig = rig_new(NULL);
    warm_up(rig);
    for (int late = 0; late < 2; late++) {
        rig_ask(rig);
        rig_say(rig, HEAD);
        rig_await(rig, &rig->heads, 1);
        rig_say(rig, "9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n9\r\ndata: 3\n\n\r\n");
        pass(late * 500 * WEIR_USEC);
        rig_turn(rig);
        assert_int_equal(rig->parts, 3);
        assert_int_equal(rig->at[0], rig->at[1]);
        assert_int_equal(rig->at[1], rig->at[2]);
        assert_int_equal(rig->turn[0], rig->turn[2]);
        rig_say(rig, "0\r\n\r\n");
        rig_await(rig, &rig->dones, 1);
    }
    rig_free(rig);
}

/** Lines that are documents of their own, as some servers stream them. */
static void each_line_keeps_its_arrival(void **state)
{
    (void)state;
    struct rig *rig = rig_new(NULL);
    warm_up(rig);
    rig_ask(rig);
    rig_say(rig, "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n");
    rig_await(rig, &rig->heads, 1);
    weir_ns began = weir_clock_now();
    rig_say(rig, "{\"a\":1}\n");
    pass(500 * WEIR_USEC);
    rig_say(rig, "{\"a\":2}\n");
    pass(500 * WEIR_USEC);
    bool is_timely = weir_clock_now() - began < 20 * WEIR_MSEC;
    rig_turn(rig);
    assert_int_equal(rig->parts, is_timely ? 2 : rig->parts);
    assert_true(!is_timely || rig->at[1] - rig->at[0] >= 400 * WEIR_USEC);
    rig_free(rig);
}

/** More waits than is told apart in one look: nothing is lost. */
static void a_flood_is_read_to_its_end(void **state)
{
    (void)state;
    enum { FLOOD = 3000 };
    struct rig *rig = rig_new(NULL);
    warm_up(rig);
    rig_ask(rig);
    rig_say(rig, HEAD);
    for (int i = 0; i < FLOOD; i++) {
        char event[64];
        (void)snprintf(event, sizeof(event), "d\r\ndata: %05d\n\n\r\n", i);
        rig_say(rig, event);
    }
    rig_say(rig, "0\r\n\r\n");
    rig_await(rig, &rig->dones, 1);
    assert_int_equal(rig->end.outcome, WEIR_OUTCOME_OK);
    assert_int_equal(rig->body_len, FLOOD * 13);
    for (int i = 0; i < FLOOD; i++) {
        assert_int_equal(strtol(rig->body + i * 13 + 6, NULL, 10), i);
    }
    rig_free(rig);
}

static void dropped_calls_say_nothing_and_start_over(void **state)
{
    (void)state;
    struct rig *rig = rig_new(NULL);
    weir_call_cancel(rig->call);              // nothing to drop
    weir_call_start(rig->call, "{}", 2, "a"); // not begun
    weir_call_cancel(rig->call);
    weir_call_start(rig->call, "{}", 2, "b"); // connecting
    weir_call_settle(rig->call);
    weir_call_cancel(rig->call);
    weir_call_start(rig->call, "{}", 2, "c");
    weir_call_cancel(rig->call);
    assert_int_equal(rig->dones, 0);
    rig_accept(rig); // of "b"
    rig_start(rig, "{}", 2);
    rig_accept(rig);
    rig_say(rig, HEAD "9\r\ndata: 1\n\n\r\n"); // in the middle of an answer
    rig_await(rig, &rig->heads, 1);
    weir_call_cancel(rig->call);
    rig_say(rig, "9\r\ndata: 2\n\n\r\n");
    rig_turn(rig);
    assert_int_equal(rig->dones, 0);
    rig_start(rig, "{}", 2);
    rig_accept(rig);
    rig_say(rig, WITH_SIZE);
    rig_await(rig, &rig->dones, 1);
    assert_int_equal(rig->end.outcome, WEIR_OUTCOME_OK);
    assert_false(rig->end.is_reused);
    rig_free(rig);
}

/** No descriptor to be had: each request fails at once, and starts the next in its callback. */
static void failing_at_once_does_not_recurse(void **state)
{
    (void)state;
    enum { MANY = 200000 };
    struct rig *rig = rig_new(NULL);
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const struct rlimit none = {0, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    rig->again = MANY;
    rig_start(rig, "{}", 2);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(rig->dones, MANY + 1);
    assert_int_equal(rig->sent, 0);
    assert_int_equal(rig->end.outcome, WEIR_OUTCOME_CLIENT_RESOURCE);
    rig_free(rig);
}

static int connect_ahead(struct rig *rig)
{
    int fd = -1;
    weir_ns span = 0;
    weir_endpoint_connect(&rig->endpoint, WEIR_SECOND * RIG_PATIENCE_S, &fd, &span, 1);
    assert_true(fd >= 0 && span > 0);
    return fd;
}

static void a_connection_opened_ahead_is_used_first(void **state)
{
    (void)state;
    for (int is_dead = 0; is_dead < 2; is_dead++) {
        struct rig *rig = rig_new(NULL);
        rig->call = weir_bridge_call(rig->bridge, 1, rig, connect_ahead(rig));
        rig_accept(rig);
        if (is_dead != 0) {
            rig_hang_up(rig, false);
        }
        rig_ask(rig); // opens another when that one has been closed since
        assert_false(rig_has_caller(rig));
        rig_say(rig, WITH_SIZE);
        rig_await(rig, &rig->dones, 1);
        assert_int_equal(rig->end.outcome, WEIR_OUTCOME_OK);
        assert_false(rig->end.is_reused);
        assert_int_equal(rig->end.connect_time > 0, is_dead != 0);
        rig_free(rig);
    }
}

static void open_and_unused_connections_are_closed(void **state)
{
    (void)state;
    struct rig *rig = rig_new(NULL);
    (void)weir_bridge_call(rig->bridge, 2, rig, connect_ahead(rig));
    rig_start(rig, "{}", 2); // in flight at the end
    rig_free(rig);           // a leak would be found by the sanitizer and by the loop's close
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_event_keeps_its_arrival),
        cmocka_unit_test(events_of_one_segment_share_it),
        cmocka_unit_test(each_line_keeps_its_arrival),
        cmocka_unit_test(a_flood_is_read_to_its_end),
        cmocka_unit_test(dropped_calls_say_nothing_and_start_over),
        cmocka_unit_test(failing_at_once_does_not_recurse),
        cmocka_unit_test(a_connection_opened_ahead_is_used_first),
        cmocka_unit_test(open_and_unused_connections_are_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
