/** request.h: what a client asks for, in any of the languages served: a body, read and checked.
 * Pure; any thread. */
#ifndef WEIR_SIM_REQUEST_H
#define WEIR_SIM_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/base/attr.h"
#include "weir/base/str.h"

/** Longest answer that may be asked for. */
#define WEIR_SIM_TOKENS_MAX 10000000

/** Languages of requests and answers. */
enum weir_sim_format_id {
    WEIR_SIM_COMPLETIONS,
    WEIR_SIM_CHAT,
    WEIR_SIM_RESPONSES,
    WEIR_SIM_EMBEDDINGS,
    WEIR_SIM_RERANK,
    WEIR_SIM_MESSAGES, // Anthropic
    WEIR_SIM_OLLAMA_GENERATE,
    WEIR_SIM_OLLAMA_CHAT,
    WEIR_SIM_TGI,
    WEIR_SIM_LLAMACPP,
    WEIR_SIM_SGLANG,
    WEIR_SIM_TRITON,
    WEIR_SIM_FORMAT_COUNT
};

struct weir_sim_request {
    enum weir_sim_format_id format;
    bool is_streaming;
    bool wants_usage; // stream_options.include_usage
    bool wants_every; // stream_options.continuous_usage_stats, which counts with include_usage only
    bool wants_exact; // ignore_eos, or a lower limit: the server goes to max_tokens
    bool wants_details;    // TGI: parameters.details
    bool wants_base64;     // embeddings: encoding_format
    int64_t max_tokens;    // whatever the language calls it; 0: not said
    int64_t min_tokens;    // 0: not said
    int64_t prompt_tokens; // words of the prompt or of all messages; token ids count one each
    int64_t items;         // embeddings: inputs; rerank: documents
};

/** Why a request is refused. */
struct weir_sim_refusal {
    int http_status;
    const char *type;  // static
    const char *param; // static; NULL: no single one
    const char *code;  // static; NULL: none
    char message[320];
};

/** Fill `refusal` and return false, so that `return weir_sim_refuse(…)` reads well. */
bool weir_sim_refuse(struct weir_sim_refusal *refusal, int http_status, const char *param,
                     const char *format, ...) WEIR_PRINTF(4, 5);

/** What the server takes. */
struct weir_sim_reader {
    enum weir_sim_format_id format;
    const char *model; // the only model there is; a body without one means it
    bool takes_any_model;
    bool is_stream_path; // the path says it is a stream: TGI's and Triton's generate_stream
};

/** Read a request body. False: refused, see `refusal`; `out` is as it was. */
bool weir_sim_request_read(struct weir_slice body, const struct weir_sim_reader *reader,
                           struct weir_sim_request *out, struct weir_sim_refusal *refusal);

#endif
