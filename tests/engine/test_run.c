// The engine whole: plan in, samples and summary out, against a server in this process. Also what
// ThreadSanitizer looks at.
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/canned_server.h"
#include "weir/base/log.h"
#include "weir/engine/run.h"

enum { SAMPLES_MAX = 1 << 17 };

static const char *transport; // of the test that runs

/** What the sink was told. */
struct told {
    struct weir_sample samples[SAMPLES_MAX];
    size_t count;
    weir_ns started; // of the last level
    uint64_t slice_ok;
    uint64_t slice_failed;
    size_t errors;
    size_t levels;
    char message[256];
};

static void on_level_start(void *context, const struct weir_plan *plan, uint32_t level,
                           weir_ns started)
{
    (void)plan;
    (void)level;
    ((struct told *)context)->started = started;
}

static void on_sample(void *context, const struct weir_sample *sample)
{
    struct told *told = context;
    if (told->count < SAMPLES_MAX) {
        told->samples[told->count++] = *sample;
    }
}

static void on_slice(void *context, uint32_t level, const struct weir_slice_stat *slice)
{
    (void)level;
    struct told *told = context;
    told->slice_ok += slice->ok;
    told->slice_failed += slice->failed;
}

static void on_error(void *context, const struct weir_sample *sample, const char *message)
{
    struct told *told = context;
    assert_int_not_equal(sample->outcome, WEIR_OUTCOME_OK);
    (void)snprintf(told->message, sizeof(told->message), "%s", message);
    told->errors++;
}

static void on_level_end(void *context, const struct weir_level_summary *level,
                         const struct weir_recorder *recorder)
{
    (void)level;
    struct told *told = context;
    assert_non_null(recorder);
    told->levels++;
}

struct option {
    const char *name;
    const char *value;
};

/** Run against `server` with these options; the caller frees the summary. */
static struct weir_summary run(const struct canned_server *server, const struct option *options,
                               size_t count, struct told *told)
{
    struct weir_config config;
    struct weir_err err = {0};
    char url[64];
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", server->port);
    weir_config_init(&config);
    assert_int_equal(weir_config_set(&config, FOR_RUN, "url", url, &err), WEIR_OK);
    assert_int_equal(weir_config_set(&config, FOR_RUN, "model", "m", &err), WEIR_OK);
    assert_int_equal(weir_config_set(&config, FOR_RUN, "transport", transport, &err), WEIR_OK);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(weir_config_set(&config, FOR_RUN, options[i].name, options[i].value, &err),
                         WEIR_OK);
    }
    struct weir_target target;
    assert_int_equal(weir_target_parse(url, config.endpoint_type, &target, &err), WEIR_OK);
    (void)snprintf(target.model, sizeof(target.model), "m");
    struct weir_plan *plan = NULL;
    assert_int_equal(weir_plan_new(&config, &target, 1, &plan, &err), WEIR_OK);
    const struct weir_run_sink sink = {told,     on_level_start, on_sample,
                                       on_slice, on_error,       on_level_end};
    struct weir_summary summary;
    assert_int_equal(weir_run_check(&config, plan, &err), WEIR_OK);
    assert_int_equal(weir_run(&config, plan, &sink, &summary, &err), WEIR_OK);
    weir_plan_free(plan);
    weir_config_free(&config);
    return summary;
}

#define RUN(server, options, told)                                                                 \
    run(server, options, sizeof(options) / sizeof((options)[0]), told)

static int setup_over(void **state, const char *over)
{
    transport = over;
    weir_log_set_quiet(true);
    *state = calloc(1, sizeof(struct told));
    return *state == NULL;
}

static int setup_native(void **state)
{
    return setup_over(state, "native");
}

