// The table of servers: see profile.h. What each does was read from its source; the order of events
// is what a client sees of it.
#include "weir/sim/profile.h"

#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/str.h"

// clang-format off
#define EP(name) WEIR_SIM_EP_##name
#define OPENAI_LIKE (EP(OPENAI) | EP(RESPONSES) | EP(EMBEDDINGS))
#define HAS(name) WEIR_SIM_##name
#define OVERLOADED "The server is overloaded, please try again later."

static const struct weir_sim_profile TABLE[] = {
    {.name = "plain", .options = "", // what an OpenAI-compatible server should do, and every path there is
     .endpoints = OPENAI_LIKE | EP(RERANK) | EP(MESSAGES) | EP(OLLAMA) | EP(TGI) | EP(LLAMACPP) | EP(TRITON) | EP(VERSION),
     .quirks = HAS(DONE_AFTER_ERROR),
     .error = HAS(ERROR_OPENAI), .stream_error = HAS(ERROR_OPENAI), .overload = 503, .overloaded = OVERLOADED},
    {.name = "openai", .options = "role-chunk=first usage-filler=null", .endpoints = OPENAI_LIKE,
     .quirks = HAS(CAP_ONLY) | HAS(CACHED_TOKENS),
     .error = HAS(ERROR_OPENAI), .stream_error = HAS(ERROR_OPENAI), .overload = 503, .overloaded = OVERLOADED},
    {.name = "vllm",
     .options = "role-chunk=first response-headers=early finish=last reasoning-field=reasoning idle-close=5s",
     .endpoints = OPENAI_LIKE | EP(RERANK) | EP(MESSAGES) | EP(VERSION), .quirks = HAS(DONE_AFTER_ERROR),
     .error = HAS(ERROR_NUMBERED), .stream_error = HAS(ERROR_NUMBERED), .overload = 503, .overloaded = OVERLOADED,
     .ping = " keep-alive"},
    {.name = "sglang", .options = "role-chunk=first response-headers=first idle-close=5s",
     .endpoints = OPENAI_LIKE | EP(RERANK) | EP(MESSAGES) | EP(OLLAMA) | EP(SGLANG),
     .quirks = HAS(OVERLOAD_IN_BAND) | HAS(DONE_AFTER_ERROR) | HAS(REASONING_NULL) | HAS(MODEL_IGNORED),
     .error = HAS(ERROR_FLAT), .stream_error = HAS(ERROR_NUMBERED), .overload = 503,
     .overloaded = "The request queue is full."},
    {.name = "tgi",
     .options = "role-chunk=every response-headers=early finish=last usage-filler=null ping=15s slots=128 max-queue=0",
     .endpoints = EP(OPENAI) | EP(TGI),
     .quirks = HAS(OVERLOAD_IN_BAND) | HAS(DONE_AFTER_ERROR) | HAS(EMPTY_FINISH) | HAS(EMPTY_ID) | HAS(FILLER_ALWAYS) |
               HAS(CAP_ONLY) | HAS(MODEL_IGNORED),
     .error = HAS(ERROR_TGI), .stream_error = HAS(ERROR_TGI_CHUNK), .overload = 429,
     .overloaded = "Model is overloaded"},
    {.name = "ollama",
     .options = "role-chunk=merged response-headers=first usage-filler=zeros reasoning-field=reasoning slots=1 max-queue=512",
     .endpoints = OPENAI_LIKE | EP(MESSAGES) | EP(OLLAMA),
     .quirks = HAS(ERROR_SILENT) | HAS(CAP_ONLY) | HAS(FILLER_TEXT),
     .error = HAS(ERROR_OPENAI), .stream_error = HAS(ERROR_OPENAI), .overload = 503,
     .overloaded = "server busy, please try again. maximum pending requests exceeded"},
    {.name = "llamacpp",
     .options = "role-chunk=first response-headers=first idle-close=5s connection-requests=100 ping=30s",
     .endpoints = OPENAI_LIKE | EP(RERANK) | EP(MESSAGES) | EP(LLAMACPP),
     .quirks = HAS(ROLE_NULL) | HAS(TIMINGS) | HAS(CACHED_TOKENS) | HAS(MODEL_IGNORED),
     .error = HAS(ERROR_LLAMACPP), .stream_error = HAS(ERROR_LLAMACPP), .overload = 503, .overloaded = OVERLOADED},
    {.name = "friendli", .options = "role-chunk=first", .endpoints = EP(OPENAI) | EP(MESSAGES),
     .quirks = HAS(CACHED_TOKENS), .error = HAS(ERROR_OPENAI), .stream_error = HAS(ERROR_OPENAI), .overload = 503,
     .overloaded = OVERLOADED},
    {.name = "trtllm", .options = "role-chunk=first finish=last sse=padded idle-close=5s",
     .endpoints = OPENAI_LIKE | EP(VERSION), .quirks = HAS(CACHED_TOKENS),
     .error = HAS(ERROR_FLAT), .stream_error = HAS(ERROR_NUMBERED), .overload = 503, .overloaded = OVERLOADED},
    {.name = "triton", .options = "role-chunk=early", .endpoints = EP(OPENAI) | EP(TRITON), .quirks = 0,
     .error = HAS(ERROR_OPENAI), .stream_error = HAS(ERROR_OPENAI), .overload = 503, .overloaded = OVERLOADED},
    {.name = "lmdeploy", .options = "role-chunk=every finish=last usage-filler=null idle-close=5s",
     .endpoints = EP(OPENAI) | EP(RESPONSES) | EP(MESSAGES), .quirks = HAS(DONE_AFTER_ERROR) | HAS(CACHED_TOKENS),
     .error = HAS(ERROR_FLAT), .stream_error = HAS(ERROR_NUMBERED), .overload = 503, .overloaded = OVERLOADED},
    {.name = "foundry", .options = "role-chunk=early", .endpoints = OPENAI_LIKE,
     .quirks = HAS(CAP_ONLY) | HAS(CACHED_TOKENS), .error = HAS(ERROR_OPENAI), .stream_error = HAS(ERROR_OPENAI),
     .overload = 503, .overloaded = OVERLOADED},
    {.name = "anthropic", .options = "response-headers=early ping=15s", .endpoints = EP(MESSAGES), .quirks = HAS(CAP_ONLY),
     .error = HAS(ERROR_ANTHROPIC), .stream_error = HAS(ERROR_ANTHROPIC), .overload = 529, .overloaded = "Overloaded"},
    {.name = "fakeai", .options = "role-chunk=early usage=final usage-place=finish idle-close=5s",
     .endpoints = OPENAI_LIKE, .quirks = HAS(CAP_ONLY),
     .error = HAS(ERROR_OPENAI), .stream_error = HAS(ERROR_OPENAI), .overload = 503, .overloaded = OVERLOADED},
};
// clang-format on

