// Objectives: what is written is what is judged, text and objective turn into each other, and what
// is wrong is told by place and remedy.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/base/rng.h"
#include "weir/stat/objective.h"
#include "weir/stat/summary.h"

static void assert_same(const struct weir_objective *is, const struct weir_objective *expected)
{
    assert_int_equal(is->metric, expected->metric);
    assert_int_equal(is->statistic, expected->statistic);
    assert_int_equal(is->percentile, expected->percentile);
    assert_int_equal(is->comparison, expected->comparison);
    if (is->threshold != expected->threshold) {
        fail_msg("threshold %.17g, not %.17g", is->threshold, expected->threshold);
    }
}

static struct weir_objective parsed(const char *text, bool is_request)
{
    // exact bytes without a NUL behind them: reading on is seen by the sanitizers
    const size_t len = strlen(text);
    char *tight = weir_alloc(len > 0 ? len : 1, 1);
    memcpy(tight, text, len);
    struct weir_objective objective = {0};
    struct weir_err err = {0};
    const weir_status status =
        weir_objective_parse((struct weir_slice){tight, len}, is_request, &objective, &err);
    weir_free(tight);
    if (status != WEIR_OK) {
        fail_msg("'%s': %s", text, err.text);
    }
    return objective;
}

#define P(name) WEIR_STATISTIC_PERCENTILE, WEIR_PERCENTILE_##name
#define V       WEIR_STATISTIC_VALUE, 0

struct example {
    const char *text;
    struct weir_objective objective;
};

static void each_part_means_what_it_says(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"time_to_first_token:p99<200ms", {WEIR_METRIC_TTFT, P(P99), WEIR_LESS, 200}},
        {"error_rate<0.1%", {WEIR_METRIC_ERROR_RATE, V, WEIR_LESS, 0.1}},
        {"error_rate<0.1", {WEIR_METRIC_ERROR_RATE, V, WEIR_LESS, 0.1}},
        {"output_token_throughput>=1000", {WEIR_METRIC_OUT_RATE, V, WEIR_GREATER_EQUAL, 1000}},
        {"throughput>1.5k", {WEIR_METRIC_OUT_RATE, V, WEIR_GREATER, 1500}},
        {"rps>=2M", {WEIR_METRIC_REQ_RATE, V, WEIR_GREATER_EQUAL, 2e6}},
        {"ttft<200", {WEIR_METRIC_TTFT, P(P99), WEIR_LESS, 200}},
        {"ttft<=0.2s", {WEIR_METRIC_TTFT, P(P99), WEIR_LESS_EQUAL, 200}},
        {"ttft:p99.9 < 250 us", {WEIR_METRIC_TTFT, P(P99_9), WEIR_LESS, 0.25}},
        {" itl : p99.99 <= 7µs ", {WEIR_METRIC_ITL, P(P99_99), WEIR_LESS_EQUAL, 0.007}},
        {"icl:max<2m", {WEIR_METRIC_ICL, WEIR_STATISTIC_MAX, 0, WEIR_LESS, 120000}},
        {"e2e:avg<1min", {WEIR_METRIC_LATENCY, WEIR_STATISTIC_AVG, 0, WEIR_LESS, 60000}},
        {"e2el:min>5ns", {WEIR_METRIC_LATENCY, WEIR_STATISTIC_MIN, 0, WEIR_GREATER, 5e-6}},
        {"latency:std<1h", {WEIR_METRIC_LATENCY, WEIR_STATISTIC_STD, 0, WEIR_LESS, 3.6e6}},
        {"tpot:count>=1k", {WEIR_METRIC_TPOT, WEIR_STATISTIC_COUNT, 0, WEIR_GREATER_EQUAL, 1000}},
        {"osl==128", {WEIR_METRIC_OSL, WEIR_STATISTIC_AVG, 0, WEIR_EQUAL, 128}},
        {"ttst:p50<1e-3s", {WEIR_METRIC_TTST, P(P50), WEIR_LESS, 1}},
        {"ttft<1E+2", {WEIR_METRIC_TTFT, P(P99), WEIR_LESS, 100}},
        {"ttft<.5", {WEIR_METRIC_TTFT, P(P99), WEIR_LESS, 0.5}},
        {"ttft<1.", {WEIR_METRIC_TTFT, P(P99), WEIR_LESS, 1}},
        // 99 of 100 users must get at least so much: p99 would look at the luckiest
        {"output_token_throughput_per_user>=30",
         {WEIR_METRIC_USER_RATE, P(P1), WEIR_GREATER_EQUAL, 30}},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(examples); i++) {
        const struct weir_objective objective = parsed(examples[i].text, false);
        assert_same(&objective, &examples[i].objective);
    }
    static const struct example of_requests[] = {
        {"ttft<200ms", {WEIR_METRIC_TTFT, V, WEIR_LESS, 200}},
        {"tpot<=15", {WEIR_METRIC_TPOT, V, WEIR_LESS_EQUAL, 15}},
        {"output_sequence_length == 12", {WEIR_METRIC_OSL, V, WEIR_EQUAL, 12}},
        {"scheduled_latency<1.5s", {WEIR_METRIC_SCHED_LATENCY, V, WEIR_LESS, 1500}},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(of_requests); i++) {
        const struct weir_objective objective = parsed(of_requests[i].text, true);
        assert_same(&objective, &of_requests[i].objective);
    }
}

