// weir report: pages from run directories.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "weir/base/log.h"
#include "weir/base/mem.h"
#include "weir/cli/args.h"
#include "weir/cli/command.h"
#include "weir/result/html.h"
#include "weir/result/rundir.h"

#define PAGE_MAX ((size_t)512 << 20U)

/** The command line taken apart, and what was read. Words are borrowed from argv. */
struct request {
    struct weir_config config;
    struct weir_cli_args args;
    bool wants_html;
    bool wants_markdown;
    struct weir_rundata **runs;
    char page[WEIR_RUNDIR_FILE_BYTES]; // the first page that was written, for --open
};

static weir_status read_formats(struct request *request, struct weir_err *err)
{
    struct weir_slice rest = weir_slice_of(request->config.format);
    struct weir_slice part;
    while (weir_slice_next_part(&rest, ',', &part)) {
        part = weir_slice_trim(part);
        bool is_html = weir_slice_equals(part, "html");
        bool is_markdown = weir_slice_equals(part, "md");
        request->wants_html = request->wants_html || is_html;
        request->wants_markdown = request->wants_markdown || is_markdown;
        if (!is_html && !is_markdown) {
            return weir_fail(err, WEIR_INVALID, "--format: \"%.*s\" is none of html and md",
                             part.len < 40 ? (int)part.len : 40, part.ptr);
        }
    }
    if (request->config.open && !request->wants_html) {
        return weir_fail(err, WEIR_INVALID, "--open shows the page: add html to --format");
    }
    return WEIR_OK;
}

// ---- writing ----

static void tell(struct request *request, const char *path, bool is_page)
{
    if (is_page && request->page[0] == '\0') {
        (void)weir_copy(request->page, sizeof(request->page), path);
    }
    if (!request->config.quiet) {
        (void)printf("%s\n", path);
    }
}

/** Write `text` (freed here) to `path`, aside first. */
static weir_status write_text(struct request *request, const char *path, struct weir_buf *text,
                              bool fits, struct weir_err *err)
{
    const char *slash = strrchr(path, '/');
    struct weir_rundir dir = {.path = "."};
    if (slash != NULL) {
        size_t len = slash == path ? 1 : (size_t)(slash - path);
        (void)snprintf(dir.path, sizeof(dir.path), "%.*s", (int)len, path);
    }
    weir_status status =
        fits ? weir_rundir_write(&dir, slash != NULL ? slash + 1 : path, weir_buf_text(text),
                                 text->len, err)
             : weir_fail(err, WEIR_TOO_LARGE, "%s would be larger than 512 MiB", path);
    if (status == WEIR_OK) {
        tell(request, path, strstr(path, ".md") == NULL);
    }
    weir_buf_free(text);
    return status;
}

static weir_status write_page(struct request *request, const char *path, size_t first, size_t count,
                              struct weir_err *err)
{
    struct weir_buf text;
    weir_buf_init(&text, PAGE_MAX);
    const struct weir_rundata **runs = weir_alloc(count, sizeof(void *));
    for (size_t i = 0; i < count; i++) {
        runs[i] = request->runs[first + i];
    }
    bool fits = weir_html(runs, count, &text);
    weir_free(runs);
    return write_text(request, path, &text, fits, err);
}

static weir_status write_markdown(struct request *request, const char *path, size_t first,
                                  size_t count, struct weir_err *err)
{
    struct weir_buf text;
    weir_buf_init(&text, PAGE_MAX);
    bool fits = true;
    for (size_t i = 0; i < count; i++) {
        (void)weir_buf_add_str(&text, i > 0 ? "\n" : "");
        fits = weir_html_markdown(request->runs[first + i], &text) && fits;
    }
    return write_text(request, path, &text, fits, err);
}

/** Both forms of `count` runs as <stem>.html and <stem>.md. */
static weir_status write_both(struct request *request, const char *stem, size_t first, size_t count,
                              struct weir_err *err)
{
    char path[WEIR_RUNDIR_FILE_BYTES];
    weir_status status = WEIR_OK;
    if (request->wants_html) {
        (void)snprintf(path, sizeof(path), "%s.html", stem);
        status = write_page(request, path, first, count, err);
    }
    if (status == WEIR_OK && request->wants_markdown) {
        (void)snprintf(path, sizeof(path), "%s.md", stem);
        status = write_markdown(request, path, first, count, err);
    }
    return status;
}

