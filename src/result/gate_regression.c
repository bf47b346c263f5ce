// Regressions against a baseline: tests over runs, corrected for all levels and metrics. See
// gate.h.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gate_internal.h"
#include "weir/base/mem.h"
#include "weir/stat/permutation.h"
#include "weir/stat/rank.h"

/** More runs than that nobody makes: no advice. */
enum { RUNS_ADVISED_MAX = 200 };

/** One regression at one level. */
struct trial {
    size_t rule;
    const struct weir_group *base;
    const struct weir_group *group; // NULL: the candidate has no such level
    struct weir__contrast contrast;
    double p; // NAN: not judged
};

struct trials {
    const struct weir_gate_rules *rules;
    size_t count;
    struct trial *items;
    size_t families; // rules that have a p
};

/** What the family may err, one-sided: the interval's own tail. */
static double alpha_of(const struct weir_gate_rules *rules)
{
    return (1 - rules->confidence) / 2;
}

// ---- gathering ---------------------------------------------------------------------------------

/** Whether the metric is not there at all, or cannot be judged from so little: a default is then
 * left out instead of failing. */
static bool is_hopeless(const struct trial *trial)
{
    const struct weir__contrast *contrast = &trial->contrast;
    if (trial->group == NULL) {
        return false;
    }
    const bool is_absent =
        contrast->missing_a == contrast->a_count && contrast->missing_b == contrast->b_count;
    const bool is_single = contrast->a_count == 1 && contrast->b_count == 1;
    const bool is_there = contrast->missing_a == 0 && contrast->missing_b == 0;
    return is_absent || (is_single && is_there && contrast->method == WEIR_GATE_METHOD_NONE);
}

static void drop_from(struct trials *trials, size_t first)
{
    for (size_t i = first; i < trials->count; i++) {
        weir__contrast_free(&trials->items[i].contrast);
    }
    trials->count = first;
}

static void gather_rule(struct trials *trials, size_t rule, const struct weir_side *side,
                        const struct weir_side *baseline)
{
    const size_t first = trials->count;
    const struct weir_gate_regression *regression = &trials->rules->regressions[rule];
    bool is_hopeful = !regression->is_default;
    for (size_t i = 0; i < baseline->group_count; i++) {
        struct trial trial = {.rule = rule, .base = &baseline->groups[i], .p = NAN};
        trial.group = weir_side_match(side, baseline, trial.base);
        if (trial.group != NULL) {
            weir__contrast_of(trials->rules, &regression->of, trial.base, trial.group,
                              &trial.contrast);
        }
        is_hopeful = is_hopeful || (trial.group != NULL && !is_hopeless(&trial));
        trials->items = weir_realloc(trials->items, trials->count + 1, sizeof(*trials->items));
        trials->items[trials->count++] = trial;
    }
    if (!is_hopeful) {
        drop_from(trials, first);
    }
}

// ---- tests -------------------------------------------------------------------------------------

static bool is_alike(const struct trial *a, const struct trial *b)
{
    return a->rule == b->rule && a->contrast.method == b->contrast.method &&
           a->contrast.a_count == b->contrast.a_count && a->contrast.b_count == b->contrast.b_count;
}

static bool is_over_runs(const struct trial *trial)
{
    return trial->group != NULL && (trial->contrast.method == WEIR_GATE_METHOD_PERMUTATION ||
                                    trial->contrast.method == WEIR_GATE_METHOD_PAIRED);
}

/** The values of the trials at `members`, row after row; of pairs their differences. */
static double *rows_of(const struct trials *trials, const size_t *members, size_t count)
{
    const struct weir__contrast *first = &trials->items[members[0]].contrast;
    const bool is_paired = first->method == WEIR_GATE_METHOD_PAIRED;
    const size_t width = is_paired ? first->a_count : first->a_count + first->b_count;
    double *rows = weir_alloc(count * width, sizeof(*rows));
    for (size_t i = 0; i < count; i++) {
        const double *logs = trials->items[members[i]].contrast.logs;
        for (size_t j = 0; j < width; j++) {
            rows[i * width + j] = is_paired ? logs[width + j] - logs[j] : logs[j];
        }
    }
    return rows;
}

