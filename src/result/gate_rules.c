// What a gate demands, from text: see gate.h.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gate_internal.h"
#include "weir/base/mem.h"
#include "weir/base/units.h"

enum { LINE_BYTES = 4096, RULES_MAX = 1000 };

void weir_gate_rules_init(struct weir_gate_rules *rules)
{
    *rules = (struct weir_gate_rules){
        .confidence = 0.95, .effect_min = 0.05, .run_noise = 0.05, .seed = 1};
}

void weir_gate_rules_free(struct weir_gate_rules *rules)
{
    weir_free(rules->conditions);
    weir_free(rules->regressions);
    *rules = (struct weir_gate_rules){0};
}

/** The first word of `*rest`, which moves behind it; empty at the end. */
static struct weir_slice take_word(struct weir_slice *rest)
{
    *rest = weir_slice_trim(*rest);
    size_t len = 0;
    while (len < rest->len && rest->ptr[len] != ' ' && rest->ptr[len] != '\t') {
        len++;
    }
    const struct weir_slice word = {rest->ptr, len};
    rest->ptr += len;
    rest->len -= len;
    *rest = weir_slice_trim(*rest);
    return word;
}

// ---- conditions --------------------------------------------------------------------------------

/** What follows "key=" or "k=" in `word`. */
static bool value_after(struct weir_slice word, const char *key, struct weir_slice *value)
{
    char full[32];
    char brief[4];
    (void)snprintf(full, sizeof(full), "%s=", key);
    (void)snprintf(brief, sizeof(brief), "%c=", key[0]);
    const char *prefix = weir_slice_starts(word, full)    ? full
                         : weir_slice_starts(word, brief) ? brief
                                                          : NULL;
    if (prefix == NULL) {
        return false;
    }
    *value = (struct weir_slice){word.ptr + strlen(prefix), word.len - strlen(prefix)};
    return true;
}

static bool set_load(struct weir_slice text, double *out)
{
    double value = 0;
    if (!weir_parse_f64(text, &value) || !(value > 0)) {
        return false;
    }
    *out = value;
    return true;
}

/** One of "concurrency=8", "rate=5", "target=vllm"; *is_one says whether it is one at all. */
static bool take_where(struct weir_slice word, struct weir_gate_condition *condition, bool *is_one)
{
    struct weir_slice value;
    *is_one = true;
    if (value_after(word, "concurrency", &value)) {
        return set_load(value, &condition->concurrency);
    }
    if (value_after(word, "rate", &value)) {
        return set_load(value, &condition->rate);
    }
    if (value_after(word, "target", &value)) {
        (void)snprintf(condition->target, sizeof(condition->target), "%.*s", (int)value.len,
                       value.ptr);
        return value.len > 0 && value.len < sizeof(condition->target);
    }
    *is_one = false;
    return false;
}

/** "at WHERE…": words up to the first that is no place. */
static weir_status take_places(struct weir_slice *rest, struct weir_gate_condition *condition,
                               struct weir_err *err)
{
    bool is_one = true;
    size_t places = 0;
    while (is_one) {
        struct weir_slice ahead = *rest;
        const struct weir_slice word = take_word(&ahead);
        if (!take_where(word, condition, &is_one) && (is_one || places == 0)) {
            return weir_fail(err, WEIR_INVALID,
                             "\"%.*s\" names no level; write at concurrency=8, at rate=5, at "
                             "target=NAME or several of them before the condition",
                             word.len < 60 ? (int)word.len : 60, word.ptr);
        }
        if (is_one) {
            *rest = ahead;
            places++;
        }
    }
    return WEIR_OK;
}

/** Words before the objective. */
static weir_status take_scope(struct weir_slice *rest, struct weir_gate_condition *condition,
                              struct weir_err *err)
{
    struct weir_slice ahead = *rest;
    struct weir_slice word = take_word(&ahead);
    // A fail-if names what must not be: not at any level, unless only "every" together is too much.
    if (weir_slice_equals(word, "every") || weir_slice_equals(word, "any")) {
        const bool is_any = weir_slice_equals(word, "any") != condition->is_fail_if;
        condition->scope = is_any ? WEIR_GATE_ANY_LEVEL : WEIR_GATE_EVERY_LEVEL;
        *rest = ahead;
        word = take_word(&ahead);
    }
    if (!weir_slice_equals(word, "at")) {
        return WEIR_OK;
    }
    *rest = ahead;
    return take_places(rest, condition, err);
}

