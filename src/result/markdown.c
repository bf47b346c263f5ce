// report.md: see markdown.h.
#include "weir/result/markdown.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "columns_internal.h"
#include "findings_internal.h"
#include "json_internal.h"
#include "weir/base/str.h"
#include "weir/result/number.h"
#include "weir/result/redact.h"
#include "weir/result/text.h"

enum { DETAIL = 2, SETTING_BYTES_MAX = 65536 };

struct report {
    const struct weir_summary *summary;
    const struct weir_run_facts *facts;
    const struct weir_errors *errors;
    struct weir_buf *out;
};

static void add(const struct report *report, const char *text)
{
    (void)weir_buf_add_str(report->out, text);
}

static void add_safe(const struct report *report, const char *text)
{
    (void)weir_text_add_markdown(report->out, text);
}

static void add_number(const struct report *report, double value)
{
    char text[64];
    add(report, isfinite(value) ? weir_number_short(value, text, sizeof(text)) : "n/a");
}

static void add_label(const struct report *report, const struct weir_level_summary *level)
{
    char label[WEIR__LABEL_BYTES];
    add_safe(report, weir__level_label(report->summary, level, label));
}

static const struct weir_level_summary *best_level(const struct weir_summary *summary,
                                                   enum weir_metric metric)
{
    const struct weir_level_summary *best = NULL;
    for (size_t i = 0; i < summary->level_count; i++) {
        const struct weir_level_summary *level = &summary->levels[i];
        double rate = level->metrics[metric].avg;
        bool counts = isfinite(rate) && level->verdict.verdict != WEIR_VERDICT_INVALID;
        if (counts && (best == NULL || rate > best->metrics[metric].avg)) {
            best = level;
        }
    }
    return best;
}

static void add_best(const struct report *report)
{
    const struct weir_level_summary *best = best_level(report->summary, WEIR_METRIC_OUT_RATE);
    if (best == NULL) {
        return;
    }
    add(report, " Highest output that counts: ");
    add_number(report, best->metrics[WEIR_METRIC_OUT_RATE].avg);
    add(report, " tokens/s at ");
    add_label(report, best);
    if (best->metrics[WEIR_METRIC_TTFT].count > 0) {
        add(report, ", with a TTFT p50 of ");
        add_number(report, best->metrics[WEIR_METRIC_TTFT].percentiles[WEIR_PERCENTILE_P50]);
        add(report, " ms and an ITL p50 of ");
        add_number(report, best->metrics[WEIR_METRIC_ITL].percentiles[WEIR_PERCENTILE_P50]);
        add(report, " ms");
    }
    add(report, ".");
}

static void add_headline(const struct report *report)
{
    const struct weir_summary *summary = report->summary;
    uint64_t failed = 0;
    uint64_t cancelled = 0;
    uint64_t finished = 0;
    for (size_t i = 0; i < summary->level_count; i++) {
        failed += weir_counters_failed(&summary->levels[i].counters);
        cancelled += summary->levels[i].counters.outcomes[WEIR_OUTCOME_CANCELLED];
        finished += summary->levels[i].counters.measured;
    }
    add(report, "# ");
    add_safe(report, summary->name);
    (void)weir_buf_addf(report->out,
                        "\n\n**Verdict: %s.** %zu level%s, %llu measured requests, %llu failed",
                        weir_verdict_key(summary->verdict.verdict), summary->level_count,
                        summary->level_count == 1 ? "" : "s", (unsigned long long)finished,
                        (unsigned long long)failed);
    if (cancelled > 0) {
        (void)weir_buf_addf(report->out, ", %llu cancelled by the client",
                            (unsigned long long)cancelled);
    }
    add(report, ".");
    add(report, summary->is_interrupted ? " The run was interrupted." : "");
    add_best(report);
    add(report, "\n\n");
    for (size_t i = 0; i < summary->verdict.count && i < WEIR_REASON_MAX; i++) {
        add(report, "- ");
        add_safe(report, summary->verdict.text[i]);
        add(report, "\n");
    }
    add(report, summary->verdict.count > 0 ? "\n" : "");
    add(report, "Run ");
    add_safe(report, report->facts->started_at);
    add(report, " to ");
    add_safe(report, report->facts->ended_at);
    add(report, " with weir ");
    add_safe(report, report->facts->weir_version);
    (void)weir_buf_addf(report->out, ", seed %llu, configuration %016llx, plan %016llx.\n",
                        (unsigned long long)summary->seed, (unsigned long long)summary->config_hash,
                        (unsigned long long)report->facts->plan_hash);
}

