/** result/find.h: what `weir find` says: every load it tried, those measured afresh, and the answer. Pure. */
#ifndef WEIR_RESULT_FIND_H
#define WEIR_RESULT_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/base/buf.h"
#include "weir/stat/interval.h"
#include "weir/stat/summary.h"

/** What became of a load: name, key, text. */
#define WEIR_FIND_RESULT_MAP(XX)                                                                                       \
    XX(HELD, "held", "held")                                                                                           \
    XX(MISSED, "missed", "missed")                                                                                     \
    XX(SATURATED, "saturated", "saturated: requests pile up")                                                          \
    XX(FAILED, "failed", "no request succeeded")                                                                       \
    XX(CLIENT, "client", "the client could not keep up")                                                               \
    XX(UNKNOWN, "unknown", "too few values to judge")

enum weir_find_result {
#define XX(name, key, text) WEIR_FIND_##name,
    WEIR_FIND_RESULT_MAP(XX)
#undef XX
};

/** One load that was tried. */
struct weir_find_probe {
    double load;
    bool is_fresh; // measured after the search, by none of the requests that chose the load
    enum weir_find_result result;
    double window_s;
    uint64_t ok;
    uint64_t failed;
    size_t objective_count;
    struct weir_objective_outcome objectives[WEIR_OBJECTIVES_MAX];
    /** Share of the values that met the threshold of an objective about a percentile, with its 95 % interval; NAN where
     *  there is none. */
    double attained[WEIR_OBJECTIVES_MAX];
    struct weir_interval attained_interval[WEIR_OBJECTIVES_MAX];
};

struct weir_find_report {
    const char *vary;    // "concurrency", "request-rate"
    const char *dir;     // run directory of the fresh measurement; "": none
    double found;        // highest load that held when measured afresh; 0: none
    double beyond;       // lowest load known to miss; INFINITY: none up to `most`
    double most;
    bool is_interrupted;
    size_t count;
    const struct weir_find_probe *probes;
};

/** Append a table and the answer in a sentence or two. False when `out` is full. */
bool weir_find_table(const struct weir_find_report *report, struct weir_buf *out);

/** Append the same as one JSON object (schema weir.find/1). */
bool weir_find_json(const struct weir_find_report *report, struct weir_buf *out);

#endif
