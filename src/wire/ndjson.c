// One JSON value a line: see ndjson.h. Lines are found by memchr and handed on where they lie.
#include "weir/wire/ndjson.h"

#include <string.h>

void weir_ndjson_init(struct weir_ndjson *ndjson, size_t line_cap, size_t reserve)
{
    *ndjson = (struct weir_ndjson){.ended = WEIR_NDJSON_OK};
    weir_buf_init(&ndjson->line, line_cap);
    if (reserve > 0) {
        weir_buf_reserve(&ndjson->line, reserve);
    }
}

void weir_ndjson_free(struct weir_ndjson *ndjson)
{
    weir_buf_free(&ndjson->line);
}

void weir_ndjson_reset(struct weir_ndjson *ndjson)
{
    weir_buf_clear(&ndjson->line);
    ndjson->ended = WEIR_NDJSON_OK;
}

/** Without the CR of a CR LF, and blanks at both ends. */
static struct weir_slice bare(struct weir_slice line)
{
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    return weir_slice_trim(line);
}

static enum weir_ndjson_result take_line(const struct weir_ndjson *ndjson, struct weir_slice line,
                                         weir_ndjson_fn *on_line, void *context)
{
    if (line.len > ndjson->line.cap) {
        return WEIR_NDJSON_TOO_LARGE;
    }
    const struct weir_slice text = bare(line);
    return text.len == 0 || on_line(context, text) ? WEIR_NDJSON_OK : WEIR_NDJSON_STOPPED;
}

/** The end of a line that began in an earlier call. */
static enum weir_ndjson_result take_joined(struct weir_ndjson *ndjson, struct weir_slice tail,
                                           weir_ndjson_fn *on_line, void *context)
{
    if (!weir_buf_add(&ndjson->line, tail.ptr, tail.len)) {
        return WEIR_NDJSON_TOO_LARGE;
    }
    const struct weir_slice line = {weir_buf_text(&ndjson->line), ndjson->line.len};
    const enum weir_ndjson_result result = take_line(ndjson, line, on_line, context);
    weir_buf_clear(&ndjson->line);
    return result;
}

enum weir_ndjson_result weir_ndjson_feed(struct weir_ndjson *ndjson, const char *bytes, size_t len,
                                         weir_ndjson_fn *on_line, void *context)
{
    size_t at = 0;
    while (ndjson->ended == WEIR_NDJSON_OK && at < len) {
        const char *end = memchr(bytes + at, '\n', len - at);
        if (end == NULL) {
            const bool fits = weir_buf_add(&ndjson->line, bytes + at, len - at);
            ndjson->ended = fits ? WEIR_NDJSON_OK : WEIR_NDJSON_TOO_LARGE;
            break;
        }
        const struct weir_slice line = {bytes + at, (size_t)(end - bytes) - at};
        ndjson->ended = ndjson->line.len > 0 ? take_joined(ndjson, line, on_line, context)
                                             : take_line(ndjson, line, on_line, context);
        at += line.len + 1;
    }
    return ndjson->ended;
}

enum weir_ndjson_result weir_ndjson_finish(struct weir_ndjson *ndjson, weir_ndjson_fn *on_line,
                                           void *context)
{
    if (ndjson->ended == WEIR_NDJSON_OK && ndjson->line.len > 0) {
        ndjson->ended = take_joined(ndjson, (struct weir_slice){"", 0}, on_line, context);
    }
    return ndjson->ended;
}
