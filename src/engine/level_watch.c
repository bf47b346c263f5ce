// Steadiness and trends from slices: see level_watch.h.
#include "level_watch.h"

#include <math.h>
#include <string.h>

/** Confidence of a trend's interval; growth of requests in flight over the window that counts as
 * saturation, as a share of their mean. */
#define CONFIDENCE        0.99
#define SATURATION_GROWTH 0.2

static double median_ms(const struct weir_hist *hist)
{
    return weir_hist_count(hist) > 0 ? (double)weir_hist_percentile(hist, 50) / (double)WEIR_MSEC
                                     : NAN;
}

static double failed_percent(const struct weir_slice_stat *slice)
{
    const uint64_t ended = slice->ok + slice->failed;
    return ended > 0 ? 100.0 * (double)slice->failed / (double)ended : NAN;
}

static void shift_in(double *last, double value)
{
    const size_t kept = 2 * WEIR__SETTLE_HALF - 1;
    memmove(last, last + 1, kept * sizeof(*last));
    last[kept] = value;
}

void weir__watch_slice(struct level_watch *watch, const struct weir_slice_stat *slice)
{
    weir_series_add(&watch->series[WEIR_TREND_IN_FLIGHT], (double)slice->in_flight);
    weir_series_add(&watch->series[WEIR_TREND_TTFT], median_ms(slice->ttft));
    weir_series_add(&watch->series[WEIR_TREND_ITL], median_ms(slice->itl));
    weir_series_add(&watch->series[WEIR_TREND_FAILED], failed_percent(slice));
    shift_in(watch->output, (double)(slice->tokens > 0 ? slice->tokens : slice->ok));
    shift_in(watch->in_flight, (double)slice->in_flight);
    watch->seconds++;
}

/** Whether the mean of the newer half differs little from that of the older. */
static bool is_steady(const double *last)
{
    double older = 0;
    double newer = 0;
    for (size_t i = 0; i < WEIR__SETTLE_HALF; i++) {
        older += last[i];
        newer += last[WEIR__SETTLE_HALF + i];
    }
    return older > 0 && fabs(newer - older) < WEIR__SETTLE_SHARE * older;
}

bool weir__watch_has_settled(const struct level_watch *watch)
{
    return watch->seconds >= 2 * WEIR__SETTLE_HALF && is_steady(watch->output) &&
           is_steady(watch->in_flight);
}

/** Requests in flight that surely grow, and by more than their mean's noise: the server is offered
 * more than it can bear. */
static bool is_saturated(const struct weir_level_summary *level)
{
    const struct weir_trend *trend = &level->trends[WEIR_TREND_IN_FLIGHT];
    const double window = level->window_end_s - level->window_start_s;
    return level->has_trend[WEIR_TREND_IN_FLIGHT] && trend->interval.low > 0 &&
           trend->slope * window > fmax(1, SATURATION_GROWTH * trend->mean);
}

void weir__watch_sum_up(const struct level_watch *watch, struct weir_level_summary *out)
{
    for (size_t i = 0; i < WEIR_TREND_COUNT; i++) {
        out->has_trend[i] = weir_series_trend(&watch->series[i], out->window_start_s,
                                              out->window_end_s, CONFIDENCE, &out->trends[i]);
    }
    out->offered.is_saturated = out->concurrency == 0 && is_saturated(out);
}
