// Request bodies of the languages beside OpenAI's chat and completions. Unknown members are
// ignored, as the servers do.
#include "request_internal.h"

#include <string.h>

/** A prompt: a string, or token ids. */
static bool count_prompt(const json_t *prompt, int64_t *tokens)
{
    if (json_is_string(prompt)) {
        *tokens += weir__count_words(prompt);
        return true;
    }
    if (!json_is_array(prompt) || !weir__are_integers(prompt)) {
        return false;
    }
    *tokens += (int64_t)json_array_size(prompt);
    return true;
}

/** A limit where −1 (and, with some, −2) means none. */
static bool read_limit(const json_t *object, const char *key, int64_t *out,
                       struct weir_sim_refusal *refusal)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_integer(value) && json_integer_value(value) < 0) {
        return true;
    }
    return weir__read_count(object, key, 1, out, refusal);
}

static bool read_object(const json_t *body, const char *key, const json_t **out,
                        struct weir_sim_refusal *refusal)
{
    *out = json_object_get(body, key);
    if (*out == NULL || json_is_null(*out)) {
        *out = NULL; // Jansson's getters take NULL and give NULL
        return true;
    }
    return json_is_object(*out) ||
           weir_sim_refuse(refusal, 400, key, "'%s' must be an object", key);
}

// ---- OpenAI

static bool count_items(const json_t *input, int64_t *tokens)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(input, index, item)
    {
        const json_t *content = json_object_get(item, "content");
        size_t place = 0;
        const json_t *part = NULL;
        if (!json_is_object(item)) {
            return false;
        }
        *tokens += weir__count_words(content);
        json_array_foreach(content, place, part)
        {
            *tokens += weir__count_words(json_object_get(part, "text"));
        }
    }
    return json_is_array(input) && json_array_size(input) > 0;
}

bool weir__read_responses(const json_t *body, struct weir_sim_request *out,
                          struct weir_sim_refusal *refusal)
{
    const json_t *input = json_object_get(body, "input");
    out->prompt_tokens = weir__count_words(json_object_get(body, "instructions"));
    if (json_is_string(input)) {
        out->prompt_tokens += weir__count_words(input);
    } else if (!count_items(input, &out->prompt_tokens)) {
        return weir_sim_refuse(refusal, 400, "input",
                               "'input' must be a string or an array of items");
    }
    return weir__read_stream(body, out, refusal) &&
           weir__read_count(body, "max_output_tokens", 1, &out->max_tokens, refusal);
}

/** A string, token ids, or an array of these. */
static bool count_inputs(const json_t *input, struct weir_sim_request *out)
{
    const json_t *first = json_array_get(input, 0);
    size_t index = 0;
    const json_t *item = NULL;
    if (!json_is_string(first) && !json_is_array(first)) {
        out->items = 1;
        return count_prompt(input, &out->prompt_tokens) &&
               (json_is_string(input) || json_array_size(input) > 0);
    }
    json_array_foreach(input, index, item)
    {
        if (!count_prompt(item, &out->prompt_tokens)) {
            return false;
        }
        out->items++;
    }
    return true;
}

bool weir__read_embeddings(const json_t *body, struct weir_sim_request *out,
                           struct weir_sim_refusal *refusal)
{
    enum { INPUTS_MAX = 2048 };
    const char *encoding = json_string_value(json_object_get(body, "encoding_format"));
    if (!count_inputs(json_object_get(body, "input"), out) || out->items > INPUTS_MAX) {
        return weir_sim_refuse(refusal, 400, "input",
                               "'input' must be a string, token ids, or an array of at most %d of "
                               "these",
                               INPUTS_MAX);
    }
    out->wants_base64 = encoding != NULL && strcmp(encoding, "base64") == 0;
    return true;
}

bool weir__read_rerank(const json_t *body, struct weir_sim_request *out,
                       struct weir_sim_refusal *refusal)
{
    enum { DOCUMENTS_MAX = 2048 };
    const json_t *query = json_object_get(body, "query");
    const json_t *documents = json_object_get(body, "documents");
    size_t index = 0;
    const json_t *document = NULL;
    if (!json_is_string(query) || !json_is_array(documents) || json_array_size(documents) == 0 ||
        json_array_size(documents) > DOCUMENTS_MAX) {
        return weir_sim_refuse(refusal, 400, "documents",
                               "'query' must be a string and 'documents' an array of 1 to %d",
                               DOCUMENTS_MAX);
    }
    json_array_foreach(documents, index, document)
    {
        const json_t *text =
            json_is_object(document) ? json_object_get(document, "text") : document;
        out->prompt_tokens += weir__count_words(query) + weir__count_words(text);
    }
    out->items = (int64_t)json_array_size(documents);
    return true;
}

// ---- Anthropic

