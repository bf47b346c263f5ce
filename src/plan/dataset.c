// Prompts from a JSONL file: see dataset.h.
#include "weir/plan/dataset.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "weir/base/buf.h"
#include "weir/base/mem.h"

enum { TOKENS_MAX = 10000000, CHUNK_BYTES = 65536 };

/** Where the parser is, for errors; rows grow on the heap and end up in the arena. */
struct reader {
    const char *name;
    int line;
    struct weir_arena *arena;
    struct weir_row *rows;
    size_t count;
    size_t size;
    struct weir_err *err;
};

#define FAIL(reader, ...)                                                                          \
    weir_fail_at((reader)->err, (reader)->name, (reader)->line, 0, __VA_ARGS__)

static weir_status take_max_tokens(struct reader *reader, const json_t *object, int64_t *out)
{
    const json_t *value = json_object_get(object, "max_tokens");
    const char *name = "max_tokens";
    if (value == NULL) {
        value = json_object_get(object, "output_length");
        name = "output_length";
    }
    if (value == NULL || json_is_null(value)) {
        return WEIR_OK;
    }
    if (!json_is_integer(value) || json_integer_value(value) < 1 ||
        json_integer_value(value) > TOKENS_MAX) {
        return FAIL(reader, "'%s' must be a whole number from 1 to %d", name, TOKENS_MAX);
    }
    *out = json_integer_value(value);
    return WEIR_OK;
}

static weir_status take_messages(struct reader *reader, const json_t *messages,
                                 struct weir_slice *out)
{
    if (!json_is_array(messages) || json_array_size(messages) == 0) {
        return FAIL(reader, "'messages' must be an array of at least one message, as "
                            "[{\"role\": \"user\", \"content\": \"…\"}]");
    }
    size_t count = json_array_size(messages);
    for (size_t i = 0; i < count; i++) {
        if (!json_is_string(json_object_get(json_array_get(messages, i), "role"))) {
            return FAIL(reader,
                        "message %zu of %zu must be an object with a 'role', as "
                        "{\"role\": \"user\", \"content\": \"…\"}",
                        i + 1, count);
        }
    }
    size_t len = json_dumpb(messages, NULL, 0, JSON_COMPACT);
    char *text = weir_arena_alloc(reader->arena, len + 1);
    if (len == 0 || json_dumpb(messages, text, len, JSON_COMPACT) != len) {
        return weir_fail(reader->err, WEIR_INTERNAL, "messages could not be written again");
    }
    *out = (struct weir_slice){text, len};
    return WEIR_OK;
}

static weir_status take_prompt(struct reader *reader, const json_t *prompt, struct weir_slice *out)
{
    if (!json_is_string(prompt) || json_string_length(prompt) == 0) {
        return FAIL(reader, "'prompt' must be a string with something in it");
    }
    size_t len = json_string_length(prompt);
    *out =
        (struct weir_slice){weir_arena_strndup(reader->arena, json_string_value(prompt), len), len};
    return WEIR_OK;
}

static weir_status take_object(struct reader *reader, const json_t *object, struct weir_row *row)
{
    if (!json_is_object(object)) {
        return FAIL(reader, "a line must be a JSON object with 'prompt' or 'messages'");
    }
    const json_t *prompt = json_object_get(object, "prompt");
    const json_t *messages = json_object_get(object, "messages");
    if (prompt != NULL && messages != NULL) {
        return FAIL(reader, "both 'prompt' and 'messages'; keep one of them");
    }
    if (prompt == NULL && messages == NULL) {
        return FAIL(reader, "neither 'prompt' nor 'messages' in this object%s",
                    json_object_get(object, "conversations") != NULL
                        ? "; ShareGPT's 'conversations' must be turned into 'messages' first"
                        : "");
    }
    weir_status status = prompt != NULL ? take_prompt(reader, prompt, &row->prompt)
                                        : take_messages(reader, messages, &row->messages);
    return status == WEIR_OK ? take_max_tokens(reader, object, &row->max_tokens) : status;
}

