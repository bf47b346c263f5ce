// A run that was killed, rebuilt from its records: as its recorder would have counted it.
#define _GNU_SOURCE
#include "result/rundata_dir.h"

#include "weir/result/histlog.h"
#include "weir/result/records.h"
#include "weir/result/run_json.h"

/** 40 requests of a level, 20 ms apart: TTFT 50 ms, 11 tokens 10 ms apart, the first four warm-up;
 * the last one fails. */
static struct weir_sample sample_of(uint32_t level, uint64_t id)
{
    weir_ns due = WEIR_SECOND + (weir_ns)id * 20 * WEIR_MSEC;
    struct weir_sample sample = {
        .id = id,
        .level = level,
        .due = due,
        .sent = due + WEIR_MSEC,
        .first_byte = due + 41 * WEIR_MSEC,
        .first_token = due + 51 * WEIR_MSEC,
        .first_output_token = due + 51 * WEIR_MSEC,
        .second_token = due + 61 * WEIR_MSEC,
        .last_token = due + 151 * WEIR_MSEC,
        .done = due + 152 * WEIR_MSEC,
        .phase = id < 4 ? WEIR_PHASE_WARMUP : WEIR_PHASE_MEASURED,
        .is_streamed = 1,
        .chunks = 11,
        .chunks_in_window = id < 4 ? 0 : 11,
        .output_tokens = 11,
        .input_tokens = 30,
        .reasoning_tokens = -1,
        .cached_tokens = -1,
        .tokens_asked = 11,
        .longest_gap = 10 * WEIR_MSEC,
        .body_bytes = 900,
        .http_status = 200,
        .outcome = WEIR_OUTCOME_OK,
        .token_source = WEIR_TOKEN_SOURCE_USAGE,
        .is_reused = id > 0,
    };
    if (id == 39) {
        sample.outcome = WEIR_OUTCOME_TIMEOUT;
        sample.timeout = WEIR_TIMEOUT_STALL;
    }
    return sample;
}

/** Two levels of records; returns the recorder of the second, as a run would have had it. */
static struct weir_recorder *put_records_as(const struct weir_rundir *dir, const char *name,
                                            const struct weir_outfile_options *options,
                                            uint64_t count)
{
    char path[WEIR_RUNDIR_FILE_BYTES];
    struct weir_record_file *file = NULL;
    struct weir_err err = {0};
    struct weir_recorder *recorder = weir_recorder_new();
    const struct weir_window window = {sample_of(1, 4).due, sample_of(1, 39).done};
    assert_int_equal(weir_record_file_open(weir_rundir_path(dir, name, path), options, &file, &err),
                     WEIR_OK);
    for (uint32_t level = 0; level < 2; level++) {
        weir_record_file_level(file, level == 0 ? "vllm" : "sglang", WEIR_SECOND);
        for (uint64_t id = 0; id < count; id++) {
            struct weir_sample sample = sample_of(level, id);
            weir_record_file_add(file, &sample);
            if (level == 1) {
                weir_recorder_add(recorder, &sample, NULL, 0, window);
            }
        }
    }
    assert_int_equal(weir_record_file_close(file, &err), WEIR_OK);
    return recorder;
}

static struct weir_recorder *put_records(const struct weir_rundir *dir)
{
    const struct weir_outfile_options plain = {.rotate_bytes = 0};
    return put_records_as(dir, WEIR_FILE_RECORDS, &plain, 40);
}

static void put_run(const struct weir_rundir *dir)
{
    struct weir_run_facts facts = fixture_facts();
    struct weir_buf text;
    weir_buf_init(&text, 1U << 20);
    assert_true(weir_run_json(&facts, &text));
    put(dir, WEIR_FILE_RUN, weir_buf_text(&text));
    weir_buf_free(&text);
}

static void test_a_killed_run_is_rebuilt(void **state)
{
    const struct weir_rundir *dir = *state;
    struct weir_recorder *recorder = put_records(dir);
    put_run(dir);
    struct weir_rundata *run = load(dir);
    assert_true(run->is_rebuilt);
    assert_true(run->summary.is_interrupted);
    assert_null(run->summary_json);
    assert_string_equal(run->summary.name, "nightly");
    assert_int_equal(run->summary.level_count, 2);
    const struct weir_level_summary *level = &run->summary.levels[1];
    assert_string_equal(level->target, "sglang");
    assert_string_equal(level->model, "meta-llama/Llama-3.1-8B");
    assert_int_equal(level->concurrency, 8); // [8, 256] over two targets
    assert_true(level->is_interrupted);
    assert_false(run->summary.levels[0].is_interrupted);
    assert_int_equal(level->verdict.verdict, WEIR_VERDICT_SUSPECT);
    assert_true(level->verdict.count >= 2); // rebuilt, and no gaps
    assert_int_equal(level->metrics[WEIR_METRIC_ITL].count, 0);

    struct weir_level_summary expected = {.window_start_s = 0.08, .window_end_s = 0.932};
    weir_level_summarize(&expected, recorder);
    same_number(level->window_start_s, expected.window_start_s);
    same_number(level->window_end_s, expected.window_end_s);
    same_counters(&level->counters, &expected.counters);
    assert_int_equal(level->counters.outcomes[WEIR_OUTCOME_TIMEOUT], 1);
    assert_int_equal(level->counters.timeouts[WEIR_TIMEOUT_STALL], 1);
    for (int i = 0; i < WEIR_METRIC_COUNT; i++) {
        same_stats(&level->metrics[i], &expected.metrics[i]);
    }
    weir_rundata_free(run);
    weir_recorder_free(recorder);
}

