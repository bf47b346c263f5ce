/** json_internal.h: what json.c and json_decode.c share. */
#ifndef WEIR_WIRE_JSON_INTERNAL_H
#define WEIR_WIRE_JSON_INTERNAL_H

#include "weir/wire/json.h"

static inline bool weir__is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/** True for a byte of a string that stands for itself. */
static inline bool weir__json_is_plain(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

/** Bytes of the escape or the character beyond ASCII at `at`; 0 when it is broken. */
size_t weir__json_special_len(const char *at, const char *end);

/** Value of the four digits of a \u escape, or -1. */
int32_t weir__json_hex4(const char *at, const char *end);

/** Value of a well-formed number, cut off and clamped. */
int64_t weir__json_i64(struct weir_slice raw);

/** The same as a double, as near as one comes to it. */
double weir__json_f64(struct weir_slice raw);

#endif
