// From finished requests to histograms and counters: a scenario worked out by hand, and properties
// over random requests.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "stat/scenario.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/base/rng.h"

static void check_scenario_counters(const struct weir_counters *c)
{
    assert_int_equal(c->measured, 10);
    assert_int_equal(c->outcomes[WEIR_OUTCOME_OK], 7);
    assert_int_equal(c->outcomes[WEIR_OUTCOME_TIMEOUT], 1);
    assert_int_equal(c->outcomes[WEIR_OUTCOME_CONNECT], 1);
    assert_int_equal(c->outcomes[WEIR_OUTCOME_HTTP_429], 1);
    assert_int_equal(c->outcomes[WEIR_OUTCOME_RESET], 0); // that was warm-up
    assert_int_equal(c->timeouts[WEIR_TIMEOUT_STALL], 1);
    assert_int_equal(c->timeouts[WEIR_TIMEOUT_NONE], 0);
    assert_int_equal(c->token_sources[WEIR_TOKEN_SOURCE_USAGE], 5);
    assert_int_equal(c->token_sources[WEIR_TOKEN_SOURCE_CHUNK_USAGE], 1);
    assert_int_equal(c->token_sources[WEIR_TOKEN_SOURCE_EVENTS], 1);
    assert_int_equal(c->token_sources[WEIR_TOKEN_SOURCE_NONE], 0);
    assert_int_equal(c->warmup, 3);
    assert_int_equal(c->warmup_failed, 1);
    assert_int_equal(c->whole_ok, 9);
    assert_int_equal(c->whole_output_tokens, 10 + 20 + 11 + 13 + 8 + 3 + 30 + 10 + 5);
    assert_int_equal(c->ended_in_window, 6);
    assert_near(c->output_tokens_in_window, 20 * 3.0 / 5 + 11 + 13 + 8 * 2.0 / 4 + 3 + 30 + 5);
    assert_near(c->input_tokens_in_window, 100 + 40 + 60 + 7);
    assert_near(c->in_flight_ns,
                (double)MS(160 + 50 + 151 + 170 + 100 + 490 + 500 + 200 + 300 + 10 + 50));
    assert_int_equal(c->length_short, 1);
    assert_int_equal(c->length_long, 1);
    assert_int_equal(c->connections_new, 3);
    assert_int_equal(c->retries, 2);
    assert_int_equal(c->gaps_early, 0);
}

struct expected_hist {
    enum weir_metric metric;
    uint64_t count;
    double sum; // in the metric's unit, as are the others
    double min;
    double max;
};

static const struct expected_hist expected_hists[] = {
    {WEIR_METRIC_TTFT, 5, 50 + 50 + 80 + 90 + 40, 40, 90},
    {WEIR_METRIC_TTFOT, 2, 60 + 40, 40, 60},
    {WEIR_METRIC_TTST, 4, 10 + 40 + 20 + 200, 10, 200},
    {WEIR_METRIC_ICL, 18, 10 * 10 + 3 * 40 + 3 * 20 + 2 * 200, 10, 200},
    {WEIR_METRIC_ITL, 27, 10 * 10 + 12 * 10 + 3 * 20 + 2 * 200, 10, 200},
    {WEIR_METRIC_TPOT, 4, 10 + 10 + 8.571429 + 200, 8.571429, 200},
    {WEIR_METRIC_LATENCY, 7, 150 + 170 + 140 + 490 + 500 + 300 + 40, 40, 500},
    {WEIR_METRIC_SCHED_TTFT, 5, 52 + 50 + 80 + 100 + 40, 40, 100},
    {WEIR_METRIC_SCHED_LATENCY, 7, 152 + 170 + 140 + 500 + 500 + 300 + 40, 40, 500},
    {WEIR_METRIC_LATENESS, 7, 2 + 10, 0, 10},
    {WEIR_METRIC_CONNECT, 1, 1.5, 1.5, 1.5},
    {WEIR_METRIC_HTTP, 7, 151 + 170 + 150 + 490 + 500 + 300 + 50, 50, 500},
    {WEIR_METRIC_STALL, 4, 10 + 40 + 20 + 200, 10, 200},
    {WEIR_METRIC_ISL, 5, 100 + 40 + 60 + 20 + 7, 7, 100},
    {WEIR_METRIC_OSL, 7, 11 + 13 + 8 + 3 + 30 + 10 + 5, 3, 30},
    {WEIR_METRIC_REASONING, 1, 3, 3, 3},
    {WEIR_METRIC_CACHED, 1, 0, 0, 0},
    {WEIR_METRIC_USER_RATE, 4, 100 + 100 + 116.667 + 5, 5, 116.667},
    {WEIR_METRIC_FAIL_TIME, 3, 300 + 50 + 10, 10, 300},
};

