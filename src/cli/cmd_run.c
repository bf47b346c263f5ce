// weir run: from options to a run directory. The whole flow of the program reads from weir_cmd_run
// downwards.
#include <stdio.h>

#include "weir/base/buf.h"
#include "weir/base/log.h"
#include "weir/base/mem.h"
#include "weir/cli/command.h"
#include "weir/cli/sink.h"
#include "weir/cli/targets.h"
#include "weir/engine/run.h"
#include "weir/result/rundir.h"

/** What a run holds while it lasts. */
struct session {
    struct weir_config config;
    struct weir_open_targets targets;
    struct weir_plan *plan;
    struct weir_sink *sink;
    struct weir_summary summary;
};

static void print_warnings(const struct session *session)
{
    enum { CAP = 1 << 16 };
    struct weir_buf text;
    weir_buf_init(&text, CAP);
    weir_plan_warnings(session->plan, &session->config, &text);
    struct weir_slice rest = weir_slice_of(weir_buf_text(&text));
    struct weir_slice line;
    while (weir_slice_next_part(&rest, '\n', &line)) {
        if (line.len > 0) {
            weir_warn("%.*s", (int)line.len, line.ptr);
        }
    }
    weir_buf_free(&text);
}

static weir_status open_sink(struct session *session, int argc, char *const *argv,
                             struct weir_err *err)
{
    const struct weir_sink_setup setup = {
        .config = &session->config,
        .plan = session->plan,
        .command = "run",
        .argc = argc,
        .argv = argv,
        .started = weir_clock_now(),
    };
    return weir_sink_open(&setup, &session->sink, err);
}

/** Everything that can go wrong before the first byte of load. */
static weir_status prepare(struct session *session, int argc, char *const *argv,
                           struct weir_err *err)
{
    weir_status status = weir_targets_open(&session->config, &session->targets, err);
    if (status == WEIR_OK) {
        status = weir_plan_new(&session->config, session->targets.targets, session->targets.count,
                               &session->plan, err);
    }
    if (status == WEIR_OK) {
        print_warnings(session);
        status = weir_run_check(&session->config, session->plan, err);
    }
    return status == WEIR_OK ? open_sink(session, argc, argv, err) : status;
}

static uint64_t count_ok(const struct weir_summary *summary)
{
    uint64_t ok = 0;
    for (size_t i = 0; i < summary->level_count; i++) {
        ok += summary->levels[i].counters.whole_ok;
    }
    return ok;
}

/** Tell which objectives of --slo were not met; no data does not meet one. Returns how many. */
static size_t tell_missed(const struct weir_summary *summary)
{
    size_t missed = 0;
    for (size_t i = 0; i < summary->level_count; i++) {
        const struct weir_level_summary *level = &summary->levels[i];
        for (size_t k = 0; k < level->objective_count; k++) {
            const struct weir_objective_outcome *outcome = &level->objectives[k];
            struct weir_buf text;
            weir_buf_init(&text, 512);
            if (outcome->result == WEIR_OBJECTIVE_MET) {
                continue;
            }
            (void)weir_objective_format(&outcome->objective, &text);
            weir_note("level %u misses %s: %s%.6g", level->index + 1, weir_buf_text(&text),
                      outcome->result == WEIR_OBJECTIVE_NO_DATA ? "no data, " : "", outcome->value);
            weir_buf_free(&text);
            missed++;
        }
    }
    return missed;
}

/** What the whole run came to. */
static weir_status judge(const struct session *session, struct weir_err *err)
{
    const struct weir_summary *summary = &session->summary;
    if (summary->is_interrupted) {
        return WEIR_INTERRUPTED;
    }
    if (count_ok(summary) == 0) {
        return weir_fail(err, WEIR_UNREACHABLE,
                         "no request succeeded; the reasons are in %s/" WEIR_FILE_REPORT,
                         weir_sink_dir(session->sink));
    }
    if (summary->verdict.verdict == WEIR_VERDICT_INVALID && !session->config.allow_invalid) {
        return weir_fail(
            err, WEIR_RUN_INVALID,
            "the run is invalid: the client, not the server, was measured; see %s/" WEIR_FILE_REPORT
            " (--allow-invalid accepts it)",
            weir_sink_dir(session->sink));
    }
    const size_t missed = tell_missed(summary);
    return missed == 0 ? WEIR_OK
                       : weir_fail(err, WEIR_GATE_FAILED, "%zu objective%s of --slo not met",
                                   missed, missed == 1 ? "" : "s");
}

static weir_status measure(struct session *session, struct weir_err *err)
{
    const struct weir_run_sink callbacks = weir_sink_callbacks(session->sink);
    weir_status status =
        weir_run(&session->config, session->plan, &callbacks, &session->summary, err);
    weir_status written =
        weir_sink_finish(session->sink, &session->summary, status == WEIR_OK ? err : NULL);
    weir_sink_print(session->sink, &session->summary, stdout);
    return status == WEIR_OK ? written : status;
}

static void end(struct session *session)
{
    weir_sink_free(session->sink);
    weir_summary_free(&session->summary);
    weir_plan_free(session->plan);
    weir_targets_close(&session->targets);
    weir_config_free(&session->config);
}

int weir_cmd_run(int argc, char *const *argv)
{
    struct session session = {0};
    int exit_code = 0;
    if (!weir_cli_begin("run", FOR_RUN,
                        "put load on one or more targets and measure what comes back", argc, argv,
                        &session.config, &exit_code)) {
        return exit_code;
    }
    struct weir_err err = {0};
    weir_status status = prepare(&session, argc, argv, &err);
    if (status == WEIR_OK) {
        status = measure(&session, &err);
    }
    if (status == WEIR_OK) {
        status = judge(&session, &err);
    }
    exit_code = status == WEIR_OK || status == WEIR_INTERRUPTED ? weir_status_exit_code(status)
                                                                : weir_cli_fail(&err);
    end(&session);
    return exit_code;
}
