// The directory of a run and whole-file writes into it: see rundir.h.
#define _GNU_SOURCE
#include "weir/result/rundir.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weir/base/str.h"

#define RUNS_PARENT "weir-runs"

/** Another directory would help (a matter of usage), or nothing but the machine can. */
static weir_status status_of(int reason)
{
    switch (reason) {
    case EACCES:
    case EPERM:
    case EROFS:
    case ENOTDIR:
    case EEXIST:
    case ENAMETOOLONG:
    case ELOOP:
        return WEIR_INVALID;
    default:
        return WEIR_SYSTEM;
    }
}

static weir_status fail_create(const char *path, int reason, struct weir_err *err)
{
    return weir_fail(err, status_of(reason),
                     "cannot create run directory %s: %s; name another with --out", path,
                     strerror(reason));
}

/** mkdir, with "it is there already" as success. Returns 0 or errno. */
static int make_one(const char *path)
{
    if (mkdir(path, 0777) == 0) {
        return 0;
    }
    int reason = errno;
    struct stat found;
    if (reason != EEXIST || stat(path, &found) != 0) {
        return reason;
    }
    return S_ISDIR(found.st_mode) ? 0 : ENOTDIR;
}

/** The directory and its parents. Returns 0 or errno. */
static int make_all(const char *path)
{
    char part[WEIR_RUNDIR_BYTES];
    (void)weir_copy(part, sizeof(part), path);
    for (char *slash = part + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        int reason = make_one(part);
        if (reason != 0) {
            return reason;
        }
        *slash = '/';
    }
    return make_one(part);
}

/** 0: empty, EEXIST: something is in it, else errno. */
static int check_empty(const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL) {
        return errno;
    }
    bool is_empty = true;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        is_empty =
            is_empty && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
    }
    (void)closedir(dir);
    return is_empty ? 0 : EEXIST;
}

static weir_status create_named(const char *out, struct weir_rundir *dir, struct weir_err *err)
{
    struct weir_rundir made;
    if (!weir_copy(made.path, sizeof(made.path), out)) {
        return fail_create(out, ENAMETOOLONG, err);
    }
    int reason = make_all(made.path);
    if (reason != 0) {
        return fail_create(out, reason, err);
    }
    reason = check_empty(made.path);
    if (reason == EEXIST) {
        return weir_fail(
            err, WEIR_INVALID,
            "run directory %s is not empty; weir never writes over results: name another with "
            "--out, or remove it",
            out);
    }
    if (reason != 0) {
        return fail_create(out, reason, err);
    }
    *dir = made;
    return WEIR_OK;
}

weir_status weir_rundir_create(const char *out, const char *name, weir_ns started,
                               struct weir_rundir *dir, struct weir_err *err)
{
    enum { TRIES = 1000 };
    if (out[0] != '\0') {
        return create_named(out, dir, err);
    }
    int reason = make_one(RUNS_PARENT);
    if (reason != 0) {
        return fail_create(RUNS_PARENT, reason, err);
    }
    char when[32];
    char safe[65];
    (void)weir_clock_compact(started, when, sizeof(when));
    (void)weir_rundir_safe_name(name, safe, sizeof(safe));
    struct weir_rundir made;
    for (int i = 1; i <= TRIES; i++) {
        char suffix[16] = "";
        if (i > 1) {
            (void)snprintf(suffix, sizeof(suffix), "-%d", i);
        }
        (void)snprintf(made.path, sizeof(made.path), RUNS_PARENT "/%s-%s%s", when, safe, suffix);
        if (mkdir(made.path, 0777) == 0) {
            *dir = made;
            return WEIR_OK;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    return fail_create(made.path, errno, err);
}

const char *weir_rundir_path(const struct weir_rundir *dir, const char *file,
                             char out[WEIR_RUNDIR_FILE_BYTES])
{
    (void)snprintf(out, WEIR_RUNDIR_FILE_BYTES, "%s/%s", dir->path, file);
    return out;
}

/** Returns 0 or errno. */
static int write_all(int fd, const char *text, size_t len)
{
    size_t written = 0;
    while (written < len) {
        ssize_t got = write(fd, text + written, len - written);
        if (got < 0 && errno != EINTR) {
            return errno;
        }
        written += got > 0 ? (size_t)got : 0;
    }
    return fsync(fd) == 0 || errno == EINVAL ? 0 : errno; // EINVAL: a device that cannot be synced
}

/** Returns 0 or errno. */
static int write_file(const char *path, const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        return errno;
    }
    int reason = write_all(fd, text, len);
    if (close(fd) != 0 && reason == 0) {
        reason = errno;
    }
    return reason;
}

/** So that the rename outlives a power cut; a file system that cannot do it loses nothing but that.
 */
static void sync_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
}

weir_status weir_rundir_write(const struct weir_rundir *dir, const char *file, const char *text,
                              size_t len, struct weir_err *err)
{
    char path[WEIR_RUNDIR_FILE_BYTES];
    char aside[WEIR_RUNDIR_FILE_BYTES + 8];
    (void)weir_rundir_path(dir, file, path);
    (void)snprintf(aside, sizeof(aside), "%s.tmp", path);
    int reason = write_file(aside, text, len);
    if (reason == 0 && rename(aside, path) != 0) {
        reason = errno;
    }
    if (reason != 0) {
        (void)unlink(aside);
        return weir_fail(
            err, WEIR_SYSTEM, "cannot write %s: %s%s", path, strerror(reason),
            reason == ENOSPC ? "; free some space, or name a directory elsewhere with --out" : "");
    }
    sync_directory(dir->path);
    return WEIR_OK;
}

const char *weir_rundir_safe_name(const char *name, char *out, size_t size)
{
    enum { LONGEST = 64 };
    size_t used = 0;
    for (; *name != '\0' && used < LONGEST && used + 1 < size; name++) {
        unsigned char c = (unsigned char)*name;
        bool is_safe = c < 0x80 && (isalnum(c) || c == '.' || c == '-' || c == '_');
        char kept = '-';
        if (is_safe) {
            kept = *name;
        }
        bool is_at_start =
            used == 0 && (kept == '.' || kept == '-'); // no hidden file, nothing like an option
        bool is_repeated = used > 0 && kept == '-' && out[used - 1] == '-';
        if (!is_at_start && !is_repeated) {
            out[used++] = kept;
        }
    }
    while (used > 0 && out[used - 1] == '-') {
        used--;
    }
    out[used] = '\0';
    if (used == 0) {
        (void)weir_copy(out, size, "run");
    }
    return out;
}
