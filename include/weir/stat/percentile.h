/** percentile.h: the percentiles that are computed and written, declared once. Pure. */
#ifndef WEIR_STAT_PERCENTILE_H
#define WEIR_STAT_PERCENTILE_H

#include <stdbool.h>
#include <stdint.h>

/** name, key, percentile. */
#define WEIR_PERCENTILE_MAP(XX)                                                                                        \
    XX(P1, "p1", 1)                                                                                                    \
    XX(P5, "p5", 5)                                                                                                    \
    XX(P10, "p10", 10)                                                                                                 \
    XX(P25, "p25", 25)                                                                                                 \
    XX(P50, "p50", 50)                                                                                                 \
    XX(P75, "p75", 75)                                                                                                 \
    XX(P90, "p90", 90)                                                                                                 \
    XX(P95, "p95", 95)                                                                                                 \
    XX(P99, "p99", 99)                                                                                                 \
    XX(P99_9, "p99.9", 99.9)                                                                                           \
    XX(P99_99, "p99.99", 99.99)

enum weir_percentile {
#define XX(name, key, value) WEIR_PERCENTILE_##name,
    WEIR_PERCENTILE_MAP(XX)
#undef XX
        WEIR_PERCENTILE_COUNT
};

const char *weir_percentile_key(enum weir_percentile percentile);
double weir_percentile_value(enum weir_percentile percentile);

/** Whether `count` values support the percentile at all: at least one value is expected beyond it, count·min(p, 1−p) ≥ 1
 *  (p99 from 100 values, p99.9 from 1000, p50 from 2). Reading it as exact takes some five times as many. */
bool weir_percentile_supported(double percentile, uint64_t count);

#endif
