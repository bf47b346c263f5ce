// YAML to configuration, from libyaml's events: a mapping from option names to values. Anchors,
// aliases and tags are refused in one place, so no document can be larger than its text.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "config_internal.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"

enum {
    FILE_BYTES_MAX = 1 << 20,
    JSON_DEPTH_MAX = 16, // of a value of extra-inputs
};

struct reader {
    yaml_parser_t parser;
    yaml_event_t event; // the current one; owned
    struct weir_config *config;
    int command;
    const char *text;
    size_t len;
    const char *name;
    struct weir_err *err;
    int first_line[WEIR_OPTION_COUNT]; // where each option was given; 0: not yet
};

/** Where the current event begins, as people count. */
static int line_of(const struct reader *reader)
{
    return (int)reader->event.start_mark.line + 1;
}

static int column_of(const struct reader *reader)
{
    return (int)reader->event.start_mark.column + 1;
}

static weir_status fail_here(struct reader *reader, const char *text)
{
    return weir_fail_at(reader->err, reader->name, line_of(reader), column_of(reader), "%s", text);
}

/** Is the first non-blank of a line a tab? */
static bool is_indented_by_tab(const struct reader *reader, size_t line)
{
    const char *at = reader->text;
    const char *const end = reader->text + reader->len;
    for (; line > 0 && at != NULL; line--) {
        at = memchr(at, '\n', (size_t)(end - at));
        at = at != NULL ? at + 1 : NULL;
    }
    while (at != NULL && at < end && *at == ' ') {
        at++;
    }
    return at != NULL && at < end && *at == '\t';
}

/** What libyaml says is for those who wrote it: add what usually helps. */
static const char *hint_for(const struct reader *reader, const char *problem)
{
    if (is_indented_by_tab(reader, reader->parser.problem_mark.line)) {
        return "; YAML is indented with blanks, not tabs";
    }
    if (strstr(problem, "mapping values are not allowed") != NULL ||
        strstr(problem, "unexpected ':'") != NULL) {
        return "; a value that ends in ':' or holds ': ' needs quotes";
    }
    return "";
}

/** libyaml tells bytes it cannot read by their offset alone. */
static weir_status fail_unreadable(struct reader *reader, const char *problem)
{
    size_t offset = reader->parser.problem_offset;
    size_t line_start = 0;
    int line = 1;
    for (size_t i = 0; i < offset && i < reader->len; i++) {
        if (reader->text[i] == '\n') {
            line++;
            line_start = i + 1;
        }
    }
    int column = (int)((offset < reader->len ? offset : reader->len) - line_start) + 1;
    return weir_fail_at(reader->err, reader->name, line, column, "not readable text: %s", problem);
}

static weir_status fail_syntax(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    const char *problem = parser->problem != NULL ? parser->problem : "unknown problem";
    if (parser->error == YAML_READER_ERROR) {
        return fail_unreadable(reader, problem);
    }
    const int line = (int)parser->problem_mark.line + 1;
    const int column = (int)parser->problem_mark.column + 1;
    if (parser->context == NULL) {
        return weir_fail_at(reader->err, reader->name, line, column, "not valid YAML: %s%s",
                            problem, hint_for(reader, problem));
    }
    return weir_fail_at(reader->err, reader->name, line, column,
                        "not valid YAML: %s %s begun in line %d%s", problem, parser->context,
                        (int)parser->context_mark.line + 1, hint_for(reader, problem));
}

/** Things YAML has and a configuration file needs not. */
static weir_status refuse_references(struct reader *reader)
{
    const yaml_event_t *event = &reader->event;
    const yaml_char_t *anchor = NULL;
    const yaml_char_t *tag = NULL;
    if (event->type == YAML_ALIAS_EVENT) {
        anchor = event->data.alias.anchor;
    } else if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (anchor != NULL) {
        return fail_here(
            reader,
            "anchors (&name) and aliases (*name) are not taken; write the value out, or in quotes");
    }
    return tag != NULL
               ? fail_here(reader,
                           "tags (!name) are not taken; write the value alone, or in quotes")
               : WEIR_OK;
}

/** Move to the next event. */
static weir_status advance(struct reader *reader)
{
    yaml_event_delete(&reader->event);
    if (yaml_parser_parse(&reader->parser, &reader->event) == 0) {
        return fail_syntax(reader);
    }
    return refuse_references(reader);
}

static struct weir_slice scalar_of(const struct reader *reader)
{
    return (struct weir_slice){(const char *)reader->event.data.scalar.value,
                               reader->event.data.scalar.length};
}

