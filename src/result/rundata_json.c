// Members of JSON objects that somebody else may have written: see rundata_internal.h.
#include "rundata_internal.h"

#include <math.h>
#include <string.h>

void weir__reader_fail(struct weir__reader *reader, const char *where, const char *key,
                       const char *wanted)
{
    if (reader->has_failed) {
        return;
    }
    reader->has_failed = true;
    (void)weir_fail(reader->err, WEIR_INVALID, "%.300s is damaged: %s%s%s is not %s; %s",
                    reader->path, where, where[0] != '\0' ? "." : "", key, wanted, reader->remedy);
}

/** The member, NULL when it is missing or null. */
static const json_t *member(const struct weir__reader *reader, const json_t *object,
                            const char *key)
{
    const json_t *value = reader->has_failed ? NULL : json_object_get(object, key);
    return json_is_null(value) ? NULL : value;
}

double weir__read_number(struct weir__reader *reader, const json_t *object, const char *where,
                         const char *key)
{
    const json_t *value = member(reader, object, key);
    if (value == NULL) {
        return NAN;
    }
    if (!json_is_number(value)) {
        weir__reader_fail(reader, where, key, "a number");
        return NAN;
    }
    return json_number_value(value);
}

uint64_t weir__json_read_count(struct weir__reader *reader, const json_t *object, const char *where,
                               const char *key)
{
    const json_t *value = member(reader, object, key);
    if (value == NULL) {
        return 0;
    }
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        weir__reader_fail(reader, where, key, "a count");
        return 0;
    }
    return (uint64_t)json_integer_value(value);
}

bool weir__json_read_bool(struct weir__reader *reader, const json_t *object, const char *where,
                          const char *key)
{
    const json_t *value = member(reader, object, key);
    if (value != NULL && !json_is_boolean(value)) {
        weir__reader_fail(reader, where, key, "true or false");
    }
    return json_is_true(value);
}

const char *weir__json_read_text(struct weir__reader *reader, const json_t *object,
                                 const char *where, const char *key)
{
    const json_t *value = member(reader, object, key);
    if (value == NULL) {
        return "";
    }
    if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value)) {
        weir__reader_fail(reader, where, key, "a text");
        return "";
    }
    return json_string_value(value);
}

const json_t *weir__read_object(struct weir__reader *reader, const json_t *object,
                                const char *where, const char *key)
{
    const json_t *value = member(reader, object, key);
    if (value != NULL && !json_is_object(value)) {
        weir__reader_fail(reader, where, key, "an object");
        return NULL;
    }
    return value;
}

const json_t *weir__read_array(struct weir__reader *reader, const json_t *object, const char *where,
                               const char *key)
{
    const json_t *value = member(reader, object, key);
    if (value != NULL && !json_is_array(value)) {
        weir__reader_fail(reader, where, key, "an array");
        return NULL;
    }
    return value;
}

// NOLINTNEXTLINE(readability-function-size): a member and the words it may be
int weir__read_word(struct weir__reader *reader, const json_t *object, const char *where,
                    const char *key, const char *const *words, int count)
{
    const char *text = weir__json_read_text(reader, object, where, key);
    for (int i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0) {
            return i;
        }
    }
    weir__reader_fail(reader, where, key, "a word that this version of weir knows");
    return count;
}
