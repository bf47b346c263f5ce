// A baseline for a repository: see baseline.h.
#include "weir/result/baseline.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json_internal.h"
#include "weir/base/attr.h"
#include "weir/base/buf.h"
#include "weir/result/rundir.h"

enum { PATH_BYTES = 4096, FILE_MAX = 256 << 20 };

static const char *const files[] = {WEIR_FILE_SUMMARY, WEIR_FILE_RUN, WEIR_FILE_HISTOGRAMS,
                                    WEIR_FILE_SLICES};

static weir_status cannot(struct weir_err *err, const char *what, const char *path)
{
    return weir_fail(err, WEIR_SYSTEM, "cannot %s %.500s: %s", what, path, strerror(errno));
}

/** DIR/NAME; false when that is too long. */
static bool join(const char *dir, const char *name, char out[PATH_BYTES])
{
    const int len = snprintf(out, PATH_BYTES, "%s/%s", dir, name);
    return len > 0 && len < PATH_BYTES;
}

static bool is_file(const char *dir, const char *name)
{
    char path[PATH_BYTES];
    struct stat info;
    return join(dir, name, path) && stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/** "run-" and digits. */
static bool is_ours(const char *name)
{
    const size_t prefix = strlen("run-");
    return strncmp(name, "run-", prefix) == 0 && name[prefix] != '\0' &&
           strspn(name + prefix, "0123456789") == strlen(name + prefix);
}

/** Whether `dir` may be written: not there, empty, or a baseline. */
static weir_status check_place(const char *dir, struct weir_err *err)
{
    DIR *open = opendir(dir);
    if (open == NULL) {
        return errno == ENOENT ? WEIR_OK : cannot(err, "open", dir);
    }
    bool is_empty = true;
    for (const struct dirent *entry = readdir(open); entry != NULL; entry = readdir(open)) {
        is_empty =
            is_empty && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
    }
    (void)closedir(open);
    if (is_empty || is_file(dir, WEIR_FILE_BASELINE)) {
        return WEIR_OK;
    }
    return weir_fail(err, WEIR_INVALID,
                     "%.500s holds something that is no baseline (no " WEIR_FILE_BASELINE
                     "); name another directory",
                     dir);
}

/** Remove what an older baseline put into run-…; anything else stays. */
static void clear_old(const char *dir)
{
    DIR *open = opendir(dir);
    const struct dirent *entry = open != NULL ? readdir(open) : NULL;
    for (; entry != NULL; entry = readdir(open)) {
        char run[PATH_BYTES];
        char path[PATH_BYTES];
        if (!is_ours(entry->d_name) || !join(dir, entry->d_name, run)) {
            continue;
        }
        for (size_t i = 0; i < WEIR_COUNT_OF(files); i++) {
            if (join(run, files[i], path)) {
                (void)unlink(path);
            }
        }
        (void)rmdir(run);
    }
    if (open != NULL) {
        (void)closedir(open);
    }
}

/** Make `path` and what leads there. */
static weir_status make_dirs(const char *path, struct weir_err *err)
{
    char part[PATH_BYTES];
    for (size_t len = 1; len <= strlen(path); len++) {
        if (path[len] != '/' && path[len] != '\0') {
            continue;
        }
        (void)snprintf(part, sizeof(part), "%.*s", (int)len, path);
        if (mkdir(part, 0777) != 0 && errno != EEXIST) {
            return cannot(err, "make", part);
        }
    }
    return WEIR_OK;
}

static weir_status read_whole(const char *path, struct weir_buf *out, struct weir_err *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return cannot(err, "read", path);
    }
    char part[16384];
    bool fits = true;
    for (size_t got = fread(part, 1, sizeof(part), file); got > 0 && fits;
         got = fread(part, 1, sizeof(part), file)) {
        fits = weir_buf_add(out, part, got);
    }
    const bool is_broken = ferror(file) != 0;
    (void)fclose(file);
    if (!fits) {
        return weir_fail(err, WEIR_TOO_LARGE, "%.500s is too large for a baseline", path);
    }
    return is_broken ? cannot(err, "read", path) : WEIR_OK;
}

static weir_status copy_run(const struct weir_rundata *run, const char *to, struct weir_err *err)
{
    struct weir_rundir dir;
    weir_status status = make_dirs(to, err);
    (void)weir_copy(dir.path, sizeof(dir.path), to);
    for (size_t i = 0; i < WEIR_COUNT_OF(files) && status == WEIR_OK; i++) {
        char path[PATH_BYTES];
        if (!is_file(run->dir, files[i]) || !join(run->dir, files[i], path)) {
            continue; // an interrupted run lacks some; the gate says so when it reads them
        }
        struct weir_buf text;
        weir_buf_init(&text, FILE_MAX);
        status = read_whole(path, &text, err);
        if (status == WEIR_OK) {
            status = weir_rundir_write(&dir, files[i], weir_buf_text(&text), text.len, err);
        }
        weir_buf_free(&text);
    }
    return status;
}

static weir_status write_mark(const struct weir_side *side, const char *to, struct weir_err *err)
{
    struct weir_rundir dir;
    struct weir_buf text;
    json_t *root = json_object();
    json_t *runs = json_array();
    for (size_t i = 0; i < side->run_count; i++) {
        const struct weir_rundata *run = side->runs[i];
        json_t *one = json_object();
        const json_t *started = json_object_get(run->summary_json, "started_at");
        weir__json_put(one, "name", weir__json_text(run->summary.name));
        weir__json_put(one, "started_at",
                       json_is_string(started) ? weir__json_text(json_string_value(started))
                                               : json_null());
        weir__json_append(runs, one);
    }
    weir__json_put(root, "schema", json_string("weir.baseline/1"));
    weir__json_put(root, "weir_version", json_string(WEIR_VERSION));
    weir__json_put(root, "runs", runs);
    weir_buf_init(&text, 1U << 20);
    (void)weir_copy(dir.path, sizeof(dir.path), to);
    weir_status status =
        weir__json_dump(root, &text)
            ? weir_rundir_write(&dir, WEIR_FILE_BASELINE, weir_buf_text(&text), text.len, err)
            : weir_fail(err, WEIR_TOO_LARGE, "too many runs for one baseline");
    weir_buf_free(&text);
    return status;
}

weir_status weir_baseline_record(const struct weir_side *side, const char *dir,
                                 struct weir_err *err)
{
    if (strlen(dir) + 64 > WEIR_RUNDIR_BYTES) {
        return weir_fail(err, WEIR_TOO_LARGE, "the path of the baseline is too long");
    }
    weir_status status = check_place(dir, err);
    if (status != WEIR_OK) {
        return status;
    }
    clear_old(dir);
    status = make_dirs(dir, err);
    for (size_t i = 0; i < side->run_count && status == WEIR_OK; i++) {
        char to[PATH_BYTES];
        (void)snprintf(to, sizeof(to), "%s/run-%03zu", dir, i + 1);
        status = copy_run(side->runs[i], to, err);
    }
    return status == WEIR_OK ? write_mark(side, dir, err) : status;
}