const struct weir_sim_profile *weir_sim_profile_table(size_t *count)
{
    *count = WEIR_COUNT_OF(TABLE);
    return TABLE;
}

const struct weir_sim_profile *weir_sim_profile_of(const struct weir_config *config)
{
    WEIR_ASSERT(config->profile >= 0 && (size_t)config->profile < WEIR_COUNT_OF(TABLE));
    return &TABLE[config->profile];
}

static bool is_set(const struct weir_config *config, const char *name)
{
    for (int id = 0; id < WEIR_OPTION_COUNT; id++) {
        if (strcmp(weir_option((enum weir_option_id)id)->name, name) == 0) {
            return config->origins[id].kind != WEIR_ORIGIN_DEFAULT;
        }
    }
    return false;
}

weir_status weir_sim_profile_apply(struct weir_config *config, struct weir_err *err)
{
    enum { PIECE_BYTES = 64 };
    struct weir_slice rest = weir_slice_of(weir_sim_profile_of(config)->options);
    struct weir_slice piece;
    while (weir_slice_next_part(&rest, ' ', &piece)) {
        char name[PIECE_BYTES];
        if (piece.len == 0) {
            continue;
        }
        WEIR_ASSERT(piece.len < sizeof(name));
        memcpy(name, piece.ptr, piece.len);
        name[piece.len] = '\0';
        char *value = strchr(name, '=');
        WEIR_ASSERT(value != NULL);
        *value++ = '\0';
        if (is_set(config, name)) {
            continue;
        }
        const weir_status status = weir_config_set(config, FOR_SIM, name, value, err);
        if (status != WEIR_OK) {
            return status;
        }
    }
    return WEIR_OK;
}
