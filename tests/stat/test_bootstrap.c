// Block bootstrap: coverage where neighbours are alike, which resampling single values does not
// have.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "weir/base/rng.h"
#include "weir/stat/bootstrap.h"

enum { SECONDS = 120, ROUNDS = 150 };

/** First-order autoregressive, of deviation 1. */
static void draw(struct weir_rng *rng, double phi, double mean, double *out, size_t count)
{
    double state = weir_rng_normal(rng);
    for (size_t i = 0; i < count; i++) {
        state = phi * state + sqrt(1 - phi * phi) * weir_rng_normal(rng);
        out[i] = mean + state;
    }
}

static double coverage(double phi)
{
    struct weir_rng rng = weir_rng_split(17, "coverage", (uint64_t)(phi * 100));
    int covered = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double a[SECONDS];
        double b[SECONDS];
        struct weir_bootstrap_shift shift;
        draw(&rng, phi, 0, a, SECONDS);
        draw(&rng, phi, 0.5, b, SECONDS);
        assert_true(weir_bootstrap_shift_of((struct weir_values){a, SECONDS},
                                            (struct weir_values){b, SECONDS}, 0.95, (uint64_t)round,
                                            &shift));
        assert_true(shift.interval.low < shift.estimate && shift.estimate < shift.interval.high);
        covered += shift.interval.low <= 0.5 && 0.5 <= shift.interval.high ? 1 : 0;
    }
    return (double)covered / ROUNDS;
}

static void it_covers(void **state)
{
    (void)state;
    const double independent = coverage(0);
    const double alike = coverage(0.5);
    const double very_alike = coverage(0.8);
    print_message("coverage at 95 %%: %.3f, %.3f, %.3f for phi 0, 0.5, 0.8\n", independent, alike,
                  very_alike);
    assert_true(independent > 0.90 && alike > 0.88 && very_alike > 0.82);
}

static void blocks_follow_the_correlation(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(1);
    double values[1000];
    draw(&rng, 0, 0, values, 1000);
    const size_t none = weir_bootstrap_block(values, 1000);
    draw(&rng, 0.5, 0, values, 1000);
    const size_t some = weir_bootstrap_block(values, 1000);
    draw(&rng, 0.9, 0, values, 1000);
    const size_t much = weir_bootstrap_block(values, 1000);
    assert_true(none <= 5 && some > none && much > some && much <= 250);
    assert_int_equal(weir_bootstrap_block(values, 1), 1);
    assert_int_equal(weir_bootstrap_block(values, 0), 1);
}

static void short_and_flat_series(void **state)
{
    (void)state;
    const double flat[8] = {2, 2, 2, 2, 2, 2, 2, 2};
    const double higher[8] = {3, 3, 3, 3, 3, 3, 3, 3};
    struct weir_bootstrap_shift shift;
    assert_false(weir_bootstrap_shift_of((struct weir_values){flat, 7},
                                         (struct weir_values){higher, 8}, 0.95, 1, &shift));
    assert_false(weir_bootstrap_shift_of((struct weir_values){flat, 8},
                                         (struct weir_values){higher, 0}, 0.95, 1, &shift));
    assert_true(weir_bootstrap_shift_of((struct weir_values){flat, 8},
                                        (struct weir_values){higher, 8}, 0.95, 1, &shift));
    assert_true(shift.estimate == 1 && shift.error == 0);
    assert_true(shift.interval.low == 1 && shift.interval.high == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_covers),
        cmocka_unit_test(blocks_follow_the_correlation),
        cmocka_unit_test(short_and_flat_series),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
