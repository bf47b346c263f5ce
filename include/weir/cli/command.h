/** command.h: the commands of weir, one file each (cmd_<name>.c), in one table. They compose the layers and compute nothing. */
#ifndef WEIR_CLI_COMMAND_H
#define WEIR_CLI_COMMAND_H

#include "weir/base/attr.h"
#include "weir/base/status.h"
#include "weir/config/config.h"

/** function, name, options it takes, what it does. ORDER of `weir --help`. */
#define WEIR_COMMAND_MAP(XX)                                                                                           \
    XX(run, "run", FOR_RUN, "put load on one or more targets and measure what comes back")                             \
    XX(plan, "plan", FOR_RUN, "show what run would send, without sending it")                                          \
    XX(sim, "sim", FOR_SIM, "simulated inference server that records its own truth")                                   \
    XX(find, "find", FOR_FIND, "search for the highest load that keeps every objective")                               \
    XX(calibrate, "calibrate", FOR_CALIBRATE, "measure weir's own error on this machine against the simulator")        \
    XX(report, "report", FOR_REPORT, "make report.html and report.md from run directories")                            \
    XX(compare, "compare", FOR_COMPARE, "runs, or the targets of one, side by side, with what else differs")            \
    XX(gate, "gate", FOR_GATE, "decide from run directories whether a build may ship")

/** Run a command with the arguments after its name. Returns the exit code of the process. */
#define XX(function, name, bit, help) int weir_cmd_##function(int argc, char *const *argv);
WEIR_COMMAND_MAP(XX)
#undef XX

/** The beginning all commands share: defaults, arguments, --help. True: go on with `*config`, which the caller frees.
 *  False: done, end with `*exit_code` (help was printed, or what is wrong). */
bool weir_cli_begin(const char *name, int command, const char *help, int argc, char *const *argv,
                    struct weir_config *config, int *exit_code) WEIR_MUST_USE;

/** Print `err` and return the exit code of its status. */
int weir_cli_fail(const struct weir_err *err);

#endif
