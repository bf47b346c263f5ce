/** dialect.h: a server's language as a row of a table: how a request body is built and what an answer's events mean.
 *  No I/O and no time here. Parsing allocates nothing; any thread. Formats: the server's own source, told in each <dialect>_event.c. */
#ifndef WEIR_WIRE_DIALECT_H
#define WEIR_WIRE_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/base/buf.h"
#include "weir/base/status.h"
#include "weir/base/str.h"

/** What one event of an answer means. Bits. */
enum weir_event_flag {
    WEIR_EVENT_TEXT = 1,       // carries answer text (non-empty)
    WEIR_EVENT_REASONING = 2,  // carries reasoning text (non-empty)
    WEIR_EVENT_TOOL = 4,       // carries a tool call or a part of its arguments
    WEIR_EVENT_FINISH = 8,     // a choice finished (finish_reason)
    WEIR_EVENT_USAGE = 16,     // usage was present and not null
    WEIR_EVENT_ERROR = 32,     // an error object
    WEIR_EVENT_END = 64,       // the stream's end mark
};
#define WEIR_EVENT_TOKEN (WEIR_EVENT_TEXT | WEIR_EVENT_REASONING | WEIR_EVENT_TOOL)

/** Counts are cumulative, as usage said them: whoever sums up keeps the largest seen. A usage object without any input or
 *  output token is a placeholder (Ollama puts one on every completions chunk): it says nothing and sets no flag. */
struct weir_event {
    uint32_t flags;
    int32_t output_tokens;    // −1: not said
    int32_t input_tokens;     // −1: not said
    int32_t reasoning_tokens; // −1: not said
    int32_t cached_tokens;    // −1: not said
    struct weir_slice error;  // raw JSON of the error, borrowed from the input; weir_answer_error() has it readable
};

/** What a request body is made of. */
struct weir_body_spec {
    struct weir_slice model;      // empty: not sent, the server chooses
    struct weir_slice prompt;     // plain text; used when messages is empty
    struct weir_slice messages;   // raw JSON array of messages (chat); empty: built from prompt
    int64_t max_tokens;           // 0: not sent; nor is it beside an extra max_completion_tokens
    bool is_streaming;
    const char *const *extra_keys;   // top-level members added, or replacing what weir would send; the last of a name counts
    const char *const *extra_values; // raw JSON values
    size_t extra_count;
};

struct weir_dialect {
    const char *name; // value of --endpoint-type
    const char *path; // of the endpoint below the base URL, as "/v1/chat/completions"
    const char *help; // one line

    /** Append the JSON body. `*prompt_at` is the offset in `out` of the prompt's first byte (SIZE_MAX: not sent), so that
     *  the first words can be made unique in place: valid for as many bytes as need no escaping. False when `out` is full. */
    bool (*build)(const struct weir_body_spec *spec, struct weir_buf *out, size_t *prompt_at);

    /** Meaning of one streamed event's data. False: malformed (`out` then says nothing). */
    bool (*parse_event)(struct weir_slice data, struct weir_event *out);

    /** Meaning of a whole answer that was not streamed. False: malformed (`out` then says nothing). */
    bool (*parse_answer)(struct weir_slice body, struct weir_event *out);

    bool ends_with_mark; // a stream without WEIR_EVENT_END (or, failing that, WEIR_EVENT_FINISH at EOF) is truncated
};

/** The table; `*count` rows. */
const struct weir_dialect *weir_dialect_table(size_t *count);

/** By name; NULL when there is none. */
const struct weir_dialect *weir_dialect_find(const char *name);

/** The dialect whose path ends `url_path`, for URLs that name a full endpoint; NULL when none does. The version may be
 *  missing or another one ("/openai/deployments/x/chat/completions"); a query and a slash at the end do not count. */
const struct weir_dialect *weir_dialect_of_path(struct weir_slice url_path);

#endif
