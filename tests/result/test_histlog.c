// histograms.hlog: tags, only what holds something, and that the log reads back to the same counts.
#define _GNU_SOURCE
#include "result/fixture.h"

#include <unistd.h>

#include "weir/result/histlog.h"
#include "weir/stat/hlog.h"

static void check_tag(const char *target, uint32_t concurrency, double rate, const char *expected)
{
    struct weir_level_summary level = fixture_level(3, target, concurrency, 800, 1);
    level.request_rate = rate;
    char tag[256];
    assert_string_equal(weir_histlog_tag(&level, WEIR_METRIC_TTFT, tag, sizeof(tag)), expected);
}

static void test_tags(void **state)
{
    (void)state;
    check_tag("vllm", 8, NAN, "L03.vllm.c8.time_to_first_token");
    check_tag("vllm", 0, 2.5, "L03.vllm.r2.5.time_to_first_token");
    check_tag("a, b\n\"c\"=\xc3\xa9", 8, NAN, "L03.a__b__c____.c8.time_to_first_token");
}

static struct weir_sample sample_of(uint64_t id)
{
    const weir_ns due = 10 * WEIR_SECOND + (weir_ns)id * WEIR_MSEC;
    return (struct weir_sample){
        .id = id,
        .due = due,
        .phase = WEIR_PHASE_MEASURED,
        .is_streamed = 1,
        .sent = due + 1000,
        .first_byte = due + 40 * WEIR_MSEC,
        .first_token = due + 50 * WEIR_MSEC + (weir_ns)id * 1000,
        .first_output_token = due + 50 * WEIR_MSEC + (weir_ns)id * 1000,
        .second_token = due + 60 * WEIR_MSEC,
        .last_token = due + 60 * WEIR_MSEC,
        .done = due + 61 * WEIR_MSEC,
        .longest_gap = 10 * WEIR_MSEC,
        .chunks = 2,
        .chunks_in_window = 2,
        .output_tokens = 2,
        .input_tokens = -1,
        .reasoning_tokens = -1,
        .cached_tokens = -1,
        .outcome = WEIR_OUTCOME_OK,
        .token_source = WEIR_TOKEN_SOURCE_USAGE,
    };
}

/** Parse the log; returns lines with a histogram. */
static size_t check_log(const char *text, const struct weir_recorder *recorder)
{
    size_t found = 0;
    struct weir_slice rest = weir_slice_of(text);
    struct weir_slice line;
    while (weir_slice_next_part(&rest, '\n', &line)) {
        struct weir_hlog_entry entry;
        assert_int_equal(weir_hlog_parse_line(line, &entry, NULL), WEIR_OK);
        if (entry.hist == NULL) {
            continue;
        }
        found++;
        assert_true(fabs(entry.start_s - 2.2) < 0.001 && fabs(entry.length_s - 30) < 0.001);
        enum weir_metric metric = weir_metric_find(entry.tag + strlen("L00.vllm.c8."));
        assert_int_not_equal(metric, WEIR_METRIC_COUNT);
        const struct weir_hist *hist = weir_recorder_hist(recorder, metric);
        assert_int_equal(weir_hist_count(entry.hist), weir_hist_count(hist));
        int64_t median = weir_hist_percentile(hist, 50); // exact maxima are not in a log, slots are
        assert_int_equal(weir_hist_count_up_to(entry.hist, median),
                         weir_hist_count_up_to(hist, median));
        weir_hist_free(entry.hist);
    }
    return found;
}

static void test_log_reads_back(void **state)
{
    (void)state;
    char path[] = P_tmpdir "/weir-histlog-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && close(fd) == 0);
    struct weir_recorder *recorder = weir_recorder_new();
    for (uint64_t i = 0; i < 500; i++) {
        struct weir_sample sample = sample_of(i);
        struct weir_gap gap = {.span = weir_gap_encode(10 * WEIR_MSEC), .tokens = 1};
        weir_recorder_add(recorder, &sample, &gap, 1,
                          (struct weir_window){.start = 0, .end = INT64_MAX});
    }
    struct weir_outfile *file = NULL;
    assert_int_equal(weir_histlog_open(path, 1700000000.0, &file, NULL), WEIR_OK);
    struct weir_level_summary level = fixture_level(0, "vllm", 8, 500, 1);
    weir_histlog_add(file, &level, recorder, 2.2);
    size_t len = 0;
    char *text = fixture_read(path, &len); // on disk before the file is closed
    size_t expected = 0;
    for (int i = 0; i < WEIR_METRIC_COUNT; i++) {
        const struct weir_hist *hist = weir_recorder_hist(recorder, (enum weir_metric)i);
        expected += hist != NULL && weir_hist_count(hist) > 0;
    }
    assert_in_range(expected, 5, WEIR_METRIC_COUNT);
    assert_int_equal(check_log(text, recorder), expected);
    free(text);
    weir_recorder_free(recorder);
    assert_int_equal(weir_outfile_close(file, NULL), WEIR_OK);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_log_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
