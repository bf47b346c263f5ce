/** request.h: what a client asks for: a chat or completions body, read and checked. Pure; any
 * thread. */
#ifndef WEIR_SIM_REQUEST_H
#define WEIR_SIM_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/base/attr.h"
#include "weir/base/str.h"

/** Longest answer that may be asked for. */
#define WEIR_SIM_TOKENS_MAX 10000000

struct weir_sim_request {
    bool is_chat; // else completions
    bool is_streaming;
    bool wants_usage; // stream_options.include_usage
    bool wants_every; // stream_options.continuous_usage_stats, which counts with include_usage only
    int64_t max_tokens;    // max_completion_tokens, else max_tokens; 0: not said
    int64_t min_tokens;    // 0: not said
    int64_t prompt_tokens; // words of the prompt or of all messages; token ids count one each
};

/** Why a request is refused, in OpenAI's terms. */
struct weir_sim_fault {
    int http_status;
    const char *type;  // static
    const char *param; // static; NULL: no single one
    const char *code;  // static; NULL: none
    char message[320];
};

/** Fill `fault` and return false, so that `return weir_sim_refuse(…)` reads well. */
bool weir_sim_refuse(struct weir_sim_fault *fault, int http_status, const char *param,
                     const char *format, ...) WEIR_PRINTF(4, 5);

/** Read a request body. `model` is the only model there is; a body without one means it. False:
 * refused, see `fault`. */
bool weir_sim_request_read(struct weir_slice body, bool is_chat, const char *model,
                           struct weir_sim_request *out, struct weir_sim_fault *fault);

#endif
