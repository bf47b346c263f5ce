/** slices.h: slices.csv: one row a second and level, written while the run lasts. Seconds count
 * from the level's start. Cells without data, and p99 of fewer than 100 values, are empty. One
 * thread. */
#ifndef WEIR_RESULT_SLICES_H
#define WEIR_RESULT_SLICES_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/base/buf.h"
#include "weir/base/status.h"
#include "weir/result/outfile.h"
#include "weir/stat/slice.h"

#define WEIR_SLICES_HEADER                                                                         \
    "level,second,sent,ok,failed,chunks,tokens,in_flight,ttft_p50_ms,ttft_p99_ms,itl_p50_ms,itl_"  \
    "p99_ms\n"

/** Create the file with its header line. Close with weir_outfile_close(). */
weir_status weir_slices_open(const char *path, struct weir_outfile **out,
                             struct weir_err *err) WEIR_MUST_USE;

/** One row; slices of all workers already added up. On disk at once: there is one a second. */
void weir_slices_add(struct weir_outfile *file, uint32_t level,
                     const struct weir_slice_stat *slice);

/** Append the row with its line end. */
bool weir_slices_format(uint32_t level, const struct weir_slice_stat *slice, struct weir_buf *out);

#endif
