/** metric.h: what is measured, declared once. Text, Markdown, JSON, CSV, gate and docs iterate over this table.
 *  Tags and formulas are design.md §4. Pure, any thread. */
#ifndef WEIR_STAT_METRIC_H
#define WEIR_STAT_METRIC_H

#include <stdint.h>

#include "weir/stat/sample.h"

/** How a metric comes about.
 *  REQUEST: one value a request, into a histogram. GAP: values pooled over the gaps of all requests, into a histogram.
 *  SCALAR: one value a level, computed at its end. */
enum weir_metric_kind { WEIR_METRIC_REQUEST, WEIR_METRIC_GAP, WEIR_METRIC_SCALAR };

enum weir_direction { WEIR_LOWER_IS_BETTER, WEIR_HIGHER_IS_BETTER, WEIR_NEITHER };

/** name, tag, kind, unit, histogram units in one unit, direction, formula. `ms` values are histogrammed in ns. */
#define WEIR_METRIC_MAP(XX)                                                                                            \
    XX(TTFT, "time_to_first_token", REQUEST, "ms", 1e6, LOWER_IS_BETTER, "first_token - sent")                         \
    XX(TTFOT, "time_to_first_output_token", REQUEST, "ms", 1e6, LOWER_IS_BETTER, "first_output_token - sent")          \
    XX(TTST, "time_to_second_token", REQUEST, "ms", 1e6, LOWER_IS_BETTER, "second_token - first_token")                \
    XX(ICL, "inter_chunk_latency", GAP, "ms", 1e6, LOWER_IS_BETTER, "each gap between token-bearing events")           \
    XX(ITL, "inter_token_latency", GAP, "ms", 1e6, LOWER_IS_BETTER, "a gap that brought k tokens counts k times gap/k") \
    XX(TPOT, "time_per_output_token", REQUEST, "ms", 1e6, LOWER_IS_BETTER,                                             \
       "(last_token - first_token) / (output_tokens - 1)")                                                             \
    XX(LATENCY, "request_latency", REQUEST, "ms", 1e6, LOWER_IS_BETTER,                                                \
       "last_token - sent; done - sent when not streamed")                                                             \
    XX(SCHED_TTFT, "scheduled_time_to_first_token", REQUEST, "ms", 1e6, LOWER_IS_BETTER, "first_token - due")          \
    XX(SCHED_LATENCY, "scheduled_request_latency", REQUEST, "ms", 1e6, LOWER_IS_BETTER,                                \
       "last_token - due; done - due when not streamed")                                                               \
    XX(LATENESS, "send_lateness", REQUEST, "ms", 1e6, LOWER_IS_BETTER, "sent - due, connection set-up included")       \
    XX(CONNECT, "connect_time", REQUEST, "ms", 1e6, LOWER_IS_BETTER,                                                   \
       "DNS, TCP and TLS of requests that opened a connection")                                                        \
    XX(HTTP, "http_duration", REQUEST, "ms", 1e6, LOWER_IS_BETTER, "done - sent")                                      \
    XX(STALL, "longest_stall", REQUEST, "ms", 1e6, LOWER_IS_BETTER, "largest gap inside one request")                  \
    XX(ISL, "input_sequence_length", REQUEST, "tokens", 1, NEITHER, "prompt tokens as the server counted them")        \
    XX(OSL, "output_sequence_length", REQUEST, "tokens", 1, NEITHER, "output tokens, reasoning included")              \
    XX(REASONING, "reasoning_tokens", REQUEST, "tokens", 1, NEITHER, "reasoning tokens as the server counted them")    \
    XX(CACHED, "cached_tokens", REQUEST, "tokens", 1, NEITHER, "prompt tokens served from a cache")                    \
    XX(USER_RATE, "output_token_throughput_per_user", REQUEST, "tokens/sec/user", 1e3, HIGHER_IS_BETTER,               \
       "1 / time_per_output_token")                                                                                    \
    XX(FAIL_TIME, "time_to_failure", REQUEST, "ms", 1e6, NEITHER, "done - sent of failed requests (from due if never sent)") \
    XX(OUT_RATE, "output_token_throughput", SCALAR, "tokens/sec", 1, HIGHER_IS_BETTER,                                 \
       "output tokens of ok requests that arrived inside the window / window")                                         \
    XX(IN_RATE, "input_token_throughput", SCALAR, "tokens/sec", 1, HIGHER_IS_BETTER,                                   \
       "input tokens of ok requests whose first token arrived inside the window / window")                             \
    XX(TOTAL_RATE, "total_token_throughput", SCALAR, "tokens/sec", 1, HIGHER_IS_BETTER, "input plus output")           \
    XX(REQ_RATE, "request_throughput", SCALAR, "requests/sec", 1, HIGHER_IS_BETTER,                                    \
       "ok requests that ended inside the window / window")                                                            \
    XX(GOODPUT, "goodput", SCALAR, "requests/sec", 1, HIGHER_IS_BETTER,                                                \
       "requests that met every --goodput objective and ended inside the window / window")                             \
    XX(CONCURRENCY, "effective_concurrency", SCALAR, "requests", 1, NEITHER, "time-weighted requests in flight (sent to done)") \
    XX(ERROR_RATE, "error_rate", SCALAR, "%", 1, LOWER_IS_BETTER, "failed / (ok + failed) of measured requests; cancelled ones are neither")

enum weir_metric {
#define XX(name, tag, kind, unit, scale, direction, formula) WEIR_METRIC_##name,
    WEIR_METRIC_MAP(XX)
#undef XX
        WEIR_METRIC_COUNT
};

struct weir_metric_info {
    const char *tag;
    const char *unit;
    const char *formula;
    double scale; // histogram units in one `unit`
    enum weir_metric_kind kind;
    enum weir_direction direction;
};

/** The row of a metric; static. */
const struct weir_metric_info *weir_metric_info(enum weir_metric metric);

/** The metric with this tag, or WEIR_METRIC_COUNT. */
enum weir_metric weir_metric_find(const char *tag);

/** Value of a REQUEST metric in histogram units, or −1 when this sample has none (not streamed, not counted, …).
 *  Latency metrics are for samples whose outcome is OK, FAIL_TIME for the others: each answers −1 for the wrong kind. What was
 *  cancelled has no value at all. */
int64_t weir_metric_value(enum weir_metric metric, const struct weir_sample *sample);

#endif