static int setup_curl(void **state)
{
    return setup_over(state, "curl");
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static void all_ids_once(const struct told *told, size_t expected)
{
    static unsigned char seen[SAMPLES_MAX];
    memset(seen, 0, sizeof(seen));
    assert_int_equal(told->count, expected);
    for (size_t i = 0; i < told->count; i++) {
        assert_true(told->samples[i].id < expected);
        assert_int_equal(seen[told->samples[i].id]++, 0);
    }
}

static void instants_in_order(const struct weir_sample *s)
{
    assert_true(s->due <= s->sent && s->sent <= s->first_byte && s->first_byte <= s->first_token);
    assert_true(s->first_token <= s->last_token && s->last_token <= s->done);
}

static void every_request_once_whatever_the_workers(void **state)
{
    struct told *told = *state;
    static const char *const workers[] = {"1", "2", "4"};
    for (size_t w = 0; w < 3; w++) {
        memset(told, 0, sizeof(*told));
        struct canned_server *server = canned_start(CANNED_STREAM, false);
        const struct option options[] = {
            {"concurrency", "8"}, {"request-count", "400"}, {"workers", workers[w]}};
        struct weir_summary summary = RUN(server, options, told);
        assert_int_equal(atomic_load(&server->requests), 400);
        assert_int_equal(summary.level_count, 1);
        const struct weir_level_summary *level = &summary.levels[0];
        assert_int_equal(level->counters.outcomes[WEIR_OUTCOME_OK], 400);
        assert_int_equal(level->counters.measured, 400);
        assert_int_equal(level->sent, 400);
        assert_int_equal(told->slice_ok, 400);
        assert_int_equal(told->levels, 1);
        assert_int_equal(level->client.allocations, 0); // nothing of ours after the start barrier
        assert_int_equal(level->client.records_dropped, 0);
        all_ids_once(told, 400);
        for (size_t i = 0; i < told->count; i++) {
            instants_in_order(&told->samples[i]);
        }
        weir_summary_free(&summary);
        canned_stop(server);
    }
}

static void connections_are_kept_or_not(void **state)
{
    struct told *told = *state;
    struct canned_server *server = canned_start(CANNED_STREAM, false);
    const struct option reuse[] = {
        {"concurrency", "4"}, {"request-count", "100"}, {"workers", "1"}};
    struct weir_summary summary = RUN(server, reuse, told);
    assert_int_equal(atomic_load(&server->connections),
                     4 + 2); // one each, and the two checks before
    weir_summary_free(&summary);
    canned_stop(server);

    memset(told, 0, sizeof(*told));
    server = canned_start(CANNED_STREAM, false);
    const struct option fresh[] = {
        {"concurrency", "4"}, {"request-count", "100"}, {"workers", "1"}, {"connection", "new"}};
    summary = RUN(server, fresh, told);
    assert_int_equal(atomic_load(&server->connections), 100 + 2);
    assert_int_equal(summary.levels[0].counters.connections_new, 100);
    assert_int_equal(summary.levels[0].client.allocations, 0);
    weir_summary_free(&summary);
    canned_stop(server);
}

static void a_request_is_never_sent_twice(void **state)
{
    // The server closes each connection right after its answer: some closings are noticed only when
    // the next request is on its way.
    struct told *told = *state;
    struct canned_server *server = canned_start(CANNED_STREAM, true);
    const struct option options[] = {
        {"concurrency", "4"}, {"request-count", "200"}, {"workers", "1"}};
    struct weir_summary summary = RUN(server, options, told);
    const struct weir_counters *counters = &summary.levels[0].counters;
    assert_int_equal(counters->measured, 200);
    assert_int_equal(counters->outcomes[WEIR_OUTCOME_OK] + counters->outcomes[WEIR_OUTCOME_RESET],
                     200);
    assert_int_equal(atomic_load(&server->requests), counters->outcomes[WEIR_OUTCOME_OK]);
    weir_summary_free(&summary);
    canned_stop(server);
}

static void silence_ends_by_its_limit(void **state)
{
    struct told *told = *state;
    struct canned_server *server = canned_start(NULL, false);
    const struct option options[] = {{"concurrency", "3"},
                                     {"request-count", "9"},
                                     {"workers", "1"},
                                     {"first-token-timeout", "30ms"}};
    struct weir_summary summary = RUN(server, options, told);
    const struct weir_counters *counters = &summary.levels[0].counters;
    assert_int_equal(counters->outcomes[WEIR_OUTCOME_TIMEOUT], 9);
    assert_int_equal(counters->timeouts[WEIR_TIMEOUT_FIRST_TOKEN], 9);
    assert_int_equal(told->errors, 9);
    for (size_t i = 0; i < told->count; i++) {
        assert_true(told->samples[i].done - told->samples[i].sent >=
                    30 * WEIR_MSEC); // never too early
    }
    weir_summary_free(&summary);
    canned_stop(server);
}

static void words_of_the_server_are_passed_on(void **state)
{
    struct told *told = *state;
    struct canned_server *server = canned_start("HTTP/1.1 429 Too Many Requests\r\nContent-Type: "
                                                "application/json\r\nContent-Length: 34\r\n\r\n"
                                                "{\"error\":{\"message\":\"queue full\"}}\n",
                                                false);
    const struct option options[] = {
        {"concurrency", "2"}, {"request-count", "20"}, {"workers", "1"}};
    struct weir_summary summary = RUN(server, options, told);
    assert_int_equal(summary.levels[0].counters.outcomes[WEIR_OUTCOME_HTTP_429], 20);
    assert_string_equal(told->message, "HTTP 429: queue full");
    weir_summary_free(&summary);
    canned_stop(server);
}

static void a_sweep_takes_its_levels_in_order(void **state)
{
    struct told *told = *state;
    struct canned_server *server = canned_start(CANNED_STREAM, false);
    const struct option options[] = {
        {"concurrency", "1,5,2"}, {"duration", "150ms"}, {"warmup-duration", "50ms"}};
    struct weir_summary summary = RUN(server, options, told);
    assert_int_equal(summary.level_count, 3);
    const uint32_t expected[] = {1, 5, 2};
    for (size_t i = 0; i < 3; i++) {
        const struct weir_level_summary *level = &summary.levels[i];
        assert_int_equal(level->concurrency, expected[i]);
        assert_true(level->counters.warmup > 0 && level->counters.measured > 0);
        assert_true(level->window_start_s >= 0.05 && level->window_end_s >= 0.2);
    }
    for (size_t i = 0; i < told->count; i++) {
        const struct weir_sample *s = &told->samples[i];
        assert_true(s->phase == WEIR_PHASE_WARMUP || s->phase == WEIR_PHASE_MEASURED);
    }
    weir_summary_free(&summary);
    canned_stop(server);
}

/** Due offset of each id of the level just run. */
static void dues_of(const struct told *told, weir_ns *dues, size_t count)
{
    assert_int_equal(told->count, count);
    for (size_t i = 0; i < count; i++) {
        dues[told->samples[i].id] = told->samples[i].due - told->started;
    }
}

static void arrivals_are_the_same_whatever_the_workers(void **state)
{
    enum { REQUESTS = 300 };
    struct told *told = *state;
    static weir_ns first[REQUESTS];
    static weir_ns dues[REQUESTS];
    static const char *const workers[] = {"1", "2", "4"};
    for (size_t w = 0; w < 3; w++) {
        memset(told, 0, sizeof(*told));
        struct canned_server *server = canned_start(CANNED_STREAM, false);
        const struct option options[] = {{"request-rate", "1000"},
                                         {"request-count", "280"},
                                         {"warmup-count", "20"},
                                         {"workers", workers[w]}};
        struct weir_summary summary = RUN(server, options, told);
        const struct weir_level_summary *level = &summary.levels[0];
        assert_int_equal(level->sent, 280);
        assert_int_equal(level->planned, 280);
        assert_int_equal(level->counters.warmup, 20);
        assert_int_equal(level->offered.dropped, 0);
        all_ids_once(told, REQUESTS);
        dues_of(told, w == 0 ? first : dues, REQUESTS);
        for (size_t i = 0; i < told->count; i++) {
            assert_true(told->samples[i].sent >= told->samples[i].due); // never before it is due
        }
        if (w > 0) {
            assert_memory_equal(first, dues, sizeof(first));
        }
        weir_summary_free(&summary);
        canned_stop(server);
    }
}

static void a_full_house_waits_or_drops(void **state)
{
    struct told *told = *state;
    struct canned_server *server =
        canned_start(NULL, false); // never answers: each slot is busy for 50 ms
    const struct option waits[] = {{"request-rate", "200"}, {"request-count", "40"},
                                   {"max-in-flight", "2"},  {"arrival", "constant"},
                                   {"timeout", "0s"},       {"first-token-timeout", "50ms"},
                                   {"workers", "1"}};
    struct weir_summary summary = RUN(server, waits, told);
    assert_int_equal(summary.levels[0].sent, 40); // nothing is thinned: all are sent, late
    assert_int_equal(told->count, 40);
    weir_summary_free(&summary);

    memset(told, 0, sizeof(*told));
    const struct option drops[] = {{"request-rate", "200"}, {"request-count", "40"},
                                   {"max-in-flight", "2"},  {"arrival", "constant"},
                                   {"timeout", "0s"},       {"first-token-timeout", "50ms"},
                                   {"workers", "1"},        {"when-full", "drop"}};
    summary = RUN(server, drops, told);
    const struct weir_level_summary *level = &summary.levels[0];
    assert_true(level->offered.dropped > 0);
    assert_int_equal(level->planned, 40);
    assert_int_equal(level->sent + level->offered.dropped, 40);
    assert_int_equal(level->verdict.verdict, WEIR_VERDICT_INVALID);
    weir_summary_free(&summary);
    canned_stop(server);
}

static void users_who_leave_are_cancelled(void **state)
{
    struct told *told = *state;
    struct canned_server *server = canned_start(NULL, false);
    const struct option options[] = {{"concurrency", "2"},
                                     {"request-count", "10"},
                                     {"workers", "1"},
                                     {"cancel-rate", "100"},
                                     {"cancel-after", "20ms"}};
    struct weir_summary summary = RUN(server, options, told);
    assert_int_equal(summary.levels[0].counters.outcomes[WEIR_OUTCOME_CANCELLED], 10);
    for (size_t i = 0; i < told->count; i++) {
        assert_true(told->samples[i].done - told->samples[i].sent >= 20 * WEIR_MSEC);
    }
    weir_summary_free(&summary);
    canned_stop(server);
}

#define OVER_BOTH(test)                                                                            \
    cmocka_unit_test_setup_teardown(test, setup_native, teardown),                                 \
        cmocka_unit_test_setup_teardown(test, setup_curl, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OVER_BOTH(every_request_once_whatever_the_workers),
        OVER_BOTH(connections_are_kept_or_not),
        OVER_BOTH(a_request_is_never_sent_twice),
        OVER_BOTH(silence_ends_by_its_limit),
        OVER_BOTH(words_of_the_server_are_passed_on),
        OVER_BOTH(a_sweep_takes_its_levels_in_order),
        OVER_BOTH(arrivals_are_the_same_whatever_the_workers),
        OVER_BOTH(a_full_house_waits_or_drops),
        OVER_BOTH(users_who_leave_are_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
