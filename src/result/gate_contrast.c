// One metric at one level on both sides, run by run, with the interval of the ratio. See
// gate_internal.h.
#include <math.h>
#include <stdlib.h>

#include "gate_internal.h"
#include "weir/base/mem.h"
#include "weir/stat/bootstrap.h"
#include "weir/stat/rank.h"

/** Fewest runs from which a deviation can be taken. */
enum { PREDICTION_MIN = 3 };

double weir__worse_sign(enum weir_metric metric)
{
    return weir_metric_info(metric)->direction == WEIR_HIGHER_IS_BETTER ? -1 : 1;
}

// ---- values of the runs ------------------------------------------------------------------------

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(const double *values, size_t count)
{
    if (count == 0) {
        return NAN;
    }
    double *sorted = weir_alloc(count, sizeof(*sorted));
    for (size_t i = 0; i < count; i++) {
        sorted[i] = values[i];
    }
    qsort(sorted, count, sizeof(*sorted), compare_doubles);
    const double median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
    weir_free(sorted);
    return median;
}

/** Logarithms of the group's values to `logs`; returns how many units have none (0 has no
 * logarithm). `*median`: of the values that are there. */
static size_t take_values(const struct weir_objective *of, const struct weir_group *group,
                          double *logs, double *median)
{
    const double sign = weir__worse_sign(of->metric);
    double *values = weir_alloc(group->count, sizeof(*values));
    size_t count = 0;
    for (size_t i = 0; i < group->count; i++) {
        const double value = weir_objective_value(of, weir_unit_level(&group->units[i]));
        const bool is_there = isfinite(value) && value > 0;
        logs[i] = is_there ? sign * log(value) : NAN;
        if (is_there) {
            values[count++] = value;
        }
    }
    *median = median_of(values, count);
    weir_free(values);
    return group->count - count;
}

static double least_count(enum weir_metric metric, const struct weir_group *group)
{
    double least = INFINITY;
    for (size_t i = 0; i < group->count; i++) {
        least = fmin(least, (double)weir_unit_level(&group->units[i])->metrics[metric].count);
    }
    return least;
}

// ---- one run a side: seconds -------------------------------------------------------------------

/** The column of slices.csv that follows the metric; false when none does. */
static bool slice_value(const struct weir_objective *of, const struct weir_slice_row *row,
                        double *out)
{
    const double seconds = (double)row->length_s;
    const bool is_high =
        of->statistic == WEIR_STATISTIC_PERCENTILE && of->percentile == WEIR_PERCENTILE_P99;
    const bool is_middle =
        of->statistic == WEIR_STATISTIC_AVG ||
        (of->statistic == WEIR_STATISTIC_PERCENTILE && of->percentile == WEIR_PERCENTILE_P50);
    switch (of->metric) {
    case WEIR_METRIC_TTFT:
        *out = is_high ? row->ttft_p99_ms : row->ttft_p50_ms;
        return is_high || is_middle;
    case WEIR_METRIC_ITL:
    case WEIR_METRIC_ICL:
        *out = is_high ? row->itl_p99_ms : row->itl_p50_ms;
        return is_high || is_middle;
    case WEIR_METRIC_OUT_RATE:
        *out = (double)row->tokens / seconds;
        return true;
    case WEIR_METRIC_REQ_RATE:
        *out = (double)row->ok / seconds;
        return true;
    default:
        return false;
    }
}

/** The metric in each whole second of the measured window, in units of its mean, upwards when
 * worse. Returns their number; *out is to be freed. */
static size_t seconds_of(const struct weir_objective *of, const struct weir_unit *unit,
                         double **out)
{
    const struct weir_rundata *run = unit->run;
    const struct weir_level_summary *level = weir_unit_level(unit);
    const double sign = weir__worse_sign(of->metric);
    *out = weir_alloc(run->slice_count + 1, sizeof(**out));
    size_t count = 0;
    double sum = 0;
    for (size_t i = 0; i < run->slice_count; i++) {
        const struct weir_slice_row *row = &run->slices[i];
        double value = NAN;
        const bool is_inside = row->level == level->index &&
                               (double)row->second >= level->window_start_s &&
                               (double)(row->second + row->length_s) <= level->window_end_s;
        if (is_inside && slice_value(of, row, &value) && isfinite(value)) {
            (*out)[count++] = value;
            sum += value;
        }
    }
    for (size_t i = 0; i < count && sum > 0; i++) {
        (*out)[i] *= sign * (double)count / sum;
    }
    return sum > 0 ? count : 0;
}

