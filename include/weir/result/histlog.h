/** histlog.h: histograms.hlog: every non-empty histogram of each level, readable by the
 * HdrHistogram tools. One thread. */
#ifndef WEIR_RESULT_HISTLOG_H
#define WEIR_RESULT_HISTLOG_H

#include <stddef.h>

#include "weir/base/status.h"
#include "weir/result/outfile.h"
#include "weir/stat/metric.h"
#include "weir/stat/recorder.h"
#include "weir/stat/summary.h"

/** Create the file with its header. start_epoch_s: wall time of the run's start. Close with
 * weir_outfile_close(). */
weir_status weir_histlog_open(const char *path, double start_epoch_s, struct weir_outfile **out,
                              struct weir_err *err) WEIR_MUST_USE;

/** The histograms of a finished level, one line each; on disk when this returns. start_s: of its
 * measured window, in seconds from the run's start. */
void weir_histlog_add(struct weir_outfile *file, const struct weir_level_summary *level,
                      const struct weir_recorder *recorder, double start_s);

/** The tag of a line: L<level>.<target>.c<concurrency>.<metric>, r<rate> in place of c when there
 * is a rate; characters that a tag may not have become '_'. The level is its index from 0, as in
 * the other files. Returns `out`. */
const char *weir_histlog_tag(const struct weir_level_summary *level, enum weir_metric metric,
                             char *out, size_t size);

#endif
