// A bounded series of seconds: see series.h.
#include "weir/stat/series.h"

#include <math.h>

/** Mean of what is known of two; NAN when nothing is. */
static double mean_of(double a, double b)
{
    if (isnan(a)) {
        return b;
    }
    return isnan(b) ? a : (a + b) / 2;
}

static void halve(struct weir_series *series)
{
    for (size_t i = 0; i < WEIR_SERIES_STEPS / 2; i++) {
        series->values[i] = mean_of(series->values[2 * i], series->values[2 * i + 1]);
    }
    series->count = WEIR_SERIES_STEPS / 2;
    series->width *= 2;
}

void weir_series_add(struct weir_series *series, double value)
{
    series->width = series->width > 0 ? series->width : 1;
    if (!isnan(value)) {
        series->sum += value;
        series->known++;
    }
    if (++series->added < series->width) {
        return;
    }
    if (series->count == WEIR_SERIES_STEPS) {
        halve(series); // the step just filled is half of the next one now
        return;
    }
    series->values[series->count++] = series->known > 0 ? series->sum / (double)series->known : NAN;
    series->sum = 0;
    series->added = 0;
    series->known = 0;
}

typedef bool estimate_fn(const double *values, size_t count, double confidence,
                         struct weir_trend *out);

/** Estimate over the steps that lie within [from, to), carried over from steps to seconds. */
static bool estimate(const struct weir_series *series, double from_s, double to_s,
                     double confidence, estimate_fn *function, struct weir_trend *out)
{
    if (series->count == 0) {
        return false;
    }
    const double width = (double)series->width;
    size_t first = (size_t)ceil(from_s / width);
    size_t end = (size_t)floor(to_s / width);
    end = end < series->count ? end : series->count;
    if (first >= end || !function(series->values + first, end - first, confidence, out)) {
        return false;
    }
    out->slope /= width;
    out->interval.low /= width;
    out->interval.high /= width;
    return true;
}

bool weir_series_trend(const struct weir_series *series, double from_s, double to_s,
                       double confidence, struct weir_trend *out)
{
    return estimate(series, from_s, to_s, confidence, weir_trend_of, out);
}

bool weir_series_drift(const struct weir_series *series, double from_s, double to_s,
                       double confidence, struct weir_trend *out)
{
    return estimate(series, from_s, to_s, confidence, weir_drift_of, out);
}
