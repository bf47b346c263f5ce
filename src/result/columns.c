// The columns of the result table: see columns_internal.h.
#include "columns_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/str.h"
#include "weir/result/number.h"
#include "weir/result/redact.h"
#include "weir/result/text.h"

// clang-format off
#define GROUP_OF_THREE(title, m, least)                                                                          \
    {.kind = COLUMN_METRIC, .group = title, .head = "p50", .detail = least, .metric = WEIR_METRIC_##m,           \
     .percentile = WEIR_PERCENTILE_P50, .is_streaming = true},                                                   \
    {.kind = COLUMN_METRIC, .group = title, .head = "p90", .detail = least > 1 ? least : 1,                      \
     .metric = WEIR_METRIC_##m, .percentile = WEIR_PERCENTILE_P90, .is_streaming = true},                        \
    {.kind = COLUMN_METRIC, .group = title, .head = "p99", .detail = least, .metric = WEIR_METRIC_##m,           \
     .percentile = WEIR_PERCENTILE_P99, .is_streaming = true}

static const struct weir__column columns[] = {
    {.kind = COLUMN_TARGET, .top = "", .head = "target"},
    {.kind = COLUMN_LOAD, .top = "", .head = ""},
    {.kind = COLUMN_REPETITION, .top = "", .head = "rep"},
    {.kind = COLUMN_METRIC, .top = "", .head = "req/s", .metric = WEIR_METRIC_REQ_RATE, .percentile = -1},
    {.kind = COLUMN_METRIC, .top = "output", .head = "tok/s", .metric = WEIR_METRIC_OUT_RATE, .percentile = -1},
    {.kind = COLUMN_METRIC, .top = "tok/s", .head = "/user", .metric = WEIR_METRIC_USER_RATE,
     .percentile = WEIR_PERCENTILE_P50, .is_streaming = true},
    GROUP_OF_THREE("TTFT ms", TTFT, 0),
    GROUP_OF_THREE("ITL ms", ITL, 0),
    GROUP_OF_THREE("TPOT ms", TPOT, 2),
    {.kind = COLUMN_METRIC, .group = "latency ms", .head = "p50", .metric = WEIR_METRIC_LATENCY,
     .percentile = WEIR_PERCENTILE_P50, .is_latency = true},
    {.kind = COLUMN_METRIC, .group = "latency ms", .head = "p90", .metric = WEIR_METRIC_LATENCY,
     .percentile = WEIR_PERCENTILE_P90, .is_latency = true},
    {.kind = COLUMN_METRIC, .group = "latency ms", .head = "p99", .metric = WEIR_METRIC_LATENCY,
     .percentile = WEIR_PERCENTILE_P99, .is_latency = true},
    {.kind = COLUMN_FAILED, .top = "failed", .head = "%"},
    {.kind = COLUMN_VERDICT, .top = "", .head = "verdict"},
};
// clang-format on

static bool has_data(const struct weir_summary *summary, enum weir_metric metric)
{
    for (size_t i = 0; i < summary->level_count; i++) {
        if (summary->levels[i].metrics[metric].count > 0) {
            return true;
        }
    }
    return false;
}

bool weir__is_first_of_target(const struct weir_summary *summary, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(summary->levels[i].target, summary->levels[index].target) == 0) {
            return false;
        }
    }
    return true;
}

bool weir__has_targets(const struct weir_summary *summary)
{
    for (size_t i = 1; i < summary->level_count; i++) {
        if (weir__is_first_of_target(summary, i)) {
            return true;
        }
    }
    return false;
}

bool weir__has_repetitions(const struct weir_summary *summary)
{
    for (size_t i = 0; i < summary->level_count; i++) {
        if (summary->levels[i].repetition > 0) {
            return true;
        }
    }
    return false;
}

size_t weir__columns_select(const struct weir_summary *summary, int detail,
                            const struct weir__column *out[WEIR__COLUMNS_MAX])
{
    _Static_assert(sizeof(columns) / sizeof(columns[0]) <= WEIR__COLUMNS_MAX, "WEIR__COLUMNS_MAX");
    bool was_streamed =
        has_data(summary, WEIR_METRIC_TTFT) || !has_data(summary, WEIR_METRIC_LATENCY);
    size_t count = 0;
    for (size_t i = 0; i < WEIR_COUNT_OF(columns); i++) {
        const struct weir__column *column = &columns[i];
        bool is_wanted = column->detail <= detail && !(column->is_latency && was_streamed) &&
                         !(column->is_streaming && !was_streamed) &&
                         (column->kind != COLUMN_TARGET || weir__has_targets(summary)) &&
                         (column->kind != COLUMN_REPETITION || weir__has_repetitions(summary));
        if (is_wanted) {
            out[count++] = column;
        }
    }
    return count;
}

double weir__failed_percent(const struct weir_level_summary *level)
{
    uint64_t failed = weir_counters_failed(&level->counters);
    uint64_t judged = level->counters.outcomes[WEIR_OUTCOME_OK] + failed;
    return judged > 0 ? 100.0 * (double)failed / (double)judged : NAN;
}