/** The estimate is that of the whole windows; how sure it is comes from their seconds. */
static void by_seconds(const struct weir_gate_rules *rules, const struct weir_objective *of,
                       const struct weir_group *a, const struct weir_group *b,
                       struct weir__contrast *out)
{
    struct weir_bootstrap_shift shift;
    double *first = NULL;
    double *second = NULL;
    const size_t a_count = seconds_of(of, &a->units[0], &first);
    const size_t b_count = seconds_of(of, &b->units[0], &second);
    out->shift = out->logs[1] - out->logs[0];
    if (weir_bootstrap_shift_of((struct weir_values){first, a_count},
                                (struct weir_values){second, b_count}, rules->confidence,
                                rules->seed, &shift)) {
        const double noise = log1p(rules->run_noise);
        out->method = WEIR_GATE_METHOD_SLICES;
        out->error = shift.error;
        out->interval.low = out->shift + shift.interval.low - shift.estimate;
        out->interval.high = out->shift + shift.interval.high - shift.estimate;
        const double error = sqrt(shift.error * shift.error + 2 * noise * noise);
        out->p = error > 0 ? 0.5 * erfc(out->shift / error / sqrt(2)) : out->shift > 0 ? 0 : 1;
    }
    weir_free(first);
    weir_free(second);
}

// ---- one run against several -------------------------------------------------------------------

/** Probability that Student's t exceeds `t`, from its quantiles. */
static double t_above(double t, double degrees)
{
    double low = 0;
    double high = 1;
    while (high - low > 1e-9) {
        const double middle = (low + high) / 2;
        if (weir_t_quantile(middle, degrees) < t) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return 1 - low;
}

/** Where would another run of the larger side lie? `one`: the single run; `sign`: 1 when it is the
 * candidate. */
static void by_prediction(const struct weir_gate_rules *rules, const double *many, size_t count,
                          double one, double sign, struct weir__contrast *out)
{
    double mean = 0;
    double square = 0;
    for (size_t i = 0; i < count; i++) {
        mean += many[i] / (double)count;
    }
    for (size_t i = 0; i < count; i++) {
        square += (many[i] - mean) * (many[i] - mean);
    }
    const double degrees = (double)count - 1;
    const double error = sqrt(square / degrees * (1 + 1 / (double)count));
    const double reach = error * weir_t_quantile(0.5 + rules->confidence / 2, degrees);
    out->method = WEIR_GATE_METHOD_PREDICTION;
    out->shift = sign * (one - mean);
    out->error = error;
    out->interval = (struct weir_interval){out->shift - reach, out->shift + reach};
    out->p = error > 0 ? t_above(out->shift / error, degrees) : out->shift > 0 ? 0 : 1;
}

// ---- several runs a side -----------------------------------------------------------------------

static void by_pairs(const struct weir_gate_rules *rules, struct weir__contrast *out)
{
    struct weir_shift shift;
    double *differences = weir_alloc(out->a_count, sizeof(*differences));
    for (size_t i = 0; i < out->a_count; i++) {
        differences[i] = out->logs[out->a_count + i] - out->logs[i];
    }
    if (weir_rank_shift_paired(differences, out->a_count, rules->confidence, &shift)) {
        out->method = WEIR_GATE_METHOD_PAIRED;
        out->shift = shift.estimate;
        out->interval = shift.interval;
    }
    weir_free(differences);
}

static void by_runs(const struct weir_gate_rules *rules, struct weir__contrast *out)
{
    struct weir_shift shift;
    if (weir_rank_shift(out->logs, out->a_count, out->logs + out->a_count, out->b_count,
                        rules->confidence, &shift)) {
        out->method = WEIR_GATE_METHOD_PERMUTATION;
        out->shift = shift.estimate;
        out->interval = shift.interval;
    }
}

void weir__contrast_of(const struct weir_gate_rules *rules, const struct weir_objective *of,
                       const struct weir_group *a, const struct weir_group *b,
                       struct weir__contrast *out)
{
    *out = (struct weir__contrast){
        .a_count = a->count,
        .b_count = b->count,
        .logs = weir_alloc(a->count + b->count, sizeof(*out->logs)),
        .shift = NAN,
        .interval = {-INFINITY, INFINITY},
        .p = NAN,
        .count_b = least_count(of->metric, b),
    };
    out->missing_a = take_values(of, a, out->logs, &out->base);
    out->missing_b = take_values(of, b, out->logs + a->count, &out->value);
    if (out->missing_a > 0 || out->missing_b > 0) {
        return;
    }
    const double *logs = out->logs;
    if (a->count == 1 && b->count == 1) {
        by_seconds(rules, of, a, b, out);
    } else if (b->count == 1 && a->count >= PREDICTION_MIN) {
        by_prediction(rules, logs, a->count, logs[a->count], 1, out);
    } else if (a->count == 1 && b->count >= PREDICTION_MIN) {
        by_prediction(rules, logs + 1, b->count, logs[0], -1, out);
    } else if (rules->is_paired && a->count == b->count) {
        by_pairs(rules, out);
    } else if (a->count > 1 && b->count > 1) {
        by_runs(rules, out);
    } else {
        out->shift = log(out->value / out->base) * weir__worse_sign(of->metric);
    }
}

void weir__contrast_free(struct weir__contrast *contrast)
{
    weir_free(contrast->logs);
    contrast->logs = NULL;
}
