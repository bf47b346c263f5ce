// What raw JSON stands for: numbers, and strings without their escapes. Apart from json.c since it
// is needed for a few values of an answer only.
#include "json_internal.h"

// ---- numbers -----------------------------------------------------------------------------------

/** 10^exponent times value, or as near as a double comes to it. */
static double scaled(double value, int exponent)
{
    for (; exponent > 0; exponent--) {
        value *= 10;
    }
    for (; exponent < 0; exponent++) {
        value /= 10;
    }
    return value;
}

enum { EXPONENT_MAX = 700 }; // beyond it any number of digits we read is 0 or infinite

/** Exponent written behind an 'e', clamped. */
static int read_exponent(const char *at, const char *end)
{
    const bool is_negative = at < end && *at == '-';
    int exponent = 0;
    for (at += at < end && !weir__is_digit(*at) ? 1 : 0; at < end; at++) {
        exponent = exponent < EXPONENT_MAX ? exponent * 10 + (*at - '0') : EXPONENT_MAX;
    }
    exponent = exponent < EXPONENT_MAX ? exponent : EXPONENT_MAX;
    return is_negative ? -exponent : exponent;
}

double weir__json_f64(struct weir_slice raw)
{
    const char *const end = raw.ptr + raw.len;
    const bool is_negative = raw.ptr[0] == '-';
    double value = 0;
    int exponent = 0;
    bool is_fraction = false;
    for (const char *at = raw.ptr + (is_negative ? 1 : 0); at < end; at++) {
        if (*at == '.') {
            is_fraction = true;
        } else if (!weir__is_digit(*at)) {
            exponent += read_exponent(at + 1, end);
            break;
        } else if (value < 1e17) {
            value = value * 10 + (*at - '0');
            exponent -= is_fraction ? 1 : 0;
        } else {
            exponent +=
                is_fraction || exponent >= EXPONENT_MAX ? 0 : 1; // a digit that cannot matter
        }
    }
    value = value > 0 ? scaled(value, exponent) : 0;
    return is_negative ? -value : value;
}

/** Whole numbers of up to 18 digits, the usual case, exactly; false for any other. */
static bool read_whole(struct weir_slice raw, int64_t *out)
{
    const size_t sign = raw.ptr[0] == '-' ? 1 : 0;
    if (raw.len > 18 + sign) {
        return false;
    }
    int64_t value = 0;
    for (size_t i = sign; i < raw.len; i++) {
        if (!weir__is_digit(raw.ptr[i])) {
            return false;
        }
        value = value * 10 + (raw.ptr[i] - '0');
    }
    *out = sign != 0 ? -value : value;
    return true;
}

int64_t weir__json_i64(struct weir_slice raw)
{
    int64_t whole = 0;
    if (read_whole(raw, &whole)) {
        return whole;
    }
    const double value = weir__json_f64(raw);
    if (value >= 0x1p63) {
        return INT64_MAX;
    }
    return value <= -0x1p63 ? INT64_MIN : (int64_t)value;
}

// ---- escapes -----------------------------------------------------------------------------------

/** Value of a hexadecimal digit, -1 when it is none. */
static int hex_digit(char c)
{
    if (weir__is_digit(c)) {
        return c - '0';
    }
    const char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

int32_t weir__json_hex4(const char *at, const char *end)
{
    if (end - at < 4) {
        return -1;
    }
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        const int digit = hex_digit(at[i]);
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

static bool add_utf8(struct weir_buf *out, uint32_t code)
{
    char bytes[4];
    size_t len = 0;
    if (code < 0x80) {
        bytes[len++] = (char)code;
    } else if (code < 0x800) {
        bytes[len++] = (char)(0xc0 | code >> 6);
    } else if (code < 0x10000) {
        bytes[len++] = (char)(0xe0 | code >> 12);
        bytes[len++] = (char)(0x80 | (code >> 6 & 0x3f));
    } else {
        bytes[len++] = (char)(0xf0 | code >> 18);
        bytes[len++] = (char)(0x80 | (code >> 12 & 0x3f));
        bytes[len++] = (char)(0x80 | (code >> 6 & 0x3f));
    }
    if (code >= 0x80) {
        bytes[len++] = (char)(0x80 | (code & 0x3f));
    }
    return weir_buf_add(out, bytes, len);
}

static bool is_surrogate(int32_t unit, int32_t first)
{
    return unit >= first && unit < first + 0x400;
}

/** Code point of the \u escape at `at`; `*len` its bytes, those of a second half included. */
static uint32_t read_unicode(const char *at, const char *end, size_t *len)
{
    const int32_t unit = weir__json_hex4(at + 2, end);
    *len = 6;
    if (!is_surrogate(unit, 0xd800) && !is_surrogate(unit, 0xdc00)) {
        return (uint32_t)unit;
    }
    const bool is_pair = is_surrogate(unit, 0xd800) && end - at >= 12 && at[6] == '\\' &&
                         at[7] == 'u' && is_surrogate(weir__json_hex4(at + 8, end), 0xdc00);
    if (!is_pair) {
        return 0xfffd;
    }
    *len = 12;
    return 0x10000U + (((uint32_t)unit & 0x3ff) << 10) +
           ((uint32_t)weir__json_hex4(at + 8, end) & 0x3ff);
}

bool weir_json_unescape(struct weir_slice raw, struct weir_buf *out)
{
    static const char NAMES[] = "\"\\/bfnrt";
    static const char MEANS[] = "\"\\/\b\f\n\r\t";
    const char *at = raw.ptr;
    const char *const end = raw.ptr + raw.len;
    bool fits = true;
    while (at < end && fits) {
        size_t len = weir__json_is_plain(*at) ? 1 : weir__json_special_len(at, end);
        len = len > 0 ? len : 1; // broken: copy the byte
        if (len == 6) {
            const uint32_t code = read_unicode(at, end, &len);
            fits = add_utf8(out, code);
        } else if (*at == '\\' && len == 2) {
            fits = weir_buf_add_char(out, MEANS[strchr(NAMES, at[1]) - NAMES]);
        } else {
            fits = weir_buf_add(out, at, len);
        }
        at += len;
    }
    return fits;
}
