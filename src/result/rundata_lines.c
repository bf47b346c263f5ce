// The lines of records.jsonl as a run leaves them: one file or parts of it, plain or gzip, of which
// the last may be cut off. zlib reads both. See rundata_internal.h.
#include "rundata_internal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/result/outfile.h"
#include "weir/result/rundir.h"

struct weir__lines {
    char dir[WEIR_RUNDIR_BYTES];
    const char *end; // of the files' names
    unsigned part;   // the one that is read; 0: the file that was growing, the last
    gzFile file;     // NULL: none is open
    size_t number;   // of the last line
    char path[WEIR_RUNDIR_FILE_BYTES];
    char line[WEIR_OUTFILE_LINE_MAX + 2];
};

/** Path of part `part`: records-0001.jsonl; the last has the plain name. */
static void set_path(struct weir__lines *lines, unsigned part)
{
    char number[16] = "";
    if (part > 0) {
        (void)snprintf(number, sizeof(number), "-%04u", part);
    }
    lines->part = part;
    (void)snprintf(lines->path, sizeof(lines->path), "%s/records%s%s", lines->dir, number,
                   lines->end);
}

/** Go to `part`, or to the last when there is none of that number. False: not even that. */
static bool open_part(struct weir__lines *lines, unsigned part)
{
    set_path(lines, part);
    if (part > 0 && access(lines->path, R_OK) != 0) {
        set_path(lines, 0);
    }
    lines->number = 0;
    lines->file = gzopen(lines->path, "rb");
    return lines->file != NULL;
}

bool weir__lines_open(const char *dir, struct weir__lines **out)
{
    static const char *const ends[] = {".jsonl", ".jsonl.gz"};
    struct weir__lines *lines = weir_alloc(1, sizeof(*lines));
    (void)weir_copy(lines->dir, sizeof(lines->dir), dir);
    for (size_t i = 0; i < WEIR_COUNT_OF(ends); i++) {
        lines->end = ends[i];
        set_path(lines, 0);
        if (access(lines->path, R_OK) == 0 && open_part(lines, 1)) {
            *out = lines;
            return true;
        }
    }
    weir_free(lines);
    return false;
}

void weir__lines_free(struct weir__lines *lines)
{
    if (lines->file != NULL) {
        (void)gzclose(lines->file);
    }
    weir_free(lines);
}

/** The end of a file, or of what of it was written: true to go on with the next one. */
static bool next_part(struct weir__lines *lines, struct weir_err *err)
{
    int code = Z_OK;
    const char *why = gzerror(lines->file, &code);
    const bool is_cut = code == Z_BUF_ERROR || code == Z_STREAM_END || code == Z_OK;
    if (!is_cut) {
        (void)weir_fail(err, WEIR_INVALID, "%.300s is damaged: %.100s; remove it to go on without",
                        lines->path, why);
    }
    (void)gzclose(lines->file);
    lines->file = NULL;
    return is_cut && lines->part > 0 && open_part(lines, lines->part + 1);
}

bool weir__lines_next(struct weir__lines *lines, struct weir_slice *line, struct weir_err *err)
{
    while (lines->file != NULL) {
        if (gzgets(lines->file, lines->line, (int)sizeof(lines->line)) == NULL) {
            (void)next_part(lines, err);
            continue;
        }
        size_t len = strlen(lines->line);
        lines->number++;
        if (len > 0 && lines->line[len - 1] == '\n') {
            *line = (struct weir_slice){lines->line, len - 1};
            return true;
        }
        if (gzeof(lines->file) == 0) {
            (void)weir_fail(err, WEIR_INVALID, "%.300s:%zu: not a record; remove the line to go on",
                            lines->path, lines->number);
            return false;
        }
    }
    return false;
}

const char *weir__lines_path(const struct weir__lines *lines)
{
    return lines->path;
}

size_t weir__lines_number(const struct weir__lines *lines)
{
    return lines->number;
}
