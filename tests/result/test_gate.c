// The gate as a whole: what each kind of rule says of runs made by hand, and how often it errs on
// runs that were
#define _GNU_SOURCE // mkstemp, fdopen
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "result/gate_sim.h"
#include "weir/base/status.h"

static const struct gate_sim steady = {
    .run_shift = 0.003, .phi = 0, .seconds = 12, .per_second = 100};

/** The verdict of conditions on one simulated run; *gate is to be freed. */
static void judge_conditions(const char *const *texts, size_t count, bool is_fail_if, size_t runs,
                             struct weir_gate *gate)
{
    struct weir_rng rng = weir_rng_seed(3);
    struct weir_gate_rules rules;
    struct weir_side side;
    struct weir_err err = {0};
    weir_gate_rules_init(&rules);
    for (size_t i = 0; i < count; i++) {
        if (weir_gate_rules_condition(&rules, texts[i], is_fail_if, &err) != WEIR_OK) {
            fail_msg("%s: %s", texts[i], err.text);
        }
    }
    gate_sim_side(&steady, runs, &rng, &side);
    weir_gate_judge(&rules, &side, NULL, gate);
    weir_side_free(&side);
    weir_gate_rules_free(&rules);
}

static enum weir_gate_verdict verdict_of(const char *text, bool is_fail_if)
{
    struct weir_gate gate;
    judge_conditions(&text, 1, is_fail_if, 1, &gate);
    const enum weir_gate_verdict verdict = gate.verdict;
    weir_gate_free(&gate);
    return verdict;
}

/** TTFT is about 50, 100 and 150 ms at concurrency 1, 4 and 16, with a spread of 15 %. */
static void conditions(void **state)
{
    (void)state;
    assert_int_equal(verdict_of("ttft:p50<300ms", false), WEIR_GATE_PASS);
    assert_int_equal(verdict_of("ttft:p50<120ms", false), WEIR_GATE_FAIL);
    assert_int_equal(verdict_of("at concurrency=1 ttft:p50<120ms", false), WEIR_GATE_PASS);
    assert_int_equal(verdict_of("at c=4 ttft:p50<120ms", false), WEIR_GATE_PASS);
    assert_int_equal(verdict_of("at c=16 target=server ttft:p50<120ms", false), WEIR_GATE_FAIL);
    assert_int_equal(verdict_of("any ttft:p50<60ms", false), WEIR_GATE_PASS);
    assert_int_equal(verdict_of("any ttft:p50<30ms", false), WEIR_GATE_FAIL);
    assert_int_equal(verdict_of("ttft:p50>40ms", false), WEIR_GATE_PASS);
    assert_int_equal(verdict_of("ttft:p50>=60ms", false), WEIR_GATE_FAIL);
    assert_int_equal(verdict_of("error_rate<=0%", false), WEIR_GATE_PASS);
    assert_int_equal(verdict_of("rps>50", false), WEIR_GATE_PASS);
    assert_int_equal(verdict_of("rps>500", false), WEIR_GATE_FAIL);
}

static void fail_if(void **state)
{
    (void)state;
    assert_int_equal(verdict_of("ttft:p50>120ms", true), WEIR_GATE_FAIL); // at one level
    assert_int_equal(verdict_of("any ttft:p50>120ms", true), WEIR_GATE_FAIL);
    assert_int_equal(verdict_of("every ttft:p50>120ms", true), WEIR_GATE_PASS);
    assert_int_equal(verdict_of("every ttft:p50>40ms", true), WEIR_GATE_FAIL);
    assert_int_equal(verdict_of("ttft:p50>400ms", true), WEIR_GATE_PASS);
    assert_int_equal(verdict_of("error_rate>0%", true), WEIR_GATE_PASS);
    assert_int_equal(verdict_of("rps==100", true), WEIR_GATE_FAIL);
    assert_int_equal(verdict_of("rps==101", true), WEIR_GATE_PASS);
}

