/** sim_internal.h: what the files of the simulator share: the server, a connection, the answer
 * being given on it. Calls go down: server → http → route → stream → send; news go up (flushed,
 * answered, closed). One thread. */
#ifndef WEIR_SIM_INTERNAL_H
#define WEIR_SIM_INTERNAL_H

#include <llhttp.h>
#include <uv.h>

#include "weir/base/buf.h"
#include "weir/base/clock.h"
#include "weir/config/config.h"
#include "weir/sim/openai.h"
#include "weir/sim/pace.h"
#include "weir/sim/truth.h"

enum {
    WEIR__INPUT_BYTES = 256 * 1024,    // one read
    WEIR__BODY_CAP = 64 * 1024 * 1024, // of a request
    WEIR__HEADER_CAP = 64 * 1024,      // of a request
    WEIR__PATH_CAP = 2048,
    WEIR__ID_MAX = 128, // of X-Request-Id; longer ones are cut
};

/** The server. */
struct weir__sim {
    // set once at start
    const struct weir_config *config;
    struct weir_sim_openai openai;
    llhttp_settings_t parsing;
    uint16_t port;

    // the loop
    uv_loop_t loop;
    uv_poll_t listener;
    uv_poll_t timer;
    uv_poll_t stopper;
    uv_signal_t signals[2];
    int listen_fd;
    int timer_fd;
    int stop_fd;
    bool is_full; // no descriptor is left: the listener rests until a connection closes
    bool is_stopping;

    // work
    struct weir_sim_pace pace;
    weir_ns armed_ns;         // what the timer is set to; 0: not known
    struct weir__conn *first; // all open connections
    struct weir_buf scratch;  // the event being made
    char *input;              // WEIR__INPUT_BYTES, the bytes being read
    weir_ns offset_ns;        // CLOCK_REALTIME − CLOCK_MONOTONIC
    weir_ns offset_at_ns;     // when it was measured

    // what happened
    struct weir_sim_truth truth;
    uint64_t requests; // for tokens, so far; the number of the next
    uint64_t streams;  // being answered
    uint64_t max_streams;
};

/** The answer being given on a connection, and its record. */
struct weir__stream {
    struct weir_sim_answer answer;
    struct weir_sim_record record;
    struct weir_sim_stamps stamps;
    struct weir_rng rng; // of its pace
    weir_ns
        due_ns; // of the next event: absolute, so that being late once does not shift what follows
    bool is_active;
    bool has_head;   // response headers were sent
    bool is_output;  // the event on its way carries answer text, not reasoning
    bool is_pending; // an event was made and the kernel has not taken all of it
};

enum weir__conn_state {
    WEIR__CONN_READING,   // a request, or waiting for one
    WEIR__CONN_ANSWERING, // bytes that arrive wait
    WEIR__CONN_DRAINING,  // our side is shut down; what still comes is thrown away
    WEIR__CONN_CLOSED,
};

/** One connection. */
struct weir__conn {
    struct weir__sim *sim;
    struct weir__conn *next;
    struct weir__conn *prev;
    uv_poll_t poll;
    int fd;
    int watched; // events the poll waits for
    enum weir__conn_state state;
    struct weir_sim_pace_item
        item; // the next event of the answer, or the end of the connection's patience

    // the request being read
    llhttp_t parser;
    struct weir_buf path;
    struct weir_buf body;
    struct weir_buf header; // name of the header being read, lower case
    struct weir_buf value;  // its value, if we care for it
    struct weir_buf later;  // bytes behind the request being answered
    char request_id[WEIR__ID_MAX + 1];
    size_t header_bytes;
    int refused_status; // why the parser was stopped; 0: it was not
    bool has_expect;    // Expect: 100-continue
    bool must_continue; // the client waits for 100 Continue before it sends the body
    bool is_complete;
    bool keeps_alive;
    bool is_http11;
    bool is_feeding; // inside the parser's loop
    weir_ns read_ns; // kernel stamp of the last bytes read

    // the answer
    struct weir_buf out; // what the kernel has not taken yet, from out_at on
    size_t out_at;
    weir_ns handed_ns; // before the last system call that handed bytes over
    struct weir__stream stream;
};

// ---- server.c: the loop ----

/** Do what is due, then set the timer to what comes next. */
void weir__sim_turn(struct weir__sim *sim);

/** A connection closed: if the listener was resting for want of descriptors, let it go on. */
void weir__sim_relieved(struct weir__sim *sim);

// ---- http.c: a connection and its requests ----

void weir__http_init(llhttp_settings_t *parsing);

/** Take over the descriptor of a new connection. */
void weir__conn_open(struct weir__sim *sim, int fd);

/** End a connection at once; the answer being given, if any, is recorded with `outcome`. The memory
 * goes later, in the loop. */
void weir__conn_close(struct weir__conn *conn, enum weir_sim_outcome outcome);

/** The answer is complete and handed over: go on with the next request, or end the connection. */
void weir__conn_answered(struct weir__conn *conn);

// ---- route.c: which request gets which answer ----

/** Answer the request just read. */
void weir__route(struct weir__conn *conn);

/** The request cannot be understood, or is larger than we take: say so and end the connection. */
void weir__route_broken(struct weir__conn *conn);

/** Answer with an error. */
void weir__route_refuse(struct weir__conn *conn, const struct weir_sim_fault *fault);

// ---- send.c: the sending half of a connection ----

/** Hand bytes to the kernel. What it does not take now is kept and sent later;
 * weir__stream_flushed() tells. False: the connection is lost and closed; touch it no more. */
bool weir__conn_send(struct weir__conn *conn, const char *bytes, size_t len);

/** Send a whole answer with its headers. False as above. */
bool weir__conn_respond(struct weir__conn *conn, int status, const char *headers,
                        const struct weir_buf *body);

/** Send what was kept. False as above. */
bool weir__conn_flush(struct weir__conn *conn);

static inline bool weir__conn_is_flushed(const struct weir__conn *conn)
{
    return conn->out.len == 0;
}

/** Wait for these events of enum uv_poll_event. */
void weir__conn_watch(struct weir__conn *conn, int events);

// ---- stream.c: answers, paced ----

/** Answer the request just read: tokens at their pace. */
void weir__stream_start(struct weir__conn *conn, bool is_chat);

/** Everything sent so far has been taken by the kernel, after some of it had to wait. */
void weir__stream_flushed(struct weir__conn *conn);

/** The connection is going: record the answer as it stands. */
void weir__stream_abort(struct weir__conn *conn, enum weir_sim_outcome outcome);

/** Free what an answer holds. */
void weir__stream_free(struct weir__stream *stream);

#endif