static void check_scenario_hists(const struct weir_recorder *recorder)
{
    size_t histograms = 0;
    for (enum weir_metric metric = 0; metric < WEIR_METRIC_COUNT; metric++) {
        histograms += weir_recorder_hist(recorder, metric) != NULL;
    }
    assert_int_equal(histograms, WEIR_COUNT_OF(expected_hists)); // none is forgotten here
    for (size_t i = 0; i < WEIR_COUNT_OF(expected_hists); i++) {
        const struct expected_hist *expected = &expected_hists[i];
        const struct weir_hist *hist = weir_recorder_hist(recorder, expected->metric);
        double scale = weir_metric_info(expected->metric)->scale;
        assert_int_equal(weir_hist_count(hist), expected->count);
        assert_int_equal(weir_hist_dropped(hist), 0);
        assert_near(weir_hist_mean(hist) * (double)expected->count / scale, expected->sum);
        assert_near((double)weir_hist_min(hist) / scale, expected->min);
        assert_near((double)weir_hist_max(hist) / scale, expected->max);
    }
}

static void thirteen_requests_give_what_was_worked_out_by_hand(void **state)
{
    (void)state;
    struct weir_recorder *recorder = weir_recorder_new();
    scenario_play(recorder);
    check_scenario_counters(weir_recorder_counters(recorder));
    check_scenario_hists(recorder);
    weir_recorder_free(recorder);
}

static void check_is_blank(const struct weir_recorder *recorder)
{
    static const struct weir_counters blank;
    assert_memory_equal(weir_recorder_counters(recorder), &blank, sizeof(blank));
    for (enum weir_metric metric = 0; metric < WEIR_METRIC_COUNT; metric++) {
        const struct weir_hist *hist = weir_recorder_hist(recorder, metric);
        bool is_scalar = weir_metric_info(metric)->kind == WEIR_METRIC_SCALAR;
        assert_int_equal(hist == NULL, is_scalar);
        assert_int_equal(is_scalar ? 0 : weir_hist_count(hist) + weir_hist_dropped(hist), 0);
    }
}

static void a_reset_recorder_is_a_new_one(void **state)
{
    (void)state;
    struct weir_recorder *recorder = weir_recorder_new();
    check_is_blank(recorder);
    scenario_play(recorder);
    weir_recorder_add_gaps(recorder, &(struct weir_gap){1, 1}, 1);
    weir_recorder_reset(recorder);
    check_is_blank(recorder);
    scenario_play(recorder);
    check_scenario_counters(weir_recorder_counters(recorder));
    check_scenario_hists(recorder);
    weir_recorder_free(recorder);
    weir_recorder_free(NULL);
}

static void recording_allocates_nothing(void **state)
{
    (void)state;
    struct weir_recorder *recorder = weir_recorder_new();
    struct weir_recorder *other = weir_recorder_new();
    uint64_t before = weir_mem_count();
    scenario_play(recorder);
    weir_recorder_add_gaps(recorder, &(struct weir_gap){1, 1}, 1);
    weir_recorder_merge(other, recorder);
    weir_recorder_reset(recorder);
    assert_int_equal(weir_mem_count(), before);
    weir_recorder_free(recorder);
    weir_recorder_free(other);
}

