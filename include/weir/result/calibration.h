/** calibration.h: weir's own error: what it measured against what the simulator recorded. Reads the
 * simulator's truth file; pure otherwise. Every request of a calibration is measured (no warm-up),
 * so that both sides speak of the same requests. */
#ifndef WEIR_RESULT_CALIBRATION_H
#define WEIR_RESULT_CALIBRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/base/buf.h"
#include "weir/base/clock.h"
#include "weir/base/status.h"
#include "weir/stat/summary.h"

/** metric, heading, key in the truth file. The inter-chunk latency is compared: the simulator
 * stamps events, as they are sent. */
#define WEIR_CALIBRATED_MAP(XX)                                                                    \
    XX(TTFT, "TTFT", "ttft_ms")                                                                    \
    XX(ICL, "ITL", "itl_ms")

enum weir_calibrated {
#define XX(metric, head, key) WEIR_CALIBRATED_##metric,
    WEIR_CALIBRATED_MAP(XX)
#undef XX
        WEIR_CALIBRATED_COUNT
};

enum { WEIR_CALIBRATED_PERCENTILES = 3 }; // p50, p90, p99

/** In ms; NAN where there is too little data. */
struct weir_calibration_pair {
    double truth;
    double measured;
};

/** One level. */
struct weir_calibration_row {
    uint32_t concurrency;
    uint64_t requests;       // ok ones, as weir counted them
    uint64_t truth_requests; // as the simulator counted them
    struct weir_calibration_pair pairs[WEIR_CALIBRATED_COUNT][WEIR_CALIBRATED_PERCENTILES];
    double error_ms; // largest |measured − truth| of the p50s and p99s; NAN: nothing to compare
    double cpu_us_per_token;   // of the client
    enum weir_verdict verdict; // of the client's self-audit
    bool is_within;            // error within the bound, counts equal and not invalid
};

/** Read the summary line of a truth file and compare `level` with it. */
weir_status weir_calibration_compare(const struct weir_level_summary *level, const char *truth_path,
                                     weir_ns bound, struct weir_calibration_row *out,
                                     struct weir_err *err) WEIR_MUST_USE;

/** The highest concurrency up to which every row is within the bound; 0: not even the first. */
uint32_t weir_calibration_limit(const struct weir_calibration_row *rows, size_t count);

/** Append the table, for a terminal, and what it means. */
bool weir_calibration_table(const struct weir_calibration_row *rows, size_t count, weir_ns bound,
                            struct weir_buf *out);

/** Append the same as JSON ("schema": "weir.calibration/1"). */
bool weir_calibration_json(const struct weir_calibration_row *rows, size_t count, weir_ns bound,
                           struct weir_buf *out);

#endif
