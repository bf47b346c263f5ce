// summary.json: see summary_json.h.
#include "weir/result/summary_json.h"

#include <math.h>

#include "json_internal.h"
#include "weir/result/redact.h"

static json_t *count_of(uint64_t count)
{
    return json_integer((json_int_t)count);
}

static json_t *stats_of(const struct weir_metric_stats *stats, const char *unit)
{
    bool is_empty = stats->count == 0;
    json_t *out = json_object();
    weir__json_put(out, "unit", json_string(unit));
    weir__json_put(out, "count", count_of(stats->count));
    weir__json_put(out, "avg", is_empty ? json_null() : weir__json_number(stats->avg));
    weir__json_put(out, "std", is_empty ? json_null() : weir__json_number(stats->std));
    weir__json_put(out, "min", is_empty ? json_null() : weir__json_number(stats->min));
    weir__json_put(out, "max", is_empty ? json_null() : weir__json_number(stats->max));
    for (int i = 0; i < WEIR_PERCENTILE_COUNT; i++) {
        json_t *value = is_empty ? json_null() : weir__json_number(stats->percentiles[i]);
        weir__json_put(out, weir_percentile_key((enum weir_percentile)i), value);
    }
    if (stats->dropped > 0) {
        weir__json_put(out, "dropped", count_of(stats->dropped));
    }
    return out;
}

static json_t *metrics_of(const struct weir_level_summary *level)
{
    json_t *out = json_object();
    for (int i = 0; i < WEIR_METRIC_COUNT; i++) {
        const struct weir_metric_info *info = weir_metric_info((enum weir_metric)i);
        const struct weir_metric_stats *stats = &level->metrics[i];
        if (info->kind != WEIR_METRIC_SCALAR) {
            weir__json_put(out, info->tag, stats_of(stats, info->unit));
            continue;
        }
        json_t *scalar = json_object();
        weir__json_put(scalar, "unit", json_string(info->unit));
        weir__json_put(scalar, "avg", weir__json_number(stats->avg));
        weir__json_put(out, info->tag, scalar);
    }
    return out;
}

static json_t *outcomes_of(const struct weir_counters *counters)
{
    json_t *out = json_object();
    for (int i = 0; i < WEIR_OUTCOME_COUNT; i++) {
        if (counters->outcomes[i] > 0 || i == WEIR_OUTCOME_OK) {
            weir__json_put(out, weir_outcome_key((enum weir_outcome)i),
                           count_of(counters->outcomes[i]));
        }
    }
    return out;
}

static json_t *requests_of(const struct weir_level_summary *level)
{
    const struct weir_counters *counters = &level->counters;
    json_t *out = json_object();
    weir__json_put(out, "planned", level->planned > 0 ? count_of(level->planned) : json_null());
    weir__json_put(out, "sent", count_of(level->sent));
    weir__json_put(out, "ok", count_of(counters->outcomes[WEIR_OUTCOME_OK]));
    weir__json_put(out, "failed", count_of(weir_counters_failed(counters)));
    weir__json_put(out, "cancelled", count_of(counters->outcomes[WEIR_OUTCOME_CANCELLED]));
    weir__json_put(out, "outcomes", outcomes_of(counters));
    json_t *timeouts = json_object();
    for (int i = 0; i < WEIR_TIMEOUT_COUNT; i++) {
        if (counters->timeouts[i] > 0) {
            weir__json_put(timeouts, weir_timeout_key((enum weir_timeout)i),
                           count_of(counters->timeouts[i]));
        }
    }
    weir__json_put(out, "timeouts", timeouts);
    weir__json_put(out, "warmup", count_of(counters->warmup));
    weir__json_put(out, "warmup_failed", count_of(counters->warmup_failed));
    weir__json_put(out, "length_short", count_of(counters->length_short));
    weir__json_put(out, "length_long", count_of(counters->length_long));
    weir__json_put(out, "connections_new", count_of(counters->connections_new));
    weir__json_put(out, "retries", count_of(counters->retries));
    return out;
}

static json_t *whole_run_of(const struct weir_level_summary *level)
{
    const struct weir_counters *counters = &level->counters;
    double seconds =
        level->whole_s > 0 ? level->whole_s : NAN; // a level without an end has no rates
    json_t *out = json_object();
    weir__json_put(out, "duration_s", weir__json_number(level->whole_s));
    weir__json_put(out, "ok", count_of(counters->whole_ok));
    weir__json_put(out, "output_tokens", count_of(counters->whole_output_tokens));
    weir__json_put(out, "request_throughput",
                   weir__json_number((double)counters->whole_ok / seconds));
    weir__json_put(out, "output_token_throughput",
                   weir__json_number((double)counters->whole_output_tokens / seconds));
    return out;
}