/** Columns of the table of one target: all but the target itself. */
static size_t table_columns(const struct weir_summary *summary,
                            const struct weir__column *out[WEIR__COLUMNS_MAX])
{
    size_t count = weir__columns_select(summary, DETAIL, out);
    if (count > 0 && out[0]->kind == COLUMN_TARGET) {
        count--;
        for (size_t i = 0; i < count; i++) {
            out[i] = out[i + 1];
        }
    }
    return count;
}

static void add_column_title(const struct report *report, const struct weir__column *column)
{
    if (column->group != NULL) {
        (void)weir_buf_addf(report->out, "%s %s", column->group, column->head);
    } else if (column->kind == COLUMN_FAILED || column->top[0] != '\0') {
        bool is_joined = column->head[0] == '/'; // "tok/s/user"
        (void)weir_buf_addf(report->out, "%s%s%s", column->top, is_joined ? "" : " ", column->head);
    } else {
        add(report, weir__column_head(column, report->summary));
    }
}

static void add_row(const struct report *report, const struct weir_level_summary *level)
{
    const struct weir__column *columns[WEIR__COLUMNS_MAX];
    size_t count = table_columns(report->summary, columns);
    for (size_t i = 0; i < count; i++) {
        char cell[WEIR__CELL_BYTES];
        const char *text = weir__column_cell(columns[i], level, cell);
        add(report, i > 0 ? " | " : "| ");
        add_safe(report, strcmp(text, "-") == 0 ? "n/a" : text);
    }
    add(report, " |\n");
}

static void add_table(const struct report *report, size_t first)
{
    const struct weir_summary *summary = report->summary;
    const struct weir__column *columns[WEIR__COLUMNS_MAX];
    size_t count = table_columns(summary, columns);
    add(report, "\n## ");
    add_safe(report, summary->levels[first].target);
    add(report, "\n\n");
    add_safe(report, summary->levels[first].model);
    add(report, " at ");
    char url[WEIR__URL_BYTES];
    add_safe(report, weir__level_url(&summary->levels[first], url));
    add(report, "\n\n");
    for (size_t i = 0; i < count; i++) {
        add(report, i > 0 ? " | " : "| ");
        add_column_title(report, columns[i]);
    }
    add(report, " |\n");
    for (size_t i = 0; i < count; i++) {
        add(report, columns[i]->kind == COLUMN_VERDICT ? "|---" : "|--:");
    }
    add(report, "|\n");
    for (size_t i = first; i < summary->level_count; i++) {
        if (strcmp(summary->levels[i].target, summary->levels[first].target) == 0) {
            add_row(report, &summary->levels[i]);
        }
    }
}

/** Left out when there is nothing to say. */
static void add_findings(const struct report *report)
{
    bool has_any = false;
    for (size_t i = 0; i < report->summary->level_count; i++) {
        struct weir_buf text;
        weir_buf_init(&text, 64U << 10);
        weir__findings_add(&report->summary->levels[i], &text);
        struct weir_slice rest = {weir_buf_text(&text), text.len};
        struct weir_slice sentence;
        if (text.len > 0) {
            add(report, has_any ? "- " : "\n## Rates, trends and objectives\n\n- ");
            add_label(report, &report->summary->levels[i]);
            add(report, "\n");
            has_any = true;
        }
        while (rest.len > 0 && weir_slice_next_part(&rest, '\n', &sentence)) {
            char line[WEIR__SENTENCE_BYTES];
            add(report, "  - ");
            add_safe(report, weir_text_clean(sentence.ptr, sentence.len, line, sizeof(line)));
            add(report, "\n");
        }
        weir_buf_free(&text);
    }
}

