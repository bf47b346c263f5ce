/** plan_internal.h: what the files that make a plan share. */
#ifndef WEIR_PLAN_INTERNAL_H
#define WEIR_PLAN_INTERNAL_H

#include "weir/plan/plan.h"

/** Are requests sent when they are due (open loop), rather than when a slot is free? */
bool weir__is_open_loop(const struct weir_config *config);

/** Load options that contradict each other, or that have no effect beside the others. */
weir_status weir__levels_check(const struct weir_config *config, struct weir_err *err);

/** Fill in plan->levels; the plan has its targets, seed and arena. Reads --arrival-file. */
weir_status weir__levels_make(struct weir_plan *plan, const struct weir_config *config,
                              struct weir_err *err);

uint64_t weir__hash_u64(uint64_t hash, uint64_t value);

/** Add levels and schedules to a fingerprint. */
uint64_t weir__levels_hash(uint64_t hash, const struct weir_plan *plan);

#endif
