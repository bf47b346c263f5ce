// weir: the table of commands and the choice of one.
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/str.h"
#include "weir/cli/command.h"

static const struct command {
    const char *name;
    const char *help;
    int (*run)(int argc, char *const *argv);
} commands[] = {
#define XX(function, name, bit, help) {name, help, weir_cmd_##function},
    WEIR_COMMAND_MAP(XX)
#undef XX
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < WEIR_COUNT_OF(commands); i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static void print_usage(FILE *out)
{
    (void)fputs("Usage: weir <command> [options]\n\n"
                "A load generator for LLM inference servers that measures its own error "
                "too.\n\nCommands:\n",
                out);
    for (size_t i = 0; i < WEIR_COUNT_OF(commands); i++) {
        (void)fprintf(out, "  %-12s%s\n", commands[i].name, commands[i].help);
    }
    (void)fputs("\nweir <command> --help lists the options of a command; configs/OPTIONS.md "
                "describes them all.\n"
                "weir --version prints the version.\n\n"
                "To begin with: weir run -u sim: -c 1,8 -d 3s\n",
                out);
}

static int unknown_command(const char *name)
{
    const char *names[WEIR_COUNT_OF(commands)];
    for (size_t i = 0; i < WEIR_COUNT_OF(commands); i++) {
        names[i] = commands[i].name;
    }
    const char *near = weir_suggest(name, names, WEIR_COUNT_OF(commands));
    struct weir_err err;
    if (name[0] == '-') {
        (void)weir_fail(
            &err, WEIR_INVALID,
            "options stand after a command: weir <command> %.100s; weir --help lists the commands",
            name);
    } else if (near != NULL) {
        (void)weir_fail(&err, WEIR_INVALID, "unknown command %.100s; did you mean weir %s?", name,
                        near);
    } else {
        (void)weir_fail(&err, WEIR_INVALID,
                        "unknown command %.100s; weir --help lists the commands", name);
    }
    return weir_cli_fail(&err);
}

/** Exit code for what went to standard output: a full disk is no success. */
static int finish_output(void)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0) {
        return 0;
    }
    struct weir_err err;
    (void)weir_fail(&err, WEIR_SYSTEM, "cannot write to standard output");
    return weir_cli_fail(&err);
}

/** weir help [command] */
static int show_help(const char *name)
{
    static char help[] = "--help";
    if (name == NULL) {
        print_usage(stdout);
        return finish_output();
    }
    const struct command *command = find_command(name);
    return command != NULL ? command->run(1, (char *const[]){help, NULL}) : unknown_command(name);
}

static bool is_word(const char *arg, const char *word, const char *other)
{
    return strcmp(arg, word) == 0 || strcmp(arg, other) == 0;
}

int main(int argc, char **argv)
{
    (void)signal(SIGPIPE,
                 SIG_IGN); // a peer that goes away is an error of that write, not the end of weir
    if (argc < 2) {
        print_usage(stderr);
        return weir_status_exit_code(WEIR_INVALID);
    }
    if (is_word(argv[1], "--help", "-h") || strcmp(argv[1], "help") == 0) {
        return show_help(argc > 2 ? argv[2] : NULL);
    }
    if (is_word(argv[1], "--version", "-V")) {
        (void)puts("weir " WEIR_VERSION);
        return finish_output();
    }
    const struct command *command = find_command(argv[1]);
    return command != NULL ? command->run(argc - 2, argv + 2) : unknown_command(argv[1]);
}
