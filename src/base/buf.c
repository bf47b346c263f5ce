// Capped growable bytes: see buf.h.
#include "weir/base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "weir/base/mem.h"

void weir_buf_init(struct weir_buf *buf, size_t cap_bytes)
{
    *buf = (struct weir_buf){.cap = cap_bytes};
}

static void grow_to(struct weir_buf *buf, size_t content)
{
    if (content + 1 <= buf->size) {
        return;
    }
    size_t size = buf->size > 0 ? buf->size : 64;
    while (size < content + 1) {
        size = size <= SIZE_MAX / 2 ? size * 2 : SIZE_MAX;
    }
    buf->ptr = weir_realloc(buf->ptr, size, 1);
    buf->size = size;
    buf->ptr[buf->len] = '\0';
}

void weir_buf_reserve(struct weir_buf *buf, size_t bytes)
{
    grow_to(buf, bytes < buf->cap ? bytes : buf->cap);
}

void weir_buf_free(struct weir_buf *buf)
{
    weir_free(buf->ptr);
    weir_buf_init(buf, buf->cap);
}

void weir_buf_clear(struct weir_buf *buf)
{
    buf->len = 0;
    buf->overflow = false;
    if (buf->ptr != NULL) {
        buf->ptr[0] = '\0';
    }
}

bool weir_buf_add(struct weir_buf *buf, const void *bytes, size_t len)
{
    if (len > buf->cap - buf->len) {
        buf->overflow = true;
        return false;
    }
    if (len == 0) {
        return true;
    }
    grow_to(buf, buf->len + len);
    memcpy(buf->ptr + buf->len, bytes, len);
    buf->len += len;
    buf->ptr[buf->len] = '\0';
    return true;
}

bool weir_buf_add_str(struct weir_buf *buf, const char *text)
{
    return weir_buf_add(buf, text, strlen(text));
}

bool weir_buf_add_char(struct weir_buf *buf, char c)
{
    return weir_buf_add(buf, &c, 1);
}

bool weir_buf_addf(struct weir_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int wanted = vsnprintf(NULL, 0, format, args);
    va_end(args);
    bool fits = wanted >= 0 && (size_t)wanted <= buf->cap - buf->len;
    if (fits) {
        grow_to(buf, buf->len + (size_t)wanted);
        (void)vsnprintf(buf->ptr + buf->len, (size_t)wanted + 1, format, again);
        buf->len += (size_t)wanted;
    } else {
        buf->overflow = true;
    }
    va_end(again);
    return fits;
}

/** The two-character escape of `c`, or NULL when it has none. */
static const char *short_escape(unsigned char c)
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        return NULL;
    }
}

/** As weir_buf_add_json(), but leaves behind what fitted. */
static bool add_escaped(struct weir_buf *buf, const char *text, size_t len)
{
    size_t run = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        const char *escape = short_escape(c);
        if (escape == NULL && c >= 0x20) {
            run++;
            continue;
        }
        bool fits =
            weir_buf_add(buf, text + i - run, run) &&
            (escape != NULL ? weir_buf_add_str(buf, escape) : weir_buf_addf(buf, "\\u%04x", c));
        if (!fits) {
            return false;
        }
        run = 0;
    }
    return run == 0 || weir_buf_add(buf, text + len - run, run);
}

bool weir_buf_add_json(struct weir_buf *buf, const char *text, size_t len)
{
    size_t before = buf->len;
    if (add_escaped(buf, text, len)) {
        return true;
    }
    buf->len = before;
    if (buf->ptr != NULL) {
        buf->ptr[before] = '\0';
    }
    return false;
}

void weir_buf_consume(struct weir_buf *buf, size_t bytes)
{
    WEIR_ASSERT(bytes <= buf->len);
    if (bytes == 0) {
        return;
    }
    memmove(buf->ptr, buf->ptr + bytes, buf->len - bytes);
    buf->len -= bytes;
    buf->ptr[buf->len] = '\0';
}

const char *weir_buf_text(const struct weir_buf *buf)
{
    return buf->ptr != NULL ? buf->ptr : "";
}
