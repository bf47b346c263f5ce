// Run directories read back: what was written comes back equal, whatever it was; damage is told
// with file and remedy; a killed run is rebuilt from its records.
#define _GNU_SOURCE
#include "result/rundata_dir.h"

#include "weir/base/rng.h"
#include "weir/result/run_json.h"
#include "weir/result/slices.h"
#include "weir/result/summary_json.h"

static void put_summary(const struct weir_rundir *dir, const struct weir_summary *summary)
{
    struct weir_run_facts facts = fixture_facts();
    struct weir_errors errors = fixture_errors();
    struct weir_buf text;
    weir_buf_init(&text, 1U << 26);
    assert_true(weir_summary_json(summary, &facts, &errors, &text));
    put(dir, WEIR_FILE_SUMMARY, weir_buf_text(&text));
    weir_buf_clear(&text);
    assert_true(weir_run_json(&facts, &text));
    put(dir, WEIR_FILE_RUN, weir_buf_text(&text));
    weir_buf_free(&text);
    weir_errors_free(&errors);
}

// ---- equal ----

static void same_verdict(const struct weir_verdict_reasons *a, const struct weir_verdict_reasons *b)
{
    assert_int_equal(a->verdict, b->verdict);
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_string_equal(a->text[i], b->text[i]);
    }
}

static void same_client(const struct weir_client_stats *a, const struct weir_client_stats *b)
{
    assert_string_equal(a->timestamp_source, b->timestamp_source);
    same_stats(&a->loop_lag, &b->loop_lag);
    same_stats(&a->send_lateness, &b->send_lateness);
    same_number(a->cpu_utilisation, b->cpu_utilisation);
    same_number(a->cpu_ms, b->cpu_ms);
    assert_int_equal(a->coalesced_events, b->coalesced_events);
    assert_int_equal(a->token_events, b->token_events);
    assert_int_equal(a->records_dropped, b->records_dropped);
    assert_int_equal(a->allocations, b->allocations);
    same_number(a->clock_step_ms, b->clock_step_ms);
    assert_int_equal(a->workers, b->workers);
}

static void same_trend(const struct weir_trend *a, const struct weir_trend *b)
{
    // Kept per hour: what is rounded there is 3600 times less here.
    same_number(a->slope, b->slope);
    same_number(a->interval.low, b->interval.low);
    same_number(a->interval.high, b->interval.high);
    same_number(a->mean, b->mean);
}

static void same_objectives(const struct weir_level_summary *a, const struct weir_level_summary *b)
{
    assert_int_equal(a->objective_count, b->objective_count);
    for (size_t i = 0; i < a->objective_count; i++) {
        const struct weir_objective *left = &a->objectives[i].objective;
        const struct weir_objective *right = &b->objectives[i].objective;
        assert_int_equal(left->metric, right->metric);
        assert_int_equal(left->statistic, right->statistic);
        assert_int_equal(left->percentile, right->percentile);
        assert_int_equal(left->comparison, right->comparison);
        same_number(left->threshold, right->threshold);
        same_number(a->objectives[i].value, b->objectives[i].value);
        assert_int_equal(a->objectives[i].result, b->objectives[i].result);
    }
}

/** What levels tell beside their metrics. A closed loop has no open_loop. */
static void same_extras(const struct weir_level_summary *a, const struct weir_level_summary *b)
{
    if (b->concurrency == 0) {
        same_number(a->offered.offered_rate, b->offered.offered_rate);
        same_number(a->offered.sent_rate, b->offered.sent_rate);
        assert_int_equal(a->offered.late, b->offered.late);
        assert_int_equal(a->offered.dropped, b->offered.dropped);
        assert_int_equal(a->offered.is_saturated, b->offered.is_saturated);
    }
    assert_int_equal(a->settling.is_auto, b->settling.is_auto);
    assert_int_equal(a->settling.has_settled, b->settling.has_settled);
    same_number(a->settling.settled_s, b->settling.settled_s);
    for (int i = 0; i < WEIR_TREND_COUNT; i++) {
        assert_int_equal(a->has_trend[i], b->has_trend[i]);
        if (b->has_trend[i]) {
            same_trend(&a->trends[i], &b->trends[i]);
        }
    }
    assert_int_equal(a->counters.has_goodput, b->counters.has_goodput);
    assert_int_equal(a->counters.good, b->counters.good);
    same_objectives(a, b);
}