static void no_data_fails(void **state)
{
    (void)state;
    assert_int_equal(verdict_of("connect_time:p50<1s", false), WEIR_GATE_FAIL);
    assert_int_equal(verdict_of("connect_time:p50>1s", true), WEIR_GATE_FAIL);
    assert_int_equal(verdict_of("goodput>=0", false), WEIR_GATE_FAIL);
    assert_int_equal(verdict_of("at c=99 ttft:p50<1s", false), WEIR_GATE_FAIL);
    assert_int_equal(verdict_of("any connect_time:p50<1s", false), WEIR_GATE_FAIL);
    struct weir_gate gate;
    struct weir_gate_rules rules;
    struct weir_side nothing = {0};
    weir_gate_rules_init(&rules);
    weir_gate_judge(&rules, &nothing, NULL, &gate);
    assert_int_equal(gate.verdict, WEIR_GATE_FAIL);
    weir_gate_free(&gate);
}

/** Near the limit a percentile cannot be told, and the gate says how many values would do; more
 * runs then do. */
static void too_few_for_a_percentile(void **state)
{
    (void)state;
    struct weir_gate gate;
    const char *const tail[] = {"at c=1 ttft:p99.9<100ms"};
    judge_conditions(tail, 1, false, 1, &gate); // 1200 values, all below: 99.9 % needs some 3700
    assert_int_equal(gate.verdict, WEIR_GATE_INCONCLUSIVE);
    assert_true(gate.rows[0].needs > 2000 && gate.rows[0].needs < 3000);
    assert_non_null(strstr(gate.rows[0].text, "more values would tell"));
    weir_gate_free(&gate);
    judge_conditions(tail, 1, false, 4, &gate); // pooled over four runs
    assert_int_equal(gate.verdict, WEIR_GATE_PASS);
    assert_int_equal(gate.rows[0].runs, 4);
    weir_gate_free(&gate);
    const char *const middle[] = {"at c=1 ttft:p50<50ms"};
    judge_conditions(middle, 1, false, 1, &gate);
    assert_int_equal(gate.verdict, WEIR_GATE_INCONCLUSIVE);
    assert_true(gate.rows[0].bounds.low < 50 && gate.rows[0].bounds.high > 50);
    weir_gate_free(&gate);
}

static enum weir_gate_verdict compare_sides(const struct weir_gate_rules *rules,
                                            const struct weir_side *candidate,
                                            const struct weir_side *baseline, size_t *rows)
{
    struct weir_gate gate;
    weir_gate_judge(rules, candidate, baseline, &gate);
    const enum weir_gate_verdict verdict = gate.verdict;
    *rows = gate.row_count;
    weir_gate_free(&gate);
    return verdict;
}

static void invalid_is_never_pass(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(1);
    struct weir_gate_rules rules;
    struct weir_side a;
    struct weir_side b;
    size_t rows = 0;
    weir_gate_rules_init(&rules);
    weir_gate_rules_default(&rules);
    gate_sim_side(&steady, 5, &rng, &a);
    gate_sim_side(&steady, 5, &rng, &b);
    assert_int_equal(compare_sides(&rules, &b, &a, &rows), WEIR_GATE_PASS);
    weir_verdict_add(&a.runs[2]->summary.verdict, WEIR_VERDICT_INVALID, "the client was late");
    assert_int_equal(compare_sides(&rules, &b, &a, &rows), WEIR_GATE_INVALID);
    assert_int_equal(compare_sides(&rules, &a, &b, &rows), WEIR_GATE_INVALID);
    a.runs[2]->summary.verdict.verdict = WEIR_VERDICT_SUSPECT;
    assert_int_equal(compare_sides(&rules, &a, &b, &rows), WEIR_GATE_PASS);
    a.runs[0]->summary.is_interrupted = true;
    assert_int_equal(compare_sides(&rules, &a, &b, &rows), WEIR_GATE_INVALID);
    assert_int_equal(weir_status_exit_code(weir_gate_status(WEIR_GATE_INVALID)), 4);
    assert_int_equal(weir_status_exit_code(weir_gate_status(WEIR_GATE_FAIL)), 1);
    assert_int_equal(weir_status_exit_code(weir_gate_status(WEIR_GATE_INCONCLUSIVE)), 5);
    assert_int_equal(weir_status_exit_code(weir_gate_status(WEIR_GATE_PASS)), 0);
    weir_side_free(&a);
    weir_side_free(&b);
    weir_gate_rules_free(&rules);
}

