// Permutation tests over runs: see permutation.h.
#include "weir/stat/permutation.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/base/rng.h"

/** Two sums that differ by less than this are the same: additions in another order. */
#define SAME 1e-9

/** What both tests share. */
struct trial {
    const double *values; // standardised, rows × runs
    size_t rows;
    size_t runs;
    double *seen;   // the statistic of each row as it was
    uint64_t *hits; // ways whose largest statistic reached it
    uint64_t ways;
};

static void begin(struct trial *trial, const double *values, size_t rows, size_t runs)
{
    *trial = (struct trial){
        .values = values,
        .rows = rows,
        .runs = runs,
        .seen = weir_alloc(rows, sizeof(*trial->seen)),
        .hits = weir_alloc(rows, sizeof(*trial->hits)),
    };
}

static void count_way(struct trial *trial, double largest)
{
    trial->ways++;
    for (size_t row = 0; row < trial->rows; row++) {
        trial->hits[row] += largest >= trial->seen[row] - SAME ? 1 : 0;
    }
}

/** `own`: 1 when the way that was seen must be counted beside those that were drawn. */
static void finish(struct trial *trial, uint64_t own, double *p)
{
    for (size_t row = 0; row < trial->rows; row++) {
        p[row] = (double)(trial->hits[row] + own) / (double)(trial->ways + own);
    }
    weir_free(trial->seen);
    weir_free(trial->hits);
}

/** C(n, k), or WEIR_PERMUTATION_EXACT_MAX + 1 when it is larger than that. */
static uint64_t ways_of(size_t n, size_t k)
{
    double ways = 1;
    for (size_t i = 1; i <= k && ways <= WEIR_PERMUTATION_EXACT_MAX; i++) {
        ways = ways * (double)(n - k + i) / (double)i;
    }
    return ways > WEIR_PERMUTATION_EXACT_MAX + 0.5 ? WEIR_PERMUTATION_EXACT_MAX + 1
                                                   : (uint64_t)llround(ways);
}

// ---- two groups --------------------------------------------------------------------------------

/** Each row with mean 0 and deviation 1; all 0 when its values are equal. */
static double *standardise(const double *values, size_t rows, size_t runs)
{
    double *out = weir_alloc(rows * runs, sizeof(*out));
    for (size_t row = 0; row < rows; row++) {
        const double *from = values + row * runs;
        double mean = 0;
        double square = 0;
        for (size_t i = 0; i < runs; i++) {
            WEIR_ASSERT(isfinite(from[i]));
            mean += from[i] / (double)runs;
        }
        for (size_t i = 0; i < runs; i++) {
            square += (from[i] - mean) * (from[i] - mean) / (double)runs;
        }
        const bool is_flat = !(sqrt(square) > 1e-12 * fabs(mean)) || square == 0;
        for (size_t i = 0; i < runs; i++) {
            out[row * runs + i] = is_flat ? 0 : (from[i] - mean) / sqrt(square);
        }
    }
    return out;
}

/** Sum over the chosen runs; the larger it is, the further they lie above the others. */
static double sum_of(const double *row, const size_t *chosen, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += row[chosen[i]];
    }
    return sum;
}

static double largest_sum(const struct trial *trial, const size_t *chosen, size_t count)
{
    double largest = -INFINITY;
    for (size_t row = 0; row < trial->rows; row++) {
        largest = fmax(largest, sum_of(trial->values + row * trial->runs, chosen, count));
    }
    return largest;
}

/** The next subset in lexicographic order; false after the last. */
static bool next_subset(size_t *chosen, size_t count, size_t runs)
{
    size_t i = count;
    while (i > 0 && chosen[i - 1] == runs - count + i - 1) {
        i--;
    }
    if (i == 0) {
        return false;
    }
    chosen[i - 1]++;
    for (; i < count; i++) {
        chosen[i] = chosen[i - 1] + 1;
    }
    return true;
}

static void enumerate_subsets(struct trial *trial, size_t *chosen, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        chosen[i] = i;
    }
    do {
        count_way(trial, largest_sum(trial, chosen, count));
    } while (next_subset(chosen, count, trial->runs));
}

static void draw_subsets(struct trial *trial, size_t *order, size_t count, uint64_t seed)
{
    struct weir_rng rng = weir_rng_split(seed, "permutation", 0);
    for (size_t draw = 0; draw < WEIR_PERMUTATION_DRAWS; draw++) {
        for (size_t i = 0; i < count; i++) { // Fisher and Yates, as far as it is needed
            const size_t j = i + weir_rng_below(&rng, (uint32_t)(trial->runs - i));
            const size_t swap = order[i];
            order[i] = order[j];
            order[j] = swap;
        }
        count_way(trial, largest_sum(trial, order, count));
    }
}

