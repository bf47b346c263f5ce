// Rank tests and the intervals that belong to them: see rank.h. Null distributions are counted, not
// looked up: a dozen runs a side is many.
#include "weir/stat/rank.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"

/** Longest group whose signed ranks are counted exactly. */
enum { SIGNED_EXACT_MAX = 60 };

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double normal_above(double z)
{
    return 0.5 * erfc(z / sqrt(2));
}

// ---- null distributions ------------------------------------------------------------------------

/** chance[u], u = 0 … n·m: probability that U = u. The generating function is the Gaussian binomial
 * coefficient: multiply by (1 − q^(m+i)), divide by (1 − q^i), i = 1 … n. */
static double *u_distribution(size_t n, size_t m)
{
    const size_t size = n * m + 1;
    double *chance = weir_alloc(size, sizeof(*chance));
    chance[0] = 1;
    for (size_t i = 1; i <= n; i++) {
        for (size_t u = size; u-- > m + i;) {
            chance[u] -= chance[u - m - i];
        }
        for (size_t u = i; u < size; u++) {
            chance[u] += chance[u - i];
        }
        double sum = 0; // kept near 1, so that nothing overflows
        for (size_t u = 0; u < size; u++) {
            sum += chance[u];
        }
        for (size_t u = 0; u < size; u++) {
            chance[u] /= sum;
        }
    }
    return chance;
}

/** chance[w], w = 0 … n(n+1)/2: probability that the ranks of positive differences sum up to w. */
static double *signed_distribution(size_t n)
{
    const size_t size = n * (n + 1) / 2 + 1;
    double *chance = weir_alloc(size, sizeof(*chance));
    chance[0] = 1;
    for (size_t i = 1; i <= n; i++) {
        for (size_t w = size; w-- > 0;) {
            chance[w] = (chance[w] + (w >= i ? chance[w - i] : 0)) / 2;
        }
    }
    return chance;
}

/** How many of the ordered differences may be left out at each end: the largest k with
 * P(statistic < k) ≤ tail; 0: not even one. Frees `chance`. */
static size_t cut_of(double *chance, size_t size, double tail)
{
    double below = 0;
    size_t k = 0;
    while (k < size && below + chance[k] <= tail) {
        below += chance[k];
        k++;
    }
    weir_free(chance);
    return k;
}

/** The same from the normal approximation, with a step to the safe side. */
static size_t cut_about(double mean, double variance, double tail)
{
    const double cut = floor(mean - 0.5 + weir_normal_quantile(tail) * sqrt(variance));
    return cut > 0 ? (size_t)cut : 0;
}

// ---- the U test --------------------------------------------------------------------------------

/** U of b over a, ties counting a half; Σ(t³ − t) over groups of equal values. */
static double u_statistic(const double *a, size_t a_count, const double *b, size_t b_count)
{
    double u = 0;
    for (size_t i = 0; i < a_count; i++) {
        for (size_t j = 0; j < b_count; j++) {
            u += b[j] > a[i] ? 1 : b[j] == a[i] ? 0.5 : 0;
        }
    }
    return u;
}

static double tie_sum(const double *a, size_t a_count, const double *b, size_t b_count)
{
    const size_t count = a_count + b_count;
    double *all = weir_alloc(count, sizeof(*all));
    memcpy(all, a, a_count * sizeof(*all));
    memcpy(all + a_count, b, b_count * sizeof(*all));
    qsort(all, count, sizeof(*all), compare_doubles);
    double sum = 0;
    for (size_t i = 0; i < count;) {
        size_t end = i + 1;
        while (end < count && all[end] == all[i]) {
            end++;
        }
        const double ties = (double)(end - i);
        sum += ties * ties * ties - ties;
        i = end;
    }
    weir_free(all);
    return sum;
}

static double exact_tail(size_t n, size_t m, double u)
{
    double *chance = u_distribution(n, m);
    double tail = 0;
    for (size_t i = (size_t)u; i <= n * m; i++) {
        tail += chance[i];
    }
    weir_free(chance);
    return tail;
}

