/** answer.h: one HTTP answer being read: framing (SSE, lines or one JSON document) and dialect together, bytes in, meaning out.
 *  One request at a time; reset and reuse. Allocates only in weir_answer_init() and when an event is larger than any before. */
#ifndef WEIR_WIRE_ANSWER_H
#define WEIR_WIRE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/wire/dialect.h"
#include "weir/wire/ndjson.h"
#include "weir/wire/sse.h"

/** How an answer with status 200 ended, once weir_answer_finish() has run. */
enum weir_answer_end {
    WEIR_ANSWER_COMPLETE,  // proper end and at least one token, or data where the dialect answers without tokens
    WEIR_ANSWER_EMPTY,     // proper end, none of those
    WEIR_ANSWER_TRUNCATED, // no end mark
    WEIR_ANSWER_MALFORMED, // broken JSON, or larger than the cap
    WEIR_ANSWER_ERROR,     // an error object
};

/** Called for each event as it is understood; `event` is valid during the call only. */
typedef void weir_answer_fn(void *context, const struct weir_event *event);

enum { WEIR_ANSWER_ERROR_BYTES = 500 }; // longest error message kept

/** Private. Caller's memory. */
struct weir_answer {
    const struct weir_dialect *dialect;
    weir_answer_fn *on_event;
    void *context;
    struct weir_sse sse;
    struct weir_ndjson ndjson;
    struct weir_buf body;       // an answer that is not streamed, or an error body
    struct weir_buf error;      // message of the first error, for people (capped)
    enum weir_framing framing;
    int32_t tokens_said;        // largest count of output tokens, where the dialect repeats text
    bool has_end;
    bool has_finish;
    bool has_token;             // or data
    bool has_error;
    bool is_malformed;
    bool is_finishing; // the last event being read had no blank line
    bool is_cut;       // and broke off in the middle
};

/** `event_cap`: most bytes of one event, and of an answer that is not streamed; `reserve` of them are set aside now. */
void weir_answer_init(struct weir_answer *answer, const struct weir_dialect *dialect, size_t event_cap, size_t reserve,
                      weir_answer_fn *on_event, void *context);
void weir_answer_free(struct weir_answer *answer);

/** Begin an answer, framed as weir_dialect_framing() says. A document may be an answer (some servers ignore "stream") or the
 *  body of an error status: feed and finish it all the same, weir_answer_error() reads it. */
void weir_answer_begin(struct weir_answer *answer, const struct weir_dialect *dialect, enum weir_framing framing);

/** More bytes of the body; those behind the end mark are ignored. False once the answer is beyond help (malformed): the rest
 *  need not be read. */
bool weir_answer_feed(struct weir_answer *answer, const char *bytes, size_t len);

/** The body has ended cleanly. A non-streamed answer is understood now (on_event is called once). An error outweighs every
 *  other end. A stream that stops inside an event is truncated, even behind a finish_reason; one without the end mark but
 *  with a finish_reason is complete. */
enum weir_answer_end weir_answer_finish(struct weir_answer *answer);

/** After weir_answer_finish() or a false weir_answer_feed(): message of the first error seen, or the first bytes of what could
 *  not be read or held no token; "" when there is none. UTF-8 without control characters, at most WEIR_ANSWER_ERROR_BYTES. */
const char *weir_answer_error(const struct weir_answer *answer);

#endif
