// A long soak in compressed form: ten million requests through recorder, records and slices, in
// memory that does not grow.
#define _GNU_SOURCE
#include "result/fixture.h"

#include <dirent.h>
#include <unistd.h>

#include "weir/base/rng.h"
#include "weir/result/records.h"
#include "weir/result/slices.h"
#include "weir/stat/recorder.h"

enum {
    REQUESTS = 10 * 1000 * 1000,
    A_SECOND = 100,    // requests in a second of the level: 28 hours
    RECORD_EVERY = 10, // requests for one line, to keep the test short
    GAPS = 4           // of a request
};

// Growth that is none: pages touched late. Sanitizers keep freed memory for a while.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define WATCHED 1
#endif
#endif
#ifdef WATCHED
enum { PAGE_ALLOWANCE = 8192 };
#else
enum { PAGE_ALLOWANCE = 128 };
#endif

/** Pages of the process that lie in memory. */
static long resident_pages(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    long size = 0;
    long resident = 0;
    assert_int_equal(fscanf(file, "%ld %ld", &size, &resident), 2);
    (void)fclose(file);
    return resident;
}

struct soak {
    char dir[64];
    struct weir_rng rng;
    struct weir_recorder *recorder;
    struct weir_record_file *records;
    struct weir_slices *slices;
    struct weir_slice_stat *slice;
};

static void soak_open(struct soak *soak)
{
    (void)snprintf(soak->dir, sizeof(soak->dir), "%s/weir-soak-XXXXXX", P_tmpdir);
    assert_non_null(mkdtemp(soak->dir));
    char path[128];
    const struct weir_outfile_options options = {.rotate_bytes = 8U << 20, .is_compressed = true};
    (void)snprintf(path, sizeof(path), "%s/records.jsonl.gz", soak->dir);
    assert_int_equal(weir_record_file_open(path, &options, &soak->records, NULL), WEIR_OK);
    weir_record_file_level(soak->records, "vllm", 0);
    (void)snprintf(path, sizeof(path), "%s/slices.csv", soak->dir);
    assert_int_equal(weir_slices_open(path, &soak->slices, NULL), WEIR_OK);
    soak->recorder = weir_recorder_new();
    soak->slice = weir_slice_stat_new();
    soak->rng = weir_rng_seed(5);
}

static void soak_close(struct soak *soak)
{
    assert_int_equal(weir_record_file_lost(soak->records), 0);
    assert_int_equal(weir_record_file_close(soak->records, NULL), WEIR_OK);
    assert_int_equal(weir_slices_close(soak->slices, NULL), WEIR_OK);
    weir_recorder_free(soak->recorder);
    weir_slice_stat_free(soak->slice);
    DIR *dir = opendir(soak->dir);
    assert_non_null(dir);
    size_t files = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (entry->d_name[0] != '.') {
            assert_int_equal(unlinkat(dirfd(dir), entry->d_name, 0), 0);
            files++;
        }
    }
    (void)closedir(dir);
    assert_int_equal(rmdir(soak->dir), 0);
    assert_in_range(files, 4, 100); // it did rotate
}

/** Latencies over five decades: every bucket is touched sooner or later. */
static weir_ns draw(struct weir_rng *rng, weir_ns least)
{
    return least << weir_rng_below(rng, 17);
}

static struct weir_sample request(struct soak *soak, uint64_t id, struct weir_gap *gaps)
{
    weir_ns due = WEIR_SECOND + (weir_ns)id * WEIR_SECOND / A_SECOND;
    struct weir_sample sample = {
        .id = id,
        .due = due,
        .sent = due + draw(&soak->rng, 500),
        .phase = WEIR_PHASE_MEASURED,
        .is_streamed = 1,
        .is_reused = 1,
        .chunks = GAPS + 1,
        .chunks_in_window = GAPS + 1,
        .output_tokens = 100 + (int32_t)weir_rng_below(&soak->rng, 100),
        .input_tokens = 128,
        .reasoning_tokens = -1,
        .cached_tokens = -1,
        .token_source = WEIR_TOKEN_SOURCE_USAGE,
        .http_status = 200,
        .outcome = id % 1000 == 7   ? WEIR_OUTCOME_HTTP_5XX
                   : id % 500 == 11 ? WEIR_OUTCOME_CANCELLED
                                    : WEIR_OUTCOME_OK,
    };
    sample.first_byte = sample.first_token = sample.sent + draw(&soak->rng, 100000);
    sample.last_token = sample.first_output_token = sample.first_token;
    for (size_t i = 0; i < GAPS; i++) {
        weir_ns gap = draw(&soak->rng, 30000);
        gaps[i] = (struct weir_gap){.span = weir_gap_encode(gap), .tokens = 1};
        sample.longest_gap = gap > sample.longest_gap ? gap : sample.longest_gap;
        sample.last_token += gap;
        sample.second_token = i == 0 ? sample.last_token : sample.second_token;
    }
    sample.done = sample.last_token + 1000;
    return sample;
}

static void count_in(struct soak *soak, const struct weir_sample *sample)
{
    int64_t second = (int64_t)(sample->id / A_SECOND);
    if (second != soak->slice->index) {
        weir_slices_add(soak->slices, 0, soak->slice);
        weir_slice_stat_reset(soak->slice, second);
    }
    soak->slice->sent++;
    soak->slice->ok += sample->outcome == WEIR_OUTCOME_OK;
    (void)weir_hist_record(soak->slice->ttft, sample->first_token - sample->sent);
}

static void soak_run(struct soak *soak, uint64_t from, uint64_t to)
{
    const struct weir_window window = {.start = 0, .end = INT64_MAX};
    for (uint64_t id = from; id < to; id++) {
        struct weir_gap gaps[GAPS];
        struct weir_sample sample = request(soak, id, gaps);
        weir_recorder_add(soak->recorder, &sample, gaps, GAPS, window);
        count_in(soak, &sample);
        if (id % RECORD_EVERY == 0) {
            weir_record_file_add(soak->records, &sample);
        }
    }
}

static void test_memory_is_flat(void **state)
{
    (void)state;
    struct soak soak = {0};
    soak_open(&soak);
    soak_run(&soak, 0, REQUESTS / 10);
    long before = resident_pages();
    soak_run(&soak, REQUESTS / 10, REQUESTS);
    long grown = resident_pages() - before;
    if (grown > PAGE_ALLOWANCE) {
        fail_msg("%ld pages more after nine million requests", grown);
    }
    const struct weir_counters *counters = weir_recorder_counters(soak.recorder);
    assert_int_equal(counters->measured, REQUESTS);
    assert_int_equal(weir_counters_failed(counters), REQUESTS / 1000);
    assert_int_equal(counters->outcomes[WEIR_OUTCOME_CANCELLED], REQUESTS / 500);
    const uint64_t ok = REQUESTS - REQUESTS / 1000 - REQUESTS / 500;
    assert_int_equal(counters->outcomes[WEIR_OUTCOME_OK], ok);
    assert_int_equal(weir_hist_count(weir_recorder_hist(soak.recorder, WEIR_METRIC_TTFT)), ok);
    assert_int_equal(weir_hist_count(weir_recorder_hist(soak.recorder, WEIR_METRIC_ICL)),
                     ok * GAPS);
    soak_close(&soak);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_flat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
