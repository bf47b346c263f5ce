// Random numbers: the published sequence, and the moments of each distribution for fixed seeds.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "weir/base/attr.h"
#include "weir/base/rng.h"

static void the_generator_is_pcg32(void **state)
{
    (void)state; // output of the authors' demonstration program for seed 42, stream 54
    static const uint32_t published[] = {0xa15c02b7, 0x7b47f409, 0xba1d3330,
                                         0x83d2f293, 0xbfa4784b, 0xcbed606e};
    struct weir_rng rng = {.state = 0, .stream = (54U << 1U) | 1U};
    (void)weir_rng_u32(&rng);
    rng.state += 42;
    (void)weir_rng_u32(&rng);
    for (size_t i = 0; i < WEIR_COUNT_OF(published); i++) {
        assert_int_equal(weir_rng_u32(&rng), published[i]);
    }
}

/** Runs must be repeatable years later: these numbers, taken from the first release, may never
 * change. */
static void streams_are_the_same_for_ever(void **state)
{
    (void)state;
    struct weir_rng root = weir_rng_seed(1);
    struct weir_rng split = weir_rng_split(1, "arrival", 7);
    assert_int_equal(weir_rng_u32(&root), 0xe024d49b);
    assert_int_equal(weir_rng_u32(&root), 0x59481cb4);
    assert_int_equal(weir_rng_u32(&split), 0x5ec12432);
    assert_int_equal(weir_rng_u32(&split), 0x96b0a917);
}

static void a_stream_depends_on_seed_label_and_index_alone(void **state)
{
    (void)state;
    struct weir_rng one = weir_rng_split(9, "prompt", 3);
    struct weir_rng same = weir_rng_split(9, "prompt", 3);
    struct weir_rng others[] = {
        weir_rng_split(8, "prompt", 3),           weir_rng_split(9, "prompts", 3),
        weir_rng_split(9, "prompt", 4),           weir_rng_split(9, "", 3),
        weir_rng_split(9, "prompt", 3ULL << 56U), weir_rng_seed(9)};
    unsigned equal[WEIR_COUNT_OF(others)] = {0};
    for (int i = 0; i < 1000; i++) {
        uint32_t value = weir_rng_u32(&one);
        assert_int_equal(weir_rng_u32(&same), value);
        for (size_t j = 0; j < WEIR_COUNT_OF(others); j++) {
            equal[j] += weir_rng_u32(&others[j]) == value;
        }
    }
    for (size_t j = 0; j < WEIR_COUNT_OF(others); j++) {
        assert_int_equal(equal[j], 0);
    }
}

enum { CELLS = 100, DRAWS = 200000 };

static double chi_square(const unsigned *counts, size_t cells, double draws)
{
    double expected = draws / (double)cells;
    double sum = 0;
    for (size_t i = 0; i < cells; i++) {
        double off = counts[i] - expected;
        sum += off * off / expected;
    }
    return sum;
}

// 99 degrees of freedom: one in a thousand lies above 148.2, and one in a thousand below 60.
#define assert_looks_uniform(counts)                                                               \
    do {                                                                                           \
        double chi = chi_square((counts), CELLS, DRAWS);                                           \
        if (chi > 148.2 || chi < 60.0) {                                                           \
            fail_msg("chi-square %g of 99 degrees of freedom", chi);                               \
        }                                                                                          \
    } while (0)

static void below_is_uniform(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 5; seed++) {
        struct weir_rng rng = weir_rng_seed(seed);
        unsigned counts[CELLS] = {0};
        for (int i = 0; i < DRAWS; i++) {
            uint32_t value = weir_rng_below(&rng, CELLS);
            assert_true(value < CELLS);
            counts[value]++;
        }
        assert_looks_uniform(counts);
    }
}

/** With a bound of 3·2^30 a plain modulo would give the lower third twice as often. */
static void below_has_no_modulo_bias(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(4);
    const uint32_t bound = 3U << 30U;
    unsigned low = 0;
    for (int i = 0; i < DRAWS; i++) {
        low += weir_rng_below(&rng, bound) < bound / 3;
    }
    assert_true(fabs(low - DRAWS / 3.0) < 5 * sqrt(DRAWS * 2.0 / 9.0));
}

static void below_takes_any_bound(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(6);
    assert_int_equal(weir_rng_below(&rng, 1), 0);
    for (uint32_t bound = 1; bound < 0x80000000U; bound = bound * 2 + 1) {
        for (int i = 0; i < 100; i++) {
            assert_true(weir_rng_below(&rng, bound) < bound);
        }
    }
    assert_true(weir_rng_below(&rng, UINT32_MAX) < UINT32_MAX);
}

/** First draws of neighbouring indices once were more even than chance: chi-square far below its
 * degrees of freedom. */