static void every_tag_and_every_short_name_is_taken(void **state)
{
    (void)state;
    char text[96];
    for (enum weir_metric i = 0; i < WEIR_METRIC_COUNT; i++) {
        (void)snprintf(text, sizeof(text), "%s<1", weir_metric_info(i)->tag);
        assert_int_equal(parsed(text, false).metric, i);
    }
#define XX(name, tag) assert_int_equal(parsed(name "<1", false).metric, WEIR_METRIC_##tag);
    WEIR_SHORT_NAME_MAP(XX)
#undef XX
}

// ---- there and back ----------------------------------------------------------------------------

static void assert_round_trip(const struct weir_objective *objective, bool is_request)
{
    struct weir_buf text;
    weir_buf_init(&text, 256);
    assert_true(weir_objective_format(objective, &text));
    const struct weir_objective again = parsed(weir_buf_text(&text), is_request);
    assert_same(&again, objective);
    weir_buf_free(&text);
}

static double any_threshold(struct weir_rng *rng)
{
    static const double chosen[] = {0, 1, 0.1, 200, 1e6, 1e-300, 1e300, 123456789.125, 1.0 / 3};
    if (weir_rng_below(rng, 4) == 0) {
        return chosen[weir_rng_below(rng, WEIR_COUNT_OF(chosen))];
    }
    return weir_rng_unit(rng) * pow(10, (int)weir_rng_below(rng, 30) - 15);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(1);
    for (int i = 0; i < 20000; i++) {
        struct weir_objective objective = {
            .metric = (enum weir_metric)weir_rng_below(&rng, WEIR_METRIC_COUNT),
            .comparison = (enum weir_comparison)weir_rng_below(&rng, WEIR_EQUAL + 1),
            .threshold = any_threshold(&rng),
        };
        const enum weir_metric_kind kind = weir_metric_info(objective.metric)->kind;
        const bool is_request = kind == WEIR_METRIC_REQUEST &&
                                objective.metric != WEIR_METRIC_FAIL_TIME &&
                                weir_rng_below(&rng, 2) == 0;
        if (kind != WEIR_METRIC_SCALAR && !is_request) {
            objective.statistic =
                (enum weir_statistic_kind)(1 + weir_rng_below(&rng, WEIR_STATISTIC_PERCENTILE));
        }
        if (objective.statistic == WEIR_STATISTIC_PERCENTILE) {
            objective.percentile =
                (enum weir_percentile)weir_rng_below(&rng, WEIR_PERCENTILE_COUNT);
        }
        assert_round_trip(&objective, is_request);
    }
}

static void text_is_short_and_whole(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        {"ttft<0.2s", "time_to_first_token:p99<200ms"},
        {"errors<=.1", "error_rate<=0.1%"},
        {"tps>1.5k", "output_token_throughput>1500"},
        {"itl:count==3", "inter_token_latency:count==3"},
        {"ttft:p99.9<333us", "time_to_first_token:p99.9<0.333ms"},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(texts); i++) {
        const struct weir_objective objective = parsed(texts[i][0], false);
        struct weir_buf text;
        weir_buf_init(&text, 64);
        assert_true(weir_objective_format(&objective, &text));
        assert_string_equal(weir_buf_text(&text), texts[i][1]);
        weir_buf_free(&text);
        weir_buf_init(&text, 5); // no room
        assert_false(weir_objective_format(&objective, &text));
        weir_buf_free(&text);
    }
}

// ---- errors ------------------------------------------------------------------------------------