static void add_message_cell(const struct report *report, uint32_t level, enum weir_outcome outcome)
{
    bool is_first = true;
    for (size_t i = 0; i < report->errors->count; i++) {
        const struct weir_error_entry *entry = &report->errors->items[i];
        if (entry->level == level && entry->outcome == outcome && entry->text[0] != '\0') {
            add(report, is_first ? "" : "<br>");
            add_safe(report, entry->text);
            is_first = false;
        }
    }
}

static void add_failures(const struct report *report)
{
    add(report, "\n## Failures\n\n");
    bool has_any = false;
    for (size_t i = 0; i < report->summary->level_count; i++) {
        const struct weir_level_summary *level = &report->summary->levels[i];
        uint64_t judged =
            level->counters.outcomes[WEIR_OUTCOME_OK] + weir_counters_failed(&level->counters);
        for (int o = 0; o < WEIR_OUTCOME_COUNT; o++) {
            uint64_t times = level->counters.outcomes[o];
            if (o == WEIR_OUTCOME_OK || o == WEIR_OUTCOME_CANCELLED || times == 0) {
                continue;
            }
            add(report, has_any ? ""
                                : "| Level | Outcome | Requests | Share % | First messages "
                                  "|\n|---|---|--:|--:|---|\n");
            has_any = true;
            add(report, "| ");
            add_label(report, level);
            (void)weir_buf_addf(report->out, " | %s | %llu | ",
                                weir_outcome_key((enum weir_outcome)o), (unsigned long long)times);
            char share[WEIR__CELL_BYTES];
            add_safe(report, weir__percent_cell(100.0 * (double)times / (double)judged, share));
            add(report, " | ");
            add_message_cell(report, level->index, (enum weir_outcome)o);
            add(report, " |\n");
        }
    }
    add(report, has_any ? "" : "None.\n");
}

static void add_triple(const struct report *report, const struct weir_metric_stats *stats)
{
    if (stats->count == 0) {
        add(report, "n/a");
        return;
    }
    add_number(report, stats->percentiles[WEIR_PERCENTILE_P50]);
    add(report, " / ");
    add_number(report, stats->percentiles[WEIR_PERCENTILE_P99]);
    add(report, " / ");
    add_number(report, stats->max);
}

static void add_audit(const struct report *report)
{
    add(report,
        "\n## The client's own audit\n\n"
        "How far the generator itself was from what it promises; lag and lateness as p50 / p99 / "
        "max in ms.\n\n"
        "| Level | Arrivals stamped by | Lag behind the kernel | Send lateness | CPU of the "
        "busiest worker % | "
        "Workers | Events sharing a stamp % | Records lost |\n|---|---|--:|--:|--:|--:|--:|--:|\n");
    for (size_t i = 0; i < report->summary->level_count; i++) {
        const struct weir_level_summary *level = &report->summary->levels[i];
        const struct weir_client_stats *client = &level->client;
        double events = client->token_events > 0 ? (double)client->token_events : NAN;
        add(report, "| ");
        add_label(report, level);
        (void)weir_buf_addf(report->out, " | %s | ",
                            client->timestamp_source != NULL ? client->timestamp_source : "n/a");
        add_triple(report, &client->loop_lag);
        add(report, " | ");
        add_triple(report, &client->send_lateness);
        add(report, " | ");
        add_number(report, 100.0 * client->cpu_utilisation);
        (void)weir_buf_addf(report->out, " | %u | ", client->workers);
        add_number(report, 100.0 * (double)client->coalesced_events / events);
        (void)weir_buf_addf(report->out, " | %llu |\n",
                            (unsigned long long)client->records_dropped);
    }
}