static void same_level(const struct weir_level_summary *a, const struct weir_level_summary *b)
{
    assert_int_equal(a->index, b->index);
    assert_int_equal(a->repetition, b->repetition);
    assert_string_equal(a->target, b->target);
    assert_string_equal(a->url, b->url);
    assert_string_equal(a->model, b->model);
    assert_string_equal(a->mode, b->mode);
    assert_int_equal(a->concurrency, b->concurrency);
    same_number(a->request_rate, b->request_rate);
    same_number(a->window_start_s, b->window_start_s);
    same_number(a->window_end_s, b->window_end_s);
    same_number(a->drain_s, b->drain_s);
    same_number(a->whole_s, b->whole_s);
    assert_int_equal(a->planned, b->planned);
    assert_int_equal(a->sent, b->sent);
    same_counters(&a->counters, &b->counters);
    for (int i = 0; i < WEIR_METRIC_COUNT; i++) {
        same_stats(&a->metrics[i], &b->metrics[i]);
    }
    assert_int_equal(a->token_source, b->token_source);
    assert_int_equal(a->is_token_source_mixed, b->is_token_source_mixed);
    assert_int_equal(a->is_interrupted, b->is_interrupted);
    same_client(&a->client, &b->client);
    same_extras(a, b);
    same_verdict(&a->verdict, &b->verdict);
}

static void same_summary(const struct weir_summary *a, const struct weir_summary *b)
{
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->seed, b->seed);
    assert_int_equal(a->config_hash, b->config_hash);
    assert_int_equal(a->is_interrupted, b->is_interrupted);
    same_verdict(&a->verdict, &b->verdict);
    assert_int_equal(a->level_count, b->level_count);
    for (size_t i = 0; i < a->level_count; i++) {
        same_level(&a->levels[i], &b->levels[i]);
    }
}

static void test_the_fixture_comes_back(void **state)
{
    const struct weir_rundir *dir = *state;
    struct weir_summary summary = fixture_summary();
    put_summary(dir, &summary);
    struct weir_rundata *run = load(dir);
    same_summary(&run->summary, &summary);
    assert_false(run->is_rebuilt);
    assert_non_null(run->run);
    assert_int_equal(run->error_count, 4);
    assert_int_equal(run->errors[0].level, 1);
    assert_int_equal(run->errors[0].outcome, WEIR_OUTCOME_HTTP_5XX);
    assert_int_equal(run->errors[0].count, 2);
    assert_string_equal(run->errors[2].message, "no token within 2s");
    // 2026-01-31T12:02:11.456Z − 2026-01-31T12:00:00.123Z
    assert_int_equal(run->summary.ended - run->summary.started, 131333 * WEIR_MSEC);
    assert_null(weir_rundata_hist(run, 0, WEIR_METRIC_TTFT));
    weir_rundata_free(run);
    weir_summary_free(&summary);
}

static void test_rates_come_back(void **state)
{
    const struct weir_rundir *dir = *state;
    struct weir_summary summary = fixture_rates();
    put_summary(dir, &summary);
    struct weir_rundata *run = load(dir);
    same_summary(&run->summary, &summary);
    assert_true(run->summary.levels[1].offered.is_saturated);
    weir_rundata_free(run);
    weir_summary_free(&summary);
}

// ---- any summary ----

static double any_number(struct weir_rng *rng)
{
    double size = pow(10, weir_rng_unit(rng) * 12 - 6);
    return weir_rng_unit(rng) < 0.2 ? NAN : weir_rng_unit(rng) * size;
}