static weir_status refuse_more(size_t count, struct weir_err *err)
{
    return count < RULES_MAX
               ? WEIR_OK
               : weir_fail(err, WEIR_TOO_LARGE, "more than %d rules in one gate", RULES_MAX);
}

weir_status weir_gate_rules_condition(struct weir_gate_rules *rules, const char *text,
                                      bool is_fail_if, struct weir_err *err)
{
    struct weir_gate_condition condition = {
        .is_fail_if = is_fail_if, .concurrency = NAN, .rate = NAN};
    struct weir_slice rest = weir_slice_of(text);
    struct weir_objective *objectives = NULL;
    size_t count = 0;
    weir_status status = take_scope(&rest, &condition, err);
    if (status == WEIR_OK) {
        status = weir_objectives_parse(rest, false, &objectives, &count, err);
    }
    for (size_t i = 0; i < count && status == WEIR_OK; i++) {
        status = refuse_more(rules->condition_count, err);
        if (status == WEIR_OK) {
            rules->conditions = weir_realloc(rules->conditions, rules->condition_count + 1,
                                             sizeof(*rules->conditions));
            condition.objective = objectives[i];
            rules->conditions[rules->condition_count++] = condition;
        }
    }
    weir_free(objectives);
    return status;
}

// ---- regressions -------------------------------------------------------------------------------

static bool parse_percent(struct weir_slice text, double *out)
{
    if (text.len > 0 && text.ptr[text.len - 1] == '%') {
        text = weir_slice_trim((struct weir_slice){text.ptr, text.len - 1});
    }
    double percent = 0;
    if (!weir_parse_f64(text, &percent) || !(percent >= 0 && percent <= 1000)) {
        return false;
    }
    *out = percent / 100;
    return true;
}

/** The metric by way of an objective about it. */
static weir_status parse_subject(struct weir_slice word, struct weir_objective *out,
                                 struct weir_err *err)
{
    char text[160];
    const bool has_statistic = memchr(word.ptr, ':', word.len) != NULL;
    (void)snprintf(text, sizeof(text), "%.*s<1", word.len < 120 ? (int)word.len : 120, word.ptr);
    weir_status status = weir_objective_parse(weir_slice_of(text), false, out, err);
    if (status == WEIR_OK && !has_statistic && out->statistic == WEIR_STATISTIC_PERCENTILE) {
        out->percentile = WEIR_PERCENTILE_P50; // what is steadiest from run to run
    }
    return status;
}

static weir_status check_subject(const struct weir_objective *of, struct weir_err *err)
{
    const struct weir_metric_info *info = weir_metric_info(of->metric);
    if (of->metric == WEIR_METRIC_ERROR_RATE) {
        return weir_fail(err, WEIR_INVALID,
                         "error_rate may be 0, of which there is no ratio; write a condition for "
                         "it: fail-if error_rate>1%%");
    }
    if (info->direction == WEIR_NEITHER) {
        return weir_fail(err, WEIR_INVALID,
                         "%s has no better and no worse; write a condition for it", info->tag);
    }
    if (of->statistic == WEIR_STATISTIC_MIN || of->statistic == WEIR_STATISTIC_MAX ||
        of->statistic == WEIR_STATISTIC_STD || of->statistic == WEIR_STATISTIC_COUNT) {
        return weir_fail(err, WEIR_INVALID,
                         "extremes, deviations and counts cannot be compared from run to run; take "
                         "%s:p50, %s:p99 or %s:avg",
                         info->tag, info->tag, info->tag);
    }
    return WEIR_OK;
}

static void add_regression(struct weir_gate_rules *rules, const struct weir_gate_regression *one)
{
    rules->regressions =
        weir_realloc(rules->regressions, rules->regression_count + 1, sizeof(*rules->regressions));
    rules->regressions[rules->regression_count++] = *one;
}

weir_status weir_gate_rules_regression(struct weir_gate_rules *rules, const char *text,
                                       struct weir_err *err)
{
    struct weir_gate_regression one = {.effect_min = rules->effect_min};
    struct weir_slice rest = weir_slice_of(text);
    const struct weir_slice subject = take_word(&rest);
    if (subject.len == 0) {
        return weir_fail(err, WEIR_INVALID,
                         "an empty regression; write METRIC[:STATISTIC] [PERCENT%%], as "
                         "'time_to_first_token:p50 5%%'");
    }
    weir_status status = parse_subject(subject, &one.of, err);
    if (status == WEIR_OK) {
        status = check_subject(&one.of, err);
    }
    if (status == WEIR_OK && rest.len > 0 && !parse_percent(rest, &one.effect_min)) {
        status = weir_fail(err, WEIR_INVALID,
                           "\"%.*s\" is no least effect; write it in percent, as '%.*s 5%%'",
                           rest.len < 60 ? (int)rest.len : 60, rest.ptr,
                           subject.len < 60 ? (int)subject.len : 60, subject.ptr);
    }
    if (status == WEIR_OK) {
        status = refuse_more(rules->regression_count, err);
    }
    if (status == WEIR_OK) {
        add_regression(rules, &one);
    }
    return status;
}

