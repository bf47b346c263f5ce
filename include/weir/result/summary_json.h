/** summary_json.h: summary.json, schema weir.summary/1 (design.md §6): the result for programs. No
 * data is null, never zero. Pure. */
#ifndef WEIR_RESULT_SUMMARY_JSON_H
#define WEIR_RESULT_SUMMARY_JSON_H

#include <stdbool.h>

#include "weir/base/buf.h"
#include "weir/result/errors.h"
#include "weir/result/facts.h"
#include "weir/stat/summary.h"

/** Append the file's content. False when `out` is full. */
bool weir_summary_json(const struct weir_summary *summary, const struct weir_run_facts *facts,
                       const struct weir_errors *errors, struct weir_buf *out);

#endif
