// Levels: what makes them open or closed, in which order they run, and what is refused. The
// schedules of one rate are one.
#define _POSIX_C_SOURCE 200809L // mkstemp
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "plan/plan_fixture.h"
#include "weir/base/attr.h"
#include "weir/plan/arrivals.h"

#define ONE "url", "http://h", "model", "m", "isl", "5", "prompt-pool", "2"
#define TWO                                                                                        \
    "url", "a=http://h:1", "url", "b=http://h:2", "model", "m", "isl", "5", "prompt-pool", "2"

static void rates_make_open_levels(void **state)
{
    (void)state;
    struct weir_plan *plan = make_good(OPTIONS(TWO, "request-rate", "5,12.5", "arrival", "gamma",
                                               "burstiness", "0.5", "burst", "3"));
    assert_int_equal(plan->level_count, 4);
    for (size_t i = 0; i < 4; i++) {
        const struct weir_level *level = &plan->levels[i];
        assert_int_equal(level->mode, WEIR_MODE_RATE);
        assert_int_equal(level->concurrency, 0);
        assert_int_equal(level->target, i % 2);
        assert_int_equal(level->repetition, 0);
        assert_int_equal(level->duration, 30 * WEIR_SECOND);
        assert_true(level->request_rate == (i < 2 ? 5 : 12.5));
        assert_int_equal(level->schedule->arrival, WEIR_ARRIVAL_GAMMA);
        assert_true(level->schedule->burstiness == 0.5);
        assert_int_equal(level->schedule->burst, 3);
        assert_true(weir_schedule_rate(level->schedule, WEIR_DAY) == level->request_rate);
        assert_int_equal(weir_schedule_length(level->schedule), INT64_MAX);
        assert_true(level->schedule->rescale == 0);
    }
    weir_plan_free(plan);
}

static void concurrencies_make_closed_levels(void **state)
{
    (void)state;
    struct weir_plan *plan = make_good(OPTIONS(ONE, "concurrency", "2"));
    assert_int_equal(plan->levels[0].mode, WEIR_MODE_CONCURRENCY);
    assert_null(plan->levels[0].schedule);
    assert_true(isnan(plan->levels[0].request_rate));
    weir_plan_free(plan);
}

/** ORDER of the choices of --arrival and of WEIR_ARRIVAL_MAP. */
static void arrivals_have_their_names(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        enum weir_arrival_kind kind;
    } all[] = {
#define XX(name, key, meaning) {key, WEIR_ARRIVAL_##name},
        WEIR_ARRIVAL_MAP(XX)
#undef XX
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(all); i++) {
        struct weir_plan *plan =
            make_good(OPTIONS(ONE, "request-rate", "5", "arrival", all[i].key));
        assert_int_equal(plan->levels[0].schedule->arrival, all[i].kind);
        weir_plan_free(plan);
    }
}

/** The first arrivals of two levels are the same. */
static bool is_same_timeline(const struct weir_level *a, const struct weir_level *b)
{
    struct weir_arrivals left;
    struct weir_arrivals right;
    weir_arrivals_begin(a, &left);
    weir_arrivals_begin(b, &right);
    for (int i = 0; i < 50; i++) {
        struct weir_arrival_due one = {0};
        struct weir_arrival_due two = {0};
        assert_true(weir_arrivals_next(&left, &one) && weir_arrivals_next(&right, &two));
        if (one.offset != two.offset) {
            return false;
        }
    }
    return true;
}

/** Each target and repetition sees the very same arrivals; another rate or seed other ones, and
 * what stands later in the sweep changes nothing before it. */
