// Reading a request body: see request.h. Off the token path, so Jansson does the JSON.
#include "weir/sim/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "request_internal.h"

static const char *type_of(int http_status)
{
    switch (http_status) {
    case 404:
        return "NotFoundError";
    case 401:
        return "AuthenticationError";
    case 403:
        return "PermissionDeniedError";
    case 405:
        return "MethodNotAllowedError";
    case 429:
        return "RateLimitError";
    default:
        return http_status >= 500 ? "InternalServerError" : "BadRequestError";
    }
}

bool weir_sim_refuse(struct weir_sim_refusal *refusal, int http_status, const char *param,
                     const char *format, ...)
{
    *refusal = (struct weir_sim_refusal){
        .http_status = http_status, .type = type_of(http_status), .param = param};
    va_list args;
    va_start(args, format);
    (void)vsnprintf(refusal->message, sizeof(refusal->message), format, args);
    va_end(args);
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

int64_t weir__count_words(const json_t *text)
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
        *words += weir__count_words(content);
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
            *words += weir__count_words(text);
        }
    }
    return json_is_array(content);
}

bool weir__read_messages(const json_t *body, struct weir_sim_request *out,
                         struct weir_sim_refusal *refusal)
{
    const json_t *messages = json_object_get(body, "messages");
    if (!json_is_array(messages) || json_array_size(messages) == 0) {
        return weir_sim_refuse(refusal, 400, "messages",
                               "'messages' must be an array with at least one message");
    }
    size_t index = 0;
    const json_t *message = NULL;
    json_array_foreach(messages, index, message)
    {
        if (!json_is_object(message) || !json_is_string(json_object_get(message, "role"))) {
            return weir_sim_refuse(refusal, 400, "messages",
                                   "messages[%zu] must be an object with a 'role'", index);
        }
        if (!count_content(json_object_get(message, "content"), &out->prompt_tokens)) {
            return weir_sim_refuse(refusal, 400, "messages",
                                   "messages[%zu].content must be a string or an array of parts",
                                   index);
        }
    }
    return true;
}

bool weir__are_integers(const json_t *array)
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
                        struct weir_sim_refusal *refusal)
{
    const json_t *prompt = json_object_get(body, "prompt");
    const json_t *first = json_array_get(prompt, 0);
    if (json_is_string(first) || json_is_array(first)) {
        if (json_array_size(prompt) > 1) {
            return weir_sim_refuse(refusal, 400, "prompt",
                                   "this server answers one prompt a request, not %zu",
                                   json_array_size(prompt));
        }
        prompt = first;
    }
    if (json_is_string(prompt)) {
        out->prompt_tokens = weir__count_words(prompt);
        return true;
    }
    if (json_is_array(prompt) && json_array_size(prompt) > 0 && weir__are_integers(prompt)) {
        out->prompt_tokens = (int64_t)json_array_size(prompt);
        return true;
    }
    return weir_sim_refuse(refusal, 400, "prompt", "'prompt' must be a string or token ids");
}

bool weir__read_bool(const json_t *object, const char *key, bool *out,
                     struct weir_sim_refusal *refusal)
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL || json_is_null(value)) {
        return true;
    }
    if (!json_is_boolean(value)) {
        return weir_sim_refuse(refusal, 400, key, "'%s' must be true or false", key);
    }
    *out = json_is_true(value);
    return true;
}

bool weir__read_count(const json_t *body, const char *key, int64_t min, int64_t *out,
                      struct weir_sim_refusal *refusal)
{
    const json_t *value = json_object_get(body, key);
    if (value == NULL || json_is_null(value)) {
        return true;
    }
    const json_int_t count = json_integer_value(value);
    if (!json_is_integer(value) || count < min || count > WEIR_SIM_TOKENS_MAX) {
        return weir_sim_refuse(refusal, 400, key, "'%s' must be a whole number from %lld to %d",
                               key, (long long)min, WEIR_SIM_TOKENS_MAX);
    }
    *out = count;
    return true;
}

static bool read_length(const json_t *body, struct weir_sim_request *out,
                        struct weir_sim_refusal *refusal)
{
    int64_t newer = 0;
    if (!weir__read_count(body, "max_tokens", 1, &out->max_tokens, refusal) ||
        !weir__read_count(body, "max_completion_tokens", 1, &newer, refusal) ||
        !weir__read_count(body, "min_tokens", 0, &out->min_tokens, refusal)) {
        return false;
    }
    out->max_tokens = newer > 0 ? newer : out->max_tokens;
    bool ignores_eos = false;
    if (!weir__read_bool(body, "ignore_eos", &ignores_eos, refusal)) {
        return false;
    }
    out->wants_exact = ignores_eos || (out->min_tokens > 0 && out->min_tokens == out->max_tokens);
    if (out->max_tokens > 0 && out->min_tokens > out->max_tokens) {
        return weir_sim_refuse(refusal, 400, "min_tokens",
                               "'min_tokens' (%lld) must not be above 'max_tokens' (%lld)",
                               (long long)out->min_tokens, (long long)out->max_tokens);
    }
    return true;
}

