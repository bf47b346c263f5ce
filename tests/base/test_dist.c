// Varying quantities: what is accepted, what is refused, what is drawn.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "weir/base/attr.h"
#include "weir/base/clock.h"
#include "weir/base/dist.h"

static void durations_are_understood(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct weir_dist dist;
        const char *again;
    } cases[] = {
        {"50ms", {WEIR_DIST_FIXED, 50e6, 0}, "50ms"},
        {"0", {WEIR_DIST_FIXED, 0, 0}, "0s"},
        {"50ms:30", {WEIR_DIST_UNIFORM, 50e6, 15e6}, "50ms:30"},
        {"50ms:0", {WEIR_DIST_UNIFORM, 50e6, 0}, "50ms:0"},
        {"50ms:100", {WEIR_DIST_UNIFORM, 50e6, 50e6}, "50ms:100"},
        {"50ms:12.5", {WEIR_DIST_UNIFORM, 50e6, 6.25e6}, "50ms:12.5"},
        {"0s:30", {WEIR_DIST_UNIFORM, 0, 0}, "0s:0"}, // 30 % of nothing
        {"1ns:50", {WEIR_DIST_UNIFORM, 1, 0.5}, "1ns:50"},
        {"50ms:normal:5ms", {WEIR_DIST_NORMAL, 50e6, 5e6}, "50ms:normal:5ms"},
        {"0.05s:normal:0", {WEIR_DIST_NORMAL, 50e6, 0}, "50ms:normal:0s"},
        {"1s:lognormal:200us", {WEIR_DIST_LOGNORMAL, 1e9, 2e5}, "1s:lognormal:200us"},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(cases); i++) {
        struct weir_dist dist = {0};
        assert_true(weir_dist_parse_duration(weir_slice_of(cases[i].text), &dist));
        assert_int_equal(dist.kind, cases[i].dist.kind);
        assert_true(dist.mean == cases[i].dist.mean);
        assert_true(dist.spread == cases[i].dist.spread);
        char out[100];
        assert_string_equal(weir_dist_format_duration(&dist, out, sizeof(out)), cases[i].again);
    }
}

static void counts_are_understood(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct weir_dist dist;
        const char *again;
    } cases[] = {
        {"128", {WEIR_DIST_FIXED, 128, 0}, "128"},
        {"1k", {WEIR_DIST_FIXED, 1000, 0}, "1000"},
        {"128:50", {WEIR_DIST_UNIFORM, 128, 64}, "128:50"},
        {"128:normal:16", {WEIR_DIST_NORMAL, 128, 16}, "128:normal:16"},
        {"1.5k:lognormal:40", {WEIR_DIST_LOGNORMAL, 1500, 40}, "1500:lognormal:40"},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(cases); i++) {
        struct weir_dist dist = {0};
        assert_true(weir_dist_parse_count(weir_slice_of(cases[i].text), &dist));
        assert_int_equal(dist.kind, cases[i].dist.kind);
        assert_true(dist.mean == cases[i].dist.mean);
        assert_true(dist.spread == cases[i].dist.spread);
        char out[100];
        assert_string_equal(weir_dist_format_count(&dist, out, sizeof(out)), cases[i].again);
    }
}

static void what_is_not_a_distribution_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        ":",
        "50ms:",
        ":30",
        "50",
        "50ms:-1",
        "50ms:101",
        "50ms:nan",
        "50ms:30:",
        "50ms:30:5ms",
        "50ms:normal",
        "50ms:normal:",
        "50ms:normal:5",
        "50ms:normal:-5ms",
        "50ms:normal:5ms:1",
        "50ms:normal:5ms:",
        "50ms:Normal:5ms",
        "50ms:gauss:5ms",
        "50ms: 30",
        " 50ms",
        "50ms:30%",
        "-50ms",
        "ms",
        "50ms:lognormal:x",
        "50ms::5ms",
        "nan",
        "inf:30",
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(bad); i++) {
        struct weir_dist dist = {.kind = WEIR_DIST_NORMAL, .mean = 1, .spread = 2};
        if (weir_dist_parse_duration(weir_slice_of(bad[i]), &dist)) {
            fail_msg("'%s' was accepted", bad[i]);
        }
        assert_true(dist.kind == WEIR_DIST_NORMAL && dist.mean == 1 &&
                    dist.spread == 2); // untouched
    }
    struct weir_dist dist;
    assert_false(weir_dist_parse_count(weir_slice_of("50ms"), &dist));
    assert_false(weir_dist_parse_count(weir_slice_of("1.5"), &dist));
    assert_false(weir_dist_parse_count(weir_slice_of("128:normal:5ms"), &dist));
}

