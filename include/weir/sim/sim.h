/** sim.h: the simulated inference server: OpenAI chat, completions, models and health over HTTP/1.1
 * on loopback, with its own record of what really happened. One thread, one libuv loop. Run as a
 * process of its own (`weir sim`), never inside a client. */
#ifndef WEIR_SIM_SIM_H
#define WEIR_SIM_SIM_H

#include <stdint.h>

#include "weir/base/status.h"
#include "weir/config/config.h"

/** Serve until SIGINT, SIGTERM or, when `stop_fd` ≥ 0, end of file on it. Listens on 127.0.0.1.
 * `on_listening` (may be NULL) is told the port once connections are accepted. Writes the truth
 * file (config->truth, see truth.h) before it returns. */
weir_status weir_sim_serve(const struct weir_config *config, int stop_fd,
                           void (*on_listening)(void *context, uint16_t port), void *context,
                           struct weir_err *err) WEIR_MUST_USE;

#endif
