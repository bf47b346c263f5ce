// A level of summary.json back into the struct it was written from. What the file holds only as a
// rate (amounts inside the window) comes back as rate times window.
#include <math.h>
#include <string.h>

#include "rundata_internal.h"
#include "weir/base/attr.h"

enum { WHERE_BYTES = 128 };

static const char *inside(const char *where, const char *key, char out[WHERE_BYTES])
{
    (void)weir_copy(out, WHERE_BYTES, where);
    size_t len = strlen(out);
    (void)weir_copy(out + len, WHERE_BYTES - len, ".");
    len = strlen(out);
    (void)weir_copy(out + len, WHERE_BYTES - len, key);
    return out;
}

/** `object` may be NULL: no data. */
static void read_stats(struct weir__reader *reader, const json_t *object, const char *where,
                       struct weir_metric_stats *out)
{
    out->count = weir__json_read_count(reader, object, where, "count");
    out->dropped = weir__json_read_count(reader, object, where, "dropped");
    out->avg = weir__read_number(reader, object, where, "avg");
    out->std = weir__read_number(reader, object, where, "std");
    out->min = weir__read_number(reader, object, where, "min");
    out->max = weir__read_number(reader, object, where, "max");
    for (int i = 0; i < WEIR_PERCENTILE_COUNT; i++) {
        const char *key = weir_percentile_key((enum weir_percentile)i);
        out->percentiles[i] = weir__read_number(reader, object, where, key);
    }
}

static void read_metrics(struct weir__reader *reader, const json_t *object, const char *where,
                         struct weir_level_summary *level)
{
    char place[WHERE_BYTES];
    char deeper[WHERE_BYTES];
    const json_t *metrics = weir__read_object(reader, object, where, "metrics");
    if (metrics == NULL) {
        weir__reader_fail(reader, where, "metrics", "there");
    }
    (void)inside(where, "metrics", place);
    for (int i = 0; i < WEIR_METRIC_COUNT; i++) {
        const char *tag = weir_metric_info((enum weir_metric)i)->tag;
        const json_t *metric = weir__read_object(reader, metrics, place, tag);
        read_stats(reader, metric, inside(place, tag, deeper), &level->metrics[i]);
    }
}

static void read_requests(struct weir__reader *reader, const json_t *object, const char *where,
                          struct weir_level_summary *level)
{
    struct weir_counters *counters = &level->counters;
    char place[WHERE_BYTES];
    char deeper[WHERE_BYTES];
    const json_t *requests = weir__read_object(reader, object, where, "requests");
    if (requests == NULL) {
        weir__reader_fail(reader, where, "requests", "there");
    }
    (void)inside(where, "requests", place);
    level->planned = weir__json_read_count(reader, requests, place, "planned");
    level->sent = weir__json_read_count(reader, requests, place, "sent");
    const json_t *outcomes = weir__read_object(reader, requests, place, "outcomes");
    (void)inside(place, "outcomes", deeper);
    for (int i = 0; i < WEIR_OUTCOME_COUNT; i++) {
        const char *key = weir_outcome_key((enum weir_outcome)i);
        counters->outcomes[i] = weir__json_read_count(reader, outcomes, deeper, key);
        counters->measured += counters->outcomes[i];
    }
    const json_t *timeouts = weir__read_object(reader, requests, place, "timeouts");
    (void)inside(place, "timeouts", deeper);
    for (int i = 0; i < WEIR_TIMEOUT_COUNT; i++) {
        const char *key = weir_timeout_key((enum weir_timeout)i);
        counters->timeouts[i] = weir__json_read_count(reader, timeouts, deeper, key);
    }
    counters->warmup = weir__json_read_count(reader, requests, place, "warmup");
    counters->warmup_failed = weir__json_read_count(reader, requests, place, "warmup_failed");
    counters->length_short = weir__json_read_count(reader, requests, place, "length_short");
    counters->length_long = weir__json_read_count(reader, requests, place, "length_long");
    counters->connections_new = weir__json_read_count(reader, requests, place, "connections_new");
    counters->retries = weir__json_read_count(reader, requests, place, "retries");
    uint64_t told = weir__json_read_count(reader, requests, place, "ok") +
                    weir__json_read_count(reader, requests, place, "failed") +
                    weir__json_read_count(reader, requests, place, "cancelled");
    if (told != counters->measured) {
        weir__reader_fail(reader, place, "outcomes", "the sum of ok, failed and cancelled");
    }
}

