/** cli/sink.h: joins the engine to the files of a run: what happens while it lasts goes to
 * records.jsonl, slices.csv, histograms.hlog and the live line, what came out of it to the rest of
 * the run directory. Main thread only. */
#ifndef WEIR_CLI_SINK_H
#define WEIR_CLI_SINK_H

#include <stdio.h>

#include "weir/base/clock.h"
#include "weir/base/status.h"
#include "weir/config/config.h"
#include "weir/engine/run.h"
#include "weir/plan/plan.h"
#include "weir/result/facts.h"
#include "weir/stat/summary.h"

struct weir_sink;

/** config and plan are borrowed and outlive the sink; the rest is copied. */
struct weir_sink_setup {
    const struct weir_config *config;
    const struct weir_plan *plan;
    const char *command; // "run"
    int argc;            // the arguments after it
    char *const *argv;
    weir_ns started;
};

/** Make the run directory, write the first run.json ("running") and open the files that grow. */
weir_status weir_sink_open(const struct weir_sink_setup *setup, struct weir_sink **out,
                           struct weir_err *err) WEIR_MUST_USE;

/** For weir_run(). Valid until weir_sink_free(). */
struct weir_run_sink weir_sink_callbacks(struct weir_sink *sink);

/** The run is over: end the growing files, add what went wrong with them to the verdicts in
 * `summary`, and write summary.json, summary.csv, report.md and the last run.json. Every file is
 * tried; the first error is returned. */
weir_status weir_sink_finish(struct weir_sink *sink, struct weir_summary *summary,
                             struct weir_err *err) WEIR_MUST_USE;

/** The result on `file`, as the options want it: table, JSON, or nothing. After weir_sink_finish().
 */
void weir_sink_print(struct weir_sink *sink, const struct weir_summary *summary, FILE *file);

/** The run directory. */
const char *weir_sink_dir(const struct weir_sink *sink);

/** Closes what is open: without weir_sink_finish() run.json goes on saying "running". NULL is
 * allowed. */
void weir_sink_free(struct weir_sink *sink);

#endif
