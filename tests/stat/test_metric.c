// The metric table, and each formula at its edges.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "weir/base/attr.h"
#include "weir/stat/metric.h"

static void every_tag_is_found(void **state)
{
    (void)state;
    for (enum weir_metric metric = 0; metric < WEIR_METRIC_COUNT; metric++) {
        assert_int_equal(weir_metric_find(weir_metric_info(metric)->tag),
                         metric); // so tags are unique too
    }
    static const char *const none[] = {"", "time_to_first", "time_to_first_token ",
                                       "TIME_TO_FIRST_TOKEN", "ttft"};
    for (size_t i = 0; i < WEIR_COUNT_OF(none); i++) {
        assert_int_equal(weir_metric_find(none[i]), WEIR_METRIC_COUNT);
    }
}

static void every_row_is_filled(void **state)
{
    (void)state;
    for (enum weir_metric metric = 0; metric < WEIR_METRIC_COUNT; metric++) {
        const struct weir_metric_info *info = weir_metric_info(metric);
        assert_int_equal(strspn(info->tag, "abcdefghijklmnopqrstuvwxyz_"), strlen(info->tag));
        assert_true(strlen(info->unit) > 0);
        assert_true(strlen(info->formula) > 0);
        assert_true(info->scale >= 1);
        assert_true(info->scale == (strcmp(info->unit, "ms") == 0 ? 1e6 : info->scale));
    }
    assert_int_equal(weir_metric_info(WEIR_METRIC_ICL)->kind, WEIR_METRIC_GAP);
    assert_int_equal(weir_metric_info(WEIR_METRIC_TTFT)->direction, WEIR_LOWER_IS_BETTER);
    assert_int_equal(weir_metric_info(WEIR_METRIC_OUT_RATE)->direction, WEIR_HIGHER_IS_BETTER);
    assert_int_equal(weir_metric_info(WEIR_METRIC_ERROR_RATE)->kind, WEIR_METRIC_SCALAR);
}

/** A streamed answer in which every instant and count differs from the others. */
static const struct weir_sample good = {
    .due = 1000,
    .is_streamed = 1,
    .sent = 1030,
    .first_byte = 2000,
    .first_token = 2500,
    .first_output_token = 3000,
    .second_token = 2700,
    .last_token = 9500,
    .done = 9999,
    .connect_time = 25,
    .longest_gap = 1234,
    .chunks = 10,
    .output_tokens = 15,
    .input_tokens = 77,
    .reasoning_tokens = 4,
    .cached_tokens = 64,
};

