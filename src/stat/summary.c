// From recorders to numbers for people: see summary.h. What the data cannot carry is NAN here and
// null in files.
#include "weir/stat/summary.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"

static const struct {
    const char *key;
    double value;
} percentiles[] = {
#define XX(name, key, value) {key, (value)},
    WEIR_PERCENTILE_MAP(XX)
#undef XX
};

const char *weir_percentile_key(enum weir_percentile percentile)
{
    WEIR_ASSERT((size_t)percentile < WEIR_COUNT_OF(percentiles));
    return percentiles[percentile].key;
}

double weir_percentile_value(enum weir_percentile percentile)
{
    WEIR_ASSERT((size_t)percentile < WEIR_COUNT_OF(percentiles));
    return percentiles[percentile].value;
}

bool weir_percentile_supported(double percentile, uint64_t count)
{
    double beyond = fmin(percentile, 100 - percentile) / 100;
    return (double)count * beyond >= 1 - 1e-9; // 100 - 99.9 falls a little short of 0.1
}

const char *weir_verdict_key(enum weir_verdict verdict)
{
    static const char *const keys[] = {
        [WEIR_VERDICT_VALID] = "valid",
        [WEIR_VERDICT_SUSPECT] = "suspect",
        [WEIR_VERDICT_INVALID] = "invalid",
    };
    WEIR_ASSERT((size_t)verdict < WEIR_COUNT_OF(keys));
    return keys[verdict];
}

void weir_verdict_add(struct weir_verdict_reasons *reasons, enum weir_verdict verdict,
                      const char *format, ...)
{
    if (verdict > reasons->verdict) {
        reasons->verdict = verdict;
    }
    if (reasons->count == WEIR_REASON_MAX) {
        return;
    }
    va_list args;
    va_start(args, format);
    (void)vsnprintf(reasons->text[reasons->count], WEIR_REASON_BYTES, format, args);
    va_end(args);
    reasons->count++;
}

static struct weir_metric_stats no_stats(void)
{
    struct weir_metric_stats stats = {.avg = NAN, .std = NAN, .min = NAN, .max = NAN};
    for (size_t i = 0; i < WEIR_PERCENTILE_COUNT; i++) {
        stats.percentiles[i] = NAN;
    }
    return stats;
}

void weir_metric_stats_of(const struct weir_hist *hist, double scale, struct weir_metric_stats *out)
{
    *out = no_stats();
    out->count = weir_hist_count(hist);
    out->dropped = weir_hist_dropped(hist);
    if (out->count == 0) {
        return;
    }
    out->avg = weir_hist_mean(hist) / scale;
    out->std = weir_hist_stddev(hist) / scale;
    out->min = (double)weir_hist_min(hist) / scale;
    out->max = (double)weir_hist_max(hist) / scale;
    for (size_t i = 0; i < WEIR_PERCENTILE_COUNT; i++) {
        if (weir_percentile_supported(percentiles[i].value, out->count)) {
            out->percentiles[i] = (double)weir_hist_percentile(hist, percentiles[i].value) / scale;
        }
    }
}

/** What scalars are computed from. */
struct totals {
    const struct weir_counters *counters;
    double window_s;
    bool is_input_known;
    bool is_output_known;
};

/** Amount a second, or NAN when the window has no length. */
static double rate(double amount, double window_s)
{
    return window_s > 0 ? amount / window_s : NAN;
}

static double output_rate(const struct totals *totals)
{
    return totals->is_output_known
               ? rate(totals->counters->output_tokens_in_window, totals->window_s)
               : NAN;
}

static double input_rate(const struct totals *totals)
{
    return totals->is_input_known ? rate(totals->counters->input_tokens_in_window, totals->window_s)
                                  : NAN;
}

static double error_rate(const struct weir_counters *counters)
{
    uint64_t failed = weir_counters_failed(counters);
    uint64_t judged = counters->outcomes[WEIR_OUTCOME_OK] + failed;
    return judged > 0 ? 100.0 * (double)failed / (double)judged : NAN;
}