struct wrong {
    const char *text;
    int column;
    const char *says;
};

static void assert_wrong(const struct wrong *wrong, bool is_request)
{
    struct weir_objective objective = {.threshold = 77};
    struct weir_err err = {0};
    const weir_status status =
        weir_objective_parse(weir_slice_of(wrong->text), is_request, &objective, &err);
    if (status != WEIR_INVALID || err.column != wrong->column ||
        strstr(err.text, wrong->says) == NULL) {
        fail_msg("'%s': status %d, column %d, %s", wrong->text, status, err.column, err.text);
    }
    assert_true(objective.threshold == 77);
}

static void what_is_wrong_is_told_by_place_and_remedy(void **state)
{
    (void)state;
    static const struct wrong wrong[] = {
        {"", 1, "expected a metric, as in time_to_first_token:p99<200ms"},
        {"<5", 1, "expected a metric"},
        {"ttfft<5", 1, "no metric is called 'ttfft'; did you mean 'ttft'?"},
        {"time_to_first_tokens<5", 1, "did you mean 'time_to_first_token'?"},
        {"qwertyuiop<5", 1, "metrics are named as in summary.json"},
        {"ttft", 5, "expected <, <=, >, >= or =="},
        {"ttft=5", 5, "== (two of them)"},
        {"ttft≤5", 5, "expected <, <="},
        {"ttft<", 6, "expected a number of 0 or more"},
        {"ttft<-1", 6, "expected a number of 0 or more"},
        {"ttft<abc", 6, "expected a number"},
        {"ttft<1.2.3", 6, "expected a number"},
        {"ttft<nan", 6, "expected a number"},
        {"ttft<0x10", 7, "expected ns, us, ms, s, m or h behind a time"},
        {"ttft<5%", 7, "expected ns, us, ms, s, m or h behind a time"},
        {"ttft<5sec", 7, "expected ns, us, ms"},
        {"ttft<5 sec", 8, "expected nothing more"},
        {"ttft<1e999", 6, "expected a number"},
        {"ttft<1e305h", 6, "too large"},
        {"ttft<5ms,", 9, "expected nothing more"},
        {"ttft<5ms itl<3", 10, "expected nothing more"},
        {"ttft:<5", 6, "unknown statistic ''; there are p1 p5"},
        {"ttft:p98<5", 6, "unknown statistic 'p98', did you mean '"},
        {"ttft:mean<5", 6, "avg min max std count"},
        {"ttft:200", 6, "unknown statistic '200'"},
        {"error_rate:p99<1%", 12, "error_rate has one value a level, so no statistic belongs here"},
        {"error_rate<1ms", 13, "expected % or nothing behind a share"},
        {"rps>10/s", 7, "expected no unit here"},
        {"ttft:count>5ms", 13, "expected no unit here"},
        {"mlperf-llama2-70b-server", 1, "no metric is called"}, // sets are for lists
        {"\x01\x7f<5", 1, "expected a metric"},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(wrong); i++) {
        assert_wrong(&wrong[i], false);
    }
    static const struct wrong of_requests[] = {
        {"ttft:p99<5", 6, "one request has one time_to_first_token, so no statistic belongs here"},
        {"ttft:200", 6, "no statistic belongs here"}, // AIPerf's form is for lists
        {" itl<5", 2, "pooled over the gaps"},
        {"icl<5", 1, "time_per_output_token and longest_stall"},
        {"error_rate<5", 1, "a figure of a whole level"},
        {"time_to_failure<5", 1, "of failed requests"},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(of_requests); i++) {
        assert_wrong(&of_requests[i], true);
    }
    struct weir_objective objective;
    assert_int_equal(weir_objective_parse((struct weir_slice){NULL, 0}, false, &objective, NULL),
                     WEIR_INVALID);
}

static void messages_are_fit_to_print(void **state)
{
    (void)state;
    char text[400];
    memset(text, '\xff', sizeof(text));
    struct weir_objective objective;
    struct weir_err err = {0};
    assert_int_equal(
        weir_objective_parse((struct weir_slice){text, sizeof(text)}, false, &objective, &err),
        WEIR_INVALID);
    memset(text, 'a', sizeof(text));
    assert_int_equal(
        weir_objective_parse((struct weir_slice){text, sizeof(text)}, false, &objective, &err),
        WEIR_INVALID);
    assert_non_null(strstr(err.text, "aaa'..., column 1: no metric is called 'aaa"));
    for (const char *c = err.text; *c != '\0'; c++) {
        assert_in_range(*c, ' ', '~');
    }
}