static void random_numbers_are_common(void **state)
{
    (void)state;
    struct weir_plan *plan = make_good(OPTIONS(TWO, "request-rate", "20,40", "repeat", "3"));
    struct weir_plan *longer = make_good(OPTIONS(ONE, "request-rate", "20,40,80"));
    struct weir_plan *other = make_good(OPTIONS(ONE, "request-rate", "20", "seed", "2"));
    struct weir_plan *twice = make_good(OPTIONS(ONE, "request-rate", "20,20"));
    for (size_t i = 0; i < plan->level_count; i++) {
        const struct weir_level *level = &plan->levels[i];
        assert_true(is_same_timeline(level, &longer->levels[level->request_rate == 20 ? 0 : 1]));
        assert_false(is_same_timeline(level, &other->levels[0]));
    }
    assert_false(is_same_timeline(&twice->levels[0], &twice->levels[1]));
    weir_plan_free(plan);
    weir_plan_free(longer);
    weir_plan_free(other);
    weir_plan_free(twice);
}

/** "a5 b5 …" of the levels. */
static void expect_order(const char *const *options, const char *expected)
{
    struct weir_plan *plan = make_good(options);
    char text[256] = "";
    for (size_t i = 0; i < plan->level_count; i++) {
        const struct weir_level *level = &plan->levels[i];
        const size_t len = strlen(text);
        (void)snprintf(text + len, sizeof(text) - len, "%s%u%s%u", i > 0 ? " " : "",
                       level->repetition, plan->targets[level->target].name,
                       level->mode == WEIR_MODE_RATE ? (unsigned)level->request_rate
                                                     : level->concurrency);
    }
    assert_string_equal(text, expected);
    weir_plan_free(plan);
}

static void targets_take_turns(void **state)
{
    (void)state;
    expect_order(OPTIONS(TWO, "concurrency", "1,4"), "0a1 0b1 0a4 0b4");
    expect_order(OPTIONS(TWO, "request-rate", "1,4"), "0a1 0b1 0a4 0b4");
    expect_order(OPTIONS(TWO, "repeat", "4"), "0a1 0b1 1b1 1a1 2a1 2b1 3b1 3a1");
    expect_order(OPTIONS(TWO, "request-rate", "1,4", "repeat", "2"),
                 "0a1 0b1 0b4 0a4 1b1 1a1 1a4 1b4");
    expect_order(OPTIONS(TWO, "concurrency", "1,2,4", "repeat", "2"),
                 "0a1 0b1 0b2 0a2 0a4 0b4 1b1 1a1 1a2 1b2 1b4 1a4");
    expect_order(OPTIONS(TWO, "url", "c=http://h:3", "repeat", "2"), "0a1 0b1 0c1 1c1 1b1 1a1");
    expect_order(OPTIONS("url", "a=http://h", "concurrency", "1,2", "repeat", "2"),
                 "0a1 0a2 1a1 1a2");
}

static void schedules_and_files_set_the_length(void **state)
{
    (void)state;
    struct weir_plan *plan = make_good(OPTIONS(ONE, "rate-schedule", "10/s for 30s, 50/s for 10s",
                                               "warmup-duration", "5s", "repeat", "2"));
    assert_int_equal(plan->level_count, 2);
    const struct weir_level *level = &plan->levels[1];
    assert_int_equal(level->repetition, 1);
    assert_true(isnan(level->request_rate));
    assert_int_equal(level->duration, 35 * WEIR_SECOND);
    assert_int_equal(weir_schedule_length(level->schedule), 40 * WEIR_SECOND);
    assert_true(weir_schedule_rate(level->schedule, 31 * WEIR_SECOND) == 50);
    weir_plan_free(plan);
    plan = make_good(
        OPTIONS(ONE, "rate-schedule", "10/s for 30s", "request-count", "100", "warmup-count", "9"));
    assert_int_equal(plan->levels[0].duration, 0);
    assert_int_equal(plan->levels[0].request_count, 100);
    weir_plan_free(plan);

    char path[] = "weir-test-XXXXXX";
    write_file(path, "0.5\n1\n1\n2.5\n");
    plan = make_good(OPTIONS(ONE, "arrival-file", path, "seed", "3"));
    level = &plan->levels[0];
    assert_int_equal(level->schedule->time_count, 4);
    assert_int_equal(level->schedule->times[3], 2500 * WEIR_MSEC);
    assert_int_equal(level->duration, 2500 * WEIR_MSEC + 1);
    assert_true(weir_arrivals_forecast(level).measured == 4);
    weir_plan_free(plan);
    make_bad(OPTIONS(ONE, "arrival-file", path, "duration", "3s"),
             "--arrival-file ends after 2.5s");
    make_bad(OPTIONS(ONE, "arrival-file", path, "request-count", "4", "warmup-count", "1"),
             "--arrival-file has 4 requests, but --warmup-count and --request-count ask for 5");
    make_bad(OPTIONS(ONE, "arrival-file", path, "warmup-count", "4"), "no request is due behind");
    make_bad(OPTIONS(ONE, "arrival-file", path, "warmup-duration", "1h"),
             "all of which is warm-up");
    make_bad(OPTIONS(ONE, "arrival-file", path, "burst", "2"), "--burst cannot go with");
    make_bad(OPTIONS(ONE, "arrival-file", path, "arrival", "constant"), "--arrival cannot go with");
    make_bad(OPTIONS(ONE, "arrival-file", path, "rescale-arrivals", "true"),
             "--rescale-arrivals cannot go with");
    assert_int_equal(unlink(path), 0);
    make_bad(OPTIONS(ONE, "arrival-file", path), "cannot be opened");
}

