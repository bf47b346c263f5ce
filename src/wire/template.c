// Reading the description of a language: see template.h.
#include "weir/wire/template.h"

#include <string.h>

#include "template_internal.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/wire/json.h"

enum { STRING_MAX = 4096, BODY_MAX = 1 << 20, HEADERS_MAX = 32 };

/** A description being read. */
struct reader {
    struct weir_template *template;
    const char *file;
    struct weir_err *err;
};

/** Members that are strings for struct weir_template as they stand. */
static const struct member {
    const char *name;
    size_t at;       // offset of its const char *
    bool is_pointer; // a JSON pointer
} MEMBERS[] = {
    {"text", offsetof(struct weir_template, text), true},
    {"reasoning", offsetof(struct weir_template, reasoning), true},
    {"tool", offsetof(struct weir_template, tool), true},
    {"finish", offsetof(struct weir_template, finish), true},
    {"error", offsetof(struct weir_template, error), true},
    {"output_tokens", offsetof(struct weir_template, output_tokens), true},
    {"input_tokens", offsetof(struct weir_template, input_tokens), true},
    {"cached_tokens", offsetof(struct weir_template, cached_tokens), true},
    {"reasoning_tokens", offsetof(struct weir_template, reasoning_tokens), true},
    {"end", offsetof(struct weir_template, end), false},
    {"end_at", offsetof(struct weir_template, end_at), true},
};

/** The others. */
static const char *const OTHERS[] = {"path", "framing", "headers", "body", "cumulative"};

static weir_status fail(const struct reader *reader, const char *name, const char *what)
{
    return weir_fail_at(reader->err, reader->file, 0, 0, "endpoint template: '%s' %s", name, what);
}

static weir_status fail_unknown(const struct reader *reader, struct weir_slice key)
{
    const char *known[WEIR_COUNT_OF(MEMBERS) + WEIR_COUNT_OF(OTHERS)];
    size_t count = 0;
    for (size_t i = 0; i < WEIR_COUNT_OF(MEMBERS); i++) {
        known[count++] = MEMBERS[i].name;
    }
    for (size_t i = 0; i < WEIR_COUNT_OF(OTHERS); i++) {
        known[count++] = OTHERS[i];
    }
    char *word = weir_strndup(key.ptr, key.len < 40 ? key.len : 40);
    const char *near = weir_suggest(word, known, count);
    const weir_status status = weir_fail_at(
        reader->err, reader->file, 0, 0,
        "endpoint template: unknown member '%s'%s%s%s; path, body and text must be there, then "
        "framing, headers, reasoning, tool, finish, error, …_tokens, end, end_at and cumulative "
        "may",
        word, near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
        near != NULL ? "'?" : "");
    weir_free(word);
    return status;
}

/** Consume a value; NULL when it is no string, or too long a one. */
static const char *take_string(struct reader *reader, struct weir_json *json)
{
    struct weir_slice raw;
    if (!weir_json_take_string(json, &raw)) {
        return NULL;
    }
    struct weir_buf text;
    weir_buf_init(&text, STRING_MAX);
    const bool fits = weir_json_unescape(raw, &text);
    const bool has_nul = memchr(weir_buf_text(&text), '\0', text.len) != NULL;
    const char *copy = fits && !has_nul ? weir_arena_strndup(reader->template->arena,
                                                             weir_buf_text(&text), text.len)
                                        : NULL;
    weir_buf_free(&text);
    return copy;
}

static weir_status take_member(struct reader *reader, struct weir_json *json,
                               const struct member *member)
{
    const char *text = take_string(reader, json);
    if (text == NULL) {
        return fail(reader, member->name, "must be a string");
    }
    if (member->is_pointer && text[0] != '\0' && text[0] != '/') {
        return fail(reader, member->name,
                    "must be a JSON pointer, as \"/choices/0/text\"; it begins with a slash");
    }
    if (!member->is_pointer && text[0] == '\0') {
        return fail(reader, member->name, "must not be empty; leave it out");
    }
    memcpy((char *)reader->template + member->at, &text, sizeof(text));
    return WEIR_OK;
}

/** Bytes that may stand in a path. */
static bool is_path(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at <= ' ' || *at >= 0x7f || strchr("\"<>\\^`|#?", *at) != NULL) {
            return false;
        }
    }
    return text[0] == '/' && text[strlen(text) - 1] != '/';
}

