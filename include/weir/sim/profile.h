/** profile.h: how the servers that people run differ in what they send: one row each. What a user
 * may want to change is an option, so a row is mostly a set of options; the rest are bits. Sources:
 * the servers' own code. Read-only. */
#ifndef WEIR_SIM_PROFILE_H
#define WEIR_SIM_PROFILE_H

#include <stddef.h>
#include <stdint.h>

#include "weir/base/status.h"
#include "weir/config/config.h"

// Values of the simulator's own options (ORDER options.def).
enum weir_sim_headers { WEIR_SIM_HEADERS_AUTO, WEIR_SIM_HEADERS_EARLY, WEIR_SIM_HEADERS_FIRST };
enum weir_sim_finish { WEIR_SIM_FINISH_OWN, WEIR_SIM_FINISH_LAST };
enum weir_sim_usage_place { WEIR_SIM_USAGE_OWN, WEIR_SIM_USAGE_FINISH };
enum weir_sim_filler { WEIR_SIM_FILLER_NONE, WEIR_SIM_FILLER_NULL, WEIR_SIM_FILLER_ZEROS };
enum weir_sim_sse {
    WEIR_SIM_SSE_LF,
    WEIR_SIM_SSE_CRLF,
    WEIR_SIM_SSE_CR,
    WEIR_SIM_SSE_TIGHT,
    WEIR_SIM_SSE_PADDED
};

/** Families of endpoints. Bits. */
enum weir_sim_endpoints {
    WEIR_SIM_EP_OPENAI = 1,     // chat, completions, models, health
    WEIR_SIM_EP_RESPONSES = 2,  // /v1/responses
    WEIR_SIM_EP_EMBEDDINGS = 4, // /v1/embeddings
    WEIR_SIM_EP_RERANK = 8,     // /v1/rerank
    WEIR_SIM_EP_MESSAGES = 16,  // Anthropic's /v1/messages
    WEIR_SIM_EP_OLLAMA = 32,    // /api/…
    WEIR_SIM_EP_TGI = 64,       // /generate, /generate_stream, /info
    WEIR_SIM_EP_LLAMACPP = 128, // /completion, /props
    WEIR_SIM_EP_SGLANG = 256,   // /generate, /model_info
    WEIR_SIM_EP_TRITON = 512,   // /v2/models/M/generate_stream
    WEIR_SIM_EP_VERSION = 1024, // /version
};

/** What a server does that is no option. Bits. */
enum weir_sim_quirk {
    WEIR_SIM_OVERLOAD_IN_BAND = 1, // a full queue is an error event under 200 when streaming
    WEIR_SIM_DONE_AFTER_ERROR = 2, // [DONE] follows an error event
    WEIR_SIM_ERROR_SILENT = 4,     // an error within a stream is an empty event and the end
    WEIR_SIM_ROLE_NULL = 8,        // the role event has "content":null, not ""
    WEIR_SIM_EMPTY_FINISH = 16,    // completions: "finish_reason":"" until the last event
    WEIR_SIM_EMPTY_ID = 32,        // "id":""
    WEIR_SIM_REASONING_NULL = 64,  // deltas of text carry "reasoning_content":null
    WEIR_SIM_TIMINGS = 128,        // "timings" on the last event
    WEIR_SIM_CACHED_TOKENS = 256,  // usage has prompt_tokens_details
    WEIR_SIM_MODEL_IGNORED = 512,  // any model name is taken
    WEIR_SIM_CAP_ONLY = 1024,      // max_tokens is a limit that the answer may stay below
    WEIR_SIM_FILLER_ALWAYS = 2048, // --usage-filler even when no usage was asked for
    WEIR_SIM_FILLER_TEXT = 4096,   // --usage-filler on completions only
};

/** Shapes of error bodies. */
enum weir_sim_error_shape {
    WEIR_SIM_ERROR_OPENAI,    // {"error":{"message","type","param","code":"text"|null}}
    WEIR_SIM_ERROR_NUMBERED,  // the same with "code" as a number: vLLM
    WEIR_SIM_ERROR_FLAT,      // {"object":"error","message","type","param","code":number}
    WEIR_SIM_ERROR_TEXT,      // {"error":"message"}
    WEIR_SIM_ERROR_TGI,       // {"error":"message","error_type":"…"}
    WEIR_SIM_ERROR_TGI_CHUNK, // {"error":{"message","http_status_code":422}}
    WEIR_SIM_ERROR_LLAMACPP,  // {"error":{"code":number,"message","type"}}
    WEIR_SIM_ERROR_ANTHROPIC, // {"type":"error","error":{"type","message"}}
    WEIR_SIM_ERROR_EVENT, // {"type":"error","code","message","param","sequence_number"}: responses
};

struct weir_sim_profile {
    const char *name;
    const char *options;    // "name=value …": set unless the user said otherwise
    uint32_t endpoints;     // of enum weir_sim_endpoints
    uint32_t quirks;        // of enum weir_sim_quirk
    uint8_t error;          // shape of an error answer on OpenAI's paths
    uint8_t stream_error;   // shape of an error event there
    int16_t overload;       // HTTP status beyond --max-queue
    const char *ping;       // comment that keeps a stream alive, without the colon
    const char *overloaded; // message beyond --max-queue
};

/** The table, in the order of the option's values; `*count` rows. */
const struct weir_sim_profile *weir_sim_profile_table(size_t *count);

const struct weir_sim_profile *weir_sim_profile_of(const struct weir_config *config);

/** Set what the chosen profile says about options that nobody has set. */
weir_status weir_sim_profile_apply(struct weir_config *config, struct weir_err *err) WEIR_MUST_USE;

#endif
