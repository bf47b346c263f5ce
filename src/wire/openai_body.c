// Request bodies for OpenAI-style chat and completions: one JSON object, weir's own members first
// and the user's behind them.
#include "openai.h"

#include "body_internal.h"

/** max_tokens and, where that length is to be reached, what vLLM, SGLang, TensorRT-LLM, llama.cpp
 * and others take for it. */
static bool add_length(const struct weir_body_spec *spec, struct weir_buf *out)
{
    if (spec->max_tokens <= 0) {
        return true;
    }
    const bool is_renamed = !weir__body_is_ours(spec, "max_completion_tokens");
    if (!is_renamed && !weir__body_count(spec, out, "max_tokens", spec->max_tokens)) {
        return false;
    }
    return !spec->is_exact ||
           (weir__body_flag(spec, out, "ignore_eos", true) &&
            (is_renamed || weir__body_count(spec, out, "min_tokens", spec->max_tokens)));
}

static bool add_streaming(const struct weir_body_spec *spec, struct weir_buf *out)
{
    if (!weir__body_flag(spec, out, "stream", spec->is_streaming)) {
        return false;
    }
    if (!spec->is_streaming || !weir__body_is_ours(spec, "stream_options")) {
        return true;
    }
    return weir__body_key(out, "stream_options") &&
           weir_buf_add_str(out, "{\"include_usage\":true}");
}

/** Everything behind the prompt. */
static bool add_rest(const struct weir_body_spec *spec, struct weir_buf *out)
{
    return add_length(spec, out) && add_streaming(spec, out) &&
           weir__body_extras(spec, out, WEIR__EXTRAS_ALL, NULL) && weir_buf_add_char(out, '}');
}

bool weir__openai_build_chat(const struct weir_body_spec *spec, struct weir_buf *out,
                             size_t *prompt_at)
{
    *prompt_at = SIZE_MAX;
    return weir_buf_add_char(out, '{') && weir__body_model(spec, out) &&
           weir__body_messages(spec, out, "messages", prompt_at) && add_rest(spec, out);
}

bool weir__openai_build_completions(const struct weir_body_spec *spec, struct weir_buf *out,
                                    size_t *prompt_at)
{
    *prompt_at = SIZE_MAX;
    return weir_buf_add_char(out, '{') && weir__body_model(spec, out) &&
           weir__body_text(spec, out, "prompt", spec->prompt, prompt_at) && add_rest(spec, out);
}