static uint64_t any_count(struct weir_rng *rng)
{
    return weir_rng_unit(rng) < 0.3 ? 0 : weir_rng_u64(rng) >> (14 + (weir_rng_u64(rng) % 50));
}

static struct weir_metric_stats any_stats(struct weir_rng *rng)
{
    struct weir_metric_stats stats = {.count = any_count(rng), .dropped = any_count(rng)};
    bool is_empty = stats.count == 0;
    stats.avg = is_empty ? NAN : any_number(rng);
    stats.std = is_empty ? NAN : any_number(rng);
    stats.min = is_empty ? NAN : any_number(rng);
    stats.max = is_empty ? NAN : any_number(rng);
    for (int i = 0; i < WEIR_PERCENTILE_COUNT; i++) {
        stats.percentiles[i] = is_empty ? NAN : any_number(rng);
    }
    return stats;
}

static struct weir_level_summary any_level(struct weir_rng *rng, uint32_t index)
{
    struct weir_level_summary level =
        fixture_level(index, index % 2 == 0 ? "a \"quoted\" \xc3\xa9" : "b",
                      (uint32_t)(weir_rng_u64(rng) % 1000), 1, 1);
    level.counters = (struct weir_counters){0};
    for (int i = 0; i < WEIR_OUTCOME_COUNT; i++) {
        level.counters.outcomes[i] = any_count(rng);
        level.counters.measured += level.counters.outcomes[i];
    }
    for (int i = 0; i < WEIR_TIMEOUT_COUNT; i++) {
        level.counters.timeouts[i] = any_count(rng);
    }
    level.counters.warmup = any_count(rng);
    level.counters.warmup_failed = any_count(rng);
    level.counters.whole_ok = any_count(rng);
    level.counters.whole_output_tokens = any_count(rng);
    level.counters.length_short = any_count(rng);
    level.counters.length_long = any_count(rng);
    level.counters.connections_new = any_count(rng);
    level.counters.retries = any_count(rng);
    for (int i = 0; i < WEIR_METRIC_COUNT; i++) {
        bool is_scalar = weir_metric_info((enum weir_metric)i)->kind == WEIR_METRIC_SCALAR;
        level.metrics[i] = is_scalar ? fixture_scalar(any_number(rng)) : any_stats(rng);
    }
    level.request_rate = any_number(rng);
    level.window_start_s = any_number(rng);
    level.window_end_s = any_number(rng);
    level.planned = any_count(rng);
    level.sent = any_count(rng);
    level.token_source = (enum weir_token_source)(weir_rng_u64(rng) % WEIR_TOKEN_SOURCE_COUNT);
    level.is_token_source_mixed = weir_rng_u64(rng) % 2 == 0;
    level.is_interrupted = weir_rng_u64(rng) % 4 == 0;
    level.repetition = weir_rng_below(rng, 5);
    level.offered = (struct weir_offered){.offered_rate = any_number(rng),
                                          .sent_rate = any_number(rng),
                                          .late = any_count(rng),
                                          .dropped = any_count(rng),
                                          .is_saturated = weir_rng_below(rng, 2) == 0};
    level.settling.is_auto = weir_rng_below(rng, 2) == 0;
    level.settling.settled_s = any_number(rng);
    for (int i = 0; i < WEIR_TREND_COUNT; i++) {
        level.has_trend[i] = weir_rng_below(rng, 2) == 0;
        level.trends[i] = (struct weir_trend){.slope = weir_rng_normal(rng),
                                              .interval = {-3, weir_rng_unit(rng)},
                                              .mean = any_number(rng)};
    }
    level.counters.has_goodput = weir_rng_below(rng, 2) == 0;
    level.counters.good =
        level.counters.has_goodput ? weir_rng_u64(rng) % (level.counters.measured + 1) : 0;
    fixture_objective(&level, "ttft:p99<200ms");
    fixture_objective(&level, "request_throughput>=12.5");
    level.client.loop_lag = any_stats(rng);
    level.client.send_lateness = any_stats(rng);
    level.client.cpu_utilisation = any_number(rng);
    level.client.records_dropped = any_count(rng);
    level.client.allocations = any_count(rng);
    for (uint64_t i = weir_rng_u64(rng) % 4; i > 0; i--) {
        weir_verdict_add(&level.verdict, (enum weir_verdict)(weir_rng_u64(rng) % 3),
                         "reason %llu \"<&>\\", (unsigned long long)i);
    }
    return level;
}

