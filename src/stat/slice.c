// One second of a level: see slice.h.
#include "weir/stat/slice.h"

#include "weir/base/mem.h"
#include "weir/stat/recorder.h"

// Two digits are enough for a picture over time and keep a slice small; the recorder has three.
enum { SLICE_DIGITS = 2 };

struct weir_slice_stat *weir_slice_stat_new(void)
{
    struct weir_slice_stat *slice = weir_alloc(1, sizeof(*slice));
    slice->ttft = weir_hist_new(WEIR_RECORDER_MAX_NS, SLICE_DIGITS);
    slice->itl = weir_hist_new(WEIR_RECORDER_MAX_NS, SLICE_DIGITS);
    return slice;
}

void weir_slice_stat_free(struct weir_slice_stat *slice)
{
    if (slice != NULL) {
        weir_hist_free(slice->ttft);
        weir_hist_free(slice->itl);
        weir_free(slice);
    }
}

void weir_slice_stat_reset(struct weir_slice_stat *slice, int64_t index)
{
    weir_hist_reset(slice->ttft);
    weir_hist_reset(slice->itl);
    *slice = (struct weir_slice_stat){.index = index, .ttft = slice->ttft, .itl = slice->itl};
}

void weir_slice_stat_add(struct weir_slice_stat *into, const struct weir_slice_stat *from)
{
    into->sent += from->sent;
    into->ok += from->ok;
    into->failed += from->failed;
    into->chunks += from->chunks;
    into->tokens += from->tokens;
    into->in_flight += from->in_flight;
    (void)weir_hist_add(into->ttft, from->ttft);
    (void)weir_hist_add(into->itl, from->itl);
}
