// A series that outgrows its room keeps its shape.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "weir/stat/series.h"

static void keeps_each_second_while_there_is_room(void **state)
{
    (void)state;
    static struct weir_series series;
    series = (struct weir_series){0};
    for (size_t i = 0; i < WEIR_SERIES_STEPS; i++) {
        weir_series_add(&series, (double)i);
    }
    assert_int_equal(series.count, WEIR_SERIES_STEPS);
    assert_int_equal(series.width, 1);
    assert_true(series.values[WEIR_SERIES_STEPS - 1] == WEIR_SERIES_STEPS - 1);
}

static void a_line_stays_a_line_over_a_week(void **state)
{
    (void)state;
    static struct weir_series series;
    series = (struct weir_series){0};
    const size_t week = 7 * 24 * 3600;
    for (size_t i = 0; i < week; i++) {
        weir_series_add(&series, 5 + 0.25 * (double)i);
    }
    assert_true(series.count <= WEIR_SERIES_STEPS);
    for (size_t i = 0; i < series.count; i++) {
        double middle = ((double)i + 0.5) * (double)series.width - 0.5;
        assert_true(fabs(series.values[i] - (5 + 0.25 * middle)) < 1e-6);
    }
    struct weir_trend trend;
    assert_true(weir_series_trend(&series, 0, (double)week, 0.95, &trend));
    assert_true(fabs(trend.slope - 0.25) < 1e-9);
}

static void holes_are_no_zeros(void **state)
{
    (void)state;
    static struct weir_series series;
    series = (struct weir_series){0};
    for (size_t i = 0; i < 4 * WEIR_SERIES_STEPS; i++) {
        weir_series_add(&series, i % 2 == 0 ? NAN : 8);
    }
    for (size_t i = 0; i < series.count; i++) {
        assert_true(series.values[i] == 8);
    }
    struct weir_trend trend;
    assert_true(weir_series_trend(&series, 0, 4 * WEIR_SERIES_STEPS, 0.95, &trend));
    assert_true(trend.slope == 0 && trend.mean == 8);
}

static void looks_only_at_its_window(void **state)
{
    (void)state;
    static struct weir_series series;
    series = (struct weir_series){0};
    for (size_t i = 0; i < 100; i++) {
        weir_series_add(&series, i < 20 || i >= 80 ? 1000 : 7);
    }
    struct weir_trend trend;
    assert_true(weir_series_trend(&series, 20, 80, 0.95, &trend));
    assert_true(trend.slope == 0 && trend.mean == 7);
    assert_false(weir_series_trend(&series, 20, 22, 0.95, &trend));
    assert_false(weir_series_trend(&series, 200, 300, 0.95, &trend));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_each_second_while_there_is_room),
        cmocka_unit_test(a_line_stays_a_line_over_a_week),
        cmocka_unit_test(holes_are_no_zeros),
        cmocka_unit_test(looks_only_at_its_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
