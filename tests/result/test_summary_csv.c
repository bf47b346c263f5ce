// summary.csv: golden, one row a level and metric, the same number of cells in each.
#include "result/fixture.h"

#include "weir/base/str.h"
#include "weir/result/summary_csv.h"

static void test_golden(void **state)
{
    (void)state;
    struct weir_summary summary = fixture_summary();
    struct weir_buf text;
    weir_buf_init(&text, 1U << 20);
    assert_true(weir_summary_csv(&summary, &text));
    fixture_golden("summary.csv", weir_buf_text(&text));
    weir_buf_free(&text);
    weir_summary_free(&summary);
}

static void test_rows_and_cells(void **state)
{
    (void)state;
    struct weir_summary summary = fixture_summary();
    struct weir_buf text;
    weir_buf_init(&text, 1U << 20);
    assert_true(weir_summary_csv(&summary, &text));
    struct weir_slice rest = {weir_buf_text(&text), text.len - 1}; // without the last line end
    struct weir_slice row;
    size_t rows = 0;
    while (weir_slice_next_part(&rest, '\n', &row)) {
        struct weir_slice cell;
        size_t cells = 0;
        while (weir_slice_next_part(&row, ',', &cell)) {
            cells++;
        }
        assert_int_equal(cells, 13 + WEIR_PERCENTILE_COUNT);
        rows++;
    }
    assert_int_equal(rows, 1 + summary.level_count * WEIR_METRIC_COUNT);
    weir_buf_free(&text);
    weir_summary_free(&summary);
}

static void test_quoting(void **state)
{
    (void)state;
    struct weir_summary summary = {.seed = 1};
    struct weir_level_summary level = fixture_level(0, "a,\"b\"", 1, 800, 1);
    weir_summary_add(&summary, &level);
    struct weir_buf text;
    weir_buf_init(&text, 1U << 20);
    assert_true(weir_summary_csv(&summary, &text));
    assert_non_null(strstr(weir_buf_text(&text),
                           "\n0,\"a,\"\"b\"\"\",meta-llama/Llama-3.1-8B,concurrency,1,,"));
    weir_buf_free(&text);
    weir_summary_free(&summary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_rows_and_cells),
        cmocka_unit_test(test_quoting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
