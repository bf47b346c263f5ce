// The table of server languages, and finding one in it: see dialect.h.
#include "weir/wire/dialect.h"

#include <string.h>

#include "dialects.h"
#include "openai.h"
#include "weir/base/attr.h"

#define OPENAI_MODELS                                                                              \
    {                                                                                              \
        "/v1/models", "data", "id"                                                                 \
    }

// clang-format off
static const struct weir_dialect TABLE[] = {
    {.name = "chat", .path = "/v1/chat/completions",
     .help = "OpenAI chat completions: vLLM, SGLang, TGI, llama.cpp, Ollama, TensorRT-LLM and most others",
     .framing = WEIR_FRAMING_SSE, .models = OPENAI_MODELS,
     .exact_length = "ignore_eos, min_tokens",
     .sends_model = true, .takes_messages = true, .ends_with_mark = true,
     .build = weir__openai_build_chat, .parse_event = weir__openai_parse_event,
     .parse_answer = weir__openai_parse_answer},
    {.name = "completions", .path = "/v1/completions",
     .help = "OpenAI completions: the prompt goes to the model as it is, without a chat template",
     .framing = WEIR_FRAMING_SSE, .models = OPENAI_MODELS,
     .exact_length = "ignore_eos, min_tokens",
     .sends_model = true, .ends_with_mark = true,
     .build = weir__openai_build_completions, .parse_event = weir__openai_parse_event,
     .parse_answer = weir__openai_parse_answer},
    {.name = "responses", .path = "/v1/responses",
     .help = "OpenAI responses: OpenAI, vLLM, SGLang, llama.cpp and others",
     .framing = WEIR_FRAMING_SSE, .models = OPENAI_MODELS,
     .inexact_because = "the responses API only has max_output_tokens, which is a cap",
     .sends_model = true, .takes_messages = true, .ends_with_mark = true,
     .build = weir__responses_build, .parse_event = weir__responses_parse_event,
     .parse_answer = weir__responses_parse_answer},
    {.name = "embeddings", .path = "/v1/embeddings",
     .help = "OpenAI embeddings: a vector for each prompt; no stream, no output tokens",
     .framing = WEIR_FRAMING_DOCUMENT, .models = OPENAI_MODELS,
     .inexact_because = "embeddings have no output tokens",
     .sends_model = true, .answers_without_tokens = true,
     .build = weir__embeddings_build, .parse_event = weir__embeddings_parse_event,
     .parse_answer = weir__embeddings_parse_answer},
    {.name = "rerank", .path = "/v1/rerank",
     .help = "Reranking (vLLM, SGLang, llama.cpp, Jina, Cohere): the prompt's first line is the query, the others are documents",
     .framing = WEIR_FRAMING_DOCUMENT, .models = OPENAI_MODELS,
     .inexact_because = "reranking has no output tokens",
     .sends_model = true, .answers_without_tokens = true,
     .build = weir__rerank_build, .parse_event = weir__rerank_parse_event,
     .parse_answer = weir__rerank_parse_answer},
    {.name = "messages", .path = "/v1/messages",
     .help = "Anthropic messages: Anthropic, vLLM, SGLang, llama.cpp, LMDeploy; max_tokens is 1024 unless --osl says more",
     .headers = weir__messages_headers, .auth = WEIR_AUTH_X_API_KEY,
     .framing = WEIR_FRAMING_SSE, .models = OPENAI_MODELS,
     .inexact_because = "the messages API only has max_tokens, which is a cap",
     .sends_model = true, .takes_messages = true, .ends_with_mark = true,
     .build = weir__messages_build, .parse_event = weir__messages_parse_event,
     .parse_answer = weir__messages_parse_answer},
    {.name = "ollama-generate", .path = "/api/generate",
     .help = "Ollama's own generate, one JSON object a line",
     .framing = WEIR_FRAMING_NDJSON, .models = {"/api/tags", "models", "name"},
     .inexact_because = "Ollama only has num_predict, which is a cap",
     .sends_model = true, .ends_with_mark = true,
     .build = weir__ollama_build_generate, .parse_event = weir__ollama_parse_event,
     .parse_answer = weir__ollama_parse_answer},
    {.name = "ollama-chat", .path = "/api/chat",
     .help = "Ollama's own chat, one JSON object a line",
     .framing = WEIR_FRAMING_NDJSON, .models = {"/api/tags", "models", "name"},
     .inexact_because = "Ollama only has num_predict, which is a cap",
     .sends_model = true, .takes_messages = true, .ends_with_mark = true,
     .build = weir__ollama_build_chat, .parse_event = weir__ollama_parse_event,
     .parse_answer = weir__ollama_parse_answer},
    {.name = "tgi-generate-stream", .path = "/generate_stream",
     .help = "Hugging Face TGI's own generate_stream: an event for each token",
     .framing = WEIR_FRAMING_SSE, .models = {"/info", NULL, "model_id"},
     .inexact_because = "TGI's router ignores ignore_eos and has no minimum; max_new_tokens is a cap",
     .ends_with_mark = true,
     .build = weir__tgi_build, .parse_event = weir__tgi_parse_event,
     .parse_answer = weir__tgi_parse_answer},
    {.name = "tgi-generate", .path = "/generate",
     .help = "Hugging Face TGI's own generate: the answer in one piece",
     .framing = WEIR_FRAMING_DOCUMENT, .models = {"/info", NULL, "model_id"},
     .inexact_because = "TGI's router ignores ignore_eos and has no minimum; max_new_tokens is a cap",
     .ends_with_mark = true,
     .build = weir__tgi_build, .parse_event = weir__tgi_parse_event,
     .parse_answer = weir__tgi_parse_answer},
    {.name = "llamacpp-completion", .path = "/completion",
     .help = "llama.cpp's own completion, with its timings",
     .framing = WEIR_FRAMING_SSE, .models = OPENAI_MODELS,
     .exact_length = "ignore_eos",
     .ends_with_mark = true,
     .build = weir__llamacpp_build, .parse_event = weir__llamacpp_parse_event,
     .parse_answer = weir__llamacpp_parse_answer},
    {.name = "sglang-generate", .path = "/generate",
     .help = "SGLang's own generate; tokens as meta_info counts them",
     .framing = WEIR_FRAMING_SSE, .models = OPENAI_MODELS,
     .exact_length = "sampling_params.ignore_eos, sampling_params.min_new_tokens",
     .repeats_text = true, .ends_with_mark = true,
     .build = weir__sglang_build, .parse_event = weir__sglang_parse_event,
     .parse_answer = weir__sglang_parse_answer},
    {.name = "triton-generate-stream", .path = "/v2/models/{model}/generate_stream",
     .also = "/v2/models/{model}/versions/{version}/generate_stream",
     .help = "Triton's generate_stream (TensorRT-LLM and vLLM backends); needs --model or the full path",
     .framing = WEIR_FRAMING_SSE, .models = {"/v2/health/ready", NULL, NULL},
     .exact_length = "min_length (TensorRT-LLM backend)",
     .build = weir__triton_build, .parse_event = weir__triton_parse_event,
     .parse_answer = weir__triton_parse_answer},
};
// clang-format on

