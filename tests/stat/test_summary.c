// Numbers for people: which there are, which there are not, and what becomes of verdicts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stat/scenario.h"
#include "weir/base/attr.h"
#include "weir/stat/summary.h"

static bool is_nan(double value)
{
    return isnan(value);
}
#define assert_nan(value) assert_true(is_nan(value))

static void percentile_keys_say_their_value(void **state)
{
    (void)state;
    double last = 0;
    for (enum weir_percentile p = 0; p < WEIR_PERCENTILE_COUNT; p++) {
        double value = weir_percentile_value(p);
        assert_true(value > last && value < 100); // ascending, so unique
        last = value;
        assert_int_equal(weir_percentile_key(p)[0], 'p');
        assert_near(strtod(weir_percentile_key(p) + 1, NULL), value);
    }
}

static void a_percentile_needs_a_value_beyond_it(void **state)
{
    (void)state;
    static const struct {
        double percentile;
        uint64_t least; // count that supports it
    } cases[] = {{1, 100}, {5, 20},  {10, 10},  {25, 4},      {50, 2},       {75, 4},
                 {90, 10}, {95, 20}, {99, 100}, {99.9, 1000}, {99.99, 10000}};
    assert_int_equal(WEIR_COUNT_OF(cases), WEIR_PERCENTILE_COUNT);
    for (size_t i = 0; i < WEIR_COUNT_OF(cases); i++) {
        assert_true(weir_percentile_supported(cases[i].percentile, cases[i].least));
        assert_false(weir_percentile_supported(cases[i].percentile, cases[i].least - 1));
        assert_true(weir_percentile_supported(cases[i].percentile, UINT64_MAX));
        assert_false(weir_percentile_supported(cases[i].percentile, 0));
    }
    assert_false(weir_percentile_supported(0, UINT64_MAX)); // that is the minimum
    assert_false(weir_percentile_supported(100, UINT64_MAX));
}

static void no_data_is_not_zero(void **state)
{
    (void)state;
    struct weir_hist *hist = weir_hist_new(1000, 3);
    struct weir_metric_stats stats;
    memset(&stats, 0, sizeof(stats));
    assert_false(weir_hist_record(hist, 5000));
    weir_metric_stats_of(hist, 1, &stats);
    assert_int_equal(stats.count, 0);
    assert_int_equal(stats.dropped, 1);
    assert_nan(stats.avg);
    assert_nan(stats.std);
    assert_nan(stats.min);
    assert_nan(stats.max);
    for (size_t i = 0; i < WEIR_PERCENTILE_COUNT; i++) {
        assert_nan(stats.percentiles[i]);
    }
    weir_hist_free(hist);
}

static void statistics_come_in_the_metrics_own_unit(void **state)
{
    (void)state;
    struct weir_hist *hist = weir_hist_new(WEIR_HOUR, 3);
    for (int i = 1; i <= 1000; i++) {
        assert_true(weir_hist_record(hist, i * 1000)); // 1 to 1000 µs, in ns
    }
    struct weir_metric_stats stats;
    weir_metric_stats_of(hist, 1e3, &stats);
    assert_int_equal(stats.count, 1000);
    assert_int_equal(stats.dropped, 0);
    assert_near(stats.avg, 500.5);
    assert_true(fabs(stats.std - 288.675) < 0.5);
    assert_near(stats.min, 1);
    assert_near(stats.max, 1000);
    for (enum weir_percentile p = 0; p < WEIR_PERCENTILE_P99_99; p++) {
        double exact = ceil(weir_percentile_value(p) * 10 - 1e-9);
        assert_true(fabs(stats.percentiles[p] - exact) <= exact / 1000);
    }
    assert_nan(stats.percentiles[WEIR_PERCENTILE_P99_99]); // takes 10000 values
    weir_hist_free(hist);
}

static void percentiles_appear_one_by_one_as_values_come_in(void **state)
{
    (void)state;
    struct weir_hist *hist = weir_hist_new(1000, 3);
    for (uint64_t count = 1; count <= 12000; count++) {
        assert_true(weir_hist_record(hist, 500));
        struct weir_metric_stats stats;
        weir_metric_stats_of(hist, 1, &stats);
        assert_near(stats.avg, 500);
        assert_near(stats.std, 0);
        for (enum weir_percentile p = 0; p < WEIR_PERCENTILE_COUNT; p++) {
            double expected = weir_percentile_supported(weir_percentile_value(p), count) ? 500 : -1;
            double got = isnan(stats.percentiles[p]) ? -1 : stats.percentiles[p];
            assert_near(got, expected);
        }
    }
    weir_hist_free(hist);
}