/** All levels of a rule that have the same runs, tested together. */
static void test_together(struct trials *trials, const size_t *members, size_t count)
{
    const struct weir__contrast *first = &trials->items[members[0]].contrast;
    double *rows = rows_of(trials, members, count);
    double *p = weir_alloc(count, sizeof(*p));
    if (first->method == WEIR_GATE_METHOD_PAIRED) {
        weir_permutation_test_paired(rows, count, first->a_count, trials->rules->seed, p);
    } else {
        weir_permutation_test(rows, count, first->a_count, first->b_count, trials->rules->seed, p);
    }
    for (size_t i = 0; i < count; i++) {
        trials->items[members[i]].p = p[i];
    }
    weir_free(rows);
    weir_free(p);
}

/** The trials that are alike to the one at `index`, from there on; returns their number. */
static size_t find_alike(const struct trials *trials, size_t index, size_t *members)
{
    size_t count = 0;
    for (size_t i = index; i < trials->count; i++) {
        const struct trial *other = &trials->items[i];
        if (is_over_runs(other) && is_alike(&trials->items[index], other)) {
            members[count++] = i;
        }
    }
    return count;
}

/** Test the trial at `index`, and those alike with it; false when there is nothing to test. */
static bool test_from(struct trials *trials, size_t index, size_t *members)
{
    struct trial *trial = &trials->items[index];
    if (is_over_runs(trial)) {
        test_together(trials, members, find_alike(trials, index, members));
        return true;
    }
    trial->p = trial->group != NULL ? trial->contrast.p : NAN;
    return !isnan(trial->p);
}

/** p of each trial of a rule, corrected for the rule's levels: jointly where the runs are the same,
 * by Bonferroni else. */
static void test_rule(struct trials *trials, size_t rule)
{
    size_t *members = weir_alloc(trials->count + 1, sizeof(*members));
    size_t tests = 0;
    for (size_t i = 0; i < trials->count; i++) {
        const bool is_new = trials->items[i].rule == rule && isnan(trials->items[i].p);
        tests += is_new && test_from(trials, i, members) ? 1 : 0;
    }
    for (size_t i = 0; i < trials->count; i++) {
        struct trial *trial = &trials->items[i];
        if (trial->rule == rule && !isnan(trial->p)) {
            trial->p = fmin(trial->p * (double)tests, 1);
        }
    }
    weir_free(members);
}

/** Smallest p of a rule; NAN when it has none. */
static double least_p(const struct trials *trials, size_t rule)
{
    double least = NAN;
    for (size_t i = 0; i < trials->count; i++) {
        if (trials->items[i].rule == rule && !isnan(trials->items[i].p)) {
            least = fmin(isnan(least) ? 1 : least, trials->items[i].p);
        }
    }
    return least;
}

/** Holm's correction over the rules, carried over to their levels in proportion. */
static void correct_for_rules(struct trials *trials)
{
    const size_t rules = trials->rules->regression_count;
    double *raw = weir_alloc(rules, sizeof(*raw));
    double *corrected = weir_alloc(rules, sizeof(*corrected));
    size_t *where = weir_alloc(rules, sizeof(*where));
    trials->families = 0;
    for (size_t rule = 0; rule < rules; rule++) {
        const double least = least_p(trials, rule);
        if (!isnan(least)) {
            where[trials->families] = rule;
            raw[trials->families++] = fmax(least, 1e-300);
        }
    }
    weir_holm(raw, trials->families, corrected);
    for (size_t family = 0; family < trials->families; family++) {
        for (size_t i = 0; i < trials->count; i++) {
            struct trial *trial = &trials->items[i];
            if (trial->rule == where[family] && !isnan(trial->p)) {
                const double in_proportion = trial->p * (corrected[family] / raw[family]);
                trial->p = fmin(fmax(in_proportion, corrected[family]), 1);
            }
        }
    }
    weir_free(raw);
    weir_free(corrected);
    weir_free(where);
}

