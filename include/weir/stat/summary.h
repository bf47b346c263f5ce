/** summary.h: the result of a run, level by level: the only thing the layers after the engine see. Plain data. */
#ifndef WEIR_STAT_SUMMARY_H
#define WEIR_STAT_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/base/clock.h"
#include "weir/stat/interval.h"
#include "weir/stat/metric.h"
#include "weir/stat/objective.h"
#include "weir/stat/percentile.h"
#include "weir/stat/recorder.h"

/** In the metric's own unit. NAN where there is no data or too little of it: null in files, never a guess. */
struct weir_metric_stats {
    uint64_t count;   // values; 0 for scalars
    uint64_t dropped; // values out of the histogram's range
    double avg;       // the value itself for scalars
    double std;
    double min;
    double max;
    double percentiles[WEIR_PERCENTILE_COUNT];
};

enum weir_verdict { WEIR_VERDICT_VALID, WEIR_VERDICT_SUSPECT, WEIR_VERDICT_INVALID };
const char *weir_verdict_key(enum weir_verdict verdict);

enum { WEIR_REASON_MAX = 12, WEIR_REASON_BYTES = 240 };

struct weir_verdict_reasons {
    enum weir_verdict verdict; // the worst that was added
    size_t count;
    char text[WEIR_REASON_MAX][WEIR_REASON_BYTES];
};

/** Add a reason; the verdict only ever gets worse. Beyond WEIR_REASON_MAX the verdict changes but the text is dropped. */
void weir_verdict_add(struct weir_verdict_reasons *reasons, enum weir_verdict verdict, const char *format, ...)
    WEIR_PRINTF(3, 4);

/** What the client knows of itself: the self-audit of one level (engine/health.h decides the verdict from it). */
struct weir_client_stats {
    const char *timestamp_source;      // "kernel" or "user"
    struct weir_metric_stats loop_lag; // ms from the kernel's receive stamp to user space
    struct weir_metric_stats send_lateness; // ms
    double cpu_utilisation;            // busiest worker, 0 to 1
    double cpu_ms;                     // of all workers
    uint64_t coalesced_events;         // token-bearing events that shared a receive stamp with the one before
    uint64_t token_events;             // all token-bearing events
    uint64_t records_dropped;          // samples that did not reach records.jsonl
    uint64_t allocations;              // of weir's own on the hot path: 0 by law
    double clock_step_ms;              // largest change of realtime − monotonic noticed
    unsigned workers;
};

/** What is followed second by second through the measured window: name, key, unit. A trend whose interval does not hold 0 is a drift. */
#define WEIR_TREND_MAP(XX)                                                                                             \
    XX(IN_FLIGHT, "in_flight", "requests")                                                                             \
    XX(TTFT, "time_to_first_token_p50", "ms")                                                                          \
    XX(ITL, "inter_token_latency_p50", "ms")                                                                           \
    XX(FAILED, "error_rate", "%")

enum weir_trend_id {
#define XX(name, key, unit) WEIR_TREND_##name,
    WEIR_TREND_MAP(XX)
#undef XX
        WEIR_TREND_COUNT
};

const char *weir_trend_key(enum weir_trend_id trend);
const char *weir_trend_unit(enum weir_trend_id trend);

/** Offered against achieved, of an open-loop level. Rates in requests/s over the measured window; NAN for a closed loop. */
struct weir_offered {
    double offered_rate;  // arrivals due / window
    double sent_rate;     // requests sent of those / window
    uint64_t late;        // ok requests sent more than 1 ms after they were due
    uint64_t dropped;     // arrivals dropped because --max-in-flight was reached
    bool is_saturated;    // requests in flight grew through the window: its percentiles depend on how long it ran
};

/** What a level made of an objective. */
struct weir_objective_outcome {
    struct weir_objective objective;
    double value; // NAN: no data
    enum weir_objective_result result;
};
enum { WEIR_OBJECTIVES_MAX = 32 };

/** --warmup auto. */
struct weir_settling {
    bool is_auto;
    bool has_settled;     // false with is_auto: the window opened by the time limit
    double settled_s;     // from the level's start; NAN when it never settled
};

struct weir_level_summary {
    uint32_t index;
    uint32_t repetition;         // 0 .. --repeat − 1
    char target[128];
    char url[512];
    char model[256];
    const char *mode;            // "concurrency", later "rate", "trace"
    uint32_t concurrency;        // 0: not a concurrency level
    double request_rate;         // NAN: not a rate level
    double window_start_s;       // from the level's start
    double window_end_s;
    double drain_s;              // from the window's end to the last answer
    double whole_s;              // first due to last done, warm-up and drain included
    uint64_t planned;            // measured requests asked for; 0: until the time is over
    uint64_t sent;               // measured requests that were dealt
    struct weir_counters counters;
    struct weir_metric_stats metrics[WEIR_METRIC_COUNT];
    enum weir_token_source token_source; // of most ok requests
    bool is_token_source_mixed;
    bool is_interrupted;
    struct weir_offered offered;
    size_t objective_count;      // --slo
    struct weir_objective_outcome objectives[WEIR_OBJECTIVES_MAX];
    struct weir_settling settling;
    bool has_trend[WEIR_TREND_COUNT];
    struct weir_trend trends[WEIR_TREND_COUNT]; // slope per second
    struct weir_client_stats client;
    struct weir_verdict_reasons verdict;
};

struct weir_summary {
    weir_ns started;
    weir_ns ended;
    char name[128];
    uint64_t seed;
    uint64_t config_hash;
    bool is_interrupted;
    struct weir_verdict_reasons verdict; // worst of the levels
    size_t level_count;
    struct weir_level_summary *levels;   // owned
};

/** Statistics of a histogram in `scale` units; all NAN and count 0 when it is empty. */
void weir_metric_stats_of(const struct weir_hist *hist, double scale, struct weir_metric_stats *out);

/** Fill `metrics`, `token_source` and the copied `counters` of `level` from what was recorded; window_*_s must be set. */
void weir_level_summarize(struct weir_level_summary *level, const struct weir_recorder *recorder);

/** Append a level (copied) and make its verdict count for the run. */
void weir_summary_add(struct weir_summary *summary, const struct weir_level_summary *level);
void weir_summary_free(struct weir_summary *summary);

#endif