static double load_of(const struct weir_level_summary *level)
{
    if (isfinite(level->request_rate)) {
        return level->request_rate;
    }
    return level->concurrency > 0 ? (double)level->concurrency : NAN;
}

/** Upper case where it must not be overlooked, with or without colour. */
static const char *verdict_word(const struct weir_level_summary *level)
{
    enum weir_verdict verdict = level->verdict.verdict;
    return verdict == WEIR_VERDICT_INVALID ? "INVALID" : weir_verdict_key(verdict);
}

static double metric_of(const struct weir__column *column, const struct weir_level_summary *level)
{
    const struct weir_metric_stats *stats = &level->metrics[column->metric];
    if (column->percentile < 0) {
        return stats->avg;
    }
    return stats->count > 0 ? stats->percentiles[column->percentile] : NAN;
}

const char *weir__percent_cell(double percent, char out[WEIR__CELL_BYTES])
{
    bool is_tiny = percent > 0 && percent < 0.01;
    bool is_whole = !isfinite(percent) || percent <= 0 || percent >= 100;
    if (is_whole) {
        (void)weir_copy(out, WEIR__CELL_BYTES,
                        !isfinite(percent) ? "-"
                        : percent > 0      ? "100"
                                           : "0");
        return out;
    }
    (void)snprintf(out, WEIR__CELL_BYTES, "%s%.2f", is_tiny ? "<" : "", is_tiny ? 0.01 : percent);
    return out;
}

const char *weir__column_cell(const struct weir__column *column,
                              const struct weir_level_summary *level, char out[WEIR__CELL_BYTES])
{
    switch (column->kind) {
    case COLUMN_TARGET:
        return weir_text_clean(level->target, strlen(level->target), out, WEIR__CELL_BYTES);
    case COLUMN_REPETITION: // people count from one
        (void)snprintf(out, WEIR__CELL_BYTES, "%u", level->repetition + 1);
        return out;
    case COLUMN_LOAD:
        (void)weir_number_exact(load_of(level), out, WEIR__CELL_BYTES);
        if (out[0] == '\0') {
            (void)weir_copy(out, WEIR__CELL_BYTES, "-");
        }
        return out;
    case COLUMN_METRIC:
        return weir_number_short(metric_of(column, level), out, WEIR__CELL_BYTES);
    case COLUMN_FAILED:
        return weir__percent_cell(weir__failed_percent(level), out);
    case COLUMN_VERDICT:
    default:
        (void)weir_copy(out, WEIR__CELL_BYTES, verdict_word(level));
        return out;
    }
}

const char *weir__column_head(const struct weir__column *column, const struct weir_summary *summary)
{
    if (column->kind != COLUMN_LOAD) {
        return column->head;
    }
    return summary->level_count > 0 && isfinite(summary->levels[0].request_rate) ? "rate" : "conc";
}

const char *weir__level_label(const struct weir_summary *summary,
                              const struct weir_level_summary *level, char out[WEIR__LABEL_BYTES])
{
    char target[160] = "";
    if (weir__has_targets(summary)) {
        (void)weir_text_clean(level->target, strlen(level->target), target, sizeof(target) - 2);
        (void)snprintf(target + strlen(target), 3, ", ");
    }
    char load[64];
    (void)weir_number_exact(load_of(level), load, sizeof(load));
    const char *word = isfinite(level->request_rate) ? "rate"
                       : level->concurrency > 0      ? "concurrency"
                                                     : "level";
    if (load[0] == '\0') {
        (void)snprintf(load, sizeof(load), "%u", level->index);
    }
    char repetition[32] = "";
    if (weir__has_repetitions(summary)) {
        (void)snprintf(repetition, sizeof(repetition), ", repetition %u", level->repetition + 1);
    }
    (void)snprintf(out, WEIR__LABEL_BYTES, "%s%s %s%s", target, word, load, repetition);
    return out;
}

const char *weir__level_url(const struct weir_level_summary *level, char out[WEIR__URL_BYTES])
{
    struct weir_buf text;
    weir_buf_init(&text, WEIR__URL_BYTES);
    (void)weir_redact_urls(level->url, &text);
    (void)weir_text_clean(weir_buf_text(&text), text.len, out, WEIR__URL_BYTES);
    weir_buf_free(&text);
    return out;
}

const char *weir__token_sentence(const struct weir_summary *summary)
{
    bool has_tokens = false;
    bool has_usage = false;
    bool has_events = false;
    for (size_t i = 0; i < summary->level_count; i++) {
        const uint64_t *sources = summary->levels[i].counters.token_sources;
        has_usage = has_usage ||
                    sources[WEIR_TOKEN_SOURCE_CHUNK_USAGE] + sources[WEIR_TOKEN_SOURCE_USAGE] > 0;
        has_events = has_events || sources[WEIR_TOKEN_SOURCE_EVENTS] > 0;
        has_tokens = has_usage || has_events;
    }
    if (!has_tokens) {
        return "";
    }
    if (has_usage && has_events) {
        return "tokens as the server counted them, or events (a lower bound) where it did not say";
    }
    return has_usage ? "tokens as the server counted them"
                     : "tokens counted as events, a lower bound: the server reported no usage";
}
