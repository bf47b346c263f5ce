// Server-sent events: see sse.h. Lines are found by memchr and handed on where they lie; bytes are
// copied only when an event continues beyond the call that began it.
#include "weir/wire/sse.h"

#include <stdint.h>
#include <string.h>

static const char BOM[3] = "\xef\xbb\xbf";

enum { TYPE_RESERVE = 64 }; // event types are one word

void weir_sse_init(struct weir_sse *sse, size_t event_cap, size_t reserve)
{
    *sse = (struct weir_sse){.has_data = false};
    weir_buf_init(&sse->line, event_cap);
    weir_buf_init(&sse->data, event_cap);
    weir_buf_init(&sse->type, event_cap);
    if (reserve > 0) {
        weir_buf_reserve(&sse->line, reserve);
        weir_buf_reserve(&sse->data, reserve);
        weir_buf_reserve(&sse->type, TYPE_RESERVE);
    }
}

void weir_sse_free(struct weir_sse *sse)
{
    weir_buf_free(&sse->line);
    weir_buf_free(&sse->data);
    weir_buf_free(&sse->type);
}

void weir_sse_reset(struct weir_sse *sse)
{
    weir_buf_clear(&sse->line);
    weir_buf_clear(&sse->data);
    weir_buf_clear(&sse->type);
    sse->has_data = false;
    sse->after_cr = false;
    sse->is_begun = false;
    sse->bom_seen = 0;
    sse->ended = WEIR_SSE_OK;
}

/** One call of feed or finish. The views point into its bytes or into the line buffer; they are
 * copied into the stream's own buffers only if the event is still open when the call ends. */
struct scan {
    struct weir_sse *sse;
    weir_sse_fn *on_event;
    void *context;
    const char *bytes;
    size_t len;
    size_t at;              // first byte not consumed
    size_t lf;              // next LF at or behind `at`; len: none
    size_t cr;              // next CR likewise
    bool is_line_used;      // the line buffer has become a whole line
    struct weir_slice data; // the only data line of the open event so far, ptr NULL: none
    struct weir_slice type; // its type if set in this call, ptr NULL: not set
};

static size_t find(const struct scan *scan, char c)
{
    if (scan->at == scan->len) {
        return scan->len;
    }
    const char *hit = memchr(scan->bytes + scan->at, c, scan->len - scan->at);
    return hit != NULL ? (size_t)(hit - scan->bytes) : scan->len;
}

/** Swallow a byte order mark at the very start, which may come in pieces. False: line too large. */
static bool skip_bom(struct scan *scan)
{
    struct weir_sse *sse = scan->sse;
    while (!sse->is_begun && scan->at < scan->len) {
        if (scan->bytes[scan->at] != BOM[sse->bom_seen]) {
            sse->is_begun = true; // no mark after all: what looked like one is text
            return weir_buf_add(&sse->line, BOM, sse->bom_seen);
        }
        scan->at++;
        sse->bom_seen++;
        sse->is_begun = sse->bom_seen == sizeof(BOM);
    }
    return true;
}

/** Cut the next whole line out of the call's bytes; false when what is left has no line end. */
static bool next_line(struct scan *scan, struct weir_slice *line)
{
    if (scan->lf < scan->at) {
        scan->lf = find(scan, '\n');
    }
    if (scan->cr < scan->at) {
        scan->cr = find(scan, '\r');
    }
    const size_t stop = scan->lf < scan->cr ? scan->lf : scan->cr;
    if (stop == scan->len) {
        return false;
    }
    *line = (struct weir_slice){scan->bytes + scan->at, stop - scan->at};
    scan->at = stop + 1;
    if (stop == scan->cr) {
        scan->sse->after_cr = scan->at == scan->len;
        scan->at += scan->lf == scan->at && scan->at < scan->len ? 1 : 0;
    }
    return true;
}

/** Move the open event's views into the stream's buffers. False: data too large. */
static bool keep_views(struct scan *scan)
{
    struct weir_sse *sse = scan->sse;
    if (scan->type.ptr != NULL) {
        weir_buf_clear(&sse->type);
        if (!weir_buf_add(&sse->type, scan->type.ptr, scan->type.len)) {
            return false;
        }
        scan->type.ptr = NULL;
    }
    if (scan->data.ptr == NULL) {
        return true;
    }
    sse->has_data = true;
    const bool fits = weir_buf_add(&sse->data, scan->data.ptr, scan->data.len);
    scan->data.ptr = NULL;
    return fits;
}

static bool add_data(struct scan *scan, struct weir_slice value)
{
    struct weir_sse *sse = scan->sse;
    if (!sse->has_data && scan->data.ptr == NULL) {
        scan->data = value;
        return true;
    }
    return keep_views(scan) && weir_buf_add_char(&sse->data, '\n') &&
           weir_buf_add(&sse->data, value.ptr, value.len);
}

/** If the line is the field `name`, set its value: what follows the colon and one blank, else "".
 */
