// Reading a request body: see request.h. Off the token path, so Jansson does the JSON.
#include "weir/sim/request.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *type_of(int http_status)
{
    switch (http_status) {
    case 404:
        return "NotFoundError";
    case 405:
        return "MethodNotAllowedError";
    default:
        return http_status >= 500 ? "InternalServerError" : "BadRequestError";
    }
}

bool weir_sim_refuse(struct weir_sim_fault *fault, int http_status, const char *param,
                     const char *format, ...)
{
    *fault = (struct weir_sim_fault){
        .http_status = http_status, .type = type_of(http_status), .param = param};
    va_list args;
    va_start(args, format);
    (void)vsnprintf(fault->message, sizeof(fault->message), format, args);
    va_end(args);
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int64_t count_words(const json_t *text)
{
    const char *bytes = json_string_value(text);
    const size_t len = json_string_length(text);
    int64_t words = 0;
    bool was_blank = true;
    for (size_t i = 0; i < len; i++) {
        const bool blank = is_blank(bytes[i]);
        words += was_blank && !blank;
        was_blank = blank;
    }
    return words;
}

/** Content of a message: a string, null, or parts of which those with text count. */
static bool count_content(const json_t *content, int64_t *words)
{
    if (json_is_string(content)) {
        *words += count_words(content);
        return true;
    }
    if (content == NULL || json_is_null(content)) {
        return true;
    }
    size_t index = 0;
    const json_t *part = NULL;
    json_array_foreach(content, index, part)
    {
        const json_t *text = json_object_get(part, "text");
        if (!json_is_object(part)) {
            return false;
        }
        if (json_is_string(text)) {
            *words += count_words(text);
        }
    }
    return json_is_array(content);
}

static bool read_messages(const json_t *body, struct weir_sim_request *out,
                          struct weir_sim_fault *fault)
{
    const json_t *messages = json_object_get(body, "messages");
    if (!json_is_array(messages) || json_array_size(messages) == 0) {
        return weir_sim_refuse(fault, 400, "messages",
                               "'messages' must be an array with at least one message");
    }
    size_t index = 0;
    const json_t *message = NULL;
    json_array_foreach(messages, index, message)
    {
        if (!json_is_object(message) || !json_is_string(json_object_get(message, "role"))) {
            return weir_sim_refuse(fault, 400, "messages",
                                   "messages[%zu] must be an object with a 'role'", index);
        }
        if (!count_content(json_object_get(message, "content"), &out->prompt_tokens)) {
            return weir_sim_refuse(fault, 400, "messages",
                                   "messages[%zu].content must be a string or an array of parts",
                                   index);
        }
    }
    return true;
}

static bool are_integers(const json_t *array)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(array, index, item)
    {
        if (!json_is_integer(item)) {
            return false;
        }
    }
    return true;
}

/** A prompt: a string, an array of token ids, or an array with one of these. */
static bool read_prompt(const json_t *body, struct weir_sim_request *out,
                        struct weir_sim_fault *fault)
{
    const json_t *prompt = json_object_get(body, "prompt");
    const json_t *first = json_array_get(prompt, 0);
    if (json_is_string(first) || json_is_array(first)) {
        if (json_array_size(prompt) > 1) {
            return weir_sim_refuse(fault, 400, "prompt",
                                   "this server answers one prompt a request, not %zu",
                                   json_array_size(prompt));
        }
        prompt = first;
    }
    if (json_is_string(prompt)) {
        out->prompt_tokens = count_words(prompt);
        return true;
    }
    if (json_is_array(prompt) && json_array_size(prompt) > 0 && are_integers(prompt)) {
        out->prompt_tokens = (int64_t)json_array_size(prompt);
        return true;
    }
    return weir_sim_refuse(fault, 400, "prompt", "'prompt' must be a string or token ids");
}

static bool read_bool(const json_t *object, const char *key, bool *out,
                      struct weir_sim_fault *fault)
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL || json_is_null(value)) {
        return true;
    }
    if (!json_is_boolean(value)) {
        return weir_sim_refuse(fault, 400, key, "'%s' must be true or false", key);
    }
    *out = json_is_true(value);
    return true;
}

static bool read_count(const json_t *body, const char *key, int64_t min, int64_t *out,
                       struct weir_sim_fault *fault)
{
    const json_t *value = json_object_get(body, key);
    if (value == NULL || json_is_null(value)) {
        return true;
    }
    const json_int_t count = json_integer_value(value);
    if (!json_is_integer(value) || count < min || count > WEIR_SIM_TOKENS_MAX) {
        return weir_sim_refuse(fault, 400, key, "'%s' must be a whole number from %lld to %d", key,
                               (long long)min, WEIR_SIM_TOKENS_MAX);
    }
    *out = count;
    return true;
}

