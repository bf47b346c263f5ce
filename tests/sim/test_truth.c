// The truth file: a line a request, and a summary over the streamed requests that ended well.
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "weir/sim/truth.h"

static const struct weir_sim_totals NONE = {.cpu_s = 0};

static char path[] = "weir-truth-XXXXXX";

static int make_path(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof(path), "weir-truth-XXXXXX");
    const int fd = mkstemp(path);
    return fd >= 0 ? close(fd) : -1;
}

static int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

/** Line `index` of the file, parsed; NULL beyond its end. */
static json_t *line_of(size_t index)
{
    char text[16384];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    json_t *json = NULL;
    for (size_t i = 0; fgets(text, sizeof(text), file) != NULL; i++) {
        if (i == index) {
            json = json_loads(text, 0, NULL);
            assert_non_null(json);
        }
    }
    assert_int_equal(fclose(file), 0);
    return json;
}

static void assert_ms(const json_t *series, const char *key, double ms)
{
    const json_t *value = json_object_get(series, key);
    assert_true(json_is_number(value));
    assert_true(fabs(json_number_value(value) - ms) < 1e-6);
}

static struct weir_sim_record streamed(const struct weir_sim_stamps *stamps, weir_ns received)
{
    return (struct weir_sim_record){
        .id = 7,
        .request_id = "a\"\n\\",
        .received_ns = received,
        .first_token_ns = stamps->sent[0],
        .first_output_token_ns = stamps->sent[0],
        .last_token_ns = stamps->sent[stamps->count - 1],
        .ended_ns = stamps->sent[stamps->count - 1],
        .tokens = stamps->count,
        .chunks = stamps->count,
        .outcome = WEIR_SIM_OK,
        .is_streamed = true,
        .http_status = 200,
    };
}

static void test_summary_is_that_of_the_stamps(void **state)
{
    (void)state;
    struct weir_err err = {0};
    struct weir_sim_truth truth;
    struct weir_sim_stamps stamps = {0};
    assert_int_equal(weir_sim_truth_open(&truth, path, &err), WEIR_OK);
    assert_true(weir_sim_truth_is_wanted(&truth));
    weir_sim_stamps_reset(&stamps, 4);
    weir_sim_stamps_add(&stamps, 60 * WEIR_MSEC, 59 * WEIR_MSEC);
    weir_sim_stamps_add(&stamps, 70 * WEIR_MSEC, 69 * WEIR_MSEC);
    weir_sim_stamps_add(&stamps, 90 * WEIR_MSEC, 79 * WEIR_MSEC);
    weir_sim_stamps_add(&stamps, 93 * WEIR_MSEC, 89 * WEIR_MSEC);
    const struct weir_sim_record record = streamed(&stamps, 10 * WEIR_MSEC);
    weir_sim_truth_add(&truth, &record, &stamps);
    const struct weir_sim_totals totals = {.cpu_s = 1.5, .max_streams = 3};
    assert_int_equal(weir_sim_truth_close(&truth, &totals, &err), WEIR_OK);

    json_t *line = line_of(0);
    assert_int_equal(json_integer_value(json_object_get(line, "id")), 7);
    assert_string_equal(json_string_value(json_object_get(line, "request_id")), "a\"\n\\");
    assert_int_equal(json_integer_value(json_object_get(line, "received_ns")), 10 * WEIR_MSEC);
    assert_int_equal(json_integer_value(json_object_get(line, "last_token_ns")), 93 * WEIR_MSEC);
    assert_string_equal(json_string_value(json_object_get(line, "outcome")), "ok");
    json_decref(line);
    json_t *last = line_of(1);
    const json_t *summary = json_object_get(last, "summary");
    assert_int_equal(json_integer_value(json_object_get(summary, "requests")), 1);
    assert_int_equal(json_integer_value(json_object_get(summary, "max_streams")), 3);
    assert_ms(json_object_get(summary, "ttft_ms"), "p50", 50);
    assert_ms(json_object_get(summary, "itl_ms"), "p50", 10);
    assert_ms(json_object_get(summary, "itl_ms"), "min", 3);
    assert_ms(json_object_get(summary, "itl_ms"), "max", 20);
    assert_ms(json_object_get(summary, "tpot_ms"), "mean", 11);
    assert_ms(json_object_get(summary, "lateness_ms"), "max", 11);
    json_decref(last);
    assert_null(line_of(2));
    weir_sim_stamps_free(&stamps);
}

