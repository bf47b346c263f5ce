/** sim_child.h: the embedded simulator: `weir sim` as a child process of its own, on a free port,
 * so that it never shares a thread, a loop or a lock with what measures it. It ends with its
 * parent, however that ends. Start and stop on the main thread. */
#ifndef WEIR_CLI_SIM_CHILD_H
#define WEIR_CLI_SIM_CHILD_H

#include <stdint.h>
#include <sys/types.h>

#include "weir/base/status.h"

struct weir_sim_child {
    pid_t pid;
    int stop_fd;   // the child ends when this is closed
    uint16_t port; // on 127.0.0.1
};

/** Start it and wait until it accepts connections. `options`: of `weir sim`, "ttft=50ms,itl=10ms";
 * "" for none. `truth`: path of its truth file, NULL for none. What the child has to complain about
 * it says on standard error. */
weir_status weir_sim_child_start(struct weir_sim_child *child, const char *options,
                                 const char *truth, struct weir_err *err) WEIR_MUST_USE;

/** End it, so that its truth file is complete, and wait for it. The status is an error when it did
 * not end well. */
weir_status weir_sim_child_stop(struct weir_sim_child *child, struct weir_err *err) WEIR_MUST_USE;

#endif
