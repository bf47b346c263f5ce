// Conditions on the candidate: how sure is it that they are kept? See gate.h.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gate_internal.h"
#include "weir/base/mem.h"

/** Beyond so many values nobody waits for an answer. */
#define NEEDS_MAX 1e9

/** The level's values as one: all units of a group together. */
struct pool {
    double value;           // what the objective is about; NAN: no data, or too little of it
    double count;           // values behind it
    size_t missing;         // units without any data
    struct weir_hist *hist; // owned; NULL: not for this metric, or not on disk
};

// ---- pooling -----------------------------------------------------------------------------------

static struct weir_hist *pool_hists(enum weir_metric metric, const struct weir_group *group)
{
    struct weir_hist *pool = NULL;
    for (size_t i = 0; i < group->count; i++) {
        const struct weir_unit *unit = &group->units[i];
        const struct weir_hist *hist = weir_rundata_hist(unit->run, unit->level, metric);
        if (hist == NULL && weir_unit_level(unit)->metrics[metric].count > 0) {
            weir_hist_free(pool); // a part would not be the whole
            return NULL;
        }
        if (hist != NULL && pool == NULL) {
            pool = weir_hist_new(weir_hist_highest(hist), weir_hist_digits(hist));
        }
        if (hist != NULL) {
            (void)weir_hist_add(pool, hist);
        }
    }
    return pool;
}

/** Sum, least, largest or mean over the units, as the statistic has it. */
static double pool_values(const struct weir_objective *objective, const struct weir_group *group)
{
    double sum = 0;
    double least = INFINITY;
    double largest = -INFINITY;
    for (size_t i = 0; i < group->count; i++) {
        const double value = weir_objective_value(objective, weir_unit_level(&group->units[i]));
        if (isnan(value)) {
            return NAN;
        }
        sum += value;
        least = fmin(least, value);
        largest = fmax(largest, value);
    }
    switch (objective->statistic) {
    case WEIR_STATISTIC_COUNT:
        return sum;
    case WEIR_STATISTIC_MIN:
        return least;
    case WEIR_STATISTIC_MAX:
        return largest;
    default:
        return sum / (double)group->count;
    }
}

static struct pool pool_of(const struct weir_objective *objective, const struct weir_group *group)
{
    struct pool pool = {.value = NAN};
    const bool is_scalar = weir_metric_info(objective->metric)->kind == WEIR_METRIC_SCALAR;
    for (size_t i = 0; i < group->count; i++) {
        const double count =
            (double)weir_unit_level(&group->units[i])->metrics[objective->metric].count;
        pool.count += count;
        pool.missing += !is_scalar && count == 0 ? 1 : 0;
    }
    if (pool.missing > 0) {
        return pool;
    }
    if (objective->statistic == WEIR_STATISTIC_PERCENTILE) {
        pool.hist = pool_hists(objective->metric, group);
    }
    if (pool.hist == NULL) {
        pool.value = pool_values(objective, group);
        return pool;
    }
    struct weir_metric_stats stats;
    weir_metric_stats_of(pool.hist, weir_metric_info(objective->metric)->scale, &stats);
    pool.value = stats.percentiles[objective->percentile];
    return pool;
}

// ---- percentiles -------------------------------------------------------------------------------

/** Values that keep the limit: surely, and at most (those in the limit's own slot may do either).
 */
struct kept {
    uint64_t surely;
    uint64_t at_most;
};

static struct kept count_kept(const struct weir_objective *objective, const struct weir_hist *hist)
{
    const double limit = objective->threshold * weir_metric_info(objective->metric)->scale;
    const bool is_below =
        objective->comparison == WEIR_LESS || objective->comparison == WEIR_LESS_EQUAL;
    const bool is_strict =
        objective->comparison == WEIR_LESS || objective->comparison == WEIR_GREATER;
    struct kept kept = {0};
    struct weir_hist_slot slot = {0};
    while (weir_hist_next(hist, &slot)) {
        const double low = (double)slot.lowest;
        const double high = (double)slot.highest;
        const bool is_surely = is_below    ? (is_strict ? high < limit : high <= limit)
                               : is_strict ? low > limit
                                           : low >= limit;
        const bool is_perhaps = is_below    ? (is_strict ? low < limit : low <= limit)
                                : is_strict ? high > limit
                                            : high >= limit;
        kept.surely += is_surely ? slot.count : 0;
        kept.at_most += is_perhaps ? slot.count : 0;
    }
    return kept;
}

/** The share that must keep the limit: 0.99 for p99 < x, 0.99 also for p1 > x. */
static double share_wanted(const struct weir_objective *objective)
{
    const double share = weir_percentile_value(objective->percentile) / 100;
    const bool is_below =
        objective->comparison == WEIR_LESS || objective->comparison == WEIR_LESS_EQUAL;
    return is_below ? share : 1 - share;
}