// ---- how many runs -----------------------------------------------------------------------------

/** Runs a side (or pairs) with which the smallest p there can be passes all corrections. */
static size_t runs_to_fail(const struct trials *trials, bool is_paired)
{
    const double wanted =
        alpha_of(trials->rules) / (double)(trials->families + (trials->families == 0));
    size_t runs = 2;
    while (runs < RUNS_ADVISED_MAX && (is_paired ? weir_permutation_floor_paired(runs)
                                                 : weir_permutation_floor(runs, runs)) > wanted) {
        runs++;
    }
    return runs;
}

/** Runs a side that would make the interval narrow enough, if all else stayed; 0: no number would.
 */
static size_t runs_to_tell(const struct trials *trials, const struct trial *trial, double limit)
{
    const struct weir__contrast *contrast = &trial->contrast;
    const size_t least = runs_to_fail(trials, contrast->method == WEIR_GATE_METHOD_PAIRED);
    const size_t now =
        contrast->a_count < contrast->b_count ? contrast->a_count : contrast->b_count;
    const double reach = contrast->interval.high - contrast->shift;
    const double room = contrast->shift < limit ? limit - contrast->shift : contrast->shift;
    if (!isfinite(reach) || !is_over_runs(trial)) {
        return least;
    }
    const double runs = ceil((double)now * (reach / room) * (reach / room));
    if (!(runs < RUNS_ADVISED_MAX)) {
        return 0;
    }
    const size_t more = (size_t)runs > now ? (size_t)runs : now + 1;
    return more > least ? more : least;
}

// ---- rows --------------------------------------------------------------------------------------

static void set_change(enum weir_metric metric, const struct weir__contrast *contrast,
                       struct weir_gate_row *row)
{
    const double sign = weir__worse_sign(metric);
    const double one = expm1(sign * contrast->interval.low);
    const double other = expm1(sign * contrast->interval.high);
    row->change = expm1(sign * contrast->shift);
    row->change_bounds = (struct weir_interval){fmin(one, other), fmax(one, other)};
}

static void say_change(const struct weir_gate_row *row, char *out, size_t size)
{
    char base[64];
    char value[64];
    (void)weir__gate_value(row->metric, row->base, base, sizeof(base));
    (void)weir__gate_value(row->metric, row->value, value, sizeof(value));
    const int len = snprintf(out, size, "%s against %s: %+.1f%%", value, base, 100 * row->change);
    if (len > 0 && (size_t)len < size && isfinite(row->change_bounds.low) &&
        isfinite(row->change_bounds.high)) {
        (void)snprintf(out + len, size - (size_t)len, " [%+.1f%%, %+.1f%%]",
                       100 * row->change_bounds.low, 100 * row->change_bounds.high);
    }
}

static void say_runs(const struct trials *trials, const struct trial *trial, double limit,
                     struct weir_gate_row *row, char *out, size_t size)
{
    const size_t runs = runs_to_tell(trials, trial, limit);
    row->needs = (double)runs;
    if (runs == 0) {
        (void)snprintf(out, size, "the runs differ too much among themselves to tell");
    } else {
        (void)snprintf(out, size, "about %zu runs a side would tell", runs);
    }
}

