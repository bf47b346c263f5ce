// The metric table and the formulas of the metrics that have one value a request: see metric.h.
#include "weir/stat/metric.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "weir/base/attr.h"

const struct weir_metric_info *weir_metric_info(enum weir_metric metric)
{
    // clang-format off
    static const struct weir_metric_info rows[] = {
#define XX(name, tag, kind, unit, scale, direction, formula)                                       \
        {tag, unit, formula, (scale), WEIR_METRIC_##kind, WEIR_##direction},
        WEIR_METRIC_MAP(XX)
#undef XX
    };
    // clang-format on
    WEIR_ASSERT((size_t)metric < WEIR_COUNT_OF(rows));
    return &rows[metric];
}

enum weir_metric weir_metric_find(const char *tag)
{
    enum weir_metric metric = 0;
    while (metric < WEIR_METRIC_COUNT && strcmp(weir_metric_info(metric)->tag, tag) != 0) {
        metric++;
    }
    return metric;
}

enum { NO_VALUE = -1 };

/** From one instant to another; none when either never happened. The kernel's stamps and the user's
 * clock meet here: a pair that comes out in the wrong order by the width of their offset is no time
 * at all. */
static int64_t span(weir_ns from, weir_ns to)
{
    if (from == 0 || to == 0) {
        return NO_VALUE;
    }
    return to > from ? to - from : 0;
}

/** The same for instants that mean something only in a stream. */
static int64_t stream_span(const struct weir_sample *sample, weir_ns from, weir_ns to)
{
    return sample->is_streamed != 0 ? span(from, to) : NO_VALUE;
}

/** When the answer was there: its last token, or its end when it came in one piece. */
static weir_ns answered(const struct weir_sample *sample)
{
    return sample->is_streamed != 0 ? sample->last_token : sample->done;
}

/** Whether the time between first and last token says something about the pace of the tokens in
 * between. */
static bool has_pace(const struct weir_sample *sample)
{
    return sample->is_streamed != 0 && sample->chunks >= 2 && sample->output_tokens >= 2;
}

static int64_t time_per_output_token(const struct weir_sample *sample)
{
    if (!has_pace(sample)) {
        return NO_VALUE;
    }
    int64_t decode = span(sample->first_token, sample->last_token);
    return decode < 0 ? NO_VALUE : llround((double)decode / (sample->output_tokens - 1));
}

/** Tokens a second times the metric's scale; none when all tokens share one instant: that is no
 * rate. */
static int64_t user_rate(const struct weir_sample *sample)
{
    int64_t decode = has_pace(sample) ? span(sample->first_token, sample->last_token) : 0;
    if (decode <= 0) {
        return NO_VALUE;
    }
    double scale = weir_metric_info(WEIR_METRIC_USER_RATE)->scale;
    double per_second = (double)(sample->output_tokens - 1) * (double)WEIR_SECOND / (double)decode;
    double value = per_second * scale;
    return value < (double)INT64_MAX ? llround(value) : INT64_MAX;
}

static int64_t longest_stall(const struct weir_sample *sample)
{
    return sample->is_streamed != 0 && sample->chunks >= 2 ? sample->longest_gap : NO_VALUE;
}

static int64_t connect_time(const struct weir_sample *sample)
{
    return sample->is_reused == 0 && sample->connect_time > 0 ? sample->connect_time : NO_VALUE;
}

static int64_t failure_time(const struct weir_sample *sample)
{
    return span(sample->sent != 0 ? sample->sent : sample->due, sample->done);
}

/** Value for a request that ended well. */
static int64_t ok_value(enum weir_metric metric, const struct weir_sample *sample)
{
    switch (metric) {
    case WEIR_METRIC_TTFT:
        return stream_span(sample, sample->sent, sample->first_token);
    case WEIR_METRIC_TTFOT:
        return stream_span(sample, sample->sent, sample->first_output_token);
    case WEIR_METRIC_TTST:
        return stream_span(sample, sample->first_token, sample->second_token);
    case WEIR_METRIC_TPOT:
        return time_per_output_token(sample);
    case WEIR_METRIC_LATENCY:
        return span(sample->sent, answered(sample));
    case WEIR_METRIC_SCHED_TTFT:
        return stream_span(sample, sample->due, sample->first_token);
    case WEIR_METRIC_SCHED_LATENCY:
        return span(sample->due, answered(sample));
    case WEIR_METRIC_LATENESS:
        return span(sample->due, sample->sent);
    case WEIR_METRIC_CONNECT:
        return connect_time(sample);
    case WEIR_METRIC_HTTP:
        return span(sample->sent, sample->done);
    case WEIR_METRIC_STALL:
        return longest_stall(sample);
    case WEIR_METRIC_ISL:
        return sample->input_tokens;
    case WEIR_METRIC_OSL:
        return sample->output_tokens;
    case WEIR_METRIC_REASONING:
        return sample->reasoning_tokens;
    case WEIR_METRIC_CACHED:
        return sample->cached_tokens;
    case WEIR_METRIC_USER_RATE:
        return user_rate(sample);
    default:
        return NO_VALUE; // time to failure, and what has no value a request
    }
}

int64_t weir_metric_value(enum weir_metric metric, const struct weir_sample *sample)
{
    if (sample->outcome == WEIR_OUTCOME_CANCELLED) {
        return NO_VALUE; // when it ended was the client's choice
    }
    if (sample->outcome != WEIR_OUTCOME_OK) {
        return metric == WEIR_METRIC_FAIL_TIME ? failure_time(sample) : NO_VALUE;
    }
    int64_t value = ok_value(metric, sample);
    return value >= 0 ? value : NO_VALUE;
}