void weir_permutation_test(const double *values, size_t rows, size_t a_count, size_t b_count,
                           uint64_t seed, double *p)
{
    const size_t runs = a_count + b_count;
    WEIR_ASSERT(a_count > 0 && b_count > 0 && rows > 0 && runs < UINT32_MAX);
    double *standard = standardise(values, rows, runs);
    size_t *chosen = weir_alloc(runs, sizeof(*chosen));
    struct trial trial;
    begin(&trial, standard, rows, runs);
    for (size_t i = 0; i < runs; i++) { // the b side first: the subset that was seen
        chosen[i] = (a_count + i) % runs;
    }
    for (size_t row = 0; row < rows; row++) {
        trial.seen[row] = sum_of(standard + row * runs, chosen, b_count);
    }
    const bool is_exact = ways_of(runs, b_count) <= WEIR_PERMUTATION_EXACT_MAX;
    if (is_exact) {
        enumerate_subsets(&trial, chosen, b_count);
    } else {
        draw_subsets(&trial, chosen, b_count, seed);
    }
    finish(&trial, is_exact ? 0 : 1, p);
    weir_free(chosen);
    weir_free(standard);
}

// ---- pairs -------------------------------------------------------------------------------------

/** Each row with Σ d² = 1, which no change of signs changes. */
static double *normalise(const double *differences, size_t rows, size_t pairs)
{
    double *out = weir_alloc(rows * pairs, sizeof(*out));
    for (size_t row = 0; row < rows; row++) {
        const double *from = differences + row * pairs;
        double square = 0;
        for (size_t i = 0; i < pairs; i++) {
            WEIR_ASSERT(isfinite(from[i]));
            square += from[i] * from[i];
        }
        for (size_t i = 0; i < pairs; i++) {
            out[row * pairs + i] = square > 0 ? from[i] / sqrt(square) : 0;
        }
    }
    return out;
}

/** Bit i of `flips`: the sign of pair i changes. */
static double largest_flipped(const struct trial *trial, const uint64_t *flips)
{
    double largest = -INFINITY;
    for (size_t row = 0; row < trial->rows; row++) {
        const double *values = trial->values + row * trial->runs;
        double sum = 0;
        for (size_t i = 0; i < trial->runs; i++) {
            sum += (flips[i / 64] >> (i % 64) & 1U) != 0 ? -values[i] : values[i];
        }
        largest = fmax(largest, sum);
    }
    return largest;
}

void weir_permutation_test_paired(const double *differences, size_t rows, size_t pairs,
                                  uint64_t seed, double *p)
{
    WEIR_ASSERT(pairs > 0 && rows > 0);
    double *normal = normalise(differences, rows, pairs);
    uint64_t *flips = weir_alloc(pairs / 64 + 1, sizeof(*flips));
    struct trial trial;
    begin(&trial, normal, rows, pairs);
    for (size_t row = 0; row < rows; row++) {
        for (size_t i = 0; i < pairs; i++) {
            trial.seen[row] += normal[row * pairs + i];
        }
    }
    const bool is_exact = pairs < 64 && 1ULL << pairs <= WEIR_PERMUTATION_EXACT_MAX;
    struct weir_rng rng = weir_rng_split(seed, "sign flips", 0);
    const uint64_t ways = is_exact ? 1ULL << pairs : WEIR_PERMUTATION_DRAWS;
    for (uint64_t way = 0; way < ways; way++) {
        flips[0] = way;
        for (size_t i = 0; !is_exact && i <= pairs / 64; i++) {
            flips[i] = weir_rng_u64(&rng);
        }
        count_way(&trial, largest_flipped(&trial, flips));
    }
    finish(&trial, is_exact ? 0 : 1, p);
    weir_free(flips);
    weir_free(normal);
}

// ---- how small p can get -----------------------------------------------------------------------

double weir_permutation_floor(size_t a_count, size_t b_count)
{
    if (a_count == 0 || b_count == 0) {
        return 1;
    }
    const uint64_t ways = ways_of(a_count + b_count, b_count);
    return 1 / (double)(ways <= WEIR_PERMUTATION_EXACT_MAX ? ways : WEIR_PERMUTATION_DRAWS + 1);
}

double weir_permutation_floor_paired(size_t pairs)
{
    const bool is_exact = pairs < 64 && 1ULL << pairs <= WEIR_PERMUTATION_EXACT_MAX;
    return 1 / (double)(is_exact ? 1ULL << pairs : WEIR_PERMUTATION_DRAWS + 1);
}
