// Runs side by side: see compare.h.
#include "weir/result/compare.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gate_internal.h"
#include "weir/base/mem.h"
#include "weir/result/text.h"

/** What is shown, in this order. */
// clang-format off
static const struct weir_objective shown[] = {
    {.metric = WEIR_METRIC_TTFT, .statistic = WEIR_STATISTIC_PERCENTILE, .percentile = WEIR_PERCENTILE_P50},
    {.metric = WEIR_METRIC_TTFT, .statistic = WEIR_STATISTIC_PERCENTILE, .percentile = WEIR_PERCENTILE_P99},
    {.metric = WEIR_METRIC_ITL, .statistic = WEIR_STATISTIC_PERCENTILE, .percentile = WEIR_PERCENTILE_P50},
    {.metric = WEIR_METRIC_ITL, .statistic = WEIR_STATISTIC_PERCENTILE, .percentile = WEIR_PERCENTILE_P99},
    {.metric = WEIR_METRIC_TPOT, .statistic = WEIR_STATISTIC_PERCENTILE, .percentile = WEIR_PERCENTILE_P50},
    {.metric = WEIR_METRIC_LATENCY, .statistic = WEIR_STATISTIC_PERCENTILE, .percentile = WEIR_PERCENTILE_P50},
    {.metric = WEIR_METRIC_LATENCY, .statistic = WEIR_STATISTIC_PERCENTILE, .percentile = WEIR_PERCENTILE_P99},
    {.metric = WEIR_METRIC_OUT_RATE, .statistic = WEIR_STATISTIC_VALUE},
    {.metric = WEIR_METRIC_REQ_RATE, .statistic = WEIR_STATISTIC_VALUE},
    {.metric = WEIR_METRIC_ERROR_RATE, .statistic = WEIR_STATISTIC_VALUE},
};
// clang-format on

static void note(struct weir_compare *compare, const char *format, ...) WEIR_PRINTF(2, 3);

static void note(struct weir_compare *compare, const char *format, ...)
{
    compare->notes = weir_realloc(compare->notes, compare->note_count + 1, sizeof(*compare->notes));
    char text[sizeof(*compare->notes)];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)weir_text_clean(text, strlen(text), compare->notes[compare->note_count++], sizeof(text));
}

// ---- cells -------------------------------------------------------------------------------------

static double mean_value(const struct weir_objective *of, const struct weir_group *group)
{
    double sum = 0;
    for (size_t i = 0; i < group->count; i++) {
        sum += weir_objective_value(of, weir_unit_level(&group->units[i]));
    }
    return sum / (double)group->count;
}

/** Logarithms of the percentile's interval within one run; false where there is none. */
static bool within_run(const struct weir_gate_rules *rules, const struct weir_objective *of,
                       const struct weir_unit *unit, struct weir_interval *out)
{
    const struct weir_hist *hist = weir_rundata_hist(unit->run, unit->level, of->metric);
    if (of->statistic != WEIR_STATISTIC_PERCENTILE || hist == NULL ||
        !weir_interval_percentile(hist, weir_percentile_value(of->percentile), rules->confidence,
                                  out) ||
        !(out->low > 0)) {
        return false;
    }
    const double scale = weir_metric_info(of->metric)->scale;
    *out = (struct weir_interval){log(out->low / scale), log(out->high / scale)};
    return true;
}

/** Two intervals made one of the difference, each side reaching as far as its own does (MOVER, Zou
 * and Donner 2008). */
static void bound_within_run(const struct weir_gate_rules *rules, const struct weir_objective *of,
                             const struct weir_group *a, const struct weir_group *b,
                             struct weir_compare_cell *cell)
{
    struct weir_interval first;
    struct weir_interval second;
    if (a->count != 1 || b->count != 1 || !within_run(rules, of, &a->units[0], &first) ||
        !within_run(rules, of, &b->units[0], &second)) {
        return;
    }
    const double x = log(weir_objective_value(of, weir_unit_level(&a->units[0])));
    const double y = log(weir_objective_value(of, weir_unit_level(&b->units[0])));
    cell->bounds.low = expm1(y - x - hypot(y - second.low, first.high - x));
    cell->bounds.high = expm1(y - x + hypot(second.high - y, x - first.low));
    cell->is_within_run = true;
}

static void set_ratio(const struct weir_objective *of, const struct weir__contrast *contrast,
                      struct weir_compare_cell *cell)
{
    const double sign = weir__worse_sign(of->metric);
    const double one = expm1(sign * contrast->interval.low);
    const double other = expm1(sign * contrast->interval.high);
    cell->change = expm1(sign * contrast->shift);
    cell->bounds = (struct weir_interval){fmin(one, other), fmax(one, other)};
    cell->method = contrast->method;
}

/** `group` against `base`; the same group on the first side. */
static struct weir_compare_cell cell_of(const struct weir_gate_rules *rules,
                                        const struct weir_objective *of,
                                        const struct weir_group *base,
                                        const struct weir_group *group)
{
    struct weir_compare_cell cell = {.value = NAN, .change = NAN, .bounds = {-INFINITY, INFINITY}};
    if (group == NULL) {
        return cell;
    }
    cell.runs = group->count;
    if (of->metric == WEIR_METRIC_ERROR_RATE) {
        cell.value = mean_value(of, group);
        cell.change = base != group ? cell.value - mean_value(of, base) : NAN;
        return cell;
    }
    struct weir__contrast contrast;
    weir__contrast_of(rules, of, base, group, &contrast);
    cell.value = contrast.value;
    if (base != group && isfinite(contrast.shift)) {
        set_ratio(of, &contrast, &cell);
        if (contrast.method == WEIR_GATE_METHOD_NONE) {
            bound_within_run(rules, of, base, group, &cell);
        }
    }
    weir__contrast_free(&contrast);
    return cell;
}

