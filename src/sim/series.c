// Exact percentiles of very many durations: see series.h. Values are sorted by radix, since a long
// run leaves tens of millions of gaps and the program should not take seconds to end.
#include "weir/sim/series.h"

#include <stdlib.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"

enum { FIRST_SIZE = 4096, DIGIT_BITS = 8, DIGIT_VALUES = 1 << DIGIT_BITS };

void weir_sim_series_init(struct weir_sim_series *series, uint64_t cap)
{
    *series = (struct weir_sim_series){.cap = cap};
}

void weir_sim_series_free(struct weir_sim_series *series)
{
    weir_free(series->narrow);
    weir_free(series->wide);
    weir_sim_series_init(series, series->cap);
}

uint64_t weir_sim_series_count(const struct weir_sim_series *series)
{
    return series->narrow_count + series->wide_count;
}

static void add_narrow(struct weir_sim_series *series, uint32_t value)
{
    if (series->narrow_count == series->narrow_size) {
        series->narrow_size = series->narrow_size > 0 ? series->narrow_size * 2 : FIRST_SIZE;
        series->narrow = weir_realloc(series->narrow, series->narrow_size, sizeof(*series->narrow));
    }
    series->narrow[series->narrow_count++] = value;
}

static void add_wide(struct weir_sim_series *series, weir_ns value)
{
    if (series->wide_count == series->wide_size) {
        series->wide_size = series->wide_size > 0 ? series->wide_size * 2 : FIRST_SIZE;
        series->wide = weir_realloc(series->wide, series->wide_size, sizeof(*series->wide));
    }
    series->wide[series->wide_count++] = value;
}

void weir_sim_series_add(struct weir_sim_series *series, weir_ns value)
{
    if (weir_sim_series_count(series) >= series->cap) {
        series->dropped++;
        return;
    }
    const weir_ns kept = value > 0 ? value : 0;
    if (kept <= UINT32_MAX) {
        add_narrow(series, (uint32_t)kept);
    } else {
        add_wide(series, kept);
    }
    series->sum_ns += (double)kept;
    series->is_sorted = false;
}

/** One stable pass of a least-significant-digit radix sort, from `in` to `out`. */
static void sort_by_digit(const uint32_t *in, uint32_t *out, size_t count, uint32_t shift)
{
    size_t starts[DIGIT_VALUES] = {0};
    for (size_t i = 0; i < count; i++) {
        starts[(in[i] >> shift) & (DIGIT_VALUES - 1)]++;
    }
    size_t start = 0;
    for (size_t digit = 0; digit < DIGIT_VALUES; digit++) {
        const size_t values = starts[digit];
        starts[digit] = start;
        start += values;
    }
    for (size_t i = 0; i < count; i++) {
        out[starts[(in[i] >> shift) & (DIGIT_VALUES - 1)]++] = in[i];
    }
}

static void sort_narrow(struct weir_sim_series *series)
{
    if (series->narrow_count == 0) {
        return;
    }
    uint32_t *other = weir_alloc(series->narrow_count, sizeof(*other));
    for (uint32_t shift = 0; shift < 32; shift += 2 * DIGIT_BITS) {
        sort_by_digit(series->narrow, other, series->narrow_count, shift);
        sort_by_digit(other, series->narrow, series->narrow_count, shift + DIGIT_BITS);
    }
    weir_free(other);
}

static int compare_ns(const void *left, const void *right)
{
    const weir_ns a = *(const weir_ns *)left;
    const weir_ns b = *(const weir_ns *)right;
    return (a > b) - (a < b);
}

static void sort_all(struct weir_sim_series *series)
{
    if (series->is_sorted) {
        return;
    }
    sort_narrow(series);
    if (series->wide_count > 0) {
        qsort(series->wide, series->wide_count, sizeof(*series->wide), compare_ns);
    }
    series->is_sorted = true;
}

weir_ns weir_sim_series_at(struct weir_sim_series *series, uint32_t permille)
{
    const uint64_t count = weir_sim_series_count(series);
    WEIR_ASSERT(count > 0 && permille <= 1000);
    sort_all(series);
    const uint64_t rank = (permille * count + 999) / 1000;
    const uint64_t index = rank > 0 ? rank - 1 : 0;
    // every wide value is larger than every narrow one
    return index < series->narrow_count ? (weir_ns)series->narrow[index]
                                        : series->wide[index - series->narrow_count];
}

static double ms_of(weir_ns ns)
{
    return (double)ns / (double)WEIR_MSEC;
}

bool weir_sim_series_json(struct weir_sim_series *series, struct weir_buf *out)
{
    static const struct {
        const char *name;
        uint32_t permille;
    } ROWS[] = {{"p50", 500},   {"p90", 900}, {"p95", 950}, {"p99", 990},
                {"p99.9", 999}, {"min", 0},   {"max", 1000}};
    const uint64_t count = weir_sim_series_count(series);
    bool fits = weir_buf_addf(out, "{\"count\": %llu", (unsigned long long)count);
    for (size_t i = 0; i < WEIR_COUNT_OF(ROWS); i++) {
        fits =
            fits && (count > 0 ? weir_buf_addf(out, ", \"%s\": %.6f", ROWS[i].name,
                                               ms_of(weir_sim_series_at(series, ROWS[i].permille)))
                               : weir_buf_addf(out, ", \"%s\": null", ROWS[i].name));
    }
    fits = fits && (count > 0 ? weir_buf_addf(out, ", \"mean\": %.6f",
                                              series->sum_ns / (double)count / (double)WEIR_MSEC)
                              : weir_buf_add_str(out, ", \"mean\": null"));
    if (series->dropped > 0) {
        fits =
            fits && weir_buf_addf(out, ", \"not_kept\": %llu", (unsigned long long)series->dropped);
    }
    return fits && weir_buf_add_char(out, '}');
}
