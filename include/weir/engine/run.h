/** engine/run.h: put the load of a plan on its targets. The only layer that knows that time passes.
 */
#ifndef WEIR_ENGINE_RUN_H
#define WEIR_ENGINE_RUN_H

#include <stdbool.h>

#include "weir/base/status.h"
#include "weir/config/config.h"
#include "weir/plan/plan.h"
#include "weir/stat/recorder.h"
#include "weir/stat/sample.h"
#include "weir/stat/slice.h"
#include "weir/stat/summary.h"

/** Where results go while the run lasts. Called on the main thread only; any may be NULL. `context`
 * is handed back. */
struct weir_run_sink {
    void *context;
    void (*on_level_start)(void *context, const struct weir_plan *plan, uint32_t level,
                           weir_ns started);
    void (*on_sample)(void *context, const struct weir_sample *sample);
    void (*on_slice)(void *context, uint32_t level, const struct weir_slice_stat *slice);
    void (*on_error)(void *context, const struct weir_sample *sample,
                     const char *message); // first few failures of a level
    /** The level is drained and judged; the recorder still holds its histograms. */
    void (*on_level_end)(void *context, const struct weir_level_summary *level,
                         const struct weir_recorder *recorder);
};

/** Before anything is written or sent: are the targets there, and has this machine the descriptors
 * and ports for the largest level? */
weir_status weir_run_check(const struct weir_config *config, const struct weir_plan *plan,
                           struct weir_err *err) WEIR_MUST_USE;

/** Run every level in order. SIGINT or SIGTERM ends the level in progress gracefully (a second one
 * leaves at once with exit code 130); what was measured is in `out` all the same, is_interrupted
 * set. Returns WEIR_OK also when requests failed. */
weir_status weir_run(const struct weir_config *config, const struct weir_plan *plan,
                     const struct weir_run_sink *sink, struct weir_summary *out,
                     struct weir_err *err) WEIR_MUST_USE;

#endif