/** FAIL: worse for sure, and by enough. PASS: not worse by enough for sure. */
static void decide(const struct trials *trials, const struct trial *trial,
                   struct weir_gate_row *row)
{
    char change[200];
    char more[96];
    const double limit = log1p(trials->rules->regressions[trial->rule].effect_min);
    const double alpha = alpha_of(trials->rules);
    const double shift = trial->contrast.shift;
    say_change(row, change, sizeof(change));
    if (trial->p <= alpha && shift >= limit) {
        row->verdict = WEIR_GATE_FAIL;
        (void)snprintf(row->text, sizeof(row->text), "%s, p = %.2g: worse", change, trial->p);
        return;
    }
    if (trial->contrast.method != WEIR_GATE_METHOD_NONE && trial->contrast.interval.high < limit) {
        row->verdict = WEIR_GATE_PASS;
        (void)snprintf(row->text, sizeof(row->text), "%s, p = %.2g", change, trial->p);
        return;
    }
    row->verdict = WEIR_GATE_INCONCLUSIVE;
    say_runs(trials, trial, limit, row, more, sizeof(more));
    (void)snprintf(row->text, sizeof(row->text), "%s%s; %s", change,
                   shift >= limit ? ": looks worse, but may be chance"
                                  : ": may be worse by the least effect, or not",
                   more);
}

/** Units without the value: nothing at all fails; too little for a percentile is inconclusive. */
static void decide_missing(const struct weir_objective *of, const struct trial *trial,
                           struct weir_gate_row *row)
{
    const struct weir__contrast *contrast = &trial->contrast;
    const bool is_percentile = of->statistic == WEIR_STATISTIC_PERCENTILE;
    if (contrast->missing_b > 0 && is_percentile && contrast->count_b > 0) {
        const double percentile = weir_percentile_value(of->percentile);
        const double wanted = ceil(100 / fmin(percentile, 100 - percentile) - 1e-9);
        row->verdict = WEIR_GATE_INCONCLUSIVE;
        row->needs = wanted - contrast->count_b;
        (void)snprintf(row->text, sizeof(row->text),
                       "a run has %.0f values, too few for this percentile; it needs %.0f more",
                       contrast->count_b, row->needs);
        return;
    }
    row->verdict = contrast->missing_b > 0 ? WEIR_GATE_FAIL : WEIR_GATE_INCONCLUSIVE;
    (void)snprintf(row->text, sizeof(row->text),
                   contrast->missing_b > 0 ? "no data in %zu of %zu runs, which fails"
                                           : "no data in %zu of %zu runs of the baseline",
                   contrast->missing_b > 0 ? contrast->missing_b : contrast->missing_a,
                   contrast->missing_b > 0 ? contrast->b_count : contrast->a_count);
}

static void add_row(const struct trials *trials, const struct trial *trial, struct weir_gate *gate)
{
    const struct weir_gate_regression *rule = &trials->rules->regressions[trial->rule];
    const struct weir__contrast *contrast = &trial->contrast;
    struct weir_gate_row *row = weir__gate_row(gate);
    char subject[96];
    row->is_regression = true;
    row->metric = rule->of.metric;
    row->method = contrast->method;
    row->base_runs = trial->base->count;
    (void)weir__gate_subject(&rule->of, subject, sizeof(subject));
    (void)snprintf(row->condition, sizeof(row->condition), "%s no worse by %.4g%%", subject,
                   100 * rule->effect_min);
    (void)snprintf(row->level, sizeof(row->level), "%s", trial->base->label);
    if (trial->group == NULL) {
        row->verdict = WEIR_GATE_FAIL;
        (void)snprintf(row->text, sizeof(row->text),
                       "the candidate has no such level: no data, which fails");
        return;
    }
    row->runs = trial->group->count;
    row->base = contrast->base;
    row->value = contrast->value;
    row->p = trial->p;
    if (contrast->missing_a > 0 || contrast->missing_b > 0) {
        decide_missing(&rule->of, trial, row);
        return;
    }
    set_change(rule->of.metric, contrast, row);
    gate->has_method[contrast->method] = true;
    decide(trials, trial, row);
}

// ---- notes -------------------------------------------------------------------------------------