static double scalar(enum weir_metric metric, const struct totals *totals)
{
    switch (metric) {
    case WEIR_METRIC_OUT_RATE:
        return output_rate(totals);
    case WEIR_METRIC_IN_RATE:
        return input_rate(totals);
    case WEIR_METRIC_TOTAL_RATE:
        return input_rate(totals) + output_rate(totals); // NAN when either is
    case WEIR_METRIC_REQ_RATE:
        return rate((double)totals->counters->ended_in_window, totals->window_s);
    case WEIR_METRIC_GOODPUT:
        return totals->counters->has_goodput
                   ? rate((double)totals->counters->good_in_window, totals->window_s)
                   : NAN;
    case WEIR_METRIC_CONCURRENCY:
        return rate(totals->counters->in_flight_ns / (double)WEIR_SECOND, totals->window_s);
    case WEIR_METRIC_ERROR_RATE:
        return error_rate(totals->counters);
    default:
        return NAN;
    }
}

/** An amount of 0 is a measurement where nothing was answered, and ignorance where answers came
 * without a count. */
static struct totals totals_of(const struct weir_level_summary *level,
                               const struct weir_recorder *recorder)
{
    const struct weir_counters *counters = weir_recorder_counters(recorder);
    bool has_input = weir_hist_count(weir_recorder_hist(recorder, WEIR_METRIC_ISL)) > 0;
    return (struct totals){
        .counters = counters,
        .window_s = level->window_end_s - level->window_start_s,
        .is_input_known = has_input || counters->input_tokens_in_window > 0,
        .is_output_known = counters->whole_ok == 0 || counters->whole_output_tokens > 0,
    };
}

static void set_token_source(struct weir_level_summary *level)
{
    const uint64_t *counts = level->counters.token_sources;
    unsigned most = WEIR_TOKEN_SOURCE_NONE;
    unsigned kinds = 0;
    for (unsigned i = WEIR_TOKEN_SOURCE_COUNT;
         i-- > 0;) { // downwards: of two equals the better source is named
        kinds += counts[i] > 0;
        if (counts[i] > 0 && counts[i] >= counts[most]) {
            most = i;
        }
    }
    level->token_source = (enum weir_token_source)most;
    level->is_token_source_mixed = kinds > 1;
}

void weir_level_summarize(struct weir_level_summary *level, const struct weir_recorder *recorder)
{
    const struct totals totals = totals_of(level, recorder);
    level->counters = *totals.counters;
    set_token_source(level);
    for (enum weir_metric metric = 0; metric < WEIR_METRIC_COUNT; metric++) {
        const struct weir_hist *hist = weir_recorder_hist(recorder, metric);
        if (hist != NULL) {
            weir_metric_stats_of(hist, weir_metric_info(metric)->scale, &level->metrics[metric]);
        } else {
            level->metrics[metric] = no_stats();
            level->metrics[metric].avg = scalar(metric, &totals);
        }
    }
}

/** How people tell this level from the others of its run: "vllm at concurrency 8". */
static void name_level(const struct weir_level_summary *level, char *out, size_t size)
{
    if (level->concurrency > 0) {
        (void)snprintf(out, size, "%s at concurrency %u", level->target, level->concurrency);
    } else if (level->request_rate > 0) {
        (void)snprintf(out, size, "%s at %g requests/s", level->target, level->request_rate);
    } else {
        (void)snprintf(out, size, "%s, level %u", level->target, level->index);
    }
}

void weir_summary_add(struct weir_summary *summary, const struct weir_level_summary *level)
{
    summary->levels = weir_realloc(summary->levels, summary->level_count + 1, sizeof(*level));
    summary->levels[summary->level_count] = *level;
    summary->level_count++;
    summary->is_interrupted = summary->is_interrupted || level->is_interrupted;

    char name[sizeof(level->target) + 32];
    name_level(level, name, sizeof(name));
    for (size_t i = 0; i < level->verdict.count; i++) {
        weir_verdict_add(&summary->verdict, level->verdict.verdict, "%s: %s", name,
                         level->verdict.text[i]);
    }
    if (level->verdict.verdict >
        summary->verdict.verdict) { // a verdict without a reason counts as well
        summary->verdict.verdict = level->verdict.verdict;
    }
}

void weir_summary_free(struct weir_summary *summary)
{
    weir_free(summary->levels);
    summary->levels = NULL;
    summary->level_count = 0;
}

const char *weir_trend_key(enum weir_trend_id trend)
{
    static const char *const keys[WEIR_TREND_COUNT] = {
#define XX(name, key, unit) key,
        WEIR_TREND_MAP(XX)
#undef XX
    };
    return keys[trend];
}

const char *weir_trend_unit(enum weir_trend_id trend)
{
    static const char *const units[WEIR_TREND_COUNT] = {
#define XX(name, key, unit) unit,
        WEIR_TREND_MAP(XX)
#undef XX
    };
    return units[trend];
}