static void test_records_cut_off_and_damaged(void **state)
{
    const struct weir_rundir *dir = *state;
    weir_recorder_free(put_records(dir)); // and no run.json
    append(dir, WEIR_FILE_RECORDS, "{\"id\":40,\"level\":1,\"pha");
    struct weir_rundata *run = load(dir);
    assert_int_equal(run->summary.levels[1].counters.measured, 36);
    weir_rundata_free(run);
    append(dir, WEIR_FILE_RECORDS, "\n");
    refuse(dir->path, "records.jsonl:81", "remove the line");
    put(dir, WEIR_FILE_RECORDS, "");
    refuse(dir->path, "not one record", "nothing to show");
    put(dir, WEIR_FILE_RECORDS, "{\"id\":1,\"level\":4000000000}\n");
    refuse(dir->path, "records.jsonl:1", "remove the line");
}

/** A level that had ended left its histograms, and with them what the records do not hold. */
static void test_gaps_of_a_level_that_had_ended(void **state)
{
    const struct weir_rundir *dir = *state;
    char path[WEIR_RUNDIR_FILE_BYTES];
    struct weir_outfile *file = NULL;
    struct weir_err err = {0};
    struct weir_recorder *recorder = put_records(dir);
    const struct weir_gap gap = {weir_gap_encode(10 * WEIR_MSEC), 1};
    for (int i = 0; i < 350; i++) {
        weir_recorder_add_gaps(recorder, &gap, 1);
    }
    struct weir_level_summary level = fixture_level(0, "vllm", 8, 36, 1);
    assert_int_equal(
        weir_histlog_open(weir_rundir_path(dir, WEIR_FILE_HISTOGRAMS, path), 0, &file, &err),
        WEIR_OK);
    weir_histlog_add(file, &level, recorder, 1);
    assert_int_equal(weir_outfile_close(file, &err), WEIR_OK);
    struct weir_rundata *run = load(dir);
    assert_int_equal(run->summary.levels[0].metrics[WEIR_METRIC_ITL].count, 350);
    assert_int_equal(run->summary.levels[1].metrics[WEIR_METRIC_ITL].count, 0);
    assert_int_equal(weir_hist_count(weir_rundata_hist(run, 0, WEIR_METRIC_TTFT)),
                     weir_hist_count(weir_recorder_hist(recorder, WEIR_METRIC_TTFT)));
    assert_null(weir_rundata_hist(run, 1, WEIR_METRIC_TTFT));
    assert_null(weir_rundata_hist(run, 7, WEIR_METRIC_TTFT));
    weir_rundata_free(run);
    append(dir, WEIR_FILE_HISTOGRAMS, "Tag=L00.vllm.c8.time_to_first_token,1.0,30.0,5");
    weir_rundata_free(load(dir));
    append(dir, WEIR_FILE_HISTOGRAMS, "\n");
    refuse(dir->path, "histograms.hlog:", "restore the file, or remove it");
    weir_recorder_free(recorder);
}

/** Parts and compression are read like one plain file, and so is a compressed one that was cut off.
 */
static void test_parts_and_compressed_records(void **state)
{
    enum { COUNT = 1000 };
    const struct weir_rundir *dir = *state;
    const struct weir_outfile_options forms[] = {
        {.rotate_bytes = WEIR_OUTFILE_ROTATE_MIN},
        {.rotate_bytes = WEIR_OUTFILE_ROTATE_MIN, .is_compressed = true},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(forms); i++) {
        const char *name = forms[i].is_compressed ? WEIR_FILE_RECORDS_GZ : WEIR_FILE_RECORDS;
        weir_recorder_free(put_records_as(dir, name, &forms[i], COUNT));
        char path[WEIR_RUNDIR_FILE_BYTES];
        (void)snprintf(path, sizeof(path), "%s/records-0001.jsonl%s", dir->path,
                       i > 0 ? ".gz" : "");
        assert_int_equal(access(path, R_OK), 0);
        struct weir_rundata *run = load(dir);
        assert_int_equal(run->summary.level_count, 2);
        for (size_t level = 0; level < 2; level++) {
            const struct weir_counters *counters = &run->summary.levels[level].counters;
            assert_int_equal(counters->warmup, 4);
            assert_int_equal(counters->measured, COUNT - 4);
            assert_int_equal(counters->outcomes[WEIR_OUTCOME_TIMEOUT], 1);
        }
        weir_rundata_free(run);
        if (!forms[i].is_compressed) {
            empty_dir(dir);
        }
    }
    append(dir, WEIR_FILE_RECORDS_GZ, "\x1f\x8b\x08"); // the head of a member that was cut off
    struct weir_rundata *run = load(dir);
    assert_int_equal(run->summary.levels[1].counters.measured, COUNT - 4);
    weir_rundata_free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_DIRECTORY(test_a_killed_run_is_rebuilt),
        IN_A_DIRECTORY(test_records_cut_off_and_damaged),
        IN_A_DIRECTORY(test_gaps_of_a_level_that_had_ended),
        IN_A_DIRECTORY(test_parts_and_compressed_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