/** The direction of a metric counts: less throughput is worse, less latency is not. */
static void direction(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(2);
    struct weir_gate_rules rules;
    struct weir_err err = {0};
    struct weir_side a;
    struct weir_side b;
    size_t rows = 0;
    struct gate_sim slower = steady;
    slower.change = 0.3;
    gate_sim_side(&steady, 5, &rng, &a);
    gate_sim_side(&slower, 5, &rng, &b);
    weir_gate_rules_init(&rules);
    assert_int_equal(weir_gate_rules_regression(&rules, "ttft", &err), WEIR_OK);
    assert_int_equal(compare_sides(&rules, &b, &a, &rows), WEIR_GATE_FAIL);
    assert_int_equal(rows, GATE_SIM_LEVELS);
    assert_int_equal(compare_sides(&rules, &a, &b, &rows), WEIR_GATE_PASS);
    weir_gate_rules_free(&rules);
    weir_gate_rules_init(&rules);
    assert_int_equal(weir_gate_rules_regression(&rules, "throughput 20%", &err), WEIR_OK);
    for (size_t i = 0; i < b.run_count; i++) {
        for (size_t j = 0; j < GATE_SIM_LEVELS; j++) {
            b.runs[i]->summary.levels[j].metrics[WEIR_METRIC_OUT_RATE].avg *= 0.7;
        }
    }
    assert_int_equal(compare_sides(&rules, &b, &a, &rows), WEIR_GATE_FAIL);
    assert_int_equal(compare_sides(&rules, &a, &b, &rows), WEIR_GATE_PASS);
    weir_side_free(&a);
    weir_side_free(&b);
    weir_gate_rules_free(&rules);
}

static void levels_must_be_there(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(4);
    struct weir_gate_rules rules;
    struct weir_gate gate;
    struct weir_side a;
    struct weir_side b;
    size_t rows = 0;
    weir_gate_rules_init(&rules);
    weir_gate_rules_default(&rules);
    gate_sim_side(&steady, 4, &rng, &a);
    struct weir_rundata *runs[4];
    for (size_t i = 0; i < 4; i++) {
        runs[i] = gate_sim_run(&steady, &rng);
        runs[i]->summary.levels[2].concurrency = 99;
    }
    struct weir_err err = {0};
    assert_int_equal(weir_side_of(runs, 4, "", &b, &err), WEIR_OK);
    b.owns_runs = true;
    weir_gate_judge(&rules, &b, &a, &gate);
    assert_int_equal(gate.verdict, WEIR_GATE_FAIL); // concurrency 16 is gone
    assert_non_null(gate.notes);
    weir_gate_free(&gate);
    weir_side_free(&b);
    struct weir_side none;
    assert_int_equal(weir_side_of(a.runs, 4, "elsewhere", &none, &err), WEIR_INVALID);
    assert_int_equal(weir_side_of(NULL, 0, "", &none, &err), WEIR_OK);
    assert_int_equal(compare_sides(&rules, &a, &none, &rows), WEIR_GATE_FAIL);
    weir_side_free(&none);
    weir_side_free(&a);
    weir_gate_rules_free(&rules);
}

