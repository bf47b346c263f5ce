/** json.h: JSON text (RFC 8259) read in place, value by value. No tree, no allocation, no recursion; any thread.
 *  Strict: broken syntax, control characters or wrong UTF-8 in strings, and nesting beyond WEIR_JSON_DEPTH_MAX are noticed. The
 *  first such thing makes the reader bad for good: every later call says "no more", so callers check once, at weir_json_end().
 *
 *      weir_json_init(&json, text);
 *      if (weir_json_open_object(&json)) {
 *          while (weir_json_next_member(&json, &key)) {
 *              … take or skip exactly one value …
 *          }
 *      }
 *      return weir_json_end(&json);
 */
#ifndef WEIR_WIRE_JSON_H
#define WEIR_WIRE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "weir/base/buf.h"
#include "weir/base/str.h"

enum { WEIR_JSON_DEPTH_MAX = 64 }; // open arrays and objects

enum weir_json_type {
    WEIR_JSON_BAD, // no value here: the text is broken, or over
    WEIR_JSON_NULL,
    WEIR_JSON_FALSE,
    WEIR_JSON_TRUE,
    WEIR_JSON_NUMBER,
    WEIR_JSON_STRING,
    WEIR_JSON_ARRAY,
    WEIR_JSON_OBJECT,
};

/** Private. Caller's memory; may be copied to look ahead. */
struct weir_json {
    const char *at;
    const char *end;
    uint32_t depth; // arrays and objects that are open
    bool is_fresh;  // the innermost of them has just been opened
    bool is_bad;
};

/** Read `text`, which must stay valid. */
void weir_json_init(struct weir_json *json, struct weir_slice text);

/** Type of the next value, by its first byte; consumes nothing. */
enum weir_json_type weir_json_peek(struct weir_json *json);

/** Open the next value if it is an object (an array). A value of another type is skipped: false. */
bool weir_json_open_object(struct weir_json *json);
bool weir_json_open_array(struct weir_json *json);

/** Next member of the open object; its value must be consumed before the next call. `key` is raw, escapes and all. False
 *  behind the last one: the object is closed then. */
bool weir_json_next_member(struct weir_json *json, struct weir_slice *key);

/** The same for the open array. */
bool weir_json_next_element(struct weir_json *json);

/** Consume one value of any kind. */
void weir_json_skip(struct weir_json *json);

/** Consume one value of any kind and return its text; {NULL, 0} when broken. */
struct weir_slice weir_json_take_raw(struct weir_json *json);

/** Consume one value; true if it was a string, `*raw` then is what stands between the quotes, escapes and all: it is empty
 *  exactly if the string is. */
bool weir_json_take_string(struct weir_json *json, struct weir_slice *raw);

/** Consume one value; true if it was a number. Fractions are cut off, what is beyond int64 is clamped. */
bool weir_json_take_i64(struct weir_json *json, int64_t *out);

/** The same with its fraction; beyond what a double holds it is infinite. */
bool weir_json_take_f64(struct weir_json *json, double *out);

/** Consume one value; true if it was a string, array or object with something in it. */
bool weir_json_take_filled(struct weir_json *json);

/** True if the text was one whole value and nothing but blanks follows. */
bool weir_json_end(struct weir_json *json);

/** Append the string whose inside is `raw`, as UTF-8; half a surrogate pair becomes U+FFFD. False when `out` is full: it then
 *  holds what fitted, whole characters only. Bytes that are no JSON string are copied as they are. */
bool weir_json_unescape(struct weir_slice raw, struct weir_buf *out);

/** True if a raw key is `name`. Inline, so that the compiler knows the name's length. */
static inline bool weir_json_key_is(struct weir_slice key, const char *name)
{
    return key.len == strlen(name) && memcmp(key.ptr, name, key.len) == 0;
}

#endif
