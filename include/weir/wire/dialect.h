/** dialect.h: a server's language as a row of a table: where requests go and with which headers, how a body is built, how the
 *  answer is framed and what its events mean. Requests are POSTs of JSON. No I/O and no time here. Parsing allocates nothing;
 *  any thread. Formats: the server's own source, told in each src/wire/dialect_<name>.c and openai_event.c. */
#ifndef WEIR_WIRE_DIALECT_H
#define WEIR_WIRE_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/base/buf.h"
#include "weir/base/clock.h"
#include "weir/base/status.h"
#include "weir/base/str.h"
#include "weir/wire/sse.h"

/** What one event of an answer means. Bits. */
enum weir_event_flag {
    WEIR_EVENT_TEXT = 1,       // carries answer text (non-empty)
    WEIR_EVENT_REASONING = 2,  // carries reasoning text (non-empty)
    WEIR_EVENT_TOOL = 4,       // carries a tool call or a part of its arguments
    WEIR_EVENT_FINISH = 8,     // a choice finished (finish_reason)
    WEIR_EVENT_USAGE = 16,     // usage was present and not null
    WEIR_EVENT_ERROR = 32,     // an error object
    WEIR_EVENT_END = 64,       // the stream's end mark
    WEIR_EVENT_DATA = 128,     // carries a result that is no text: an embedding, a score
};
#define WEIR_EVENT_TOKEN (WEIR_EVENT_TEXT | WEIR_EVENT_REASONING | WEIR_EVENT_TOOL)

/** How long the server itself says its work took; −1: not said. Parts of one request, never of one event. */
struct weir_server_ns {
    weir_ns queue;       // waiting before any work
    weir_ns load;        // loading the model
    weir_ns prompt_eval; // reading the prompt (prefill)
    weir_ns eval;        // writing the answer (decode)
};

/** Counts are cumulative, as usage said them: whoever sums up keeps the largest seen. A usage object without any input or
 *  output token is a placeholder (Ollama puts one on every completions chunk): it says nothing and sets no flag. */
struct weir_event {
    uint32_t flags;
    int32_t output_tokens;           // −1: not said
    int32_t input_tokens;            // −1: not said; those found in a prefix cache are part of it
    int32_t reasoning_tokens;        // −1: not said; part of output_tokens
    int32_t cached_tokens;           // −1: not said
    struct weir_server_ns server_ns; // the last word counts
    struct weir_slice error;         // raw JSON of the error, borrowed from the input; weir_answer_error() has it readable
};

struct weir_template;

/** What a request body is made of. */
struct weir_body_spec {
    struct weir_slice model;      // empty: not sent, the server chooses
    struct weir_slice prompt;     // plain text; used when messages is empty
    struct weir_slice messages;   // raw JSON array of messages (chat); empty: built from prompt
    int64_t max_tokens;           // 0: not sent; nor is it beside an extra max_completion_tokens
    bool is_streaming;
    bool is_exact;                // ask for max_tokens and not one fewer, where the dialect has a way (see exact_length)
    const char *const *extra_keys;   // members added, or replacing what weir would send; the last of a name counts. Where a
    const char *const *extra_values; // dialect keeps sampling options in an object of their own, they go there. Raw JSON.
    size_t extra_count;
    const struct weir_template *template; // set by weir_dialect_build()
};

/** How the bytes of an answer fall into events. */
enum weir_framing {
    WEIR_FRAMING_DOCUMENT, // one JSON document
    WEIR_FRAMING_SSE,      // server-sent events
    WEIR_FRAMING_NDJSON,   // one JSON object a line
};

/** Header that carries --api-key. */
enum weir_auth {
    WEIR_AUTH_BEARER,    // Authorization: Bearer KEY
    WEIR_AUTH_X_API_KEY, // x-api-key: KEY
};