static void early_gaps_count_at_once(void **state)
{
    (void)state;
    struct weir_recorder *recorder = weir_recorder_new();
    const struct weir_gap gaps[] = {
        {weir_gap_encode(MS(10)), 1},   {weir_gap_encode(MS(10)), 3}, // 3.333333 ms three times
        {weir_gap_encode(MS(4000)), 2}, {weir_gap_encode(1), 2}, // half a ns is one, rounded up
        {weir_gap_encode(MS(7)), 0}, // brought nothing that was counted: still one event
    };
    weir_recorder_add_gaps(recorder, gaps, WEIR_COUNT_OF(gaps));
    assert_int_equal(weir_recorder_counters(recorder)->gaps_early, 5);
    assert_int_equal(weir_recorder_counters(recorder)->measured, 0);
    const struct weir_hist *chunks = weir_recorder_hist(recorder, WEIR_METRIC_ICL);
    assert_int_equal(weir_hist_count(chunks), 5);
    assert_near(weir_hist_mean(chunks) * 5, (double)MS(10 + 10 + 4000 + 7) + 1);
    const struct weir_hist *tokens = weir_recorder_hist(recorder, WEIR_METRIC_ITL);
    assert_int_equal(weir_hist_count(tokens), 1 + 3 + 2 + 2 + 1);
    assert_near(weir_hist_mean(tokens) * 9, (double)MS(10 + 4000 + 7) + 3 * 3333333 + 2);
    weir_recorder_free(recorder);
}

static void a_window_that_is_still_open_counts_all_after_its_start(void **state)
{
    (void)state;
    struct weir_recorder *recorder = weir_recorder_new();
    const struct weir_window open = {MS(1000), INT64_MAX};
    const struct weir_sample sample = {.phase = WEIR_PHASE_MEASURED,
                                       .due = MS(900),
                                       .sent = MS(900),
                                       .done = MS(5000),
                                       .output_tokens = 6,
                                       .input_tokens = 2};
    weir_recorder_add(recorder, &sample, NULL, 0, open);
    const struct weir_counters *counters = weir_recorder_counters(recorder);
    assert_int_equal(counters->ended_in_window, 1);
    assert_near(counters->output_tokens_in_window, 6);
    assert_near(counters->input_tokens_in_window, 2);
    assert_near(counters->in_flight_ns, (double)MS(4000));
    weir_recorder_free(recorder);
}

static void values_out_of_range_are_counted_as_dropped(void **state)
{
    (void)state;
    struct weir_recorder *recorder = weir_recorder_new();
    const struct weir_sample sample = {.phase = WEIR_PHASE_MEASURED,
                                       .due = 1,
                                       .sent = 1,
                                       .done = 1 + WEIR_RECORDER_MAX_NS + 1,
                                       .output_tokens = 2000000000,
                                       .input_tokens = 1000000000,
                                       .reasoning_tokens = -1,
                                       .cached_tokens = -1};
    weir_recorder_add(recorder, &sample, NULL, 0, (struct weir_window){0, INT64_MAX});
    assert_int_equal(weir_hist_dropped(weir_recorder_hist(recorder, WEIR_METRIC_HTTP)), 1);
    assert_int_equal(weir_hist_count(weir_recorder_hist(recorder, WEIR_METRIC_HTTP)), 0);
    assert_int_equal(weir_hist_dropped(weir_recorder_hist(recorder, WEIR_METRIC_OSL)), 1);
    assert_int_equal(weir_hist_count(weir_recorder_hist(recorder, WEIR_METRIC_ISL)), 1);
    assert_int_equal(weir_hist_max(weir_recorder_hist(recorder, WEIR_METRIC_ISL)), 1000000000);
    weir_recorder_free(recorder);
}

