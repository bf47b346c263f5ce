/** cli/targets.h: the targets of a run made ready: simulators started, models settled. Main thread
 * only. */
#ifndef WEIR_CLI_TARGETS_H
#define WEIR_CLI_TARGETS_H

#include <stddef.h>

#include "weir/base/status.h"
#include "weir/cli/sim_child.h"
#include "weir/config/config.h"
#include "weir/plan/target.h"

struct weir_open_targets {
    struct weir_target *targets; // owned
    size_t count;
    struct weir_sim_child *sims; // by target; pid 0 where the target is no simulator of ours
};

/** Parse --url, start a simulator for each "sim:", ask every server for its models. On an error
 * nothing is left running. */
weir_status weir_targets_open(const struct weir_config *config, struct weir_open_targets *out,
                              struct weir_err *err) WEIR_MUST_USE;

/** Stop the simulators and free. Zeroed memory is allowed. */
void weir_targets_close(struct weir_open_targets *targets);

#endif
