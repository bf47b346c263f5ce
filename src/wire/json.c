// JSON text in place: see json.h. Being bad is a state in which nothing is left to read, so that
// the good path needs no further checks.
#include "weir/wire/json.h"

#include "json_internal.h"
#include "utf8.h"

void weir_json_init(struct weir_json *json, struct weir_slice text)
{
    *json = (struct weir_json){.at = text.ptr, .end = text.ptr + text.len};
}

static bool fail(struct weir_json *json)
{
    json->is_bad = true;
    json->at = json->end;
    return false;
}

static inline bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/** Next byte that is no blank, not consumed; NUL at the end (a NUL in the text is as bad as its
 * end). */
static inline char next_byte(struct weir_json *json)
{
    while (json->at < json->end && is_blank(*json->at)) {
        json->at++;
    }
    if (json->at == json->end) {
        return '\0';
    }
    return *json->at;
}

static inline enum weir_json_type type_of(char c)
{
    switch (c) {
    case '"':
        return WEIR_JSON_STRING;
    case '{':
        return WEIR_JSON_OBJECT;
    case '[':
        return WEIR_JSON_ARRAY;
    case 'n':
        return WEIR_JSON_NULL;
    case 't':
        return WEIR_JSON_TRUE;
    case 'f':
        return WEIR_JSON_FALSE;
    default:
        return c == '-' || weir__is_digit(c) ? WEIR_JSON_NUMBER : WEIR_JSON_BAD;
    }
}

enum weir_json_type weir_json_peek(struct weir_json *json)
{
    const enum weir_json_type type = type_of(next_byte(json));
    if (type == WEIR_JSON_BAD) {
        (void)fail(json);
    }
    return type;
}

// ---- strings -----------------------------------------------------------------------------------

static const uint64_t ONES = 0x0101010101010101U;
static const uint64_t HIGHS = 0x8080808080808080U;

/** Index of the first of 8 bytes that needs a look (quote, backslash, control, not ASCII); 8: none.
 *  Subtracting borrows into later bytes only behind a true hit, so the first one found is right. */
static inline size_t first_special(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) {
        word = __builtin_bswap64(word);
    }
    const uint64_t quote = (word ^ (ONES * '"')) - ONES;
    const uint64_t backslash = (word ^ (ONES * '\\')) - ONES;
    const uint64_t control = word - ONES * ' ';
    const uint64_t hits = (quote | backslash | control | word) & HIGHS;
    return hits != 0 ? (size_t)__builtin_ctzll(hits) / 8 : 8;
}

static inline const char *skip_plain(const char *at, const char *end)
{
    while (end - at >= 8) {
        const size_t plain = first_special(at);
        at += plain;
        if (plain < 8) {
            return at;
        }
    }
    while (at < end && weir__json_is_plain(*at)) {
        at++;
    }
    return at;
}

size_t weir__json_special_len(const char *at, const char *end)
{
    if (*at != '\\') {
        return (unsigned char)*at >= 0x80 ? weir__utf8_len(at, (size_t)(end - at)) : 0;
    }
    if (end - at < 2) {
        return 0;
    }
    if (at[1] == 'u') {
        return weir__json_hex4(at + 2, end) >= 0 ? 6 : 0;
    }
    return at[1] != '\0' && strchr("\"\\/bfnrt", at[1]) != NULL ? 2 : 0;
}

/** Consume a string whose opening quote is next. */
static inline bool take_string(struct weir_json *json, struct weir_slice *raw)
{
    const char *const begin = json->at + 1;
    const char *at = begin;
    for (;;) {
        at = skip_plain(at, json->end);
        if (at == json->end) {
            return fail(json);
        }
        if (*at == '"') {
            break;
        }
        const size_t len = weir__json_special_len(at, json->end);
        if (len == 0) {
            return fail(json);
        }
        at += len;
    }
    *raw = (struct weir_slice){begin, (size_t)(at - begin)};
    json->at = at + 1;
    return true;
}

// ---- other scalars -----------------------------------------------------------------------------

static bool skip_word(struct weir_json *json, const char *word)
{
    const size_t len = strlen(word);
    if ((size_t)(json->end - json->at) < len || memcmp(json->at, word, len) != 0) {
        return fail(json);
    }
    json->at += len;
    return true;
}

/** Skip digits; false when there is none. */
static inline bool skip_digits(struct weir_json *json)
{
    const char *const begin = json->at;
    while (json->at < json->end && weir__is_digit(*json->at)) {
        json->at++;
    }
    return json->at > begin;
}

static inline bool skip_char(struct weir_json *json, char c)
{
    if (json->at < json->end && *json->at == c) {
        json->at++;
        return true;
    }
    return false;
}

static bool skip_number(struct weir_json *json)
{
    (void)skip_char(json, '-');
    if (!skip_char(json, '0') && !skip_digits(json)) {
        return fail(json);
    }
    if (skip_char(json, '.') && !skip_digits(json)) {
        return fail(json);
    }
    if (skip_char(json, 'e') || skip_char(json, 'E')) {
        (void)(skip_char(json, '+') || skip_char(json, '-'));
        return skip_digits(json) || fail(json);
    }
    return true;
}