static bool is_plain(const struct reader *reader)
{
    return reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/** Nothing, ~ or null. */
static bool is_null(const struct reader *reader)
{
    struct weir_slice text = scalar_of(reader);
    return is_plain(reader) &&
           (text.len == 0 || weir_slice_equals(text, "~") || weir_slice_equals(text, "null"));
}

static weir_status put(struct reader *reader, enum weir_option_id id, struct weir_slice text,
                       bool is_append, const yaml_mark_t *mark)
{
    const struct weir_origin origin = {WEIR_ORIGIN_FILE, (int)mark->line + 1};
    struct weir__why why;
    if (!weir__config_put(reader->config, id, text, is_append, origin, &why)) {
        return weir_fail_at(reader->err, reader->name, (int)mark->line + 1, (int)mark->column + 1,
                            "%s: %s", weir_option(id)->name, why.text);
    }
    return WEIR_OK;
}

// ---- a YAML value as JSON, for extra-inputs
// --------------------------------------------------------------

/** The containers that are open around the next node. */
struct json_stack {
    struct {
        bool is_mapping;
        size_t nodes; // keys count, too
    } open[JSON_DEPTH_MAX];
    size_t depth;
};

/** JSON's number grammar: what YAML and JSON agree on. */
static bool is_json_number(struct weir_slice text)
{
    double value = 0;
    size_t first = text.len > 0 && text.ptr[0] == '-' ? 1 : 0;
    bool has_digit_first = text.len > first && text.ptr[first] >= '0' && text.ptr[first] <= '9';
    bool has_octal_zero = text.len > first + 1 && text.ptr[first] == '0' &&
                          text.ptr[first + 1] >= '0' && text.ptr[first + 1] <= '9';
    bool ends_with_digit =
        text.len > 0 && text.ptr[text.len - 1] >= '0' && text.ptr[text.len - 1] <= '9';
    return has_digit_first && !has_octal_zero && ends_with_digit &&
           memchr(text.ptr, '_', text.len) == NULL && strstr(text.ptr, ".e") == NULL &&
           strstr(text.ptr, ".E") == NULL && weir_parse_f64(text, &value);
}

static bool add_json_scalar(const struct reader *reader, bool is_key, struct weir_buf *out)
{
    struct weir_slice text = scalar_of(reader);
    if (!is_key && is_null(reader)) {
        return weir_buf_add_str(out, "null");
    }
    bool is_word = weir_slice_equals(text, "true") || weir_slice_equals(text, "false");
    if (!is_key && is_plain(reader) && (is_word || is_json_number(text))) {
        return weir_buf_add(out, text.ptr, text.len);
    }
    return weir_buf_add_char(out, '"') && weir_buf_add_json(out, text.ptr, text.len) &&
           weir_buf_add_char(out, '"');
}

/** The comma or colon before the next node; sets *is_key. */
static bool add_json_separator(struct json_stack *stack, bool *is_key, struct weir_buf *out)
{
    *is_key = false;
    if (stack->depth == 0) {
        return true;
    }
    const bool is_mapping = stack->open[stack->depth - 1].is_mapping;
    const size_t before = stack->open[stack->depth - 1].nodes++;
    *is_key = is_mapping && before % 2 == 0;
    if (before == 0) {
        return true;
    }
    return weir_buf_add_char(out, is_mapping && !*is_key ? ':' : ',');
}

static weir_status open_json(struct reader *reader, struct json_stack *stack, bool is_key,
                             struct weir_buf *out)
{
    const bool is_mapping = reader->event.type == YAML_MAPPING_START_EVENT;
    if (is_key) {
        return fail_here(reader, "a key must be a word here, not a list or a mapping");
    }
    if (stack->depth == JSON_DEPTH_MAX) {
        return fail_here(reader, "nested too deeply");
    }
    stack->open[stack->depth].is_mapping = is_mapping;
    stack->open[stack->depth].nodes = 0;
    stack->depth++;
    (void)weir_buf_add_char(out, is_mapping ? '{' : '[');
    return WEIR_OK;
}

/** The node that begins with the current event; ends on its last event. An overflow of `out` is
 * left to the caller. */
static weir_status read_json(struct reader *reader, struct weir_buf *out)
{
    struct json_stack stack = {.depth = 0};
    for (;;) {
        weir_status status = WEIR_OK;
        bool is_key = false;
        const yaml_event_type_t type = reader->event.type;
        if (type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT) {
            (void)weir_buf_add_char(out, type == YAML_MAPPING_END_EVENT ? '}' : ']');
            stack.depth--;
        } else if (type == YAML_SCALAR_EVENT) {
            (void)(add_json_separator(&stack, &is_key, out) &&
                   add_json_scalar(reader, is_key, out));
        } else {
            (void)add_json_separator(&stack, &is_key, out);
            status = open_json(reader, &stack, is_key, out);
        }
        if (status != WEIR_OK || stack.depth == 0) {
            return status;
        }
        status = advance(reader);
        if (status != WEIR_OK) {
            return status;
        }
    }
}

// ---- options
// ---------------------------------------------------------------------------------------------

/** The value of a pair, whose key and its separator stand in `item` already. */
static weir_status read_pair_value(struct reader *reader, enum weir__pairs pairs,
                                   struct weir_buf *item)
{
    if (pairs == WEIR__PAIRS_INPUT) {
        return read_json(reader, item);
    }
    if (reader->event.type != YAML_SCALAR_EVENT || is_null(reader)) {
        return fail_here(reader, "a value is needed here, one line of text");
    }
    struct weir_slice value = scalar_of(reader);
    (void)weir_buf_add(item, value.ptr, value.len);
    return WEIR_OK;
}

/** One pair of a mapping that is a value, on its key; ends on the last event of its value. */
static weir_status read_pair(struct reader *reader, enum weir_option_id id, bool is_append)
{
    const enum weir__pairs pairs = weir__option(id)->kind->pairs;
    const yaml_mark_t mark = reader->event.start_mark;
    if (reader->event.type != YAML_SCALAR_EVENT) {
        return fail_here(reader, "a key must be a word here, not a list or a mapping");
    }
    struct weir_slice key = scalar_of(reader);
    const char separator = pairs == WEIR__PAIRS_INPUT ? '=' : ':';
    if (key.len == 0 || memchr(key.ptr, separator, key.len) != NULL || key.ptr[0] == '{') {
        return fail_here(reader, "this key cannot be sent");
    }
    struct weir_buf item;
    weir_buf_init(&item, FILE_BYTES_MAX);
    (void)weir_buf_add(&item, key.ptr, key.len);
    (void)weir_buf_add_str(&item, pairs == WEIR__PAIRS_INPUT ? "=" : ": ");
    weir_status status = advance(reader);
    if (status == WEIR_OK) {
        status = read_pair_value(reader, pairs, &item);
    }
    if (status == WEIR_OK) { // a text cut by its cap is above the limit of a value still
        status = put(reader, id, (struct weir_slice){item.ptr, item.len}, is_append, &mark);
    }
    weir_buf_free(&item);
    return status;
}

/** A mapping as a value, on its start; ends on its end. Sets *is_append once something was put. */
static weir_status read_pairs(struct reader *reader, enum weir_option_id id, bool *is_append)
{
    if (weir__option(id)->kind->pairs == WEIR__PAIRS_NONE) {
        return weir_fail_at(reader->err, reader->name, line_of(reader), column_of(reader),
                            "%s takes a value, not a mapping; a text that holds ': ' needs quotes",
                            weir_option(id)->name);
    }
    for (;;) {
        weir_status status = advance(reader);
        if (status != WEIR_OK || reader->event.type == YAML_MAPPING_END_EVENT) {
            return status;
        }
        status = read_pair(reader, id, *is_append);
        if (status != WEIR_OK) {
            return status;
        }
        *is_append = true;
    }
}

static weir_status read_scalar(struct reader *reader, enum weir_option_id id, bool is_append)
{
    if (is_null(reader)) {
        return weir_fail_at(reader->err, reader->name, line_of(reader), column_of(reader),
                            "%s has no value; write one, or leave the key out",
                            weir_option(id)->name);
    }
    return put(reader, id, scalar_of(reader), is_append, &reader->event.start_mark);
}

/** A sequence as a value, on its start; ends on its end. */
static weir_status read_items(struct reader *reader, enum weir_option_id id, bool *is_append)
{
    const char *name = weir_option(id)->name;
    if (!weir__option(id)->kind->is_list) {
        return weir_fail_at(reader->err, reader->name, line_of(reader), column_of(reader),
                            "%s takes one value, not a list", name);
    }
    for (;;) {
        weir_status status = advance(reader);
        if (status != WEIR_OK || reader->event.type == YAML_SEQUENCE_END_EVENT) {
            return status;
        }
        if (reader->event.type == YAML_SCALAR_EVENT) {
            status = read_scalar(reader, id, *is_append);
            *is_append = true;
        } else if (reader->event.type == YAML_MAPPING_START_EVENT) {
            status = read_pairs(reader, id, is_append);
        } else {
            status = weir_fail_at(reader->err, reader->name, line_of(reader), column_of(reader),
                                  "%s takes a list of values, not of lists", name);
        }
        if (status != WEIR_OK) {
            return status;
        }
    }
}

/** The value of an option; ends on its last event. */
static weir_status read_value(struct reader *reader, enum weir_option_id id)
{
    const int line = line_of(reader);
    const int column = column_of(reader);
    bool is_append = false;
    weir_status status = WEIR_OK;
    if (reader->event.type == YAML_SCALAR_EVENT) {
        return read_scalar(reader, id, false);
    }
    if (reader->event.type == YAML_SEQUENCE_START_EVENT) {
        status = read_items(reader, id, &is_append);
    } else {
        status = read_pairs(reader, id, &is_append);
    }
    if (status == WEIR_OK && !is_append) {
        return weir_fail_at(reader->err, reader->name, line, column,
                            "%s has no items; write some, or leave the key out",
                            weir_option(id)->name);
    }
    return status;
}

/** The option the current scalar names; keys may be written with _ for -. */
static weir_status read_key(struct reader *reader, enum weir_option_id *id)
{
    char name[WEIR__NAME_BYTES_MAX];
    struct weir__why why;
    struct weir_slice key = scalar_of(reader);
    if (key.len >= sizeof(name) || memchr(key.ptr, '\0', key.len) != NULL) {
        return fail_here(reader, "no option has such a name");
    }
    for (size_t i = 0; i < key.len; i++) {
        name[i] = '-';
        if (key.ptr[i] != '_') {
            name[i] = key.ptr[i];
        }
    }
    name[key.len] = '\0';
    if (!weir__option_find(reader->command, name, "", id, &why)) {
        return fail_here(reader, why.text);
    }
    if (reader->first_line[*id] != 0) {
        return weir_fail_at(reader->err, reader->name, line_of(reader), column_of(reader),
                            "%s is given twice, first in line %d", name, reader->first_line[*id]);
    }
    reader->first_line[*id] = line_of(reader);
    return WEIR_OK;
}

/** The mapping of the document, on its start; ends on its end. */
static weir_status read_options(struct reader *reader)
{
    for (;;) {
        enum weir_option_id id = WEIR_OPTION_COUNT;
        weir_status status = advance(reader);
        if (status != WEIR_OK || reader->event.type == YAML_MAPPING_END_EVENT) {
            return status;
        }
        if (reader->event.type != YAML_SCALAR_EVENT) {
            return fail_here(reader, "a key must be the name of an option");
        }
        status = read_key(reader, &id);
        if (status == WEIR_OK) {
            status = advance(reader);
        }
        if (status == WEIR_OK) {
            status = read_value(reader, id);
        }
        if (status != WEIR_OK) {
            return status;
        }
    }
}

/** On the start of a document; ends on its end. */
static weir_status read_document(struct reader *reader)
{
    weir_status status = advance(reader);
    if (status == WEIR_OK && reader->event.type == YAML_MAPPING_START_EVENT) {
        status = read_options(reader);
    } else if (status == WEIR_OK && !(reader->event.type == YAML_SCALAR_EVENT && is_null(reader))) {
        return fail_here(
            reader,
            "the file must be a mapping from option names to values, as in 'concurrency: 8'");
    }
    return status == WEIR_OK ? advance(reader) : status;
}

static weir_status read_stream(struct reader *reader)
{
    weir_status status = advance(reader); // its start
    if (status == WEIR_OK) {
        status = advance(reader);
    }
    if (status == WEIR_OK && reader->event.type == YAML_DOCUMENT_START_EVENT) {
        status = read_document(reader);
        if (status == WEIR_OK) {
            status = advance(reader);
        }
    }
    if (status == WEIR_OK && reader->event.type != YAML_STREAM_END_EVENT) {
        return fail_here(reader, "a second document begins here; a file holds one");
    }
    return status;
}

weir_status weir_config_parse_yaml(struct weir_config *config, int command, const char *text,
                                   size_t len, const char *name, struct weir_err *err)
{
    struct reader reader = {
        .config = config, .command = command, .text = text, .len = len, .name = name, .err = err};
    if (len > FILE_BYTES_MAX) {
        return weir_fail_at(err, name, 0, 0, "the file is larger than %d KiB",
                            FILE_BYTES_MAX / 1024);
    }
    if (yaml_parser_initialize(&reader.parser) == 0) {
        return weir_fail(err, WEIR_SYSTEM, "out of memory");
    }
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, len);
    (void)weir_copy(config->file, sizeof(config->file), name); // for the origins of values
    const weir_status status = read_stream(&reader);
    yaml_event_delete(&reader.event);
    yaml_parser_delete(&reader.parser);
    return status;
}

weir_status weir_config_read_yaml(struct weir_config *config, int command, const char *path,
                                  struct weir_err *err)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return weir_fail(err, WEIR_INVALID, "--config: cannot open %s: %s", path, strerror(errno));
    }
    char *text = weir_alloc(FILE_BYTES_MAX + 1, 1);
    errno = 0;
    const size_t len = fread(text, 1, FILE_BYTES_MAX + 1, file);
    weir_status status = WEIR_OK;
    if (ferror(file) != 0) {
        status =
            weir_fail(err, WEIR_INVALID, "--config: cannot read %s: %s", path, strerror(errno));
    }
    (void)fclose(file);
    if (status == WEIR_OK) {
        status = weir_config_parse_yaml(config, command, text, len, path, err);
    }
    weir_free(text);
    return status;
}
