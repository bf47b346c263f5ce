// Targets made ready before the plan: see cli/targets.h.
#include "weir/cli/targets.h"

#include <stdlib.h>

#include "weir/base/log.h"
#include "weir/base/mem.h"
#include "weir/engine/probe.h"

static weir_status start_sim(struct weir_target *target, struct weir_sim_child *sim,
                             struct weir_err *err)
{
    weir_status status = weir_sim_child_start(sim, target->sim_options, NULL, err);
    if (status == WEIR_OK) {
        weir_target_set_sim_port(target, sim->port);
    }
    return status;
}

static weir_status settle_model(const struct weir_config *config, struct weir_target *target,
                                struct weir_err *err)
{
    struct weir_probe *probe = weir_alloc(1, sizeof(*probe));
    weir_status status = weir_probe_models(config, target, probe, err);
    if (status == WEIR_OK) {
        status = weir_probe_choose(config, probe, target, err);
    }
    weir_free(probe);
    return status;
}

weir_status weir_targets_open(const struct weir_config *config, struct weir_open_targets *out,
                              struct weir_err *err)
{
    weir_status status = weir_targets_parse(config, &out->targets, &out->count, err);
    if (status != WEIR_OK) {
        return status;
    }
    out->sims = weir_alloc(out->count, sizeof(*out->sims));
    for (size_t i = 0; i < out->count && status == WEIR_OK; i++) {
        if (out->targets[i].is_sim) {
            status = start_sim(&out->targets[i], &out->sims[i], err);
        }
        if (status == WEIR_OK) {
            status = settle_model(config, &out->targets[i], err);
        }
    }
    if (status != WEIR_OK) {
        weir_targets_close(out);
    }
    return status;
}

void weir_targets_close(struct weir_open_targets *targets)
{
    for (size_t i = 0; i < targets->count && targets->sims != NULL; i++) {
        struct weir_err err;
        if (targets->sims[i].pid > 0 && weir_sim_child_stop(&targets->sims[i], &err) != WEIR_OK) {
            weir_warn("%s", err.text);
        }
    }
    weir_free(targets->sims);
    weir_free(targets->targets);
    *targets = (struct weir_open_targets){0};
}