static bool is_field(struct weir_slice line, const char *name, struct weir_slice *value)
{
    const size_t name_len = strlen(name);
    if (line.len < name_len || memcmp(line.ptr, name, name_len) != 0) {
        return false;
    }
    *value = (struct weir_slice){line.ptr + name_len, line.len - name_len};
    if (value->len == 0) {
        return true;
    }
    if (value->ptr[0] != ':') {
        return false;
    }
    const size_t skipped = value->len > 1 && value->ptr[1] == ' ' ? 2 : 1;
    value->ptr += skipped;
    value->len -= skipped;
    return true;
}

/** The blank line: pass the open event on, if it has data, and forget it. */
static enum weir_sse_result dispatch(struct scan *scan)
{
    struct weir_sse *sse = scan->sse;
    const struct weir_slice held_data = {weir_buf_text(&sse->data), sse->data.len};
    const struct weir_slice held_type = {weir_buf_text(&sse->type), sse->type.len};
    const struct weir_sse_event event = {
        .type = scan->type.ptr != NULL ? scan->type : held_type,
        .data = scan->data.ptr != NULL ? scan->data : held_data,
    };
    const bool goes_on = event.data.len == 0 || scan->on_event(scan->context, &event);
    scan->data.ptr = NULL;
    scan->type.ptr = NULL;
    sse->has_data = false;
    weir_buf_clear(&sse->data);
    weir_buf_clear(&sse->type);
    return goes_on ? WEIR_SSE_OK : WEIR_SSE_STOPPED;
}

static enum weir_sse_result take_line(struct scan *scan, struct weir_slice line)
{
    if (line.len == 0) {
        return dispatch(scan);
    }
    if (line.len > scan->sse->line.cap) {
        return WEIR_SSE_TOO_LARGE;
    }
    struct weir_slice value;
    if (is_field(line, "data", &value)) {
        return add_data(scan, value) ? WEIR_SSE_OK : WEIR_SSE_TOO_LARGE;
    }
    if (is_field(line, "event", &value)) {
        scan->type = value;
    }
    return WEIR_SSE_OK; // comments, id, retry and what nobody knows
}

/** The end of a line that began in an earlier call: complete it in the line buffer. */
static enum weir_sse_result take_joined(struct scan *scan, struct weir_slice tail)
{
    struct weir_buf *joined = &scan->sse->line;
    scan->is_line_used = true;
    if (!weir_buf_add(joined, tail.ptr, tail.len)) {
        return WEIR_SSE_TOO_LARGE;
    }
    return take_line(scan, (struct weir_slice){joined->ptr, joined->len});
}

static enum weir_sse_result take_lines(struct scan *scan)
{
    struct weir_slice line;
    while (next_line(scan, &line)) {
        const bool is_tail = scan->sse->line.len > 0 && !scan->is_line_used;
        const enum weir_sse_result result =
            is_tail ? take_joined(scan, line) : take_line(scan, line);
        if (result != WEIR_SSE_OK) {
            return result;
        }
    }
    return WEIR_SSE_OK;
}

/** The call's bytes are used up to an unfinished line: keep the open event and that line. */
static enum weir_sse_result keep_rest(struct scan *scan)
{
    if (!keep_views(scan)) {
        return WEIR_SSE_TOO_LARGE;
    }
    if (scan->is_line_used) {
        weir_buf_clear(&scan->sse->line);
    }
    const size_t rest = scan->len - scan->at;
    const bool fits = rest == 0 || weir_buf_add(&scan->sse->line, scan->bytes + scan->at, rest);
    return fits ? WEIR_SSE_OK : WEIR_SSE_TOO_LARGE;
}

enum weir_sse_result weir_sse_feed(struct weir_sse *sse, const char *bytes, size_t len,
                                   weir_sse_fn *on_event, void *context)
{
    if (sse->ended != WEIR_SSE_OK || len == 0) {
        return sse->ended;
    }
    struct scan scan = {
        .sse = sse, .on_event = on_event, .context = context, .bytes = bytes, .len = len};
    if (sse->after_cr) {
        sse->after_cr = false;
        scan.at = bytes[0] == '\n' ? 1 : 0;
    }
    if (!skip_bom(&scan)) {
        return sse->ended = WEIR_SSE_TOO_LARGE;
    }
    scan.lf = find(&scan, '\n');
    scan.cr = find(&scan, '\r');
    sse->ended = take_lines(&scan);
    if (sse->ended == WEIR_SSE_OK) {
        sse->ended = keep_rest(&scan);
    }
    return sse->ended;
}

enum weir_sse_result weir_sse_finish(struct weir_sse *sse, weir_sse_fn *on_event, void *context)
{
    if (sse->ended != WEIR_SSE_OK) {
        return sse->ended;
    }
    struct scan scan = {.sse = sse, .on_event = on_event, .context = context, .bytes = ""};
    if (sse->line.len > 0) {
        sse->ended = take_joined(&scan, (struct weir_slice){"", 0});
    }
    if (sse->ended == WEIR_SSE_OK) {
        sse->ended = dispatch(&scan);
    }
    weir_buf_clear(&sse->line);
    return sse->ended;
}