static void test_any_summary_comes_back(void **state)
{
    enum { ROUNDS = 60 };
    const struct weir_rundir *dir = *state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct weir_rng rng = weir_rng_split(20260131, "summary", round);
        struct weir_summary summary = {.seed = any_count(&rng), .config_hash = weir_rng_u64(&rng)};
        (void)snprintf(summary.name, sizeof(summary.name), "round %llu", (unsigned long long)round);
        uint32_t count = (uint32_t)(weir_rng_u64(&rng) % 5);
        for (uint32_t i = 0; i < count; i++) {
            struct weir_level_summary level = any_level(&rng, i);
            weir_summary_add(&summary, &level);
        }
        put_summary(dir, &summary);
        struct weir_rundata *run = load(dir);
        same_summary(&run->summary, &summary);
        weir_rundata_free(run);
        weir_summary_free(&summary);
    }
}

// ---- files that grow ----

static void test_slices_come_back(void **state)
{
    const struct weir_rundir *dir = *state;
    char path[WEIR_RUNDIR_FILE_BYTES];
    struct weir_slices *file = NULL;
    struct weir_err err = {0};
    struct weir_summary summary = fixture_summary();
    put_summary(dir, &summary);
    weir_summary_free(&summary);
    assert_int_equal(weir_slices_open(weir_rundir_path(dir, WEIR_FILE_SLICES, path), &file, &err),
                     WEIR_OK);
    struct weir_slice_stat *slice = weir_slice_stat_new();
    for (int64_t second = 0; second < 3; second++) {
        weir_slice_stat_reset(slice, second);
        slice->sent = 10 + (uint64_t)second;
        slice->failed = (uint64_t)second;
        for (int i = 0; second == 1 && i < 200; i++) {
            (void)weir_hist_record(slice->ttft, 50 * WEIR_MSEC);
        }
        weir_slices_add(file, 1, slice);
    }
    weir_slice_stat_free(slice);
    assert_int_equal(weir_slices_close(file, &err), WEIR_OK);
    struct weir_rundata *run = load(dir);
    assert_int_equal(run->slice_count, 3);
    assert_int_equal(run->slices[2].second, 2);
    assert_int_equal(run->slices[2].sent, 12);
    assert_int_equal(run->slices[2].failed, 2);
    assert_int_equal(run->slices[2].level, 1);
    assert_true(isnan(run->slices[0].ttft_p50_ms));
    assert_true(fabs(run->slices[1].ttft_p99_ms - 50) < 0.5);
    weir_rundata_free(run);
}

static void test_a_row_that_was_cut_off(void **state)
{
    const struct weir_rundir *dir = *state;
    struct weir_summary summary = fixture_summary();
    put_summary(dir, &summary);
    weir_summary_free(&summary);
    put(dir, WEIR_FILE_SLICES, WEIR_SLICES_HEADER "0,0,1,1,0,5,5,1,,,,,1\n0,1,2,");
    struct weir_rundata *run = load(dir);
    assert_int_equal(run->slice_count, 1);
    weir_rundata_free(run);
    put(dir, WEIR_FILE_SLICES,
        "second,later,length_s,level\n7,x,10,3\n"); // other columns, other order
    run = load(dir);
    assert_int_equal(run->slices[0].second, 7);
    assert_int_equal(run->slices[0].level, 3);
    assert_int_equal(run->slices[0].length_s, 10);
    weir_rundata_free(run);
    put(dir, WEIR_FILE_SLICES, WEIR_SLICES_HEADER "0,0,1,1,0,5,5,1,,,,,1\n0,1,2,\n");
    refuse(dir->path, "slices.csv:3", "restore the file, or remove it");
    put(dir, WEIR_FILE_SLICES, "level,sent\n0,1\n");
    refuse(dir->path, "slices.csv:1", "restore the file, or remove it");
    put(dir, WEIR_FILE_SLICES, WEIR_SLICES_HEADER "0,0,-1,1,0,5,5,1,,,,,1\n");
    refuse(dir->path, "slices.csv:2", "restore the file, or remove it");
}