static void test_only_streams_that_ended_well_enter_the_latencies(void **state)
{
    (void)state;
    struct weir_err err = {0};
    struct weir_sim_truth truth;
    struct weir_sim_stamps stamps = {0};
    assert_int_equal(weir_sim_truth_open(&truth, path, &err), WEIR_OK);
    weir_sim_stamps_reset(&stamps, 2);
    weir_sim_stamps_add(&stamps, 100, 100);
    weir_sim_stamps_add(&stamps, 200, 200);
    struct weir_sim_record record = streamed(&stamps, 50);
    record.outcome = WEIR_SIM_CLIENT_CLOSED;
    weir_sim_truth_add(&truth, &record, &stamps);
    record = (struct weir_sim_record){
        .request_id = "", .tokens = 5, .outcome = WEIR_SIM_OK, .http_status = 200};
    weir_sim_truth_add(&truth, &record, NULL);
    record.outcome = WEIR_SIM_REJECTED;
    record.tokens = 0;
    weir_sim_truth_add(&truth, &record, NULL);
    assert_int_equal(weir_sim_truth_close(&truth, &NONE, &err), WEIR_OK);
    json_t *line = line_of(1);
    assert_true(json_is_null(json_object_get(line, "first_token_ns"))); // never happened
    json_decref(line);
    json_t *last = line_of(3);
    const json_t *summary = json_object_get(last, "summary");
    assert_int_equal(json_integer_value(json_object_get(summary, "requests")), 3);
    assert_int_equal(json_integer_value(json_object_get(summary, "ok")), 1);
    assert_int_equal(json_integer_value(json_object_get(summary, "tokens")), 7);
    static const char *const SERIES[] = {"ttft_ms", "itl_ms", "tpot_ms", "lateness_ms"};
    for (size_t i = 0; i < sizeof(SERIES) / sizeof(SERIES[0]); i++) {
        const json_t *count = json_object_get(json_object_get(summary, SERIES[i]), "count");
        assert_int_equal(json_integer_value(count), 0);
    }
    json_decref(last);
    weir_sim_stamps_free(&stamps);
}

static void test_stamps_are_reused_and_grow(void **state)
{
    (void)state;
    struct weir_sim_stamps stamps = {0};
    for (size_t events = 1; events < 100; events += 7) {
        weir_sim_stamps_reset(&stamps, events);
        assert_int_equal(stamps.count, 0);
        for (size_t i = 0; i < events; i++) {
            weir_sim_stamps_add(&stamps, (weir_ns)i * 10, (weir_ns)i * 9);
        }
        assert_int_equal(stamps.count, events);
        assert_int_equal(stamps.late[events - 1], events - 1);
    }
    weir_sim_stamps_reset(&stamps, 3); // fewer: the memory stays
    assert_true(stamps.size >= 90);
    weir_sim_stamps_free(&stamps);
}

static void test_no_path_means_no_truth(void **state)
{
    (void)state;
    struct weir_err err = {0};
    struct weir_sim_truth truth;
    assert_int_equal(weir_sim_truth_open(&truth, "", &err), WEIR_OK);
    assert_false(weir_sim_truth_is_wanted(&truth));
    const struct weir_sim_record record = {.request_id = ""};
    weir_sim_truth_add(&truth, &record, NULL);
    assert_int_equal(weir_sim_truth_close(&truth, &NONE, &err), WEIR_OK);
}

static void test_a_path_that_cannot_be_written_is_named(void **state)
{
    (void)state;
    struct weir_err err = {0};
    struct weir_sim_truth truth;
    assert_int_equal(weir_sim_truth_open(&truth, "no-such-directory/truth.jsonl", &err),
                     WEIR_INVALID);
    assert_non_null(strstr(err.text, "no-such-directory/truth.jsonl"));
}

static void test_a_full_disk_is_told(void **state)
{
    (void)state;
    struct weir_err err = {0};
    struct weir_sim_truth truth;
    assert_int_equal(weir_sim_truth_open(&truth, "/dev/full", &err), WEIR_OK);
    const struct weir_sim_record record = {.request_id = ""};
    weir_sim_truth_add(&truth, &record, NULL);
    assert_int_equal(weir_sim_truth_close(&truth, &NONE, &err), WEIR_SYSTEM);
    assert_non_null(strstr(err.text, "/dev/full"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_summary_is_that_of_the_stamps, make_path, remove_path),
        cmocka_unit_test_setup_teardown(test_only_streams_that_ended_well_enter_the_latencies,
                                        make_path, remove_path),
        cmocka_unit_test(test_stamps_are_reused_and_grow),
        cmocka_unit_test(test_no_path_means_no_truth),
        cmocka_unit_test(test_a_path_that_cannot_be_written_is_named),
        cmocka_unit_test(test_a_full_disk_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
