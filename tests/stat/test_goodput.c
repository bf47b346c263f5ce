// Good requests: which count, and how the rate and the share come of them.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "weir/base/mem.h"
#include "weir/stat/summary.h"

/** An ok request whose first token took `ttft_ms`, ended `done_ms` into a window of a second. */
static struct weir_sample ok_request(int ttft_ms, int done_ms)
{
    return (struct weir_sample){
        .due = 1,
        .sent = 1,
        .first_byte = 1 + ttft_ms * WEIR_MSEC,
        .first_token = 1 + ttft_ms * WEIR_MSEC,
        .last_token = 1 + done_ms * WEIR_MSEC,
        .done = 1 + done_ms * WEIR_MSEC,
        .chunks = 2,
        .output_tokens = 2,
        .phase = WEIR_PHASE_MEASURED,
        .is_streamed = 1,
        .outcome = WEIR_OUTCOME_OK,
        .token_source = WEIR_TOKEN_SOURCE_USAGE,
    };
}

static struct weir_level_summary level_of(const char *goodput, const struct weir_sample *samples,
                                          size_t count)
{
    struct weir_objective *objectives = NULL;
    size_t objective_count = 0;
    struct weir_err err;
    struct weir_recorder *recorder = weir_recorder_new();
    struct weir_recorder *sum = weir_recorder_new();
    if (goodput != NULL) {
        assert_int_equal(weir_objectives_parse(weir_slice_of(goodput), true, &objectives,
                                               &objective_count, &err),
                         WEIR_OK);
        weir_recorder_set_goodput(recorder, objectives, objective_count);
    }
    for (size_t i = 0; i < count; i++) {
        weir_recorder_add(recorder, &samples[i], NULL, 0, (struct weir_window){0, WEIR_SECOND});
    }
    weir_recorder_merge(sum, recorder);
    struct weir_level_summary level = {.window_start_s = 0, .window_end_s = 1};
    weir_level_summarize(&level, sum);
    weir_recorder_free(recorder);
    weir_recorder_free(sum);
    weir_free(objectives);
    return level;
}

static void without_objectives_there_is_no_goodput(void **state)
{
    (void)state;
    const struct weir_sample samples[] = {ok_request(10, 100)};
    struct weir_level_summary level = level_of(NULL, samples, 1);
    assert_false(level.counters.has_goodput);
    assert_true(isnan(level.metrics[WEIR_METRIC_GOODPUT].avg));
}

static void all_objectives_must_be_met(void **state)
{
    (void)state;
    struct weir_sample failed = ok_request(10, 100);
    failed.outcome = WEIR_OUTCOME_RESET;
    struct weir_sample warmup = ok_request(10, 100);
    warmup.phase = WEIR_PHASE_WARMUP;
    const struct weir_sample samples[] = {
        ok_request(10, 100),  // good
        ok_request(60, 100),  // first token too late
        ok_request(10, 900),  // answer too long
        ok_request(10, 1100), // ends behind the window, and is too long
        failed,
        warmup, // good, and ends in the window, but is not measured
    };
    struct weir_level_summary level = level_of("ttft<50ms e2e<500ms", samples, 6);
    assert_true(level.counters.has_goodput);
    assert_int_equal(level.counters.good, 1);
    assert_int_equal(level.counters.good_in_window, 2);
    assert_int_equal(level.counters.measured, 5);
    assert_true(level.metrics[WEIR_METRIC_GOODPUT].avg == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_objectives_there_is_no_goodput),
        cmocka_unit_test(all_objectives_must_be_met),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