static void lengths_are_held_against_what_was_asked_for(void **state)
{
    (void)state;
    static const struct {
        uint32_t asked;
        int32_t got;
        enum weir_token_source source;
        int is_short;
        int is_long;
    } cases[] = {
        {10, 10, WEIR_TOKEN_SOURCE_USAGE, 0, 0},
        {10, 9, WEIR_TOKEN_SOURCE_USAGE, 1, 0},
        {10, 9, WEIR_TOKEN_SOURCE_CHUNK_USAGE, 1, 0},
        {10, 9, WEIR_TOKEN_SOURCE_EVENTS, 0, 0}, // an event may bring several tokens
        {10, 11, WEIR_TOKEN_SOURCE_EVENTS, 0, 1},
        {10, 11, WEIR_TOKEN_SOURCE_USAGE, 0, 1},
        {10, 0, WEIR_TOKEN_SOURCE_USAGE, 1, 0},
        {10, -1, WEIR_TOKEN_SOURCE_NONE, 0, 0}, // nobody knows
        {0, 50, WEIR_TOKEN_SOURCE_USAGE, 0, 0}, // nobody asked
        {UINT32_MAX, INT32_MAX, WEIR_TOKEN_SOURCE_USAGE, 1, 0},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(cases); i++) {
        struct weir_recorder *recorder = weir_recorder_new();
        struct weir_sample sample = {.phase = WEIR_PHASE_WARMUP,
                                     .tokens_asked = cases[i].asked,
                                     .output_tokens = cases[i].got,
                                     .token_source = (uint8_t)cases[i].source};
        weir_recorder_add(recorder, &sample, NULL, 0, scenario_window); // warm-up has no say
        sample.phase = WEIR_PHASE_MEASURED;
        weir_recorder_add(recorder, &sample, NULL, 0, scenario_window);
        sample.outcome = WEIR_OUTCOME_TRUNCATED; // nor has what failed
        weir_recorder_add(recorder, &sample, NULL, 0, scenario_window);
        assert_int_equal(weir_recorder_counters(recorder)->length_short, cases[i].is_short);
        assert_int_equal(weir_recorder_counters(recorder)->length_long, cases[i].is_long);
        weir_recorder_free(recorder);
    }
}

/** Tokens and prompt tokens that one request puts into the window of the scenario. */
static void check_credit(const struct weir_sample *sample, double output, double input)
{
    struct weir_recorder *recorder = weir_recorder_new();
    weir_recorder_add(recorder, sample, NULL, 0, scenario_window);
    assert_near(weir_recorder_counters(recorder)->output_tokens_in_window, output);
    assert_near(weir_recorder_counters(recorder)->input_tokens_in_window, input);
    weir_recorder_free(recorder);
}

static void tokens_are_credited_where_they_arrived(void **state)
{
    (void)state;
    const struct weir_sample stream = {.is_streamed = 1,
                                       .sent = MS(900),
                                       .first_token = MS(990),
                                       .last_token = MS(1500),
                                       .done = MS(1500),
                                       .chunks = 4,
                                       .chunks_in_window = 1,
                                       .output_tokens = 1,
                                       .input_tokens = 1};
    struct weir_sample sample = stream;
    check_credit(&sample, 0.25, 0); // the prompt goes with the first token
    sample.first_token = MS(1000);  // the start is outside
    check_credit(&sample, 0.25, 0);
    sample.first_token = MS(1000) + 1;
    check_credit(&sample, 0.25, 1);
    sample.first_token = MS(2000); // the end is inside
    check_credit(&sample, 0.25, 1);
    sample.first_token = MS(2000) + 1;
    check_credit(&sample, 0.25, 0);
    sample.is_streamed = 0; // what came in one piece came at its end, whatever else is known of it
    check_credit(&sample, 1, 1);
    sample.done = MS(1000);
    check_credit(&sample, 0, 0);
    sample.done = MS(2000);
    check_credit(&sample, 1, 1);
    sample.done = MS(2000) + 1;
    check_credit(&sample, 0, 0);
    sample = stream;
    sample.chunks = sample.chunks_in_window = 0; // usage alone, without an event
    check_credit(&sample, 1, 1);
    sample = stream;
    sample.chunks = 1; // its only token inside, its end outside
    sample.done = MS(2500);
    check_credit(&sample, 1, 0);
    sample = stream;
    sample.outcome = WEIR_OUTCOME_RESET;
    check_credit(&sample, 0, 0);
    sample = stream;
    sample.output_tokens = sample.input_tokens = -1;
    check_credit(&sample, 0, 0);
}

