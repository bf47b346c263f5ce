/** gate_internal.h: what the parts of the gate share: rules (gate_rules.c), conditions
 * (gate_condition.c), regressions (gate_regression.c) and the whole (gate.c). */
#ifndef WEIR_RESULT_GATE_INTERNAL_H
#define WEIR_RESULT_GATE_INTERNAL_H

#include "weir/base/attr.h"
#include "weir/result/gate.h"

/** Add an empty row; valid until the next one is added. */
struct weir_gate_row *weir__gate_row(struct weir_gate *gate);
void weir__gate_note(struct weir_gate *gate, const char *format, ...) WEIR_PRINTF(2, 3);

/** "time_to_first_token:p50" of an objective, without comparison. Returns `out`. */
const char *weir__gate_subject(const struct weir_objective *of, char *out, size_t size);

/** "51.2 ms"; "no data". Returns `out`. */
const char *weir__gate_value(enum weir_metric metric, double value, char *out, size_t size);

void weir__gate_conditions(const struct weir_gate_rules *rules, const struct weir_side *side,
                           struct weir_gate *gate);
void weir__gate_regressions(const struct weir_gate_rules *rules, const struct weir_side *side,
                            const struct weir_side *baseline, struct weir_gate *gate);

// ---- figures by run, shared with compare -------------------------------------------------------

/** A metric of one level on both sides. Logarithms point upwards when things get worse. */
struct weir__contrast {
    enum weir_gate_method method;
    size_t a_count; // baseline
    size_t b_count; // candidate
    double *logs;   // owned: a_count of the baseline, then b_count of the candidate
    double base;    // medians, in the metric's unit
    double value;
    double shift;                  // how much worse, as a logarithm
    struct weir_interval interval; // of `shift`
    double error;                  // its standard error; with SLICES
    double p; // one-sided, of this row alone; NAN where rows are tested together
    size_t missing_a;
    size_t missing_b; // units without a value
    double count_b;   // fewest values of a unit of the candidate
};

/** 1 when higher is worse, −1 when lower is. */
double weir__worse_sign(enum weir_metric metric);

/** Values of both groups and the interval of their ratio. weir__contrast_free() it. */
void weir__contrast_of(const struct weir_gate_rules *rules, const struct weir_objective *of,
                       const struct weir_group *a, const struct weir_group *b,
                       struct weir__contrast *out);
void weir__contrast_free(struct weir__contrast *contrast);

#endif
