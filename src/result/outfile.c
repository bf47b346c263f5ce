// A file written line by line that survives a full disk: see outfile.h.
#define _GNU_SOURCE
#include "weir/result/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gzip_internal.h"
#include "weir/base/log.h"
#include "weir/base/mem.h"
#include "weir/base/str.h"

enum { BUFFER_BYTES = 256 * 1024 };

/** Between two syncs of a file that grows. */
#define SYNC_EVERY (10 * WEIR_SECOND)

struct weir_outfile {
    int fd;
    unsigned parts;          // closed ones
    uint64_t rotate_bytes;   // 0: never
    struct weir__gzip *gzip; // NULL: plain
    size_t room;             // bytes to buffer
    weir_ns synced_at;
    size_t len;         // bytes buffered, whole lines
    weir_ns flushed_at; // by the caller's clock; 0: no tick yet
    int64_t offset;     // bytes in the growing part, whole lines
    uint64_t lost;
    struct weir_err error; // status WEIR_OK: none
    char path[4096];
    char buffer[BUFFER_BYTES];
};

weir_status weir_outfile_open(const char *path, struct weir_outfile **out, struct weir_err *err)
{
    return weir_outfile_open_as(path, &(struct weir_outfile_options){0}, out, err);
}

static int create(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
}

/** Small enough that a part is filled by several writes: then its size comes near to what was asked
 * for. */
static size_t room_of(const struct weir_outfile_options *options)
{
    bool is_whole = options->rotate_bytes == 0 || options->rotate_bytes / 4 >= BUFFER_BYTES;
    return is_whole ? BUFFER_BYTES : (size_t)(options->rotate_bytes / 4);
}

weir_status weir_outfile_open_as(const char *path, const struct weir_outfile_options *options,
                                 struct weir_outfile **out, struct weir_err *err)
{
    if (options->rotate_bytes > 0 && options->rotate_bytes < WEIR_OUTFILE_ROTATE_MIN) {
        return weir_fail(err, WEIR_INVALID,
                         "parts of %llu bytes are too small for %s; take 64KiB or more, or 0 for "
                         "one file",
                         (unsigned long long)options->rotate_bytes, path);
    }
    int fd = create(path);
    if (fd < 0) {
        return weir_fail(err, WEIR_SYSTEM, "cannot create %s: %s", path, strerror(errno));
    }
    struct weir_outfile *file = weir_alloc(1, sizeof(*file));
    file->fd = fd;
    file->rotate_bytes = options->rotate_bytes;
    file->room = room_of(options);
    file->gzip = options->is_compressed ? weir__gzip_new(BUFFER_BYTES) : NULL;
    file->synced_at = weir_clock_now();
    (void)weir_copy(file->path, sizeof(file->path), path);
    *out = file;
    return WEIR_OK;
}

static uint64_t count_lines(const char *text, size_t len)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < len; i++) {
        lines += text[i] == '\n';
    }
    return lines;
}

/** Remember why the file ends here; errno says it. */
static void fail_file(struct weir_outfile *file)
{
    int reason = errno;
    (void)weir_fail(
        &file->error, WEIR_SYSTEM, "cannot write %s: %s%s", file->path, strerror(reason),
        reason == ENOSPC ? "; free some space, or name a directory elsewhere with --out" : "");
}

/** The disk refused after `written` bytes of what `text` became: cut the file behind its last whole
 * line (its last whole member when compressed), count the rest as lost. */
static void give_up(struct weir_outfile *file, const char *text, size_t len, size_t written)
{
    fail_file(file);
    const char *last = file->gzip == NULL ? memrchr(text, '\n', written) : NULL;
    size_t whole = last != NULL ? (size_t)(last - text) + 1 : 0;
    file->offset += (int64_t)whole;
    file->lost += count_lines(text + whole, len - whole);
    int ignored = ftruncate(file->fd, file->offset); // a device such as /dev/full cannot be cut
    (void)ignored;
}

/** What cannot be synced (a pipe, a device) needs no syncing. */
static void sync_file(struct weir_outfile *file, weir_ns now)
{
    if (fdatasync(file->fd) != 0 && errno != EINVAL && errno != EROFS &&
        file->error.status == WEIR_OK) {
        fail_file(file);
    }
    file->synced_at = now;
}