/** A GET that lists models: {list: [{id: "…"}]}, or {id: "…"} when `list` is NULL. `id` NULL: it lists none and only tells
 *  that the server is up. */
struct weir_models_shape {
    const char *path; // below the base URL
    const char *list;
    const char *id;
};

struct weir_dialect {
    // where and how
    const char *name; // value of --endpoint-type
    const char *path; // of the endpoint below the base URL, as "/v1/chat/completions"; {model} stands for the model's name
    const char *also; // another form of the path that URLs may end in; NULL: none
    const char *help; // one line
    const char *const *headers;      // "name: value" that each request needs, NULL-terminated; NULL: none
    enum weir_auth auth;
    enum weir_framing framing;       // of an answer asked for as a stream; DOCUMENT: it cannot be
    struct weir_models_shape models;
    const struct weir_template *template;

    // what it can
    const char *exact_length;     // fields that force the output length (weir_body_spec.is_exact); NULL: nothing does
    const char *inexact_because;  // why nothing does, for people; NULL beside exact_length
    bool sends_model;             // bodies name the model: one is needed
    bool takes_messages;          // weir_body_spec.messages is used; prompts only, otherwise
    bool answers_without_tokens;  // WEIR_EVENT_DATA makes an answer complete: embeddings, scores
    bool repeats_text;            // events may say again what was said: one carries a token if output_tokens has grown
    bool ends_with_mark;          // a stream without WEIR_EVENT_END (or, failing that, WEIR_EVENT_FINISH at EOF) is truncated

    /** Append the JSON body. `*prompt_at` is the offset in `out` of the prompt's first byte (SIZE_MAX: not sent), so that
     *  the first words can be made unique in place: valid for as many bytes as need no escaping. False when `out` is full.
     *  Call weir_dialect_build(). */
    bool (*build)(const struct weir_body_spec *spec, struct weir_buf *out, size_t *prompt_at);

    /** Meaning of one streamed event; its type matters only where the data lacks one. False: malformed (`out` then says
     *  nothing). */
    bool (*parse_event)(const struct weir_dialect *self, const struct weir_sse_event *event, struct weir_event *out);

    /** Meaning of a whole answer that was not streamed. False: malformed (`out` then says nothing). */
    bool (*parse_answer)(const struct weir_dialect *self, struct weir_slice body, struct weir_event *out);
};

/** The table; `*count` rows. */
const struct weir_dialect *weir_dialect_table(size_t *count);

/** By name; NULL when there is none. */
const struct weir_dialect *weir_dialect_find(const char *name);

/** Bytes at the end of `url_path` that are the dialect's own path; 0: none are. The version may be missing or another one
 *  ("/openai/deployments/x/chat/completions"); a query and a slash at the end do not count. `*model`: what stands for
 *  {model}, else empty; may be NULL. */
size_t weir_dialect_match(const struct weir_dialect *dialect, struct weir_slice url_path, struct weir_slice *model);

/** The dialect with the longest match, for URLs that name a full endpoint; NULL when none does. Two servers may share a
 *  path: of those, the first. */
const struct weir_dialect *weir_dialect_of_path(struct weir_slice url_path);

/** Append the body: see `build`. */
bool weir_dialect_build(const struct weir_dialect *dialect, struct weir_body_spec spec, struct weir_buf *out,
                        size_t *prompt_at);

/** How an answer is framed: what is no success is one document; else its content type tells, whatever was asked for. A
 *  dialect that streams lines may do so under any type but JSON's. */
enum weir_framing weir_dialect_framing(const struct weir_dialect *dialect, int http_status, struct weir_slice content_type);

/** Read the body of a GET of models.path: up to `room` ids, those longer than an element cut off. Returns how many. */
enum { WEIR_MODEL_BYTES = 256 };
size_t weir_dialect_read_models(const struct weir_dialect *dialect, struct weir_slice body, char (*ids)[WEIR_MODEL_BYTES],
                                size_t room);

#endif