/** Whether `count` values of which the same share keeps the limit would tell. */
static bool would_tell(double share, double count, double wanted, double confidence)
{
    const uint64_t total = (uint64_t)count;
    const uint64_t hits = (uint64_t)fmin(floor(share * count + 1e-9), count);
    const struct weir_interval interval = weir_interval_share(hits, total, confidence);
    return interval.low >= wanted || interval.high < wanted;
}

/** How many values it would take, if they went on as they began: doubling, then bisection.
 * INFINITY: more than anybody has. */
static double values_needed(double share, double from, double wanted, double confidence)
{
    double high = fmax(from, 1);
    while (!would_tell(share, high, wanted, confidence)) {
        high *= 2;
        if (high > NEEDS_MAX) {
            return INFINITY;
        }
    }
    double low = fmax(from, high / 2);
    while (high - low > fmax(1, 0.01 * high)) {
        const double middle = floor(low + (high - low) / 2);
        if (would_tell(share, middle, wanted, confidence)) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return high;
}

static void say_needs(double needs, double count, char *out, size_t size)
{
    if (needs > NEEDS_MAX) {
        (void)snprintf(out, size, "so near the limit no number of values would tell");
        return;
    }
    (void)snprintf(out, size, "about %.0f more values would tell", ceil(needs - count));
}

static void set_bounds(const struct weir_gate_rules *rules, const struct weir_objective *objective,
                       const struct pool *pool, struct weir_gate_row *row)
{
    const double scale = weir_metric_info(objective->metric)->scale;
    const double percentile = weir_percentile_value(objective->percentile);
    if (weir_interval_percentile(pool->hist, percentile, rules->confidence, &row->bounds)) {
        row->bounds.low /= scale;
        row->bounds.high /= scale;
    }
}

/** Clopper and Pearson's interval of the share that keeps the limit, against the share that must.
 */
static void judge_share(const struct weir_gate_rules *rules, const struct weir_objective *objective,
                        const struct pool *pool, struct weir_gate_row *row)
{
    const struct kept kept = count_kept(objective, pool->hist);
    const uint64_t total = weir_hist_count(pool->hist);
    const double wanted = share_wanted(objective);
    const double low = weir_interval_share(kept.surely, total, rules->confidence).low;
    const double high = weir_interval_share(kept.at_most, total, rules->confidence).high;
    char value[64];
    char needs[96];
    set_bounds(rules, objective, pool, row);
    (void)weir__gate_value(objective->metric, row->value, value, sizeof(value));
    if (isnan(row->value)) {
        (void)snprintf(value, sizeof(value), "too few values for the percentile");
    }
    if (low >= wanted || high < wanted) {
        row->verdict = low >= wanted ? WEIR_GATE_PASS : WEIR_GATE_FAIL;
        (void)snprintf(row->text, sizeof(row->text),
                       "%s; %llu of %llu values keep the limit, a share of %.4g%% to %.4g%%; "
                       "wanted: %.6g%%",
                       value, (unsigned long long)kept.surely, (unsigned long long)total, 100 * low,
                       100 * high, 100 * wanted);
        return;
    }
    const double share = (double)kept.surely / (double)total;
    row->verdict = WEIR_GATE_INCONCLUSIVE;
    row->needs = values_needed(share, (double)total, wanted, rules->confidence) - (double)total;
    say_needs(row->needs + (double)total, (double)total, needs, sizeof(needs));
    (void)snprintf(row->text, sizeof(row->text),
                   "%s; %llu of %llu values keep the limit, a share of %.4g%% to %.4g%%; wanted: "
                   "%.6g%%; %s",
                   value, (unsigned long long)kept.surely, (unsigned long long)total, 100 * low,
                   100 * high, 100 * wanted, needs);
}

// ---- one condition at one level ----------------------------------------------------------------

/** The opposite: what a fail-if demands. False of "==", whose opposite is no comparison. */
static bool negate(struct weir_objective *objective)
{
    static const enum weir_comparison opposite[] = {
        [WEIR_LESS] = WEIR_GREATER_EQUAL, [WEIR_LESS_EQUAL] = WEIR_GREATER,
        [WEIR_GREATER] = WEIR_LESS_EQUAL, [WEIR_GREATER_EQUAL] = WEIR_LESS,
        [WEIR_EQUAL] = WEIR_EQUAL,
    };
    objective->comparison = opposite[objective->comparison];
    return objective->comparison != WEIR_EQUAL;
}

static void judge_value(const struct weir_gate_condition *condition,
                        const struct weir_objective *wanted, bool is_negated,
                        struct weir_gate_row *row)
{
    char value[64];
    const bool holds = is_negated || !condition->is_fail_if
                           ? weir_objective_holds(wanted, row->value)
                           : !weir_objective_holds(&condition->objective, row->value);
    row->verdict = holds ? WEIR_GATE_PASS : WEIR_GATE_FAIL;
    (void)snprintf(row->text, sizeof(row->text), "%s%s",
                   weir__gate_value(wanted->metric, row->value, value, sizeof(value)),
                   row->runs > 1 ? ", mean of the runs" : "");
}

static void judge_group(const struct weir_gate_rules *rules,
                        const struct weir_gate_condition *condition, const struct weir_group *group,
                        struct weir_gate_row *row)
{
    struct weir_objective wanted = condition->objective;
    const bool is_negated = condition->is_fail_if && negate(&wanted);
    struct pool pool = pool_of(&wanted, group);
    row->value = pool.value;
    row->runs = group->count;
    if (pool.missing > 0 || (isnan(pool.value) && pool.hist == NULL && pool.count == 0)) {
        row->verdict = WEIR_GATE_FAIL;
        (void)snprintf(row->text, sizeof(row->text), "no data%s, which fails",
                       group->count > 1 ? " in at least one run" : "");
    } else if (pool.hist != NULL && wanted.comparison != WEIR_EQUAL) {
        judge_share(rules, &wanted, &pool, row);
    } else if (isnan(pool.value)) {
        row->verdict = WEIR_GATE_INCONCLUSIVE;
        (void)snprintf(row->text, sizeof(row->text), "%.0f values are too few for the percentile",
                       pool.count);
    } else {
        judge_value(condition, &wanted, is_negated, row);
    }
    weir_hist_free(pool.hist);
}

// ---- scopes ------------------------------------------------------------------------------------

static bool is_meant(const struct weir_gate_condition *condition, const struct weir_group *group)
{
    const bool is_rate = strcmp(group->mode, "concurrency") != 0;
    if (condition->target[0] != '\0' && strcmp(condition->target, group->target) != 0) {
        return false;
    }
    if (!isnan(condition->concurrency) &&
        (is_rate || !(fabs(group->load - condition->concurrency) < 1e-9))) {
        return false;
    }
    return isnan(condition->rate) ||
           (is_rate && fabs(group->load - condition->rate) <= 1e-9 * condition->rate);
}

static void name_condition(const struct weir_gate_condition *condition, struct weir_gate_row *row)
{
    struct weir_buf text;
    weir_buf_init(&text, sizeof(row->condition));
    (void)weir_objective_format(&condition->objective, &text);
    (void)snprintf(row->condition, sizeof(row->condition), "%s%.180s",
                   condition->is_fail_if ? "fail-if " : "", weir_buf_text(&text));
    weir_buf_free(&text);
}

static struct weir_gate_row *begin_row(const struct weir_gate_condition *condition,
                                       const char *level, struct weir_gate *gate)
{
    struct weir_gate_row *row = weir__gate_row(gate);
    row->metric = condition->objective.metric;
    name_condition(condition, row);
    (void)snprintf(row->level, sizeof(row->level), "%s", level);
    return row;
}

static void no_level(const struct weir_gate_condition *condition, struct weir_gate *gate)
{
    struct weir_gate_row *row = begin_row(condition, "no level", gate);
    row->verdict = WEIR_GATE_FAIL;
    (void)snprintf(row->text, sizeof(row->text),
                   "the runs have no such level: no data, which fails");
}

/** One row for each level that is meant. */
static void judge_every(const struct weir_gate_rules *rules,
                        const struct weir_gate_condition *condition, const struct weir_side *side,
                        struct weir_gate *gate)
{
    bool is_empty = true;
    for (size_t i = 0; i < side->group_count; i++) {
        if (is_meant(condition, &side->groups[i])) {
            struct weir_gate_row *row = begin_row(condition, side->groups[i].label, gate);
            judge_group(rules, condition, &side->groups[i], row);
            is_empty = false;
        }
    }
    if (is_empty) {
        no_level(condition, gate);
    }
}

/** One row: that of the level which keeps it best. */
static void judge_any(const struct weir_gate_rules *rules,
                      const struct weir_gate_condition *condition, const struct weir_side *side,
                      struct weir_gate *gate)
{
    struct weir_gate tries = {0};
    const struct weir_gate_row *best = NULL;
    judge_every(rules, condition, side, &tries);
    for (size_t i = 0; i < tries.row_count; i++) {
        if (best == NULL || tries.rows[i].verdict < best->verdict) {
            best = &tries.rows[i];
        }
    }
    if (best != NULL) {
        struct weir_gate_row *row = weir__gate_row(gate);
        *row = *best;
        (void)snprintf(row->level, sizeof(row->level), "any level: %.160s", best->level);
    }
    weir_gate_free(&tries);
}

void weir__gate_conditions(const struct weir_gate_rules *rules, const struct weir_side *side,
                           struct weir_gate *gate)
{
    for (size_t i = 0; i < rules->condition_count; i++) {
        const struct weir_gate_condition *condition = &rules->conditions[i];
        if (condition->scope == WEIR_GATE_ANY_LEVEL) {
            judge_any(rules, condition, side, gate);
        } else {
            judge_every(rules, condition, side, gate);
        }
    }
}
