// The queue between two threads.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "weir/base/ring.h"
#include "weir/base/rng.h"

struct item {
    uint64_t number;
    uint64_t check; // a function of number: a torn item would show
    char pad[8];
};

static struct item item_of(uint64_t number)
{
    return (struct item){.number = number, .check = number * 0x9e3779b97f4a7c15ULL, .pad = "weir"};
}

static void check_item(const struct item *item, uint64_t number)
{
    assert_int_equal(item->number, number);
    assert_int_equal(item->check, number * 0x9e3779b97f4a7c15ULL);
    assert_string_equal(item->pad, "weir");
}

static size_t fill(struct weir_ring *ring)
{
    size_t held = 0;
    struct item item = item_of(0);
    while (weir_ring_push(ring, &item)) {
        held++;
        item = item_of(held);
    }
    return held;
}

static void size_is_rounded_up_and_full_is_refused(void **state)
{
    (void)state;
    static const struct {
        size_t asked;
        size_t held;
    } cases[] = {{0, 1}, {1, 1}, {2, 2}, {3, 4}, {8, 8}, {9, 16}, {1000, 1024}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct weir_ring *ring = weir_ring_new(cases[i].asked, sizeof(struct item));
        assert_int_equal(fill(ring), cases[i].held);
        struct item item;
        for (uint64_t n = 0; n < cases[i].held; n++) { // what was refused overwrote nothing
            assert_true(weir_ring_pop(ring, &item));
            check_item(&item, n);
        }
        assert_false(weir_ring_pop(ring, &item));
        weir_ring_free(ring);
    }
    weir_ring_free(NULL);
}

static void items_come_out_in_order_however_pushes_and_pops_mix(void **state)
{
    (void)state;
    struct weir_ring *ring = weir_ring_new(16, sizeof(struct item));
    struct weir_rng rng = weir_rng_seed(3);
    uint64_t pushed = 0;
    uint64_t popped = 0;
    for (int step = 0; step < 100000; step++) {
        struct item item = item_of(pushed);
        if (weir_rng_below(&rng, 2) == 0) {
            bool has_room = pushed - popped < 16;
            assert_int_equal(weir_ring_push(ring, &item), has_room);
            pushed += has_room;
        } else {
            bool has_item = pushed > popped;
            assert_int_equal(weir_ring_pop(ring, &item), has_item);
            if (has_item) {
                check_item(&item, popped);
                popped++;
            }
        }
    }
    weir_ring_free(ring);
}

enum { MANY = 1000000 };

static void *produce(void *ring)
{
    for (uint64_t n = 0; n < MANY; n++) {
        const struct item item = item_of(n);
        while (!weir_ring_push(ring, &item)) {
            (void)sched_yield();
        }
    }
    return NULL;
}

static void a_million_items_pass_between_two_threads(void **state)
{
    (void)state;
    struct weir_ring *ring = weir_ring_new(256, sizeof(struct item));
    pthread_t producer;
    assert_int_equal(pthread_create(&producer, NULL, produce, ring), 0);
    for (uint64_t n = 0; n < MANY; n++) {
        struct item item;
        while (!weir_ring_pop(ring, &item)) {
            (void)sched_yield();
        }
        check_item(&item, n);
    }
    assert_int_equal(pthread_join(producer, NULL), 0);
    struct item item;
    assert_false(weir_ring_pop(ring, &item));
    weir_ring_free(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(size_is_rounded_up_and_full_is_refused),
        cmocka_unit_test(items_come_out_in_order_however_pushes_and_pops_mix),
        cmocka_unit_test(a_million_items_pass_between_two_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