// ---- lists -------------------------------------------------------------------------------------

static size_t list_of(const char *text, bool is_request, struct weir_objective **out)
{
    size_t count = 0;
    struct weir_err err = {0};
    if (weir_objectives_parse(weir_slice_of(text), is_request, out, &count, &err) != WEIR_OK) {
        fail_msg("'%s': %s", text, err.text);
    }
    return count;
}

static void lists_are_separated_by_blanks_or_commas(void **state)
{
    (void)state;
    static const char *const same[] = {
        "ttft:p99<200ms error_rate<1% rps>=10",
        "ttft:p99<200ms,error_rate<1%,rps>=10",
        ", ttft : p99 < 200 ms ,\n\terror_rate < 1 % ,, rps >= 10 ,",
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(same); i++) {
        struct weir_objective *list = NULL;
        assert_int_equal(list_of(same[i], false, &list), 3);
        assert_same(&list[0], &(struct weir_objective){WEIR_METRIC_TTFT, P(P99), WEIR_LESS, 200});
        assert_same(&list[1], &(struct weir_objective){WEIR_METRIC_ERROR_RATE, V, WEIR_LESS, 1});
        assert_same(&list[2],
                    &(struct weir_objective){WEIR_METRIC_REQ_RATE, V, WEIR_GREATER_EQUAL, 10});
        weir_free(list);
    }
}

/** As AIPerf's manual has it. */
static void a_goodput_of_aiperf_is_taken(void **state)
{
    (void)state;
    struct weir_objective *list = NULL;
    const size_t count = list_of("time_to_first_token:100 inter_token_latency:3.40 "
                                 "output_token_throughput_per_user:600, e2e:2s ttft<7",
                                 true, &list);
    assert_int_equal(count, 5);
    assert_same(&list[0], &(struct weir_objective){WEIR_METRIC_TTFT, V, WEIR_LESS_EQUAL, 100});
    assert_same(&list[1], &(struct weir_objective){WEIR_METRIC_TPOT, V, WEIR_LESS_EQUAL, 3.4});
    assert_same(&list[2],
                &(struct weir_objective){WEIR_METRIC_USER_RATE, V, WEIR_GREATER_EQUAL, 600});
    assert_same(&list[3], &(struct weir_objective){WEIR_METRIC_LATENCY, V, WEIR_LESS_EQUAL, 2000});
    assert_same(&list[4], &(struct weir_objective){WEIR_METRIC_TTFT, V, WEIR_LESS, 7});
    weir_free(list);
}

static void wrong_lists_leave_nothing_behind(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_request;
        int column;
        const char *says;
    } wrong[] = {
        {"", false, 1, "expected an objective, as ttft:p99<200ms"},
        {" , ", true, 4, "expected an objective"},
        {"ttft<5 itl", false, 11, "expected <, <="},
        {"ttft<5;itl<5", false, 7, "a blank or a comma between objectives"},
        {"ttft<5 ms7", false, 8, "no metric is called 'ms7'"},
        {"ttft:200", false, 6, "unknown statistic '200'"},
        {"rps:10", true, 1, "a figure of a whole level"},
        {"icl:10", true, 1, "pooled over the gaps"},
        {"ttft:5%", true, 7, "expected ns, us, ms"},
        {"mlperf-llama2-70b-servr", false, 1, "did you mean 'mlperf-llama2-70b-server'?"},
        {"mlperf-llama2-70b-server<5", false, 25, "a blank or a comma"},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(wrong); i++) {
        struct weir_objective *list = NULL;
        size_t count = 77;
        struct weir_err err = {0};
        const weir_status status = weir_objectives_parse(weir_slice_of(wrong[i].text),
                                                         wrong[i].is_request, &list, &count, &err);
        if (status != WEIR_INVALID || err.column != wrong[i].column ||
            strstr(err.text, wrong[i].says) == NULL) {
            fail_msg("'%s': status %d, column %d, %s", wrong[i].text, status, err.column, err.text);
        }
        assert_null(list);
        assert_int_equal(count, 77);
    }
}

