/** truth.h: the simulator's own record of what really happened: a JSON line a request, and at the
 * end one line with exact percentiles over the streamed requests that ended well. All instants are
 * CLOCK_MONOTONIC in ns. One thread. */
#ifndef WEIR_SIM_TRUTH_H
#define WEIR_SIM_TRUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "weir/base/buf.h"
#include "weir/base/clock.h"
#include "weir/base/status.h"
#include "weir/sim/series.h"

/** How a request ended, as the simulator saw it. */
enum weir_sim_outcome {
    WEIR_SIM_OK,            // everything was handed to the kernel
    WEIR_SIM_CLIENT_CLOSED, // the client went away first
    WEIR_SIM_REJECTED,      // answered with an error (http_status says which)
    WEIR_SIM_STOPPED,       // the simulator was told to end
    WEIR_SIM_FAULTED,       // a fault ended or spoiled it
};

/** One request. Instants that never came are 0, and null in the file. */
struct weir_sim_record {
    uint64_t id;            // counts requests from 0 in the order of admission
    const char *request_id; // X-Request-Id of the request; "" when it had none
    weir_ns received_ns;    // the kernel received the segment that completed the request
    weir_ns first_token_ns; // first token event handed to the kernel; streamed answers only, as the
                            // next two
    weir_ns first_output_token_ns; // the same without reasoning
    weir_ns last_token_ns;
    weir_ns ended_ns; // last byte handed to the kernel, or failure
    uint64_t tokens;  // sent
    uint64_t chunks;  // token events that carried them
    enum weir_sim_outcome outcome;
    bool is_streamed;
    int http_status;
    const char *fault;   // what was done to it; NULL: nothing. Static
    weir_ns fault_ns;    // when; 0: it has not come to that
    weir_ns admitted_ns; // when it got its slot; 0: it never did
};

/** A freeze of the whole server, as it happened. */
struct weir_sim_stall {
    weir_ns began_ns;
    weir_ns ended_ns;
};

enum { WEIR_SIM_STALLS_MAX = 64 };

/** What the whole server did, for the summary. */
struct weir_sim_totals {
    double cpu_s; // CPU time the simulator used
    uint64_t max_streams;
    uint64_t max_waiting;
};

/** When the token events of one request were due and when they went. Grows before the stream
 * begins, never during it. */
struct weir_sim_stamps {
    weir_ns *sent; // instant before the system call that handed the event over
    weir_ns *late; // sent - due
    size_t count;
    size_t size;
};

/** Private. Caller's memory. */
struct weir_sim_truth {
    FILE *file;       // NULL: no truth was asked for
    const char *path; // borrowed
    struct weir_buf line;
    struct weir_sim_series ttft;
    struct weir_sim_series itl;
    struct weir_sim_series tpot;
    struct weir_sim_series lateness;
    uint64_t requests;
    uint64_t ok;
    uint64_t tokens;
    struct weir_sim_stall stalls[WEIR_SIM_STALLS_MAX];
    size_t stall_count;
};

void weir_sim_stamps_free(struct weir_sim_stamps *stamps);

/** Empty, with room for `events` token events. */
void weir_sim_stamps_reset(struct weir_sim_stamps *stamps, size_t events);

/** Counts beyond the room are an error of the caller. */
void weir_sim_stamps_add(struct weir_sim_stamps *stamps, weir_ns sent, weir_ns due);

/** Begin the file. `path` "" means that no truth is wanted: everything below then does nothing. */
weir_status weir_sim_truth_open(struct weir_sim_truth *truth, const char *path,
                                struct weir_err *err) WEIR_MUST_USE;

static inline bool weir_sim_truth_is_wanted(const struct weir_sim_truth *truth)
{
    return truth->file != NULL;
}

/** A request has ended. `stamps` may be NULL (nothing was streamed). */
void weir_sim_truth_add(struct weir_sim_truth *truth, const struct weir_sim_record *record,
                        const struct weir_sim_stamps *stamps);

/** The whole server stood still. */
void weir_sim_truth_stall(struct weir_sim_truth *truth, weir_ns began, weir_ns ended);

/** Write the summary line and close. Releases everything, even on failure. */
weir_status weir_sim_truth_close(struct weir_sim_truth *truth, const struct weir_sim_totals *totals,
                                 struct weir_err *err) WEIR_MUST_USE;

#endif