static void warmup_auto_has_a_latest_end(void **state)
{
    (void)state;
    struct weir_plan *plan = make_good(OPTIONS(ONE, "warmup", "auto"));
    assert_int_equal(plan->levels[0].warmup_duration, 60 * WEIR_SECOND);
    weir_plan_free(plan);
    plan = make_good(OPTIONS(ONE, "request-rate", "5", "warmup", "auto", "warmup-duration", "7s"));
    assert_int_equal(plan->levels[0].warmup_duration, 7 * WEIR_SECOND);
    weir_plan_free(plan);
    make_bad(OPTIONS(ONE, "warmup", "auto", "warmup-count", "5"), "leave --warmup-count out");
    make_bad(OPTIONS(ONE, "warmup", "auto", "rate-schedule", "5/s for 1m"),
             "all of which is warm-up (60s): shorten --warmup-duration");
}

static void contradictions_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *options[9];
        const char *says;
    } cases[] = {
        {{"request-rate", "5", "concurrency", "1"},
         "--concurrency and --request-rate each say when requests are sent: give one of them "
         "(--max-in-flight"},
        {{"rate-schedule", "5/s for 1m", "concurrency", "1"}, "--concurrency and --rate-schedule"},
        {{"request-rate", "5", "rate-schedule", "5/s for 1m"},
         "--request-rate and --rate-schedule each say"},
        {{"request-rate", "5", "arrival-file", "f"}, "--request-rate and --arrival-file"},
        {{"rate-schedule", "5/s for 1m", "arrival-file", "f"},
         "--rate-schedule and --arrival-file"},
        {{"arrival", "constant"}, "--arrival shapes an open loop: give --request-rate"},
        {{"concurrency", "4", "burst", "2"}, "--burst shapes an open loop"},
        {{"max-in-flight", "4"}, "--max-in-flight shapes an open loop"},
        {{"when-full", "drop"}, "--when-full shapes an open loop"},
        {{"rescale-arrivals", "true"}, "--rescale-arrivals shapes an open loop"},
        {{"stop-when-saturated", "true"}, "--stop-when-saturated shapes an open loop"},
        {{"request-rate", "5", "burstiness", "2"}, "give --arrival gamma too"},
        {{"request-rate", "5", "when-full", "drop"}, "give --max-in-flight N"},
        {{"request-rate", "5", "rescale-arrivals", "true", "duration", "5s", "warmup-count", "5"},
         "--warmup-duration in place of --warmup-count"},
        {{"request-rate", "1M", "rescale-arrivals", "true", "duration", "1h"},
         "100000000 are the limit"},
        {{"request-rate", "0.001", "rescale-arrivals", "true", "duration", "1s"},
         "less than one request"},
        {{"rate-schedule", "5/s for 1m", "duration", "2m"},
         "--rate-schedule ends after 60s, but warm-up and --duration take 120s"},
        {{"rate-schedule", "5/s for 1m", "duration", "50s", "warmup-duration", "11s"},
         "warm-up and --duration take 61s"},
        {{"rate-schedule", "5/s for 1m", "request-count", "301"},
         "--rate-schedule has about 300 requests, but --warmup-count and --request-count ask for "
         "301"},
        {{"rate-schedule", "5/s for 1m, pause for 1m", "warmup-duration", "1m"},
         "no request is due behind the warm-up"},
        {{"rate-schedule", "5/s for"}, "--rate-schedule, column"},
        {{"cancel-after", "2s"}, "give --cancel-rate too"},
        {{"cancel-rate", "5", "cancel-after", "600s"}, "cannot come before --timeout 600s"},
        {{"concurrency", "1,2,3,4,5,6,7,8,9,10,11", "repeat", "1000"},
         "11 loads for 1 targets, 1000 times: a run has 1 to 10000 levels"},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(cases); i++) {
        const char *options[32] = {ONE};
        size_t count = 8;
        for (size_t k = 0; cases[i].options[k] != NULL; k++) {
            options[count++] = cases[i].options[k];
        }
        make_bad(options, cases[i].says);
    }
}