/** dir/records.jsonl.gz, 12: dir/records-0012.jsonl.gz. False when that is too long. */
static bool part_path(const char *path, unsigned number, char *out, size_t size)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const char *dot = strchr(name, '.');
    size_t stem = dot != NULL ? (size_t)(dot - path) : strlen(path);
    int len = snprintf(out, size, "%.*s-%04u%s", (int)stem, path, number, path + stem);
    return len > 0 && (size_t)len < size;
}

/** Go on in a new file. Where that fails the lines go on into the old one: its size is a wish, they
 * are the measurement. */
static void rotate(struct weir_outfile *file)
{
    char part[sizeof(file->path) + 16];
    sync_file(file, weir_clock_now());
    bool is_moved =
        part_path(file->path, file->parts + 1, part, sizeof(part)) && rename(file->path, part) == 0;
    int fd = is_moved ? create(file->path) : -1;
    if (fd < 0) {
        weir_warn("cannot begin another part of %s: %s; the present one goes on growing",
                  file->path, strerror(errno));
        file->rotate_bytes = 0;
        return;
    }
    (void)close(file->fd); // synced: nothing is left that could fail
    file->fd = fd;
    file->offset = 0;
    file->parts++;
}

static bool is_full(const struct weir_outfile *file, size_t more)
{
    return file->rotate_bytes > 0 && file->offset > 0 && file->parts < WEIR_OUTFILE_PARTS_MAX &&
           (uint64_t)file->offset + more > file->rotate_bytes;
}

/** Whole lines to the file, as they are or as one gzip member. */
static void write_out(struct weir_outfile *file, const char *text, size_t len)
{
    if (file->error.status != WEIR_OK) {
        file->lost += count_lines(text, len);
        return;
    }
    size_t size = len;
    const char *bytes = file->gzip != NULL ? weir__gzip_member(file->gzip, text, len, &size) : text;
    if (is_full(file, size)) {
        rotate(file);
    }
    size_t written = 0;
    while (written < size) {
        ssize_t got = write(file->fd, bytes + written, size - written);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            give_up(file, text, len, written);
            return;
        }
        written += (size_t)got;
    }
    file->offset += (int64_t)size;
    weir_ns now = weir_clock_now();
    if (now - file->synced_at >= SYNC_EVERY) {
        sync_file(file, now);
    }
}

void weir_outfile_flush(struct weir_outfile *file)
{
    if (file->len > 0) {
        write_out(file, file->buffer, file->len);
        file->len = 0;
    }
}

char *weir_outfile_line(struct weir_outfile *file)
{
    if (file->room < file->len + WEIR_OUTFILE_LINE_MAX) {
        weir_outfile_flush(file);
    }
    return file->buffer + file->len;
}

void weir_outfile_commit(struct weir_outfile *file, size_t len)
{
    WEIR_ASSERT(len <= WEIR_OUTFILE_LINE_MAX && len <= BUFFER_BYTES - file->len);
    file->len += len;
}

void weir_outfile_add(struct weir_outfile *file, const char *lines, size_t len)
{
    if (len > file->room - file->len) {
        weir_outfile_flush(file);
    }
    if (len > file->room) {
        write_out(file, lines, len);
        return;
    }
    memcpy(file->buffer + file->len, lines, len);
    file->len += len;
}

void weir_outfile_tick(struct weir_outfile *file, weir_ns now)
{
    if (file->flushed_at == 0) {
        file->flushed_at = now;
    }
    if (now - file->flushed_at >= WEIR_SECOND) {
        weir_outfile_flush(file);
        file->flushed_at = now;
    }
}

weir_status weir_outfile_error(const struct weir_outfile *file, struct weir_err *err)
{
    if (file->error.status != WEIR_OK && err != NULL) {
        *err = file->error;
    }
    return file->error.status;
}

uint64_t weir_outfile_lost(const struct weir_outfile *file)
{
    return file->lost;
}

weir_status weir_outfile_close(struct weir_outfile *file, struct weir_err *err)
{
    if (file == NULL) {
        return WEIR_OK;
    }
    weir_outfile_flush(file);
    if (close(file->fd) != 0 && file->error.status == WEIR_OK) {
        (void)weir_fail(&file->error, WEIR_SYSTEM, "cannot write %s: %s", file->path,
                        strerror(errno));
    }
    weir_status status = weir_outfile_error(file, err);
    weir__gzip_free(file->gzip);
    weir_free(file);
    return status;
}
