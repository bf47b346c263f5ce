// Who gets the next request, and where the measured window is cut.
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "weir/engine/deal.h"

enum { START = 1000000 };

static void ends_by_count(void **state)
{
    (void)state;
    struct weir_deal deal;
    weir_deal_init(&deal, &(struct weir_level){.concurrency = 2, .request_count = 4}, false, START);
    uint64_t id = 0;
    enum weir_phase phase;
    for (uint64_t i = 0; i < 4; i++) {
        assert_int_equal(weir_deal_window(&deal).end, WEIR_OPEN);
        assert_true(weir_deal_next(&deal, START + (weir_ns)i, &id, &phase));
        assert_int_equal(id, i);
        assert_int_equal(phase, WEIR_PHASE_MEASURED);
    }
    // the window closes when the last one is dealt: from there on the load falls
    assert_int_equal(weir_deal_window(&deal).end, START + 3);
    assert_false(weir_deal_next(&deal, START + 2, &id, &phase));
    assert_int_equal(weir_deal_sent(&deal), 4);
}

static void few_requests_leave_the_window_open(void **state)
{
    (void)state;
    struct weir_deal deal;
    weir_deal_init(&deal, &(struct weir_level){.concurrency = 4, .request_count = 4}, false, START);
    uint64_t id = 0;
    enum weir_phase phase;
    for (int i = 0; i < 4; i++) {
        assert_true(weir_deal_next(&deal, START, &id, &phase));
    }
    assert_false(weir_deal_next(&deal, START + 1, &id, &phase));
    assert_int_equal(weir_deal_window(&deal).end, WEIR_OPEN);
    weir_deal_close(&deal, START + 500);
    assert_int_equal(weir_deal_window(&deal).end, START + 500);
}

static void ends_by_time(void **state)
{
    (void)state;
    struct weir_deal deal;
    weir_deal_init(&deal,
                   &(struct weir_level){.concurrency = 1, .duration = 100, .warmup_duration = 50},
                   false, START);
    assert_int_equal(weir_deal_window(&deal).start, START + 50);
    assert_int_equal(weir_deal_window(&deal).end, START + 150);
    uint64_t id = 0;
    enum weir_phase phase;
    assert_true(weir_deal_next(&deal, START + 49, &id, &phase));
    assert_int_equal(phase, WEIR_PHASE_WARMUP);
    assert_true(weir_deal_next(&deal, START + 50, &id, &phase));
    assert_int_equal(phase, WEIR_PHASE_MEASURED);
    assert_true(weir_deal_next(&deal, START + 149, &id, &phase));
    assert_false(weir_deal_next(&deal, START + 150, &id, &phase));
    assert_int_equal(weir_deal_sent(&deal), 2);
    weir_deal_close(
        &deal, START + 140); // the last answer came early: the window is as long as it was to be
    assert_int_equal(weir_deal_window(&deal).end, START + 150);
}

static void warms_up_by_count(void **state)
{
    (void)state;
    struct weir_deal deal;
    const struct weir_level level = {
        .concurrency = 1, .duration = 100, .warmup_count = 2, .request_count = 10};
    weir_deal_init(&deal, &level, false, START);
    uint64_t id = 0;
    enum weir_phase phase;
    assert_true(weir_deal_next(&deal, START, &id, &phase));
    assert_true(weir_deal_next(&deal, START + 10, &id, &phase));
    assert_int_equal(phase, WEIR_PHASE_WARMUP);
    assert_true(weir_deal_next(&deal, START + 20, &id, &phase));
    assert_int_equal(phase, WEIR_PHASE_MEASURED);
    assert_int_equal(weir_deal_window(&deal).start, START + 20);
    assert_int_equal(weir_deal_window(&deal).end, START + 120);
}

static void the_later_warm_up_counts(void **state)
{
    (void)state;
    struct weir_deal deal;
    const struct weir_level level = {
        .concurrency = 1, .duration = 100, .warmup_count = 1, .warmup_duration = 30};
    weir_deal_init(&deal, &level, false, START);
    uint64_t id = 0;
    enum weir_phase phase;
    for (int at = 0; at < 30; at += 10) {
        assert_true(weir_deal_next(&deal, START + at, &id, &phase));
        assert_int_equal(phase, WEIR_PHASE_WARMUP);
    }
    assert_true(weir_deal_next(&deal, START + 31, &id, &phase));
    assert_int_equal(phase, WEIR_PHASE_MEASURED);
    assert_int_equal(weir_deal_window(&deal).start, START + 31);
}

static void stops_on_demand(void **state)
{
    (void)state;
    struct weir_deal deal;
    weir_deal_init(&deal, &(struct weir_level){.concurrency = 1, .duration = 100}, false, START);
    uint64_t id = 0;
    enum weir_phase phase;
    assert_true(weir_deal_next(&deal, START, &id, &phase));
    weir_deal_stop(&deal, START + 7);
    assert_false(weir_deal_next(&deal, START + 8, &id, &phase));
    assert_int_equal(weir_deal_window(&deal).end, START + 7);
    weir_deal_stop(&deal, START + 9); // later stops do not open it again
    assert_int_equal(weir_deal_window(&deal).end, START + 7);
}

enum { THREADS = 4, SHARED_COUNT = 200000 };

struct taker {
    struct weir_deal *deal;
    unsigned char *seen;
    uint64_t taken;
};

static void *take_all(void *context)
{
    struct taker *taker = context;
    uint64_t id = 0;
    enum weir_phase phase;
    for (weir_ns now = START; weir_deal_next(taker->deal, now, &id, &phase); now++) {
        taker->seen[id]++; // each id is dealt to one thread only: no two write here
        taker->taken++;
    }
    return NULL;
}

static void threads_share_without_loss_or_doubles(void **state)
{
    (void)state;
    static unsigned char seen[SHARED_COUNT];
    struct weir_deal deal;
    weir_deal_init(&deal,
                   &(struct weir_level){.concurrency = THREADS, .request_count = SHARED_COUNT},
                   false, START);
    struct taker takers[THREADS] = {{0}};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        takers[i] = (struct taker){.deal = &deal, .seen = seen};
        assert_int_equal(pthread_create(&threads[i], NULL, take_all, &takers[i]), 0);
    }
    uint64_t taken = 0;
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
        taken += takers[i].taken;
    }
    assert_int_equal(taken, SHARED_COUNT);
    for (size_t i = 0; i < SHARED_COUNT; i++) {
        assert_int_equal(seen[i], 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_by_count),
        cmocka_unit_test(few_requests_leave_the_window_open),
        cmocka_unit_test(ends_by_time),
        cmocka_unit_test(warms_up_by_count),
        cmocka_unit_test(the_later_warm_up_counts),
        cmocka_unit_test(stops_on_demand),
        cmocka_unit_test(threads_share_without_loss_or_doubles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
