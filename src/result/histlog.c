// histograms.hlog: see histlog.h.
#include "weir/result/histlog.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>

#include "weir/result/number.h"
#include "weir/stat/hlog.h"

enum { LOG_BYTES_MAX = 64 << 20 };

weir_status weir_histlog_open(const char *path, double start_epoch_s, struct weir_outfile **out,
                              struct weir_err *err)
{
    weir_status status = weir_outfile_open(path, out, err);
    if (status != WEIR_OK) {
        return status;
    }
    struct weir_buf header;
    weir_buf_init(&header, WEIR_OUTFILE_LINE_MAX);
    (void)weir_hlog_add_header(start_epoch_s, &header);
    weir_outfile_add(*out, weir_buf_text(&header), header.len);
    weir_outfile_flush(*out);
    weir_buf_free(&header);
    return WEIR_OK;
}

const char *weir_histlog_tag(const struct weir_level_summary *level, enum weir_metric metric,
                             char *out, size_t size)
{
    char load[80] = "";
    if (isfinite(level->request_rate)) {
        char rate[64];
        (void)snprintf(load, sizeof(load), ".r%s",
                       weir_number_exact(level->request_rate, rate, sizeof(rate)));
    } else if (level->concurrency > 0) {
        (void)snprintf(load, sizeof(load), ".c%u", level->concurrency);
    }
    (void)snprintf(out, size, "L%02u.%s%s.%s", level->index, level->target, load,
                   weir_metric_info(metric)->tag);
    for (char *c = out; *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;
        bool is_plain = byte < 0x80 && isgraph(byte) && byte != ',' && byte != '"' && byte != '=';
        if (!is_plain) {
            *c = '_';
        }
    }
    return out;
}

void weir_histlog_add(struct weir_outfile *file, const struct weir_level_summary *level,
                      const struct weir_recorder *recorder, double start_s)
{
    double length_s = level->window_end_s - level->window_start_s;
    struct weir_buf lines;
    weir_buf_init(&lines, LOG_BYTES_MAX);
    for (int i = 0; i < WEIR_METRIC_COUNT; i++) {
        const struct weir_hist *hist = weir_recorder_hist(recorder, (enum weir_metric)i);
        if (hist == NULL || weir_hist_count(hist) == 0) {
            continue;
        }
        char tag[256];
        (void)weir_histlog_tag(level, (enum weir_metric)i, tag, sizeof(tag));
        (void)weir_hlog_add_line(tag, start_s, length_s,
                                 weir_metric_info((enum weir_metric)i)->scale, hist, &lines);
    }
    weir_outfile_add(file, weir_buf_text(&lines), lines.len);
    weir_outfile_flush(file);
    weir_buf_free(&lines);
}
