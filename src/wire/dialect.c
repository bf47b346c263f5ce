// The table of server languages, and finding one in it: see dialect.h.
#include "weir/wire/dialect.h"

#include <string.h>

#include "openai.h"

// clang-format off
static const struct weir_dialect TABLE[] = {
    {.name = "chat", .path = "/v1/chat/completions",
     .help = "OpenAI chat completions: vLLM, SGLang, TGI, llama.cpp, Ollama, TensorRT-LLM and most others",
     .build = weir__openai_build_chat, .parse_event = weir__openai_parse_event,
     .parse_answer = weir__openai_parse_answer, .ends_with_mark = true},
    {.name = "completions", .path = "/v1/completions",
     .help = "OpenAI completions: the prompt goes to the model as it is, without a chat template",
     .build = weir__openai_build_completions, .parse_event = weir__openai_parse_event,
     .parse_answer = weir__openai_parse_answer, .ends_with_mark = true},
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

static bool ends_with(struct weir_slice text, const char *tail)
{
    const size_t len = strlen(tail);
    return text.len >= len && memcmp(text.ptr + text.len - len, tail, len) == 0;
}

/** A dialect's path without its version: what every server's URL for it ends in. */
static const char *unversioned(const char *path)
{
    static const char VERSION[] = "/v1";
    const size_t len = strlen(VERSION);
    return strncmp(path, VERSION, len) == 0 ? path + len : path;
}

const struct weir_dialect *weir_dialect_of_path(struct weir_slice url_path)
{
    const char *query = url_path.len > 0 ? memchr(url_path.ptr, '?', url_path.len) : NULL;
    if (query != NULL) {
        url_path.len = (size_t)(query - url_path.ptr);
    }
    while (url_path.len > 0 && url_path.ptr[url_path.len - 1] == '/') {
        url_path.len--;
    }
    const struct weir_dialect *best = NULL;
    size_t best_len = 0; // "/chat/completions" ends in "/completions" too: the longest wins
    for (size_t i = 0; i < WEIR_COUNT_OF(TABLE); i++) {
        const char *tail = unversioned(TABLE[i].path);
        if (strlen(tail) > best_len && ends_with(url_path, tail)) {
            best = &TABLE[i];
            best_len = strlen(tail);
        }
    }
    return best;
}
