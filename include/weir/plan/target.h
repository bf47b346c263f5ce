/** target.h: the servers under test, from --url. Plain data. Pure parsing, no network. */
#ifndef WEIR_PLAN_TARGET_H
#define WEIR_PLAN_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/base/status.h"
#include "weir/config/config.h"
#include "weir/wire/dialect.h"

struct weir_target {
    char name[128];        // from NAME=, else host:port; unique within a run
    char url[512];         // endpoint: scheme://host:port/path of the dialect
    char models_url[512];  // where the server lists its models
    char host[256];        // without brackets
    uint16_t port;
    bool is_tls;
    bool is_sim;           // "sim:" — to be started by weir; url is empty until its port is known
    char sim_options[256]; // what stands behind "sim:", as "ttft=50ms,itl=10ms"
    char model[256];       // "" until known
    const struct weir_dialect *dialect;
};

/** One --url value. A base with or without /v1, or a full endpoint path (then its dialect wins over --endpoint-type). */
weir_status weir_target_parse(const char *text, const char *endpoint_type, struct weir_target *out, struct weir_err *err) WEIR_MUST_USE;

/** Where a started simulator listens: fills host, port, url and models_url. */
void weir_target_set_sim_port(struct weir_target *target, uint16_t port);

/** All of --url; *out is heap memory for weir_free(). Names made unique: two of one name are an error. */
weir_status weir_targets_parse(const struct weir_config *config, struct weir_target **out, size_t *count,
                               struct weir_err *err) WEIR_MUST_USE;

#endif
