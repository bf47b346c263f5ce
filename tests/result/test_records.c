// records.jsonl: every line parses, every number comes back, what never happened is null, extremes
// fit.
#define _GNU_SOURCE
#include "result/fixture.h"

#include <jansson.h>
#include <unistd.h>

#include "weir/base/rng.h"
#include "weir/result/outfile.h"
#include "weir/result/records.h"

static const weir_ns T0 = 1000 * WEIR_SECOND;
static const struct weir_outfile_options PLAIN = {0};

static struct weir_sample plain_sample(void)
{
    return (struct weir_sample){
        .id = 42,
        .due = T0 + 100,
        .level = 3,
        .item = 7,
        .tokens_asked = 100,
        .worker = 1,
        .phase = WEIR_PHASE_MEASURED,
        .is_streamed = 1,
        .sent = T0 + 200,
        .first_byte = T0 + 50000000,
        .first_token = T0 + 50000100,
        .first_output_token = T0 + 60000000,
        .second_token = T0 + 61000000,
        .last_token = T0 + 1040000000,
        .done = T0 + 1041000000,
        .connect_time = 0,
        .longest_gap = 12000000,
        .chunks = 100,
        .chunks_in_window = 90,
        .output_tokens = 100,
        .input_tokens = 128,
        .reasoning_tokens = -1,
        .cached_tokens = 0,
        .body_bytes = 23456,
        .http_status = 200,
        .outcome = WEIR_OUTCOME_OK,
        .token_source = WEIR_TOKEN_SOURCE_USAGE,
        .is_reused = 1,
    };
}

static json_t *parse(const struct weir_sample *sample, const char *target)
{
    char line[WEIR_OUTFILE_LINE_MAX];
    size_t len = weir_record_format(sample, target, T0, line);
    assert_in_range(len, 1, WEIR_OUTFILE_LINE_MAX);
    assert_int_equal(line[len - 1], '\n');
    assert_null(memchr(line, '\n', len - 1));
    json_t *record = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(record);
    return record;
}

static void check_number(const json_t *record, const char *key, int64_t expected)
{
    json_t *value = json_object_get(record, key);
    if (!json_is_integer(value)) {
        fail_msg("%s is no integer", key);
    }
    assert_int_equal(json_integer_value(value), expected);
}

static void check_null(const json_t *record, const char *key)
{
    if (!json_is_null(json_object_get(record, key))) {
        fail_msg("%s is not null", key);
    }
}

static void check_word(const json_t *record, const char *key, const char *expected)
{
    assert_string_equal(json_string_value(json_object_get(record, key)), expected);
}

/** `instant` is 0: null, else ns from T0. */
static void check_instant(const json_t *record, const char *key, weir_ns instant)
{
    if (instant == 0) {
        check_null(record, key);
    } else {
        check_number(record, key, instant - T0);
    }
}

static void check_count(const json_t *record, const char *key, int64_t count)
{
    if (count < 0) {
        check_null(record, key);
    } else {
        check_number(record, key, count);
    }
}

static void check_record(const json_t *record, const struct weir_sample *sample)
{
    check_number(record, "id", (int64_t)sample->id);
    check_number(record, "level", sample->level);
    check_word(record, "phase", weir_phase_key((enum weir_phase)sample->phase));
    check_number(record, "worker", sample->worker);
    check_number(record, "item", sample->item);
    check_instant(record, "due_ns", sample->due);
    check_instant(record, "sent_ns", sample->sent);
    check_instant(record, "first_byte_ns", sample->first_byte);
    check_instant(record, "first_token_ns", sample->first_token);
    check_instant(record, "first_output_token_ns", sample->first_output_token);
    check_instant(record, "second_token_ns", sample->second_token);
    check_instant(record, "last_token_ns", sample->last_token);
    check_instant(record, "done_ns", sample->done);
    check_number(record, "connect_ns", sample->connect_time);
    check_count(record, "longest_gap_ns", sample->chunks > 1 ? sample->longest_gap : -1);
    check_number(record, "chunks", sample->chunks);
    check_number(record, "chunks_in_window", sample->chunks_in_window);
    check_count(record, "output_tokens", sample->output_tokens);
    check_count(record, "input_tokens", sample->input_tokens);
    check_count(record, "reasoning_tokens", sample->reasoning_tokens);
    check_count(record, "cached_tokens", sample->cached_tokens);
    check_word(record, "token_source",
               weir_token_source_key((enum weir_token_source)sample->token_source));
    check_count(record, "tokens_asked",
                sample->tokens_asked > 0 ? (int64_t)sample->tokens_asked : -1);
    check_number(record, "body_bytes", (int64_t)sample->body_bytes);
    check_count(record, "http_status", sample->http_status > 0 ? sample->http_status : -1);
    check_word(record, "outcome", weir_outcome_key((enum weir_outcome)sample->outcome));
    assert_int_equal(json_is_true(json_object_get(record, "reused")), sample->is_reused);
    assert_int_equal(json_is_true(json_object_get(record, "streamed")), sample->is_streamed);
    check_number(record, "retries", sample->retries);
    if (sample->timeout == WEIR_TIMEOUT_NONE) {
        assert_null(json_object_get(record, "timeout"));
    } else {
        check_word(record, "timeout", weir_timeout_key((enum weir_timeout)sample->timeout));
    }
}