/** Pairs that drift together: unpaired the drift hides what paired is plain. */
static void pairs_cancel_what_they_share(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(6);
    struct weir_gate_rules rules;
    struct weir_err err = {0};
    struct weir_side a;
    struct weir_side b;
    size_t rows = 0;
    struct gate_sim slower = steady;
    slower.change = 0.1;
    gate_sim_side(&steady, 8, &rng, &a);
    gate_sim_side(&slower, 8, &rng, &b);
    for (size_t i = 0; i < 8; i++) {
        for (size_t j = 0; j < GATE_SIM_LEVELS; j++) {
            struct weir_level_summary *one = &a.runs[i]->summary.levels[j];
            struct weir_level_summary *other = &b.runs[i]->summary.levels[j];
            const double drift = exp(0.15 * (double)i);
            one->metrics[WEIR_METRIC_TTFT].percentiles[WEIR_PERCENTILE_P50] *= drift;
            other->metrics[WEIR_METRIC_TTFT].percentiles[WEIR_PERCENTILE_P50] *= drift;
        }
    }
    weir_gate_rules_init(&rules);
    assert_int_equal(weir_gate_rules_regression(&rules, "ttft:p50 5%", &err), WEIR_OK);
    assert_int_equal(compare_sides(&rules, &b, &a, &rows), WEIR_GATE_INCONCLUSIVE);
    rules.is_paired = true;
    assert_int_equal(compare_sides(&rules, &b, &a, &rows), WEIR_GATE_FAIL);
    assert_int_equal(compare_sides(&rules, &a, &b, &rows), WEIR_GATE_PASS);
    weir_side_free(&a);
    weir_side_free(&b);
    weir_gate_rules_free(&rules);
}

/** Three runs a side can show nothing at 95 %, and that is said. */
static void too_few_runs(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(8);
    struct weir_gate_rules rules;
    struct weir_err err = {0};
    struct weir_side a;
    struct weir_side b;
    struct weir_gate gate;
    struct gate_sim slower = steady;
    slower.change = 2;
    gate_sim_side(&steady, 3, &rng, &a);
    gate_sim_side(&slower, 3, &rng, &b);
    weir_gate_rules_init(&rules);
    assert_int_equal(weir_gate_rules_regression(&rules, "ttft:p50 5%", &err), WEIR_OK);
    weir_gate_judge(&rules, &b, &a, &gate);
    assert_int_equal(gate.verdict, WEIR_GATE_INCONCLUSIVE);
    assert_true(gate.note_count > 0);
    assert_non_null(
        strstr(gate.notes[gate.note_count - 1], "no difference whatsoever can fail; it takes 4"));
    assert_true(gate.rows[0].needs == 4);
    weir_gate_free(&gate);
    weir_side_free(&a);
    weir_side_free(&b);
    weir_gate_rules_free(&rules);
}

static void refuses(const char *text, bool is_regression)
{
    struct weir_gate_rules rules;
    struct weir_err err = {0};
    weir_gate_rules_init(&rules);
    const weir_status status = is_regression ? weir_gate_rules_regression(&rules, text, &err)
                                             : weir_gate_rules_condition(&rules, text, false, &err);
    if (status == WEIR_OK) {
        fail_msg("\"%s\" was accepted", text);
    }
    assert_true(strlen(err.text) > 10);
    assert_int_equal(rules.condition_count + rules.regression_count, 0);
    weir_gate_rules_free(&rules);
}

static void wrong_rules(void **state)
{
    (void)state;
    static const char *const conditions_wrong[] = {"",
                                                   "at",
                                                   "at ttft<1s",
                                                   "at c=0 ttft<1s",
                                                   "at c=x ttft<1s",
                                                   "at target= ttft<1s",
                                                   "at c=8",
                                                   "every",
                                                   "any any ttft<1s",
                                                   "ttfd<1s",
                                                   "ttft:p50",
                                                   "ttft<"};
    static const char *const regressions_wrong[] = {"",
                                                    "   ",
                                                    "ttfd",
                                                    "ttft:p50 x%",
                                                    "ttft:p50 -5%",
                                                    "ttft:max",
                                                    "ttft:std 5%",
                                                    "ttft:count",
                                                    "error_rate 5%",
                                                    "isl",
                                                    "effective_concurrency",
                                                    "ttft<5ms",
                                                    "ttft:p50 5% 6%",
                                                    "ttft:p50 2000%"};
    for (size_t i = 0; i < WEIR_COUNT_OF(conditions_wrong); i++) {
        refuses(conditions_wrong[i], false);
    }
    for (size_t i = 0; i < WEIR_COUNT_OF(regressions_wrong); i++) {
        refuses(regressions_wrong[i], true);
    }
}

