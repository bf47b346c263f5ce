/** utf8.h: length of one UTF-8 character. Internal to wire. */
#ifndef WEIR_WIRE_UTF8_H
#define WEIR_WIRE_UTF8_H

#include <stddef.h>

/** Bytes of the character beyond ASCII at `at`, of which `left` > 0 bytes may be read; 0 when it is
 * not well-formed (overlong, a surrogate, above U+10FFFF, or cut off). */
static inline size_t weir__utf8_len(const char *at, size_t left)
{
    const unsigned char *byte = (const unsigned char *)at;
    const unsigned char lead = byte[0];
    const size_t len = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (len == 0 || len > left) {
        return 0;
    }
    const unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (byte[1] < low || byte[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if ((byte[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return len;
}

#endif
