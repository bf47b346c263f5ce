// Directories among the options: see args.h.
#include "weir/cli/args.h"

#include <stdbool.h>
#include <string.h>

#include "weir/base/mem.h"
#include "weir/config/config.h"

/** Whether the option `arg` takes the next argument as its value. */
static bool takes_next(int command, const char *arg)
{
    const bool is_long = arg[1] == '-';
    if (is_long ? strchr(arg, '=') != NULL : arg[2] != '\0') {
        return false; // the value is part of it
    }
    for (int i = 0; i < WEIR_OPTION_COUNT; i++) {
        const struct weir_option_info *info = weir_option((enum weir_option_id)i);
        const bool is_it = is_long ? strcmp(info->name, arg + 2) == 0 : info->letter == arg[1];
        if (is_it && (info->commands & command) != 0) {
            return info->value[0] != '\0'; // a switch has none
        }
    }
    return strcmp(arg, "--config") == 0;
}

void weir_cli_args_split(int command, int argc, char *const *argv, struct weir_cli_args *out)
{
    *out = (struct weir_cli_args){
        .options = weir_alloc((size_t)argc + 1, sizeof(char *)),
        .dirs = weir_alloc((size_t)argc + 1, sizeof(char *)),
    };
    bool is_over = false;
    for (int i = 0; i < argc; i++) {
        if (is_over || argv[i][0] != '-' || argv[i][1] == '\0') {
            out->dirs[out->dir_count++] = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            is_over = true;
        } else {
            out->options[out->option_count++] = argv[i];
            if (takes_next(command, argv[i]) && i + 1 < argc) {
                out->options[out->option_count++] = argv[++i];
            }
        }
    }
}

void weir_cli_args_free(struct weir_cli_args *args)
{
    weir_free(args->options);
    weir_free(args->dirs);
    *args = (struct weir_cli_args){0};
}
