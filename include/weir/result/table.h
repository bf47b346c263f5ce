/** table.h: the result for people at a terminal: one row a level, and below it what needs saying.
 * Pure. */
#ifndef WEIR_RESULT_TABLE_H
#define WEIR_RESULT_TABLE_H

#include <stdbool.h>

#include "weir/base/buf.h"
#include "weir/result/errors.h"
#include "weir/stat/summary.h"

struct weir_table_style {
    int columns; // of the terminal: what does not fit is left out, the least important first
    bool has_colour;
    const char *report; // where more is to be read; NULL: not said
};

/** Append targets, table, verdict reasons, failures with the first messages, and where the report
 * lies. No data is "-". False when `out` is full. */
bool weir_table(const struct weir_summary *summary, const struct weir_errors *errors,
                const struct weir_table_style *style, struct weir_buf *out);

#endif
