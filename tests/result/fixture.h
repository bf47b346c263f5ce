/** fixture.h: results made by hand, and golden files, for the tests of the result layer. */
#ifndef WEIR_TESTS_RESULT_FIXTURE_H
#define WEIR_TESTS_RESULT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir/base/buf.h"
#include "weir/base/str.h"
#include "weir/result/errors.h"
#include "weir/result/facts.h"
#include "weir/stat/summary.h"

/** The whole of a file, to be freed; NULL when it cannot be read. */
static inline char *fixture_read(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    struct weir_buf text;
    weir_buf_init(&text, 64U << 20);
    char part[4096];
    for (size_t got = fread(part, 1, sizeof(part), file); got > 0;
         got = fread(part, 1, sizeof(part), file)) {
        (void)weir_buf_add(&text, part, got);
    }
    (void)fclose(file);
    *len = text.len;
    return text.ptr != NULL ? text.ptr : calloc(1, 1);
}

/** `text` is what the golden file holds; WEIR_UPDATE_GOLDEN=1 makes it so. */
static inline void fixture_golden(const char *name, const char *text)
{
    char path[1024];
    (void)snprintf(path, sizeof(path), "%s/golden/result/%s", WEIR_TEST_DIR, name);
    if (getenv("WEIR_UPDATE_GOLDEN") != NULL) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
        assert_int_equal(fclose(file), 0);
    }
    size_t len = 0;
    char *golden = fixture_read(path, &len);
    if (golden == NULL) {
        fail_msg("no golden file %s: make it with WEIR_UPDATE_GOLDEN=1", path);
        return;
    }
    assert_string_equal(text, golden);
    free(golden);
}

/** Statistics around `base`, stretched by `spread`; percentiles that `count` does not support are
 * NAN. */
static inline struct weir_metric_stats fixture_stats(double base, double spread, uint64_t count)
{
    static const double stretch[WEIR_PERCENTILE_COUNT] = {-0.4, -0.3, -0.25, -0.1, 0,  0.12,
                                                          0.3,  0.5,  1.1,   2.3,  4.7};
    struct weir_metric_stats stats = {
        .count = count, .avg = NAN, .std = NAN, .min = NAN, .max = NAN};
    for (int i = 0; i < WEIR_PERCENTILE_COUNT; i++) {
        bool is_known =
            weir_percentile_supported(weir_percentile_value((enum weir_percentile)i), count);
        stats.percentiles[i] = is_known ? base * (1 + spread * stretch[i]) : NAN;
    }
    if (count > 0) {
        stats.avg = base * (1 + spread * 0.05);
        stats.std = base * spread * 0.37;
        stats.min = base * (1 - spread * 0.5);
        stats.max = base * (1 + spread * 5);
    }
    return stats;
}

static inline struct weir_metric_stats fixture_scalar(double value)
{
    struct weir_metric_stats stats = fixture_stats(0, 0, 0);
    stats.avg = value;
    return stats;
}

/** A level in which `ok` of `count` requests went well, at `slowness` times the latencies of an
 * idle server. */
static inline struct weir_level_summary fixture_level(uint32_t index, const char *target,
                                                      uint32_t concurrency, uint64_t ok,
                                                      double slowness)
{
    struct weir_level_summary level = {
        .index = index,
        .mode = "concurrency",
        .concurrency = concurrency,
        .request_rate = NAN,
        .window_start_s = 1.2,
        .window_end_s = 31.2,
        .drain_s = 0.8371,
        .whole_s = 32.0371,
        .planned = 800,
        .sent = 800,
        .token_source = WEIR_TOKEN_SOURCE_USAGE,
    };
    (void)snprintf(level.target, sizeof(level.target), "%s", target);
    (void)snprintf(level.url, sizeof(level.url), "http://127.0.0.1:8000/%s/v1/chat/completions",
                   target);
    (void)snprintf(level.model, sizeof(level.model), "meta-llama/Llama-3.1-8B");
    for (int i = 0; i < WEIR_METRIC_COUNT; i++) {
        const struct weir_metric_info *info = weir_metric_info((enum weir_metric)i);
        bool is_scalar = info->kind == WEIR_METRIC_SCALAR;
        level.metrics[i] = is_scalar ? fixture_scalar(NAN) : fixture_stats(0, 0, 0);
        if (!is_scalar && ok > 0) {
            level.metrics[i] = fixture_stats(100 + i, 0.1, ok);
        }
    }
    level.metrics[WEIR_METRIC_CONNECT] = fixture_stats(0, 0, 0);
    level.metrics[WEIR_METRIC_ERROR_RATE] = fixture_scalar(100.0 * (double)(800 - ok) / 800);
    level.metrics[WEIR_METRIC_REQ_RATE] = fixture_scalar((double)ok / 30);
    if (ok > 0) {
        level.metrics[WEIR_METRIC_TTFT] = fixture_stats(50.3127 * slowness, 0.08, ok);
        level.metrics[WEIR_METRIC_ITL] = fixture_stats(10.04519 * slowness, 0.06, ok * 99);
        level.metrics[WEIR_METRIC_ICL] = level.metrics[WEIR_METRIC_ITL];
        level.metrics[WEIR_METRIC_TPOT] = fixture_stats(10.0501 * slowness, 0.02, ok);
        level.metrics[WEIR_METRIC_USER_RATE] = fixture_stats(99.5 / slowness, 0.02, ok);
        level.metrics[WEIR_METRIC_OUT_RATE] = fixture_scalar((double)ok * 100 / 30);
    }
    level.counters.measured = 800;
    level.counters.outcomes[WEIR_OUTCOME_OK] = ok;
    level.counters.token_sources[WEIR_TOKEN_SOURCE_USAGE] = ok;
    level.counters.warmup = concurrency;
    level.counters.whole_ok = ok + concurrency;
    level.counters.whole_output_tokens = (ok + concurrency) * 100;
    level.counters.connections_new = concurrency;
    level.client = (struct weir_client_stats){
        .timestamp_source = "kernel",
        .loop_lag = fixture_stats(0.0214, 0.9, ok * 100),
        .send_lateness = fixture_stats(0.0523, 0.5, ok),
        .cpu_utilisation = 0.31,
        .cpu_ms = 9300.25,
        .coalesced_events = 12,
        .token_events = ok * 100,
        .clock_step_ms = 0.0031,
        .workers = 1,
    };
    return level;
}

