// Base64 with the standard alphabet and padding (RFC 4648 section 4). What decodes encodes to the
// same text again.
#include <string.h>

#include "hlog_internal.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool add_group(const uint8_t *bytes, size_t len, struct weir_buf *out)
{
    uint32_t bits = (uint32_t)bytes[0] << 16;
    bits |= len > 1 ? (uint32_t)bytes[1] << 8 : 0;
    bits |= len > 2 ? bytes[2] : 0;
    char group[4] = {'=', '=', '=', '='};
    for (size_t i = 0; i <= len; i++) {
        group[i] = alphabet[bits >> (18 - 6 * i) & 63];
    }
    return weir_buf_add(out, group, sizeof(group));
}

bool weir__base64_add(const uint8_t *bytes, size_t len, struct weir_buf *out)
{
    for (size_t i = 0; i < len; i += 3) {
        if (!add_group(bytes + i, len - i < 3 ? len - i : 3, out)) {
            return false;
        }
    }
    return true;
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == '+') {
        return 62;
    }
    return c == '/' ? 63 : -1;
}

/** `chars` of the four are no padding. False on a character that is none of the alphabet, or when
 * bits beyond the last whole byte are set. */
static bool read_group(const char *text, size_t chars, uint8_t *out)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        const int value = i < chars ? value_of(text[i]) : 0;
        if (value < 0) {
            return false;
        }
        bits = bits << 6 | (uint32_t)value;
    }
    const size_t bytes = chars - 1;
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (uint8_t)(bits >> (16 - 8 * i));
    }
    return (bits & ((1U << (24 - 8 * bytes)) - 1)) == 0;
}

bool weir__base64_decode(struct weir_slice text, uint8_t *out, size_t *len)
{
    if (text.len == 0 || text.len % 4 != 0) {
        return false;
    }
    size_t padding = text.ptr[text.len - 1] == '=';
    padding += padding > 0 && text.ptr[text.len - 2] == '=';
    size_t written = 0;
    for (size_t i = 0; i < text.len; i += 4) {
        const size_t chars = i + 4 < text.len ? 4 : 4 - padding;
        if (!read_group(text.ptr + i, chars, out + written)) {
            return false;
        }
        written += chars - 1;
    }
    *len = written;
    return true;
}
