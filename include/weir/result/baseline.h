/** baseline.h: runs put aside to compare with later, small enough for a repository: of each run
 * only what a gate reads. */
#ifndef WEIR_RESULT_BASELINE_H
#define WEIR_RESULT_BASELINE_H

#include "weir/base/status.h"
#include "weir/result/side.h"

/** Marks a directory as a baseline; "schema": "weir.baseline/1", names and dates of its runs. */
#define WEIR_FILE_BASELINE "baseline.json"

/** Copy summary.json, run.json, histograms.hlog and slices.csv of each run into DIR/run-001, …;
 * what weir_side_load() takes. DIR must not exist, be empty or hold an older baseline, whose runs
 * are replaced. */
weir_status weir_baseline_record(const struct weir_side *side, const char *dir,
                                 struct weir_err *err) WEIR_MUST_USE;

#endif