static void first_draws_of_neighbouring_streams_are_independent(void **state)
{
    (void)state;
    unsigned by_index[CELLS] = {0};
    unsigned by_seed[CELLS] = {0};
    unsigned by_root[CELLS] = {0};
    double product = 0;
    double last = 0.5;
    for (uint64_t i = 0; i < DRAWS; i++) {
        struct weir_rng index = weir_rng_split(1, "length", i);
        struct weir_rng seed = weir_rng_split(i, "length", 1);
        struct weir_rng root = weir_rng_seed(i);
        double value = weir_rng_unit(&index);
        by_index[(size_t)(value * CELLS)]++;
        by_seed[weir_rng_below(&seed, CELLS)]++;
        by_root[weir_rng_below(&root, CELLS)]++;
        product += (value - 0.5) * (last - 0.5);
        last = value;
    }
    assert_looks_uniform(by_index);
    assert_looks_uniform(by_seed);
    assert_looks_uniform(by_root);
    assert_true(fabs(product * 12 / sqrt(DRAWS)) < 4); // neighbours are not correlated
}

static void unit_lies_in_its_interval_with_53_bits(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(3);
    uint64_t low_bits = 0;
    for (int i = 0; i < DRAWS; i++) {
        double value = weir_rng_unit(&rng);
        assert_true(value >= 0 && value < 1);
        low_bits |= (uint64_t)(value * 0x1.0p53);
    }
    assert_true(low_bits == (1ULL << 53U) - 1);
}

struct moments {
    double mean;
    double variance;
    double smallest;
};

typedef double draw_fn(struct weir_rng *rng, double parameter);

static struct moments draw_many(draw_fn *draw, double parameter, uint64_t seed)
{
    struct weir_rng rng = weir_rng_seed(seed);
    struct moments moments = {.smallest = HUGE_VAL};
    double squares = 0;
    for (int i = 0; i < DRAWS; i++) { // Welford
        double value = draw(&rng, parameter);
        double off = value - moments.mean;
        moments.mean += off / (i + 1);
        squares += off * (value - moments.mean);
        moments.smallest = fmin(moments.smallest, value);
    }
    moments.variance = squares / (DRAWS - 1);
    return moments;
}

static double draw_unit(struct weir_rng *rng, double parameter)
{
    (void)parameter;
    return weir_rng_unit(rng);
}

static double draw_normal(struct weir_rng *rng, double parameter)
{
    (void)parameter;
    return weir_rng_normal(rng);
}

static double draw_exponential(struct weir_rng *rng, double parameter)
{
    (void)parameter;
    return weir_rng_exponential(rng);
}

static void moments_are_those_of_the_distribution(void **state)
{
    (void)state;
    static const struct {
        draw_fn *draw;
        double parameter;
        double mean;
        double variance;
        double kurtosis; // fourth central moment / variance²: how far the sample's variance strays
        double least;    // no value lies below
    } cases[] = {
        {draw_unit, 0, 0.5, 1.0 / 12, 1.8, 0},  {draw_normal, 0, 0, 1, 3, -HUGE_VAL},
        {draw_exponential, 0, 1, 1, 9, 0},      {weir_rng_gamma, 0.1, 0.1, 0.1, 63, 0},
        {weir_rng_gamma, 0.5, 0.5, 0.5, 15, 0}, {weir_rng_gamma, 1, 1, 1, 9, 0},
        {weir_rng_gamma, 4, 4, 4, 4.5, 0},      {weir_rng_gamma, 100, 100, 100, 3.06, 0},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(cases); i++) {
        for (uint64_t seed = 1; seed <= 3; seed++) {
            struct moments got = draw_many(cases[i].draw, cases[i].parameter, seed);
            double mean_error = sqrt(cases[i].variance / DRAWS);
            double variance_error = cases[i].variance * sqrt((cases[i].kurtosis - 1) / DRAWS);
            if (fabs(got.mean - cases[i].mean) > 4 * mean_error ||
                fabs(got.variance - cases[i].variance) > 4 * variance_error ||
                got.smallest < cases[i].least) {
                fail_msg("case %zu seed %d: mean %g variance %g least %g", i, (int)seed, got.mean,
                         got.variance, got.smallest);
            }
        }
    }
}

/** Not only two moments: the whole shape, cell by cell. */
static void normal_and_exponential_have_their_shape(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(8);
    unsigned normal[CELLS] = {0};
    unsigned exponential[CELLS] = {0};
    for (int i = 0; i < DRAWS;
         i++) { // through its own distribution function any quantity becomes uniform
        double below = 0.5 * erfc(-weir_rng_normal(&rng) / sqrt(2.0));
        normal[(size_t)fmin(below * CELLS, CELLS - 1)]++;
        double above = exp(-weir_rng_exponential(&rng));
        exponential[(size_t)fmin(above * CELLS, CELLS - 1)]++;
    }
    assert_looks_uniform(normal);
    assert_looks_uniform(exponential);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_generator_is_pcg32),
        cmocka_unit_test(streams_are_the_same_for_ever),
        cmocka_unit_test(a_stream_depends_on_seed_label_and_index_alone),
        cmocka_unit_test(below_is_uniform),
        cmocka_unit_test(below_has_no_modulo_bias),
        cmocka_unit_test(below_takes_any_bound),
        cmocka_unit_test(first_draws_of_neighbouring_streams_are_independent),
        cmocka_unit_test(unit_lies_in_its_interval_with_53_bits),
        cmocka_unit_test(moments_are_those_of_the_distribution),
        cmocka_unit_test(normal_and_exponential_have_their_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
