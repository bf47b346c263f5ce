// weir's own transport: what plain.c (calls and their endings), plain_connect.c (connections and
// writing), plain_read.c (reading) and plain_answer.c (HTTP) share.
#ifndef WEIR_ENGINE_PLAIN_INTERNAL_H
#define WEIR_ENGINE_PLAIN_INTERNAL_H

#include <llhttp.h>

#include "bridge_internal.h"

enum {
    WEIR__PLAIN_READ_BYTES = 64 * 1024, // one buffer for all streams: large costs nothing
    WEIR__PLAIN_NAME_BYTES = 16,        // of a header; longer ones are none of those looked for
    WEIR__PLAIN_VALUE_BYTES = 32,
    WEIR__PLAIN_TAIL_BYTES = 128,
    WEIR__PLAIN_MESSAGE_BYTES = 192,
};

enum weir__plain_state {
    WEIR__PLAIN_IDLE,       // no exchange
    WEIR__PLAIN_STARTED,    // to be begun
    WEIR__PLAIN_CONNECTING, // no connection yet
    WEIR__PLAIN_SENDING,    // the request is not wholly written
    WEIR__PLAIN_SENT,
};

/** The answer being read. */
struct weir__plain_answer {
    llhttp_t parser;
    uint32_t head_bytes;
    int16_t status; // of the final answer's status line; 0: none yet
    uint8_t name_len;
    uint8_t value_len;
    char name[WEIR__PLAIN_NAME_BYTES];
    char value[WEIR__PLAIN_VALUE_BYTES]; // of a content type: its beginning
    bool is_event_stream;
    bool is_complete;
    bool keeps_alive;
    bool is_refused;     // on_body has given it up
    const char *problem; // why it is not HTTP, or NULL
};

struct weir__plain_call {
    struct weir_call call; // first: calls are handed out by its address
    struct weir__plain *plain;
    struct weir__plain_call *next; // of those to be begun
    struct weir__watch *watch;     // of `fd`
    int fd;                        // −1: no connection
    enum weir__plain_state state;
    bool is_listed; // in the list of those to be begun
    bool is_reused; // the connection has served a request before
    // request
    const char *body; // borrowed
    size_t body_len;
    size_t written; // of head, tail and body together
    size_t tail_len;
    char tail[WEIR__PLAIN_TAIL_BYTES]; // what differs from head to head, to its end
    struct weir__plain_answer answer;
    // time
    weir_ns connect_began;
    weir_ns connect_time;
    weir_ns idle_since;
    weir_ns last_at; // the last read of this answer
    weir_ns gap;     // about as long as between its segments; 0: not known
};

struct weir__plain {
    struct weir_bridge *bridge;
    struct weir__plain_call *calls;
    char *head; // of every request, up to where they differ
    size_t head_len;
    uv_prepare_t look; // before each look at the sockets
    weir_ns prepared_at;
    weir_ns looked_at;     // when this round of the loop came upon its first bytes
    weir_ns looked_before; // and the one before it
    bool has_looked;
    struct weir__plain_call *first_started;
    struct weir__plain_call *last_started;
    weir_ns at; // arrival of the bytes being handed on
    char message[WEIR__PLAIN_MESSAGE_BYTES];
    char buffer[WEIR__PLAIN_READ_BYTES];
};

/** plain.c: the exchange has ended. `message` is for people. The call may be started anew in it,
 * but goes on only later. */
void weir__plain_end(struct weir__plain_call *call, enum weir_outcome outcome, const char *message);

/** The same with the words for an errno. */
void weir__plain_fail(struct weir__plain_call *call, const char *what, int error);

/** A request of the call is being written, or its answer read. */
bool weir__plain_is_under_way(const struct weir__plain_call *call);

/** plain_connect.c: the head that all requests share; get an exchange under way; the socket can be
 * written; drop the connection. */
void weir__plain_make_head(struct weir__plain *plain);
void weir__plain_begin(struct weir__plain_call *call);
void weir__plain_connected(struct weir__plain_call *call);
void weir__plain_write(struct weir__plain_call *call);
void weir__plain_drop(struct weir__plain_call *call);

/** plain_read.c: the socket can be read. is_broken: for the last time, whatever is left. */
void weir__plain_read(struct weir__plain_call *call, bool is_broken);

/** plain.c: the socket of a call is ready. */
void weir__plain_on_poll(uv_poll_t *poll, int status, int events);

/** plain_answer.c: an answer begins; bytes of it (false: it has ended, well or not); the connection
 * has ended (true: and so has the answer, properly). */
void weir__plain_answer_begin(struct weir__plain_answer *answer);
bool weir__plain_answer_feed(struct weir__plain_answer *answer, const char *bytes, size_t len);
bool weir__plain_answer_eof(struct weir__plain_answer *answer);

#endif
