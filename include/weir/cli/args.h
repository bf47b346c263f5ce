/** cli/args.h: arguments that are directories told apart from options, for commands that read runs: they may stand anywhere. */
#ifndef WEIR_CLI_ARGS_H
#define WEIR_CLI_ARGS_H

#include <stddef.h>

/** Words are borrowed from argv; the arrays are owned. */
struct weir_cli_args {
    char **options;     // what weir_cli_begin() takes
    int option_count;
    const char **dirs;
    size_t dir_count;
};

/** Split the arguments of `command` (one bit); everything behind "--" is a directory. Free with weir_cli_args_free(). */
void weir_cli_args_split(int command, int argc, char *const *argv, struct weir_cli_args *out);
void weir_cli_args_free(struct weir_cli_args *args);

#endif