static json_t *client_of(const struct weir_client_stats *client)
{
    json_t *out = json_object();
    const char *source = client->timestamp_source;
    weir__json_put(out, "timestamp_source", source != NULL ? weir__json_text(source) : json_null());
    weir__json_put(out, "loop_lag_ms", stats_of(&client->loop_lag, "ms"));
    weir__json_put(out, "send_lateness_ms", stats_of(&client->send_lateness, "ms"));
    weir__json_put(out, "cpu_utilisation", weir__json_number(client->cpu_utilisation));
    weir__json_put(out, "cpu_ms", weir__json_number(client->cpu_ms));
    weir__json_put(out, "coalesced_events", count_of(client->coalesced_events));
    weir__json_put(out, "token_events", count_of(client->token_events));
    weir__json_put(out, "records_dropped", count_of(client->records_dropped));
    weir__json_put(out, "allocations", count_of(client->allocations));
    weir__json_put(out, "clock_step_ms", weir__json_number(client->clock_step_ms));
    weir__json_put(out, "workers", json_integer(client->workers));
    return out;
}

static json_t *reasons_of(const struct weir_verdict_reasons *verdict)
{
    json_t *out = json_array();
    for (size_t i = 0; i < verdict->count && i < WEIR_REASON_MAX; i++) {
        weir__json_append(out, weir__json_text(verdict->text[i]));
    }
    return out;
}

static json_t *errors_of(const struct weir_errors *errors, uint32_t level)
{
    json_t *out = json_array();
    for (size_t i = 0; i < errors->count; i++) {
        const struct weir_error_entry *entry = &errors->items[i];
        if (entry->level != level) {
            continue;
        }
        json_t *one = json_object();
        weir__json_put(one, "outcome", json_string(weir_outcome_key(entry->outcome)));
        weir__json_put(one, "message", weir__json_text(entry->text));
        weir__json_put(one, "count", count_of(entry->count));
        weir__json_append(out, one);
    }
    return out;
}

/** What a reader of the numbers must know and would not guess. */
static json_t *notes_of(const struct weir_level_summary *level)
{
    json_t *out = json_array();
    bool has_tokens = level->metrics[WEIR_METRIC_ITL].count > 0;
    if (has_tokens &&
        (level->token_source != WEIR_TOKEN_SOURCE_CHUNK_USAGE || level->is_token_source_mixed)) {
        weir__json_append(
            out, json_string("inter_token_latency: events without usage of their own count as one "
                             "token each, so it equals inter_chunk_latency for them"));
    }
    if (has_tokens && level->token_source == WEIR_TOKEN_SOURCE_EVENTS) {
        weir__json_append(
            out,
            json_string("token counts are numbers of events, a lower bound: the server reported "
                        "no usage"));
    }
    if (level->counters.gaps_early > 0) {
        weir__json_append(
            out,
            json_string("some gaps of long answers were counted before their request had ended, "
                        "whatever became of it"));
    }
    return out;
}

static json_t *window_of(const struct weir_level_summary *level)
{
    json_t *out = json_object();
    weir__json_put(out, "start_s", weir__json_number(level->window_start_s));
    weir__json_put(out, "end_s", weir__json_number(level->window_end_s));
    return out;
}

static json_t *url_of(const char *url)
{
    struct weir_buf clean;
    weir_buf_init(&clean, 4096);
    json_t *out =
        weir_redact_urls(url, &clean) ? weir__json_text(weir_buf_text(&clean)) : json_null();
    weir_buf_free(&clean);
    return out;
}

/** Offered against achieved; null for a closed loop. */
static json_t *open_loop_of(const struct weir_level_summary *level)
{
    if (level->concurrency > 0) {
        return json_null();
    }
    const struct weir_offered *offered = &level->offered;
    json_t *out = json_object();
    weir__json_put(out, "offered_rate", weir__json_number(offered->offered_rate));
    weir__json_put(out, "sent_rate", weir__json_number(offered->sent_rate));
    weir__json_put(out, "late", count_of(offered->late));
    weir__json_put(out, "dropped", count_of(offered->dropped));
    weir__json_put(out, "saturated", json_boolean(offered->is_saturated));
    return out;
}

static json_t *warmup_of(const struct weir_level_summary *level)
{
    json_t *out = json_object();
    weir__json_put(out, "auto", json_boolean(level->settling.is_auto));
    weir__json_put(out, "settled", json_boolean(level->settling.has_settled));
    weir__json_put(out, "settled_s", weir__json_number(level->settling.settled_s));
    return out;
}

static json_t *interval_of(struct weir_interval interval)
{
    json_t *out = json_array();
    weir__json_append(out, weir__json_number(interval.low));
    weir__json_append(out, weir__json_number(interval.high));
    return out;
}

/** Slopes over the measured window, per hour: a leak of the server is a number. */
static json_t *trends_of(const struct weir_level_summary *level)
{
    enum { HOUR_S = 3600 };
    json_t *out = json_object();
    for (enum weir_trend_id i = 0; i < WEIR_TREND_COUNT; i++) {
        const struct weir_trend *trend = &level->trends[i];
        json_t *one = json_null();
        if (level->has_trend[i]) {
            one = json_object();
            weir__json_put(one, "unit", json_string(weir_trend_unit(i)));
            weir__json_put(one, "mean", weir__json_number(trend->mean));
            weir__json_put(one, "slope_per_hour", weir__json_number(trend->slope * HOUR_S));
            weir__json_put(one, "interval_per_hour",
                           interval_of((struct weir_interval){trend->interval.low * HOUR_S,
                                                              trend->interval.high * HOUR_S}));
        }
        weir__json_put(out, weir_trend_key(i), one);
    }
    return out;
}

