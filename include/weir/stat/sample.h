/** sample.h: one request as the client saw it, and the closed set of ways it can end. Plain data, copied by value. */
#ifndef WEIR_STAT_SAMPLE_H
#define WEIR_STAT_SAMPLE_H

#include <stdint.h>

#include "weir/base/clock.h"

/** name, key in files, meaning. Every finished request has exactly one; their rates sum to 100 %. */
#define WEIR_OUTCOME_MAP(XX)                                                                                           \
    XX(OK, "ok", "complete answer with at least one token")                                                            \
    XX(HTTP_3XX, "http_3xx", "redirect; weir follows none, since the target would not be the one that was named")      \
    XX(HTTP_4XX, "http_4xx", "status 400 to 499 other than 429")                                                       \
    XX(HTTP_429, "http_429", "status 429: the server sheds load")                                                      \
    XX(HTTP_5XX, "http_5xx", "status 500 and above")                                                                   \
    XX(DNS, "dns", "name not resolved")                                                                                \
    XX(CONNECT, "connect", "connection refused or unreachable")                                                        \
    XX(TLS, "tls", "TLS handshake or certificate failed")                                                              \
    XX(TIMEOUT, "timeout", "a time limit passed; which one stands in weir_sample.timeout")                             \
    XX(RESET, "reset", "connection lost before the answer was complete")                                               \
    XX(TRUNCATED, "truncated", "stream ended cleanly but without its end mark")                                        \
    XX(MALFORMED, "malformed", "not the protocol: broken JSON, broken HTTP, an event beyond its size limit")           \
    XX(ERROR_EVENT, "error_event", "an error object inside an answer with status 200")                                 \
    XX(EMPTY, "empty", "status 200 and a proper end, but not one token")                                               \
    XX(CANCELLED, "cancelled", "given up by the client on purpose, or by Ctrl-C")                                      \
    XX(CLIENT_RESOURCE, "client_resource", "no descriptor, port or memory left on this machine")

enum weir_outcome {
#define XX(name, key, meaning) WEIR_OUTCOME_##name,
    WEIR_OUTCOME_MAP(XX)
#undef XX
        WEIR_OUTCOME_COUNT
};

/** Which time limit passed. */
#define WEIR_TIMEOUT_MAP(XX)                                                                                           \
    XX(NONE, "none")                                                                                                   \
    XX(CONNECT, "connect")                                                                                             \
    XX(FIRST_TOKEN, "first_token")                                                                                     \
    XX(STALL, "stall")                                                                                                 \
    XX(TOTAL, "total")

enum weir_timeout {
#define XX(name, key) WEIR_TIMEOUT_##name,
    WEIR_TIMEOUT_MAP(XX)
#undef XX
        WEIR_TIMEOUT_COUNT
};

/** Part of the level a request belongs to, decided by its due time. */
#define WEIR_PHASE_MAP(XX)                                                                                             \
    XX(WARMUP, "warmup")                                                                                               \
    XX(MEASURED, "measured")

enum weir_phase {
#define XX(name, key) WEIR_PHASE_##name,
    WEIR_PHASE_MAP(XX)
#undef XX
        WEIR_PHASE_COUNT
};

/** Where a count of output tokens comes from, best first. */
#define WEIR_TOKEN_SOURCE_MAP(XX)                                                                                      \
    XX(CHUNK_USAGE, "chunk_usage") /* usage on every chunk: exact at each instant */                                   \
    XX(USAGE, "usage")             /* usage at the end: exact in total */                                              \
    XX(EVENTS, "events")           /* number of token-bearing events: a lower bound */                                 \
    XX(NONE, "none")               /* no token arrived */

enum weir_token_source {
#define XX(name, key) WEIR_TOKEN_SOURCE_##name,
    WEIR_TOKEN_SOURCE_MAP(XX)
#undef XX
        WEIR_TOKEN_SOURCE_COUNT
};

/** Instants are on CLOCK_MONOTONIC; 0: never happened. When outcome is OK and the answer was streamed:
 *  due ≤ sent ≤ first_byte ≤ first_token ≤ last_token ≤ done. Token counts: −1 when the server did not say. */
struct weir_sample {
    // set when the request is dealt
    uint64_t id;               // position in the level's sequence, from 0; warm-up included
    weir_ns due;               // when the schedule wanted it sent
    uint32_t level;            // index of the level
    uint32_t item;             // index of the prompt
    uint32_t tokens_asked;     // output length asked for; 0: none
    uint16_t worker;           // which worker ran it
    uint8_t phase;             // enum weir_phase
    uint8_t is_streamed;       // 1 when the answer was asked for as a stream

    // instants
    weir_ns sent;               // connection up, request about to be written
    weir_ns first_byte;         // first byte of the response
    weir_ns first_token;        // first event with text, reasoning or a tool call
    weir_ns first_output_token; // the same without reasoning
    weir_ns second_token;       // second token-bearing event
    weir_ns last_token;         // last token-bearing event
    weir_ns done;               // end of the response, or failure

    // spans
    weir_ns connect_time;       // DNS, TCP and TLS for this request; 0 on a reused connection
    weir_ns longest_gap;        // largest gap between token-bearing events; 0 with fewer than two

    // counts
    uint32_t chunks;           // token-bearing events
    uint32_t chunks_in_window; // those of them that arrived inside the measured window
    int32_t output_tokens;     // best known, reasoning included
    int32_t input_tokens;
    int32_t reasoning_tokens;
    int32_t cached_tokens;
    uint64_t body_bytes;       // of the response
    int16_t http_status;       // 0: no status line came
    uint8_t outcome;           // enum weir_outcome
    uint8_t timeout;           // enum weir_timeout
    uint8_t token_source;      // enum weir_token_source
    uint8_t is_reused;         // 1: sent on a connection that had served before
    uint8_t retries;           // silent retries by the transport that were noticed
};

/** One gap between two token-bearing events of a request, kept until its outcome is known. */
struct weir_gap {
    uint32_t span;   // see weir_gap_encode()
    uint32_t tokens; // tokens the later event brought, ≥ 1
};

/** Spans up to 2.1 s are kept in ns, longer ones in µs (up to 35 min, above that cut off). Negative spans become 0. */
uint32_t weir_gap_encode(weir_ns span);
weir_ns weir_gap_decode(uint32_t span);

const char *weir_outcome_key(enum weir_outcome outcome);
const char *weir_timeout_key(enum weir_timeout timeout);
const char *weir_phase_key(enum weir_phase phase);
const char *weir_token_source_key(enum weir_token_source source);

#endif
