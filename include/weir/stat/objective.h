/** objective.h: the one small expression language for what is demanded of figures: --slo, --goodput, --fail-if and gate files.
 *
 *      objective  = metric [ ":" statistic ] comparison number [ unit ]      blanks may stand between any of these
 *      metric     = a tag of the metric table, or one of its short names below
 *      statistic  = avg | min | max | std | count | p1 … p99.99
 *      comparison = "<" | "<=" | ">" | ">=" | "=="
 *      unit       = that of the metric: ns us ms s m h for times, % for shares, none (or k, M) for rates and tokens.
 *                   A time without a unit is in ms.
 *  A metric that has one value a level (SCALAR) takes no statistic, nor does an objective for one request. Else, where
 *  none is given, the objective is about 99 of 100 values: p99 with < and <=, p1 with > and >=; avg with ==.
 *
 *  e.g. time_to_first_token:p99<200ms   ttft<200ms   error_rate<0.1%   output_token_throughput>=1.5k
 *  Pure; any thread. */
#ifndef WEIR_STAT_OBJECTIVE_H
#define WEIR_STAT_OBJECTIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/base/buf.h"
#include "weir/base/status.h"
#include "weir/base/str.h"
#include "weir/stat/metric.h"
#include "weir/stat/percentile.h"
#include "weir/stat/sample.h"

struct weir_level_summary;

/** Short names: name, metric. */
#define WEIR_SHORT_NAME_MAP(XX)                                                                                        \
    XX("ttft", TTFT)                                                                                                   \
    XX("ttfot", TTFOT)                                                                                                 \
    XX("ttst", TTST)                                                                                                   \
    XX("icl", ICL)                                                                                                     \
    XX("itl", ITL)                                                                                                     \
    XX("tpot", TPOT)                                                                                                   \
    XX("e2e", LATENCY)                                                                                                 \
    XX("e2el", LATENCY)                                                                                                \
    XX("latency", LATENCY)                                                                                             \
    XX("scheduled_ttft", SCHED_TTFT)                                                                                   \
    XX("scheduled_latency", SCHED_LATENCY)                                                                             \
    XX("lateness", LATENESS)                                                                                           \
    XX("stall", STALL)                                                                                                 \
    XX("isl", ISL)                                                                                                     \
    XX("osl", OSL)                                                                                                     \
    XX("throughput", OUT_RATE)                                                                                         \
    XX("tps", OUT_RATE)                                                                                                \
    XX("rps", REQ_RATE)                                                                                                \
    XX("concurrency", CONCURRENCY)                                                                                     \
    XX("errors", ERROR_RATE)

enum weir_statistic_kind {
    WEIR_STATISTIC_VALUE, // of a scalar, or of one request
    WEIR_STATISTIC_AVG,
    WEIR_STATISTIC_MIN,
    WEIR_STATISTIC_MAX,
    WEIR_STATISTIC_STD,
    WEIR_STATISTIC_COUNT,
    WEIR_STATISTIC_PERCENTILE,
};

/** name, how it is written. */
#define WEIR_COMPARISON_MAP(XX)                                                                                        \
    XX(LESS, "<")                                                                                                      \
    XX(LESS_EQUAL, "<=")                                                                                               \
    XX(GREATER, ">")                                                                                                   \
    XX(GREATER_EQUAL, ">=")                                                                                            \
    XX(EQUAL, "==")

enum weir_comparison {
#define XX(name, text) WEIR_##name,
    WEIR_COMPARISON_MAP(XX)
#undef XX
};

struct weir_objective {
    enum weir_metric metric;
    enum weir_statistic_kind statistic;
    enum weir_percentile percentile; // with STATISTIC_PERCENTILE; else 0
    enum weir_comparison comparison;
    double threshold;                // ≥ 0, in the metric's unit; of COUNT: values
};

enum weir_objective_result { WEIR_OBJECTIVE_MET, WEIR_OBJECTIVE_MISSED, WEIR_OBJECTIVE_NO_DATA };

/** Parse one objective. `is_request`: for one request (no statistic, only REQUEST metrics that an ok request has). Errors
 *  name the column (also in err->column) and what would be right there; unknown names get a suggestion. */
weir_status weir_objective_parse(struct weir_slice text, bool is_request, struct weir_objective *out,
                                 struct weir_err *err) WEIR_MUST_USE;

/** A list, separated by blanks or commas; an empty one is an error. The name of a preset stands for its objectives. When
 *  `is_request` each may also be AIPerf's "tag:value", meaning that the metric is at most the value, or at least where
 *  higher is better; what AIPerf calls inter_token_latency there, one mean a request, is time_per_output_token here.
 *  *out is heap memory for weir_free(). */
weir_status weir_objectives_parse(struct weir_slice text, bool is_request, struct weir_objective **out, size_t *count,
                                  struct weir_err *err) WEIR_MUST_USE;

/** The value of a level that the objective is about, in the metric's unit; NAN: no data. */
double weir_objective_value(const struct weir_objective *objective, const struct weir_level_summary *level);

enum weir_objective_result weir_objective_judge(const struct weir_objective *objective,
                                                const struct weir_level_summary *level);

/** Whether `value`, in the metric's unit, meets the objective; false when it is NAN. */
bool weir_objective_holds(const struct weir_objective *objective, double value);

/** Whether one request meets a request objective. A request that has no such value does not, nor does a failed one. */
bool weir_objective_met_by(const struct weir_objective *objective, const struct weir_sample *sample);

/** Append the objective as it would be parsed again, with full tag, statistic and unit. False when out of room. */
bool weir_objective_format(const struct weir_objective *objective, struct weir_buf *out);

/** Named sets: the latency limits of MLPerf Inference, for p99 of a level or for each request. */
struct weir_preset {
    const char *name;       // mlperf-<model>-server, mlperf-<model>-interactive
    const char *objectives;
    const char *source;
};
const struct weir_preset *weir_presets(size_t *count);

#endif