bool weir__read_anthropic(const json_t *body, struct weir_sim_request *out,
                          struct weir_sim_refusal *refusal)
{
    if (!weir__read_count(body, "max_tokens", 1, &out->max_tokens, refusal)) {
        return false;
    }
    if (out->max_tokens == 0) {
        return weir_sim_refuse(refusal, 400, "max_tokens", "max_tokens: Field required");
    }
    out->prompt_tokens = weir__count_words(json_object_get(body, "system"));
    return weir__read_messages(body, out, refusal) && weir__read_stream(body, out, refusal);
}

// ---- Ollama

static bool read_ollama(const json_t *body, struct weir_sim_request *out,
                        struct weir_sim_refusal *refusal)
{
    const json_t *options = NULL;
    out->is_streaming = true; // unless told otherwise
    return weir__read_stream(body, out, refusal) &&
           read_object(body, "options", &options, refusal) &&
           read_limit(options, "num_predict", &out->max_tokens, refusal);
}

bool weir__read_ollama_generate(const json_t *body, struct weir_sim_request *out,
                                struct weir_sim_refusal *refusal)
{
    const json_t *prompt = json_object_get(body, "prompt");
    if (!json_is_string(prompt)) {
        return weir_sim_refuse(refusal, 400, "prompt", "'prompt' must be a string");
    }
    out->prompt_tokens = weir__count_words(prompt);
    return read_ollama(body, out, refusal);
}

bool weir__read_ollama_chat(const json_t *body, struct weir_sim_request *out,
                            struct weir_sim_refusal *refusal)
{
    return weir__read_messages(body, out, refusal) && read_ollama(body, out, refusal);
}

// ---- TGI, llama.cpp, SGLang, Triton

bool weir__read_tgi(const json_t *body, struct weir_sim_request *out,
                    struct weir_sim_refusal *refusal)
{
    const json_t *inputs = json_object_get(body, "inputs");
    const json_t *parameters = NULL;
    if (!json_is_string(inputs)) {
        return weir_sim_refuse(refusal, 422, "inputs", "'inputs' must be a string");
    }
    out->prompt_tokens = weir__count_words(inputs);
    return read_object(body, "parameters", &parameters, refusal) &&
           weir__read_bool(parameters, "details", &out->wants_details, refusal) &&
           weir__read_count(parameters, "max_new_tokens", 1, &out->max_tokens, refusal);
}

bool weir__read_llamacpp(const json_t *body, struct weir_sim_request *out,
                         struct weir_sim_refusal *refusal)
{
    int64_t newer = 0;
    int64_t native = 0;
    if (!count_prompt(json_object_get(body, "prompt"), &out->prompt_tokens)) {
        return weir_sim_refuse(refusal, 400, "prompt", "'prompt' must be a string or token ids");
    }
    if (!weir__read_stream(body, out, refusal) ||
        !weir__read_bool(body, "ignore_eos", &out->wants_exact, refusal) ||
        !read_limit(body, "max_tokens", &out->max_tokens, refusal) ||
        !read_limit(body, "max_completion_tokens", &newer, refusal) ||
        !read_limit(body, "n_predict", &native, refusal)) {
        return false;
    }
    out->max_tokens = newer > 0 ? newer : out->max_tokens;
    out->max_tokens = native > 0 ? native : out->max_tokens;
    return true;
}

bool weir__read_sglang(const json_t *body, struct weir_sim_request *out,
                       struct weir_sim_refusal *refusal)
{
    const json_t *parameters = NULL;
    const json_t *text = json_object_get(body, "text");
    const json_t *ids = json_object_get(body, "input_ids");
    if (!count_prompt(text != NULL ? text : ids, &out->prompt_tokens)) {
        return weir_sim_refuse(refusal, 400, "text",
                               "'text' must be a string, or 'input_ids' token ids");
    }
    return weir__read_stream(body, out, refusal) &&
           read_object(body, "sampling_params", &parameters, refusal) &&
           weir__read_bool(parameters, "ignore_eos", &out->wants_exact, refusal) &&
           weir__read_count(parameters, "max_new_tokens", 1, &out->max_tokens, refusal) &&
           weir__read_count(parameters, "min_new_tokens", 0, &out->min_tokens, refusal);
}

bool weir__read_triton(const json_t *body, struct weir_sim_request *out,
                       struct weir_sim_refusal *refusal)
{
    const json_t *parameters = NULL;
    const json_t *text = json_object_get(body, "text_input");
    if (!json_is_string(text)) {
        return weir_sim_refuse(refusal, 400, "text_input", "'text_input' must be a string");
    }
    out->prompt_tokens = weir__count_words(text);
    return read_object(body, "parameters", &parameters, refusal) &&
           weir__read_count(body, "max_tokens", 1, &out->max_tokens, refusal) &&
           weir__read_count(parameters, "max_tokens", 1, &out->max_tokens, refusal);
}
