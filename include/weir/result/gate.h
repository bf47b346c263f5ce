/** gate.h: may this build ship? Conditions on a run, and a comparison with runs that were good. Four answers, of which the worst
 *  wins: PASS; INCONCLUSIVE, the data cannot tell; FAIL; INVALID, the client and not the server was measured. Not thread-safe.
 *
 *  A condition is an objective (stat/objective.h), perhaps only for some levels:
 *      [every | any | at WHERE…] OBJECTIVE…       WHERE: concurrency=8, rate=5, target=vllm
 *  A percentile of a condition is held against the limit with Clopper and Pearson's interval of the share of values
 *  that keep it: met when the whole interval says so, missed when none of it does, else inconclusive. Everything else is
 *  what it is. Several runs are pooled. No data fails.
 *
 *  A regression is a metric that must not be worse than in the baseline by a least effect or more: METRIC[:STATISTIC] [PERCENT%].
 *  The unit is the run. FAIL: shown to be worse (a test over runs, corrected for all levels and metrics, at (1 − confidence)/2
 *  one-sided) and estimated to be so by the least effect or more. PASS: the interval of the ratio lies below the least effect. */
#ifndef WEIR_RESULT_GATE_H
#define WEIR_RESULT_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/base/status.h"
#include "weir/base/str.h"
#include "weir/result/side.h"
#include "weir/stat/interval.h"
#include "weir/stat/objective.h"

/** name, word, status of the process; ORDER: from the best to the one that wins. */
#define WEIR_GATE_VERDICT_MAP(XX)                                                                                      \
    XX(PASS, "PASS", WEIR_OK)                                                                                          \
    XX(INCONCLUSIVE, "INCONCLUSIVE", WEIR_INCONCLUSIVE)                                                                \
    XX(FAIL, "FAIL", WEIR_GATE_FAILED)                                                                                 \
    XX(INVALID, "INVALID", WEIR_RUN_INVALID)

enum weir_gate_verdict {
#define XX(name, word, status) WEIR_GATE_##name,
    WEIR_GATE_VERDICT_MAP(XX)
#undef XX
};

const char *weir_gate_word(enum weir_gate_verdict verdict);
weir_status weir_gate_status(enum weir_gate_verdict verdict);

// ---- rules -------------------------------------------------------------------------------------

enum weir_gate_scope { WEIR_GATE_EVERY_LEVEL, WEIR_GATE_ANY_LEVEL };

struct weir_gate_condition {
    struct weir_objective objective; // what is demanded
    bool is_fail_if;                 // the objective is what must not be
    enum weir_gate_scope scope;      // of the levels that are meant
    double concurrency;              // only levels with this; NAN: all
    double rate;                     // only levels with this; NAN: all
    char target[128];                // only levels of this; "": all
};

struct weir_gate_regression {
    struct weir_objective of; // metric and statistic; the rest is not used
    double effect_min;        // 0.05: 5 %
    bool is_default;          // nobody asked for it by name: left out where there is no data
};

struct weir_gate_rules {
    size_t condition_count;
    struct weir_gate_condition *conditions;   // owned
    size_t regression_count;
    struct weir_gate_regression *regressions; // owned
    double confidence;     // 0.95
    double effect_min;     // of regressions that name none
    double run_noise;      // deviation from run to run that is assumed when each side is one run: 0.05
    bool is_paired;        // run i of both sides belong together
    uint64_t seed;         // of what is drawn
};

/** Nothing demanded; confidence 0.95, least effect 5 %, noise 5 %. */
void weir_gate_rules_init(struct weir_gate_rules *rules);
void weir_gate_rules_free(struct weir_gate_rules *rules);

/** Add what `text` says; of a condition that may be several objectives, or the name of a preset. */
weir_status weir_gate_rules_condition(struct weir_gate_rules *rules, const char *text, bool is_fail_if,
                                      struct weir_err *err) WEIR_MUST_USE;
weir_status weir_gate_rules_regression(struct weir_gate_rules *rules, const char *text,
                                       struct weir_err *err) WEIR_MUST_USE;

/** A gate file: a rule a line, "slo CONDITION" (the word may be left out), "fail-if CONDITION" or "regression …"; '#' begins a
 *  comment. Errors name file and line. */
weir_status weir_gate_rules_read(struct weir_gate_rules *rules, const char *path, struct weir_err *err) WEIR_MUST_USE;

/** The primary metrics, when a baseline is given and nobody said what must not regress: few, because each costs power. */
void weir_gate_rules_default(struct weir_gate_rules *rules);

// ---- verdicts ----------------------------------------------------------------------------------

/** How a regression was judged. */
#define WEIR_GATE_METHOD_MAP(XX)                                                                                       \
    XX(NONE, "not judged")                                                                                             \
    XX(SLICES, "one run a side: block bootstrap over seconds. Weak: it cannot see how runs differ, so a deviation "    \
               "from run to run is assumed, and only what is far beyond it fails; several runs a side are better")     \
    XX(PREDICTION, "one run against several: is it where another run of that side would lie (Student's t on "          \
                   "logarithms)? Weaker than several runs a side")                                                     \
    XX(PERMUTATION, "permutation test over runs; Hodges-Lehmann interval of the ratio")                                \
    XX(PAIRED, "sign-flip test over pairs of runs; Hodges-Lehmann interval of the ratio")

enum weir_gate_method {
#define XX(name, text) WEIR_GATE_METHOD_##name,
    WEIR_GATE_METHOD_MAP(XX)
#undef XX
        WEIR_GATE_METHOD_COUNT
};

const char *weir_gate_method_text(enum weir_gate_method method);

/** One condition or regression at one level. What does not apply is NAN. */
struct weir_gate_row {
    bool is_regression;
    enum weir_gate_verdict verdict;
    enum weir_metric metric;
    char condition[192];           // "time_to_first_token:p99<200ms", "time_to_first_token:p50 vs baseline, 5%"
    char level[192];               // "concurrency 8"; "any level"
    char text[400];                // why, for people
    double value;                  // of the candidate, in the metric's unit
    struct weir_interval bounds;   // of `value`, where the condition is about a percentile
    double needs;                  // values or runs a side that are needed to tell, at a guess; 0: enough
    double base;                   // of the baseline: median of its runs, as `value` is then of the candidate's
    double change;                 // candidate / baseline − 1
    struct weir_interval change_bounds;
    double p;                      // corrected, one-sided: worse
    size_t runs;                   // of the candidate
    size_t base_runs;
    enum weir_gate_method method;
};

struct weir_gate {
    enum weir_gate_verdict verdict;
    size_t row_count;
    struct weir_gate_row *rows;                  // owned
    size_t note_count;
    char (*notes)[400];                          // owned: why INVALID, what was left out, how it was judged
    bool has_method[WEIR_GATE_METHOD_COUNT];
    char name[256];                              // of the candidate
};

/** Judge `candidate`; `baseline` may be NULL when there are no regressions to judge. No condition and no regression at all is PASS if the
 *  runs are valid: callers see to it that something is asked. */
void weir_gate_judge(const struct weir_gate_rules *rules, const struct weir_side *candidate,
                     const struct weir_side *baseline, struct weir_gate *out);
void weir_gate_free(struct weir_gate *gate);

/** Rows with this verdict. */
size_t weir_gate_count(const struct weir_gate *gate, enum weir_gate_verdict verdict);

#endif