// ---- damage ----

static void test_no_run_directory(void **state)
{
    const struct weir_rundir *dir = *state;
    refuse("/nonexistent/run", "/nonexistent/run", "name one that weir run made");
    refuse("/dev/null", "not a directory", "name one that weir run made");
    refuse(dir->path, "neither summary.json nor records.jsonl", "name one that weir run made");
}

/** A summary cut off anywhere is an error that names it; so is one with any member of another type.
 */
static void test_damaged_summaries(void **state)
{
    const struct weir_rundir *dir = *state;
    struct weir_summary summary = fixture_summary();
    put_summary(dir, &summary);
    weir_summary_free(&summary);
    char path[WEIR_RUNDIR_FILE_BYTES];
    size_t len = 0;
    char *text = fixture_read(weir_rundir_path(dir, WEIR_FILE_SUMMARY, path), &len);
    assert_non_null(text);
    for (size_t cut = 0; cut + 2 < len; cut += len / 50) {
        char after = text[cut];
        text[cut] = '\0';
        put(dir, WEIR_FILE_SUMMARY, text);
        text[cut] = after;
        refuse(dir->path, "summary.json", "restore the file, or remove it");
    }
    static const struct {
        const char *from;
        const char *to;
        const char *names;
    } changes[] = {
        {"\"ok\": 800", "\"ok\": \"800\"", "levels[0].requests"},
        {"\"ok\": 800", "\"ok\": -800", "levels[0].requests"},
        {"\"failed\": 0", "\"failed\": 1", "levels[0].requests.outcomes"},
        {"\"warmup\": {", "\"warmup\": 1, \"x\": {", "levels[0].warmup"},
        {"\"goodput\": null,", "\"goodput\": {\"good\": 801},", "levels[0].goodput"},
        {"\"avg\": ", "\"avg\": true, \"x\": ", "levels[0].metrics.time_to_first_token.avg"},
        {"\"metrics\": {", "\"metrics\": null, \"x\": {", "levels[0].metrics"},
        {"\"verdict\": \"", "\"verdict\": \"x", "verdict"},
        {"\"level\": 0", "\"level\": 1", "levels[0].level"},
        {"\"config_hash\": \"0", "\"config_hash\": \"g", "config_hash"},
        {"\"started_at\": \"2", "\"started_at\": \"x", "started_at"},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(changes); i++) {
        const char *at = strstr(text, changes[i].from);
        assert_non_null(at);
        struct weir_buf changed;
        weir_buf_init(&changed, 1U << 24);
        (void)weir_buf_add(&changed, text, (size_t)(at - text));
        (void)weir_buf_add_str(&changed, changes[i].to);
        (void)weir_buf_add_str(&changed, at + strlen(changes[i].from));
        put(dir, WEIR_FILE_SUMMARY, weir_buf_text(&changed));
        refuse(dir->path, changes[i].names, "restore the file, or remove it");
        weir_buf_free(&changed);
    }
    put(dir, WEIR_FILE_SUMMARY, "{\"schema\": \"weir.summary/2\"}");
    refuse(dir->path, "weir.summary/2", "use the version that wrote it");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_DIRECTORY(test_the_fixture_comes_back), IN_A_DIRECTORY(test_rates_come_back),
        IN_A_DIRECTORY(test_any_summary_comes_back), IN_A_DIRECTORY(test_slices_come_back),
        IN_A_DIRECTORY(test_a_row_that_was_cut_off), IN_A_DIRECTORY(test_no_run_directory),
        IN_A_DIRECTORY(test_damaged_summaries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
