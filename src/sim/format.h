/** format.h: a language of answers as a row of functions, and what they are made with. Each appends
 * to a buffer that has room: see WEIR_SIM_ANSWER_CAP. */
#ifndef WEIR_SIM_FORMAT_H
#define WEIR_SIM_FORMAT_H

#include <string.h>

#include "weir/base/attr.h"
#include "weir/sim/answer.h"

typedef void weir__say_fn(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                          struct weir_buf *out);

struct weir_sim_format {
    bool is_ndjson;        // else server-sent events
    bool has_reasoning;    // --reasoning-tokens means something to it
    bool has_one_each;     // always one token an event
    bool has_done;         // an error event may be followed by [DONE]
    weir__say_fn *prepare; // makes the prefix of a streamed answer; may be NULL
    weir__say_fn *open;    // may be NULL
    weir__say_fn *tokens;  // NULL: never streamed
    weir__say_fn *close;   // without the end of the body
    weir__say_fn *whole;
    weir__say_fn *ping; // NULL: a comment
};

extern const struct weir_sim_format weir__format_completions;
extern const struct weir_sim_format weir__format_chat;
extern const struct weir_sim_format weir__format_responses;
extern const struct weir_sim_format weir__format_embeddings;
extern const struct weir_sim_format weir__format_rerank;
extern const struct weir_sim_format weir__format_messages;
extern const struct weir_sim_format weir__format_ollama_generate;
extern const struct weir_sim_format weir__format_ollama_chat;
extern const struct weir_sim_format weir__format_tgi;
extern const struct weir_sim_format weir__format_llamacpp;
extern const struct weir_sim_format weir__format_sglang;
extern const struct weir_sim_format weir__format_triton;

static inline bool weir__has_quirk(const struct weir_sim_voice *voice, enum weir_sim_quirk quirk)
{
    return (voice->profile->quirks & (uint32_t)quirk) != 0;
}

/** Append text. In line, so that the length of a literal costs nothing. */
static inline void weir__say(struct weir_buf *out, const char *text)
{
    const bool fits = weir_buf_add(out, text, strlen(text));
    WEIR_ASSERT(fits);
}

/** Append a number, a JSON string with its quotes (NULL: null). */
void weir__say_number(struct weir_buf *out, uint64_t value);
void weir__say_string(struct weir_buf *out, const char *text);

/** Append the next `count` words of the answer and count them as sent; the first word of a text has
 * no blank before it. */
void weir__say_words(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                     uint64_t count, struct weir_buf *out);

/** Append words `from` to `to` (excluded) once more; costs time in proportion to `to`. */
void weir__say_again(const struct weir_sim_voice *voice, const struct weir_sim_answer *answer,
                     uint64_t from, uint64_t to, struct weir_buf *out);

/** Begin an HTTP chunk: leave room for its length. Returns where its content begins. */
size_t weir__chunk_begin(const struct weir_sim_answer *answer, struct weir_buf *out);

/** End the HTTP chunk whose content began at `begin`: write its length before it. */
void weir__chunk_end(const struct weir_sim_answer *answer, struct weir_buf *out, size_t begin);

/** Begin an event in a chunk of its own: its name, unless NULL, and "data: ". */
size_t weir__event_begin(const struct weir_sim_voice *voice, const struct weir_sim_answer *answer,
                         const char *name, struct weir_buf *out);
void weir__event_end(const struct weir_sim_voice *voice, const struct weir_sim_answer *answer,
                     struct weir_buf *out, size_t begin);

/** An event that is nothing but this text. */
void weir__event(const struct weir_sim_voice *voice, const struct weir_sim_answer *answer,
                 const char *text, struct weir_buf *out);

/** Begin the prefix anew. */
void weir__prefix_clear(struct weir_sim_answer *answer);

/** "length" when the answer went to the limit asked for, else "stop". */
const char *weir__finish_reason(const struct weir_sim_answer *answer);

/** Append {"cache_n":…}: llama.cpp's timings. */
void weir__say_timings(const struct weir_sim_answer *answer, struct weir_buf *out);

/** Append an error in the given shape. */
void weir__say_error(enum weir_sim_error_shape shape, const struct weir_sim_refusal *refusal,
                     const struct weir_sim_answer *answer, struct weir_buf *out);

/** Shape of an error of requests in `format`: as the body of an answer, or within a stream. */
enum weir_sim_error_shape weir__error_shape(const struct weir_sim_profile *profile,
                                            enum weir_sim_format_id format, bool is_in_stream);

/** Unix seconds, as OpenAI stamps answers. */
time_t weir__unix_now(void);

#endif