static bool read_length(const json_t *body, struct weir_sim_request *out,
                        struct weir_sim_fault *fault)
{
    int64_t newer = 0;
    if (!read_count(body, "max_tokens", 1, &out->max_tokens, fault) ||
        !read_count(body, "max_completion_tokens", 1, &newer, fault) ||
        !read_count(body, "min_tokens", 0, &out->min_tokens, fault)) {
        return false;
    }
    out->max_tokens = newer > 0 ? newer : out->max_tokens;
    if (out->max_tokens > 0 && out->min_tokens > out->max_tokens) {
        return weir_sim_refuse(fault, 400, "min_tokens",
                               "'min_tokens' (%lld) must not be above 'max_tokens' (%lld)",
                               (long long)out->min_tokens, (long long)out->max_tokens);
    }
    return true;
}

static bool read_stream(const json_t *body, struct weir_sim_request *out,
                        struct weir_sim_fault *fault)
{
    const json_t *options = json_object_get(body, "stream_options");
    if (!read_bool(body, "stream", &out->is_streaming, fault)) {
        return false;
    }
    if (options == NULL || json_is_null(options)) {
        return true;
    }
    if (!json_is_object(options) || !out->is_streaming) {
        return weir_sim_refuse(fault, 400, "stream_options",
                               "'stream_options' must be an object, and needs 'stream': true");
    }
    if (!read_bool(options, "include_usage", &out->wants_usage, fault) ||
        !read_bool(options, "continuous_usage_stats", &out->wants_every, fault)) {
        return false;
    }
    out->wants_every = out->wants_every && out->wants_usage;
    return true;
}

static bool read_choices(const json_t *body, struct weir_sim_fault *fault)
{
    int64_t n = 1;
    if (!read_count(body, "n", 1, &n, fault)) {
        return false;
    }
    return n == 1 ||
           weir_sim_refuse(fault, 400, "n", "this server gives one choice; 'n' must be 1");
}

/** How much of a name stands in a message: cut between characters, since the message becomes JSON.
 */
static int shown_len(const char *name)
{
    enum { SHOWN_MAX = 100 };
    size_t len = strlen(name);
    if (len > SHOWN_MAX) {
        len = SHOWN_MAX;
        while (len > 0 && ((unsigned char)name[len] & 0xc0U) == 0x80U) {
            len--;
        }
    }
    return (int)len;
}

static bool read_model(const json_t *body, const char *model, struct weir_sim_fault *fault)
{
    const json_t *asked = json_object_get(body, "model");
    if (asked == NULL || json_is_null(asked)) {
        return true;
    }
    if (!json_is_string(asked)) {
        return weir_sim_refuse(fault, 400, "model", "'model' must be a string");
    }
    if (strcmp(json_string_value(asked), model) == 0) {
        return true;
    }
    (void)weir_sim_refuse(
        fault, 404, "model", "The model `%.*s` does not exist. This server has `%.*s`.",
        shown_len(json_string_value(asked)), json_string_value(asked), shown_len(model), model);
    fault->code = "model_not_found";
    return false;
}

static bool read_body(const json_t *body, const char *model, struct weir_sim_request *out,
                      struct weir_sim_fault *fault)
{
    if (!json_is_object(body)) {
        return weir_sim_refuse(fault, 400, NULL, "the request body must be a JSON object");
    }
    return read_model(body, model, fault) && read_length(body, out, fault) &&
           read_stream(body, out, fault) && read_choices(body, fault) &&
           (out->is_chat ? read_messages(body, out, fault) : read_prompt(body, out, fault));
}

bool weir_sim_request_read(struct weir_slice body, bool is_chat, const char *model,
                           struct weir_sim_request *out, struct weir_sim_fault *fault)
{
    if (weir_slice_trim(body).len == 0) {
        return weir_sim_refuse(fault, 400, NULL, "the request has no body; send a JSON object");
    }
    json_error_t error;
    json_t *json = json_loadb(body.ptr, body.len, JSON_DECODE_ANY, &error);
    if (json == NULL) {
        return weir_sim_refuse(fault, 400, NULL, "the request body is not JSON: %s (byte %d)",
                               error.text, error.position);
    }
    struct weir_sim_request read = {.is_chat = is_chat};
    const bool is_good = read_body(json, model, &read, fault);
    json_decref(json);
    if (is_good) {
        *out = read;
    }
    return is_good;
}
