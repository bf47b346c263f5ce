// slices.csv: see slices.h.
#include "weir/result/slices.h"

#include <string.h>

#include "weir/result/number.h"
#include "weir/stat/hist.h"
#include "weir/stat/summary.h"

weir_status weir_slices_open(const char *path, struct weir_outfile **out, struct weir_err *err)
{
    weir_status status = weir_outfile_open(path, out, err);
    if (status == WEIR_OK) {
        weir_outfile_add(*out, WEIR_SLICES_HEADER, strlen(WEIR_SLICES_HEADER));
        weir_outfile_flush(*out);
    }
    return status;
}

static void add_percentile(struct weir_buf *out, const struct weir_hist *hist, double percentile)
{
    (void)weir_buf_add_char(out, ',');
    if (weir_percentile_supported(percentile, weir_hist_count(hist))) {
        char text[64];
        double ms = (double)weir_hist_percentile(hist, percentile) / (double)WEIR_MSEC;
        (void)weir_buf_add_str(out, weir_number_exact(ms, text, sizeof(text)));
    }
}

bool weir_slices_format(uint32_t level, const struct weir_slice_stat *slice, struct weir_buf *out)
{
    (void)weir_buf_addf(out, "%u,%lld,%llu,%llu,%llu,%llu,%llu,%llu", level,
                        (long long)slice->index, (unsigned long long)slice->sent,
                        (unsigned long long)slice->ok, (unsigned long long)slice->failed,
                        (unsigned long long)slice->chunks, (unsigned long long)slice->tokens,
                        (unsigned long long)slice->in_flight);
    add_percentile(out, slice->ttft, 50);
    add_percentile(out, slice->ttft, 99);
    add_percentile(out, slice->itl, 50);
    add_percentile(out, slice->itl, 99);
    return weir_buf_add_char(out, '\n') && !out->overflow;
}

void weir_slices_add(struct weir_outfile *file, uint32_t level, const struct weir_slice_stat *slice)
{
    struct weir_buf row;
    weir_buf_init(&row, WEIR_OUTFILE_LINE_MAX);
    if (weir_slices_format(level, slice, &row)) {
        weir_outfile_add(file, weir_buf_text(&row), row.len);
        weir_outfile_flush(file);
    }
    weir_buf_free(&row);
}
