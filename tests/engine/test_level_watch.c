// Steadiness and saturation from made-up slices.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../src/engine/level_watch.h"
#include "weir/base/mem.h"
#include "weir/base/rng.h"

static void feed(struct level_watch *watch, uint64_t ok, uint64_t in_flight)
{
    struct weir_slice_stat *slice = weir_slice_stat_new();
    weir_slice_stat_reset(slice, (int64_t)watch->seconds);
    slice->ok = ok;
    slice->tokens = ok * 10;
    slice->in_flight = in_flight;
    weir__watch_slice(watch, slice);
    weir_slice_stat_free(slice);
}

static int setup(void **state)
{
    *state = weir_alloc(1, sizeof(struct level_watch));
    return 0;
}

static int teardown(void **state)
{
    weir_free(*state);
    return 0;
}

static void settles_when_nothing_changes(void **state)
{
    struct level_watch *watch = *state;
    for (int i = 0; i < 2 * WEIR__SETTLE_HALF; i++) {
        assert_false(weir__watch_has_settled(watch));
        feed(watch, 1000, 50);
    }
    assert_true(weir__watch_has_settled(watch));
}

static void a_ramp_has_not_settled(void **state)
{
    struct level_watch *watch = *state;
    for (uint64_t i = 1; i < 20; i++) {
        feed(watch, 10000 * i, 50 * i);
        assert_false(weir__watch_has_settled(watch));
    }
}

static void few_answers_may_vary_by_chance(void **state)
{
    struct level_watch *watch = *state;
    const uint64_t answers[] = {10, 9, 11, 9, 10, 12};
    for (int i = 0; i < 6; i++) {
        feed(watch, answers[i], 5);
    }
    assert_true(weir__watch_has_settled(watch)); // 31 after 30: no more than chance
}

/** Summary of an open-loop level of as many seconds as were fed. */
static struct weir_level_summary sum_up(const struct level_watch *watch)
{
    struct weir_level_summary level = {.window_start_s = 0, .window_end_s = (double)watch->seconds};
    weir__watch_sum_up(watch, &level);
    return level;
}

static void a_growing_queue_is_saturation(void **state)
{
    struct level_watch *watch = *state;
    struct weir_rng rng = weir_rng_seed(1);
    double queue = 20;
    for (int i = 0; i < 60; i++) {
        queue += 5 + 3 * weir_rng_normal(&rng);
        feed(watch, 100, (uint64_t)fmax(0, queue));
    }
    assert_true(sum_up(watch).offered.is_saturated);
}

static void a_steady_queue_is_not(void **state)
{
    struct level_watch *watch = *state;
    struct weir_rng rng = weir_rng_seed(2);
    for (int i = 0; i < 60; i++) {
        feed(watch, 100, (uint64_t)fmax(0, 20 + 4 * weir_rng_normal(&rng)));
    }
    assert_false(sum_up(watch).offered.is_saturated);
}

static void a_closed_loop_cannot_be_saturated(void **state)
{
    struct level_watch *watch = *state;
    for (uint64_t i = 0; i < 60; i++) {
        feed(watch, 100, i * 10);
    }
    struct weir_level_summary level = {.window_end_s = 60, .concurrency = 600};
    weir__watch_sum_up(watch, &level);
    assert_false(level.offered.is_saturated);
    assert_true(level.has_trend[WEIR_TREND_IN_FLIGHT]);
    assert_true(fabs(level.trends[WEIR_TREND_IN_FLIGHT].slope - 10) < 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(settles_when_nothing_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_ramp_has_not_settled, setup, teardown),
        cmocka_unit_test_setup_teardown(few_answers_may_vary_by_chance, setup, teardown),
        cmocka_unit_test_setup_teardown(a_growing_queue_is_saturation, setup, teardown),
        cmocka_unit_test_setup_teardown(a_steady_queue_is_not, setup, teardown),
        cmocka_unit_test_setup_teardown(a_closed_loop_cannot_be_saturated, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
