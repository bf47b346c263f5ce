/** rundir.h: the directory of a run: made once, never one that holds something already. File names
 * are design.md §6. */
#ifndef WEIR_RESULT_RUNDIR_H
#define WEIR_RESULT_RUNDIR_H

#include <stddef.h>

#include "weir/base/clock.h"
#include "weir/base/status.h"

#define WEIR_FILE_RUN        "run.json"
#define WEIR_FILE_SUMMARY    "summary.json"
#define WEIR_FILE_CSV        "summary.csv"
#define WEIR_FILE_RECORDS    "records.jsonl"
#define WEIR_FILE_RECORDS_GZ "records.jsonl.gz" // with --records-compress
#define WEIR_FILE_SLICES     "slices.csv"
#define WEIR_FILE_HISTOGRAMS "histograms.hlog"
#define WEIR_FILE_REPORT     "report.md"

/** Longest path of a run directory; file names come on top. */
enum { WEIR_RUNDIR_BYTES = 3072, WEIR_RUNDIR_FILE_BYTES = WEIR_RUNDIR_BYTES + 64 };

struct weir_rundir {
    char path[WEIR_RUNDIR_BYTES];
};

/** Make the directory. `out` not "": exactly that one (missing parents too), which must not exist
 * or be empty. Else weir-runs/<UTC of `started`>-<name>, with -2, -3, … behind it when that is
 * taken. Errors say what to do. */
weir_status weir_rundir_create(const char *out, const char *name, weir_ns started,
                               struct weir_rundir *dir, struct weir_err *err) WEIR_MUST_USE;

/** Path of a file of the run. Returns `out`. */
const char *weir_rundir_path(const struct weir_rundir *dir, const char *file,
                             char out[WEIR_RUNDIR_FILE_BYTES]);

/** Replace a file as a whole: written aside, synced, renamed. A reader sees the old or the new
 * content, never half of it. */
weir_status weir_rundir_write(const struct weir_rundir *dir, const char *file, const char *text,
                              size_t len, struct weir_err *err) WEIR_MUST_USE;

/** `name` as part of a file name: letters, digits, dot, dash and underscore, at most 64 bytes,
 * "run" when nothing is left. Returns `out`. */
const char *weir_rundir_safe_name(const char *name, char *out, size_t size);

#endif
