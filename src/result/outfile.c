// A file written line by line that survives a full disk: see outfile.h.
#define _GNU_SOURCE
#include "weir/result/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "weir/base/mem.h"
#include "weir/base/str.h"

enum { BUFFER_BYTES = 256 * 1024 };

struct weir_outfile {
    int fd;
    size_t len;         // bytes buffered, whole lines
    weir_ns flushed_at; // by the caller's clock; 0: no tick yet
    int64_t offset;     // bytes in the file, whole lines
    uint64_t lost;
    struct weir_err error; // status WEIR_OK: none
    char path[4096];
    char buffer[BUFFER_BYTES];
};

weir_status weir_outfile_open(const char *path, struct weir_outfile **out, struct weir_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        return weir_fail(err, WEIR_SYSTEM, "cannot create %s: %s", path, strerror(errno));
    }
    struct weir_outfile *file = weir_alloc(1, sizeof(*file));
    file->fd = fd;
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

/** The disk refused after `written` bytes of `text`: cut the file behind its last whole line, count
 * the rest as lost. */
static void give_up(struct weir_outfile *file, const char *text, size_t len, size_t written)
{
    int reason = errno;
    const char *last = memrchr(text, '\n', written);
    size_t whole = last != NULL ? (size_t)(last - text) + 1 : 0;
    file->offset += (int64_t)whole;
    file->lost += count_lines(text + whole, len - whole);
    int ignored = ftruncate(file->fd, file->offset); // a device such as /dev/full cannot be cut
    (void)ignored;
    (void)weir_fail(
        &file->error, WEIR_SYSTEM, "cannot write %s: %s%s", file->path, strerror(reason),
        reason == ENOSPC ? "; free some space, or name a directory elsewhere with --out" : "");
}

static void write_out(struct weir_outfile *file, const char *text, size_t len)
{
    if (file->error.status != WEIR_OK) {
        file->lost += count_lines(text, len);
        return;
    }
    size_t written = 0;
    while (written < len) {
        ssize_t got = write(file->fd, text + written, len - written);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            give_up(file, text, len, written);
            return;
        }
        written += (size_t)got;
    }
    file->offset += (int64_t)len;
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
    if (BUFFER_BYTES - file->len < WEIR_OUTFILE_LINE_MAX) {
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
    if (len > BUFFER_BYTES - file->len) {
        weir_outfile_flush(file);
    }
    if (len > BUFFER_BYTES) {
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
    weir_free(file);
    return status;
}
