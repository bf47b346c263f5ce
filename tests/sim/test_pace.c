// The queue of what is due, against a sorted array: order, moves, drops, on made-up time.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "weir/base/attr.h"
#include "weir/base/rng.h"
#include "weir/sim/pace.h"

enum { ITEMS = 500, STEPS = 20000 };

struct waiter {
    struct weir_sim_pace_item item;
    weir_ns expected; // INT64_MAX: waits for nothing
};

static void on_due(struct weir_sim_pace_item *item)
{
    (void)item;
}

static struct waiter *new_waiters(void)
{
    struct waiter *waiters = calloc(ITEMS, sizeof(*waiters));
    assert_non_null(waiters);
    for (size_t i = 0; i < ITEMS; i++) {
        waiters[i].item.on_due = on_due;
        waiters[i].expected = INT64_MAX;
    }
    return waiters;
}

static weir_ns earliest(const struct waiter *waiters)
{
    weir_ns best = INT64_MAX;
    for (size_t i = 0; i < ITEMS; i++) {
        best = waiters[i].expected < best ? waiters[i].expected : best;
    }
    return best;
}

static void test_empty_queue_has_nothing_due(void **state)
{
    (void)state;
    struct weir_sim_pace pace;
    weir_sim_pace_init(&pace);
    assert_int_equal(weir_sim_pace_next(&pace), INT64_MAX);
    assert_null(weir_sim_pace_due(&pace, INT64_MAX));
    struct weir_sim_pace_item item = {.on_due = on_due};
    weir_sim_pace_drop(&pace, &item); // waits for nothing: no harm
    assert_int_equal(weir_sim_pace_next(&pace), INT64_MAX);
    weir_sim_pace_free(&pace);
}

static void test_due_is_inclusive(void **state)
{
    (void)state;
    struct weir_sim_pace pace;
    weir_sim_pace_init(&pace);
    struct weir_sim_pace_item item = {.on_due = on_due};
    weir_sim_pace_set(&pace, &item, 1000);
    assert_null(weir_sim_pace_due(&pace, 999));
    assert_ptr_equal(weir_sim_pace_due(&pace, 1000), &item);
    assert_ptr_equal(weir_sim_pace_due(&pace, 1001), &item); // stays until it is set or dropped
    weir_sim_pace_set(&pace, &item, 2000);
    assert_null(weir_sim_pace_due(&pace, 1001));
    assert_int_equal(weir_sim_pace_next(&pace), 2000);
    weir_sim_pace_free(&pace);
}

static void test_any_mix_of_operations_keeps_the_earliest_first(void **state)
{
    (void)state;
    struct weir_sim_pace pace;
    weir_sim_pace_init(&pace);
    struct waiter *waiters = new_waiters();
    struct weir_rng rng = weir_rng_split(1, "test pace", 0);
    for (size_t step = 0; step < STEPS; step++) {
        struct waiter *waiter = &waiters[weir_rng_below(&rng, ITEMS)];
        if (weir_rng_below(&rng, 4) == 0) {
            weir_sim_pace_drop(&pace, &waiter->item);
            waiter->expected = INT64_MAX;
        } else {
            waiter->expected = weir_rng_below(&rng, 300); // few values: many are equal
            weir_sim_pace_set(&pace, &waiter->item, waiter->expected);
        }
        assert_int_equal(weir_sim_pace_next(&pace), earliest(waiters));
    }
    weir_sim_pace_free(&pace);
    free(waiters);
}

static void test_all_come_out_once_and_in_order(void **state)
{
    (void)state;
    struct weir_sim_pace pace;
    weir_sim_pace_init(&pace);
    struct waiter *waiters = new_waiters();
    struct weir_rng rng = weir_rng_split(1, "test pace", 1);
    for (size_t i = 0; i < ITEMS; i++) {
        waiters[i].expected = weir_rng_below(&rng, 1000);
        weir_sim_pace_set(&pace, &waiters[i].item, waiters[i].expected);
    }
    weir_ns last = 0;
    for (size_t i = 0; i < ITEMS; i++) {
        struct weir_sim_pace_item *item = weir_sim_pace_due(&pace, 1000);
        assert_non_null(item);
        struct waiter *waiter = WEIR_CONTAINER_OF(item, struct waiter, item);
        assert_true(item->due >= last);
        assert_int_equal(item->due, waiter->expected);
        last = item->due;
        waiter->expected = INT64_MAX;
        weir_sim_pace_drop(&pace, item);
    }
    assert_null(weir_sim_pace_due(&pace, INT64_MAX));
    weir_sim_pace_free(&pace);
    free(waiters);
}

/** A thousand streams of one pace each: a schedule that is kept item by item does not drift. */
static void test_replacing_the_first_keeps_each_schedule(void **state)
{
    (void)state;
    enum { ROUNDS = 200, ITL = 100 };
    struct weir_sim_pace pace;
    weir_sim_pace_init(&pace);
    struct waiter *waiters = new_waiters();
    for (size_t i = 0; i < ITEMS; i++) {
        weir_sim_pace_set(&pace, &waiters[i].item, (weir_ns)i % ITL);
    }
    weir_ns last = 0;
    for (size_t i = 0; i < (size_t)ITEMS * ROUNDS; i++) {
        struct weir_sim_pace_item *item = weir_sim_pace_due(&pace, INT64_MAX);
        assert_true(item->due >= last);
        last = item->due;
        weir_sim_pace_set(&pace, item, item->due + ITL);
    }
    for (size_t i = 0; i < ITEMS; i++) {
        assert_int_equal(waiters[i].item.due, (weir_ns)(i % ITL) + (weir_ns)ROUNDS * ITL);
    }
    weir_sim_pace_free(&pace);
    free(waiters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_queue_has_nothing_due),
        cmocka_unit_test(test_due_is_inclusive),
        cmocka_unit_test(test_any_mix_of_operations_keeps_the_earliest_first),
        cmocka_unit_test(test_all_come_out_once_and_in_order),
        cmocka_unit_test(test_replacing_the_first_keeps_each_schedule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
