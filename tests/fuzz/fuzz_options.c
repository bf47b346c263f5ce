// Fuzz target: any lines as arguments. The first byte chooses the command; files are not read.
#include <stddef.h>
#include <stdint.h>

#include "fuzz_config.h"

enum { ARGS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Cut `text` at its line ends into arguments; their number. */
static int split(char *text, char **argv)
{
    int argc = 0;
    for (char *at = text; at != NULL && argc < ARGS_MAX; argc++) {
        argv[argc] = at;
        at = strchr(at, '\n');
        if (at != NULL) {
            *at++ = '\0';
        }
    }
    return argc;
}

static void try_arguments(int command, int argc, char *const *argv)
{
    struct weir_config config;
    struct weir_err err = {0};
    enum weir_cli_wish wish;
    weir_config_init(&config);
    const weir_status status = weir_config_parse_args(&config, command, argc, argv, &wish, &err);
    if (status != WEIR_OK || wish == WEIR_CLI_GO) {
        check_outcome(&config, command, status, &err);
    }
    weir_config_free(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int commands[] = {FOR_RUN, FOR_SIM, FOR_CALIBRATE, FOR_FIND};
    char *argv[ARGS_MAX];
    if (size == 0) {
        return 0;
    }
    char *text = calloc(size, 1);
    WEIR_ASSERT(text != NULL);
    memcpy(text, data + 1, size - 1);
    if (strstr(text, "--config") == NULL) { // any file could be named, a terminal too
        try_arguments(commands[data[0] % WEIR_COUNT_OF(commands)], split(text, argv), argv);
    }
    free(text);
    return 0;
}