static double approximate_tail(double n, double m, double u, double ties)
{
    const double all = n + m;
    const double variance = n * m / 12 * (all + 1 - ties / (all * (all - 1)));
    if (!(variance > 0)) {
        return 1; // all values are equal
    }
    return normal_above((u - n * m / 2 - 0.5) / sqrt(variance));
}

double weir_rank_test(const double *a, size_t a_count, const double *b, size_t b_count,
                      bool is_two_sided)
{
    if (a_count == 0 || b_count == 0) {
        return 1;
    }
    const double n = (double)a_count;
    const double m = (double)b_count;
    double u = u_statistic(a, a_count, b, b_count);
    if (is_two_sided) {
        u = fmax(u, n * m - u);
    }
    const double ties = tie_sum(a, a_count, b, b_count);
    const bool is_exact = ties == 0 && a_count * b_count <= WEIR_RANK_EXACT_MAX;
    const double tail =
        is_exact ? exact_tail(a_count, b_count, u) : approximate_tail(n, m, u, ties);
    return fmin(is_two_sided ? 2 * tail : tail, 1);
}

// ---- shifts ------------------------------------------------------------------------------------

/** From the sorted differences: their median, and the interval that leaves `cut` of them out at
 * each end, less one. */
static void shift_of(double *sorted, size_t count, size_t cut, struct weir_shift *out)
{
    qsort(sorted, count, sizeof(*sorted), compare_doubles);
    out->estimate = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
    out->interval = (struct weir_interval){-INFINITY, INFINITY};
    if (cut > 0 && 2 * cut <= count) {
        out->interval = (struct weir_interval){sorted[cut - 1], sorted[count - cut]};
    }
}

bool weir_rank_shift(const double *a, size_t a_count, const double *b, size_t b_count,
                     double confidence, struct weir_shift *out)
{
    if (a_count == 0 || b_count == 0) {
        return false;
    }
    const size_t count = a_count * b_count;
    double *differences = weir_alloc(count, sizeof(*differences));
    for (size_t i = 0; i < count; i++) {
        differences[i] = b[i % b_count] - a[i / b_count];
    }
    const double tail = (1 - confidence) / 2;
    const double pairs = (double)count;
    const size_t cut =
        count <= WEIR_RANK_EXACT_MAX
            ? cut_of(u_distribution(a_count, b_count), count + 1, tail)
            : cut_about(pairs / 2, pairs * (double)(a_count + b_count + 1) / 12, tail);
    shift_of(differences, count, cut, out);
    weir_free(differences);
    return true;
}

bool weir_rank_shift_paired(const double *differences, size_t count, double confidence,
                            struct weir_shift *out)
{
    if (count == 0) {
        return false;
    }
    const size_t pairs = count * (count + 1) / 2;
    double *means = weir_alloc(pairs, sizeof(*means));
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i; j < count; j++) {
            means[at++] = (differences[i] + differences[j]) / 2;
        }
    }
    const double tail = (1 - confidence) / 2;
    const double n = (double)count;
    const size_t cut = count <= SIGNED_EXACT_MAX
                           ? cut_of(signed_distribution(count), pairs + 1, tail)
                           : cut_about(n * (n + 1) / 4, n * (n + 1) * (2 * n + 1) / 24, tail);
    shift_of(means, pairs, cut, out);
    weir_free(means);
    return true;
}

// ---- several tests -----------------------------------------------------------------------------

/** The index of the smallest p after `last` in the order of (p, index). */
static size_t next_smallest(const double *p, const bool *is_done, size_t count)
{
    size_t best = count;
    for (size_t i = 0; i < count; i++) {
        if (!is_done[i] && (best == count || p[i] < p[best])) {
            best = i;
        }
    }
    return best;
}

void weir_holm(const double *p, size_t count, double *out)
{
    if (count == 0) {
        return;
    }
    bool *is_done = weir_alloc(count, sizeof(*is_done));
    double *raw = weir_alloc(count, sizeof(*raw));
    memcpy(raw, p, count * sizeof(*raw));
    double largest = 0;
    for (size_t step = 0; step < count; step++) {
        const size_t i = next_smallest(raw, is_done, count);
        is_done[i] = true;
        largest = fmax(largest, raw[i] * (double)(count - step));
        out[i] = fmin(largest, 1);
    }
    weir_free(raw);
    weir_free(is_done);
}
