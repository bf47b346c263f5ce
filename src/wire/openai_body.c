// Request bodies for OpenAI-style chat and completions: one JSON object, weir's own members first
// and the user's behind them. Each name is written once: what the user gives replaces what weir
// would send.
#include "openai.h"

#include <string.h>

/** The last extra of a name, so that it is written once; SIZE_MAX: there is none. */
static size_t find_extra(const struct weir_body_spec *spec, const char *name)
{
    for (size_t i = spec->extra_count; i > 0; i--) {
        if (strcmp(spec->extra_keys[i - 1], name) == 0) {
            return i - 1;
        }
    }
    return SIZE_MAX;
}

static bool is_ours(const struct weir_body_spec *spec, const char *name)
{
    return find_extra(spec, name) == SIZE_MAX;
}

/** Append "name": with the comma that parts it from an earlier member. */
static bool add_key(struct weir_buf *out, const char *name)
{
    return (out->ptr[out->len - 1] == '{' || weir_buf_add_char(out, ',')) &&
           weir_buf_add_char(out, '"') && weir_buf_add_json(out, name, strlen(name)) &&
           weir_buf_add_str(out, "\":");
}

/** Append `text` as a JSON string; `*begin` is where its inside begins. */
static bool add_string(struct weir_buf *out, struct weir_slice text, size_t *begin)
{
    if (!weir_buf_add_char(out, '"')) {
        return false;
    }
    *begin = out->len;
    return weir_buf_add_json(out, text.ptr, text.len) && weir_buf_add_char(out, '"');
}

static bool add_model(const struct weir_body_spec *spec, struct weir_buf *out)
{
    size_t ignored = 0;
    if (spec->model.len == 0 || !is_ours(spec, "model")) {
        return true;
    }
    return add_key(out, "model") && add_string(out, spec->model, &ignored);
}

static bool add_max_tokens(const struct weir_body_spec *spec, struct weir_buf *out)
{
    const bool is_wanted = spec->max_tokens > 0 && is_ours(spec, "max_tokens") &&
                           is_ours(spec, "max_completion_tokens");
    return !is_wanted ||
           (add_key(out, "max_tokens") && weir_buf_addf(out, "%lld", (long long)spec->max_tokens));
}

static bool add_streaming(const struct weir_body_spec *spec, struct weir_buf *out)
{
    if (is_ours(spec, "stream") &&
        !(add_key(out, "stream") && weir_buf_add_str(out, spec->is_streaming ? "true" : "false"))) {
        return false;
    }
    if (!spec->is_streaming || !is_ours(spec, "stream_options")) {
        return true;
    }
    return add_key(out, "stream_options") && weir_buf_add_str(out, "{\"include_usage\":true}");
}

static bool add_extras(const struct weir_body_spec *spec, struct weir_buf *out)
{
    for (size_t i = 0; i < spec->extra_count; i++) {
        const bool is_last = find_extra(spec, spec->extra_keys[i]) == i;
        if (is_last &&
            !(add_key(out, spec->extra_keys[i]) && weir_buf_add_str(out, spec->extra_values[i]))) {
            return false;
        }
    }
    return true;
}

/** Everything behind the prompt. */
static bool add_rest(const struct weir_body_spec *spec, struct weir_buf *out)
{
    return add_max_tokens(spec, out) && add_streaming(spec, out) && add_extras(spec, out) &&
           weir_buf_add_char(out, '}');
}

static bool add_messages(const struct weir_body_spec *spec, struct weir_buf *out, size_t *prompt_at)
{
    if (!is_ours(spec, "messages")) {
        return true;
    }
    if (!add_key(out, "messages")) {
        return false;
    }
    if (spec->messages.len > 0) {
        return weir_buf_add(out, spec->messages.ptr, spec->messages.len);
    }
    return weir_buf_add_str(out, "[{\"role\":\"user\",\"content\":") &&
           add_string(out, spec->prompt, prompt_at) && weir_buf_add_str(out, "}]");
}

bool weir__openai_build_chat(const struct weir_body_spec *spec, struct weir_buf *out,
                             size_t *prompt_at)
{
    *prompt_at = SIZE_MAX;
    return weir_buf_add_char(out, '{') && add_model(spec, out) &&
           add_messages(spec, out, prompt_at) && add_rest(spec, out);
}

static bool add_prompt(const struct weir_body_spec *spec, struct weir_buf *out, size_t *prompt_at)
{
    return !is_ours(spec, "prompt") ||
           (add_key(out, "prompt") && add_string(out, spec->prompt, prompt_at));
}

bool weir__openai_build_completions(const struct weir_body_spec *spec, struct weir_buf *out,
                                    size_t *prompt_at)
{
    *prompt_at = SIZE_MAX;
    return weir_buf_add_char(out, '{') && add_model(spec, out) &&
           add_prompt(spec, out, prompt_at) && add_rest(spec, out);
}
