/** answer.h: what the simulator says: answers in every language it speaks, as events (each an HTTP
 * chunk) or whole. Words, lengths and ids are a function of the seed and the request's number. No
 * I/O. A token costs a few copies into a buffer that is large enough already: no allocation, no
 * JSON library. One thread. */
#ifndef WEIR_SIM_ANSWER_H
#define WEIR_SIM_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "weir/base/buf.h"
#include "weir/base/clock.h"
#include "weir/base/rng.h"
#include "weir/config/config.h"
#include "weir/sim/profile.h"
#include "weir/sim/request.h"

enum { WEIR_SIM_WORDS = 512, WEIR_SIM_MODEL_MAX = 256, WEIR_SIM_WORD_MAX = 7 };

/** Largest answer that is not streamed, and room for any event that is. */
#define WEIR_SIM_ANSWER_CAP ((size_t)WEIR_SIM_TOKENS_MAX * (WEIR_SIM_WORD_MAX + 1) + 65536)

struct weir_sim_word {
    char text[WEIR_SIM_WORD_MAX]; // with a blank in front
    uint8_t len;
};

/** A server's way to speak. Filled once, then read-only. */
struct weir_sim_voice {
    const struct weir_config *config;       // borrowed
    const struct weir_sim_profile *profile; // static
    const char *model;                      // borrowed
    const char *data_begin;                 // of an event: "data: "
    const char *line_end;
    const char *event_end; // of the data line and the event
    char model_json[6 * WEIR_SIM_MODEL_MAX + 1];
    struct weir_sim_word words[WEIR_SIM_WORDS];
};

struct weir_sim_format;

/** One answer being given. Zeroed memory before its first use; reused for the next request. */
struct weir_sim_answer {
    struct weir_sim_request request;
    const struct weir_sim_format *format;
    uint64_t number;    // of the request, from 0
    uint64_t tokens;    // it will have; may be lowered before the first event
    uint64_t reasoning; // of them, the first so many are reasoning
    uint64_t sent;      // of them
    uint64_t each;      // tokens an event
    uint64_t sequence;  // events so far; for languages that number them
    bool is_chunked;    // HTTP/1.1: each event is an HTTP chunk
    bool is_finished;   // finish_reason was said
    bool has_every_usage;
    bool has_final_usage;
    uint8_t filler;      // enum weir_sim_filler: what stands in for usage on other events
    struct weir_rng rng; // of its words
    time_t created;
    weir_ns prefill_ns; // for languages that tell durations; set by whoever paces
    weir_ns decode_ns;
    struct weir_buf prefix; // of every event, as far as they are alike
};

/** Name of the model served; "sim-model" when the configuration names none. */
const char *weir_sim_model(const struct weir_config *config);

/** `config` must outlive it; its model name has at most WEIR_SIM_MODEL_MAX bytes. */
void weir_sim_voice_init(struct weir_sim_voice *voice, const struct weir_config *config);

/** Begin the answer to request `number`. */
void weir_sim_answer_begin(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                           const struct weir_sim_request *request, uint64_t number,
                           bool is_chunked);
void weir_sim_answer_free(struct weir_sim_answer *answer);

/** Content-Type of its stream. */
const char *weir_sim_answer_type(const struct weir_sim_answer *answer);

/** Number of token events the whole answer has. */
uint64_t weir_sim_answer_events(const struct weir_sim_answer *answer);

/** Tokens of the next token event; 0 when all were sent. Reasoning and answer never share an event.
 */
uint64_t weir_sim_answer_next(const struct weir_sim_answer *answer);

/** Append what stands before the first token: the role event, or what the language has. */
void weir_sim_answer_open(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                          struct weir_buf *out);

/** Append the next token event and count its tokens as sent. */
void weir_sim_answer_tokens(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                            struct weir_buf *out);

/** Append what follows the last token: finish, usage as asked, end mark, end of the body. */
void weir_sim_answer_close(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                           struct weir_buf *out);

/** Append a comment that keeps the stream alive, or the language's own event for that; nothing
 * where there is neither. */
void weir_sim_answer_ping(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                          struct weir_buf *out);

/** Append an error event as the server would within a stream, and the end of the body. */
void weir_sim_answer_fail(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                          const struct weir_sim_refusal *refusal, struct weir_buf *out);

/** Append an event whose JSON breaks off. */
void weir_sim_answer_break(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                           struct weir_buf *out);

/** Append the proper end of the HTTP body, whatever was said. */
void weir_sim_answer_stop(const struct weir_sim_answer *answer, struct weir_buf *out);

/** Append the whole answer as one JSON document and count all tokens as sent. */
void weir_sim_answer_whole(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                           struct weir_buf *out);

/** Append the body of an error answer, in the shape that the profile has for requests of `format`.
 */
void weir_sim_error_json(const struct weir_sim_profile *profile, enum weir_sim_format_id format,
                         const struct weir_sim_refusal *refusal, struct weir_buf *out);

#endif
