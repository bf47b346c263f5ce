// Kinds of options that are texts or lists: for each one parser and one printer. Secrets show what
// may be shown and no more.
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "config_internal.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/base/units.h"

static bool add_quoted(const char *text, size_t len, struct weir_buf *out)
{
    return weir_buf_add_char(out, '"') && weir_buf_add_json(out, text, len) &&
           weir_buf_add_char(out, '"');
}

static bool has_control(struct weir_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7F) {
            return true;
        }
    }
    return false;
}

// ---- one text
// ----------------------------------------------------------------------------------------

static bool str_parse(const struct weir__option *option, struct weir_slice text, bool is_append,
                      void *field, struct weir__why *why)
{
    (void)option;
    (void)is_append;
    (void)why;
    char **value = field;
    weir_free(*value);
    *value = weir_strndup(text.ptr, text.len);
    return true;
}

static bool str_format(const struct weir__option *option, const void *field, struct weir_buf *out)
{
    (void)option;
    return weir_buf_add_str(out, *(char *const *)field);
}

static bool str_json(const struct weir__option *option, const void *field, struct weir_buf *out)
{
    (void)option;
    const char *value = *(char *const *)field;
    return value[0] != '\0' ? add_quoted(value, strlen(value), out) : weir_buf_add_str(out, "null");
}

static void str_free(void *field)
{
    char **value = field;
    weir_free(*value);
    *value = NULL;
}

const struct weir__kind weir__kind_STR = {
    .name = "text",
    .summary = "a text",
    .parse = str_parse,
    .format = str_format,
    .json = str_json,
    .free = str_free,
};

/** A secret goes into a request header, where a line break would begin another one. */
static bool secret_parse(const struct weir__option *option, struct weir_slice text, bool is_append,
                         void *field, struct weir__why *why)
{
    if (has_control(text)) {
        return weir__because(
            why, "the value holds a control character, perhaps a line break at its end");
    }
    return str_parse(option, text, is_append, field, why);
}

static bool secret_format(const struct weir__option *option, const void *field,
                          struct weir_buf *out)
{
    (void)option;
    const char *value = *(char *const *)field;
    return value[0] == '\0' || weir_buf_add_str(out, "***");
}

static bool secret_json(const struct weir__option *option, const void *field, struct weir_buf *out)
{
    (void)option;
    const char *value = *(char *const *)field;
    return weir_buf_add_str(out, value[0] != '\0' ? "\"***\"" : "null");
}

const struct weir__kind weir__kind_SECRET = {
    .name = "secret",
    .summary = "a text that no file, log or message shows",
    .is_secret = true,
    .parse = secret_parse,
    .format = secret_format,
    .json = secret_json,
    .free = str_free,
};

// ---- lists of texts
// ----------------------------------------------------------------------------------

static void str_list_free(void *field)
{
    struct weir_str_list *list = field;
    for (size_t i = 0; i < list->count; i++) {
        weir_free(list->items[i]);
    }
    weir_free(list->items);
    *list = (struct weir_str_list){NULL, 0};
}

bool weir__has_room(size_t count, struct weir__why *why)
{
    return count < WEIR__LIST_ITEMS_MAX ||
           weir__because(why, "more than %d items", (int)WEIR__LIST_ITEMS_MAX);
}

static bool str_list_parse(const struct weir__option *option, struct weir_slice text,
                           bool is_append, void *field, struct weir__why *why)
{
    (void)option;
    struct weir_str_list *list = field;
    if (text.len == 0) {
        return weir__because(why, "the value is empty");
    }
    if (is_append && !weir__has_room(list->count, why)) {
        return false;
    }
    if (!is_append) {
        str_list_free(list);
    }
    list->items = weir_realloc(list->items, list->count + 1, sizeof(*list->items));
    list->items[list->count++] = weir_strndup(text.ptr, text.len);
    return true;
}

/** How much of an item may be shown. */
typedef size_t shown_len_fn(const char *item);

/** The items as a JSON array. */
static bool add_array(const struct weir_str_list *list, shown_len_fn *shown_len,
                      struct weir_buf *out)
{
    bool fits = weir_buf_add_char(out, '[');
    for (size_t i = 0; fits && i < list->count; i++) {
        fits = (i == 0 || weir_buf_add_str(out, ", ")) &&
               add_quoted(list->items[i], shown_len(list->items[i]), out);
    }
    return fits && weir_buf_add_char(out, ']');
}

/** One item as it is, several as an array, which YAML reads as a list. */
static bool add_items(const struct weir_str_list *list, shown_len_fn *shown_len,
                      struct weir_buf *out)
{
    if (list->count == 0) {
        return true;
    }
    if (list->count == 1) {
        return weir_buf_add(out, list->items[0], shown_len(list->items[0]));
    }
    return add_array(list, shown_len, out);
}

static bool str_list_format(const struct weir__option *option, const void *field,
                            struct weir_buf *out)
{
    (void)option;
    return add_items(field, strlen, out);
}

static bool str_list_json(const struct weir__option *option, const void *field,
                          struct weir_buf *out)
{
    (void)option;
    return add_array(field, strlen, out);
}

const struct weir__kind weir__kind_STR_LIST = {
    .name = "texts",
    .summary = "a text; repeat the flag, or write a YAML sequence, for several",
    .is_list = true,
    .is_repeatable = true,
    .parse = str_list_parse,
    .format = str_list_format,
    .json = str_list_json,
    .free = str_list_free,
};

// ---- request headers
// ---------------------------------------------------------------------------------

/** Length of the header's name: what stands before the colon. */
static size_t name_len(const char *item)
{
    return strcspn(item, ":");
}

