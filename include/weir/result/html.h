/** html.h: reports made from run directories: report.html, one file that needs nothing beside it and asks the network for nothing,
 *  and report.md again. Pure but for weir_html_write(). */
#ifndef WEIR_RESULT_HTML_H
#define WEIR_RESULT_HTML_H

#include "weir/base/buf.h"
#include "weir/base/status.h"
#include "weir/result/rundata.h"

#define WEIR_FILE_HTML "report.html"

/** Append one page over all `runs`; a target of several runs is told apart by the run's name. False when `out` is full. */
bool weir_html(const struct weir_rundata *const *runs, size_t count, struct weir_buf *out);

/** Append report.md of a run. False when `out` is full. */
bool weir_html_markdown(const struct weir_rundata *run, struct weir_buf *out);

/** Read the run directory `dir` and write report.html into it. */
weir_status weir_html_write(const char *dir, struct weir_err *err) WEIR_MUST_USE;

#endif
