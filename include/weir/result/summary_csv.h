/** summary_csv.h: summary.csv: one row a level and metric, for spreadsheets and data frames. Fields
 * quoted as RFC 4180 says, lines end in a line feed; a cell without data is empty. Pure. */
#ifndef WEIR_RESULT_SUMMARY_CSV_H
#define WEIR_RESULT_SUMMARY_CSV_H

#include <stdbool.h>

#include "weir/base/buf.h"
#include "weir/stat/summary.h"

/** Append the file's content, header line first. False when `out` is full. */
bool weir_summary_csv(const struct weir_summary *summary, struct weir_buf *out);

#endif