#define assert_value(metric, sample, expected)                                                     \
    assert_int_equal(weir_metric_value(WEIR_METRIC_##metric, (sample)), (expected))

static void a_good_request_has_every_value(void **state)
{
    (void)state;
    assert_value(TTFT, &good, 1470);
    assert_value(TTFOT, &good, 1970);
    assert_value(TTST, &good, 200);
    assert_value(TPOT, &good, 500); // 7000 / 14
    assert_value(LATENCY, &good, 8470);
    assert_value(SCHED_TTFT, &good, 1500);
    assert_value(SCHED_LATENCY, &good, 8500);
    assert_value(LATENESS, &good, 30);
    assert_value(CONNECT, &good, 25);
    assert_value(HTTP, &good, 8969);
    assert_value(STALL, &good, 1234);
    assert_value(ISL, &good, 77);
    assert_value(OSL, &good, 15);
    assert_value(REASONING, &good, 4);
    assert_value(CACHED, &good, 64);
    assert_value(USER_RATE, &good, 2000000000); // 14 tokens in 7 µs: 2e6 a second, times 1000
    assert_value(FAIL_TIME, &good, -1);
}

static void a_failed_request_has_one_value(void **state)
{
    (void)state;
    for (unsigned outcome = WEIR_OUTCOME_OK + 1; outcome < WEIR_OUTCOME_COUNT; outcome++) {
        if (outcome == WEIR_OUTCOME_CANCELLED) {
            continue;
        }
        struct weir_sample failed = good;
        failed.outcome = (uint8_t)outcome;
        for (enum weir_metric metric = 0; metric < WEIR_METRIC_COUNT; metric++) {
            int64_t expected = metric == WEIR_METRIC_FAIL_TIME ? 8969 : -1;
            assert_int_equal(weir_metric_value(metric, &failed), expected);
        }
        failed.sent = 0; // never sent: it failed while connecting
        assert_value(FAIL_TIME, &failed, 8999);
        failed.due = 0;
        assert_value(FAIL_TIME, &failed, -1);
    }
}

static void a_cancelled_request_has_none(void **state)
{
    (void)state;
    struct weir_sample cancelled = good;
    cancelled.outcome = WEIR_OUTCOME_CANCELLED;
    for (enum weir_metric metric = 0; metric < WEIR_METRIC_COUNT; metric++) {
        assert_int_equal(weir_metric_value(metric, &cancelled), -1);
    }
}

static void what_is_pooled_or_computed_later_has_no_value_a_request(void **state)
{
    (void)state;
    for (enum weir_metric metric = 0; metric < WEIR_METRIC_COUNT; metric++) {
        if (weir_metric_info(metric)->kind != WEIR_METRIC_REQUEST) {
            assert_int_equal(weir_metric_value(metric, &good), -1);
        }
    }
}

static void an_answer_in_one_piece_has_no_stream_metrics(void **state)
{
    (void)state;
    struct weir_sample whole = good;
    whole.is_streamed = 0;
    static const enum weir_metric none[] = {
        WEIR_METRIC_TTFT,       WEIR_METRIC_TTFOT, WEIR_METRIC_TTST,     WEIR_METRIC_TPOT,
        WEIR_METRIC_SCHED_TTFT, WEIR_METRIC_STALL, WEIR_METRIC_USER_RATE};
    for (size_t i = 0; i < WEIR_COUNT_OF(none); i++) {
        assert_int_equal(weir_metric_value(none[i], &whole), -1);
    }
    assert_value(LATENCY, &whole, 8969); // to done
    assert_value(SCHED_LATENCY, &whole, 8999);
    assert_value(HTTP, &whole, 8969);
    assert_value(OSL, &whole, 15);
}

static void pace_needs_two_tokens_in_two_events(void **state)
{
    (void)state;
    struct weir_sample sample = good;
    sample.output_tokens = 1;
    assert_value(TPOT, &sample, -1);
    assert_value(USER_RATE, &sample, -1);
    sample.output_tokens = -1;
    assert_value(TPOT, &sample, -1);
    sample.output_tokens = 2;
    assert_value(TPOT, &sample, 7000);
    sample.chunks = 1; // ten tokens in one event: no time between them
    assert_value(TPOT, &sample, -1);
    assert_value(USER_RATE, &sample, -1);
    assert_value(STALL, &sample, -1);
    sample.chunks = 2;
    assert_value(TPOT, &sample, 7000);
    assert_value(STALL, &sample, 1234);
}

static void pace_is_rounded_to_the_nearest(void **state)
{
    (void)state;
    struct weir_sample sample = good;
    sample.output_tokens = 1 + 3000;
    assert_value(TPOT, &sample, 2); // 7000 / 3000 = 2.33
    sample.output_tokens = 1 + 4000;
    assert_value(TPOT, &sample, 2); // 1.75
    sample.output_tokens = 1 + 3;
    assert_value(USER_RATE, &sample, 428571429); // 3 in 7 µs
}

static void tokens_that_share_an_instant_have_no_rate(void **state)
{
    (void)state;
    struct weir_sample sample = good;
    sample.last_token = sample.first_token;
    assert_value(TPOT, &sample, 0);
    assert_value(USER_RATE, &sample, -1);
    sample.last_token = sample.first_token + 1;
    sample.output_tokens = INT32_MAX; // no overflow on the way
    assert_value(USER_RATE, &sample, INT64_MAX);
}

static void what_never_happened_has_no_value(void **state)
{
    (void)state;
    struct weir_sample sample = good;
    sample.first_output_token = 0; // nothing but reasoning
    sample.second_token = 0;
    assert_value(TTFOT, &sample, -1);
    assert_value(TTST, &sample, -1);
    assert_value(TTFT, &sample, 1470);
    sample.first_token = 0;
    sample.last_token = 0;
    assert_value(TTFT, &sample, -1);
    assert_value(LATENCY, &sample, -1);
    assert_value(TPOT, &sample, -1);
    assert_value(HTTP, &sample, 8969);
}

static void counts_that_the_server_did_not_give_have_no_value(void **state)
{
    (void)state;
    struct weir_sample sample = good;
    sample.input_tokens = sample.output_tokens = sample.reasoning_tokens = sample.cached_tokens =
        -1;
    assert_value(ISL, &sample, -1);
    assert_value(OSL, &sample, -1);
    assert_value(REASONING, &sample, -1);
    assert_value(CACHED, &sample, -1);
    sample.cached_tokens = 0; // it said none: that is a number
    assert_value(CACHED, &sample, 0);
}

static void only_new_connections_took_time_to_connect(void **state)
{
    (void)state;
    struct weir_sample sample = good;
    sample.is_reused = 1;
    assert_value(CONNECT, &sample, -1);
    sample.is_reused = 0;
    sample.connect_time = 0;
    assert_value(CONNECT, &sample, -1);
    sample.connect_time = 1;
    assert_value(CONNECT, &sample, 1);
}

/** The kernel's stamps are carried over from another clock and may come out a few ns before an
 * instant of our own. */
static void a_span_is_never_negative(void **state)
{
    (void)state;
    struct weir_sample sample = good;
    sample.first_token = sample.sent - 5;
    assert_value(TTFT, &sample, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tag_is_found),
        cmocka_unit_test(every_row_is_filled),
        cmocka_unit_test(a_good_request_has_every_value),
        cmocka_unit_test(a_failed_request_has_one_value),
        cmocka_unit_test(a_cancelled_request_has_none),
        cmocka_unit_test(what_is_pooled_or_computed_later_has_no_value_a_request),
        cmocka_unit_test(an_answer_in_one_piece_has_no_stream_metrics),
        cmocka_unit_test(pace_needs_two_tokens_in_two_events),
        cmocka_unit_test(pace_is_rounded_to_the_nearest),
        cmocka_unit_test(tokens_that_share_an_instant_have_no_rate),
        cmocka_unit_test(what_never_happened_has_no_value),
        cmocka_unit_test(counts_that_the_server_did_not_give_have_no_value),
        cmocka_unit_test(only_new_connections_took_time_to_connect),
        cmocka_unit_test(a_span_is_never_negative),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