/** Two targets, two concurrencies: all well, a few failures, suspect, and nothing but failures.
 * Free with weir_summary_free(). */
static inline struct weir_summary fixture_summary(void)
{
    struct weir_summary summary = {
        .seed = 1, .config_hash = 0x0123456789abcdefULL, .name = "nightly"};
    struct weir_level_summary level = fixture_level(0, "vllm", 8, 800, 1);
    weir_summary_add(&summary, &level);
    level = fixture_level(1, "sglang", 8, 787, 1.07);
    level.counters.outcomes[WEIR_OUTCOME_TIMEOUT] = 9;
    level.counters.timeouts[WEIR_TIMEOUT_FIRST_TOKEN] = 7;
    level.counters.timeouts[WEIR_TIMEOUT_TOTAL] = 2;
    level.counters.outcomes[WEIR_OUTCOME_HTTP_5XX] = 4;
    level.counters.length_short = 3;
    weir_summary_add(&summary, &level);
    level = fixture_level(2, "vllm", 256, 798, 24.117);
    level.counters.outcomes[WEIR_OUTCOME_RESET] = 2;
    level.is_token_source_mixed = true;
    weir_verdict_add(
        &level.verdict, WEIR_VERDICT_SUSPECT,
        "the client read answers late: 1.9 ms behind the kernel at p99, against a TTFT of 1213 ms");
    weir_summary_add(&summary, &level);
    level = fixture_level(3, "sglang", 256, 0, 1);
    level.counters.outcomes[WEIR_OUTCOME_CONNECT] = 800;
    level.token_source = WEIR_TOKEN_SOURCE_NONE;
    level.client.timestamp_source = "user";
    weir_verdict_add(&level.verdict, WEIR_VERDICT_INVALID, "no request succeeded");
    weir_summary_add(&summary, &level);
    return summary;
}

static inline void fixture_objective(struct weir_level_summary *level, const char *text)
{
    struct weir_objective_outcome *outcome = &level->objectives[level->objective_count++];
    assert_int_equal(weir_objective_parse((struct weir_slice){text, strlen(text)}, false,
                                          &outcome->objective, NULL),
                     WEIR_OK);
    outcome->value = weir_objective_value(&outcome->objective, level);
    outcome->result = weir_objective_judge(&outcome->objective, level);
}