bool weir__read_stream(const json_t *body, struct weir_sim_request *out,
                       struct weir_sim_refusal *refusal)
{
    return weir__read_bool(body, "stream", &out->is_streaming, refusal);
}

static bool read_stream(const json_t *body, struct weir_sim_request *out,
                        struct weir_sim_refusal *refusal)
{
    const json_t *options = json_object_get(body, "stream_options");
    if (!weir__read_stream(body, out, refusal)) {
        return false;
    }
    if (options == NULL || json_is_null(options)) {
        return true;
    }
    if (!json_is_object(options) || !out->is_streaming) {
        return weir_sim_refuse(refusal, 400, "stream_options",
                               "'stream_options' must be an object, and needs 'stream': true");
    }
    if (!weir__read_bool(options, "include_usage", &out->wants_usage, refusal) ||
        !weir__read_bool(options, "continuous_usage_stats", &out->wants_every, refusal)) {
        return false;
    }
    out->wants_every = out->wants_every && out->wants_usage;
    return true;
}

static bool read_choices(const json_t *body, struct weir_sim_refusal *refusal)
{
    int64_t n = 1;
    if (!weir__read_count(body, "n", 1, &n, refusal)) {
        return false;
    }
    return n == 1 ||
           weir_sim_refuse(refusal, 400, "n", "this server gives one choice; 'n' must be 1");
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

static bool read_model(const json_t *body, const char *model, struct weir_sim_refusal *refusal)
{
    const json_t *asked = json_object_get(body, "model");
    if (asked == NULL || json_is_null(asked)) {
        return true;
    }
    if (!json_is_string(asked)) {
        return weir_sim_refuse(refusal, 400, "model", "'model' must be a string");
    }
    const char *name = json_string_value(asked);
    const size_t len = strlen(model);
    if (strncmp(name, model, len) == 0 &&
        (name[len] == '\0' || strcmp(name + len, ":latest") == 0)) {
        return true; // Ollama's clients may add the tag
    }
    (void)weir_sim_refuse(refusal, 404, "model",
                          "The model `%.*s` does not exist. This server has `%.*s`.",
                          shown_len(name), name, shown_len(model), model);
    refusal->code = "model_not_found";
    return false;
}

/** What chat and completions have in common. */
static bool read_openai(const json_t *body, struct weir_sim_request *out,
                        struct weir_sim_refusal *refusal)
{
    return read_length(body, out, refusal) && read_stream(body, out, refusal) &&
           read_choices(body, refusal);
}

static bool read_completions(const json_t *body, struct weir_sim_request *out,
                             struct weir_sim_refusal *refusal)
{
    return read_openai(body, out, refusal) && read_prompt(body, out, refusal);
}

static bool read_chat(const json_t *body, struct weir_sim_request *out,
                      struct weir_sim_refusal *refusal)
{
    return read_openai(body, out, refusal) && weir__read_messages(body, out, refusal);
}

static weir__read_fn *const READERS[WEIR_SIM_FORMAT_COUNT] = {
    [WEIR_SIM_COMPLETIONS] = read_completions,
    [WEIR_SIM_CHAT] = read_chat,
    [WEIR_SIM_RESPONSES] = weir__read_responses,
    [WEIR_SIM_EMBEDDINGS] = weir__read_embeddings,
    [WEIR_SIM_RERANK] = weir__read_rerank,
    [WEIR_SIM_MESSAGES] = weir__read_anthropic,
    [WEIR_SIM_OLLAMA_GENERATE] = weir__read_ollama_generate,
    [WEIR_SIM_OLLAMA_CHAT] = weir__read_ollama_chat,
    [WEIR_SIM_TGI] = weir__read_tgi,
    [WEIR_SIM_LLAMACPP] = weir__read_llamacpp,
    [WEIR_SIM_SGLANG] = weir__read_sglang,
    [WEIR_SIM_TRITON] = weir__read_triton,
};

static bool read_body(const json_t *body, const struct weir_sim_reader *reader,
                      struct weir_sim_request *out, struct weir_sim_refusal *refusal)
{
    if (!json_is_object(body)) {
        return weir_sim_refuse(refusal, 400, NULL, "the request body must be a JSON object");
    }
    return (reader->takes_any_model || read_model(body, reader->model, refusal)) &&
           READERS[reader->format](body, out, refusal);
}

bool weir_sim_request_read(struct weir_slice body, const struct weir_sim_reader *reader,
                           struct weir_sim_request *out, struct weir_sim_refusal *refusal)
{
    if (weir_slice_trim(body).len == 0) {
        return weir_sim_refuse(refusal, 400, NULL, "the request has no body; send a JSON object");
    }
    json_error_t error;
    json_t *json = json_loadb(body.ptr, body.len, JSON_DECODE_ANY, &error);
    if (json == NULL) {
        return weir_sim_refuse(refusal, 400, NULL, "the request body is not JSON: %s (byte %d)",
                               error.text, error.position);
    }
    struct weir_sim_request read = {.format = reader->format,
                                    .is_streaming = reader->is_stream_path};
    const bool is_good = read_body(json, reader, &read, refusal);
    json_decref(json);
    if (is_good) {
        *out = read;
    }
    return is_good;
}
