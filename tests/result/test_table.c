// The table at the end of a run: golden at three widths, colour, answers that were not streamed,
// hostile names.
#include "result/fixture.h"

#include "weir/base/str.h"
#include "weir/result/table.h"
#include "weir/result/text.h"

struct rendered {
    struct weir_buf text;
    size_t widest;
};

static struct rendered render(const struct weir_summary *summary, int columns, bool has_colour)
{
    struct rendered out = {0};
    struct weir_errors errors = fixture_errors();
    struct weir_table_style style = {.columns = columns,
                                     .has_colour = has_colour,
                                     .report = "weir-runs/20260131T120000Z-nightly/report.md"};
    weir_buf_init(&out.text, 1U << 20);
    assert_true(weir_table(summary, &errors, &style, &out.text));
    weir_errors_free(&errors);
    struct weir_slice rest = {weir_buf_text(&out.text), out.text.len};
    struct weir_slice line;
    while (weir_slice_next_part(&rest, '\n', &line)) {
        char text[512];
        size_t width = weir_text_width(weir_text_clean(line.ptr, line.len, text, sizeof(text)));
        out.widest = width > out.widest ? width : out.widest;
    }
    return out;
}

static void check_golden(const char *name, int columns)
{
    struct weir_summary summary = fixture_summary();
    struct rendered out = render(&summary, columns, false);
    fixture_golden(name, weir_buf_text(&out.text));
    assert_in_range(out.widest, 1, (unsigned)columns);
    assert_null(strchr(weir_buf_text(&out.text), '\x1b'));
    weir_buf_free(&out.text);
    weir_summary_free(&summary);
}

static void test_wide(void **state)
{
    (void)state;
    check_golden("table_wide.txt", 120);
}

static void test_narrow(void **state)
{
    (void)state;
    check_golden("table_narrow.txt", 100);
}

static void test_90_columns(void **state)
{
    (void)state;
    check_golden("table_90.txt", 90);
}

static void test_one_target_fits_80_columns(void **state)
{
    (void)state;
    struct weir_summary summary = {.seed = 1};
    for (uint32_t i = 0; i < 3; i++) {
        struct weir_level_summary level = fixture_level(i, "tgi", 1U << (4 * i), 800, 1 + i * 11.3);
        weir_summary_add(&summary, &level);
    }
    struct rendered out = render(&summary, 80, false);
    fixture_golden("table_one_target.txt", weir_buf_text(&out.text));
    assert_in_range(out.widest, 1, 80);
    weir_buf_free(&out.text);
    weir_summary_free(&summary);
}

static void test_rates(void **state)
{
    (void)state;
    struct weir_summary summary = fixture_rates();
    struct rendered out = render(&summary, 100, false);
    fixture_golden("table_rates.txt", weir_buf_text(&out.text));
    assert_in_range(out.widest, 1, 100);
    assert_null(strstr(weir_buf_text(&out.text), "in_flight rises by 36")); // may be nothing
    weir_buf_free(&out.text);
    weir_summary_free(&summary);
}

static void test_colour_marks_the_verdict_only(void **state)
{
    (void)state;
    struct weir_summary summary = fixture_summary();
    struct rendered out = render(&summary, 120, true);
    assert_non_null(strstr(weir_buf_text(&out.text), "\x1b[1;31mINVALID\x1b[0m"));
    assert_non_null(strstr(weir_buf_text(&out.text), "\x1b[33msuspect\x1b[0m"));
    assert_null(strstr(weir_buf_text(&out.text), "\x1b[31m")); // the server's own escape code
    weir_buf_free(&out.text);
    weir_summary_free(&summary);
}

static void test_not_streamed_shows_request_latency(void **state)
{
    (void)state;
    struct weir_summary summary = {.seed = 1};
    struct weir_level_summary level = fixture_level(0, "tgi", 4, 800, 1);
    const enum weir_metric streamed[] = {WEIR_METRIC_TTFT, WEIR_METRIC_ITL, WEIR_METRIC_TPOT,
                                         WEIR_METRIC_USER_RATE};
    for (size_t i = 0; i < WEIR_COUNT_OF(streamed); i++) {
        level.metrics[streamed[i]] = fixture_stats(0, 0, 0);
    }
    level.metrics[WEIR_METRIC_LATENCY] = fixture_stats(1042.7, 0.1, 800);
    weir_summary_add(&summary, &level);
    struct rendered out = render(&summary, 120, false);
    fixture_golden("table_not_streamed.txt", weir_buf_text(&out.text));
    weir_buf_free(&out.text);
    weir_summary_free(&summary);
}

static void test_no_level(void **state)
{
    (void)state;
    struct weir_summary summary = {.seed = 1};
    struct rendered out = render(&summary, 120, false);
    assert_non_null(strstr(weir_buf_text(&out.text), "No level"));
    weir_buf_free(&out.text);
}

static void test_hostile_names_stay_in_their_cells(void **state)
{
    (void)state;
    struct weir_summary summary = {.seed = 1};
    struct weir_level_summary level = fixture_level(0, "a\nb\x1b[2J\xc3", 4, 800, 1);
    weir_summary_add(&summary, &level);
    level = fixture_level(1, "caf\xc3\xa9", 4, 800, 1);
    weir_summary_add(&summary, &level);
    struct rendered out =
        render(&summary, 1, false); // narrower than anything: the narrowest table, no crash
    const char *text = weir_buf_text(&out.text);
    assert_null(strchr(text, '\x1b'));
    assert_non_null(strstr(text, "\na b?[2J?  "));
    assert_non_null(strstr(text, "\ncaf\xc3\xa9     ")); // padded by characters, not bytes
    weir_buf_free(&out.text);
    weir_summary_free(&summary);
}

static void test_full_buffer_is_told(void **state)
{
    (void)state;
    struct weir_summary summary = fixture_summary();
    struct weir_errors errors = fixture_errors();
    struct weir_table_style style = {.columns = 120};
    struct weir_buf small;
    weir_buf_init(&small, 100);
    assert_false(weir_table(&summary, &errors, &style, &small));
    weir_buf_free(&small);
    weir_errors_free(&errors);
    weir_summary_free(&summary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wide),
        cmocka_unit_test(test_narrow),
        cmocka_unit_test(test_90_columns),
        cmocka_unit_test(test_one_target_fits_80_columns),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_colour_marks_the_verdict_only),
        cmocka_unit_test(test_not_streamed_shows_request_latency),
        cmocka_unit_test(test_no_level),
        cmocka_unit_test(test_hostile_names_stay_in_their_cells),
        cmocka_unit_test(test_full_buffer_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