/** RFC 9110 §5.6.2: the characters of a field name. */
static bool is_token(struct weir_slice name)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool is_alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!is_alnum && (c == '\0' || strchr(marks, c) == NULL)) {
            return false;
        }
    }
    return name.len > 0;
}

static bool secret_list_parse(const struct weir__option *option, struct weir_slice text,
                              bool is_append, void *field, struct weir__why *why)
{
    struct weir_slice rest = text;
    struct weir_slice name;
    (void)weir_slice_next_part(&rest, ':', &name);
    if (rest.ptr == NULL ||
        !is_token(name)) { // what was given may be the secret itself: show nothing
        return weir__because(
            why,
            "the value is not of the form 'Name: value' with a name of letters, digits and dashes");
    }
    struct weir__shown shown = weir__show(name);
    if (weir_slice_trim(rest).len == 0) {
        return weir__because(
            why, "header %s has no value; write the whole header in quotes: 'Name: value'",
            shown.text);
    }
    if (has_control(rest)) {
        return weir__because(
            why, "the value of header %s holds a control character, perhaps a line break",
            shown.text);
    }
    return str_list_parse(option, text, is_append, field, why);
}

static bool secret_list_format(const struct weir__option *option, const void *field,
                               struct weir_buf *out)
{
    (void)option;
    return add_items(field, name_len, out);
}

static bool secret_list_json(const struct weir__option *option, const void *field,
                             struct weir_buf *out)
{
    (void)option;
    return add_array(field, name_len, out);
}

const struct weir__kind weir__kind_SECRET_LIST = {
    .name = "headers",
    .summary = "'Name: value'; repeat the flag, or write a YAML sequence or mapping, for several; "
               "values are never shown",
    .is_list = true,
    .is_repeatable = true,
    .is_secret = true,
    .pairs = WEIR__PAIRS_HEADER,
    .parse = secret_list_parse,
    .format = secret_list_format,
    .json = secret_list_json,
    .free = str_list_free,
};

// ---- members of the request body
// -----------------------------------------------------------------------

static bool is_json_object(struct weir_slice text, struct weir__why *why)
{
    json_error_t error;
    json_t *value = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &error);
    if (value == NULL) {
        return weir__because(why, "\"%s\" is not valid JSON: %s at byte %d", weir__show(text).text,
                             error.text, error.position);
    }
    json_decref(value); // it begins with '{', so it is an object
    return true;
}

static bool input_list_parse(const struct weir__option *option, struct weir_slice text,
                             bool is_append, void *field, struct weir__why *why)
{
    const char *equals = text.len > 0 ? memchr(text.ptr, '=', text.len) : NULL;
    bool is_object = text.len > 0 && text.ptr[0] == '{';
    if (is_object && !is_json_object(text, why)) {
        return false;
    }
    if (!is_object && (equals == NULL || equals == text.ptr)) {
        return weir__because(why,
                             "\"%s\" is neither KEY=VALUE nor a JSON object; write ignore_eos=true "
                             "or '{\"temperature\":0}'",
                             weir__show(text).text);
    }
    return str_list_parse(option, text, is_append, field, why);
}

const struct weir__kind weir__kind_INPUT_LIST = {
    .name = "inputs",
    .summary = "KEY=VALUE or a JSON object; repeat the flag, or write a YAML sequence or mapping, "
               "for several",
    .is_list = true,
    .is_repeatable = true,
    .pairs = WEIR__PAIRS_INPUT,
    .parse = input_list_parse,
    .format = str_list_format,
    .json = str_list_json,
    .free = str_list_free,
};

// ---- lists of counts
// -----------------------------------------------------------------------------------

static void count_list_free(void *field)
{
    struct weir_i64_list *list = field;
    weir_free(list->items);
    *list = (struct weir_i64_list){NULL, 0};
}

static bool count_list_parse(const struct weir__option *option, struct weir_slice text,
                             bool is_append, void *field, struct weir__why *why)
{
    struct weir_i64_list *list = field;
    size_t kept = is_append ? list->count : 0;
    struct weir_i64_list grown = {weir_alloc(WEIR__LIST_ITEMS_MAX, sizeof(*grown.items)), kept};
    if (kept > 0) {
        memcpy(grown.items, list->items, kept * sizeof(*grown.items));
    }
    struct weir_slice part;
    while (weir_slice_next_part(&text, ',', &part)) {
        if (!weir__has_room(grown.count, why) ||
            !weir__parse_count(option, weir_slice_trim(part), &grown.items[grown.count], why)) {
            count_list_free(&grown);
            return false;
        }
        grown.count++;
    }
    grown.items = weir_realloc(grown.items, grown.count, sizeof(*grown.items));
    count_list_free(list);
    *list = grown;
    return true;
}

static bool add_counts(const struct weir_i64_list *list, const char *separator,
                       struct weir_buf *out)
{
    bool fits = true;
    for (size_t i = 0; fits && i < list->count; i++) {
        fits = weir_buf_addf(out, "%s%" PRId64, i > 0 ? separator : "", list->items[i]);
    }
    return fits;
}

static bool count_list_format(const struct weir__option *option, const void *field,
                              struct weir_buf *out)
{
    (void)option;
    return add_counts(field, ",", out);
}

static bool count_list_json(const struct weir__option *option, const void *field,
                            struct weir_buf *out)
{
    (void)option;
    return weir_buf_add_char(out, '[') && add_counts(field, ", ", out) &&
           weir_buf_add_char(out, ']');
}

const struct weir__kind weir__kind_COUNT_LIST = {
    .name = "counts",
    .summary = "whole numbers separated by commas, or a YAML sequence",
    .is_list = true,
    .parse = count_list_parse,
    .format = count_list_format,
    .json = count_list_json,
    .limit = weir__count_limit,
    .free = count_list_free,
};
