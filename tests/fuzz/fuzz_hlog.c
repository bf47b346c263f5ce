// Any bytes as a line of a histogram log; and, so that the fuzzer need not learn deflate and
// base64, as the payload inside one. What decodes must encode to a word that decodes to the same
// slots and encodes to the same word.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "../../src/stat/hlog_internal.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/stat/hlog.h"

#define WORD_CAP ((size_t)128 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(const struct weir_hist *a, const struct weir_hist *b)
{
    struct weir_hist_slot left = {0};
    struct weir_hist_slot right = {0};
    while (weir_hist_next(a, &left)) {
        WEIR_ASSERT(weir_hist_next(b, &right));
        WEIR_ASSERT(left.lowest == right.lowest && left.count == right.count);
    }
    WEIR_ASSERT(!weir_hist_next(b, &right));
    WEIR_ASSERT(left.up_to == weir_hist_count(a));
    WEIR_ASSERT(weir_hist_count(a) == weir_hist_count(b));
    WEIR_ASSERT(weir_hist_highest(a) == weir_hist_highest(b));
    WEIR_ASSERT(weir_hist_digits(a) == weir_hist_digits(b));
}

static void check_numbers(const struct weir_hist *hist)
{
    const int64_t median = weir_hist_percentile(hist, 50);
    WEIR_ASSERT(median >= weir_hist_min(hist) && median <= weir_hist_max(hist));
    WEIR_ASSERT(weir_hist_percentile(hist, 100) == weir_hist_max(hist));
    WEIR_ASSERT(weir_hist_count_up_to(hist, weir_hist_max(hist)) == weir_hist_count(hist));
    WEIR_ASSERT(weir_hist_stddev(hist) >= 0 && weir_hist_mean(hist) >= 0);
    WEIR_ASSERT(weir_hist_dropped(hist) == 0);
}

static void check_round_trip(const struct weir_hist *hist)
{
    struct weir_buf word;
    struct weir_buf again;
    weir_buf_init(&word, WORD_CAP);
    weir_buf_init(&again, WORD_CAP);
    WEIR_ASSERT(weir_hlog_encode(hist, &word));
    struct weir_hist *decoded = NULL;
    const struct weir_slice slice = {word.ptr, word.len};
    WEIR_ASSERT(weir_hlog_decode(slice, &decoded, NULL) == WEIR_OK);
    check_same(hist, decoded);
    check_numbers(decoded);
    WEIR_ASSERT(weir_hlog_encode(decoded, &again));
    WEIR_ASSERT(again.len == word.len && memcmp(again.ptr, word.ptr, word.len) == 0);
    weir_hist_free(decoded);
    weir_buf_free(&word);
    weir_buf_free(&again);
}

static void try_line(struct weir_slice line)
{
    struct weir_hlog_entry entry;
    struct weir_err err = {0};
    if (weir_hlog_parse_line(line, &entry, &err) != WEIR_OK) {
        WEIR_ASSERT(err.text[0] != '\0' && err.status == WEIR_INVALID);
        return;
    }
    if (entry.hist != NULL) {
        check_numbers(entry.hist);
        check_round_trip(entry.hist);
        weir_hist_free(entry.hist);
    }
}

static void try_payload(const uint8_t *data, size_t size)
{
    uLongf deflated = compressBound((uLong)size);
    uint8_t *frame = weir_alloc(8 + deflated, 1);
    WEIR_ASSERT(compress2(frame + 8, &deflated, data, (uLong)size, 1) == Z_OK);
    weir__hlog_put_u32(frame, 0x1c849314);
    weir__hlog_put_u32(frame + 4, (uint32_t)deflated);
    struct weir_buf line;
    weir_buf_init(&line, WORD_CAP);
    WEIR_ASSERT(weir_buf_add_str(&line, "Tag=fuzz,0.000,1.000,2.000,"));
    WEIR_ASSERT(weir__base64_add(frame, 8 + deflated, &line));
    try_line((struct weir_slice){line.ptr, line.len});
    weir_buf_free(&line);
    weir_free(frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0) {
        try_line((struct weir_slice){(const char *)data, size});
        try_payload(data, size);
    }
    return 0;
}
