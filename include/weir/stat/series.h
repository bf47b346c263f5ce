/** series.h: how a figure went over a level, second by second, in bounded memory: when the room is used up, neighbours are
 *  averaged and each step stands for twice as long. A week keeps WEIR_SERIES_STEPS values. One thread. */
#ifndef WEIR_STAT_SERIES_H
#define WEIR_STAT_SERIES_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/stat/interval.h"

enum { WEIR_SERIES_STEPS = 2048 };

/** Caller's memory; zeroed is empty. */
struct weir_series {
    double values[WEIR_SERIES_STEPS]; // mean over `width` seconds each; NAN: no data
    size_t count;
    size_t width;                     // seconds a step stands for; a power of two, 0 when empty
    double sum;                       // of the step being filled
    size_t added;                     // seconds in it, without data included
    size_t known;                     // seconds with data in it
};

/** The next second's value; NAN when it had none. */
void weir_series_add(struct weir_series *series, double value);

/** Trend over the seconds [from, to), per second. False when there are too few steps. */
bool weir_series_trend(const struct weir_series *series, double from_s, double to_s, double confidence,
                       struct weir_trend *out);

/** The same of the mean step, for what adds up as a queue does: weir_drift_of(). */
bool weir_series_drift(const struct weir_series *series, double from_s, double to_s, double confidence,
                       struct weir_trend *out);

#endif
