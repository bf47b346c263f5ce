// One histogram as one word: the V2 payload deflated, behind a cookie and its length, in base64.
#define ZLIB_CONST // inflate reads only
#include <zlib.h>

#include "hlog_internal.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/stat/hlog.h"

#define COOKIE      0x1c849304U
#define COOKIE_TLZE 0x10U
#define COOKIE_BASE (~0xf0U)
#define FRAME_BYTES 8 // cookie and length before the deflated payload

/** The longest word that is looked at: the largest histogram with every count at its longest stays
 * well below. */
#define WORD_BYTES_CAP ((size_t)96 << 20)

static struct weir_buf deflate_payload(const struct weir_buf *payload)
{
    struct weir_buf out;
    const uLong bound = compressBound((uLong)payload->len);
    weir_buf_init(&out, FRAME_BYTES + bound);
    weir_buf_reserve(&out, FRAME_BYTES + bound);
    uint8_t *bytes = (uint8_t *)out.ptr;
    uLongf len = bound;
    // The Java log writer takes the best level: with the same zlib the words are the same too.
    const int rc = compress2(bytes + FRAME_BYTES, &len, (const Bytef *)payload->ptr,
                             (uLong)payload->len, Z_BEST_COMPRESSION);
    WEIR_ASSERT(rc == Z_OK);
    weir__hlog_put_u32(bytes, COOKIE | COOKIE_TLZE);
    weir__hlog_put_u32(bytes + 4, (uint32_t)len);
    out.len = FRAME_BYTES + len;
    return out;
}

bool weir_hlog_encode(const struct weir_hist *hist, struct weir_buf *out)
{
    struct weir_buf payload;
    weir_buf_init(&payload,
                  WEIR__HLOG_HEADER_BYTES + weir_hist_slot_count(hist) * WEIR__HLOG_COUNT_BYTES);
    const bool is_whole = weir__hlog_add_payload(hist, &payload);
    WEIR_ASSERT(is_whole);
    struct weir_buf frame = deflate_payload(&payload);
    const size_t word_len = (frame.len + 2) / 3 * 4;
    const bool has_room = word_len <= out->cap - out->len;
    if (has_room) {
        weir_buf_reserve(out, out->len + word_len);
        (void)weir__base64_add((const uint8_t *)frame.ptr, frame.len, out);
    }
    out->overflow = out->overflow || !has_room;
    weir_buf_free(&frame);
    weir_buf_free(&payload);
    return has_room;
}

static weir_status refuse_cookie(uint32_t cookie, struct weir_err *err)
{
    static const struct {
        uint32_t cookie;
        const char *name;
    } others[] = {
        {0x1c849302U, "a V1 histogram"},
        {0x1c849309U, "a V0 histogram"},
        {0x0c72124fU, "a histogram of floating point numbers"},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(others); i++) {
        if ((cookie & COOKIE_BASE) == (others[i].cookie & COOKIE_BASE)) {
            return weir_fail(
                err, WEIR_INVALID,
                "%s: weir reads histograms of integers in encoding V2; write the log again "
                "with a current HdrHistogram library",
                others[i].name);
        }
    }
    return weir_fail(err, WEIR_INVALID,
                     "histogram begins with 0x%08x, not with the V2 cookie; " WEIR__HLOG_DAMAGED,
                     cookie);
}

static weir_status fail_inflate(int rc, struct weir_err *err)
{
    if (rc == Z_MEM_ERROR) {
        return weir_fail(err, WEIR_SYSTEM, "out of memory while inflating a histogram");
    }
    return weir_fail(err, WEIR_INVALID,
                     "histogram does not inflate to what it says; " WEIR__HLOG_DAMAGED);
}

/** Inflate the counts, which follow the fixed part. */
static weir_status inflate_counts(z_stream *stream, const struct weir__hlog_layout *layout,
                                  struct weir_hist **out, struct weir_err *err)
{
    uint8_t *bytes = weir_alloc(layout->payload_bytes + 1, 1);
    stream->next_out = bytes;
    stream->avail_out = (uInt)layout->payload_bytes + 1; // one more, to see a stream that goes on
    const int rc = inflate(stream, Z_FINISH);
    weir_status status = WEIR_OK;
    if (rc != Z_STREAM_END || stream->avail_out != 1 || stream->avail_in != 0) {
        status = fail_inflate(rc, err);
    } else {
        status = weir__hlog_read_counts(layout, bytes, out, err);
    }
    weir_free(bytes);
    return status;
}

static weir_status inflate_payload(const uint8_t *bytes, size_t len, struct weir_hist **out,
                                   struct weir_err *err)
{
    uint8_t fixed[WEIR__HLOG_HEADER_BYTES];
    z_stream stream = {.next_in = bytes, .avail_in = (uInt)len};
    int rc = inflateInit(&stream);
    if (rc != Z_OK) {
        return fail_inflate(rc, err);
    }
    stream.next_out = fixed;
    stream.avail_out = sizeof(fixed);
    rc = inflate(&stream, Z_SYNC_FLUSH);
    weir_status status = WEIR_OK;
    struct weir__hlog_layout layout = {0};
    if ((rc != Z_OK && rc != Z_STREAM_END) || stream.avail_out != 0) {
        status = fail_inflate(rc, err);
    } else {
        status = weir__hlog_read_header(fixed, &layout, err);
    }
    if (status == WEIR_OK) {
        status = inflate_counts(&stream, &layout, out, err);
    }
    (void)inflateEnd(&stream);
    return status;
}

static weir_status read_frame(const uint8_t *bytes, size_t len, struct weir_hist **out,
                              struct weir_err *err)
{
    if (len < FRAME_BYTES) {
        return weir_fail(err, WEIR_INVALID,
                         "histogram of %zu bytes: too short; " WEIR__HLOG_DAMAGED, len);
    }
    const uint32_t cookie = weir__hlog_get_u32(bytes);
    if ((cookie & COOKIE_BASE) != COOKIE) {
        return refuse_cookie(cookie, err);
    }
    const size_t said = weir__hlog_get_u32(bytes + 4);
    if (said != len - FRAME_BYTES) {
        return weir_fail(err, WEIR_INVALID,
                         "histogram says %zu bytes and has %zu; " WEIR__HLOG_DAMAGED, said,
                         len - FRAME_BYTES);
    }
    return inflate_payload(bytes + FRAME_BYTES, len - FRAME_BYTES, out, err);
}

weir_status weir_hlog_decode(struct weir_slice word, struct weir_hist **out, struct weir_err *err)
{
    if (word.len > WORD_BYTES_CAP) {
        return weir_fail(err, WEIR_INVALID,
                         "histogram of %zu characters: more than any histogram needs", word.len);
    }
    uint8_t *bytes = weir_alloc(word.len / 4 + 1, 3);
    size_t len = 0;
    weir_status status = WEIR_OK;
    if (weir__base64_decode(word, bytes, &len)) {
        status = read_frame(bytes, len, out, err);
    } else {
        status = weir_fail(err, WEIR_INVALID, "histogram is not base64; " WEIR__HLOG_DAMAGED);
    }
    weir_free(bytes);
    return status;
}
