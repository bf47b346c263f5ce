// summary.json: golden, and read back number by number against the summary it was made from.
#include "result/fixture.h"

#include <jansson.h>

#include "weir/result/summary_json.h"

static json_t *render(const struct weir_summary *summary, struct weir_buf *text)
{
    struct weir_run_facts facts = fixture_facts();
    struct weir_errors errors = fixture_errors();
    weir_buf_init(text, 1U << 24);
    assert_true(weir_summary_json(summary, &facts, &errors, text));
    weir_errors_free(&errors);
    json_error_t error;
    json_t *root = json_loads(weir_buf_text(text), JSON_REJECT_DUPLICATES, &error);
    assert_non_null(root);
    return root;
}

/** null where there is no number, else equal to six decimals. */
static void check(const json_t *object, const char *key, double expected)
{
    json_t *value = json_object_get(object, key);
    if (value == NULL) {
        fail_msg("no %s", key);
    }
    if (isfinite(expected)) {
        assert_true(json_is_number(value));
        assert_true(fabs(json_number_value(value) - expected) <= 0.50001e-6);
    } else {
        assert_true(json_is_null(value));
    }
}

static void check_stats(const json_t *object, const struct weir_metric_stats *stats,
                        const char *unit)
{
    bool is_empty = stats->count == 0;
    assert_string_equal(json_string_value(json_object_get(object, "unit")), unit);
    assert_int_equal(json_integer_value(json_object_get(object, "count")), stats->count);
    check(object, "avg", is_empty ? NAN : stats->avg);
    check(object, "std", is_empty ? NAN : stats->std);
    check(object, "min", is_empty ? NAN : stats->min);
    check(object, "max", is_empty ? NAN : stats->max);
    for (int i = 0; i < WEIR_PERCENTILE_COUNT; i++) {
        check(object, weir_percentile_key((enum weir_percentile)i),
              is_empty ? NAN : stats->percentiles[i]);
    }
}

static void check_level(const json_t *object, const struct weir_level_summary *level)
{
    const json_t *metrics = json_object_get(object, "metrics");
    assert_int_equal(json_object_size(metrics), WEIR_METRIC_COUNT);
    for (int i = 0; i < WEIR_METRIC_COUNT; i++) {
        const struct weir_metric_info *info = weir_metric_info((enum weir_metric)i);
        const json_t *metric = json_object_get(metrics, info->tag);
        if (info->kind == WEIR_METRIC_SCALAR) {
            assert_int_equal(json_object_size(metric), 2);
            assert_string_equal(json_string_value(json_object_get(metric, "unit")), info->unit);
            check(metric, "avg", level->metrics[i].avg);
        } else {
            check_stats(metric, &level->metrics[i], info->unit);
        }
    }
    const json_t *client = json_object_get(object, "client");
    check_stats(json_object_get(client, "loop_lag_ms"), &level->client.loop_lag, "ms");
    check_stats(json_object_get(client, "send_lateness_ms"), &level->client.send_lateness, "ms");
    check(client, "cpu_utilisation", level->client.cpu_utilisation);
    const json_t *window = json_object_get(object, "window");
    check(window, "start_s", level->window_start_s);
    check(window, "end_s", level->window_end_s);
    check(object, "request_rate", level->request_rate);
    check(object, "concurrency", level->concurrency > 0 ? (double)level->concurrency : NAN);
    assert_string_equal(json_string_value(json_object_get(object, "target")), level->target);
}

static void check_outcomes(const json_t *requests, const struct weir_level_summary *level)
{
    json_int_t sum = 0;
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(json_object_get(requests, "outcomes"), key, value)
    {
        sum += json_integer_value(value);
    }
    json_int_t ok = json_integer_value(json_object_get(requests, "ok"));
    assert_int_equal(sum, level->counters.measured);
    json_int_t failed = json_integer_value(json_object_get(requests, "failed"));
    json_int_t cancelled = json_integer_value(json_object_get(requests, "cancelled"));
    assert_int_equal(failed, weir_counters_failed(&level->counters));
    assert_int_equal(ok + failed + cancelled, level->counters.measured);
}

static void check_every_number(struct weir_summary summary)
{
    struct weir_buf text;
    json_t *root = render(&summary, &text);
    const json_t *levels = json_object_get(root, "levels");
    assert_int_equal(json_array_size(levels), summary.level_count);
    for (size_t i = 0; i < summary.level_count; i++) {
        const json_t *object = json_array_get(levels, i);
        check_level(object, &summary.levels[i]);
        check_outcomes(json_object_get(object, "requests"), &summary.levels[i]);
    }
    json_decref(root);
    weir_buf_free(&text);
    weir_summary_free(&summary);
}

