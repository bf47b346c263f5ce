/** probe.h: which models does the server list? One blocking GET before the run; also the check that
 * it is there at all. */
#ifndef WEIR_ENGINE_PROBE_H
#define WEIR_ENGINE_PROBE_H

#include "weir/base/status.h"
#include "weir/config/config.h"
#include "weir/plan/target.h"
#include "weir/wire/dialect.h"

enum { WEIR_PROBE_MODELS = 64 };

struct weir_probe {
    int http_status; // of the models request; 0: none came
    size_t model_count;
    char models[WEIR_PROBE_MODELS][WEIR_MODEL_BYTES];
};

/** Ask `target` for its models. WEIR_UNREACHABLE, with a remedy, when nothing answers; an answer
 * that lists no models is WEIR_OK. */
weir_status weir_probe_models(const struct weir_config *config, const struct weir_target *target,
                              struct weir_probe *out, struct weir_err *err) WEIR_MUST_USE;

/** Settle the target's model: the one asked for, else the first listed. Errors list what the server
 * has and propose the nearest. */
weir_status weir_probe_choose(const struct weir_config *config, const struct weir_probe *probe,
                              struct weir_target *target, struct weir_err *err) WEIR_MUST_USE;

#endif