const struct weir_dialect *weir_dialect_table(size_t *count)
{
    *count = WEIR_COUNT_OF(TABLE);
    return TABLE;
}

const struct weir_dialect *weir_dialect_find(const char *name)
{
    for (size_t i = 0; i < WEIR_COUNT_OF(TABLE); i++) {
        if (strcmp(TABLE[i].name, name) == 0) {
            return &TABLE[i];
        }
    }
    return NULL;
}

// ---- paths -------------------------------------------------------------------------------------

/** A dialect's path without its version: what every server's URL for it ends in. */
static struct weir_slice unversioned(const char *path)
{
    const struct weir_slice whole = weir_slice_of(path);
    return weir_slice_starts(whole, "/v1/") ? (struct weir_slice){path + 3, whole.len - 3} : whole;
}

/** Bytes at the end of `text` that fit `pattern`, whose {…} each stand for one segment; 0: none. */
static size_t match_tail(struct weir_slice pattern, struct weir_slice text,
                         struct weir_slice *model)
{
    static const char MODEL[] = "{model}";
    size_t at = text.len;
    size_t p = pattern.len;
    while (p > 0) {
        if (pattern.ptr[p - 1] != '}') {
            if (at == 0 || text.ptr[--at] != pattern.ptr[--p]) {
                return 0;
            }
            continue;
        }
        const size_t end = at;
        const size_t close = p;
        while (at > 0 && text.ptr[at - 1] != '/') {
            at--;
        }
        while (pattern.ptr[--p] != '{') {
        }
        if (at == end) {
            return 0;
        }
        if (close - p == sizeof(MODEL) - 1 && memcmp(pattern.ptr + p, MODEL, close - p) == 0) {
            *model = (struct weir_slice){text.ptr + at, end - at};
        }
    }
    return text.len - at;
}

