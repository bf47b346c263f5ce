// Steadiness and trends from slices: see level_watch.h.
#include "level_watch.h"

#include <math.h>
#include <string.h>

/** Confidence of a trend's interval; growth of requests in flight over the window that counts as
 * saturation, as a share of their mean. */
#define CONFIDENCE        0.95
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
    shift_in(watch->answers, (double)slice->ok);
    shift_in(watch->in_flight, (double)slice->in_flight);
    watch->seconds++;
}

/** Whether the mean of the newer half differs little from that of the older: by no more than
 * SETTLE_SHARE, or than what counting `answers` a half lets one expect of chance. */
static bool is_steady(const double *last, double answers)
{
    const double chance = answers > 0 ? 2 * sqrt(2 / answers) : 0;
    const double allowed = fmax(WEIR__SETTLE_SHARE, chance);
    double older = 0;
    double newer = 0;
    for (size_t i = 0; i < WEIR__SETTLE_HALF; i++) {
        older += last[i];
        newer += last[WEIR__SETTLE_HALF + i];
    }
    return older > 0 && fabs(newer - older) < allowed * older;
}

bool weir__watch_has_settled(const struct level_watch *watch)
{
    double answers = 0;
    for (size_t i = 0; i < 2 * WEIR__SETTLE_HALF; i++) {
        answers += watch->answers[i] / 2;
    }
    return watch->seconds >= 2 * WEIR__SETTLE_HALF && is_steady(watch->output, answers) &&
           is_steady(watch->in_flight, answers);
}

/** Requests in flight that surely grow, and by more than a little: the server is offered more than
 * it can bear. Judged by the mean step, not by the slope: a queue is close to a random walk, whose
 * slope says little (stat/interval.h). */
static bool is_saturated(const struct level_watch *watch, const struct weir_level_summary *level)
{
    struct weir_trend drift;
    const double window = level->window_end_s - level->window_start_s;
    return weir_series_drift(&watch->series[WEIR_TREND_IN_FLIGHT], level->window_start_s,
                             level->window_end_s, CONFIDENCE, &drift) &&
           drift.interval.low > 0 && drift.slope * window > fmax(1, SATURATION_GROWTH * drift.mean);
}

void weir__watch_sum_up(const struct level_watch *watch, struct weir_level_summary *out)
{
    for (size_t i = 0; i < WEIR_TREND_COUNT; i++) {
        out->has_trend[i] = weir_series_trend(&watch->series[i], out->window_start_s,
                                              out->window_end_s, CONFIDENCE, &out->trends[i]);
    }
    out->offered.is_saturated = out->concurrency == 0 && is_saturated(watch, out);
}
