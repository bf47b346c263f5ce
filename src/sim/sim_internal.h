/** sim_internal.h: what the files of the simulator share: the server, a connection, the answer
 * being given on it. Calls go down: server → http → route → admit → stream → send; news go up
 * (flushed, answered, closed). One thread. */
#ifndef WEIR_SIM_INTERNAL_H
#define WEIR_SIM_INTERNAL_H

#include <llhttp.h>
#include <uv.h>

#include "weir/base/buf.h"
#include "weir/base/clock.h"
#include "weir/config/config.h"
#include "weir/sim/answer.h"
#include "weir/sim/capacity.h"
#include "weir/sim/fault.h"
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
    struct weir_sim_voice voice;
    struct weir_sim_faults faults;
    struct weir_sim_freezes freezes;
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

    // limits
    struct weir_sim_bucket bucket;         // of requests
    struct weir_sim_budget budget;         // of tokens
    struct weir__conn *waiting;            // for a slot, first come first
    struct weir__conn *last_waiting;       // end of that queue
    uint64_t waiting_count;                // its length
    struct weir_sim_pace_item freeze_item; // the next freeze
    size_t freezes_done;
    weir_ns first_request_ns; // freezes count from here; 0: none came
    weir_ns frozen_ns;        // when the freeze going on began
    weir_ns thaw_ns;          // when it ends; 0: there is none
    weir_ns resumed_ns;       // end of the last one

    // what happened
    struct weir_sim_truth truth;
    uint64_t requests; // for tokens, so far; the number of the next
    uint64_t streams;  // being answered; those that wait for a slot are not
    uint64_t max_streams;
    uint64_t max_waiting;
};

/** The answer being given on a connection, and its record. */
struct weir__stream {
    struct weir_sim_answer answer;
    struct weir_sim_record record;
    struct weir_sim_stamps stamps;
    struct weir_rng rng; // of its pace

    // its schedule: absolute, so that being late once does not shift what follows
    weir_ns due_ns;      // of the next write
    weir_ns natural_ns;  // of the next token event; later writes than that are due to flushing
    weir_ns first_ns;    // when the first token was due
    weir_ns admitted_ns; // when it got its slot
    uint64_t made;       // token events so far
    uint32_t batch;      // of them, in the write on its way

    // what is done to it
    const struct weir_sim_fault *fault; // NULL: nothing (more)
    uint64_t fault_at;                  // after so many token events
    struct weir_buf held;               // bytes of an answer that goes in one write
    enum weir_sim_outcome outcome;      // when it comes to its end

    bool is_active;
    bool has_slot;
    bool is_waiting;
    bool has_head;   // response headers were sent
    bool has_open;   // and what stands before the first token
    bool is_output;  // the write on its way carries answer text, not only reasoning
    bool is_pending; // a write was made and the kernel has not taken all of it
    bool has_budget; // the next token was granted by the budget
    struct weir_sim_pace_item ping;
    struct weir__conn *next_waiting;
    struct weir__conn *prev_waiting;
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
    uint64_t served; // requests so far
    weir_ns read_ns; // kernel stamp of the last bytes read

    // the answer
    struct weir_buf out; // what the kernel has not taken yet, from out_at on
    size_t out_at;
    weir_ns handed_ns; // before the last system call that handed bytes over
    bool is_bytewise;  // each byte in a system call of its own
    struct weir__stream stream;
};

// ---- server.c: the loop ----

/** Do what is due, then set the timer to what comes next. */
void weir__sim_turn(struct weir__sim *sim);

/** A connection closed: if the listener was resting for want of descriptors, let it go on. */
void weir__sim_relieved(struct weir__sim *sim);

/** Accept connections, or leave them to the kernel's queue. */
void weir__sim_listen(struct weir__sim *sim, bool is_wanted);

// ---- http.c: a connection and its requests ----

void weir__http_init(llhttp_settings_t *parsing);

/** Take over the descriptor of a new connection. */
void weir__conn_open(struct weir__sim *sim, int fd);

/** End a connection at once; the answer being given, if any, is recorded with `outcome`. The memory
 * goes later, in the loop. */
void weir__conn_close(struct weir__conn *conn, enum weir_sim_outcome outcome);

/** Look at nothing that happens on the connection, or do so again. */
void weir__conn_pause(struct weir__conn *conn);
void weir__conn_resume(struct weir__conn *conn);

