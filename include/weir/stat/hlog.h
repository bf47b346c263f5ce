/** hlog.h: histograms as other tools read them: HdrHistogram V2 compressed encoding and the interval log format 1.3
 *  (github.com/HdrHistogram/HdrHistogram, the `.hlog` files). Pure but for allocation; any thread. */
#ifndef WEIR_STAT_HLOG_H
#define WEIR_STAT_HLOG_H

#include "weir/base/buf.h"
#include "weir/base/status.h"
#include "weir/base/str.h"
#include "weir/stat/hist.h"

/** Append the V2 encoding of `hist`, deflated and in base64, as one word. False when `out` is full. */
bool weir_hlog_encode(const struct weir_hist *hist, struct weir_buf *out);

/** Decode such a word into a new histogram in `*out`. WEIR_INVALID on anything that is not one; nothing is allocated then. */
weir_status weir_hlog_decode(struct weir_slice word, struct weir_hist **out, struct weir_err *err) WEIR_MUST_USE;

/** Append the comment and legend lines that begin a log. start_epoch_s: wall time of the log's start. */
bool weir_hlog_add_header(double start_epoch_s, struct weir_buf *out);

/** Append one line: tag (no comma, space or line break), start and length in seconds from the log's start, maximum in
 *  units of `max_unit` histogram units (1e6: ms for ns histograms), histogram. */
bool weir_hlog_add_line(const char *tag, double start_s, double length_s, double max_unit, const struct weir_hist *hist,
                        struct weir_buf *out);

/** One line of a log. */
struct weir_hlog_entry {
    char tag[256];
    double start_s;
    double length_s;
    struct weir_hist *hist; // owned by the caller
};

/** Parse one line (without its end). WEIR_OK with hist == NULL for comments, the legend and blank lines. */
weir_status weir_hlog_parse_line(struct weir_slice line, struct weir_hlog_entry *out, struct weir_err *err) WEIR_MUST_USE;

#endif
