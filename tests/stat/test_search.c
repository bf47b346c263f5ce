// The search ends where it should, whatever the load that holds, and never asks twice.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "weir/stat/search.h"

enum { STEPS_MAX = 64 };

/** Search a server that holds every load up to `knee`. Returns how many loads were tried. */
static int search_for(struct weir_search *search, double knee)
{
    double load = NAN;
    int tried = 0;
    while (weir_search_next(search, &load)) {
        assert_true(++tried < STEPS_MAX);
        assert_true(load >= search->from && load <= search->most);
        assert_true(load > search->held && load < search->missed);
        assert_true(!search->is_whole || load == round(load));
        weir_search_tell(search, load, load <= knee);
    }
    return tried;
}

static void lands_within_a_step_of_any_knee(void **state)
{
    (void)state;
    for (double knee = 0.5; knee < 9000; knee *= 1.037) {
        struct weir_search search;
        weir_search_init(&search, 0.5, 10000, 1.1, false);
        const int tried = search_for(&search, knee);
        assert_true(search.held <= knee && search.missed > knee);
        assert_true(search.missed <= search.held * 1.1);
        assert_true(tried <= 16 + 3); // doublings, and halvings of a factor of two
    }
}

static void finds_every_whole_number_when_asked_to(void **state)
{
    (void)state;
    for (int knee = 1; knee < 600; knee++) {
        struct weir_search search;
        weir_search_init(&search, 1, 1000, 1.0001, true);
        (void)search_for(&search, knee);
        assert_true(search.held == knee && search.missed == knee + 1);
    }
}

static void small_whole_numbers_end_one_apart(void **state)
{
    (void)state;
    struct weir_search search;
    weir_search_init(&search, 1, 1000, 1.1, true);
    (void)search_for(&search, 3);
    assert_true(search.held == 3 && search.missed == 4);
}

static void a_first_load_that_misses_ends_it(void **state)
{
    (void)state;
    struct weir_search search;
    weir_search_init(&search, 8, 1000, 1.1, true);
    assert_int_equal(search_for(&search, 7), 1);
    assert_true(search.held == 0 && search.missed == 8);
}

static void the_largest_load_ends_it(void **state)
{
    (void)state;
    struct weir_search search;
    weir_search_init(&search, 1, 100, 1.1, true);
    assert_int_equal(search_for(&search, 1e9), 8); // 1 2 4 … 64 100
    assert_true(search.held == 100 && isinf(search.missed));
}

static void bounds_of_whole_loads_are_whole(void **state)
{
    (void)state;
    struct weir_search search;
    weir_search_init(&search, 1.5, 9.5, 1.1, true);
    assert_true(search.from == 2 && search.most == 9);
}

static void old_news_changes_nothing(void **state)
{
    (void)state;
    struct weir_search search;
    weir_search_init(&search, 1, 100, 1.1, true);
    weir_search_tell(&search, 10, true);
    weir_search_tell(&search, 20, false);
    weir_search_tell(&search, 30, true);
    weir_search_tell(&search, 5, false);
    assert_true(search.held == 10 && search.missed == 20);
}

static void steps_down_to_the_first_load_and_no_further(void **state)
{
    (void)state;
    struct weir_search search;
    weir_search_init(&search, 2, 1000, 1.1, true);
    double load = 100;
    int steps = 0;
    for (double lower = weir_search_step_down(&search, load); lower > 0;
         lower = weir_search_step_down(&search, load)) {
        assert_true(lower < load && lower >= 2 && lower == round(lower));
        assert_true(++steps < STEPS_MAX);
        load = lower;
    }
    assert_true(load == 2);
    weir_search_init(&search, 0.5, 1000, 1.1, false);
    assert_true(weir_search_step_down(&search, 11) == 10);
    assert_true(weir_search_step_down(&search, 0.52) == 0.5);
    assert_true(weir_search_step_down(&search, 0.5) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lands_within_a_step_of_any_knee),
        cmocka_unit_test(finds_every_whole_number_when_asked_to),
        cmocka_unit_test(small_whole_numbers_end_one_apart),
        cmocka_unit_test(a_first_load_that_misses_ends_it),
        cmocka_unit_test(the_largest_load_ends_it),
        cmocka_unit_test(bounds_of_whole_loads_are_whole),
        cmocka_unit_test(old_news_changes_nothing),
        cmocka_unit_test(steps_down_to_the_first_load_and_no_further),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