/** The answer is complete and handed over: go on with the next request, or end the connection. */
void weir__conn_answered(struct weir__conn *conn);

/** The connection is about to be answered for the last time: it ends behind the answer. */
static inline void weir__conn_retire(struct weir__conn *conn)
{
    conn->keeps_alive = false;
}

// ---- route.c: which request gets which answer ----

/** What a path is for. */
struct weir__route {
    const char *path; // a '*' stands for anything
    enum llhttp_method method;
    uint32_t endpoints; // of enum weir_sim_endpoints: profiles with one of them have it
    void (*say)(const struct weir_sim_voice *voice, struct weir_buf *out); // a document; or NULL:
    enum weir_sim_format_id format;                                        // an answer
    bool is_stream_path;
};

/** Answer the request just read. */
void weir__route(struct weir__conn *conn);

/** The request cannot be understood, or is larger than we take: say so and end the connection. */
void weir__route_broken(struct weir__conn *conn);

/** Answer with an error in the shape that `format` has; `headers` are added, each with its CRLF. */
void weir__route_refuse(struct weir__conn *conn, enum weir_sim_format_id format,
                        const struct weir_sim_refusal *refusal, const char *headers);

// ---- discovery.c: documents about the server ----

void weir__say_models(const struct weir_sim_voice *voice, struct weir_buf *out);
void weir__say_health(const struct weir_sim_voice *voice, struct weir_buf *out);
void weir__say_version(const struct weir_sim_voice *voice, struct weir_buf *out);
void weir__say_ollama_root(const struct weir_sim_voice *voice, struct weir_buf *out);
void weir__say_ollama_tags(const struct weir_sim_voice *voice, struct weir_buf *out);
void weir__say_ollama_version(const struct weir_sim_voice *voice, struct weir_buf *out);
void weir__say_tgi_info(const struct weir_sim_voice *voice, struct weir_buf *out);
void weir__say_llamacpp_props(const struct weir_sim_voice *voice, struct weir_buf *out);
void weir__say_sglang_info(const struct weir_sim_voice *voice, struct weir_buf *out);

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

// ---- admit.c: who is answered, refused, or waits ----

/** Answer the request just read, or refuse it. */
void weir__admit(struct weir__conn *conn, const struct weir__route *route);

/** An answer has ended: its slot goes to the next that waits. */
void weir__admit_release(struct weir__conn *conn);

// ---- stream.c: answers, paced ----

/** The answer has begun; it waits for a slot: send what goes ahead of it. */
void weir__stream_open(struct weir__conn *conn);

/** It has its slot: tokens from now on. `from` is when its time begins to count. */
void weir__stream_start(struct weir__conn *conn, weir_ns from);

/** Response headers, and what stands before the first token, unless they went already. */
void weir__stream_add_beginning(struct weir__conn *conn, struct weir_buf *out);

/** The answer is over, whatever was said of it. */
void weir__stream_end(struct weir__conn *conn, enum weir_sim_outcome outcome, weir_ns at);

/** Everything sent so far has been taken by the kernel, after some of it had to wait. */
void weir__stream_flushed(struct weir__conn *conn);

/** The connection is going: record the answer as it stands. */
void weir__stream_abort(struct weir__conn *conn, enum weir_sim_outcome outcome);

/** Free what an answer holds. */
void weir__stream_free(struct weir__stream *stream);

/** Arm or drop what keeps a silent stream alive. */
void weir__ping_arm(struct weir__conn *conn);

// ---- mishap.c: doing what --fault asks for ----

/** Prepare an answer that a fault strikes, before it begins. True: there will be no answer. */
bool weir__mishap_begin(struct weir__conn *conn);

/** The next token is due; `out` holds what goes ahead of it. True: it does not come (now). */
bool weir__mishap_strikes(struct weir__conn *conn, struct weir_buf *out);

/** An answer that is not streamed is due. True: it was dealt with. */
bool weir__mishap_whole(struct weir__conn *conn, struct weir_buf *body);

/** Length that the headers of a stream promise; 0: none is promised. */
uint64_t weir__mishap_length(const struct weir__conn *conn);

// ---- freeze.c: the whole server stands still ----

/** The first request came: freezes count from now. */
void weir__freeze_arm(struct weir__sim *sim, weir_ns now);

/** Whether it stands still at this moment; when the time has come, everything goes on. */
bool weir__freeze_holds(struct weir__sim *sim);

#endif
