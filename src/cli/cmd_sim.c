// weir sim: the simulated inference server as a command. It ends with SIGINT or SIGTERM, or, when
// WEIR_SIM_STOP_FD names a descriptor, at the end of file on it (a parent process that went away).
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "weir/base/str.h"
#include "weir/cli/command.h"
#include "weir/sim/profile.h"
#include "weir/sim/sim.h"

static void say_port(void *context, uint16_t port)
{
    (void)context;
    (void)printf("weir sim: listening on http://127.0.0.1:%u\n", (unsigned)port);
    (void)fflush(stdout);
}

static weir_status read_stop_fd(int *stop_fd, struct weir_err *err)
{
    const char *text = getenv("WEIR_SIM_STOP_FD");
    int64_t value = -1;
    if (text != NULL &&
        (!weir_parse_i64(weir_slice_of(text), &value) || value < 0 || value > INT32_MAX)) {
        return weir_fail(
            err, WEIR_INVALID,
            "WEIR_SIM_STOP_FD is \"%.40s\"; it must be the number of an open descriptor", text);
    }
    *stop_fd = (int)value;
    return WEIR_OK;
}

int weir_cmd_sim(int argc, char *const *argv)
{
    struct weir_config config;
    int exit_code = 0;
    if (!weir_cli_begin("sim", FOR_SIM, "simulated inference server that records its own truth",
                        argc, argv, &config, &exit_code)) {
        return exit_code;
    }
    (void)prctl(PR_SET_NAME, "weir sim"); // started as a child it would be called "exe"
    struct weir_err err = {0};
    int stop_fd = -1;
    weir_status status = read_stop_fd(&stop_fd, &err);
    if (status == WEIR_OK) {
        status = weir_sim_profile_apply(&config, &err);
    }
    if (status == WEIR_OK) {
        status = weir_sim_serve(&config, stop_fd, say_port, NULL, &err);
    }
    if (status != WEIR_OK) {
        exit_code = weir_cli_fail(&err);
    }
    weir_config_free(&config);
    return exit_code;
}