static double avg(const struct weir_level_summary *level, enum weir_metric metric)
{
    return level->metrics[metric].avg;
}

static void the_scenario_in_numbers(void **state)
{
    (void)state;
    struct weir_recorder *recorder = weir_recorder_new();
    scenario_play(recorder);
    struct weir_level_summary level = {.window_start_s = 1, .window_end_s = 2};
    weir_level_summarize(&level, recorder);

    assert_near(avg(&level, WEIR_METRIC_OUT_RATE), 78);
    assert_near(avg(&level, WEIR_METRIC_IN_RATE), 207);
    assert_near(avg(&level, WEIR_METRIC_TOTAL_RATE), 285);
    assert_near(avg(&level, WEIR_METRIC_REQ_RATE), 6);
    assert_near(avg(&level, WEIR_METRIC_CONCURRENCY), 2.181);
    assert_near(avg(&level, WEIR_METRIC_ERROR_RATE), 30);

    const struct weir_metric_stats *ttft = &level.metrics[WEIR_METRIC_TTFT];
    assert_int_equal(ttft->count, 5);
    assert_near(ttft->avg, 62);
    assert_near(ttft->min, 40);
    assert_near(ttft->max, 90);
    assert_true(fabs(ttft->percentiles[WEIR_PERCENTILE_P50] - 50) < 0.1);
    assert_true(fabs(ttft->percentiles[WEIR_PERCENTILE_P75] - 80) < 0.1);
    assert_nan(ttft->percentiles[WEIR_PERCENTILE_P90]);
    assert_near(level.metrics[WEIR_METRIC_USER_RATE].max, 116.667);

    assert_int_equal(level.counters.measured, 10); // copied
    assert_int_equal(level.token_source, WEIR_TOKEN_SOURCE_USAGE);
    assert_true(level.is_token_source_mixed);
    weir_recorder_free(recorder);
}

static void scalars_have_a_value_and_nothing_else(void **state)
{
    (void)state;
    struct weir_recorder *recorder = weir_recorder_new();
    scenario_play(recorder);
    struct weir_level_summary level = {.window_start_s = 1, .window_end_s = 3};
    weir_level_summarize(&level, recorder);
    assert_near(avg(&level, WEIR_METRIC_OUT_RATE), 39); // over two seconds now
    for (enum weir_metric metric = 0; metric < WEIR_METRIC_COUNT; metric++) {
        const struct weir_metric_stats *stats = &level.metrics[metric];
        if (weir_metric_info(metric)->kind != WEIR_METRIC_SCALAR || metric == WEIR_METRIC_GOODPUT) {
            continue;
        }
        assert_false(is_nan(stats->avg));
        assert_int_equal(stats->count, 0);
        assert_int_equal(stats->dropped, 0);
        assert_nan(stats->std);
        assert_nan(stats->min);
        assert_nan(stats->max);
        for (size_t i = 0; i < WEIR_PERCENTILE_COUNT; i++) {
            assert_nan(stats->percentiles[i]);
        }
    }
    weir_recorder_free(recorder);
}

static void a_window_without_length_has_no_rates(void **state)
{
    (void)state;
    struct weir_recorder *recorder = weir_recorder_new();
    scenario_play(recorder);
    static const double ends[] = {1, 0.5}; // none, and a window that never came to its end
    for (size_t i = 0; i < WEIR_COUNT_OF(ends); i++) {
        struct weir_level_summary level = {.window_start_s = 1, .window_end_s = ends[i]};
        weir_level_summarize(&level, recorder);
        assert_nan(avg(&level, WEIR_METRIC_OUT_RATE));
        assert_nan(avg(&level, WEIR_METRIC_IN_RATE));
        assert_nan(avg(&level, WEIR_METRIC_TOTAL_RATE));
        assert_nan(avg(&level, WEIR_METRIC_REQ_RATE));
        assert_nan(avg(&level, WEIR_METRIC_CONCURRENCY));
        assert_near(avg(&level, WEIR_METRIC_ERROR_RATE), 30); // needs no window
        assert_near(avg(&level, WEIR_METRIC_TTFT), 62);
    }
    weir_recorder_free(recorder);
}