/** Share of the measured requests that met every --goodput objective; null without any. */
static json_t *goodput_of(const struct weir_counters *counters)
{
    if (!counters->has_goodput) {
        return json_null();
    }
    const double share =
        counters->measured > 0 ? (double)counters->good / (double)counters->measured : NAN;
    json_t *out = json_object();
    weir__json_put(out, "good", count_of(counters->good));
    weir__json_put(out, "attainment", weir__json_number(share));
    weir__json_put(out, "interval95",
                   interval_of(weir_interval_share(counters->good, counters->measured, 0.95)));
    return out;
}

static json_t *objectives_of(const struct weir_level_summary *level)
{
    static const char *const results[] = {"met", "missed",
                                          "no data"}; // ORDER weir_objective_result
    json_t *out = json_array();
    for (size_t i = 0; i < level->objective_count; i++) {
        const struct weir_objective_outcome *outcome = &level->objectives[i];
        struct weir_buf text;
        weir_buf_init(&text, 512);
        (void)weir_objective_format(&outcome->objective, &text);
        json_t *one = json_object();
        weir__json_put(one, "objective", json_string(weir_buf_text(&text)));
        weir__json_put(one, "value", weir__json_number(outcome->value));
        weir__json_put(one, "result", json_string(results[outcome->result]));
        weir__json_append(out, one);
        weir_buf_free(&text);
    }
    return out;
}

static json_t *level_of(const struct weir_level_summary *level, const struct weir_errors *errors)
{
    json_t *out = json_object();
    weir__json_put(out, "level", json_integer(level->index));
    weir__json_put(out, "repetition", json_integer(level->repetition));
    weir__json_put(out, "target", weir__json_text(level->target));
    weir__json_put(out, "url", url_of(level->url));
    weir__json_put(out, "model", weir__json_text(level->model));
    weir__json_put(out, "mode", level->mode != NULL ? weir__json_text(level->mode) : json_null());
    weir__json_put(out, "concurrency",
                   level->concurrency > 0 ? json_integer(level->concurrency) : json_null());
    weir__json_put(out, "request_rate", weir__json_number(level->request_rate));
    weir__json_put(out, "window", window_of(level));
    weir__json_put(out, "drain_s", weir__json_number(level->drain_s));
    weir__json_put(out, "interrupted", json_boolean(level->is_interrupted));
    weir__json_put(out, "verdict", json_string(weir_verdict_key(level->verdict.verdict)));
    weir__json_put(out, "verdict_reasons", reasons_of(&level->verdict));
    weir__json_put(out, "requests", requests_of(level));
    weir__json_put(out, "whole_run", whole_run_of(level));
    weir__json_put(out, "token_source", json_string(weir_token_source_key(level->token_source)));
    weir__json_put(out, "token_source_mixed", json_boolean(level->is_token_source_mixed));
    weir__json_put(out, "metrics", metrics_of(level));
    weir__json_put(out, "open_loop", open_loop_of(level));
    weir__json_put(out, "warmup", warmup_of(level));
    weir__json_put(out, "trends", trends_of(level));
    weir__json_put(out, "goodput", goodput_of(&level->counters));
    weir__json_put(out, "objectives", objectives_of(level));
    weir__json_put(out, "client", client_of(&level->client));
    weir__json_put(out, "errors", errors_of(errors, level->index));
    weir__json_put(out, "notes", notes_of(level));
    return out;
}

bool weir_summary_json(const struct weir_summary *summary, const struct weir_run_facts *facts,
                       const struct weir_errors *errors, struct weir_buf *out)
{
    json_t *root = json_object();
    weir__json_put(root, "schema", json_string("weir.summary/1"));
    weir__json_put(root, "weir_version", weir__json_text(facts->weir_version));
    weir__json_put(root, "started_at", weir__json_text(facts->started_at));
    weir__json_put(root, "ended_at", weir__json_text(facts->ended_at));
    weir__json_put(root, "name", weir__json_text(summary->name));
    weir__json_put(root, "seed", json_integer((json_int_t)summary->seed));
    weir__json_put(root, "config_hash", weir__json_hash(summary->config_hash));
    weir__json_put(root, "plan_hash", weir__json_hash(facts->plan_hash));
    weir__json_put(root, "interrupted", json_boolean(summary->is_interrupted));
    weir__json_put(root, "host", weir__json_host(&facts->host));
    weir__json_put(root, "verdict", json_string(weir_verdict_key(summary->verdict.verdict)));
    weir__json_put(root, "verdict_reasons", reasons_of(&summary->verdict));
    json_t *levels = json_array();
    for (size_t i = 0; i < summary->level_count; i++) {
        weir__json_append(levels, level_of(&summary->levels[i], errors));
    }
    weir__json_put(root, "levels", levels);
    return weir__json_dump(root, out);
}
