/** side.h: one side of a comparison: runs read back from their directories, and their levels put together that ask for the
 *  same load. The unit is the run: a level that a run repeated (--repeat) counts once for each repetition. Not thread-safe. */
#ifndef WEIR_RESULT_SIDE_H
#define WEIR_RESULT_SIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/base/status.h"
#include "weir/result/rundata.h"

/** One level of one run. */
struct weir_unit {
    const struct weir_rundata *run;
    size_t level; // index into run->summary.levels
};

/** The levels of a side that asked for the same load of the same target, in the order of the runs. */
struct weir_group {
    char label[192];         // "vllm, concurrency 8"; without the target where there is but one
    const char *target;      // borrowed from the first unit, as is mode
    const char *mode;
    double load;             // concurrency or rate; NAN: neither, told apart by `ordinal`
    size_t ordinal;          // among the levels of a repetition without a load
    size_t count;
    struct weir_unit *units; // owned
};

struct weir_side {
    char name[256];          // of the directory or target, for people
    char target[128];        // only levels of this target; "": all
    bool has_one_target;     // all levels are of one target: its name does not matter then
    bool owns_runs;
    size_t run_count;
    struct weir_rundata **runs;
    size_t group_count;
    struct weir_group *groups; // owned
};

/** Read `dirs`: run directories, or directories of run directories (a recorded baseline), in the order of their names. `target`:
 *  take only levels of this one; "" for all. Errors name the directory and what to do. */
weir_status weir_side_load(const char *const *dirs, size_t count, const char *target, struct weir_side *out,
                           struct weir_err *err) WEIR_MUST_USE;

/** The same from runs that are there already and outlive the side. */
weir_status weir_side_of(struct weir_rundata *const *runs, size_t count, const char *target, struct weir_side *out,
                         struct weir_err *err) WEIR_MUST_USE;
void weir_side_free(struct weir_side *side);

/** The group of `side` that asks for the same as `group` of `other`, or NULL. Targets must have the same name, unless each side has
 *  but one. */
const struct weir_group *weir_side_match(const struct weir_side *side, const struct weir_side *other,
                                         const struct weir_group *group);

const struct weir_level_summary *weir_unit_level(const struct weir_unit *unit);

#endif