/** A level of `rate` requests/s, with all that an open loop has to tell. */
static inline struct weir_level_summary fixture_rate_level(uint32_t index, uint32_t repetition,
                                                           bool is_overloaded)
{
    struct weir_level_summary level =
        fixture_level(index, "vllm", 0, is_overloaded ? 780 : 800, is_overloaded ? 40 : 1);
    level.mode = "rate";
    level.repetition = repetition;
    level.request_rate = 20;
    level.offered = (struct weir_offered){.offered_rate = 20.02,
                                          .sent_rate = is_overloaded ? 19.871 : 20.02,
                                          .late = is_overloaded ? 31 : 0,
                                          .is_saturated = is_overloaded};
    level.settling = (struct weir_settling){
        .is_auto = true, .has_settled = !is_overloaded, .settled_s = is_overloaded ? NAN : 11};
    level.has_trend[WEIR_TREND_IN_FLIGHT] = true;
    level.trends[WEIR_TREND_IN_FLIGHT] =
        (struct weir_trend){.slope = is_overloaded ? 0.5 : 0.01,
                            .interval = {is_overloaded ? 0.4 : -0.02, is_overloaded ? 0.6 : 0.04},
                            .mean = 21.5,
                            .count = 30};
    level.has_trend[WEIR_TREND_ITL] = true;
    level.trends[WEIR_TREND_ITL] = (struct weir_trend){
        .slope = -0.0002, .interval = {-0.0003, -0.0001}, .mean = 10.1, .count = 30};
    level.counters.has_goodput = true;
    level.counters.good = is_overloaded ? 600 : 800;
    level.metrics[WEIR_METRIC_GOODPUT] = fixture_scalar((double)level.counters.good / 40);
    if (is_overloaded) {
        level.counters.outcomes[WEIR_OUTCOME_CANCELLED] = 12;
        level.counters.outcomes[WEIR_OUTCOME_HTTP_429] = 8;
        level.metrics[WEIR_METRIC_ERROR_RATE] = fixture_scalar(100.0 * 8 / 788);
    }
    fixture_objective(&level, "time_to_first_token:p99<3s");
    fixture_objective(&level, "error_rate<0.1%");
    return level;
}

/** A fixed rate twice over: borne at first, too much the second time. Free with
 * weir_summary_free(). */
static inline struct weir_summary fixture_rates(void)
{
    struct weir_summary summary = {.seed = 1, .name = "soak"};
    struct weir_level_summary level = fixture_rate_level(0, 0, false);
    weir_summary_add(&summary, &level);
    level = fixture_rate_level(1, 1, true);
    weir_summary_add(&summary, &level);
    return summary;
}

static inline struct weir_errors fixture_errors(void)
{
    struct weir_errors errors;
    weir_errors_init(&errors);
    weir_errors_add(&errors, 1, WEIR_OUTCOME_HTTP_5XX, "{\"error\":\"queue | full\"}\n");
    weir_errors_add(&errors, 1, WEIR_OUTCOME_HTTP_5XX, "{\"error\":\"queue | full\"}\n");
    weir_errors_add(&errors, 1, WEIR_OUTCOME_HTTP_5XX, "<html><body>502 Bad Gateway</body></html>");
    weir_errors_add(&errors, 1, WEIR_OUTCOME_TIMEOUT, "no token within 2s");
    weir_errors_add(&errors, 3, WEIR_OUTCOME_CONNECT, "connection refused\x1b[31m\xff");
    return errors;
}

#define FIXTURE_CONFIG                                                                             \
    "{\"url\":{\"value\":[\"vllm=http://user:hunter2@127.0.0.1:8000\",\"sglang=http://"            \
    "127.0.0.1:8001\"],"                                                                           \
    "\"origin\":\"flag\"},\"concurrency\":{\"value\":[8,256],\"origin\":\"ci.yaml:3\"},"           \
    "\"api-key\":{\"value\":\"***\",\"origin\":\"environment\"},\"timeout\":{\"value\":\"600s\","  \
    "\"origin\":\"default\"}}"

static inline struct weir_run_facts fixture_facts(void)
{
    static const struct weir_library libraries[] = {{"libuv", "1.44.2"}, {"libcurl", "7.88.1"}};
    static const struct weir_run_target targets[] = {
        {"vllm", "http://user:hunter2@127.0.0.1:8000/v1/chat/completions?api_key=hunter3",
         "meta-llama/Llama-3.1-8B"},
        {"sglang", "http://127.0.0.1:8001/v1/chat/completions", "meta-llama/Llama-3.1-8B"}};
    static char run[] = "run";
    static char *command[] = {run};
    return (struct weir_run_facts){
        .state = WEIR_RUN_COMPLETE,
        .name = "nightly",
        .weir_version = "0.1.0",
        .started_at = "2026-01-31T12:00:00.123Z",
        .ended_at = "2026-01-31T12:02:11.456Z",
        .seed = 1,
        .config_hash = 0x0123456789abcdefULL,
        .plan_hash = 0xfeULL,
        .config_json = FIXTURE_CONFIG,
        .command = command,
        .command_count = 1,
        .libraries = libraries,
        .library_count = 2,
        .targets = targets,
        .target_count = 2,
        .host = {.hostname = "bench-1",
                 .kernel = "Linux 6.1.0 x86_64",
                 .cpu_model = "Example CPU @ 2.00GHz",
                 .cores = 8,
                 .memory_bytes = 16LL << 30,
                 .clocksource = "tsc",
                 .open_files_soft = 1024,
                 .open_files_hard = INT64_MAX,
                 .port_first = 32768,
                 .port_last = 60999,
                 .load_average = 0.25},
    };
}

#endif