static void test_every_number_comes_back(void **state)
{
    (void)state;
    check_every_number(fixture_summary());
    check_every_number(fixture_rates());
}

static double number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static void test_what_an_open_loop_came_to(void **state)
{
    (void)state;
    struct weir_summary summary = fixture_rates();
    struct weir_buf text;
    json_t *root = render(&summary, &text);
    const json_t *levels = json_object_get(root, "levels");
    const json_t *level = json_array_get(levels, 1);
    assert_int_equal(number(level, "repetition"), 1);
    const json_t *open_loop = json_object_get(level, "open_loop");
    assert_true(number(open_loop, "offered_rate") == 20.02);
    assert_int_equal(number(open_loop, "late"), 31);
    assert_true(json_is_true(json_object_get(open_loop, "saturated")));
    const json_t *trends = json_object_get(level, "trends");
    assert_true(json_is_null(json_object_get(trends, "error_rate"))); // was not to be had
    const json_t *rising = json_object_get(trends, "in_flight");
    assert_true(number(rising, "slope_per_hour") == 1800);
    assert_true(
        json_number_value(json_array_get(json_object_get(rising, "interval_per_hour"), 0)) == 1440);
    assert_int_equal(number(json_object_get(level, "requests"), "cancelled"), 12);
    assert_int_equal(number(json_object_get(level, "goodput"), "good"), 600);
    const json_t *objective = json_array_get(json_object_get(level, "objectives"), 1);
    assert_string_equal(json_string_value(json_object_get(objective, "result")), "missed");
    json_decref(root);
    weir_buf_free(&text);
    weir_summary_free(&summary);
}

static void test_golden(void **state)
{
    (void)state;
    struct weir_summary summary = fixture_summary();
    struct weir_buf text;
    json_t *root = render(&summary, &text);
    fixture_golden("summary.json", weir_buf_text(&text));
    json_decref(root);
    weir_buf_free(&text);
    weir_summary_free(&summary);
}

static void test_no_number_is_ever_nan(void **state)
{
    (void)state;
    struct weir_summary summary = {.seed = 1};
    struct weir_level_summary level = fixture_level(0, "", 0, 0, 1);
    level.window_end_s = level.drain_s = level.whole_s = NAN;
    level.client.cpu_utilisation = INFINITY;
    level.client.timestamp_source = NULL;
    level.mode = NULL;
    level.planned = 0;
    weir_summary_add(&summary, &level);
    struct weir_buf text;
    json_t *root = render(&summary, &text); // Jansson refuses nan and inf
    const json_t *object = json_array_get(json_object_get(root, "levels"), 0);
    assert_true(json_is_null(json_object_get(json_object_get(object, "requests"), "planned")));
    assert_true(
        json_is_null(json_object_get(json_object_get(object, "whole_run"), "request_throughput")));
    json_decref(root);
    weir_buf_free(&text);
    weir_summary_free(&summary);
}

static void test_hostile_text_and_secrets_in_urls(void **state)
{
    (void)state;
    struct weir_summary summary = {.seed = 1};
    struct weir_level_summary level = fixture_level(0, "a\xff\x01", 1, 800, 1);
    (void)snprintf(level.url, sizeof(level.url), "http://me:hunter2@h/v1?token=hunter3");
    weir_summary_add(&summary, &level);
    struct weir_buf text;
    json_t *root = render(&summary, &text);
    assert_null(strstr(weir_buf_text(&text), "hunter"));
    json_decref(root);
    weir_buf_free(&text);
    weir_summary_free(&summary);
}

static void test_full_buffer_is_told(void **state)
{
    (void)state;
    struct weir_summary summary = fixture_summary();
    struct weir_run_facts facts = fixture_facts();
    struct weir_errors errors = {0};
    struct weir_buf small;
    weir_buf_init(&small, 1000);
    assert_false(weir_summary_json(&summary, &facts, &errors, &small));
    weir_buf_free(&small);
    weir_summary_free(&summary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_number_comes_back),
        cmocka_unit_test(test_what_an_open_loop_came_to),
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_no_number_is_ever_nan),
        cmocka_unit_test(test_hostile_text_and_secrets_in_urls),
        cmocka_unit_test(test_full_buffer_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
