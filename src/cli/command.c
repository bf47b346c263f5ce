// What all commands share: how they begin, what their --help says, how they fail. See command.h.
#include "weir/cli/command.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "weir/base/attr.h"
#include "weir/base/buf.h"
#include "weir/base/log.h"

enum { WIDTH_MIN = 80, WIDTH_MAX = 100, HELP_BYTES_MAX = 64 * 1024 };

static const struct {
    const char *command;
    const char *line;
    const char *text;
} examples[] = {
    {"run", "weir run -u sim: -c 1,8,64 -d 5s",
     "no server at hand: a sweep against the embedded simulator"},
    {"run", "weir run -u http://localhost:8000 -c 32 -n 500 --osl 128",
     "500 requests, 32 in flight, to a server of yours"},
    {"run", "weir run --config configs/quickstart.yaml -o result",
     "options from a file, results into ./result"},
    {"plan", "weir plan -u sim: -c 1,8 -d 5s", "what that run would send"},
    {"sim", "weir sim -p 8000 --ttft 50ms:30 --itl 10ms",
     "a server that answers like a model, on port 8000"},
    {"calibrate", "weir calibrate", "how far can times be trusted here?"},
    {"calibrate", "weir calibrate -c 100,1000 -d 10s", "and with a thousand streams?"},
    {"report", "weir report weir-runs/20260131T120000Z-nightly --open",
     "the page of a run again, in a browser"},
    {"report", "weir report before after -o both.html", "two runs on one page"},
    {"compare", "weir compare vllm-run friendli-run", "what differs, and how sure that is"},
    {"gate", "weir gate result --slo 'ttft:p99<200ms error_rate<0.1%'",
     "exit code 0, 1, 5 or 4: PASS, FAIL, INCONCLUSIVE, INVALID"},
    {"gate", "weir gate candidate --baseline baseline --junit gate.xml",
     "no worse than runs that were good? Runs with --repeat 5 or more"},
};

/** Columns of the terminal within what reads well. */
static int help_width(void)
{
    struct winsize size = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < WIDTH_MIN) {
        return WIDTH_MIN;
    }
    return size.ws_col < WIDTH_MAX ? size.ws_col : WIDTH_MAX;
}

/** One line an exit code: the texts of the statuses that end with it. */
static bool add_exit_codes(struct weir_buf *out)
{
    static const struct {
        int exit_code;
        const char *text;
    } codes[] = {
#define XX(name, value, exit_code, text) {exit_code, text},
        WEIR_STATUS_MAP(XX)
#undef XX
    };
    bool fits = weir_buf_add_str(out, "\nExit codes:");
    for (size_t i = 0; fits && i < WEIR_COUNT_OF(codes);
         i++) { // ORDER: statuses of one code stand together
        const bool is_same = i > 0 && codes[i].exit_code == codes[i - 1].exit_code;
        fits = is_same ? weir_buf_addf(out, "; %s", codes[i].text)
                       : weir_buf_addf(out, "\n  %-4d%s", codes[i].exit_code, codes[i].text);
    }
    return fits && weir_buf_add_char(out, '\n');
}

static bool add_examples(const char *name, struct weir_buf *out)
{
    bool fits = weir_buf_add_str(out, "\nExamples:\n");
    for (size_t i = 0; fits && i < WEIR_COUNT_OF(examples); i++) {
        if (strcmp(examples[i].command, name) == 0) {
            fits = weir_buf_addf(out, "  %s\n      %s\n", examples[i].line, examples[i].text);
        }
    }
    return fits;
}

/** Print the help of a command; the exit code. */
static int show_help(const char *name, int command, const char *help)
{
    struct weir_buf text;
    weir_buf_init(&text, HELP_BYTES_MAX);
    bool fits =
        weir_buf_addf(&text, "Usage: weir %s [options]\n\nweir %s: %s.\n\n", name, name, help) &&
        weir_config_help(command, help_width(), &text) && add_exit_codes(&text) &&
        add_examples(name, &text);
    WEIR_ASSERT(fits);
    const bool is_written = fputs(text.ptr, stdout) >= 0 && fflush(stdout) == 0;
    weir_buf_free(&text);
    if (is_written) {
        return 0;
    }
    struct weir_err err;
    (void)weir_fail(&err, WEIR_SYSTEM, "cannot write to standard output");
    return weir_cli_fail(&err);
}

// NOLINTNEXTLINE(readability-function-size): a row of the table, the arguments, two results
bool weir_cli_begin(const char *name, int command, const char *help, int argc, char *const *argv,
                    struct weir_config *config, int *exit_code)
{
    enum weir_cli_wish wish = WEIR_CLI_GO;
    struct weir_err err = {0};
    weir_config_init(config);
    const weir_status status = weir_config_parse_args(config, command, argc, argv, &wish, &err);
    if (status == WEIR_OK && wish == WEIR_CLI_GO) {
        weir_log_set_quiet(config->quiet);
        return true;
    }
    weir_config_free(config);
    if (status == WEIR_OK) {
        *exit_code = show_help(name, command, help);
        return false;
    }
    *exit_code = weir_cli_fail(&err);
    if (err.file[0] == '\0') {
        (void)fprintf(stderr, "See weir %s --help.\n", name);
    }
    return false;
}

int weir_cli_fail(const struct weir_err *err)
{
    weir_err_print(err);
    return weir_status_exit_code(err->status);
}
