/** slices.h: slices.csv: one row a second and level, written while the run lasts. Long levels get
 * longer rows (WEIR_SLICES_STEP_MAP), so that a week is a file one can still draw; `length_s` says
 * how many seconds a row stands for. Seconds count from the level's start. Cells without data, and
 * p99 of fewer than 100 values, are empty. Constant memory. One thread. */
#ifndef WEIR_RESULT_SLICES_H
#define WEIR_RESULT_SLICES_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/base/buf.h"
#include "weir/base/status.h"
#include "weir/stat/slice.h"

// The first twelve columns never change; what is new comes behind them.
#define WEIR_SLICES_HEADER                                                                         \
    "level,second,sent,ok,failed,chunks,tokens,in_flight,ttft_p50_ms,ttft_p99_ms,itl_p50_ms,itl_"  \
    "p99_ms,length_s\n"

/** From this second of a level on, rows of so many seconds. Each step is a multiple of the one
 * before, and begins at a multiple of itself. */
#define WEIR_SLICES_STEP_MAP(XX)                                                                   \
    XX(0, 1)                                                                                       \
    XX(3600, 10)                                                                                   \
    XX(86400, 60)

/** Seconds of the row that holds this second of a level. */
int64_t weir_slices_step(int64_t second);

struct weir_slices;

/** Create the file with its header line. */
weir_status weir_slices_open(const char *path, struct weir_slices **out,
                             struct weir_err *err) WEIR_MUST_USE;

/** A second of a level is over; slices of all workers already added up, seconds in order. The row
 * is on disk as soon as it is whole. */
void weir_slices_add(struct weir_slices *slices, uint32_t level,
                     const struct weir_slice_stat *slice);

/** A level is over: its last row is written, however short. */
void weir_slices_end_level(struct weir_slices *slices);

/** Write what is left and close. NULL is WEIR_OK. */
weir_status weir_slices_close(struct weir_slices *slices, struct weir_err *err);

/** Append the row with its line end. */
bool weir_slices_format(uint32_t level, const struct weir_slice_stat *slice, int64_t length_s,
                        struct weir_buf *out);

#endif