/** What is said again, but is as it would be anyway, contradicts nothing. */
static void defaults_that_are_spelt_out_are_fine(void **state)
{
    (void)state;
    weir_plan_free(make_good(OPTIONS(ONE, "arrival", "poisson", "burstiness", "1", "burst", "1",
                                     "max-in-flight", "auto", "when-full", "wait",
                                     "rescale-arrivals", "false", "cancel-after", "1s",
                                     "stop-when-saturated", "false", "concurrency", "1")));
    weir_plan_free(
        make_good(OPTIONS(ONE, "cancel-rate", "5", "cancel-after", "2s", "cooldown", "3s",
                          "request-rate", "5", "max-in-flight", "4", "when-full", "drop")));
}

static uint64_t measured_of(const struct weir_level *level)
{
    struct weir_arrivals arrivals;
    struct weir_arrival_due due;
    uint64_t count = 0;
    weir_arrivals_begin(level, &arrivals);
    while (weir_arrivals_next(&arrivals, &due)) {
        count++;
    }
    return count;
}

/** Rescaled, warm-up and window hold what the rate gives, whatever the seed; by count, the window
 * has the length the rate gives. */
static void rescaled_arrivals_are_exact(void **state)
{
    (void)state;
    int varied = 0;
    for (int seed = 0; seed < 30; seed++) {
        char text[16];
        (void)snprintf(text, sizeof(text), "%d", seed);
#define LOAD ONE, "seed", text, "arrival", seed % 2 == 0 ? "poisson" : "gamma"
        struct weir_plan *plan = make_good(
            OPTIONS(LOAD, "request-rate", "20,10", "duration", "28s", "warmup-duration", "2s"));
        struct weir_plan *exact =
            make_good(OPTIONS(LOAD, "request-rate", "20,10", "duration", "28s", "warmup-duration",
                              "2s", "rescale-arrivals", "true"));
        varied += measured_of(&plan->levels[0]) != 600 || measured_of(&plan->levels[1]) != 300;
        assert_int_equal(measured_of(&exact->levels[0]), 600);
        assert_int_equal(measured_of(&exact->levels[1]), 300);
        assert_true(plan->hash != exact->hash);
        weir_plan_free(plan);
        weir_plan_free(exact);

        exact = make_good(OPTIONS(LOAD, "request-rate", "20", "request-count", "200",
                                  "warmup-count", "100", "rescale-arrivals", "true"));
        struct weir_arrivals arrivals;
        struct weir_arrival_due due;
        weir_arrivals_begin(&exact->levels[0], &arrivals);
        while (weir_arrivals_next(&arrivals, &due)) {
        }
        assert_int_equal(arrivals.measured, 200);
        assert_in_range(arrivals.window_end, 15 * WEIR_SECOND, 15 * WEIR_SECOND + 2);
        weir_plan_free(exact);
#undef LOAD
    }
    assert_true(varied > 25);
}