static void read_client(struct weir__reader *reader, const json_t *object, const char *where,
                        struct weir_client_stats *out)
{
    char place[WHERE_BYTES];
    char deeper[WHERE_BYTES];
    const json_t *client = weir__read_object(reader, object, where, "client");
    (void)inside(where, "client", place);
    const char *source = weir__json_read_text(reader, client, place, "timestamp_source");
    out->timestamp_source = source[0] != '\0' ? source : NULL;
    read_stats(reader, weir__read_object(reader, client, place, "loop_lag_ms"),
               inside(place, "loop_lag_ms", deeper), &out->loop_lag);
    read_stats(reader, weir__read_object(reader, client, place, "send_lateness_ms"),
               inside(place, "send_lateness_ms", deeper), &out->send_lateness);
    out->cpu_utilisation = weir__read_number(reader, client, place, "cpu_utilisation");
    out->cpu_ms = weir__read_number(reader, client, place, "cpu_ms");
    out->coalesced_events = weir__json_read_count(reader, client, place, "coalesced_events");
    out->token_events = weir__json_read_count(reader, client, place, "token_events");
    out->records_dropped = weir__json_read_count(reader, client, place, "records_dropped");
    out->allocations = weir__json_read_count(reader, client, place, "allocations");
    out->clock_step_ms = weir__read_number(reader, client, place, "clock_step_ms");
    out->workers = (unsigned)weir__json_read_count(reader, client, place, "workers");
}

static void read_tokens(struct weir__reader *reader, const json_t *object, const char *where,
                        struct weir_level_summary *level)
{
    const char *keys[WEIR_TOKEN_SOURCE_COUNT];
    for (int i = 0; i < WEIR_TOKEN_SOURCE_COUNT; i++) {
        keys[i] = weir_token_source_key((enum weir_token_source)i);
    }
    int source =
        weir__read_word(reader, object, where, "token_source", keys, WEIR_TOKEN_SOURCE_COUNT);
    if (source < WEIR_TOKEN_SOURCE_COUNT) {
        level->token_source = (enum weir_token_source)source;
        level->counters.token_sources[source] = level->counters.outcomes[WEIR_OUTCOME_OK];
    }
    level->is_token_source_mixed =
        weir__json_read_bool(reader, object, where, "token_source_mixed");
}

static void read_whole(struct weir__reader *reader, const json_t *object, const char *where,
                       struct weir_level_summary *level)
{
    char place[WHERE_BYTES];
    const json_t *run = weir__read_object(reader, object, where, "whole_run");
    (void)inside(where, "whole_run", place);
    level->whole_s = weir__read_number(reader, run, place, "duration_s");
    level->counters.whole_ok = weir__json_read_count(reader, run, place, "ok");
    level->counters.whole_output_tokens =
        weir__json_read_count(reader, run, place, "output_tokens");
}

static double amount(const struct weir_level_summary *level, enum weir_metric metric)
{
    double value = level->metrics[metric].avg * (level->window_end_s - level->window_start_s);
    return isfinite(value) && value > 0 ? value : 0;
}

static uint64_t whole(double value)
{
    return value < 1e15 ? (uint64_t)llround(value) : 0;
}

/** What summarising a recorder divides by the window. */
static void derive_amounts(struct weir_level_summary *level)
{
    struct weir_counters *counters = &level->counters;
    counters->ended_in_window = whole(amount(level, WEIR_METRIC_REQ_RATE));
    counters->good_in_window = whole(amount(level, WEIR_METRIC_GOODPUT));
    counters->output_tokens_in_window = amount(level, WEIR_METRIC_OUT_RATE);
    counters->input_tokens_in_window = amount(level, WEIR_METRIC_IN_RATE);
    counters->in_flight_ns = amount(level, WEIR_METRIC_CONCURRENCY) * (double)WEIR_SECOND;
}

void weir__rundata_level(struct weir__reader *reader, const json_t *object, const char *where,
                         struct weir_level_summary *level)
{
    char place[WHERE_BYTES];
    const char *mode = weir__json_read_text(reader, object, where, "mode");
    level->mode = mode[0] != '\0' ? mode : NULL;
    uint64_t index = weir__json_read_count(reader, object, where, "level");
    uint64_t concurrency = weir__json_read_count(reader, object, where, "concurrency");
    uint64_t repetition = weir__json_read_count(reader, object, where, "repetition");
    if (index > WEIR__LEVELS_MAX || concurrency > UINT32_MAX || repetition > UINT32_MAX) {
        weir__reader_fail(reader, where, "level", "one that weir could have run");
    }
    level->index = (uint32_t)index;
    level->concurrency = (uint32_t)concurrency;
    level->repetition = (uint32_t)repetition;
    (void)weir_copy(level->target, sizeof(level->target),
                    weir__json_read_text(reader, object, where, "target"));
    (void)weir_copy(level->url, sizeof(level->url),
                    weir__json_read_text(reader, object, where, "url"));
    (void)weir_copy(level->model, sizeof(level->model),
                    weir__json_read_text(reader, object, where, "model"));
    level->request_rate = weir__read_number(reader, object, where, "request_rate");
    const json_t *window = weir__read_object(reader, object, where, "window");
    (void)inside(where, "window", place);
    level->window_start_s = weir__read_number(reader, window, place, "start_s");
    level->window_end_s = weir__read_number(reader, window, place, "end_s");
    level->drain_s = weir__read_number(reader, object, where, "drain_s");
    level->is_interrupted = weir__json_read_bool(reader, object, where, "interrupted");
    read_requests(reader, object, where, level);
    read_whole(reader, object, where, level);
    read_tokens(reader, object, where, level);
    read_metrics(reader, object, where, level);
    read_client(reader, object, where, &level->client);
    weir__rundata_extras(reader, object, where, level);
    derive_amounts(level);
}