static void the_fastest_rate_to_one_user_still_fits(void **state)
{
    (void)state;
    struct weir_recorder *recorder = weir_recorder_new();
    const struct weir_sample sample = {.phase = WEIR_PHASE_MEASURED,
                                       .is_streamed = 1,
                                       .due = 1,
                                       .sent = 1,
                                       .first_token = 1,
                                       .last_token = 2,
                                       .done = 2,
                                       .chunks = 2,
                                       .output_tokens = 2};
    weir_recorder_add(recorder, &sample, NULL, 0, scenario_window);
    const struct weir_hist *rates = weir_recorder_hist(recorder, WEIR_METRIC_USER_RATE);
    assert_int_equal(weir_hist_count(rates), 1);
    assert_int_equal(weir_hist_max(rates), 1000000000000); // a token a ns, in thousandths a second
    weir_recorder_free(recorder);
}

// ---- properties over random requests ----

enum { MANY = 3000, CHUNKS_MAX = 40 };

struct random_request {
    struct weir_sample sample;
    weir_ns arrivals[CHUNKS_MAX];
    struct weir_gap gaps[CHUNKS_MAX];
    size_t gap_count;
};

static weir_ns some_span(struct weir_rng *rng)
{
    return weir_rng_below(rng, 8) == 0 ? 0 : (weir_ns)weir_rng_below(rng, 100000000);
}

static void add_arrivals(struct random_request *request, struct weir_rng *rng)
{
    struct weir_sample *sample = &request->sample;
    weir_ns at = sample->sent;
    sample->chunks = 1 + weir_rng_below(rng, CHUNKS_MAX);
    sample->output_tokens = 0;
    for (uint32_t i = 0; i < sample->chunks; i++) {
        weir_ns span = some_span(rng);
        uint32_t tokens = 1 + weir_rng_below(rng, 4);
        at += span;
        request->arrivals[i] = at;
        sample->output_tokens += (int32_t)tokens;
        if (i > 0) {
            request->gaps[request->gap_count] = (struct weir_gap){weir_gap_encode(span), tokens};
            request->gap_count++;
            sample->longest_gap = span > sample->longest_gap ? span : sample->longest_gap;
        }
    }
    sample->first_token = request->arrivals[0];
    sample->first_output_token = request->arrivals[weir_rng_below(rng, sample->chunks)];
    sample->second_token = sample->chunks > 1 ? request->arrivals[1] : 0;
    sample->last_token = at;
    sample->done = at;
}

/** Requests of all kinds within some ten seconds. */
static struct random_request some_request(struct weir_rng *rng)
{
    struct random_request request = {0};
    struct weir_sample *sample = &request.sample;
    *sample = (struct weir_sample){
        .due = WEIR_SECOND + (weir_ns)weir_rng_below(rng, 2000000000) * 4,
        .phase = (uint8_t)weir_rng_below(rng, WEIR_PHASE_COUNT),
        .is_streamed = weir_rng_below(rng, 4) > 0,
        .is_reused = weir_rng_below(rng, 2) > 0,
        .outcome =
            (uint8_t)(weir_rng_below(rng, 3) > 0 ? 0 : weir_rng_below(rng, WEIR_OUTCOME_COUNT)),
        .timeout = (uint8_t)weir_rng_below(rng, WEIR_TIMEOUT_COUNT),
        .token_source = (uint8_t)weir_rng_below(rng, WEIR_TOKEN_SOURCE_COUNT),
        .retries = (uint8_t)weir_rng_below(rng, 3),
        .input_tokens = (int32_t)weir_rng_below(rng, 500) - 1,
        .output_tokens = (int32_t)weir_rng_below(rng, 500) - 1,
        .reasoning_tokens = (int32_t)weir_rng_below(rng, 3) - 1,
        .cached_tokens = (int32_t)weir_rng_below(rng, 3) - 1,
        .tokens_asked = weir_rng_below(rng, 100),
        .connect_time = some_span(rng),
    };
    sample->sent = sample->due + some_span(rng);
    sample->done = sample->sent + some_span(rng);
    if (sample->is_streamed) {
        add_arrivals(&request, rng);
    }
    return request;
}