static void gate_files(void **state)
{
    (void)state;
    struct weir_gate_rules rules;
    struct weir_err err = {0};
    char path[] = "/tmp/weir-gate-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    assert_true(fputs("# what must hold\n\nttft:p99<200ms   # p99\nslo any error_rate<1%\r\n"
                      "fail-if at c=8 itl:p50>=40ms\nregression ttft:p50 7.5%\nregression tps\n",
                      file) >= 0);
    assert_int_equal(fclose(file), 0);
    weir_gate_rules_init(&rules);
    assert_int_equal(weir_gate_rules_read(&rules, path, &err), WEIR_OK);
    assert_int_equal(rules.condition_count, 3);
    assert_int_equal(rules.regression_count, 2);
    assert_int_equal(rules.conditions[1].scope, WEIR_GATE_ANY_LEVEL);
    assert_true(rules.conditions[2].is_fail_if && rules.conditions[2].concurrency == 8);
    assert_true(fabs(rules.regressions[0].effect_min - 0.075) < 1e-12);
    assert_true(rules.regressions[1].effect_min == 0.05);
    weir_gate_rules_free(&rules);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("slo ttft<1s\n\nregression ttfd\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    weir_gate_rules_init(&rules);
    assert_int_equal(weir_gate_rules_read(&rules, path, &err), WEIR_INVALID);
    assert_int_equal(err.line, 3);
    assert_string_equal(err.file, path);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("# nothing\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    weir_gate_rules_free(&rules);
    weir_gate_rules_init(&rules);
    assert_int_equal(weir_gate_rules_read(&rules, path, &err), WEIR_INVALID);
    assert_int_equal(remove(path), 0);
    assert_int_equal(weir_gate_rules_read(&rules, path, &err), WEIR_INVALID);
    assert_int_equal(weir_gate_rules_read(&rules, "/", &err), WEIR_INVALID);
    weir_gate_rules_free(&rules);
}

// ---- how often it errs -------------------------------------------------------------------------

static size_t count_fails(double change, double shift, size_t base_count, size_t count,
                          size_t comparisons)
{
    const struct gate_sim sim = {
        .run_shift = shift, .change = change, .phi = 0.7, .seconds = 10, .per_second = 100};
    struct weir_gate_rules rules;
    struct weir_rng rng = weir_rng_split(5, "test gate", (uint64_t)(shift * 100));
    size_t fails = 0;
    weir_gate_rules_init(&rules);
    weir_gate_rules_default(&rules);
    for (size_t i = 0; i < comparisons; i++) {
        fails += gate_sim_compare(&rules, &sim, base_count, count, &rng) == WEIR_GATE_FAIL ? 1 : 0;
    }
    weir_gate_rules_free(&rules);
    return fails;
}

static void false_alarms(void **state)
{
    (void)state;
    static const double shifts[] = {0, 0.02, 0.05};
    for (size_t i = 0; i < WEIR_COUNT_OF(shifts); i++) {
        const size_t runs = count_fails(0, shifts[i], 5, 5, 200);
        const size_t one = count_fails(0, shifts[i], 1, 1, 200);
        const size_t several = count_fails(0, shifts[i], 5, 1, 200);
        print_message(
            "false alarms of 200 at %.0f %%: 5 against 5 %zu, 1 against 1 %zu, 1 against 5 %zu\n",
            100 * shifts[i], runs, one, several);
        assert_true(runs <= 10 && one <= 10 && several <= 10);
    }
}

static void power(void **state)
{
    (void)state;
    const size_t found = count_fails(0.1, 0.02, 5, 5, 100);
    print_message("10 %% slower found in %zu of 100\n", found);
    assert_true(found >= 90);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions),
        cmocka_unit_test(fail_if),
        cmocka_unit_test(no_data_fails),
        cmocka_unit_test(too_few_for_a_percentile),
        cmocka_unit_test(invalid_is_never_pass),
        cmocka_unit_test(direction),
        cmocka_unit_test(levels_must_be_there),
        cmocka_unit_test(pairs_cancel_what_they_share),
        cmocka_unit_test(too_few_runs),
        cmocka_unit_test(wrong_rules),
        cmocka_unit_test(gate_files),
        cmocka_unit_test(false_alarms),
        cmocka_unit_test(power),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
