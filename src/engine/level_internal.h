// What run.c (the run) and level.c (one level of it) share.
#ifndef WEIR_ENGINE_LEVEL_INTERNAL_H
#define WEIR_ENGINE_LEVEL_INTERNAL_H

#include <uv.h>

#include "weir/engine/deal.h"
#include "weir/engine/endpoint.h"
#include "weir/engine/run.h"
#include "weir/engine/worker.h"

enum { SIGNALS = 2, SLICE_LANES = 16 };

struct level_run;

struct run {
    const struct weir_config *config;
    const struct weir_plan *plan;
    const struct weir_run_sink *sink;
    struct weir_summary *out;
    struct weir_endpoint *endpoints; // by target
    struct weir_objective *goodput;  // of single requests
    size_t goodput_count;
    struct weir_objective *slo; // of levels
    size_t slo_count;
    uv_loop_t loop;
    uv_signal_t signals[SIGNALS];
    struct level_run *level; // in progress; NULL between levels
};

/** Run level `index` from the first connection to the summary. */
weir_status weir__level_run(struct run *run, uint32_t index, struct weir_err *err) WEIR_MUST_USE;

/** End the level in progress early. */
void weir__level_interrupt(struct level_run *level);

#endif