/** Whoever left on purpose neither failed nor succeeded: the share is of the others. */
static void cancelled_requests_are_no_failures(void **state)
{
    (void)state;
    static const enum weir_outcome outcomes[] = {
        WEIR_OUTCOME_OK,        WEIR_OUTCOME_OK,    WEIR_OUTCOME_OK,       WEIR_OUTCOME_HTTP_5XX,
        WEIR_OUTCOME_CANCELLED, WEIR_OUTCOME_RESET, WEIR_OUTCOME_CANCELLED};
    struct weir_recorder *recorder = weir_recorder_new();
    struct weir_level_summary level = {.window_end_s = 10};
    const struct weir_window window = {.start = 0, .end = 10 * WEIR_SECOND};
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        struct weir_sample sample = {.due = 1, .sent = 1, .done = 2, .phase = WEIR_PHASE_MEASURED};
        sample.outcome = (uint8_t)outcomes[i];
        weir_recorder_add(recorder, &sample, NULL, 0, window);
        sample.phase = WEIR_PHASE_WARMUP;
        weir_recorder_add(recorder, &sample, NULL, 0, window);
    }
    weir_level_summarize(&level, recorder);
    assert_int_equal(level.counters.measured, 7);
    assert_int_equal(weir_counters_failed(&level.counters), 2);
    assert_int_equal(level.counters.warmup, 7);
    assert_int_equal(level.counters.warmup_failed, 2);
    assert_near(avg(&level, WEIR_METRIC_ERROR_RATE), 40);
    assert_int_equal(level.metrics[WEIR_METRIC_FAIL_TIME].count, 2);
    weir_recorder_reset(recorder);
    struct weir_sample left = {
        .sent = 1, .done = 2, .phase = WEIR_PHASE_MEASURED, .outcome = WEIR_OUTCOME_CANCELLED};
    weir_recorder_add(recorder, &left, NULL, 0, window);
    weir_level_summarize(&level, recorder);
    assert_int_equal(weir_counters_failed(&level.counters), 0);
    assert_nan(avg(&level, WEIR_METRIC_ERROR_RATE)); // nobody stayed: nothing is known
    weir_recorder_free(recorder);
}

static void an_idle_level_has_rates_of_zero_and_no_error_rate(void **state)
{
    (void)state;
    struct weir_recorder *recorder = weir_recorder_new();
    struct weir_level_summary level = {.window_start_s = 0, .window_end_s = 10};
    weir_level_summarize(&level, recorder);
    assert_near(avg(&level, WEIR_METRIC_REQ_RATE), 0); // nothing came back in ten seconds: measured
    assert_near(avg(&level, WEIR_METRIC_OUT_RATE), 0);
    assert_near(avg(&level, WEIR_METRIC_CONCURRENCY), 0);
    assert_nan(avg(&level, WEIR_METRIC_IN_RATE)); // nobody said how long the prompts were
    assert_nan(avg(&level, WEIR_METRIC_TOTAL_RATE));
    assert_nan(avg(&level, WEIR_METRIC_ERROR_RATE));
    assert_nan(avg(&level, WEIR_METRIC_TTFT));
    assert_int_equal(level.token_source, WEIR_TOKEN_SOURCE_NONE);
    assert_false(level.is_token_source_mixed);
    weir_recorder_free(recorder);
}

/** One measured request in one piece, done inside the window. */
static void add_whole(struct weir_recorder *recorder, int32_t input, int32_t output,
                      enum weir_token_source source)
{
    const struct weir_sample sample = {.phase = WEIR_PHASE_MEASURED,
                                       .due = MS(1100),
                                       .sent = MS(1100),
                                       .done = MS(1200),
                                       .input_tokens = input,
                                       .output_tokens = output,
                                       .reasoning_tokens = -1,
                                       .cached_tokens = -1,
                                       .token_source = (uint8_t)source};
    weir_recorder_add(recorder, &sample, NULL, 0, scenario_window);
}

