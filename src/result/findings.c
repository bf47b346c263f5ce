// What a level came to, in sentences: see findings_internal.h.
#include "findings_internal.h"

#include <math.h>

#include "weir/result/number.h"

/** Room for a number; several may stand in one call. */
struct digits {
    char text[32];
};

static const char *shown(double value, struct digits *digits)
{
    return weir_number_short(value, digits->text, sizeof(digits->text));
}

static void add_offered(const struct weir_level_summary *level, struct weir_buf *out)
{
    const struct weir_offered *offered = &level->offered;
    if (level->concurrency > 0) {
        return;
    }
    struct digits due;
    struct digits sent;
    (void)weir_buf_addf(out, "offered %s requests/s, sent %s; %llu late, %llu dropped%s\n",
                        shown(offered->offered_rate, &due), shown(offered->sent_rate, &sent),
                        (unsigned long long)offered->late, (unsigned long long)offered->dropped,
                        offered->is_saturated
                            ? "; saturated: requests in flight kept growing, so the percentiles "
                              "depend on how long it ran"
                            : "");
    const double *ttft = level->metrics[WEIR_METRIC_SCHED_TTFT].percentiles;
    const double *latency = level->metrics[WEIR_METRIC_SCHED_LATENCY].percentiles;
    struct digits p50;
    struct digits p99;
    struct digits all;
    (void)weir_buf_addf(out, "from due: TTFT p50 %s ms, p99 %s ms; request latency p99 %s ms\n",
                        shown(ttft[WEIR_PERCENTILE_P50], &p50),
                        shown(ttft[WEIR_PERCENTILE_P99], &p99),
                        shown(latency[WEIR_PERCENTILE_P99], &all));
}

static void add_cancelled(const struct weir_level_summary *level, struct weir_buf *out)
{
    const struct weir_counters *counters = &level->counters;
    uint64_t cancelled = counters->outcomes[WEIR_OUTCOME_CANCELLED];
    if (cancelled > 0) {
        (void)weir_buf_addf(out, "%llu of %llu requests were cancelled by the client%s\n",
                            (unsigned long long)cancelled, (unsigned long long)counters->measured,
                            level->is_interrupted ? ", those cut off by the interrupt included"
                                                  : " on purpose");
    }
}

static void add_settling(const struct weir_level_summary *level, struct weir_buf *out)
{
    struct digits at;
    if (!level->settling.is_auto) {
        return;
    }
    if (level->settling.has_settled) {
        (void)weir_buf_addf(out, "warm-up: settled after %s s\n",
                            shown(level->settling.settled_s, &at));
    } else {
        (void)weir_buf_add_str(out,
                               "warm-up: never settled, the window was opened by the time limit\n");
    }
}

/** Only where the interval does not hold 0: what may be nothing is not shown as something. */
static void add_trends(const struct weir_level_summary *level, struct weir_buf *out)
{
    const double hour_s = 3600;
    for (enum weir_trend_id i = 0; i < WEIR_TREND_COUNT; i++) {
        const struct weir_trend *trend = &level->trends[i];
        bool is_drift = trend->interval.low > 0 || trend->interval.high < 0;
        if (!level->has_trend[i] || !is_drift) {
            continue;
        }
        struct digits slope;
        struct digits low;
        struct digits high;
        struct digits mean;
        bool is_rising = trend->slope > 0;
        double sign = is_rising ? hour_s : -hour_s;
        double ends[2] = {sign * trend->interval.low, sign * trend->interval.high};
        (void)weir_buf_addf(out, "%s %s by %s %s an hour (%s to %s), from a mean of %s\n",
                            weir_trend_key(i), is_rising ? "rises" : "falls",
                            shown(sign * trend->slope, &slope), weir_trend_unit(i),
                            shown(fmin(ends[0], ends[1]), &low),
                            shown(fmax(ends[0], ends[1]), &high), shown(trend->mean, &mean));
    }
}

static void add_goodput(const struct weir_level_summary *level, struct weir_buf *out)
{
    const struct weir_counters *counters = &level->counters;
    if (!counters->has_goodput || counters->measured == 0) {
        return;
    }
    const double percent = 100;
    struct weir_interval range = weir_interval_share(counters->good, counters->measured, 0.95);
    struct digits rate;
    struct digits share;
    struct digits low;
    struct digits high;
    (void)weir_buf_addf(
        out, "goodput %s requests/s; %s %% of the requests were good (%s to %s)\n",
        shown(level->metrics[WEIR_METRIC_GOODPUT].avg, &rate),
        shown(percent * (double)counters->good / (double)counters->measured, &share),
        shown(percent * range.low, &low), shown(percent * range.high, &high));
}

static void add_objectives(const struct weir_level_summary *level, struct weir_buf *out)
{
    // ORDER weir_objective_result
    static const char *const words[] = {"met", "MISSED", "no data for"};
    for (size_t i = 0; i < level->objective_count; i++) {
        const struct weir_objective_outcome *outcome = &level->objectives[i];
        struct digits value;
        (void)weir_buf_addf(out, "%s%s ", i == 0 ? "objectives: " : "; ", words[outcome->result]);
        (void)weir_objective_format(&outcome->objective, out);
        if (outcome->result != WEIR_OBJECTIVE_NO_DATA) {
            (void)weir_buf_addf(out, " (%s)", shown(outcome->value, &value));
        }
    }
    (void)weir_buf_add_str(out, level->objective_count > 0 ? "\n" : "");
}

void weir__findings_add(const struct weir_level_summary *level, struct weir_buf *out)
{
    add_offered(level, out);
    add_cancelled(level, out);
    add_settling(level, out);
    add_trends(level, out);
    add_goodput(level, out);
    add_objectives(level, out);
}
