// Rank tests against brute force: every way of dealing the values to both sides.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "weir/base/rng.h"
#include "weir/stat/rank.h"

enum { SIDE_MAX = 6 };

static double u_of(const double *a, size_t n, const double *b, size_t m)
{
    double u = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < m; j++) {
            u += b[j] > a[i] ? 1 : 0;
        }
    }
    return u;
}

/** Share of all subsets whose U is at least as large. */
static double brute_p(const double *a, size_t n, const double *b, size_t m)
{
    double all[2 * SIDE_MAX] = {0};
    double first[2 * SIDE_MAX];
    double second[2 * SIDE_MAX];
    const double seen = u_of(a, n, b, m);
    size_t hits = 0;
    size_t ways = 0;
    for (size_t i = 0; i < n + m; i++) {
        all[i] = i < n ? a[i] : b[i - n];
    }
    for (unsigned mask = 0; mask < 1U << (n + m); mask++) {
        size_t in_first = 0;
        size_t in_second = 0;
        for (size_t i = 0; i < n + m; i++) {
            if ((mask >> i & 1U) != 0) {
                second[in_second++] = all[i];
            } else {
                first[in_first++] = all[i];
            }
        }
        if (in_second == m) {
            ways++;
            hits += u_of(first, n, second, m) >= seen ? 1 : 0;
        }
    }
    return (double)hits / (double)ways;
}

static void u_test_is_exact(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(7);
    for (int round = 0; round < 60; round++) {
        double a[SIDE_MAX];
        double b[SIDE_MAX];
        const size_t n = 1 + weir_rng_below(&rng, SIDE_MAX - 1);
        const size_t m = 1 + weir_rng_below(&rng, SIDE_MAX - 1);
        for (size_t i = 0; i < SIDE_MAX; i++) {
            a[i] = weir_rng_normal(&rng);
            b[i] = weir_rng_normal(&rng) + 0.5;
        }
        const double brute = brute_p(a, n, b, m);
        assert_true(fabs(weir_rank_test(a, n, b, m, false) - brute) < 1e-12);
    }
}

/** The smallest p-values everybody's table has: 3+3 .10, 4+4 .029, 5+5 .0079, 6+6 .0022. */
static void smallest_p(void **state)
{
    (void)state;
    const double a[] = {1, 2, 3, 4, 5, 6};
    const double b[] = {7, 8, 9, 10, 11, 12};
    const double wanted[] = {1, 1, 1.0 / 3, 0.1, 1.0 / 35, 1.0 / 126, 1.0 / 462};
    for (size_t n = 1; n <= 6; n++) {
        assert_true(fabs(weir_rank_test(a, n, b, n, true) - wanted[n]) < 1e-12);
        assert_true(fabs(weir_rank_test(a, n, b, n, false) - wanted[n] / 2) < 1e-12);
        assert_true(fabs(weir_rank_test(b, n, a, n, false) - 1) < 1e-12);
    }
    assert_true(weir_rank_test(a, 0, b, 3, false) == 1);
}

static void ties_are_never_surer(void **state)
{
    (void)state;
    const double flat[] = {1, 1, 1, 1, 1};
    assert_true(weir_rank_test(flat, 5, flat, 5, true) == 1);
    const double a[] = {1, 1, 2, 2, 3};
    const double b[] = {3, 4, 4, 5, 5};
    const double p = weir_rank_test(a, 5, b, 5, false);
    assert_true(p > 0.002 && p < 0.02);
}

/** Beyond the exact size the approximation goes on where the exact test ended. */
static void approximation_joins(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(3);
    double a[51];
    double b[50];
    for (size_t i = 0; i < 51; i++) {
        a[i] = weir_rng_normal(&rng);
        b[i % 50] = weir_rng_normal(&rng) + 0.3;
    }
    const double exact = weir_rank_test(a, 50, b, 50, true);
    const double about = weir_rank_test(a, 51, b, 50, true);
    assert_true(exact > 0 && about > 0 && fabs(log(exact / about)) < 1);
}

/** Coverage of the interval at the true shift, and that it holds its own estimate. */
static void shift_covers(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(11);
    int covered = 0;
    enum { ROUNDS = 2000 };
    for (int round = 0; round < ROUNDS; round++) {
        double a[5];
        double b[5];
        struct weir_shift shift;
        for (size_t i = 0; i < 5; i++) {
            a[i] = weir_rng_normal(&rng);
            b[i] = weir_rng_normal(&rng) + 2;
        }
        assert_true(weir_rank_shift(a, 5, b, 5, 0.95, &shift));
        assert_true(shift.interval.low <= shift.estimate && shift.estimate <= shift.interval.high);
        covered += shift.interval.low <= 2 && 2 <= shift.interval.high ? 1 : 0;
    }
    assert_true(covered >= 0.955 * ROUNDS &&
                covered <= 0.982 * ROUNDS); // exactly 1 − 8/252 = 96.8 %
}

static void few_runs_have_no_interval(void **state)
{
    (void)state;
    const double a[] = {1, 2, 3};
    const double b[] = {4, 5, 6};
    struct weir_shift shift;
    assert_true(weir_rank_shift(a, 3, b, 3, 0.95, &shift));
    assert_true(shift.estimate == 3 && isinf(shift.interval.low) && isinf(shift.interval.high));
    assert_true(weir_rank_shift(a, 3, b, 3, 0.89, &shift));
    assert_true(shift.interval.low == 1 && shift.interval.high == 5);
    assert_false(weir_rank_shift(a, 0, b, 3, 0.95, &shift));
}

static void pairs(void **state)
{
    (void)state;
    const double differences[] = {1, 2, 3, 4, 5, 6};
    struct weir_shift shift;
    assert_true(weir_rank_shift_paired(differences, 6, 0.95, &shift));
    assert_true(shift.estimate == 3.5 && shift.interval.low == 1 && shift.interval.high == 6);
    assert_true(weir_rank_shift_paired(differences, 5, 0.95, &shift));
    assert_true(isinf(shift.interval.low)); // 2/32 is more than 5 %
    assert_false(weir_rank_shift_paired(differences, 0, 0.95, &shift));
}

static void holm(void **state)
{
    (void)state;
    double p[] = {0.01, 0.04, 0.03, 0.005};
    weir_holm(p, 4, p);
    const double wanted[] = {0.03, 0.06, 0.06, 0.02};
    for (size_t i = 0; i < 4; i++) {
        assert_true(fabs(p[i] - wanted[i]) < 1e-12);
    }
    double one[] = {0.7, 0.8};
    weir_holm(one, 2, one);
    assert_true(one[0] == 1 && one[1] == 1);
    weir_holm(NULL, 0, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(u_test_is_exact),
        cmocka_unit_test(smallest_p),
        cmocka_unit_test(ties_are_never_surer),
        cmocka_unit_test(approximation_joins),
        cmocka_unit_test(shift_covers),
        cmocka_unit_test(few_runs_have_no_interval),
        cmocka_unit_test(pairs),
        cmocka_unit_test(holm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
