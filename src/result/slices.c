// slices.csv: see slices.h.
#include "weir/result/slices.h"

#include <string.h>

#include "weir/base/mem.h"
#include "weir/result/number.h"
#include "weir/result/outfile.h"
#include "weir/stat/hist.h"
#include "weir/stat/summary.h"

struct weir_slices {
    struct weir_outfile *file;
    struct weir_slice_stat *row; // being added up; its index is its first second
    uint32_t level;              // of the row
    int64_t last;                // second that was added to it
    bool is_open;                // there is something in it
};

int64_t weir_slices_step(int64_t second)
{
    int64_t step = 1;
#define XX(from, seconds) step = second >= (from) ? (seconds) : step;
    WEIR_SLICES_STEP_MAP(XX)
#undef XX
    return step;
}

weir_status weir_slices_open(const char *path, struct weir_slices **out, struct weir_err *err)
{
    struct weir_outfile *file = NULL;
    weir_status status = weir_outfile_open(path, &file, err);
    if (status != WEIR_OK) {
        return status;
    }
    weir_outfile_add(file, WEIR_SLICES_HEADER, strlen(WEIR_SLICES_HEADER));
    weir_outfile_flush(file);
    *out = weir_alloc(1, sizeof(**out));
    (*out)->file = file;
    (*out)->row = weir_slice_stat_new();
    return WEIR_OK;
}

static void write_row(struct weir_slices *slices, uint32_t level,
                      const struct weir_slice_stat *slice, int64_t length_s)
{
    struct weir_buf row;
    weir_buf_init(&row, WEIR_OUTFILE_LINE_MAX);
    if (weir_slices_format(level, slice, length_s, &row)) {
        weir_outfile_add(slices->file, weir_buf_text(&row), row.len);
        weir_outfile_flush(slices->file);
    }
    weir_buf_free(&row);
}

/** Whether the second belongs to the row that is being added up. */
static bool continues(const struct weir_slices *slices, uint32_t level, int64_t second)
{
    int64_t step = weir_slices_step(second);
    return slices->is_open && slices->level == level && second > slices->last &&
           weir_slices_step(slices->row->index) == step &&
           second / step == slices->row->index / step;
}

void weir_slices_add(struct weir_slices *slices, uint32_t level,
                     const struct weir_slice_stat *slice)
{
    int64_t step = weir_slices_step(slice->index);
    if (!continues(slices, level, slice->index)) {
        weir_slices_end_level(slices);
        if (step == 1) {
            write_row(slices, level, slice, 1);
            return;
        }
        weir_slice_stat_reset(slices->row, slice->index);
        slices->level = level;
        slices->is_open = true;
    }
    weir_slice_stat_add(slices->row, slice);
    slices->row->in_flight = slice->in_flight; // at the end of the row, not the sum of its seconds
    slices->last = slice->index;
    if (slice->index % step == step - 1) {
        weir_slices_end_level(slices);
    }
}

void weir_slices_end_level(struct weir_slices *slices)
{
    if (slices->is_open) {
        slices->is_open = false;
        write_row(slices, slices->level, slices->row, slices->last - slices->row->index + 1);
    }
}

weir_status weir_slices_close(struct weir_slices *slices, struct weir_err *err)
{
    if (slices == NULL) {
        return WEIR_OK;
    }
    weir_slices_end_level(slices);
    weir_status status = weir_outfile_close(slices->file, err);
    weir_slice_stat_free(slices->row);
    weir_free(slices);
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

bool weir_slices_format(uint32_t level, const struct weir_slice_stat *slice, int64_t length_s,
                        struct weir_buf *out)
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
    return weir_buf_addf(out, ",%lld\n", (long long)length_s) && !out->overflow;
}