// ---- where they part ---------------------------------------------------------------------------

/** 1: surely higher than the first side, −1: surely lower, 0: not told. */
static int direction_of(const struct weir_gate_rules *rules, const struct weir_compare_cell *cell)
{
    if (!isfinite(cell->change) || fabs(cell->change) < rules->effect_min) {
        return 0;
    }
    return cell->bounds.low > 0 ? 1 : cell->bounds.high < 0 ? -1 : 0;
}

/** From the last level backwards: as long as the side goes the same way. */
static void note_parting(const struct weir_gate_rules *rules, struct weir_compare *compare,
                         size_t metric, size_t side)
{
    const size_t metrics = WEIR_COUNT_OF(shown);
    const size_t levels = compare->row_count / metrics;
    size_t first = levels;
    int way = 0;
    for (size_t level = levels; level-- > 0;) {
        const struct weir_compare_row *row = &compare->rows[level * metrics + metric];
        const int here = direction_of(rules, &row->cells[side]);
        if (here == 0 || (way != 0 && here != way)) {
            break;
        }
        way = here;
        first = level;
    }
    if (way == 0) {
        return;
    }
    const struct weir_compare_row *last = &compare->rows[(levels - 1) * metrics + metric];
    char subject[96];
    note(compare, "%s: %s is %s than %s %s %s%s, by %+.1f%% at %s", compare->names[side],
         weir__gate_subject(&shown[metric], subject, sizeof(subject)), way > 0 ? "higher" : "lower",
         compare->names[0], first == 0 ? "at" : "from",
         first == 0 ? "every level" : compare->rows[first * metrics].level, first == 0 ? "" : " on",
         100 * last->cells[side].change, last->level);
}

// ---- the whole ---------------------------------------------------------------------------------

static void name_side(struct weir_compare *compare, const struct weir_side *side, size_t index)
{
    const char *slash = strrchr(side->name, '/');
    const char *name = side->target[0] != '\0'             ? side->target
                       : slash != NULL && slash[1] != '\0' ? slash + 1
                                                           : side->name;
    (void)weir_copy(compare->names[index], sizeof(compare->names[index]), name);
    for (size_t i = 0; i < index; i++) {
        if (strcmp(compare->names[i], compare->names[index]) == 0) {
            (void)snprintf(compare->names[index], sizeof(compare->names[index]), "%.110s (%zu)",
                           name, index + 1);
        }
    }
}

static void check_runs(struct weir_compare *compare, const struct weir_side *side, size_t index)
{
    for (size_t i = 0; i < side->run_count; i++) {
        const struct weir_summary *summary = &side->runs[i]->summary;
        const bool is_broken = summary->is_interrupted || side->runs[i]->is_rebuilt;
        if (is_broken || summary->verdict.verdict == WEIR_VERDICT_INVALID) {
            compare->is_invalid = true;
            note(compare, "%s is invalid: %s", compare->names[index],
                 is_broken                    ? "the run was interrupted"
                 : summary->verdict.count > 0 ? summary->verdict.text[0]
                                              : "its own verdict says so");
        }
    }
}

static void add_level(const struct weir_gate_rules *rules, const struct weir_side *sides,
                      const struct weir_group *base, struct weir_compare *out)
{
    for (size_t i = 0; i < WEIR_COUNT_OF(shown); i++) {
        out->rows = weir_realloc(out->rows, out->row_count + 1, sizeof(*out->rows));
        struct weir_compare_row *row = &out->rows[out->row_count++];
        *row = (struct weir_compare_row){.of = shown[i]};
        (void)weir_copy(row->level, sizeof(row->level), base->label);
        for (size_t side = 0; side < out->side_count; side++) {
            const struct weir_group *group =
                side == 0 ? base : weir_side_match(&sides[side], &sides[0], base);
            row->cells[side] = cell_of(rules, &shown[i], base, group);
        }
    }
}

void weir_compare_sides(const struct weir_gate_rules *rules, const struct weir_side *sides,
                        size_t count, struct weir_compare *out)
{
    WEIR_ASSERT(count >= 2 && count <= WEIR_COMPARE_SIDES_MAX);
    *out = (struct weir_compare){.side_count = count};
    for (size_t i = 0; i < count; i++) {
        name_side(out, &sides[i], i);
        check_runs(out, &sides[i], i);
    }
    for (size_t i = 0; i < sides[0].group_count; i++) {
        add_level(rules, sides, &sides[0].groups[i], out);
    }
    for (size_t side = 1; side < count; side++) {
        for (size_t i = 0; i < sides[side].group_count; i++) {
            if (weir_side_match(&sides[0], &sides[side], &sides[side].groups[i]) == NULL) {
                note(out, "%s has no %s, which %s has: not compared", out->names[0],
                     sides[side].groups[i].label, out->names[side]);
            }
        }
        for (size_t metric = 0; metric < WEIR_COUNT_OF(shown); metric++) {
            note_parting(rules, out, metric, side);
        }
    }
}

void weir_compare_free(struct weir_compare *compare)
{
    weir_free(compare->rows);
    weir_free(compare->notes);
    *compare = (struct weir_compare){0};
}