static weir_status take_path(struct reader *reader, struct weir_json *json)
{
    const char *path = take_string(reader, json);
    if (path == NULL || !is_path(path)) {
        return fail(reader, "path", "must be a string like \"/v1/write\", without a query");
    }
    reader->template->dialect.path = path;
    return WEIR_OK;
}

static weir_status take_framing(struct reader *reader, struct weir_json *json)
{
    static const char *const NAMES[] = {[WEIR_FRAMING_DOCUMENT] = "document",
                                        [WEIR_FRAMING_SSE] = "sse",
                                        [WEIR_FRAMING_NDJSON] = "ndjson"};
    const char *name = take_string(reader, json);
    for (size_t i = 0; name != NULL && i < WEIR_COUNT_OF(NAMES); i++) {
        if (strcmp(NAMES[i], name) == 0) {
            reader->template->dialect.framing = (enum weir_framing)i;
            return WEIR_OK;
        }
    }
    return fail(reader, "framing", "must be \"sse\", \"ndjson\" or \"document\"");
}

static bool is_header(const char *line)
{
    const char *colon = line != NULL ? strchr(line, ':') : NULL;
    return colon != NULL && colon != line && strpbrk(line, "\r\n") == NULL &&
           strcspn(line, " \t") > (size_t)(colon - line);
}

static weir_status take_headers(struct reader *reader, struct weir_json *json)
{
    static const char WANTED[] = "must be an array of up to 32 strings like \"name: value\"";
    const char **lines =
        weir_arena_alloc(reader->template->arena, (HEADERS_MAX + 1) * sizeof(*lines));
    size_t count = 0;
    if (!weir_json_open_array(json)) {
        return fail(reader, "headers", WANTED);
    }
    while (weir_json_next_element(json)) {
        const char *line = take_string(reader, json);
        if (count == HEADERS_MAX || !is_header(line)) {
            return fail(reader, "headers", WANTED);
        }
        lines[count++] = line;
    }
    reader->template->dialect.headers = lines;
    return WEIR_OK;
}

static weir_status take_body(struct reader *reader, struct weir_json *json)
{
    const enum weir_json_type type = weir_json_peek(json);
    const struct weir_slice raw = weir_json_take_raw(json);
    if (type != WEIR_JSON_OBJECT || raw.len > BODY_MAX) {
        return fail(reader, "body", "must be a JSON object of up to 1 MiB");
    }
    reader->template->body =
        (struct weir_slice){weir_arena_strndup(reader->template->arena, raw.ptr, raw.len), raw.len};
    return WEIR_OK;
}

static weir_status take_cumulative(struct reader *reader, struct weir_json *json)
{
    const enum weir_json_type type = weir_json_peek(json);
    weir_json_skip(json);
    if (type != WEIR_JSON_TRUE && type != WEIR_JSON_FALSE) {
        return fail(reader, "cumulative", "must be true or false");
    }
    reader->template->dialect.repeats_text = type == WEIR_JSON_TRUE;
    return WEIR_OK;
}

static weir_status take_any(struct reader *reader, struct weir_json *json, struct weir_slice key)
{
    static weir_status (*const TAKERS[])(struct reader *, struct weir_json *) = {
        take_path, take_framing, take_headers, take_body, take_cumulative};
    for (size_t i = 0; i < WEIR_COUNT_OF(OTHERS); i++) {
        if (weir_slice_equals(key, OTHERS[i])) {
            return TAKERS[i](reader, json);
        }
    }
    for (size_t i = 0; i < WEIR_COUNT_OF(MEMBERS); i++) {
        if (weir_slice_equals(key, MEMBERS[i].name)) {
            return take_member(reader, json, &MEMBERS[i]);
        }
    }
    return fail_unknown(reader, key);
}

static weir_status take_all(struct reader *reader, struct weir_slice text)
{
    struct weir_json json;
    struct weir_slice key;
    weir_status status = WEIR_OK;
    weir_json_init(&json, text);
    const bool is_object = weir_json_open_object(&json);
    while (status == WEIR_OK && weir_json_next_member(&json, &key)) {
        status = take_any(reader, &json, key);
    }
    // broken text ends the members early, so that it is the first thing to tell
    if (!is_object || json.is_bad || (status == WEIR_OK && !weir_json_end(&json))) {
        return weir_fail_at(reader->err, reader->file, 0, 0,
                            "endpoint template: not a JSON object; strings stand in double quotes, "
                            "and no comma follows the last member");
    }
    return status;
}