/** The fingerprint tells apart all that changes what is sent, and when. */
static void the_hash_covers_arrivals(void **state)
{
    (void)state;
    char path[] = "weir-test-XXXXXX";
    write_file(path, "0.5\n1\n");
    const char *const variants[][7] = {
        {"concurrency", "1"},
        {"concurrency", "1", "repeat", "2"},
        {"request-rate", "5"},
        {"request-rate", "5.0000001"},
        {"request-rate", "5", "repeat", "2"},
        {"request-rate", "5", "burst", "2"},
        {"request-rate", "5", "arrival", "constant"},
        {"request-rate", "5", "arrival", "gamma"},
        {"request-rate", "5", "arrival", "gamma", "burstiness", "2"},
        {"request-rate", "5,5"},
        {"rate-schedule", "5/s for 30s"},
        {"rate-schedule", "5/s for 30s, 6/s for 1s"},
        {"rate-schedule", "ramp 5/s to 6/s over 30s"},
        {"rate-schedule", "ramp 5/s to 7/s over 30s"},
        {"rate-schedule", "sine 5/s+-1/s every 10s for 30s"},
        {"rate-schedule", "sine 5/s+-1/s every 11s for 30s"},
        {"arrival-file", path},
    };
    uint64_t hashes[WEIR_COUNT_OF(variants)];
    for (size_t i = 0; i < WEIR_COUNT_OF(variants); i++) {
        const char *options[32] = {ONE};
        memcpy(&options[8], variants[i], sizeof(variants[i]));
        struct weir_plan *plan = make_good(options);
        struct weir_plan *again = make_good(options);
        assert_true(plan->hash == again->hash);
        hashes[i] = plan->hash;
        for (size_t k = 0; k < i; k++) {
            assert_true(hashes[k] != hashes[i]);
        }
        weir_plan_free(plan);
        weir_plan_free(again);
    }
    assert_int_equal(unlink(path), 0);
}

static void open_levels_are_warned_about(void **state)
{
    (void)state;
    warnings_of(OPTIONS(ONE, "request-rate", "4", "duration", "25s"), NULL);
    warnings_of(OPTIONS(ONE, "request-rate", "100,3.9", "duration", "25s"),
                "level 2: about 98 measured requests, too few for a p99 (100)");
    warnings_of(OPTIONS(ONE, "request-rate", "100", "request-count", "99"), "about 99 measured");
    warnings_of(OPTIONS(ONE, "request-rate", "5,10,5"), "rate 5/s stands more than once");
    warnings_of(OPTIONS(ONE, "request-rate", "5,10", "repeat", "3"), NULL);
    warnings_of(OPTIONS(ONE, "concurrency", "1,2", "repeat", "3"), NULL);
    warnings_of(OPTIONS(ONE, "request-rate", "50", "burst", "20", "max-in-flight", "10"),
                "bursts of 20 never fit --max-in-flight 10: the rest of each waits");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_make_open_levels),
        cmocka_unit_test(concurrencies_make_closed_levels),
        cmocka_unit_test(arrivals_have_their_names),
        cmocka_unit_test(random_numbers_are_common),
        cmocka_unit_test(targets_take_turns),
        cmocka_unit_test(schedules_and_files_set_the_length),
        cmocka_unit_test(warmup_auto_has_a_latest_end),
        cmocka_unit_test(contradictions_are_refused),
        cmocka_unit_test(defaults_that_are_spelt_out_are_fine),
        cmocka_unit_test(rescaled_arrivals_are_exact),
        cmocka_unit_test(the_hash_covers_arrivals),
        cmocka_unit_test(open_levels_are_warned_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