static void presets_are_the_limits_of_mlperf(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double ttft;
        double tpot;
    } limits[] = {
        {"mlperf-llama2-70b-server", 2000, 200},    {"mlperf-llama2-70b-interactive", 450, 40},
        {"mlperf-llama3.1-8b-server", 2000, 100},   {"mlperf-llama3.1-8b-interactive", 500, 30},
        {"mlperf-llama3.1-405b-server", 6000, 175}, {"mlperf-llama3.1-405b-interactive", 4500, 80},
        {"mlperf-deepseek-r1-server", 2000, 80},    {"mlperf-deepseek-r1-interactive", 1500, 15},
        {"mlperf-gpt-oss-120b-server", 3000, 80},   {"mlperf-gpt-oss-120b-interactive", 2000, 15},
    };
    size_t count = 0;
    const struct weir_preset *presets = weir_presets(&count);
    assert_int_equal(count, WEIR_COUNT_OF(limits));
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(presets[i].name, limits[i].name);
        assert_true(strlen(presets[i].source) > 0);
        struct weir_objective *list = NULL;
        assert_int_equal(list_of(limits[i].name, false, &list), 2);
        assert_same(&list[0], &(struct weir_objective){WEIR_METRIC_TTFT, P(P99), WEIR_LESS_EQUAL,
                                                       limits[i].ttft});
        assert_same(&list[1], &(struct weir_objective){WEIR_METRIC_TPOT, P(P99), WEIR_LESS_EQUAL,
                                                       limits[i].tpot});
        weir_free(list);
        assert_int_equal(list_of(limits[i].name, true, &list), 2);
        assert_same(&list[0],
                    &(struct weir_objective){WEIR_METRIC_TTFT, V, WEIR_LESS_EQUAL, limits[i].ttft});
        weir_free(list);
    }
    struct weir_objective *list = NULL; // among others
    assert_int_equal(list_of("rps>1,mlperf-deepseek-r1-server error_rate<1", false, &list), 4);
    weir_free(list);
}

// ---- judging -----------------------------------------------------------------------------------

/** A level in which every figure of a metric is told from the others. */
static struct weir_level_summary *level_new(void)
{
    struct weir_level_summary *level = weir_alloc(1, sizeof(*level));
    for (size_t i = 0; i < WEIR_METRIC_COUNT; i++) {
        struct weir_metric_stats *stats = &level->metrics[i];
        *stats = (struct weir_metric_stats){.count = 400, .avg = 10, .std = 3, .min = 1, .max = 99};
        for (size_t k = 0; k < WEIR_PERCENTILE_COUNT; k++) {
            stats->percentiles[k] = 20 + (double)k;
        }
        stats->percentiles[WEIR_PERCENTILE_P99_9] = NAN; // 400 values do not carry it
    }
    level->metrics[WEIR_METRIC_ERROR_RATE].avg = 0.5;
    level->metrics[WEIR_METRIC_OUT_RATE].avg = NAN;
    return level;
}

static void levels_are_judged_by_the_named_figure(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
        enum weir_objective_result result;
    } cases[] = {
        {"ttft:avg<=10", 10, WEIR_OBJECTIVE_MET},
        {"ttft:avg<10", 10, WEIR_OBJECTIVE_MISSED},
        {"ttft:avg>=10", 10, WEIR_OBJECTIVE_MET},
        {"ttft:avg>10", 10, WEIR_OBJECTIVE_MISSED},
        {"ttft:avg==10", 10, WEIR_OBJECTIVE_MET},
        {"ttft:avg==11", 10, WEIR_OBJECTIVE_MISSED},
        {"ttft:min<2", 1, WEIR_OBJECTIVE_MET},
        {"ttft:max>98.5", 99, WEIR_OBJECTIVE_MET},
        {"ttft:std<1us", 3, WEIR_OBJECTIVE_MISSED},
        {"ttft:count>=400", 400, WEIR_OBJECTIVE_MET},
        {"ttft:p1<21", 20, WEIR_OBJECTIVE_MET},
        {"ttft:p99<28", 28, WEIR_OBJECTIVE_MISSED},
        {"ttft<28.1", 28, WEIR_OBJECTIVE_MET},
        {"ttft:p99.9<1000h", NAN, WEIR_OBJECTIVE_NO_DATA},
        {"error_rate<1%", 0.5, WEIR_OBJECTIVE_MET},
        {"error_rate<0.5%", 0.5, WEIR_OBJECTIVE_MISSED},
        {"throughput>=0", NAN, WEIR_OBJECTIVE_NO_DATA},
    };
    struct weir_level_summary *level = level_new();
    for (size_t i = 0; i < WEIR_COUNT_OF(cases); i++) {
        const struct weir_objective objective = parsed(cases[i].text, false);
        const double value = weir_objective_value(&objective, level);
        if (!(value == cases[i].value || (isnan(value) && isnan(cases[i].value)))) {
            fail_msg("%s: %g", cases[i].text, value);
        }
        assert_int_equal(weir_objective_judge(&objective, level), cases[i].result);
        assert_int_equal(weir_objective_holds(&objective, value),
                         cases[i].result == WEIR_OBJECTIVE_MET);
    }
    weir_free(level);
}