enum { DRAWS = 200000 };

struct drawn {
    double mean;
    double deviation;
    double least;
    double most;
};

static struct drawn draw_many(const struct weir_dist *dist, uint64_t seed)
{
    struct weir_rng rng = weir_rng_seed(seed);
    struct drawn drawn = {.least = HUGE_VAL, .most = -HUGE_VAL};
    double squares = 0;
    for (int i = 0; i < DRAWS; i++) {
        double value = weir_dist_draw(dist, &rng);
        double off = value - drawn.mean;
        drawn.mean += off / (i + 1);
        squares += off * (value - drawn.mean);
        drawn.least = fmin(drawn.least, value);
        drawn.most = fmax(drawn.most, value);
    }
    drawn.deviation = sqrt(squares / DRAWS);
    return drawn;
}

static void draws_have_the_mean_and_spread_that_were_asked_for(void **state)
{
    (void)state;
    static const struct {
        struct weir_dist dist;
        double deviation;
    } cases[] = {
        {{WEIR_DIST_FIXED, 50, 0}, 0},       {{WEIR_DIST_UNIFORM, 50, 15}, 8.660254},
        {{WEIR_DIST_NORMAL, 50, 5}, 5},      {{WEIR_DIST_LOGNORMAL, 50, 5}, 5},
        {{WEIR_DIST_LOGNORMAL, 50, 50}, 50}, {{WEIR_DIST_LOGNORMAL, 128, 0}, 0},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(cases); i++) {
        struct drawn drawn = draw_many(&cases[i].dist, i);
        double tolerance = 5 * cases[i].deviation / sqrt(DRAWS) + 1e-9;
        assert_true(fabs(drawn.mean - cases[i].dist.mean) < tolerance);
        assert_true(fabs(drawn.deviation - cases[i].deviation) <= 0.03 * cases[i].deviation + 1e-9);
        assert_true(drawn.least >= 0);
    }
}

static void uniform_reaches_its_edges_and_no_further(void **state)
{
    (void)state;
    const struct weir_dist dist = {WEIR_DIST_UNIFORM, 100, 30};
    struct drawn drawn = draw_many(&dist, 7);
    assert_true(drawn.least >= 70 && drawn.least < 70.01);
    assert_true(drawn.most <= 130 && drawn.most > 129.99);
}

static void nothing_is_ever_negative(void **state)
{
    (void)state;
    static const struct weir_dist dists[] = {
        {WEIR_DIST_NORMAL, 1, 10},    {WEIR_DIST_NORMAL, 0, 1},      {WEIR_DIST_UNIFORM, 5, 5},
        {WEIR_DIST_LOGNORMAL, 0, 10}, {WEIR_DIST_LOGNORMAL, 1, 1e6},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(dists); i++) {
        struct drawn drawn = draw_many(&dists[i], i);
        assert_true(drawn.least >= 0);
        assert_true(isfinite(drawn.mean));
    }
    struct drawn none = draw_many(&dists[3], 3);
    assert_true(none.least == 0 && none.most == 0); // a lognormal of mean 0 is 0
    struct drawn clipped = draw_many(&dists[1], 1);
    assert_true(clipped.least == 0); // half of them
    assert_true(fabs(clipped.mean - 0.39894) < 0.01);
}

/** What a stream gives later must not depend on the values drawn before, only on how many. */
static void each_kind_takes_the_same_numbers_whatever_its_values(void **state)
{
    (void)state;
    static const enum weir_dist_kind kinds[] = {WEIR_DIST_UNIFORM, WEIR_DIST_NORMAL,
                                                WEIR_DIST_LOGNORMAL};
    for (size_t i = 0; i < WEIR_COUNT_OF(kinds); i++) {
        struct weir_rng one = weir_rng_seed(5);
        struct weir_rng other = weir_rng_seed(5);
        (void)weir_dist_draw(&(struct weir_dist){kinds[i], 0, 0}, &one);
        (void)weir_dist_draw(&(struct weir_dist){kinds[i], 1e9, 1e8}, &other);
        assert_int_equal(weir_rng_u64(&one), weir_rng_u64(&other));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_understood),
        cmocka_unit_test(counts_are_understood),
        cmocka_unit_test(what_is_not_a_distribution_is_refused),
        cmocka_unit_test(draws_have_the_mean_and_spread_that_were_asked_for),
        cmocka_unit_test(uniform_reaches_its_edges_and_no_further),
        cmocka_unit_test(nothing_is_ever_negative),
        cmocka_unit_test(each_kind_takes_the_same_numbers_whatever_its_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