static bool skip_scalar(struct weir_json *json, enum weir_json_type type)
{
    struct weir_slice ignored;
    switch (type) {
    case WEIR_JSON_STRING:
        return take_string(json, &ignored);
    case WEIR_JSON_NUMBER:
        return skip_number(json);
    case WEIR_JSON_NULL:
        return skip_word(json, "null");
    case WEIR_JSON_TRUE:
        return skip_word(json, "true");
    case WEIR_JSON_FALSE:
        return skip_word(json, "false");
    default:
        return fail(json);
    }
}

// ---- containers --------------------------------------------------------------------------------

static bool open_container(struct weir_json *json)
{
    if (json->depth == WEIR_JSON_DEPTH_MAX) {
        return fail(json);
    }
    json->at++;
    json->depth++;
    json->is_fresh = true;
    return true;
}

static bool open_if(struct weir_json *json, enum weir_json_type wanted)
{
    if (weir_json_peek(json) == wanted) {
        return open_container(json);
    }
    weir_json_skip(json);
    return false;
}

bool weir_json_open_object(struct weir_json *json)
{
    return open_if(json, WEIR_JSON_OBJECT);
}

bool weir_json_open_array(struct weir_json *json)
{
    return open_if(json, WEIR_JSON_ARRAY);
}

/** Move to the next item of the open container; false behind the last one, which closes it. */
static inline bool next_item(struct weir_json *json, char closer)
{
    const char c = next_byte(json);
    const bool is_first = json->is_fresh;
    json->is_fresh = false;
    if (c == '\0') {
        return fail(json);
    }
    if (c == closer) {
        json->at++;
        json->depth--;
        return false;
    }
    if (is_first) {
        return true;
    }
    json->at++;
    return c == ',' || fail(json);
}

bool weir_json_next_member(struct weir_json *json, struct weir_slice *key)
{
    if (!next_item(json, '}')) {
        return false;
    }
    if (next_byte(json) != '"') {
        return fail(json);
    }
    if (!take_string(json, key)) {
        return false;
    }
    if (next_byte(json) != ':') {
        return fail(json);
    }
    json->at++;
    return true;
}

bool weir_json_next_element(struct weir_json *json)
{
    return next_item(json, ']');
}

/** Consume a scalar, or open a container and push its kind: one bit, 1 for an object. */
static bool enter_value(struct weir_json *json, uint64_t *kinds)
{
    const enum weir_json_type type = weir_json_peek(json);
    if (type != WEIR_JSON_ARRAY && type != WEIR_JSON_OBJECT) {
        return skip_scalar(json, type);
    }
    *kinds = *kinds << 1 | (type == WEIR_JSON_OBJECT ? 1U : 0U);
    return open_container(json);
}

void weir_json_skip(struct weir_json *json)
{
    _Static_assert(WEIR_JSON_DEPTH_MAX <= 64, "kinds has one bit a level");
    const uint32_t floor = json->depth;
    uint64_t kinds = 0;
    bool goes_on = enter_value(json, &kinds);
    while (goes_on && json->depth > floor) {
        struct weir_slice key;
        const bool has_item =
            (kinds & 1) != 0 ? weir_json_next_member(json, &key) : weir_json_next_element(json);
        if (has_item) {
            goes_on = enter_value(json, &kinds);
        } else {
            kinds >>= 1;
            goes_on = !json->is_bad;
        }
    }
}

struct weir_slice weir_json_take_raw(struct weir_json *json)
{
    (void)next_byte(json);
    const char *const begin = json->at;
    weir_json_skip(json);
    if (json->is_bad) {
        return (struct weir_slice){NULL, 0};
    }
    return (struct weir_slice){begin, (size_t)(json->at - begin)};
}

bool weir_json_take_string(struct weir_json *json, struct weir_slice *raw)
{
    if (next_byte(json) == '"') {
        return take_string(json, raw);
    }
    weir_json_skip(json);
    return false;
}

/** Consume one value; its text if it was a number, else {NULL, 0}. */
static struct weir_slice take_number(struct weir_json *json)
{
    if (weir_json_peek(json) != WEIR_JSON_NUMBER) {
        weir_json_skip(json);
        return (struct weir_slice){NULL, 0};
    }
    return weir_json_take_raw(json);
}

bool weir_json_take_i64(struct weir_json *json, int64_t *out)
{
    const struct weir_slice raw = take_number(json);
    if (raw.ptr == NULL) {
        return false;
    }
    *out = weir__json_i64(raw);
    return true;
}

bool weir_json_take_f64(struct weir_json *json, double *out)
{
    const struct weir_slice raw = take_number(json);
    if (raw.ptr == NULL) {
        return false;
    }
    *out = weir__json_f64(raw);
    return true;
}

bool weir_json_take_filled(struct weir_json *json)
{
    struct weir_slice ignored;
    const enum weir_json_type type = weir_json_peek(json);
    if (type == WEIR_JSON_STRING) {
        return weir_json_take_string(json, &ignored) && ignored.len > 0;
    }
    struct weir_json inside = *json;
    weir_json_skip(json);
    if (json->is_bad) {
        return false;
    }
    return (type == WEIR_JSON_ARRAY && open_container(&inside) &&
            weir_json_next_element(&inside)) ||
           (type == WEIR_JSON_OBJECT && open_container(&inside) &&
            weir_json_next_member(&inside, &ignored));
}

bool weir_json_end(struct weir_json *json)
{
    if (!json->is_bad && (next_byte(json) != '\0' || json->at != json->end || json->depth > 0)) {
        (void)fail(json);
    }
    return !json->is_bad;
}
