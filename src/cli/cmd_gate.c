// weir gate: from run directories and rules to a verdict, an exit code, and words for pipelines.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "weir/base/buf.h"
#include "weir/base/log.h"
#include "weir/cli/args.h"
#include "weir/cli/command.h"
#include "weir/result/baseline.h"
#include "weir/result/gate_words.h"
#include "weir/result/terminal.h"

#define OUTPUT_MAX ((size_t)64 << 20U)

/** What a verdict is made from. */
struct session {
    struct weir_cli_args args;
    struct weir_config config;
    struct weir_gate_rules rules;
    struct weir_side candidate;
    struct weir_side baseline;
    bool has_baseline;
    struct weir_differences differences;
    struct weir_gate gate;
};

// ---- rules -------------------------------------------------------------------------------------

static weir_status add_conditions(struct session *session, const struct weir_str_list *list,
                                  bool is_fail_if, struct weir_err *err)
{
    weir_status status = WEIR_OK;
    for (size_t i = 0; i < list->count && status == WEIR_OK; i++) {
        status = weir_gate_rules_condition(&session->rules, list->items[i], is_fail_if, err);
    }
    return status;
}

static weir_status read_rules(struct session *session, struct weir_err *err)
{
    const struct weir_config *config = &session->config;
    struct weir_gate_rules *rules = &session->rules;
    rules->confidence = config->confidence;
    rules->effect_min = config->min_effect / 100;
    rules->run_noise = config->run_noise / 100;
    rules->is_paired = config->paired;
    weir_status status = WEIR_OK;
    if (config->gate_file[0] != '\0') {
        status = weir_gate_rules_read(rules, config->gate_file, err);
    }
    if (status == WEIR_OK) {
        status = add_conditions(session, &config->slo, false, err);
    }
    if (status == WEIR_OK) {
        status = add_conditions(session, &config->fail_if, true, err);
    }
    for (size_t i = 0; i < config->regression.count && status == WEIR_OK; i++) {
        status = weir_gate_rules_regression(rules, config->regression.items[i], err);
    }
    return status;
}

/** Rules and directories must go together. */
static weir_status check_rules(struct session *session, struct weir_err *err)
{
    const struct weir_config *config = &session->config;
    struct weir_gate_rules *rules = &session->rules;
    session->has_baseline = config->baseline.count > 0 || config->baseline_target[0] != '\0';
    if (session->args.dir_count == 0) {
        return weir_fail(err, WEIR_INVALID, "name the run directory: weir gate DIR --slo EXPR");
    }
    if (rules->regression_count > 0 && !session->has_baseline) {
        return weir_fail(err, WEIR_INVALID,
                         "a regression needs something to compare with: "
                         "--baseline DIR, or --baseline-target NAME");
    }
    if (config->baseline.count == 0 && config->baseline_target[0] != '\0' &&
        strcmp(config->baseline_target, config->target) == 0) {
        return weir_fail(err, WEIR_INVALID,
                         "--target and --baseline-target are the same target of "
                         "the same runs");
    }
    if (rules->regression_count == 0 && session->has_baseline) {
        weir_gate_rules_default(rules);
    }
    if (rules->condition_count == 0 && rules->regression_count == 0 &&
        config->record_baseline[0] == '\0') {
        return weir_fail(err, WEIR_INVALID,
                         "nothing is demanded; give --slo, --fail-if, --gate-file, --baseline or "
                         "--record-baseline");
    }
    return WEIR_OK;
}

// ---- runs --------------------------------------------------------------------------------------

static weir_status load_sides(struct session *session, struct weir_err *err)
{
    const struct weir_config *config = &session->config;
    weir_status status = weir_side_load(session->args.dirs, session->args.dir_count, config->target,
                                        &session->candidate, err);
    if (status != WEIR_OK || !session->has_baseline) {
        return status;
    }
    if (config->baseline.count == 0) {
        return weir_side_of(session->candidate.runs, session->candidate.run_count,
                            config->baseline_target, &session->baseline, err);
    }
    return weir_side_load((const char *const *)config->baseline.items, config->baseline.count,
                          config->baseline_target, &session->baseline, err);
}

/** Runs that were made in another way are refused, unless that is allowed. */
static weir_status check_provenance(struct session *session, struct weir_err *err)
{
    const struct weir_config *config = &session->config;
    const struct weir_side *candidate = &session->candidate;
    if (candidate->run_count == 0) {
        return WEIR_OK;
    }
    for (size_t i = 1; i < candidate->run_count; i++) {
        weir_differences_add(&session->differences, candidate->runs[0], candidate->runs[i]);
    }
    for (size_t i = 0; i < session->baseline.run_count; i++) {
        weir_differences_add(&session->differences, candidate->runs[0], session->baseline.runs[i]);
    }
    weir_status status = weir_differences_allow(
        &session->differences, config->allow_different.items, config->allow_different.count, err);
    if (status != WEIR_OK || !weir_differences_forbid(&session->differences)) {
        return status;
    }
    size_t first = 0;
    while (!session->differences.items[first].is_grave) {
        first++;
    }
    const struct weir_difference *one = &session->differences.items[first];
    return weir_fail(err, WEIR_INVALID,
                     "these runs are not comparable: %s is %s here and %s there; --allow-different "
                     "%s compares them all the same",
                     one->what, one->a[0] != '\0' ? one->a : "not set",
                     one->b[0] != '\0' ? one->b : "not set", weir_difference_key(one->kind));
}

// ---- words -------------------------------------------------------------------------------------

typedef bool word_fn(const struct weir_gate *gate, struct weir_buf *out);

