/** health.h: the self-audit: was it the server that was measured, or the client? Thresholds and the
 * experiments behind them stand here and in README.md. Pure. */
#ifndef WEIR_ENGINE_HEALTH_H
#define WEIR_ENGINE_HEALTH_H

#include "weir/stat/summary.h"

/** A worker busier than this has no head-room left: its queue decides what is measured. */
#define WEIR_HEALTH_CPU_SUSPECT 0.85
#define WEIR_HEALTH_CPU_INVALID 0.97

/** Token events that shared one receive stamp with their predecessor: their gaps read 0 and 2×. */
#define WEIR_HEALTH_COALESCED_SUSPECT 0.01
#define WEIR_HEALTH_COALESCED_INVALID 0.10

/** p99 of the lag from kernel to user space as a share of the median gap between tokens: beyond one
 * gap the next token is there before this one is read. */
#define WEIR_HEALTH_LAG_SUSPECT 0.5
#define WEIR_HEALTH_LAG_INVALID 1.0

/** Requests of an open loop sent more than 1 ms after they were due, as a share of all. */
#define WEIR_HEALTH_LATE_SUSPECT 0.01
#define WEIR_HEALTH_LATE_INVALID 0.10

/** Judge a summarised level: fills level->verdict from level->client, metrics and counters. */
void weir_health_judge(struct weir_level_summary *level);

#endif
