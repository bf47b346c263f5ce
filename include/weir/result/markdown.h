/** markdown.h: report.md: the result for a ticket or a wiki page. Pure. */
#ifndef WEIR_RESULT_MARKDOWN_H
#define WEIR_RESULT_MARKDOWN_H

#include <stdbool.h>

#include "weir/base/buf.h"
#include "weir/result/errors.h"
#include "weir/result/facts.h"
#include "weir/stat/summary.h"

/** Append the report: headline, a table for each target, failures, the client's own audit, windows,
 * settings that were not default, the machine. False when `out` is full. */
bool weir_markdown(const struct weir_summary *summary, const struct weir_run_facts *facts,
                   const struct weir_errors *errors, struct weir_buf *out);

#endif
