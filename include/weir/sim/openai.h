/** openai.h: what the simulator says: OpenAI chat and completions answers, as server-sent events
 * (each an HTTP chunk) or whole. Words, lengths and ids are a function of the seed and the
 * request's number. No I/O and no time. A token costs a few copies into a buffer that is large
 * enough already: no allocation, no JSON library. One thread. */
#ifndef WEIR_SIM_OPENAI_H
#define WEIR_SIM_OPENAI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "weir/base/buf.h"
#include "weir/base/rng.h"
#include "weir/config/config.h"
#include "weir/sim/request.h"

enum { WEIR_SIM_WORDS = 512, WEIR_SIM_MODEL_MAX = 256, WEIR_SIM_WORD_MAX = 7 };

/** Largest answer that is not streamed, and room for any event that is. */
#define WEIR_SIM_ANSWER_CAP ((size_t)WEIR_SIM_TOKENS_MAX * (WEIR_SIM_WORD_MAX + 1) + 65536)
#define WEIR_SIM_EVENT_CAP  ((size_t)65536)

struct weir_sim_word {
    char text[WEIR_SIM_WORD_MAX]; // with a blank in front
    uint8_t len;
};

/** A server's way to speak. Filled once, then read-only. */
struct weir_sim_openai {
    const struct weir_config *config; // borrowed
    const char *model;                // borrowed
    char model_json[6 * WEIR_SIM_MODEL_MAX + 1];
    struct weir_sim_word words[WEIR_SIM_WORDS];
};

/** One answer being given. Zeroed memory before its first use; reused for the next request. */
struct weir_sim_answer {
    struct weir_sim_request request;
    uint64_t number;    // of the request, from 0
    uint64_t tokens;    // it will have
    uint64_t reasoning; // of them, the first so many are reasoning
    uint64_t sent;      // of them
    bool is_chunked;    // HTTP/1.1: each event is an HTTP chunk
    bool has_every_usage;
    bool has_final_usage;
    struct weir_rng rng; // of its words
    time_t created;
    struct weir_buf prefix; // of every event up to "choices":[
};

/** Name of the model served; "sim-model" when the configuration names none. */
const char *weir_sim_openai_model(const struct weir_config *config);

/** `config` must outlive it; its model name has at most WEIR_SIM_MODEL_MAX bytes. */
void weir_sim_openai_init(struct weir_sim_openai *openai, const struct weir_config *config);

/** Begin the answer to request `number`. */
void weir_sim_answer_begin(const struct weir_sim_openai *openai, struct weir_sim_answer *answer,
                           const struct weir_sim_request *request, uint64_t number,
                           bool is_chunked);
void weir_sim_answer_free(struct weir_sim_answer *answer);

/** Number of token events the whole answer has. */
uint64_t weir_sim_answer_events(const struct weir_sim_openai *openai,
                                const struct weir_sim_answer *answer);

/** Tokens of the next token event; 0 when all were sent. Reasoning and answer never share an event.
 */
uint64_t weir_sim_answer_next(const struct weir_sim_openai *openai,
                              const struct weir_sim_answer *answer);

/** Append the role event; nothing for completions. */
void weir_sim_answer_role(const struct weir_sim_openai *openai, struct weir_sim_answer *answer,
                          struct weir_buf *out);

/** Append the next token event and count its tokens as sent. */
void weir_sim_answer_tokens(const struct weir_sim_openai *openai, struct weir_sim_answer *answer,
                            struct weir_buf *out);

/** Append what follows the last token: finish, usage as asked, [DONE], end of the body. */
void weir_sim_answer_end(const struct weir_sim_openai *openai, struct weir_sim_answer *answer,
                         struct weir_buf *out);

/** Append the whole answer as one JSON document and count all tokens as sent. */
void weir_sim_answer_whole(const struct weir_sim_openai *openai, struct weir_sim_answer *answer,
                           struct weir_buf *out);

/** Append {"error": …}. */
void weir_sim_fault_json(const struct weir_sim_fault *fault, struct weir_buf *out);

/** Append the answer to GET /v1/models. */
void weir_sim_models_json(const struct weir_sim_openai *openai, struct weir_buf *out);

#endif
