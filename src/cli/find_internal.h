/** find_internal.h: one search of `weir find`: what it holds, and how a load is measured. Main
 * thread only. */
#ifndef WEIR_CLI_FIND_INTERNAL_H
#define WEIR_CLI_FIND_INTERNAL_H

#include "weir/cli/targets.h"
#include "weir/config/config.h"
#include "weir/result/find.h"
#include "weir/stat/search.h"

enum { WEIR__FIND_PROBES_MAX = 128 };

struct weir__find {
    struct weir_config config;
    struct weir_open_targets targets;
    int argc; // the words after "weir find"
    char *const *argv;
    weir_ns duration; // that of --duration; probes take longer where a percentile needs it
    int64_t seed;     // that of --seed; every measurement has one of its own
    int64_t measurements;
    uint64_t needs; // values that the objectives need, as far as known
    struct weir_search search;
    bool is_interrupted;
    size_t count;
    struct weir_find_probe probes[WEIR__FIND_PROBES_MAX];
    char dir[512]; // run directory of the last fresh measurement
};

/** Measure `load` for the search, again and for longer as long as there are too few values; the
 * probe is added. An interruption is not an error: is_interrupted is set and nothing added. */
weir_status weir__find_probe(struct weir__find *find, double load,
                             struct weir_err *err) WEIR_MUST_USE;

/** Measure `load` afresh, and `beyond` behind it unless that is INFINITY, into a run directory.
 * Adds a probe for each. */
weir_status weir__find_measure(struct weir__find *find, double load, double beyond,
                               struct weir_err *err) WEIR_MUST_USE;

#endif