static void add_request(struct weir_recorder *recorder, struct random_request *request,
                        struct weir_window window)
{
    request->sample.chunks_in_window = 0;
    for (uint32_t i = 0; i < request->sample.chunks; i++) {
        request->sample.chunks_in_window +=
            request->arrivals[i] > window.start && request->arrivals[i] <= window.end;
    }
    weir_recorder_add(recorder, &request->sample, request->gaps, request->gap_count, window);
}

static void check_hists_are_equal(const struct weir_hist *one, const struct weir_hist *other)
{
    assert_int_equal(weir_hist_count(one), weir_hist_count(other));
    assert_int_equal(weir_hist_dropped(one), weir_hist_dropped(other));
    assert_int_equal(weir_hist_min(one), weir_hist_min(other));
    assert_int_equal(weir_hist_max(one), weir_hist_max(other));
    assert_near(weir_hist_mean(one), weir_hist_mean(other));
    assert_near(weir_hist_stddev(one), weir_hist_stddev(other));
    struct weir_hist_slot slot = {0};
    struct weir_hist_slot twin = {0};
    while (weir_hist_next(one, &slot)) {
        assert_true(weir_hist_next(other, &twin));
        assert_int_equal(slot.lowest, twin.lowest);
        assert_int_equal(slot.count, twin.count);
    }
    assert_false(weir_hist_next(other, &twin));
}

static void check_counters_are_equal(const struct weir_counters *one,
                                     const struct weir_counters *other)
{
    assert_near(one->output_tokens_in_window, other->output_tokens_in_window);
    assert_near(one->input_tokens_in_window, other->input_tokens_in_window);
    assert_near(one->in_flight_ns, other->in_flight_ns);
    struct weir_counters exact =
        *one; // sums of doubles depend on their order; all else is to the bit
    exact.output_tokens_in_window = other->output_tokens_in_window;
    exact.input_tokens_in_window = other->input_tokens_in_window;
    exact.in_flight_ns = other->in_flight_ns;
    assert_memory_equal(&exact, other, sizeof(exact));
}

static void two_recorders_merged_equal_one_fed_with_both(void **state)
{
    (void)state;
    const struct weir_window window = {3 * WEIR_SECOND, 7 * WEIR_SECOND};
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct weir_rng rng = weir_rng_seed(seed);
        struct weir_recorder *parts[2] = {weir_recorder_new(), weir_recorder_new()};
        struct weir_recorder *whole = weir_recorder_new();
        for (int i = 0; i < MANY; i++) {
            struct random_request request = some_request(&rng);
            struct weir_recorder *part = parts[weir_rng_below(&rng, 2)];
            add_request(part, &request, window);
            add_request(whole, &request, window);
            if (weir_rng_below(&rng, 50) == 0) {
                weir_recorder_add_gaps(part, request.gaps, request.gap_count);
                weir_recorder_add_gaps(whole, request.gaps, request.gap_count);
            }
        }
        struct weir_recorder *merged = weir_recorder_new();
        weir_recorder_merge(merged, parts[0]);
        weir_recorder_merge(merged, parts[1]);
        check_counters_are_equal(weir_recorder_counters(merged), weir_recorder_counters(whole));
        for (enum weir_metric metric = 0; metric < WEIR_METRIC_COUNT; metric++) {
            if (weir_recorder_hist(whole, metric) != NULL) {
                assert_true(weir_hist_count(weir_recorder_hist(whole, metric)) > 0);
                check_hists_are_equal(weir_recorder_hist(merged, metric),
                                      weir_recorder_hist(whole, metric));
            }
        }
        weir_recorder_free(merged);
        weir_recorder_free(whole);
        weir_recorder_free(parts[0]);
        weir_recorder_free(parts[1]);
    }
}

/** Outcomes are a closed set: they sum up to what was measured, and the histograms know no request
 * more. */