static void add_windows(const struct report *report)
{
    add(report, "\n## Windows\n\nSeconds from the level's start; a request belongs to the window "
                "by its due time.\n\n"
                "| Level | Warm-up requests | Window from | to | Drain s | Whole level s | Planned "
                "| Sent | Ok | Failed | Cancelled |\n"
                "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    for (size_t i = 0; i < report->summary->level_count; i++) {
        const struct weir_level_summary *level = &report->summary->levels[i];
        const struct weir_counters *counters = &level->counters;
        add(report, "| ");
        add_label(report, level);
        (void)weir_buf_addf(report->out, " | %llu | ", (unsigned long long)counters->warmup);
        add_number(report, level->window_start_s);
        add(report, " | ");
        add_number(report, level->window_end_s);
        add(report, " | ");
        add_number(report, level->drain_s);
        add(report, " | ");
        add_number(report, level->whole_s);
        add(report, " | ");
        char planned[32] = "n/a";
        if (level->planned > 0) {
            (void)snprintf(planned, sizeof(planned), "%llu", (unsigned long long)level->planned);
        }
        add(report, planned);
        (void)weir_buf_addf(report->out, " | %llu | %llu | %llu | %llu |\n",
                            (unsigned long long)level->sent,
                            (unsigned long long)counters->outcomes[WEIR_OUTCOME_OK],
                            (unsigned long long)weir_counters_failed(counters),
                            (unsigned long long)counters->outcomes[WEIR_OUTCOME_CANCELLED]);
    }
}

static void add_setting(const struct report *report, const char *name, const json_t *option)
{
    const json_t *value = json_object_get(option, "value");
    const char *origin = json_string_value(json_object_get(option, "origin"));
    struct weir_buf text;
    struct weir_buf clean;
    weir_buf_init(&text, SETTING_BYTES_MAX);
    weir_buf_init(&clean, SETTING_BYTES_MAX);
    if (json_is_string(value)) {
        (void)weir_buf_add_str(&text, json_string_value(value));
    } else {
        (void)weir__json_add(value, &text);
    }
    (void)weir_redact_urls(weir_buf_text(&text), &clean);
    (void)weir_buf_addf(report->out, "| %s | ", name);
    add_safe(report, weir_buf_text(&clean));
    add(report, " | ");
    add_safe(report, origin != NULL ? origin : "");
    add(report, " |\n");
    weir_buf_free(&clean);
    weir_buf_free(&text);
}

static void add_settings(const struct report *report)
{
    add(report, "\n## Settings that were not default\n\n");
    json_t *config = json_loads(report->facts->config_json, 0, NULL);
    bool has_any = false;
    const char *name = NULL;
    json_t *option = NULL;
    json_object_foreach(config, name, option)
    {
        const char *origin = json_string_value(json_object_get(option, "origin"));
        if (origin == NULL || strcmp(origin, "default") == 0) {
            continue;
        }
        add(report, has_any ? "" : "| Option | Value | From |\n|---|---|---|\n");
        has_any = true;
        add_setting(report, name, option);
    }
    add(report, has_any ? "" : "None.\n");
    json_decref(config);
}

static void add_host(const struct report *report)
{
    const struct weir_host_facts *host = &report->facts->host;
    add(report, "\n## Machine\n\n");
    add_safe(report, host->hostname[0] != '\0' ? host->hostname : "unknown");
    add(report, ": ");
    add_safe(report, host->cpu_model[0] != '\0' ? host->cpu_model : "unknown processor");
    (void)weir_buf_addf(report->out, ", %lld cores, ", (long long)host->cores);
    add_number(report, host->memory_bytes > 0
                           ? (double)host->memory_bytes / (1024.0 * 1024.0 * 1024.0)
                           : NAN);
    add(report, " GiB, ");
    add_safe(report, host->kernel);
    add(report, ", clock source ");
    add_safe(report, host->clocksource[0] != '\0' ? host->clocksource : "unknown");
    add(report, ".\n\nTimes count from the moment a request was sent");
    const char *tokens = weir__token_sentence(report->summary);
    (void)weir_buf_addf(report->out, "%s%s. ", tokens[0] != '\0' ? "; " : "", tokens);
    add(report, "n/a means no data, or too little for that percentile. All metrics: summary.json "
                "and summary.csv.\n");
}

bool weir_markdown(const struct weir_summary *summary, const struct weir_run_facts *facts,
                   const struct weir_errors *errors, struct weir_buf *out)
{
    const struct report report = {.summary = summary, .facts = facts, .errors = errors, .out = out};
    add_headline(&report);
    for (size_t i = 0; i < summary->level_count; i++) {
        if (weir__is_first_of_target(summary, i)) {
            add_table(&report, i);
        }
    }
    add_findings(&report);
    add_failures(&report);
    add_audit(&report);
    add_windows(&report);
    add_settings(&report);
    add_host(&report);
    return !out->overflow;
}