static weir_status add_row(struct reader *reader, const struct weir_row *row)
{
    if (reader->count == WEIR_DATASET_ROWS_MAX) {
        return FAIL(reader, "more than %d prompts; split the file", WEIR_DATASET_ROWS_MAX);
    }
    if (reader->count == reader->size) {
        reader->size = reader->size > 0 ? reader->size * 2 : 64;
        reader->rows = weir_realloc(reader->rows, reader->size, sizeof(*reader->rows));
    }
    reader->rows[reader->count++] = *row;
    return WEIR_OK;
}

static weir_status fail_json(struct reader *reader, struct weir_slice line,
                             const json_error_t *error)
{
    if (reader->line == 1 && line.ptr[0] == '[') {
        return FAIL(reader, "this looks like one JSON array; a JSONL file has one object a line "
                            "(jq -c '.[]' turns the one into "
                            "the other)");
    }
    return weir_fail_at(reader->err, reader->name, reader->line,
                        error->column > 0 ? error->column : 1, "not a JSON object: %s",
                        error->text);
}

static weir_status take_line(struct reader *reader, struct weir_slice line)
{
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    line = weir_slice_trim(line);
    if (line.len == 0) {
        return WEIR_OK;
    }
    json_error_t error;
    json_t *object = json_loadb(line.ptr, line.len, JSON_REJECT_DUPLICATES, &error);
    if (object == NULL) {
        return fail_json(reader, line, &error);
    }
    struct weir_row row = {.line = reader->line};
    weir_status status = take_object(reader, object, &row);
    json_decref(object);
    return status == WEIR_OK ? add_row(reader, &row) : status;
}

weir_status weir_dataset_parse(struct weir_slice text, const char *name, struct weir_arena *arena,
                               struct weir_dataset *out, struct weir_err *err)
{
    struct reader reader = {.name = name, .arena = arena, .err = err};
    if (weir_slice_starts(text, "\xef\xbb\xbf")) {
        text = (struct weir_slice){text.ptr + 3, text.len - 3};
    }
    struct weir_slice line;
    weir_status status = WEIR_OK;
    while (status == WEIR_OK && weir_slice_next_part(&text, '\n', &line)) {
        reader.line++;
        status = take_line(&reader, line);
    }
    if (status == WEIR_OK && reader.rows != NULL) {
        out->rows = weir_arena_alloc(arena, reader.count * sizeof(*out->rows));
        memcpy(out->rows, reader.rows, reader.count * sizeof(*out->rows));
        out->count = reader.count;
    } else if (status == WEIR_OK) {
        status = weir_fail_at(err, name, 0, 0,
                              "no prompt in this file; a line is {\"prompt\": \"…\"} or "
                              "{\"messages\": […]}");
    }
    weir_free(reader.rows);
    return status;
}

static weir_status read_all(FILE *file, const char *path, struct weir_buf *out,
                            struct weir_err *err)
{
    char *chunk = weir_alloc(CHUNK_BYTES, 1);
    size_t len = fread(chunk, 1, CHUNK_BYTES, file);
    while (len > 0 && weir_buf_add(out, chunk, len)) {
        len = fread(chunk, 1, CHUNK_BYTES, file);
    }
    weir_free(chunk);
    if (out->overflow) {
        return weir_fail_at(err, path, 0, 0, "larger than %zu MiB; split the file",
                            WEIR_DATASET_BYTES_MAX >> 20U);
    }
    if (ferror(file) != 0) {
        return weir_fail_at(err, path, 0, 0, "cannot be read: %s", strerror(errno));
    }
    return WEIR_OK;
}

weir_status weir_dataset_read(const char *path, struct weir_arena *arena, struct weir_dataset *out,
                              struct weir_err *err)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return weir_fail_at(err, path, 0, 0, "cannot be opened: %s (--input-file)",
                            strerror(errno));
    }
    struct weir_buf text;
    weir_buf_init(&text, WEIR_DATASET_BYTES_MAX);
    weir_status status = read_all(file, path, &text, err);
    (void)fclose(file);
    if (status == WEIR_OK) {
        status = weir_dataset_parse((struct weir_slice){weir_buf_text(&text), text.len}, path,
                                    arena, out, err);
    }
    weir_buf_free(&text);
    return status;
}
