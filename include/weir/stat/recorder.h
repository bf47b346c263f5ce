/** recorder.h: where finished requests go: histograms and counters of one level on one worker. One thread; allocates only
 *  in weir_recorder_new(). Recorders of several workers are added up after the drain. */
#ifndef WEIR_STAT_RECORDER_H
#define WEIR_STAT_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/stat/hist.h"
#include "weir/stat/metric.h"
#include "weir/stat/objective.h"
#include "weir/stat/sample.h"

/** Largest value a latency histogram holds, ns: 24 h. Larger ones are dropped and counted. */
#define WEIR_RECORDER_MAX_NS (24 * WEIR_HOUR)

/** Counters. `measured` sets: requests whose due time lies in the measured window; the rest of the level is warm-up. */
struct weir_counters {
    uint64_t measured;                            // finished measured requests = sum of outcomes[]
    uint64_t outcomes[WEIR_OUTCOME_COUNT];        // measured requests by outcome
    uint64_t timeouts[WEIR_TIMEOUT_COUNT];        // of outcomes[TIMEOUT], by limit
    uint64_t token_sources[WEIR_TOKEN_SOURCE_COUNT]; // measured ok requests by source of their token count
    uint64_t warmup;                              // finished warm-up requests
    uint64_t warmup_failed;                       // subset of warmup that failed: neither ok nor cancelled
    uint64_t whole_ok;                            // ok requests of the whole level, warm-up included
    uint64_t whole_output_tokens;                 // their output tokens
    uint64_t ended_in_window;                     // ok requests of any phase whose `done` lies in the window
    double output_tokens_in_window;               // tokens of ok requests credited by arrival in the window
    double input_tokens_in_window;                // prompt tokens of ok requests whose first token lies in the window
    double in_flight_ns;                          // sum over all requests of the part of [sent, done] inside the window
    uint64_t length_short;                        // ok measured requests that brought fewer tokens than asked
    uint64_t length_long;                         // … and more than asked
    uint64_t connections_new;                     // requests that opened a connection
    uint64_t retries;                             // silent retries by the transport that were noticed
    uint64_t good;                                // measured ok requests that met every goodput objective
    uint64_t good_in_window;                      // requests of any phase that did and ended in the window
    bool has_goodput;                             // there were such objectives
    uint64_t gaps_early;                          // gaps recorded before their request had ended, for want of room
};

/** Measured requests that failed: neither ok nor given up on purpose by the client. */
uint64_t weir_counters_failed(const struct weir_counters *counters);

struct weir_recorder;

struct weir_recorder *weir_recorder_new(void);
void weir_recorder_free(struct weir_recorder *recorder);
void weir_recorder_reset(struct weir_recorder *recorder);

/** What a single request must keep to count as good; borrowed. Before the first weir_recorder_add(). */
void weir_recorder_set_goodput(struct weir_recorder *recorder, const struct weir_objective *objectives, size_t count);

/** The measured window [start, end) as far as known: end is INT64_MAX while it is still open. */
struct weir_window {
    weir_ns start;
    weir_ns end;
};

/** One finished request with the gaps between its token-bearing events. Latencies count only when it is measured and ok;
 *  throughput credits any ok request by what fell into the window. */
void weir_recorder_add(struct weir_recorder *recorder, const struct weir_sample *sample, const struct weir_gap *gaps,
                       size_t gap_count, struct weir_window window);

/** Gaps of a measured request that no longer fit into its buffer: recorded at once, whatever becomes of it. */
void weir_recorder_add_gaps(struct weir_recorder *recorder, const struct weir_gap *gaps, size_t gap_count);

/** Add all of `from` to `into`. */
void weir_recorder_merge(struct weir_recorder *into, const struct weir_recorder *from);

const struct weir_counters *weir_recorder_counters(const struct weir_recorder *recorder);

/** Histogram of a REQUEST or GAP metric; NULL for a SCALAR. */
const struct weir_hist *weir_recorder_hist(const struct weir_recorder *recorder, enum weir_metric metric);

#endif
