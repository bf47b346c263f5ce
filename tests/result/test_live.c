// The live line: golden formats, rates over the last seconds, warm-up, what is written on a
// terminal and in a log.
#include "result/fixture.h"

#include "weir/result/live.h"
#include "weir/result/text.h"

static struct weir_live_state state_of_a_level(void)
{
    return (struct weir_live_state){
        .level = 1,
        .level_count = 6,
        .label = "vllm c=64",
        .duration = 30 * WEIR_SECOND,
        .warmup_count = 64,
        .seconds = 12,
        .opened_s = 2,
        .sent = 1540,
        .ok = 1470,
        .failed = 6,
        .in_flight = 64,
        .ok_rate = 128.41,
        .token_rate = 12840,
        .ttft_p50_ms = 51.234,
        .ttft_p99_ms = 60.31,
    };
}

static void add_line(struct weir_buf *out, const struct weir_live_state *live)
{
    assert_true(weir_live_format(live, out));
    (void)weir_buf_add_char(out, '\n');
}

static void test_golden(void **state)
{
    (void)state;
    struct weir_buf out;
    weir_buf_init(&out, 65536);
    struct weir_live_state live = state_of_a_level();
    add_line(&out, &live);
    live.sent = 63; // still warming up: when the window opens is not known yet
    live.opened_s = -1;
    live.ttft_p50_ms = live.ttft_p99_ms = NAN;
    add_line(&out, &live);
    live.warmup_count = 0; // by time: it is
    live.warmup_duration = 20 * WEIR_SECOND;
    add_line(&out, &live);
    live = state_of_a_level();
    live.duration = 0; // by count: an estimate
    live.request_count = 100000;
    live.seconds = 4000;
    add_line(&out, &live);
    live.ok_rate = NAN; // the very beginning
    live.token_rate = NAN;
    live.seconds = 0;
    add_line(&out, &live);
    struct weir_level_summary level = fixture_level(1, "vllm", 64, 787, 1);
    live = state_of_a_level();
    assert_true(weir_live_format_end(&live, &level, &out));
    (void)weir_buf_add_char(&out, '\n');
    level = fixture_level(1, "vllm", 64, 0, 1);
    level.is_interrupted = true;
    level.verdict.verdict = WEIR_VERDICT_INVALID;
    assert_true(weir_live_format_end(&live, &level, &out));
    (void)weir_buf_add_char(&out, '\n');
    fixture_golden("live.txt", weir_buf_text(&out));
    weir_buf_free(&out);
}

static void feed(struct weir_live *live, struct weir_slice_stat *slice, int64_t index)
{
    slice->index = index;
    weir_live_update(live, slice);
}

static void test_update(void **state)
{
    (void)state;
    struct weir_live *live = weir_live_new(WEIR_LIVE_NONE, stderr, 80);
    struct weir_live_state begin = {
        .level_count = 1, .label = "c=1", .warmup_count = 25, .duration = WEIR_MINUTE};
    weir_live_begin(live, &begin);
    struct weir_slice_stat *slice = weir_slice_stat_new();
    weir_slice_stat_reset(slice, 0);
    slice->sent = 10;
    slice->ok = 8;
    slice->failed = 1;
    slice->tokens = 800;
    slice->in_flight = 3;
    for (int i = 0; i < 60; i++) {
        assert_true(weir_hist_record(slice->ttft, 50 * WEIR_MSEC));
    }
    const struct weir_live_state *now = weir_live_state(live);
    feed(live, slice, 0);
    assert_true(now->ok_rate == 8 && now->token_rate == 800);
    assert_true(fabs(now->ttft_p50_ms - 50) < 1);
    assert_true(isnan(now->ttft_p99_ms)); // 60 values do not carry it
    assert_int_equal(now->opened_s, -1);
    feed(live, slice, 1);
    assert_true(fabs(now->ttft_p99_ms - 50) < 1); // 120 do
    feed(live, slice, 2);
    assert_int_equal(now->opened_s, 3); // 30 sent, 25 of them warm-up
    assert_int_equal(now->ok, 24);
    assert_int_equal(now->failed, 3);
    slice->ok = 18;
    for (int64_t i = 3; i < 8; i++) {
        feed(live, slice, i);
    }
    assert_true(now->ok_rate == 18); // the slow start is forgotten
    feed(live, slice, 11);           // seconds 8 to 10 brought nothing
    assert_true(now->ok_rate == 2 * 18.0 / WEIR_LIVE_SECONDS);
    assert_int_equal(now->seconds, 12);
    assert_int_equal(now->in_flight, 3);
    weir_live_begin(live, &begin);
    assert_int_equal(now->ok, 0);
    weir_slice_stat_free(slice);
    weir_live_free(live);
}

/** What a level of `seconds` writes. */
static char *write_level(enum weir_live_style style, int columns, int seconds)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    struct weir_live *live = weir_live_new(style, file, columns);
    struct weir_live_state begin = {.level_count = 1, .label = "c=1", .duration = WEIR_MINUTE};
    weir_live_begin(live, &begin);
    struct weir_slice_stat *slice = weir_slice_stat_new();
    for (int i = 0; i < seconds; i++) {
        weir_slice_stat_reset(slice, i);
        feed(live, slice, i);
    }
    weir_slice_stat_free(slice);
    struct weir_level_summary level = fixture_level(0, "x", 1, 800, 1);
    weir_live_end(live, &level);
    weir_live_free(live);
    char *text = calloc(1, 65536);
    assert_non_null(text);
    rewind(file);
    (void)fread(text, 1, 65535, file);
    assert_int_equal(fclose(file), 0);
    return text;
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
        count++;
    }
    return count;
}

static void test_none_writes_nothing(void **state)
{
    (void)state;
    char *text = write_level(WEIR_LIVE_NONE, 80, 30);
    assert_string_equal(text, "");
    free(text);
}

static void test_plain_writes_a_line_every_ten_seconds(void **state)
{
    (void)state;
    char *text = write_level(WEIR_LIVE_PLAIN, 80, 35);
    assert_int_equal(count_of(text, "\n"), 4); // 10, 20, 30 and the end
    assert_null(strchr(text, '\r'));
    assert_null(strchr(text, '\x1b'));
    assert_true(strncmp(text, "[1/1] c=1  10s", 14) == 0);
    free(text);
}

static void test_redraw_stays_in_one_line(void **state)
{
    (void)state;
    char *text = write_level(WEIR_LIVE_REDRAW, 40, 5);
    assert_int_equal(count_of(text, "\r"), 6);
    assert_int_equal(count_of(text, "\n"), 1); // the level's end stays
    const char *first = text + 1;
    assert_int_equal(strcspn(first, "\x1b"), strlen("[1/1] c=1  1s (59s left)  0 in flight"));
    assert_int_equal(count_of(text, "0 in flight\x1b[K"), 5); // whole fields only
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_update),
        cmocka_unit_test(test_none_writes_nothing),
        cmocka_unit_test(test_plain_writes_a_line_every_ten_seconds),
        cmocka_unit_test(test_redraw_stays_in_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