size_t weir_dialect_match(const struct weir_dialect *dialect, struct weir_slice url_path,
                          struct weir_slice *model)
{
    const char *query = url_path.len > 0 ? memchr(url_path.ptr, '?', url_path.len) : NULL;
    if (query != NULL) {
        url_path.len = (size_t)(query - url_path.ptr);
    }
    while (url_path.len > 0 && url_path.ptr[url_path.len - 1] == '/') {
        url_path.len--;
    }
    struct weir_slice found = {"", 0};
    size_t len = match_tail(unversioned(dialect->path), url_path, &found);
    if (len == 0 && dialect->also != NULL) {
        len = match_tail(unversioned(dialect->also), url_path, &found);
    }
    if (model != NULL) {
        *model = len > 0 ? found : (struct weir_slice){"", 0};
    }
    return len;
}

const struct weir_dialect *weir_dialect_of_path(struct weir_slice url_path)
{
    const struct weir_dialect *best = NULL;
    size_t best_len = 0; // "/chat/completions" ends in "/completions" too: the longest wins
    for (size_t i = 0; i < WEIR_COUNT_OF(TABLE); i++) {
        const size_t len = weir_dialect_match(&TABLE[i], url_path, NULL);
        if (len > best_len) {
            best = &TABLE[i];
            best_len = len;
        }
    }
    return best;
}

// ---- bodies and framing ------------------------------------------------------------------------

bool weir_dialect_build(const struct weir_dialect *dialect, struct weir_body_spec spec,
                        struct weir_buf *out, size_t *prompt_at)
{
    spec.template = dialect->template;
    return dialect->build(&spec, out, prompt_at);
}

/** Whether the media type is `name`, whatever its case and parameters. */
static bool is_type(struct weir_slice type, const char *name)
{
    const size_t len = strlen(name);
    if (type.len < len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        const char c = type.ptr[i];
        if ((c >= 'A' && c <= 'Z' ? (char)(c + 32) : c) != name[i]) {
            return false;
        }
    }
    return type.len == len || type.ptr[len] == ';' || type.ptr[len] == ' ';
}

enum weir_framing weir_dialect_framing(const struct weir_dialect *dialect, int http_status,
                                       struct weir_slice content_type)
{
    static const char *const LINES[] = {"application/x-ndjson", "application/ndjson",
                                        "application/jsonl", "application/x-jsonlines"};
    const struct weir_slice type = weir_slice_trim(content_type);
    if (http_status < 200 || http_status > 299) {
        return WEIR_FRAMING_DOCUMENT;
    }
    if (is_type(type, "text/event-stream")) {
        return WEIR_FRAMING_SSE;
    }
    for (size_t i = 0; i < WEIR_COUNT_OF(LINES); i++) {
        if (is_type(type, LINES[i])) {
            return WEIR_FRAMING_NDJSON;
        }
    }
    return dialect->framing == WEIR_FRAMING_NDJSON && !is_type(type, "application/json")
               ? WEIR_FRAMING_NDJSON
               : WEIR_FRAMING_DOCUMENT;
}
