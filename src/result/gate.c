// The gate as a whole: valid runs first, then conditions, then regressions. See gate.h.
#include "weir/result/gate.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "gate_internal.h"
#include "weir/base/mem.h"
#include "weir/result/number.h"

static const struct {
    const char *word;
    weir_status status;
} verdicts[] = {
#define XX(name, word, status) {word, status},
    WEIR_GATE_VERDICT_MAP(XX)
#undef XX
};

const char *weir_gate_word(enum weir_gate_verdict verdict)
{
    WEIR_ASSERT((size_t)verdict < WEIR_COUNT_OF(verdicts));
    return verdicts[verdict].word;
}

weir_status weir_gate_status(enum weir_gate_verdict verdict)
{
    WEIR_ASSERT((size_t)verdict < WEIR_COUNT_OF(verdicts));
    return verdicts[verdict].status;
}

const char *weir_gate_method_text(enum weir_gate_method method)
{
    static const char *const texts[] = {
#define XX(name, text) text,
        WEIR_GATE_METHOD_MAP(XX)
#undef XX
    };
    WEIR_ASSERT((size_t)method < WEIR_COUNT_OF(texts));
    return texts[method];
}

// ---- for the parts -----------------------------------------------------------------------------

struct weir_gate_row *weir__gate_row(struct weir_gate *gate)
{
    gate->rows = weir_realloc(gate->rows, gate->row_count + 1, sizeof(*gate->rows));
    struct weir_gate_row *row = &gate->rows[gate->row_count++];
    *row = (struct weir_gate_row){
        .value = NAN,
        .bounds = {NAN, NAN},
        .base = NAN,
        .change = NAN,
        .change_bounds = {NAN, NAN},
        .p = NAN,
    };
    return row;
}

void weir__gate_note(struct weir_gate *gate, const char *format, ...)
{
    gate->notes = weir_realloc(gate->notes, gate->note_count + 1, sizeof(*gate->notes));
    va_list args;
    va_start(args, format);
    (void)vsnprintf(gate->notes[gate->note_count++], sizeof(*gate->notes), format, args);
    va_end(args);
}

const char *weir__gate_subject(const struct weir_objective *of, char *out, size_t size)
{
    static const char *const words[] = {
        [WEIR_STATISTIC_AVG] = ":avg",     [WEIR_STATISTIC_MIN] = ":min",
        [WEIR_STATISTIC_MAX] = ":max",     [WEIR_STATISTIC_STD] = ":std",
        [WEIR_STATISTIC_COUNT] = ":count", [WEIR_STATISTIC_VALUE] = "",
    };
    const char *tag = weir_metric_info(of->metric)->tag;
    const bool is_percentile = of->statistic == WEIR_STATISTIC_PERCENTILE;
    (void)snprintf(out, size, "%s%s%s", tag, is_percentile ? ":" : "",
                   is_percentile ? weir_percentile_key(of->percentile) : words[of->statistic]);
    return out;
}

const char *weir__gate_value(enum weir_metric metric, double value, char *out, size_t size)
{
    char number[32];
    if (!isfinite(value)) {
        (void)snprintf(out, size, "no data");
        return out;
    }
    (void)snprintf(out, size, "%s %s", weir_number_short(value, number, sizeof(number)),
                   weir_metric_info(metric)->unit);
    return out;
}

// ---- the whole ---------------------------------------------------------------------------------

/** Whether the runs of a side measured the server; what is wrong with them goes into the notes. */
static bool check_runs(const struct weir_side *side, const char *which, struct weir_gate *gate)
{
    bool is_valid = true;
    for (size_t i = 0; i < side->run_count; i++) {
        const struct weir_rundata *run = side->runs[i];
        const struct weir_summary *summary = &run->summary;
        if (summary->is_interrupted || run->is_rebuilt) {
            weir__gate_note(gate, "%s %.200s is invalid: the run was interrupted", which, run->dir);
            is_valid = false;
        }
        if (summary->verdict.verdict == WEIR_VERDICT_INVALID) {
            weir__gate_note(gate, "%s %.120s is invalid: %s", which, run->dir,
                            summary->verdict.count > 0 ? summary->verdict.text[0]
                                                       : "its own verdict says so");
            is_valid = false;
        }
        if (summary->verdict.verdict == WEIR_VERDICT_SUSPECT) {
            weir__gate_note(gate, "%s %.120s is suspect: %s", which, run->dir,
                            summary->verdict.count > 0 ? summary->verdict.text[0]
                                                       : "its own verdict says so");
        }
    }
    return is_valid;
}

static void note_saturated(const struct weir_side *side, struct weir_gate *gate)
{
    for (size_t i = 0; i < side->group_count; i++) {
        const struct weir_group *group = &side->groups[i];
        for (size_t j = 0; j < group->count; j++) {
            if (weir_unit_level(&group->units[j])->offered.is_saturated) {
                weir__gate_note(gate, "%s is saturated: its percentiles depend on how long it ran",
                                group->label);
                break;
            }
        }
    }
}

static enum weir_gate_verdict worst_of(const struct weir_gate *gate)
{
    enum weir_gate_verdict worst = WEIR_GATE_PASS;
    for (size_t i = 0; i < gate->row_count; i++) {
        worst = gate->rows[i].verdict > worst ? gate->rows[i].verdict : worst;
    }
    return worst;
}

void weir_gate_judge(const struct weir_gate_rules *rules, const struct weir_side *candidate,
                     const struct weir_side *baseline, struct weir_gate *out)
{
    *out = (struct weir_gate){0};
    (void)snprintf(out->name, sizeof(out->name), "%s", candidate->name);
    bool is_valid = check_runs(candidate, "the run", out);
    if (candidate->group_count == 0) {
        weir__gate_note(out, "no level in the runs: no data, which fails");
        out->verdict = WEIR_GATE_FAIL;
    }
    weir__gate_conditions(rules, candidate, out);
    if (baseline != NULL) {
        is_valid = check_runs(baseline, "the baseline", out) && is_valid;
        weir__gate_regressions(rules, candidate, baseline, out);
    }
    note_saturated(candidate, out);
    const enum weir_gate_verdict worst = worst_of(out);
    out->verdict = worst > out->verdict ? worst : out->verdict;
    if (!is_valid) {
        out->verdict = WEIR_GATE_INVALID;
    }
}

void weir_gate_free(struct weir_gate *gate)
{
    weir_free(gate->rows);
    weir_free(gate->notes);
    *gate = (struct weir_gate){0};
}

size_t weir_gate_count(const struct weir_gate *gate, enum weir_gate_verdict verdict)
{
    size_t count = 0;
    for (size_t i = 0; i < gate->row_count; i++) {
        count += gate->rows[i].verdict == verdict ? 1 : 0;
    }
    return count;
}
