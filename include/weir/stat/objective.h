/** objective.h: the one small expression language for what is demanded of figures: --slo,
 * --goodput, --fail-if and gate files.
 *
 *      objective   = metric [ ":" statistic ] comparison number [ unit ]
 *      metric      = a tag of the metric table, or one of its short names: ttft itl icl tpot e2e
 * (request_latency) … statistic   = avg | min | max | std | count | p1 … p99.99; a metric of one
 * value a level (SCALAR) has none; others default to p99 in a level objective and to the request's
 * own value in a request objective comparison  = "<" | "<=" | ">" | ">=" | "==" unit        = that
 * of the metric's kind: us ms s m; % for shares; none for rates and tokens. A time without a unit
 * is in ms.
 *
 *  e.g. time_to_first_token:p99<200ms   error_rate<0.1%   output_token_throughput>=1000
 *  Pure; any thread. */
#ifndef WEIR_STAT_OBJECTIVE_H
#define WEIR_STAT_OBJECTIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/base/buf.h"
#include "weir/base/status.h"
#include "weir/base/str.h"
#include "weir/stat/summary.h"

enum weir_statistic_kind {
    WEIR_STATISTIC_VALUE, // of a scalar, or of one request
    WEIR_STATISTIC_AVG,
    WEIR_STATISTIC_MIN,
    WEIR_STATISTIC_MAX,
    WEIR_STATISTIC_STD,
    WEIR_STATISTIC_COUNT,
    WEIR_STATISTIC_PERCENTILE,
};

enum weir_comparison { WEIR_LESS, WEIR_LESS_EQUAL, WEIR_GREATER, WEIR_GREATER_EQUAL, WEIR_EQUAL };

struct weir_objective {
    enum weir_metric metric;
    enum weir_statistic_kind statistic;
    enum weir_percentile percentile; // with STATISTIC_PERCENTILE
    enum weir_comparison comparison;
    double threshold; // in the metric's unit
};

enum weir_objective_result { WEIR_OBJECTIVE_MET, WEIR_OBJECTIVE_MISSED, WEIR_OBJECTIVE_NO_DATA };

/** Parse one objective. `is_request`: for one request (no statistic allowed, only REQUEST metrics).
 * Errors point at the byte and say what would be right (unknown metrics and statistics with a
 * suggestion). */
weir_status weir_objective_parse(struct weir_slice text, bool is_request,
                                 struct weir_objective *out, struct weir_err *err) WEIR_MUST_USE;

/** A list: separated by blanks or commas; each may also be AIPerf's "tag:value" (meaning tag <
 * value in ms) when `is_request`. A name of a preset stands for its objectives. *out is heap memory
 * for weir_free(). */
weir_status weir_objectives_parse(struct weir_slice text, bool is_request,
                                  struct weir_objective **out, size_t *count,
                                  struct weir_err *err) WEIR_MUST_USE;

/** The value of a level that the objective is about, in the metric's unit; NAN: no data. */
double weir_objective_value(const struct weir_objective *objective,
                            const struct weir_level_summary *level);

enum weir_objective_result weir_objective_judge(const struct weir_objective *objective,
                                                const struct weir_level_summary *level);

/** Whether one ok request meets a request objective. A request that has no such value does not. */
bool weir_objective_met_by(const struct weir_objective *objective,
                           const struct weir_sample *sample);

/** As it would be parsed again, with full tag and unit. */
bool weir_objective_format(const struct weir_objective *objective, struct weir_buf *out);

/** Named sets: the MLPerf Inference limits (TTFT and TPOT at p99; mlcommons/inference_policies),
 * e.g. "mlperf-llama2-70b-server". */
struct weir_preset {
    const char *name;
    const char *objectives;
    const char *source;
};
const struct weir_preset *weir_presets(size_t *count);

#endif