/** <dir>/report, or <dir>/report-2 for the second of several. */
static weir_status write_each(struct request *request, const char *dir, struct weir_err *err)
{
    weir_status status = WEIR_OK;
    for (size_t i = 0; i < request->args.dir_count && status == WEIR_OK; i++) {
        char stem[WEIR_RUNDIR_BYTES];
        char number[24] = "";
        if (dir != NULL && i > 0) {
            (void)snprintf(number, sizeof(number), "-%zu", i + 1);
        }
        (void)snprintf(stem, sizeof(stem), "%.3000s/report%s",
                       dir != NULL ? dir : request->args.dirs[i], number);
        status = write_both(request, stem, i, 1, err);
    }
    return status;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    return len > strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

static weir_status write_all(struct request *request, struct weir_err *err)
{
    const char *out = request->config.out;
    struct stat about;
    if (out[0] == '\0') {
        return write_each(request, NULL, err);
    }
    if (ends_with(out, ".html")) {
        return write_page(request, out, 0, request->args.dir_count, err);
    }
    if (ends_with(out, ".md")) {
        return write_markdown(request, out, 0, request->args.dir_count, err);
    }
    if (mkdir(out, 0777) != 0 && (stat(out, &about) != 0 || !S_ISDIR(about.st_mode))) {
        return weir_fail(err, WEIR_INVALID,
                         "--out %.300s: %s; name a file that ends in .html or .md, or a directory",
                         out, strerror(errno));
    }
    return write_each(request, out, err);
}

/** Leave the page to the desktop's opener. */
static weir_status show(const struct request *request, struct weir_err *err)
{
    char *full = realpath(request->page, NULL);
    const pid_t child = full != NULL ? fork() : -1;
    if (child == 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        (void)dup2(null, STDOUT_FILENO);
        (void)dup2(null, STDERR_FILENO);
        (void)execlp("xdg-open", "xdg-open", full, (char *)NULL);
        _exit(127);
    }
    int ended = -1;
    weir_status status = WEIR_OK;
    if (child < 0 || waitpid(child, &ended, 0) != child || ended != 0) {
        status = weir_fail(err, WEIR_SYSTEM,
                           "--open: xdg-open did not show %.300s; open it yourself", request->page);
    }
    weir_free(full);
    return status;
}

static weir_status load_all(struct request *request, struct weir_err *err)
{
    if (request->args.dir_count == 0) {
        return weir_fail(err, WEIR_INVALID,
                         "name a run directory: weir report DIR...; weir run made them, by default "
                         "in weir-runs");
    }
    request->runs = weir_alloc(request->args.dir_count, sizeof(void *));
    for (size_t i = 0; i < request->args.dir_count; i++) {
        weir_status status = weir_rundata_load(request->args.dirs[i], &request->runs[i], err);
        if (status != WEIR_OK) {
            return status;
        }
        if (request->runs[i]->is_rebuilt) {
            weir_warn("%s has no summary.json: rebuilt from records.jsonl", request->args.dirs[i]);
        }
    }
    return WEIR_OK;
}

static void end(struct request *request)
{
    for (size_t i = 0; i < request->args.dir_count && request->runs != NULL; i++) {
        weir_rundata_free(request->runs[i]);
    }
    weir_free(request->runs);
    weir_cli_args_free(&request->args);
}

int weir_cmd_report(int argc, char *const *argv)
{
    struct request request = {.runs = NULL};
    int exit_code = 0;
    weir_cli_args_split(FOR_REPORT, argc, argv, &request.args);
    if (!weir_cli_begin("report", FOR_REPORT, "make report.html and report.md from run directories",
                        request.args.option_count, request.args.options, &request.config,
                        &exit_code)) {
        end(&request);
        return exit_code;
    }
    struct weir_err err = {0};
    weir_status status = read_formats(&request, &err);
    if (status == WEIR_OK) {
        status = load_all(&request, &err);
    }
    if (status == WEIR_OK) {
        status = write_all(&request, &err);
    }
    if (status == WEIR_OK && request.config.open) {
        status = show(&request, &err);
    }
    exit_code = status == WEIR_OK ? weir_status_exit_code(status) : weir_cli_fail(&err);
    weir_config_free(&request.config);
    end(&request);
    return exit_code;
}
