// Permutation tests: against brute force, and the promise itself, that nothing happens by chance
// more often than they say, however many levels are looked at.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "weir/base/rng.h"
#include "weir/stat/permutation.h"

static double mean_difference(const double *all, size_t runs, unsigned in_b)
{
    double a = 0;
    double b = 0;
    double a_count = 0;
    double b_count = 0;
    for (size_t i = 0; i < runs; i++) {
        const bool is_b = (in_b >> i & 1U) != 0;
        a += is_b ? 0 : all[i];
        b += is_b ? all[i] : 0;
        a_count += is_b ? 0 : 1;
        b_count += is_b ? 1 : 0;
    }
    return b / b_count - a / a_count;
}

static void one_row_is_exact(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(5);
    for (int round = 0; round < 40; round++) {
        double all[9];
        double p = 0;
        for (size_t i = 0; i < 9; i++) {
            all[i] = weir_rng_normal(&rng) + (i >= 4 ? 0.7 : 0);
        }
        weir_permutation_test(all, 1, 4, 5, 1, &p);
        const double seen = mean_difference(all, 9, 0x1f0);
        int hits = 0;
        int ways = 0;
        for (unsigned mask = 0; mask < 1U << 9; mask++) {
            if (__builtin_popcount(mask) == 5) {
                ways++;
                hits += mean_difference(all, 9, mask) >= seen - 1e-12 ? 1 : 0;
            }
        }
        assert_true(fabs(p - (double)hits / ways) < 1e-12);
    }
}

static void floors(void **state)
{
    (void)state;
    assert_true(fabs(weir_permutation_floor(5, 5) - 1.0 / 252) < 1e-15);
    assert_true(fabs(weir_permutation_floor(3, 3) - 1.0 / 20) < 1e-15);
    assert_true(fabs(weir_permutation_floor(1, 5) - 1.0 / 6) < 1e-15);
    assert_true(weir_permutation_floor(0, 5) == 1);
    assert_true(weir_permutation_floor(30, 30) == 1.0 / 20000);
    assert_true(weir_permutation_floor_paired(6) == 1.0 / 64);
    assert_true(weir_permutation_floor_paired(100) == 1.0 / 20000);
    const double apart[] = {1, 2, 3, 4, 5, 11, 12, 13, 14, 15, 1, 2, 3, 4, 5, 21, 22, 23, 24, 25};
    double p[2];
    weir_permutation_test(apart, 2, 5, 5, 1, p);
    assert_true(fabs(p[0] - 1.0 / 252) < 1e-15 && fabs(p[1] - 1.0 / 252) < 1e-15);
}

static void no_difference_is_no_evidence(void **state)
{
    (void)state;
    const double flat[] = {3, 3, 3, 3, 3, 3, 3, 3};
    double p = 0;
    weir_permutation_test(flat, 1, 4, 4, 1, &p);
    assert_true(p == 1);
    const double zeros[] = {0, 0, 0, 0};
    weir_permutation_test_paired(zeros, 1, 4, 1, &p);
    assert_true(p == 1);
    const double better[] = {5, 6, 7, 8, 1, 2, 3, 4};
    weir_permutation_test(better, 1, 4, 4, 1, &p);
    assert_true(p == 1);
}

/** A row tested among others is never surer than alone, and rows that say the same cost nothing. */
static void rows_together(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(9);
    for (int round = 0; round < 50; round++) {
        double rows[4][10];
        double together[4];
        double alone = 0;
        for (size_t i = 0; i < 40; i++) {
            rows[i / 10][i % 10] = weir_rng_normal(&rng) + (i % 10 >= 5 ? 1 : 0);
        }
        weir_permutation_test(rows[0], 4, 5, 5, 1, together);
        for (size_t row = 0; row < 4; row++) {
            weir_permutation_test(rows[row], 1, 5, 5, 1, &alone);
            assert_true(together[row] >= alone - 1e-12);
        }
        for (size_t i = 10; i < 40; i++) {
            rows[i / 10][i % 10] = 3 * rows[0][i % 10] + 100;
        }
        weir_permutation_test(rows[0], 1, 5, 5, 1, &alone);
        weir_permutation_test(rows[0], 4, 5, 5, 1, together);
        assert_true(fabs(together[0] - alone) < 1e-12 && fabs(together[3] - alone) < 1e-12);
    }
}

/** Eight levels that all follow the run: p ≤ 5 % in no more than 5 % of the cases where nothing is.
 */
static void false_alarms(void **state)
{
    (void)state;
    enum { ROUNDS = 1500, LEVELS = 8 };
    struct weir_rng rng = weir_rng_seed(21);
    int alarms = 0;
    int paired_alarms = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double rows[LEVELS][10];
        double differences[LEVELS][8];
        double p[LEVELS];
        bool is_alarm = false;
        bool is_paired_alarm = false;
        for (size_t run = 0; run < 10; run++) {
            const double shift = weir_rng_normal(&rng);
            for (size_t level = 0; level < LEVELS; level++) {
                rows[level][run] = shift + 0.5 * weir_rng_normal(&rng);
                differences[level][run % 8] = rows[level][run];
            }
        }
        weir_permutation_test(rows[0], LEVELS, 5, 5, 1, p);
        for (size_t level = 0; level < LEVELS; level++) {
            is_alarm = is_alarm || p[level] <= 0.05;
        }
        weir_permutation_test_paired(differences[0], LEVELS, 8, 1, p);
        for (size_t level = 0; level < LEVELS; level++) {
            is_paired_alarm = is_paired_alarm || p[level] <= 0.05;
        }
        alarms += is_alarm ? 1 : 0;
        paired_alarms += is_paired_alarm ? 1 : 0;
    }
    // 5 % and three standard errors of a share in 1500 draws
    assert_true(alarms <= 0.067 * ROUNDS && paired_alarms <= 0.067 * ROUNDS);
    assert_true(alarms >= 0.025 * ROUNDS &&
                paired_alarms >= 0.025 * ROUNDS); // and it is not asleep
}

static void many_runs_are_drawn(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(2);
    double values[60];
    double differences[30];
    for (size_t i = 0; i < 60; i++) {
        values[i] = weir_rng_normal(&rng) + (i >= 30 ? 0.5 : 0);
        differences[i % 30] = weir_rng_normal(&rng) + 0.5;
    }
    double p[2];
    double again[2];
    weir_permutation_test(values, 1, 30, 30, 4, &p[0]);
    weir_permutation_test(values, 1, 30, 30, 4, &again[0]);
    weir_permutation_test_paired(differences, 1, 30, 4, &p[1]);
    weir_permutation_test_paired(differences, 1, 30, 4, &again[1]);
    assert_true(p[0] == again[0] && p[1] == again[1]); // seeded
    assert_true(p[0] >= 1.0 / 20000 && p[0] < 0.5 && p[1] >= 1.0 / 20000 && p[1] < 0.5);
}

static void signs_are_exact(void **state)
{
    (void)state;
    const double differences[] = {1, 2, 3, -1.5};
    double p = 0;
    weir_permutation_test_paired(differences, 1, 4, 1, &p);
    // Sums at least 4.5 of ±1 ±2 ±3 ±1.5: 7.5, 5.5 (1 flipped), 4.5 (1.5 flipped)
    assert_true(fabs(p - 3.0 / 16) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_row_is_exact),
        cmocka_unit_test(floors),
        cmocka_unit_test(no_difference_is_no_evidence),
        cmocka_unit_test(rows_together),
        cmocka_unit_test(false_alarms),
        cmocka_unit_test(many_runs_are_drawn),
        cmocka_unit_test(signs_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
