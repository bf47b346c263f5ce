// Circular block bootstrap of means: see bootstrap.h.
#include "weir/stat/bootstrap.h"

#include <math.h>
#include <stdlib.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/base/rng.h"

struct series {
    const double *values;
    size_t count;
    size_t block;
    double mean;
};

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double mean_of(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        WEIR_ASSERT(isfinite(values[i]));
        sum += values[i];
    }
    return sum / (double)count;
}

/** Lag-1 autocorrelation, raised by its bias in short series. */
static double autocorrelation(const double *values, size_t count)
{
    const double mean = mean_of(values, count);
    double square = 0;
    double lagged = 0;
    for (size_t i = 0; i < count; i++) {
        square += (values[i] - mean) * (values[i] - mean);
        lagged += i > 0 ? (values[i] - mean) * (values[i - 1] - mean) : 0;
    }
    const double rho = square > 0 ? lagged / square : 0;
    return fmin(fmax(rho + (1 + 4 * rho) / (double)count, 0), 0.98);
}

size_t weir_bootstrap_block(const double *values, size_t count)
{
    if (count < 2) {
        return 1;
    }
    const double rho = autocorrelation(values, count);
    const double odds = 2 * rho / (1 - rho * rho);
    const double length = cbrt(1.5 * odds * odds * (double)count);
    const double longest = fmax(floor((double)count / 4), 1);
    return (size_t)fmin(fmax(ceil(length), 1), longest);
}

static struct series series_of(struct weir_values values)
{
    return (struct series){values.items, values.count,
                           weir_bootstrap_block(values.items, values.count),
                           mean_of(values.items, values.count)};
}

/** Deviation of one resampled mean, stretched for the blocks that hide some of the spread. */
static double draw_deviation(const struct series *series, struct weir_rng *rng)
{
    double sum = 0;
    size_t taken = 0;
    while (taken < series->count) {
        size_t at = weir_rng_below(rng, (uint32_t)series->count);
        for (size_t i = 0; i < series->block && taken < series->count; i++, taken++) {
            sum += series->values[at];
            at = at + 1 == series->count ? 0 : at + 1;
        }
    }
    const double n = (double)series->count;
    const double stretch = sqrt(n / (n - (double)series->block));
    return (sum / n - series->mean) * stretch;
}

/** Student's t over the normal distribution: few blocks, long tails. */
static double tail_factor(const struct series *a, const struct series *b, double confidence)
{
    const double blocks = (double)a->count / (double)a->block + (double)b->count / (double)b->block;
    const double at = 0.5 + confidence / 2;
    return weir_t_quantile(at, fmax(blocks - 2, 1)) / weir_normal_quantile(at);
}

static double quantile_of(const double *sorted, size_t count, double p)
{
    const double at = p * (double)(count - 1);
    const size_t low = (size_t)at;
    const double share = at - (double)low;
    return low + 1 < count ? sorted[low] * (1 - share) + sorted[low + 1] * share : sorted[low];
}

bool weir_bootstrap_shift_of(struct weir_values a, struct weir_values b, double confidence,
                             uint64_t seed, struct weir_bootstrap_shift *out)
{
    const bool is_short = a.count < WEIR_BOOTSTRAP_MIN || b.count < WEIR_BOOTSTRAP_MIN;
    if (is_short || a.count > UINT32_MAX || b.count > UINT32_MAX) {
        return false;
    }
    const struct series first = series_of(a);
    const struct series second = series_of(b);
    struct weir_rng rng = weir_rng_split(seed, "bootstrap", 0);
    double *drawn = weir_alloc(WEIR_BOOTSTRAP_DRAWS, sizeof(*drawn));
    double square = 0;
    for (size_t i = 0; i < WEIR_BOOTSTRAP_DRAWS; i++) {
        drawn[i] = draw_deviation(&second, &rng) - draw_deviation(&first, &rng);
        square += drawn[i] * drawn[i];
    }
    qsort(drawn, WEIR_BOOTSTRAP_DRAWS, sizeof(*drawn), compare_doubles);
    const double factor = tail_factor(&first, &second, confidence);
    const double tail = (1 - confidence) / 2;
    *out = (struct weir_bootstrap_shift){
        .estimate = second.mean - first.mean,
        .error = sqrt(square / WEIR_BOOTSTRAP_DRAWS) * factor,
        .block = first.block > second.block ? first.block : second.block,
    };
    // The basic interval: what the resampled mean did around the mean, the mean did around the
    // truth.
    out->interval.low = out->estimate - factor * quantile_of(drawn, WEIR_BOOTSTRAP_DRAWS, 1 - tail);
    out->interval.high = out->estimate - factor * quantile_of(drawn, WEIR_BOOTSTRAP_DRAWS, tail);
    weir_free(drawn);
    return true;
}
