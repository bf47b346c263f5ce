// --extra-inputs into members of a request body: see extra.h.
#include "weir/plan/extra.h"

#include <jansson.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/str.h"
#include "weir/plan/prompt.h"

enum { SHOWN = 80 };

/** What weir decides itself, and the option that says how. */
static const struct {
    const char *key;
    const char *instead;
} reserved[] = {
    {"prompt", "--input-file gives prompts"},
    {"messages", "--input-file gives messages"},
    {"model", "use --model"},
    {"stream", "use --streaming or --no-streaming"},
    {"max_tokens", "use --osl"},
};

static weir_status check_key(const char *key, struct weir_err *err)
{
    if (key[0] == '\0') {
        return weir_fail(err, WEIR_INVALID, "--extra-inputs: a key is empty; write KEY=VALUE");
    }
    for (size_t i = 0; i < WEIR_COUNT_OF(reserved); i++) {
        if (strcmp(key, reserved[i].key) == 0) {
            return weir_fail(err, WEIR_INVALID, "--extra-inputs: '%s' is not taken here; %s", key,
                             reserved[i].instead);
        }
    }
    return WEIR_OK;
}

static weir_status take_object(json_t *all, const char *text, struct weir_err *err)
{
    json_error_t error;
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (object == NULL) {
        return weir_fail(err, WEIR_INVALID,
                         "--extra-inputs '%.*s': not a JSON object: %s at character %d", SHOWN,
                         text, error.text, error.position);
    }
    const char *key = NULL;
    json_t *value = NULL;
    weir_status status = WEIR_OK;
    json_object_foreach(object, key, value)
    {
        status = check_key(key, err);
        if (status != WEIR_OK) {
            break;
        }
        (void)json_object_set(all, key, value);
    }
    json_decref(object);
    return status;
}

static weir_status take_pair(json_t *all, const char *text, struct weir_arena *arena,
                             struct weir_err *err)
{
    const char *mark = strchr(text, '=');
    if (mark == NULL) {
        return weir_fail(err, WEIR_INVALID,
                         "--extra-inputs '%.*s': write KEY=VALUE, as ignore_eos=true, or a JSON "
                         "object in quotes, as "
                         "'{\"temperature\": 0}'",
                         SHOWN, text);
    }
    struct weir_slice name = weir_slice_trim((struct weir_slice){text, (size_t)(mark - text)});
    const char *key = weir_arena_strndup(arena, name.ptr, name.len);
    weir_status status = check_key(key, err);
    if (status != WEIR_OK) {
        return status;
    }
    json_t *value = json_loads(mark + 1, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    if (value == NULL) {
        value = json_string(mark + 1);
    }
    if (value == NULL || json_object_set_new(all, key, value) != 0) {
        return weir_fail(err, WEIR_INVALID, "--extra-inputs '%.*s' is not UTF-8", SHOWN, text);
    }
    return WEIR_OK;
}

static const char *dump(const json_t *value, struct weir_arena *arena)
{
    const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY;
    size_t len = json_dumpb(value, NULL, 0, flags);
    char *text = weir_arena_alloc(arena, len + 1);
    (void)json_dumpb(value, text, len, flags);
    return text;
}

static void collect(json_t *all, struct weir_arena *arena, struct weir_extra *out)
{
    size_t count = json_object_size(all);
    *out = (struct weir_extra){
        .keys = weir_arena_alloc(arena, count * sizeof(*out->keys)),
        .values = weir_arena_alloc(arena, count * sizeof(*out->values)),
    };
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(all, key, value)
    {
        out->keys[out->count] = weir_arena_strndup(arena, key, strlen(key));
        out->values[out->count++] = dump(value, arena);
    }
}

/** max_completion_tokens, the newer name of max_tokens, which some servers insist on. */
static weir_status take_tokens(const json_t *all, int64_t *out, struct weir_err *err)
{
    const json_t *tokens = json_object_get(all, "max_completion_tokens");
    if (tokens == NULL) {
        return WEIR_OK;
    }
    if (!json_is_integer(tokens) || json_integer_value(tokens) < 1 ||
        json_integer_value(tokens) > WEIR_LENGTH_MAX) {
        return weir_fail(
            err, WEIR_INVALID,
            "--extra-inputs: max_completion_tokens must be a whole number from 1 to %d",
            WEIR_LENGTH_MAX);
    }
    *out = json_integer_value(tokens);
    return WEIR_OK;
}

weir_status weir_extra_parse(const struct weir_str_list *texts, struct weir_arena *arena,
                             struct weir_extra *out, struct weir_err *err)
{
    json_t *all = json_object();
    weir_status status = WEIR_OK;
    for (size_t i = 0; i < texts->count && status == WEIR_OK; i++) {
        const char *text = texts->items[i] + strspn(texts->items[i], " \t\r\n");
        status = text[0] == '{' ? take_object(all, text, err) : take_pair(all, text, arena, err);
    }
    int64_t tokens = 0;
    if (status == WEIR_OK) {
        status = take_tokens(all, &tokens, err);
    }
    if (status == WEIR_OK) {
        collect(all, arena, out);
        out->tokens_asked = tokens;
    }
    json_decref(all);
    return status;
}
