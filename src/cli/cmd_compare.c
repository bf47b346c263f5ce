// weir compare: run directories, or the targets of one, side by side.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "weir/base/buf.h"
#include "weir/base/log.h"
#include "weir/cli/args.h"
#include "weir/cli/command.h"
#include "weir/result/compare.h"

#define OUTPUT_MAX ((size_t)64 << 20U)

struct session {
    struct weir_cli_args args;
    struct weir_config config;
    size_t side_count;
    struct weir_side sides[WEIR_COMPARE_SIDES_MAX];
    struct weir_differences differences;
    struct weir_compare compare;
};

// ---- sides -------------------------------------------------------------------------------------

static weir_status too_many(struct weir_err *err)
{
    return weir_fail(err, WEIR_TOO_LARGE, "at most %d can be compared at once",
                     WEIR_COMPARE_SIDES_MAX);
}

/** The targets of one directory, in the order in which they were measured. */
static weir_status load_targets(struct session *session, struct weir_err *err)
{
    struct weir_side all = {0};
    weir_status status = weir_side_load(session->args.dirs, 1, "", &all, err);
    if (status != WEIR_OK) {
        return status;
    }
    if (all.has_one_target) {
        weir_side_free(&all);
        return weir_fail(err, WEIR_INVALID,
                         "%.400s has but one target; name a second directory to compare it with",
                         session->args.dirs[0]);
    }
    session->sides[0] = all; // it owns the runs; its own groups are replaced below
    for (size_t i = 0; i < all.group_count && status == WEIR_OK; i++) {
        const char *target = all.groups[i].target;
        bool is_known = false;
        for (size_t j = 1; j < session->side_count + 1; j++) {
            is_known = is_known || strcmp(session->sides[j].target, target) == 0;
        }
        if (is_known) {
            continue;
        }
        if (session->side_count + 1 >= WEIR_COMPARE_SIDES_MAX) {
            return too_many(err);
        }
        status = weir_side_of(all.runs, all.run_count, target,
                              &session->sides[session->side_count + 1], err);
        session->side_count += status == WEIR_OK ? 1 : 0;
    }
    return status;
}

static weir_status load_directories(struct session *session, struct weir_err *err)
{
    if (session->args.dir_count > WEIR_COMPARE_SIDES_MAX) {
        return too_many(err);
    }
    weir_status status = WEIR_OK;
    for (size_t i = 0; i < session->args.dir_count && status == WEIR_OK; i++) {
        status = weir_side_load(&session->args.dirs[i], 1, session->config.target,
                                &session->sides[i], err);
        session->side_count += status == WEIR_OK ? 1 : 0;
    }
    for (size_t i = 0; i < session->side_count && status == WEIR_OK; i++) {
        const struct weir_side *side = &session->sides[i];
        for (size_t j = i == 0 ? 1 : 0; j < side->run_count; j++) {
            weir_differences_add(&session->differences, session->sides[0].runs[0], side->runs[j]);
        }
    }
    return status;
}

static weir_status check_differences(struct session *session, struct weir_err *err)
{
    const struct weir_str_list *allowed = &session->config.allow_different;
    weir_status status =
        weir_differences_allow(&session->differences, allowed->items, allowed->count, err);
    for (size_t i = 0; i < session->differences.count && status == WEIR_OK; i++) {
        const struct weir_difference *one = &session->differences.items[i];
        if (!one->is_grave) {
            continue;
        }
        if (one->kind == WEIR_DIFFERENCE_HOST || one->kind == WEIR_DIFFERENCE_MODEL) {
            weir_warn("%s differs: %s and %s; the difference of the figures may be that, not the "
                      "server's",
                      one->what, one->a, one->b);
            continue;
        }
        return weir_fail(err, WEIR_INVALID,
                         "these runs are not comparable: %s is %s in one and %s in the other; "
                         "--allow-different %s compares them all the same",
                         one->what, one->a[0] != '\0' ? one->a : "not set",
                         one->b[0] != '\0' ? one->b : "not set", weir_difference_key(one->kind));
    }
    return status;
}

// ---- output ------------------------------------------------------------------------------------

static weir_status write_markdown(const struct session *session, struct weir_err *err)
{
    const char *path = session->config.markdown;
    if (path[0] == '\0') {
        return WEIR_OK;
    }
    struct weir_buf text;
    weir_buf_init(&text, OUTPUT_MAX);
    (void)weir_compare_markdown(&session->compare, &session->differences, &text);
    FILE *file = fopen(path, "we");
    bool is_written = file != NULL && fwrite(weir_buf_text(&text), 1, text.len, file) == text.len;
    if (file != NULL && fclose(file) != 0) {
        is_written = false;
    }
    weir_buf_free(&text);
    return is_written
               ? WEIR_OK
               : weir_fail(err, WEIR_SYSTEM, "cannot write %.500s: %s", path, strerror(errno));
}

static void print(const struct session *session)
{
    struct weir_buf text;
    weir_buf_init(&text, OUTPUT_MAX);
    (void)(session->config.json
               ? weir_compare_json(&session->compare, &session->differences, &text)
               : weir_compare_text(&session->compare, &session->differences, &text));
    (void)fputs(weir_buf_text(&text), stdout);
    weir_buf_free(&text);
}

// ---- the command -------------------------------------------------------------------------------

static weir_status compare(struct session *session, struct weir_err *err)
{
    const bool is_by_target = session->args.dir_count == 1;
    if (session->args.dir_count == 0) {
        return weir_fail(err, WEIR_INVALID,
                         "name what to compare: weir compare DIR DIR..., or one DIR of a run over "
                         "several targets");
    }
    weir_status status = is_by_target ? load_targets(session, err) : load_directories(session, err);
    if (status == WEIR_OK) {
        status = check_differences(session, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    struct weir_gate_rules rules;
    weir_gate_rules_init(&rules);
    rules.confidence = session->config.confidence;
    rules.run_noise = session->config.run_noise / 100;
    weir_compare_sides(&rules, session->sides + (is_by_target ? 1 : 0), session->side_count,
                       &session->compare);
    print(session);
    status = write_markdown(session, err);
    return status == WEIR_OK && session->compare.is_invalid ? WEIR_RUN_INVALID : status;
}

static void end(struct session *session)
{
    weir_compare_free(&session->compare);
    weir_differences_free(&session->differences);
    for (size_t i = WEIR_COMPARE_SIDES_MAX; i-- > 0;) { // what owns the runs comes last
        weir_side_free(&session->sides[i]);
    }
    weir_config_free(&session->config);
}

int weir_cmd_compare(int argc, char *const *argv)
{
    struct session session = {0};
    int exit_code = 0;
    weir_cli_args_split(FOR_COMPARE, argc, argv, &session.args);
    if (weir_cli_begin("compare", FOR_COMPARE,
                       "runs, or the targets of one, side by side: DIR [DIR...] [options]",
                       session.args.option_count, session.args.options, &session.config,
                       &exit_code)) {
        struct weir_err err = {0};
        const weir_status status = compare(&session, &err);
        const bool is_told = status == WEIR_OK || status == WEIR_RUN_INVALID;
        exit_code = is_told ? weir_status_exit_code(status) : weir_cli_fail(&err);
        end(&session);
    }
    weir_cli_args_free(&session.args);
    return exit_code;
}
