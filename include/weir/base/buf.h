/** buf.h: bytes that grow up to a cap. There is no unbounded buffer in weir: reaching the cap is an
 *  error the caller must see. One thread at a time. */
#ifndef WEIR_BASE_BUF_H
#define WEIR_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/base/attr.h"

/** Content is `ptr[0..len)`, always followed by a NUL that is not counted. */
struct weir_buf {
    char *ptr;     // NULL until the first byte
    size_t len;    // bytes held
    size_t size;   // bytes allocated
    size_t cap;    // content never grows beyond this
    bool overflow; // an append was refused since the last clear
};

/** An empty buffer that may hold up to `cap_bytes`. Allocates nothing. */
void weir_buf_init(struct weir_buf *buf, size_t cap_bytes);

/** Make room for `bytes` of content now, so that later appends within it allocate nothing. */
void weir_buf_reserve(struct weir_buf *buf, size_t bytes);

void weir_buf_free(struct weir_buf *buf);

/** Forget the content and the overflow mark; keep the memory. */
void weir_buf_clear(struct weir_buf *buf);

/** Append. False (nothing appended, `overflow` set) when the cap would be passed. */
bool weir_buf_add(struct weir_buf *buf, const void *bytes, size_t len);
bool weir_buf_add_str(struct weir_buf *buf, const char *text);
bool weir_buf_add_char(struct weir_buf *buf, char c);
bool weir_buf_addf(struct weir_buf *buf, const char *format, ...) WEIR_PRINTF(2, 3);

/** Append `text` as the inside of a JSON string (quotes not included): escapes ", \ and control
 * characters. */
bool weir_buf_add_json(struct weir_buf *buf, const char *text, size_t len);

/** Drop the first `bytes` of content. */
void weir_buf_consume(struct weir_buf *buf, size_t bytes);

/** The content; "" when empty. Valid until the next append or free. */
const char *weir_buf_text(const struct weir_buf *buf);

#endif