static void counts_that_nobody_gave_make_no_rates(void **state)
{
    (void)state;
    struct weir_recorder *recorder = weir_recorder_new();
    struct weir_level_summary level = {.window_start_s = 1, .window_end_s = 2};
    add_whole(recorder, -1, -1, WEIR_TOKEN_SOURCE_NONE);
    weir_level_summarize(&level, recorder);
    assert_nan(avg(&level, WEIR_METRIC_OUT_RATE));
    assert_nan(avg(&level, WEIR_METRIC_IN_RATE));
    assert_near(avg(&level, WEIR_METRIC_REQ_RATE), 1);
    assert_int_equal(level.token_source, WEIR_TOKEN_SOURCE_NONE);

    add_whole(recorder, -1, 40, WEIR_TOKEN_SOURCE_USAGE);
    weir_level_summarize(&level, recorder);
    assert_near(avg(&level, WEIR_METRIC_OUT_RATE), 40);
    assert_nan(avg(&level, WEIR_METRIC_IN_RATE));
    assert_nan(avg(&level, WEIR_METRIC_TOTAL_RATE));
    assert_int_equal(level.token_source, WEIR_TOKEN_SOURCE_USAGE); // of two equals the better one
    assert_true(level.is_token_source_mixed);

    add_whole(recorder, 60, 5, WEIR_TOKEN_SOURCE_EVENTS);
    add_whole(recorder, -1, 5, WEIR_TOKEN_SOURCE_EVENTS);
    weir_level_summarize(&level, recorder);
    assert_near(avg(&level, WEIR_METRIC_IN_RATE), 60);
    assert_near(avg(&level, WEIR_METRIC_TOTAL_RATE), 110);
    assert_int_equal(level.token_source, WEIR_TOKEN_SOURCE_EVENTS); // most of them
    weir_recorder_free(recorder);
}

static void one_known_count_is_enough_for_a_rate(void **state)
{
    (void)state;
    struct weir_recorder *recorder = weir_recorder_new();
    struct weir_level_summary level = {.window_start_s = 1, .window_end_s = 2};
    add_whole(recorder, 1, 1, WEIR_TOKEN_SOURCE_USAGE);
    weir_level_summarize(&level, recorder);
    assert_near(avg(&level, WEIR_METRIC_OUT_RATE), 1);
    assert_near(avg(&level, WEIR_METRIC_IN_RATE), 1);
    assert_near(avg(&level, WEIR_METRIC_ERROR_RATE), 0);
    weir_recorder_free(recorder);

    recorder = weir_recorder_new(); // known, but none of it fell into the window
    const struct weir_sample late = {.phase = WEIR_PHASE_MEASURED,
                                     .sent = MS(1100),
                                     .done = MS(2500),
                                     .input_tokens = 1,
                                     .output_tokens = 1};
    weir_recorder_add(recorder, &late, NULL, 0, scenario_window);
    weir_level_summarize(&level, recorder);
    assert_near(avg(&level, WEIR_METRIC_OUT_RATE), 0);
    assert_near(avg(&level, WEIR_METRIC_IN_RATE), 0);
    weir_recorder_free(recorder);

    recorder = weir_recorder_new(); // known from warm-up alone
    const struct weir_sample early = {.phase = WEIR_PHASE_WARMUP,
                                      .sent = MS(900),
                                      .done = MS(1500),
                                      .input_tokens = 1,
                                      .output_tokens = 1};
    weir_recorder_add(recorder, &early, NULL, 0, scenario_window);
    weir_level_summarize(&level, recorder);
    assert_near(avg(&level, WEIR_METRIC_OUT_RATE), 1);
    assert_near(avg(&level, WEIR_METRIC_IN_RATE), 1);
    weir_recorder_free(recorder);
}

static void one_source_is_not_mixed(void **state)
{
    (void)state;
    for (unsigned source = 0; source < WEIR_TOKEN_SOURCE_COUNT; source++) {
        struct weir_recorder *recorder = weir_recorder_new();
        struct weir_level_summary level = {.window_start_s = 1, .window_end_s = 2};
        add_whole(recorder, 1, 1, (enum weir_token_source)source);
        weir_level_summarize(&level, recorder);
        assert_int_equal(level.token_source, source);
        assert_false(level.is_token_source_mixed);
        weir_recorder_free(recorder);
    }
}

static void a_verdict_only_gets_worse(void **state)
{
    (void)state;
    assert_string_equal(weir_verdict_key(WEIR_VERDICT_VALID), "valid");
    assert_string_equal(weir_verdict_key(WEIR_VERDICT_SUSPECT), "suspect");
    assert_string_equal(weir_verdict_key(WEIR_VERDICT_INVALID), "invalid");

    struct weir_verdict_reasons reasons = {0};
    assert_int_equal(reasons.verdict, WEIR_VERDICT_VALID);
    weir_verdict_add(&reasons, WEIR_VERDICT_SUSPECT, "late by %d ms", 12);
    weir_verdict_add(&reasons, WEIR_VERDICT_INVALID, "%s", "100% CPU");
    weir_verdict_add(&reasons, WEIR_VERDICT_SUSPECT, "again");
    assert_int_equal(reasons.verdict, WEIR_VERDICT_INVALID);
    assert_int_equal(reasons.count, 3);
    assert_string_equal(reasons.text[0], "late by 12 ms");
    assert_string_equal(reasons.text[1], "100% CPU");
    assert_string_equal(reasons.text[2], "again");
}

