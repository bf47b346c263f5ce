// What objectives say of levels and requests, and the presets: see objective.h.
#include "weir/stat/objective.h"

#include <math.h>

#include "weir/base/attr.h"
#include "weir/stat/summary.h"

double weir_objective_value(const struct weir_objective *objective,
                            const struct weir_level_summary *level)
{
    const struct weir_metric_stats *stats = &level->metrics[objective->metric];
    switch (objective->statistic) {
    case WEIR_STATISTIC_VALUE:
    case WEIR_STATISTIC_AVG:
        return stats->avg;
    case WEIR_STATISTIC_MIN:
        return stats->min;
    case WEIR_STATISTIC_MAX:
        return stats->max;
    case WEIR_STATISTIC_STD:
        return stats->std;
    case WEIR_STATISTIC_COUNT:
        return (double)stats->count;
    case WEIR_STATISTIC_PERCENTILE:
        return stats->percentiles[objective->percentile];
    }
    return NAN;
}

bool weir_objective_holds(const struct weir_objective *objective, double value)
{
    switch (objective->comparison) {
    case WEIR_LESS:
        return value < objective->threshold;
    case WEIR_LESS_EQUAL:
        return value <= objective->threshold;
    case WEIR_GREATER:
        return value > objective->threshold;
    case WEIR_GREATER_EQUAL:
        return value >= objective->threshold;
    case WEIR_EQUAL:
        return value == objective->threshold;
    }
    return false;
}

enum weir_objective_result weir_objective_judge(const struct weir_objective *objective,
                                                const struct weir_level_summary *level)
{
    const double value = weir_objective_value(objective, level);
    if (isnan(value)) {
        return WEIR_OBJECTIVE_NO_DATA;
    }
    return weir_objective_holds(objective, value) ? WEIR_OBJECTIVE_MET : WEIR_OBJECTIVE_MISSED;
}

bool weir_objective_met_by(const struct weir_objective *objective, const struct weir_sample *sample)
{
    const int64_t value = weir_metric_value(objective->metric, sample);
    if (sample->outcome != WEIR_OUTCOME_OK || value < 0) {
        return false;
    }
    const double scale = weir_metric_info(objective->metric)->scale;
    return weir_objective_holds(objective, (double)value / scale);
}

const struct weir_preset *weir_presets(size_t *count)
{
    // LoadGen counts a request as too late when it takes longer than the limit: at it is in time.
    // clang-format off
#define LIMITS(model, scenario, ttft, tpot)                                                        \
    {"mlperf-" model "-" scenario,                                                                 \
     "time_to_first_token<=" ttft "ms time_per_output_token<=" tpot "ms",                          \
     "mlcommons/inference_policies ac93e89"}
    static const struct weir_preset presets[] = {
        LIMITS("llama2-70b", "server", "2000", "200"),
        LIMITS("llama2-70b", "interactive", "450", "40"),
        LIMITS("llama3.1-8b", "server", "2000", "100"),
        LIMITS("llama3.1-8b", "interactive", "500", "30"),
        LIMITS("llama3.1-405b", "server", "6000", "175"),
        LIMITS("llama3.1-405b", "interactive", "4500", "80"),
        LIMITS("deepseek-r1", "server", "2000", "80"),
        LIMITS("deepseek-r1", "interactive", "1500", "15"),
        LIMITS("gpt-oss-120b", "server", "3000", "80"),
        LIMITS("gpt-oss-120b", "interactive", "2000", "15"),
    };
#undef LIMITS
    // clang-format on
    *count = WEIR_COUNT_OF(presets);
    return presets;
}
