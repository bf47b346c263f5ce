/** columns_internal.h: the columns of the result table, shared by the terminal and Markdown: what
 * stands in each cell. */
#ifndef WEIR_RESULT_COLUMNS_INTERNAL_H
#define WEIR_RESULT_COLUMNS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/stat/summary.h"

enum weir__column_kind {
    COLUMN_TARGET,
    COLUMN_REPETITION,
    COLUMN_LOAD,
    COLUMN_METRIC,
    COLUMN_FAILED,
    COLUMN_VERDICT
};

/** detail: 0 always shown, 1 when there is room, 2 when there is plenty. */
struct weir__column {
    enum weir__column_kind kind;
    const char *group; // heading over several columns; NULL: stands alone
    const char *top;   // first line of a heading that stands alone
    const char *head;
    int detail;
    enum weir_metric metric;
    int percentile;    // enum weir_percentile, −1: the average
    bool is_latency;   // request latency: shown in place of the token columns when nothing was
                       // streamed
    bool is_streaming; // one of those
};

enum {
    WEIR__COLUMNS_MAX = 24,
    WEIR__CELL_BYTES = 160,
    WEIR__LABEL_BYTES = 256,
    WEIR__URL_BYTES = 1024
};

/** The columns that suit this summary at most this detailed; returns how many. */
size_t weir__columns_select(const struct weir_summary *summary, int detail,
                            const struct weir__column *out[WEIR__COLUMNS_MAX]);

/** Text of a cell. Returns `out`. */
const char *weir__column_cell(const struct weir__column *column,
                              const struct weir_level_summary *level, char out[WEIR__CELL_BYTES]);

/** "conc" or "req/s wanted": the heading of COLUMN_LOAD. */
const char *weir__column_head(const struct weir__column *column,
                              const struct weir_summary *summary);

bool weir__has_targets(const struct weir_summary *summary); // more than one
bool weir__has_repetitions(const struct weir_summary *summary);

/** Whether level `index` is the first of its target. */
bool weir__is_first_of_target(const struct weir_summary *summary, size_t index);

/** "vllm, concurrency 8, repetition 2"; without target or repetition when there is but one. Returns
 * `out`. */
const char *weir__level_label(const struct weir_summary *summary,
                              const struct weir_level_summary *level, char out[WEIR__LABEL_BYTES]);

/** Two decimals, but nothing that failed is ever shown as 0. Returns `out`. */
const char *weir__percent_cell(double percent, char out[WEIR__CELL_BYTES]);

/** Failed requests in % of those that were not cancelled; NAN when there are none. */
double weir__failed_percent(const struct weir_level_summary *level);

/** The level's URL without secrets and control characters. Returns `out`. */
const char *weir__level_url(const struct weir_level_summary *level, char out[WEIR__URL_BYTES]);

/** What the token counts of the summary rest on, as a sentence; "" when no level has any. */
const char *weir__token_sentence(const struct weir_summary *summary);

#endif