static weir_status write_words(const struct session *session, const char *path, const char *mode,
                               word_fn *words, struct weir_err *err)
{
    if (path[0] == '\0') {
        return WEIR_OK;
    }
    struct weir_buf text;
    weir_buf_init(&text, OUTPUT_MAX);
    const bool fits = words(&session->gate, &text);
    FILE *file = fits ? fopen(path, mode) : NULL;
    bool is_written = file != NULL && fwrite(weir_buf_text(&text), 1, text.len, file) == text.len;
    if (file != NULL && fclose(file) != 0) {
        is_written = false;
    }
    weir_buf_free(&text);
    return is_written
               ? WEIR_OK
               : weir_fail(err, WEIR_SYSTEM, "cannot write %.500s: %s", path, strerror(errno));
}

/** Annotations on standard output, the table in the step's summary. */
static weir_status write_github(const struct session *session, struct weir_err *err)
{
    const char *is_github = getenv("GITHUB_ACTIONS");
    const char *summary = getenv("GITHUB_STEP_SUMMARY");
    const int wish = session->config.annotate;
    const bool is_wanted =
        wish == WEIR_ANNOTATE_GITHUB ||
        (wish == WEIR_ANNOTATE_AUTO && is_github != NULL && strcmp(is_github, "true") == 0);
    if (!is_wanted) {
        return WEIR_OK;
    }
    struct weir_buf text;
    weir_buf_init(&text, OUTPUT_MAX);
    (void)weir_gate_annotations(&session->gate, &text);
    (void)fputs(weir_buf_text(&text), session->config.json ? stderr : stdout);
    weir_buf_free(&text);
    return write_words(session, summary != NULL ? summary : "", "ae", weir_gate_markdown, err);
}

static void print(const struct session *session)
{
    struct weir_buf text;
    weir_buf_init(&text, OUTPUT_MAX);
    if (session->config.json) {
        (void)weir_gate_json(&session->gate, &session->differences, &text);
    } else if (session->config.quiet) {
        (void)weir_gate_line(&session->gate, &text);
        (void)weir_buf_add_char(&text, '\n');
    } else {
        for (size_t i = 0; i < session->differences.count; i++) {
            const struct weir_difference *one = &session->differences.items[i];
            weir_note("%s differs: %s and %s", one->what, one->a[0] != '\0' ? one->a : "not set",
                      one->b[0] != '\0' ? one->b : "not set");
        }
        (void)weir_gate_text(&session->gate, weir_terminal_of(STDOUT_FILENO).columns, &text);
    }
    (void)fputs(weir_buf_text(&text), stdout);
    weir_buf_free(&text);
}

static weir_status tell(const struct session *session, struct weir_err *err)
{
    const struct weir_config *config = &session->config;
    print(session);
    weir_status status = write_words(session, config->junit, "we", weir_gate_junit, err);
    if (status == WEIR_OK) {
        status = write_words(session, config->metrics, "we", weir_gate_metrics, err);
    }
    if (status == WEIR_OK) {
        status = write_words(session, config->markdown, "we", weir_gate_markdown, err);
    }
    return status == WEIR_OK ? write_github(session, err) : status;
}

// ---- the command -------------------------------------------------------------------------------

static weir_status record(const struct session *session, struct weir_err *err)
{
    const char *dir = session->config.record_baseline;
    if (dir[0] == '\0') {
        return WEIR_OK;
    }
    if (session->gate.verdict == WEIR_GATE_INVALID || session->gate.verdict == WEIR_GATE_FAIL) {
        weir_warn("no baseline was recorded: the verdict is %s",
                  weir_gate_word(session->gate.verdict));
        return WEIR_OK;
    }
    const weir_status status = weir_baseline_record(&session->candidate, dir, err);
    if (status == WEIR_OK && !session->config.quiet) {
        weir_note("recorded %zu run%s in %s", session->candidate.run_count,
                  session->candidate.run_count == 1 ? "" : "s", dir);
    }
    return status;
}

static weir_status gate(struct session *session, struct weir_err *err)
{
    weir_status status = read_rules(session, err);
    if (status == WEIR_OK) {
        status = check_rules(session, err);
    }
    if (status == WEIR_OK) {
        status = load_sides(session, err);
    }
    if (status == WEIR_OK) {
        status = check_provenance(session, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    weir_gate_judge(&session->rules, &session->candidate,
                    session->has_baseline ? &session->baseline : NULL, &session->gate);
    status = tell(session, err);
    return status == WEIR_OK ? record(session, err) : status;
}

static void end(struct session *session)
{
    weir_gate_free(&session->gate);
    weir_differences_free(&session->differences);
    weir_side_free(&session->baseline);
    weir_side_free(&session->candidate);
    weir_gate_rules_free(&session->rules);
    weir_config_free(&session->config);
}

int weir_cmd_gate(int argc, char *const *argv)
{
    struct session session = {0};
    int exit_code = 0;
    weir_cli_args_split(FOR_GATE, argc, argv, &session.args);
    if (weir_cli_begin("gate", FOR_GATE,
                       "decide from run directories whether a build may ship: DIR... [options]",
                       session.args.option_count, session.args.options, &session.config,
                       &exit_code)) {
        struct weir_err err = {0};
        weir_gate_rules_init(&session.rules);
        const weir_status status = gate(&session, &err);
        exit_code = status == WEIR_OK
                        ? weir_status_exit_code(weir_gate_status(session.gate.verdict))
                        : weir_cli_fail(&err);
        end(&session);
    }
    weir_cli_args_free(&session.args);
    return exit_code;
}
