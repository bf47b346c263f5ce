// Text from outside made safe to print: see text.h.
#include "weir/result/text.h"

#include <stdint.h>
#include <string.h>

/** Code point of `count` bytes of UTF-8 at `bytes`, or UINT32_MAX when they are not one (overlong,
 * surrogate, cut off). */
static uint32_t decode(const unsigned char *bytes, size_t count)
{
    static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t code = count == 1 ? bytes[0] : bytes[0] & (0x7FU >> count);
    for (size_t i = 1; i < count; i++) {
        if ((bytes[i] & 0xC0U) != 0x80U) {
            return UINT32_MAX;
        }
        code = (code << 6) | (bytes[i] & 0x3FU);
    }
    bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code < lowest[count] || code > 0x10FFFF || is_surrogate ? UINT32_MAX : code;
}

/** Length of the character that begins with `first` as UTF-8 has it; 0 when no character does. */
static size_t sequence_bytes(unsigned char first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xC2) {
        return 0;
    }
    return first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
}

/** What to write for the next character: sets its length; NULL: as it is. */
static const char *replacement(const unsigned char *at, size_t left, size_t *bytes)
{
    size_t wanted = sequence_bytes(at[0]);
    *bytes = 1;
    if (wanted == 0 || wanted > left) {
        return "?";
    }
    uint32_t code = decode(at, wanted);
    if (code == UINT32_MAX) {
        return "?";
    }
    *bytes = wanted;
    if (code == '\n' || code == '\r' || code == '\t') {
        return " ";
    }
    bool is_control = code < 0x20 || (code >= 0x7F && code < 0xA0);
    return is_control ? "?" : NULL;
}

const char *weir_text_clean(const char *text, size_t len, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < len;) {
        size_t bytes = 0;
        const char *other = replacement((const unsigned char *)text + i, len - i, &bytes);
        const char *from = other != NULL ? other : text + i;
        size_t wanted = other != NULL ? 1 : bytes;
        bool is_repeated_blank =
            other != NULL && *other == ' ' && (used == 0 || out[used - 1] == ' ');
        if (!is_repeated_blank) {
            if (used + wanted >= size) {
                break;
            }
            memcpy(out + used, from, wanted);
            used += wanted;
        }
        i += bytes;
    }
    if (used > 0 && used <= len && out[used - 1] == ' ' && len > 0 && text[len - 1] == '\n') {
        used--; // the line end that most messages bring
    }
    if (size > 0) {
        out[used] = '\0';
    }
    return out;
}

size_t weir_text_width(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++) {
        width += ((unsigned char)*text & 0xC0U) != 0x80U;
    }
    return width;
}

size_t weir_text_bytes(const char *text, size_t columns)
{
    size_t i = 0;
    for (size_t seen = 0; text[i] != '\0'; i++) {
        bool is_start = ((unsigned char)text[i] & 0xC0U) != 0x80U;
        if (is_start && seen++ == columns) {
            break;
        }
    }
    return i;
}

bool weir_text_add_csv(struct weir_buf *buf, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        return weir_buf_add_str(buf, text);
    }
    (void)weir_buf_add_char(buf, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            (void)weir_buf_add_char(buf, '"');
        }
        (void)weir_buf_add_char(buf, *text);
    }
    return weir_buf_add_char(buf, '"') && !buf->overflow;
}

bool weir_text_add_markdown(struct weir_buf *buf, const char *text)
{
    char clean[1024];
    (void)weir_text_clean(text, strlen(text), clean, sizeof(clean));
    for (const char *c = clean; *c != '\0'; c++) {
        if (strchr("|`*<\\", *c) != NULL) {
            (void)weir_buf_add_char(buf, '\\');
        }
        (void)weir_buf_add_char(buf, *c);
    }
    return !buf->overflow;
}