static void test_every_field_comes_back(void **state)
{
    (void)state;
    struct weir_sample sample = plain_sample();
    json_t *record = parse(&sample, "\"vllm\"");
    check_record(record, &sample);
    check_word(record, "target", "vllm");
    json_decref(record);
}

static void test_what_never_happened_is_null(void **state)
{
    (void)state;
    struct weir_sample sample = {.due = T0,
                                 .done = T0 + 5,
                                 .outcome = WEIR_OUTCOME_TIMEOUT,
                                 .timeout = WEIR_TIMEOUT_CONNECT};
    sample.output_tokens = sample.input_tokens = sample.reasoning_tokens = sample.cached_tokens =
        -1;
    sample.token_source = WEIR_TOKEN_SOURCE_NONE;
    json_t *record = parse(&sample, "");
    check_record(record, &sample);
    check_number(record, "due_ns", 0); // at the level's first instant: a number, not "never"
    assert_null(json_object_get(record, "target"));
    json_decref(record);
}

static void test_any_sample(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(11);
    for (int i = 0; i < 5000; i++) {
        struct weir_sample sample = plain_sample();
        weir_ns *const instants[] = {&sample.due, &sample.sent, &sample.first_byte,
                                     &sample.first_token, &sample.done};
        for (size_t n = 0; n < WEIR_COUNT_OF(instants); n++) {
            *instants[n] = weir_rng_below(&rng, 4) == 0 ? 0 : (weir_ns)(weir_rng_u64(&rng) >> 2);
        }
        sample.id = weir_rng_u64(&rng) >> 1;
        sample.output_tokens = (int32_t)weir_rng_below(&rng, 1U << 30) - 1;
        sample.body_bytes = weir_rng_u64(&rng) >> (1 + weir_rng_below(&rng, 62));
        sample.chunks = weir_rng_below(&rng, 4);
        sample.outcome = (uint8_t)weir_rng_below(&rng, WEIR_OUTCOME_COUNT);
        sample.timeout = (uint8_t)weir_rng_below(&rng, WEIR_TIMEOUT_COUNT);
        sample.http_status = (int16_t)weir_rng_below(&rng, 600);
        json_t *record = parse(&sample, "\"a\"");
        check_record(record, &sample);
        json_decref(record);
    }
}

static void test_extremes_fit(void **state)
{
    (void)state;
    struct weir_sample sample;
    memset(&sample, 0x7f, sizeof(sample)); // every number as large as it gets
    sample.due = INT64_MIN / 2;
    sample.outcome = WEIR_OUTCOME_CLIENT_RESOURCE;
    sample.timeout = WEIR_TIMEOUT_FIRST_TOKEN;
    sample.phase = WEIR_PHASE_MEASURED;
    sample.token_source = WEIR_TOKEN_SOURCE_CHUNK_USAGE;
    char target[2049];
    memset(target, 'x', sizeof(target));
    target[0] = target[2047] = '"';
    target[2048] = '\0';
    json_t *record = parse(&sample, target);
    check_number(record, "due_ns", INT64_MIN / 2 - T0);
    json_decref(record);
}

static void test_file_of_two_levels(void **state)
{
    (void)state;
    char path[] = P_tmpdir "/weir-records-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && close(fd) == 0);
    struct weir_record_file *file = NULL;
    assert_int_equal(weir_record_file_open(path, &PLAIN, &file, NULL), WEIR_OK);
    struct weir_sample sample = plain_sample();
    weir_record_file_level(file, "a \"quoted\"\n\xff target", T0);
    weir_record_file_add(file, &sample);
    size_t len = 0;
    char *text = fixture_read(path, &len);
    assert_int_equal(len, 0); // buffered
    free(text);
    sample.done += WEIR_SECOND;
    weir_record_file_level(file, "", T0 + 50);
    weir_record_file_add(file, &sample); // a second later: both are on disk
    text = fixture_read(path, &len);
    json_t *first = json_loadb(text, len, JSON_DISABLE_EOF_CHECK, NULL);
    check_word(first, "target", "a \"quoted\" ? target");
    json_t *second = json_loads(strchr(text, '\n'), 0, NULL);
    assert_non_null(second);
    check_number(second, "due_ns", 50);
    assert_null(json_object_get(second, "target"));
    json_decref(first);
    json_decref(second);
    free(text);
    assert_int_equal(weir_record_file_close(file, NULL), WEIR_OK);
    assert_int_equal(unlink(path), 0);
}

static void test_full_disk_costs_the_records_only(void **state)
{
    (void)state;
    struct weir_record_file *file = NULL;
    struct weir_err err = {0};
    assert_int_equal(weir_record_file_open("/dev/full", &PLAIN, &file, NULL), WEIR_OK);
    struct weir_sample sample = plain_sample();
    for (int i = 0; i < 10000; i++) {
        sample.done += WEIR_MSEC;
        weir_record_file_add(file, &sample);
    }
    weir_record_file_flush(file);
    assert_int_equal(weir_record_file_error(file, &err), WEIR_SYSTEM);
    assert_non_null(strstr(err.text, "/dev/full: No space left on device"));
    assert_int_equal(weir_record_file_lost(file), 10000);
    assert_int_equal(weir_record_file_close(file, &err), WEIR_SYSTEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_comes_back),
        cmocka_unit_test(test_what_never_happened_is_null),
        cmocka_unit_test(test_any_sample),
        cmocka_unit_test(test_extremes_fit),
        cmocka_unit_test(test_file_of_two_levels),
        cmocka_unit_test(test_full_disk_costs_the_records_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
