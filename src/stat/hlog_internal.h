/** hlog_internal.h: the layers of the histogram encoding between hlog.c, hlog_payload.c and
 * hlog_base64.c. */
#ifndef WEIR_STAT_HLOG_INTERNAL_H
#define WEIR_STAT_HLOG_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/base/buf.h"
#include "weir/base/status.h"
#include "weir/base/str.h"
#include "weir/stat/hist.h"

/** What errors about encoded bytes end with. */
#define WEIR__HLOG_DAMAGED                                                                         \
    "the line is damaged or was cut short: take it from the original log again"

/** Bytes of the payload's fixed part: cookie, payload length, normalizing index offset, digits,
 * lowest, highest, conversion ratio; all big-endian. The counts follow. */
#define WEIR__HLOG_HEADER_BYTES 40

/** A count takes at most so many bytes: LEB128 with 8 bits in the ninth byte. */
#define WEIR__HLOG_COUNT_BYTES 9

/** What the fixed part says, checked. Unlike weir's own histograms, those of others may have a unit
 * of 2^unit_bits. */
struct weir__hlog_layout {
    int digits; // 0 to 5
    int64_t highest;
    unsigned unit_bits;
    unsigned sub_bits; // values below 2^(sub_bits + unit_bits) lie in slots one unit wide
    size_t buckets;
    size_t slots;
    size_t payload_bytes; // of encoded counts
};

uint32_t weir__hlog_get_u32(const uint8_t *bytes);
void weir__hlog_put_u32(uint8_t *bytes, uint32_t value);

/** Append fixed part and counts of `hist`. */
bool weir__hlog_add_payload(const struct weir_hist *hist, struct weir_buf *out);

/** Read the WEIR__HLOG_HEADER_BYTES at `bytes`. */
weir_status weir__hlog_read_header(const uint8_t *bytes, struct weir__hlog_layout *out,
                                   struct weir_err *err) WEIR_MUST_USE;

/** Make a histogram of the layout->payload_bytes at `bytes`. */
weir_status weir__hlog_read_counts(const struct weir__hlog_layout *layout, const uint8_t *bytes,
                                   struct weir_hist **out, struct weir_err *err) WEIR_MUST_USE;

/** Append `bytes` in base64 with padding. */
bool weir__base64_add(const uint8_t *bytes, size_t len, struct weir_buf *out);

/** Decode padded base64 into `out`, which has room for text.len / 4 * 3 bytes. False when it is not
 * canonical. */
bool weir__base64_decode(struct weir_slice text, uint8_t *out, size_t *len);

#endif