static void every_request_is_counted_exactly_once(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(4);
    struct weir_recorder *recorder = weir_recorder_new();
    uint64_t left = 0; // cancelled in the warm-up: neither ok nor failed
    for (int i = 0; i < MANY; i++) {
        struct random_request request = some_request(&rng);
        left += request.sample.phase == WEIR_PHASE_WARMUP &&
                request.sample.outcome == WEIR_OUTCOME_CANCELLED;
        add_request(recorder, &request, (struct weir_window){0, INT64_MAX});
    }
    assert_true(left > 0);
    const struct weir_counters *counters = weir_recorder_counters(recorder);
    uint64_t outcomes = 0;
    for (size_t i = 0; i < WEIR_OUTCOME_COUNT; i++) {
        outcomes += counters->outcomes[i];
    }
    uint64_t ok = counters->outcomes[WEIR_OUTCOME_OK];
    assert_int_equal(outcomes, counters->measured);
    assert_int_equal(counters->measured + counters->warmup, MANY);
    assert_int_equal(counters->whole_ok, ok + counters->warmup - counters->warmup_failed - left);
    assert_int_equal(counters->ended_in_window, counters->whole_ok);
    assert_near(counters->output_tokens_in_window, (double)counters->whole_output_tokens);
    assert_int_equal(weir_hist_count(weir_recorder_hist(recorder, WEIR_METRIC_LATENCY)), ok);
    assert_int_equal(weir_hist_count(weir_recorder_hist(recorder, WEIR_METRIC_FAIL_TIME)),
                     weir_counters_failed(counters));
    weir_recorder_free(recorder);
}

/** Windows that follow one another share everything out between them: no token, completion or time
 * in flight is counted twice or lost on a border, not even one that falls exactly on it. */
static void adjacent_windows_share_out_everything(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(5);
    static struct random_request requests[MANY];
    weir_ns borders[] = {0, 0, 0, 0, 0, INT64_MAX};
    for (size_t i = 0; i < MANY; i++) {
        requests[i] = some_request(&rng);
    }
    for (size_t i = 1; i + 1 < WEIR_COUNT_OF(borders); i++) { // on somebody's last token
        borders[i] = (weir_ns)i * 2 * WEIR_SECOND;
        requests[i].sample.outcome = WEIR_OUTCOME_OK;
        requests[i].sample.is_streamed = 0;
        requests[i].sample.chunks = 0;
        requests[i].sample.done = borders[i];
        requests[i].sample.sent = borders[i] - 1;
    }
    struct weir_recorder *shares = weir_recorder_new();
    struct weir_recorder *whole = weir_recorder_new();
    for (size_t i = 0; i < MANY; i++) {
        add_request(whole, &requests[i], (struct weir_window){0, INT64_MAX});
        for (size_t j = 0; j + 1 < WEIR_COUNT_OF(borders); j++) {
            add_request(shares, &requests[i], (struct weir_window){borders[j], borders[j + 1]});
        }
    }
    const struct weir_counters *one = weir_recorder_counters(whole);
    const struct weir_counters *sum = weir_recorder_counters(shares);
    assert_int_equal(sum->ended_in_window, one->ended_in_window);
    assert_near(sum->output_tokens_in_window, one->output_tokens_in_window);
    assert_near(sum->input_tokens_in_window, one->input_tokens_in_window);
    assert_near(sum->in_flight_ns, one->in_flight_ns);
    weir_recorder_free(shares);
    weir_recorder_free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thirteen_requests_give_what_was_worked_out_by_hand),
        cmocka_unit_test(a_reset_recorder_is_a_new_one),
        cmocka_unit_test(recording_allocates_nothing),
        cmocka_unit_test(early_gaps_count_at_once),
        cmocka_unit_test(a_window_that_is_still_open_counts_all_after_its_start),
        cmocka_unit_test(values_out_of_range_are_counted_as_dropped),
        cmocka_unit_test(lengths_are_held_against_what_was_asked_for),
        cmocka_unit_test(tokens_are_credited_where_they_arrived),
        cmocka_unit_test(the_fastest_rate_to_one_user_still_fits),
        cmocka_unit_test(two_recorders_merged_equal_one_fed_with_both),
        cmocka_unit_test(every_request_is_counted_exactly_once),
        cmocka_unit_test(adjacent_windows_share_out_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