static bool holds(struct weir_slice text, const char *word)
{
    const size_t len = strlen(word);
    for (size_t i = 0; i + len <= text.len; i++) {
        if (memcmp(text.ptr + i, word, len) == 0) {
            return true;
        }
    }
    return false;
}

/** Whether a request made of it is JSON: a placeholder may stand where it cannot. */
static bool makes_json(const struct weir_template *template)
{
    const struct weir_body_spec spec = {.model = {"m", 1},
                                        .prompt = {"p", 1},
                                        .messages = {"[]", 2},
                                        .max_tokens = 1,
                                        .template = template};
    struct weir_buf body;
    struct weir_json json;
    size_t prompt_at = 0;
    weir_buf_init(&body, (size_t)4 * BODY_MAX);
    const bool is_built = weir__template_build(&spec, &body, &prompt_at);
    weir_json_init(&json, (struct weir_slice){weir_buf_text(&body), body.len});
    weir_json_skip(&json);
    const bool is_json = is_built && weir_json_end(&json);
    weir_buf_free(&body);
    return is_json;
}

static weir_status check(struct reader *reader)
{
    const struct weir_template *template = reader->template;
    if (template->dialect.path == NULL) {
        return fail(reader, "path", "is missing; it says where requests go, as \"/v1/write\"");
    }
    if (template->body.ptr == NULL) {
        return fail(reader, "body",
                    "is missing; write {\"prompt\": \"{prompt}\"} and what else "
                    "the server needs");
    }
    if (template->text == NULL) {
        return fail(reader, "text",
                    "is missing; it points to the text of an event, as "
                    "\"/choices/0/text\"");
    }
    if (template->dialect.repeats_text && template->output_tokens == NULL) {
        return fail(reader, "cumulative",
                    "needs output_tokens: without a count, text said again "
                    "cannot be told from new text");
    }
    if (!holds(template->body, "{prompt}") && !holds(template->body, "\"{messages}\"")) {
        return fail(reader, "body", "has neither {prompt} nor \"{messages}\"");
    }
    if (!makes_json(template)) {
        return fail(reader, "body",
                    "has \"{messages}\", \"{max_tokens}\" or \"{stream}\" where "
                    "only a name can stand");
    }
    return WEIR_OK;
}

static void set_dialect(struct weir_template *template)
{
    struct weir_dialect *dialect = &template->dialect;
    dialect->name = "template";
    dialect->help = "A language that the user describes";
    dialect->models = (struct weir_models_shape){"/v1/models", "data", "id"};
    dialect->template = template;
    dialect->inexact_because =
        "a template cannot know; put the server's own fields for it into its body";
    dialect->sends_model = holds(template->body, "{model}");
    dialect->takes_messages = holds(template->body, "\"{messages}\"");
    dialect->ends_with_mark =
        template->end != NULL || template->end_at != NULL || template->finish != NULL;
    dialect->build = weir__template_build;
    dialect->parse_event = weir__template_parse_event;
    dialect->parse_answer = weir__template_parse_answer;
}

weir_status weir_template_parse(struct weir_slice json, const char *file,
                                struct weir_template **out, struct weir_err *err)
{
    struct weir_arena *arena = weir_arena_new();
    struct weir_template *template = weir_arena_alloc(arena, sizeof(*template));
    struct reader reader = {.template = template, .file = file, .err = err};
    template->arena = arena;
    template->error = "/error";
    template->dialect.framing = WEIR_FRAMING_SSE;
    weir_status status = take_all(&reader, json);
    if (status == WEIR_OK) {
        status = check(&reader);
    }
    if (status != WEIR_OK) {
        weir_arena_free(arena);
        return status;
    }
    set_dialect(template);
    *out = template;
    return WEIR_OK;
}

void weir_template_free(struct weir_template *template)
{
    if (template != NULL) {
        weir_arena_free(template->arena);
    }
}

const struct weir_dialect *weir_template_dialect(const struct weir_template *template)
{
    return &template->dialect;
}