/** k6's trap: a threshold without samples passes there. */
static void a_level_without_data_meets_nothing(void **state)
{
    (void)state;
    struct weir_level_summary *level = weir_alloc(1, sizeof(*level));
    struct weir_recorder *recorder = weir_recorder_new();
    level->window_end_s = 1;
    weir_level_summarize(level, recorder);
    for (enum weir_metric i = 0; i < WEIR_METRIC_COUNT; i++) {
        if (weir_metric_info(i)->kind == WEIR_METRIC_SCALAR) {
            continue; // a rate of none a second is a figure
        }
        for (enum weir_comparison k = 0; k <= WEIR_EQUAL; k++) {
            const struct weir_objective objective = {i, P(P50), k, 0};
            assert_int_equal(weir_objective_judge(&objective, level), WEIR_OBJECTIVE_NO_DATA);
        }
    }
    const struct weir_objective errors = parsed("error_rate<1%", false);
    assert_int_equal(weir_objective_judge(&errors, level), WEIR_OBJECTIVE_NO_DATA);
    const struct weir_objective enough = parsed("ttft:count>=100", false);
    assert_int_equal(weir_objective_judge(&enough, level), WEIR_OBJECTIVE_MISSED);
    weir_recorder_free(recorder);
    weir_free(level);
}

static void requests_are_judged_by_their_own_value(void **state)
{
    (void)state;
    struct weir_sample sample = {
        .due = 1 * WEIR_SECOND,
        .is_streamed = 1,
        .sent = 1001 * WEIR_MSEC,
        .first_token = 1201 * WEIR_MSEC,
        .last_token = 2201 * WEIR_MSEC,
        .done = 2202 * WEIR_MSEC,
        .chunks = 11,
        .output_tokens = 11,
        .input_tokens = -1,
    };
    static const struct {
        const char *text;
        bool is_met;
    } cases[] = {
        {"ttft<200ms", false},
        {"ttft<=200ms", true},
        {"ttft<200.000001ms", true},
        {"scheduled_ttft<=201", true},
        {"scheduled_ttft<201", false},
        {"tpot<=100", true},
        {"tpot<99.9", false},
        {"e2e<1.201s", true},
        {"osl==11", true},
        {"isl<1M", false}, // the server did not say
        {"isl>=0", false},
        {"output_token_throughput_per_user>=10", true},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(cases); i++) {
        const struct weir_objective objective = parsed(cases[i].text, true);
        if (weir_objective_met_by(&objective, &sample) != cases[i].is_met) {
            fail_msg("%s", cases[i].text);
        }
    }
    const struct weir_objective objective = parsed("ttft<1h", true);
    assert_true(weir_objective_met_by(&objective, &sample));
    for (uint8_t outcome = WEIR_OUTCOME_OK + 1; outcome < WEIR_OUTCOME_COUNT; outcome++) {
        sample.outcome = outcome;
        assert_false(weir_objective_met_by(&objective, &sample));
        const struct weir_objective quick = {WEIR_METRIC_FAIL_TIME, V, WEIR_LESS, 1e9};
        assert_false(weir_objective_met_by(&quick, &sample));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_part_means_what_it_says),
        cmocka_unit_test(every_tag_and_every_short_name_is_taken),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(text_is_short_and_whole),
        cmocka_unit_test(what_is_wrong_is_told_by_place_and_remedy),
        cmocka_unit_test(messages_are_fit_to_print),
        cmocka_unit_test(lists_are_separated_by_blanks_or_commas),
        cmocka_unit_test(a_goodput_of_aiperf_is_taken),
        cmocka_unit_test(wrong_lists_leave_nothing_behind),
        cmocka_unit_test(presets_are_the_limits_of_mlperf),
        cmocka_unit_test(levels_are_judged_by_the_named_figure),
        cmocka_unit_test(a_level_without_data_meets_nothing),
        cmocka_unit_test(requests_are_judged_by_their_own_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
