// JSON text in place: see json.h. Being bad is a state in which nothing is left to read, so that
// the good path needs no further checks.
#include "weir/wire/json.h"

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
    return json->at < json->end ? *json->at : '\0';
}

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
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
        return c == '-' || is_digit(c) ? WEIR_JSON_NUMBER : WEIR_JSON_BAD;
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

// ---- strings
// -------------------------------------------------------------------------------------

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

static inline bool is_plain(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
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
    while (at < end && is_plain(*at)) {
        at++;
    }
    return at;
}

/** Value of a hexadecimal digit, -1 when it is none. */
static int hex_digit(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    const char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/** The four digits of a \u escape, or -1. */
static int32_t hex4(const char *at, const char *end)
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

/** Bytes of the escape or the character beyond ASCII at `at`; 0 when it is broken. */
static size_t special_len(const char *at, const char *end)
{
    if (*at != '\\') {
        return (unsigned char)*at >= 0x80 ? weir__utf8_len(at, (size_t)(end - at)) : 0;
    }
    if (end - at < 2) {
        return 0;
    }
    if (at[1] == 'u') {
        return hex4(at + 2, end) >= 0 ? 6 : 0;
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
        const size_t len = special_len(at, json->end);
        if (len == 0) {
            return fail(json);
        }
        at += len;
    }
    *raw = (struct weir_slice){begin, (size_t)(at - begin)};
    json->at = at + 1;
    return true;
}

// ---- other scalars
// ---------------------------------------------------------------------------------

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
    while (json->at < json->end && is_digit(*json->at)) {
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

// ---- containers
// --------------------------------------------------------------------------------------

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
    for (at += at < end && !is_digit(*at) ? 1 : 0; at < end; at++) {
        exponent = exponent < EXPONENT_MAX ? exponent * 10 + (*at - '0') : EXPONENT_MAX;
    }
    exponent = exponent < EXPONENT_MAX ? exponent : EXPONENT_MAX;
    return is_negative ? -exponent : exponent;
}

/** Value of a well-formed number. */
static double number_value(struct weir_slice raw)
{
    const char *const end = raw.ptr + raw.len;
    const bool is_negative = raw.ptr[0] == '-';
    double value = 0;
    int exponent = 0;
    bool is_fraction = false;
    for (const char *at = raw.ptr + (is_negative ? 1 : 0); at < end; at++) {
        if (*at == '.') {
            is_fraction = true;
        } else if (!is_digit(*at)) {
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
        if (!is_digit(raw.ptr[i])) {
            return false;
        }
        value = value * 10 + (raw.ptr[i] - '0');
    }
    *out = sign != 0 ? -value : value;
    return true;
}

bool weir_json_take_i64(struct weir_json *json, int64_t *out)
{
    if (weir_json_peek(json) != WEIR_JSON_NUMBER) {
        weir_json_skip(json);
        return false;
    }
    const struct weir_slice raw = weir_json_take_raw(json);
    if (raw.ptr == NULL || read_whole(raw, out)) {
        return raw.ptr != NULL;
    }
    const double value = number_value(raw);
    *out = value >= 0x1p63 ? INT64_MAX : value <= -0x1p63 ? INT64_MIN : (int64_t)value;
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

// ---- escapes
// -------------------------------------------------------------------------------------------

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
    const int32_t unit = hex4(at + 2, end);
    *len = 6;
    if (!is_surrogate(unit, 0xd800) && !is_surrogate(unit, 0xdc00)) {
        return (uint32_t)unit;
    }
    const bool is_pair = is_surrogate(unit, 0xd800) && end - at >= 12 && at[6] == '\\' &&
                         at[7] == 'u' && is_surrogate(hex4(at + 8, end), 0xdc00);
    if (!is_pair) {
        return 0xfffd;
    }
    *len = 12;
    return 0x10000U + (((uint32_t)unit & 0x3ff) << 10) + ((uint32_t)hex4(at + 8, end) & 0x3ff);
}

bool weir_json_unescape(struct weir_slice raw, struct weir_buf *out)
{
    static const char NAMES[] = "\"\\/bfnrt";
    static const char MEANS[] = "\"\\/\b\f\n\r\t";
    const char *at = raw.ptr;
    const char *const end = raw.ptr + raw.len;
    bool fits = true;
    while (at < end && fits) {
        size_t len = is_plain(*at) ? 1 : special_len(at, end);
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
