/** request.h: one request from deal to sample: a state machine that knows time and meaning but no
 * transport. */
#ifndef WEIR_ENGINE_REQUEST_H
#define WEIR_ENGINE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/base/clock.h"
#include "weir/stat/recorder.h"
#include "weir/stat/sample.h"
#include "weir/wire/answer.h"

/** IDLE → WAITING → SENT → RECEIVING → IDLE; every other edge but the way back to IDLE is a bug. */
enum weir_request_state {
    WEIR_REQUEST_IDLE,      // no request
    WEIR_REQUEST_WAITING,   // dealt, connection not up
    WEIR_REQUEST_SENT,      // written, no byte of the answer yet
    WEIR_REQUEST_RECEIVING, // bytes of the answer have come
};

/** Time limits of one request, ns; 0: none. */
struct weir_request_limits {
    weir_ns connect;     // from start
    weir_ns first_token; // from sent
    weir_ns stall;       // from the last token
    weir_ns total;       // from due
};

/** What happened when a token-bearing event came: for slices and the audit. */
struct weir_token {
    weir_ns at;
    weir_ns gap;       // since the last one; −1 for the first
    weir_ns ttft;      // of the first; −1 for the others
    uint32_t tokens;   // credited to this event
    bool is_coalesced; // came out of the same read as the one before, with the same stamp
};

struct weir_request {
    // set once
    struct weir_answer answer;
    struct weir_gap *gaps; // room for gap_cap
    size_t gap_cap;
    struct weir_recorder *recorder;
    void (*on_token)(void *context, const struct weir_token *token);
    void *context;
    // per request
    enum weir_request_state state;
    struct weir_sample sample;
    struct weir_window window; // as known when the bytes being read arrived
    weir_ns started;           // handed to the transport
    weir_ns cancel_after;         // from sent: a user who leaves; 0: stays
    weir_ns now;               // arrival of the bytes being read
    uint64_t turn;             // read they came out of
    uint64_t last_turn;        // read the last token came out of
    size_t gap_count;
    uint32_t chunks_with_usage;
    bool is_answer_begun;
};

/** `gap_cap`: gaps kept until the outcome is known. */
void weir_request_init(struct weir_request *request, const struct weir_dialect *dialect,
                       size_t gap_cap, struct weir_recorder *recorder,
                       void (*on_token)(void *, const struct weir_token *), void *context);
void weir_request_free(struct weir_request *request);

/** Begin: sample's dealt fields are set by the caller. */
void weir_request_begin(struct weir_request *request, const struct weir_sample *dealt, weir_ns now);
void weir_request_sent(struct weir_request *request, weir_ns now);
void weir_request_head(struct weir_request *request, weir_ns at);

/** The body begins, framed so: weir_dialect_framing(). */
void weir_request_open_body(struct weir_request *request, enum weir_framing framing);

/** Bytes of the body. False: malformed, give up. */
bool weir_request_body(struct weir_request *request, const char *bytes, size_t len, weir_ns at,
                       uint64_t turn);

/** The exchange has ended: decide the outcome, fill the sample, record it, go IDLE. transport: OK,
 * or what failed below HTTP. */
void weir_request_end(struct weir_request *request, enum weir_outcome transport,
                      int16_t http_status, weir_ns at);

/** Give up on purpose or for a time limit: outcome CANCELLED, or TIMEOUT when `timeout` is not
 * NONE. */
void weir_request_abandon(struct weir_request *request, enum weir_timeout timeout, weir_ns at);

/** When the next time limit passes, and which it is; INT64_MAX for none. */
weir_ns weir_request_deadline(const struct weir_request *request,
                              const struct weir_request_limits *limits, enum weir_timeout *which);

#endif