void weir_gate_rules_default(struct weir_gate_rules *rules)
{
    static const enum weir_metric primary[] = {WEIR_METRIC_TTFT, WEIR_METRIC_ITL,
                                               WEIR_METRIC_LATENCY, WEIR_METRIC_OUT_RATE};
    for (size_t i = 0; i < WEIR_COUNT_OF(primary); i++) {
        const bool is_scalar = weir_metric_info(primary[i])->kind == WEIR_METRIC_SCALAR;
        add_regression(rules, &(struct weir_gate_regression){
                                  .of = {.metric = primary[i],
                                         .statistic = is_scalar ? WEIR_STATISTIC_VALUE
                                                                : WEIR_STATISTIC_PERCENTILE,
                                         .percentile = is_scalar ? 0 : WEIR_PERCENTILE_P50},
                                  .effect_min = rules->effect_min,
                                  .is_default = true,
                              });
    }
}

// ---- files -------------------------------------------------------------------------------------

static weir_status add_line(struct weir_gate_rules *rules, struct weir_slice line,
                            struct weir_err *err)
{
    char text[LINE_BYTES];
    struct weir_slice rest = line;
    const struct weir_slice word = take_word(&rest);
    const bool is_regression = weir_slice_equals(word, "regression");
    const bool is_fail_if = weir_slice_equals(word, "fail-if");
    const bool is_named = is_regression || is_fail_if || weir_slice_equals(word, "slo");
    const struct weir_slice rule = is_named ? rest : line;
    (void)snprintf(text, sizeof(text), "%.*s", (int)rule.len, rule.ptr);
    return is_regression ? weir_gate_rules_regression(rules, text, err)
                         : weir_gate_rules_condition(rules, text, is_fail_if, err);
}

/** `err` with its place in the file. */
static weir_status at_line(struct weir_err *err, const char *path, int number)
{
    const struct weir_err inner = *err;
    return weir_fail_at(err, path, number, inner.column, "%s", inner.text);
}

static weir_status read_lines(struct weir_gate_rules *rules, FILE *file, const char *path,
                              struct weir_err *err)
{
    char line[LINE_BYTES];
    weir_status status = WEIR_OK;
    for (int number = 1; status == WEIR_OK && fgets(line, sizeof(line), file) != NULL; number++) {
        if (strchr(line, '\n') == NULL && strlen(line) + 1 == sizeof(line)) {
            return weir_fail_at(err, path, number, 0, "a line longer than %d bytes",
                                LINE_BYTES - 2);
        }
        line[strcspn(line, "#\r\n")] = '\0';
        const struct weir_slice rule = weir_slice_trim(weir_slice_of(line));
        struct weir_err inner = {0};
        if (rule.len > 0 && add_line(rules, rule, &inner) != WEIR_OK) {
            *err = inner;
            status = at_line(err, path, number);
        }
    }
    return status;
}

weir_status weir_gate_rules_read(struct weir_gate_rules *rules, const char *path,
                                 struct weir_err *err)
{
    const size_t before = rules->condition_count + rules->regression_count;
    struct weir_err detail = {0};
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return weir_fail(err, WEIR_INVALID, "cannot read the gate file %.500s: is it there?", path);
    }
    weir_status status = read_lines(rules, file, path, &detail);
    const bool is_broken = ferror(file) != 0;
    (void)fclose(file);
    if (status == WEIR_OK && is_broken) {
        return weir_fail(err, WEIR_INVALID, "cannot read the gate file %.500s: is it a file?",
                         path);
    }
    if (status == WEIR_OK && rules->condition_count + rules->regression_count == before) {
        return weir_fail(err, WEIR_INVALID,
                         "%.500s holds no rule; a rule is a line such as 'slo ttft:p99<200ms' or "
                         "'regression ttft:p50 5%%'",
                         path);
    }
    if (status != WEIR_OK && err != NULL) {
        *err = detail;
    }
    return status;
}
