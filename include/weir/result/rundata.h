/** rundata.h: a run read back from its directory: what report, compare, gate, export and merge work on. They see files only, so any run
 *  can be looked at again, on another machine, years later. Not thread-safe. */
#ifndef WEIR_RESULT_RUNDATA_H
#define WEIR_RESULT_RUNDATA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/base/status.h"
#include "weir/stat/hist.h"
#include "weir/stat/summary.h"

/** One row of slices.csv. NAN: no data in that second. */
struct weir_slice_row {
    uint32_t level;
    int64_t second;
    uint64_t sent;
    uint64_t ok;
    uint64_t failed;
    uint64_t chunks;
    uint64_t tokens;
    uint64_t in_flight;
    int64_t length_s;    // seconds the row stands for
    double ttft_p50_ms;
    double ttft_p99_ms;
    double itl_p50_ms;
    double itl_p99_ms;
};

/** A failure class of a level with one of its messages. */
struct weir_error_row {
    uint32_t level;
    enum weir_outcome outcome;
    uint64_t count;
    char message[256];
};

/** Everything is owned by the run. */
struct weir_rundata {
    char dir[3072];
    struct weir_summary summary;      // summary.json, back in the shape it was written from
    json_t *run;                      // run.json; NULL when it is missing
    json_t *summary_json;             // summary.json as it stands
    bool is_rebuilt;                  // there was no summary.json: rebuilt from records.jsonl (the run was interrupted)
    size_t slice_count;
    struct weir_slice_row *slices;    // in the order of the file
    size_t error_count;
    struct weir_error_row *errors;
    struct weir_hist **hists;         // [level * WEIR_METRIC_COUNT + metric]; NULL where none was written
};

/** Read a run directory. WEIR_INVALID, naming file and remedy, when it is none, is damaged, or of a schema this program
 *  does not know. A missing histograms.hlog or slices.csv is no error: their parts are empty. What the files do not hold
 *  comes back as follows: started and ended as ns of wall time since 1970 (the monotonic clock is gone); amounts inside
 *  the window as rate times window; all token counts under the level's token_source; gaps_early and the number of values
 *  behind a trend as 0. mode and timestamp_source are borrowed from summary_json. */
weir_status weir_rundata_load(const char *dir, struct weir_rundata **out, struct weir_err *err) WEIR_MUST_USE;
void weir_rundata_free(struct weir_rundata *run);

/** Histogram of a metric, in histogram units; NULL when there is none. */
const struct weir_hist *weir_rundata_hist(const struct weir_rundata *run, size_t level, enum weir_metric metric);

#endif