static void note_left_out(const struct trials *trials, struct weir_gate *gate)
{
    for (size_t rule = 0; rule < trials->rules->regression_count; rule++) {
        char subject[96];
        bool is_used = false;
        for (size_t i = 0; i < trials->count; i++) {
            is_used = is_used || trials->items[i].rule == rule;
        }
        if (!is_used && trials->rules->regressions[rule].is_default) {
            weir__gate_note(
                gate, "%s was left out: it has no data, or none by the second",
                weir__gate_subject(&trials->rules->regressions[rule].of, subject, sizeof(subject)));
        }
    }
}

static void note_new_levels(const struct weir_side *side, const struct weir_side *baseline,
                            struct weir_gate *gate)
{
    for (size_t i = 0; i < side->group_count; i++) {
        if (weir_side_match(baseline, side, &side->groups[i]) == NULL) {
            weir__gate_note(gate, "the baseline has no %s: not compared", side->groups[i].label);
        }
    }
}

/** With so few runs no difference whatsoever could fail: that must be said. */
static void note_power(const struct trials *trials, struct weir_gate *gate)
{
    for (size_t i = 0; i < trials->count; i++) {
        const struct trial *trial = &trials->items[i];
        const struct weir__contrast *contrast = &trial->contrast;
        const bool is_there = contrast->missing_a == 0 && contrast->missing_b == 0;
        if (trial->group != NULL && is_there && contrast->method == WEIR_GATE_METHOD_NONE) {
            weir__gate_note(gate,
                            "%zu run%s against %zu cannot be judged%s; it takes %zu runs a side",
                            contrast->b_count, contrast->b_count == 1 ? "" : "s", contrast->a_count,
                            contrast->b_count == 1 && contrast->a_count == 1
                                ? ": the metric is not told by the second, or too few seconds are"
                                : "",
                            runs_to_fail(trials, false));
            return;
        }
        if (!is_over_runs(trial)) {
            continue;
        }
        const bool is_paired = contrast->method == WEIR_GATE_METHOD_PAIRED;
        const double floor = is_paired
                                 ? weir_permutation_floor_paired(contrast->a_count)
                                 : weir_permutation_floor(contrast->a_count, contrast->b_count);
        if (floor * (double)trials->families > alpha_of(trials->rules)) {
            weir__gate_note(gate,
                            "with %zu against %zu runs%s and %zu metrics no difference whatsoever "
                            "can fail; it takes %zu %s, or fewer metrics",
                            contrast->b_count, contrast->a_count, is_paired ? ", paired," : "",
                            trials->families, runs_to_fail(trials, is_paired),
                            is_paired ? "pairs" : "runs a side");
            return;
        }
    }
}

void weir__gate_regressions(const struct weir_gate_rules *rules, const struct weir_side *side,
                            const struct weir_side *baseline, struct weir_gate *gate)
{
    struct trials trials = {.rules = rules};
    for (size_t rule = 0; rule < rules->regression_count; rule++) {
        gather_rule(&trials, rule, side, baseline);
        test_rule(&trials, rule);
    }
    correct_for_rules(&trials);
    for (size_t i = 0; i < trials.count; i++) {
        add_row(&trials, &trials.items[i], gate);
    }
    if (trials.count == 0 && rules->regression_count > 0) {
        struct weir_gate_row *row = weir__gate_row(gate);
        row->is_regression = true;
        row->verdict = WEIR_GATE_FAIL;
        (void)snprintf(row->condition, sizeof(row->condition), "no worse than the baseline");
        (void)snprintf(row->level, sizeof(row->level), "no level");
        (void)snprintf(row->text, sizeof(row->text),
                       "nothing could be compared: no data, which fails");
    }
    note_left_out(&trials, gate);
    note_new_levels(side, baseline, gate);
    note_power(&trials, gate);
    drop_from(&trials, 0);
    weir_free(trials.items);
}
