/** outfile.h: a file written line by line while a run lasts. Buffered, flushed at least every
 * second of the caller's time, so that a killed run keeps what it measured, and synced to the disk
 * every ten seconds, so that little is lost when the machine fails. A write error is remembered and
 * told once; the file then ends with its last whole line and later lines are counted as lost: a
 * full disk never stops a run. One thread.
 *
 * In parts: the file of the plain name is always the one that grows. When it is full it becomes
 * NAME-0001.EXT, the next NAME-0002.EXT, so that names sorted give the order of the lines. */
#ifndef WEIR_RESULT_OUTFILE_H
#define WEIR_RESULT_OUTFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/base/clock.h"
#include "weir/base/status.h"

/** Longest line, its end included. */
enum { WEIR_OUTFILE_LINE_MAX = 8192 };

/** Smallest size of a part; more parts than WEIR_OUTFILE_PARTS_MAX are not made: the last grows. */
enum { WEIR_OUTFILE_ROTATE_MIN = 64 * 1024, WEIR_OUTFILE_PARTS_MAX = 9999 };

/** Zeroed: one plain file. */
struct weir_outfile_options {
    uint64_t rotate_bytes; // no part is larger; at least WEIR_OUTFILE_ROTATE_MIN; 0: one file
    bool is_compressed;    // gzip, a member at each flush, so that what is there can be read at any
                           // time
};

struct weir_outfile;

/** Create (or truncate) the file. */
weir_status weir_outfile_open(const char *path, struct weir_outfile **out,
                              struct weir_err *err) WEIR_MUST_USE;
/** The same in parts or compressed. */
weir_status weir_outfile_open_as(const char *path, const struct weir_outfile_options *options,
                                 struct weir_outfile **out, struct weir_err *err) WEIR_MUST_USE;

/** Room for one line of up to WEIR_OUTFILE_LINE_MAX bytes; write it there, then commit its length.
 * Never NULL. */
char *weir_outfile_line(struct weir_outfile *file);
void weir_outfile_commit(struct weir_outfile *file, size_t len);

/** Append whole lines of any length. */
void weir_outfile_add(struct weir_outfile *file, const char *lines, size_t len);

/** Write out what is buffered when the last time was a second ago or longer. */
void weir_outfile_tick(struct weir_outfile *file, weir_ns now);

/** Write out what is buffered. */
void weir_outfile_flush(struct weir_outfile *file);

/** WEIR_OK, or the first write error with the file and the reason in `err`. */
weir_status weir_outfile_error(const struct weir_outfile *file, struct weir_err *err);

/** Lines that did not reach the file. */
uint64_t weir_outfile_lost(const struct weir_outfile *file);

/** Flush and close; the first error of the file's whole life. NULL is WEIR_OK. */
weir_status weir_outfile_close(struct weir_outfile *file, struct weir_err *err);

#endif