static void reasons_beyond_the_room_still_count(void **state)
{
    (void)state;
    struct weir_verdict_reasons reasons = {0};
    char text[WEIR_REASON_BYTES * 2];
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    for (int i = 0; i < WEIR_REASON_MAX; i++) {
        weir_verdict_add(&reasons, WEIR_VERDICT_SUSPECT, "%s", text);
    }
    weir_verdict_add(&reasons, WEIR_VERDICT_INVALID, "one too many");
    assert_int_equal(reasons.count, WEIR_REASON_MAX);
    assert_int_equal(reasons.verdict, WEIR_VERDICT_INVALID);
    assert_int_equal(strlen(reasons.text[WEIR_REASON_MAX - 1]), WEIR_REASON_BYTES - 1);
}

static void a_run_is_as_good_as_its_worst_level(void **state)
{
    (void)state;
    struct weir_summary summary = {0};
    struct weir_level_summary level = {.target = "vllm", .concurrency = 8, .request_rate = NAN};
    weir_summary_add(&summary, &level);
    assert_int_equal(summary.verdict.verdict, WEIR_VERDICT_VALID);
    assert_int_equal(summary.verdict.count, 0);
    assert_false(summary.is_interrupted);

    level.index = 1;
    level.concurrency = 1;
    level.is_interrupted = true;
    weir_verdict_add(&level.verdict, WEIR_VERDICT_INVALID, "the loop stalled");
    weir_summary_add(&summary, &level);

    level = (struct weir_level_summary){.index = 2, .target = "tgi", .request_rate = 0.5};
    weir_verdict_add(&level.verdict, WEIR_VERDICT_SUSPECT, "late");
    weir_summary_add(&summary, &level);

    level = (struct weir_level_summary){.index = 3, .target = "trace", .request_rate = 0};
    weir_verdict_add(&level.verdict, WEIR_VERDICT_SUSPECT, "late");
    weir_summary_add(&summary, &level);

    assert_int_equal(summary.level_count, 4);
    assert_int_equal(summary.verdict.verdict, WEIR_VERDICT_INVALID);
    assert_int_equal(summary.verdict.count, 3);
    assert_string_equal(summary.verdict.text[0], "vllm at concurrency 1: the loop stalled");
    assert_string_equal(summary.verdict.text[1], "tgi at 0.5 requests/s: late");
    assert_string_equal(summary.verdict.text[2], "trace, level 3: late");
    assert_true(summary.is_interrupted);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(summary.levels[i].index, i);
    }
    assert_int_equal(summary.levels[1].verdict.verdict, WEIR_VERDICT_INVALID); // each keeps its own
    weir_summary_free(&summary);
    assert_null(summary.levels);
    assert_int_equal(summary.level_count, 0);
    weir_summary_free(&summary);
}

static void a_verdict_without_a_reason_counts_too(void **state)
{
    (void)state;
    struct weir_summary summary = {0};
    struct weir_level_summary level = {.verdict = {.verdict = WEIR_VERDICT_SUSPECT}};
    weir_summary_add(&summary, &level);
    assert_int_equal(summary.verdict.verdict, WEIR_VERDICT_SUSPECT);
    weir_summary_free(&summary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentile_keys_say_their_value),
        cmocka_unit_test(a_percentile_needs_a_value_beyond_it),
        cmocka_unit_test(no_data_is_not_zero),
        cmocka_unit_test(statistics_come_in_the_metrics_own_unit),
        cmocka_unit_test(percentiles_appear_one_by_one_as_values_come_in),
        cmocka_unit_test(the_scenario_in_numbers),
        cmocka_unit_test(scalars_have_a_value_and_nothing_else),
        cmocka_unit_test(a_window_without_length_has_no_rates),
        cmocka_unit_test(cancelled_requests_are_no_failures),
        cmocka_unit_test(an_idle_level_has_rates_of_zero_and_no_error_rate),
        cmocka_unit_test(counts_that_nobody_gave_make_no_rates),
        cmocka_unit_test(one_known_count_is_enough_for_a_rate),
        cmocka_unit_test(one_source_is_not_mixed),
        cmocka_unit_test(a_verdict_only_gets_worse),
        cmocka_unit_test(reasons_beyond_the_room_still_count),
        cmocka_unit_test(a_run_is_as_good_as_its_worst_level),
        cmocka_unit_test(a_verdict_without_a_reason_counts_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
