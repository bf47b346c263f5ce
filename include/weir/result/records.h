/** records.h: records.jsonl: one line a request, written as they finish. Formatted by hand, since
 * it is called for every request of a run. Instants are integer ns from the level's start (its
 * first instant, t0), null when they never happened. A write error costs the records, not the run.
 * One thread. */
#ifndef WEIR_RESULT_RECORDS_H
#define WEIR_RESULT_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#include "weir/base/clock.h"
#include "weir/base/status.h"
#include "weir/result/outfile.h"
#include "weir/stat/sample.h"

struct weir_record_file;

weir_status weir_record_file_open(const char *path, const struct weir_outfile_options *options,
                                  struct weir_record_file **out,
                                  struct weir_err *err) WEIR_MUST_USE;

/** Lines from here on belong to this level: their instants count from `t0`. target "": not written.
 */
void weir_record_file_level(struct weir_record_file *file, const char *target, weir_ns t0);

/** One line. The sample's `done` serves as the clock that decides when to flush. */
void weir_record_file_add(struct weir_record_file *file, const struct weir_sample *sample);

/** Flush when the last time was a second ago or longer. */
void weir_record_file_tick(struct weir_record_file *file, weir_ns now);
void weir_record_file_flush(struct weir_record_file *file);

/** WEIR_OK, or the first write error. */
weir_status weir_record_file_error(const struct weir_record_file *file, struct weir_err *err);

/** Requests whose line did not reach the file. */
uint64_t weir_record_file_lost(const struct weir_record_file *file);

/** Flush and close. NULL is WEIR_OK. */
weir_status weir_record_file_close(struct weir_record_file *file, struct weir_err *err);

/** The line of a sample, with its end: what weir_record_file_add() writes. `out` holds
 * WEIR_OUTFILE_LINE_MAX bytes. target_json: the target's name as a JSON string with quotes, at most
 * 2048 bytes, or "". Returns the length. */
size_t weir_record_format(const struct weir_sample *sample, const char *target_json, weir_ns t0,
                          char *out);

#endif
