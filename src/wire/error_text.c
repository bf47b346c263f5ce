// Error messages out of whatever a server, or a proxy before it, answers: see error_text.h.
#include "error_text.h"

#include "weir/base/attr.h"
#include "weir/wire/json.h"

#include "utf8.h"

/** Where servers put their text, the most telling first. "error" may hold any of the others. */
static const char *const KEYS[] = {"error", "message", "detail", "msg"};

enum { DESCENTS_MAX = 4 }; // {"detail":[{"error":{"message":…}}]} is as deep as it was ever seen

static size_t rank_of(struct weir_slice key)
{
    size_t rank = 0;
    while (rank < WEIR_COUNT_OF(KEYS) && !weir_slice_equals(key, KEYS[rank])) {
        rank++;
    }
    return rank;
}

static struct weir_slice best_member(struct weir_json *json)
{
    struct weir_slice best = {NULL, 0};
    size_t best_rank = WEIR_COUNT_OF(KEYS);
    struct weir_slice key;
    while (weir_json_next_member(json, &key)) {
        const size_t rank = rank_of(key);
        struct weir_json ahead = *json;
        const struct weir_slice value = weir_json_take_raw(json);
        if (rank < best_rank && weir_json_take_filled(&ahead)) {
            best = value;
            best_rank = rank;
        }
    }
    return json->is_bad ? (struct weir_slice){NULL, 0} : best;
}

/** One level down: the telling member of an object, the first element of an array; ptr NULL: none.
 */
static struct weir_slice descend(struct weir_slice value)
{
    struct weir_json json;
    weir_json_init(&json, value);
    if (weir_json_peek(&json) == WEIR_JSON_OBJECT && weir_json_open_object(&json)) {
        return best_member(&json);
    }
    if (weir_json_open_array(&json) && weir_json_next_element(&json)) {
        return weir_json_take_raw(&json);
    }
    return (struct weir_slice){NULL, 0};
}

/** Bytes of a blank or a control character, C1 controls too since they steer terminals; 0: neither.
 */
static size_t gap_len(const char *at, size_t left)
{
    const unsigned char c = (unsigned char)at[0];
    if (c <= ' ' || c == 0x7f) {
        return 1;
    }
    return c == 0xc2 && left > 1 && (unsigned char)at[1] >= 0x80 && (unsigned char)at[1] < 0xa0 ? 2
                                                                                                : 0;
}

/** Bytes of a character to show as it is; 0: wrong UTF-8. */
static size_t shown_len(const char *at, size_t left)
{
    return (unsigned char)at[0] < 0x80 ? 1 : weir__utf8_len(at, left);
}

/** Make the content fit to print, in place: it never grows. */
static void make_printable(struct weir_buf *text)
{
    size_t kept = 0;
    bool is_gap = false;
    for (size_t i = 0; i < text->len;) {
        const size_t gap = gap_len(text->ptr + i, text->len - i);
        if (gap > 0) {
            is_gap = true;
            i += gap;
            continue;
        }
        if (is_gap && kept > 0) {
            text->ptr[kept++] = ' ';
        }
        is_gap = false;
        const size_t shown = shown_len(text->ptr + i, text->len - i);
        if (shown == 0) {
            text->ptr[kept++] = '?';
            i++;
            continue;
        }
        memmove(text->ptr + kept, text->ptr + i, shown);
        kept += shown;
        i += shown;
    }
    text->len = kept;
    if (text->ptr != NULL) {
        text->ptr[kept] = '\0';
    }
}

/** Append what fits, without half a character at the end. */
static void add_prefix(struct weir_slice bytes, struct weir_buf *out)
{
    size_t len = bytes.len;
    if (len > out->cap) {
        len = out->cap;
        while (len > 0 && ((unsigned char)bytes.ptr[len] & 0xc0) == 0x80) {
            len--;
        }
    }
    (void)weir_buf_add(out, bytes.ptr, len);
}

void weir__error_text(struct weir_slice bytes, struct weir_buf *out)
{
    struct weir_slice found = bytes;
    for (int i = 0; i < DESCENTS_MAX; i++) {
        const struct weir_slice inner = descend(found);
        if (inner.ptr == NULL) {
            break;
        }
        found = inner;
    }
    struct weir_json json;
    struct weir_slice raw;
    weir_json_init(&json, found);
    weir_buf_clear(out);
    if (weir_json_take_string(&json, &raw)) {
        (void)weir_json_unescape(raw, out);
    } else {
        add_prefix(found, out);
    }
    make_printable(out);
}
