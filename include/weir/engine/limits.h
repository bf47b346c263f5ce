/** limits.h: has this machine the descriptors and ports that a level needs? Asked before the run,
 * not found out in it. */
#ifndef WEIR_ENGINE_LIMITS_H
#define WEIR_ENGINE_LIMITS_H

#include <stdint.h>

#include "weir/base/status.h"
#include "weir/engine/endpoint.h"

/** Raise RLIMIT_NOFILE to its hard limit and check that `streams` connections to `endpoint` fit
 * into it and into the ephemeral port range. WEIR_INVALID with the remedy when they do not. */
weir_status weir_limits_check(uint32_t streams, const struct weir_endpoint *endpoint,
                              struct weir_err *err) WEIR_MUST_USE;

/** Descriptors this process may open now. */
uint64_t weir_limits_descriptors(void);

#endif
