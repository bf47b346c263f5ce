/** fault.h: what the simulator does wrong when asked to: a closed list of kinds, each for a share
 * of the requests. Who is struck, and where, is a function of the seed and the request's number.
 * Pure; any thread. */
#ifndef WEIR_SIM_FAULT_H
#define WEIR_SIM_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/base/clock.h"
#include "weir/base/status.h"
#include "weir/config/config.h"

enum weir_sim_fault_kind {
    WEIR_SIM_FAULT_HTTP,       // an error status instead of an answer
    WEIR_SIM_FAULT_SLOW_START, // the first token comes later by the span
    WEIR_SIM_FAULT_STALL,      // a pause of the span between two tokens
    WEIR_SIM_FAULT_TRUNCATE, // the body ends properly, the answer does not: no finish, no end mark
    WEIR_SIM_FAULT_CUT,      // the connection ends within the body
    WEIR_SIM_FAULT_RESET,    // the same with a TCP reset
    WEIR_SIM_FAULT_HANGUP,   // the connection ends before a byte of the answer
    WEIR_SIM_FAULT_ERROR_EVENT,  // an error within a stream of status 200
    WEIR_SIM_FAULT_MALFORMED,    // JSON that breaks off
    WEIR_SIM_FAULT_EMPTY,        // a proper answer without a token
    WEIR_SIM_FAULT_SHORT,        // half the tokens asked for
    WEIR_SIM_FAULT_LONG,         // half as many again
    WEIR_SIM_FAULT_BYTE_WRITES,  // each byte in a system call of its own
    WEIR_SIM_FAULT_ONE_WRITE,    // everything at the end at once, as a buffering proxy would
    WEIR_SIM_FAULT_NEVER,        // no answer, and the connection stays open
    WEIR_SIM_FAULT_WRONG_LENGTH, // Content-Length promises more than comes before the connection
                                 // ends
};

/** What may stand behind the share. */
enum weir_sim_fault_arg { WEIR_SIM_ARG_NONE, WEIR_SIM_ARG_SPAN, WEIR_SIM_ARG_RETRY_AFTER };

/** A row of the list; static. */
struct weir_sim_fault_info {
    const char *name;
    enum weir_sim_fault_kind kind;
    enum weir_sim_fault_arg arg;
    int http_status; // of an HTTP fault
};

/** One fault as asked for. */
struct weir_sim_fault {
    const struct weir_sim_fault_info *info;
    double share; // of the requests, 0 to 1
    weir_ns span; // the argument; −1: none was given
};

enum { WEIR_SIM_FAULTS_MAX = 32 };

/** All that were asked for. Plain data. */
struct weir_sim_faults {
    struct weir_sim_fault items[WEIR_SIM_FAULTS_MAX];
    size_t count;
};

/** The list of kinds; `*count` rows. */
const struct weir_sim_fault_info *weir_sim_fault_table(size_t *count);

/** Read "KIND=SHARE[:ARG]" items; the shares must not sum to more than 100 %. */
weir_status weir_sim_faults_parse(const struct weir_str_list *texts, struct weir_sim_faults *out,
                                  struct weir_err *err) WEIR_MUST_USE;

/** The fault that strikes request `number`; NULL: none does. */
const struct weir_sim_fault *weir_sim_faults_draw(const struct weir_sim_faults *faults,
                                                  uint64_t seed, uint64_t number);

/** After how many of `events` token events it strikes: never before the first of several, and never
 * after the last. */
uint64_t weir_sim_fault_place(uint64_t seed, uint64_t number, uint64_t events);

#endif
