// slices.csv: rows, empty cells, that each row is on disk at once, and that a long level gets
// longer rows which add up to the same.
#define _GNU_SOURCE
#include "result/fixture.h"

#include <unistd.h>

#include "weir/base/str.h"
#include "weir/result/slices.h"

static void fill(struct weir_slice_stat *slice, int64_t index, int first_tokens, int gaps)
{
    weir_slice_stat_reset(slice, index);
    slice->sent = 5;
    slice->ok = 4;
    slice->failed = 1;
    slice->chunks = 300;
    slice->tokens = 600;
    slice->in_flight = 8;
    for (int i = 0; i < first_tokens; i++) {
        assert_true(weir_hist_record(slice->ttft, 50 * WEIR_MSEC));
    }
    for (int i = 0; i < gaps; i++) {
        assert_true(weir_hist_record(slice->itl, 10 * WEIR_MSEC));
    }
}

static void check_row(int first_tokens, int gaps, int64_t length_s, const char *expected)
{
    struct weir_slice_stat *slice = weir_slice_stat_new();
    fill(slice, 7, first_tokens, gaps);
    struct weir_buf row;
    weir_buf_init(&row, 4096);
    assert_true(weir_slices_format(2, slice, length_s, &row));
    assert_string_equal(weir_buf_text(&row), expected);
    weir_buf_free(&row);
    weir_slice_stat_free(slice);
}

static void test_rows(void **state)
{
    (void)state;
    check_row(0, 0, 1, "2,7,5,4,1,300,600,8,,,,,1\n");
    check_row(1, 0, 1, "2,7,5,4,1,300,600,8,,,,,1\n"); // one value has no median
    check_row(4, 0, 10, "2,7,5,4,1,300,600,8,50,,,,10\n");
    check_row(4, 300, 60, "2,7,5,4,1,300,600,8,50,,10,10,60\n");
}

static void open_temporary(char *path, struct weir_slices **slices)
{
    int fd = mkstemp(path);
    assert_true(fd >= 0 && close(fd) == 0);
    assert_int_equal(weir_slices_open(path, slices, NULL), WEIR_OK);
}

static void test_file(void **state)
{
    (void)state;
    char path[] = P_tmpdir "/weir-slices-XXXXXX";
    struct weir_slices *slices = NULL;
    open_temporary(path, &slices);
    struct weir_slice_stat *slice = weir_slice_stat_new();
    fill(slice, 0, 0, 0);
    weir_slices_add(slices, 0, slice);
    size_t len = 0;
    char *text = fixture_read(path, &len); // not closed, not ticked: there all the same
    assert_string_equal(text, WEIR_SLICES_HEADER "0,0,5,4,1,300,600,8,,,,,1\n");
    free(text);
    weir_slice_stat_free(slice);
    assert_int_equal(weir_slices_close(slices, NULL), WEIR_OK);
    assert_int_equal(unlink(path), 0);
}

static void test_errors(void **state)
{
    (void)state;
    struct weir_slices *slices = NULL;
    struct weir_err err = {0};
    assert_int_equal(weir_slices_open("/no/such/dir/slices.csv", &slices, &err), WEIR_SYSTEM);
    assert_null(slices);
    assert_int_equal(weir_slices_open("/dev/full", &slices, &err), WEIR_OK);
    assert_int_equal(weir_slices_close(slices, &err), WEIR_SYSTEM);
    assert_int_equal(weir_slices_close(NULL, &err), WEIR_OK);
}

enum { COLUMNS = 13, LENGTH = 12 };

struct table {
    size_t rows;
    int64_t (*cells)[COLUMNS]; // empty: −1
};

static struct table parse(char *text)
{
    size_t head = strlen(WEIR_SLICES_HEADER);
    assert_memory_equal(text, WEIR_SLICES_HEADER, head);
    struct weir_slice rest = {text + head, strlen(text + head)};
    struct table table = {0};
    for (size_t i = 0; i < rest.len; i++) {
        table.rows += rest.ptr[i] == '\n';
    }
    table.cells = calloc(table.rows + 1, sizeof(*table.cells));
    assert_non_null(table.cells);
    for (size_t r = 0; r < table.rows; r++) {
        struct weir_slice line;
        struct weir_slice cell;
        assert_true(weir_slice_next_part(&rest, '\n', &line));
        for (size_t c = 0; c < COLUMNS; c++) {
            assert_true(weir_slice_next_part(&line, ',', &cell));
            table.cells[r][c] = -1;
            assert_true(cell.len == 0 || weir_parse_i64(cell, &table.cells[r][c]));
        }
        assert_null(line.ptr); // no cell is left
    }
    return table;
}

/** Rows follow one another without gap or overlap, each as long as its place says; returns the sum
 * of `column`. */
static int64_t check_level(const struct table *table, size_t first, size_t end, size_t column)
{
    int64_t next = 0;
    int64_t sum = 0;
    for (size_t r = first; r < end; r++) {
        const int64_t *cells = table->cells[r];
        assert_int_equal(cells[1], next);
        bool is_last = r + 1 == end;
        int64_t step = cells[1] < 3600 ? 1 : cells[1] < 86400 ? 10 : 60;
        assert_true(is_last ? cells[LENGTH] <= step : cells[LENGTH] == step);
        next = cells[1] + cells[LENGTH];
        sum += cells[column];
    }
    return sum;
}

static void test_a_level_of_thirty_hours(void **state)
{
    (void)state;
    enum { SECONDS = 30 * 3600 + 7, SHORT = 3600 + 13 };
    char path[] = P_tmpdir "/weir-slices-XXXXXX";
    struct weir_slices *slices = NULL;
    open_temporary(path, &slices);
    struct weir_slice_stat *slice = weir_slice_stat_new();
    for (int64_t i = 0; i < SECONDS; i++) {
        fill(slice, i, 2, 0);
        slice->sent = (uint64_t)i;
        slice->in_flight = (uint64_t)i;
        weir_slices_add(slices, 0, slice);
    }
    for (int64_t i = 0; i < SHORT; i++) { // the next level begins while the first's row is open
        fill(slice, i, 1, 0);
        weir_slices_add(slices, 1, slice);
    }
    weir_slice_stat_free(slice);
    assert_int_equal(weir_slices_close(slices, NULL), WEIR_OK);
    size_t len = 0;
    char *text = fixture_read(path, &len);
    struct table table = parse(text);
    size_t split = 0;
    while (split < table.rows && table.cells[split][0] == 0) {
        split++;
    }
    assert_int_equal(split, 3600 + 82800 / 10 + 6 * 60 + 1);
    assert_int_equal(table.rows - split, 3600 + 2);
    assert_int_equal(check_level(&table, 0, split, 2), (int64_t)SECONDS * (SECONDS - 1) / 2);
    assert_int_equal(check_level(&table, split, table.rows, 2), 5 * SHORT);
    assert_int_equal(table.cells[split - 1][LENGTH], 7);
    assert_int_equal(table.cells[split - 1][7], SECONDS - 1); // in flight at the end, no sum
    assert_int_equal(table.cells[3600][7], 3609);
    assert_int_equal(table.cells[3599][8], 50);
    assert_int_equal(table.cells[3600][9], -1);      // 20 values have no p99
    assert_int_equal(table.cells[split - 2][9], 50); // 120 have
    assert_int_equal(table.cells[table.rows - 1][LENGTH], 3);
    free(table.cells);
    free(text);
    assert_int_equal(unlink(path), 0);
}

static void test_a_gap_begins_a_row(void **state)
{
    (void)state;
    static const int64_t seconds[] = {3602, 3605, 3640, 86400, 86399, 86400};
    char path[] = P_tmpdir "/weir-slices-XXXXXX";
    struct weir_slices *slices = NULL;
    open_temporary(path, &slices);
    struct weir_slice_stat *slice = weir_slice_stat_new();
    for (size_t i = 0; i < WEIR_COUNT_OF(seconds); i++) { // the last two: out of order, kept apart
        fill(slice, seconds[i], 0, 0);
        weir_slices_add(slices, 0, slice);
    }
    weir_slices_end_level(slices);
    weir_slices_end_level(slices); // once is enough
    weir_slice_stat_free(slice);
    assert_int_equal(weir_slices_close(slices, NULL), WEIR_OK);
    size_t len = 0;
    char *text = fixture_read(path, &len);
    struct table table = parse(text);
    static const int64_t expected[][2] = {{3602, 4}, {3640, 1}, {86400, 1}, {86399, 1}, {86400, 1}};
    assert_int_equal(table.rows, WEIR_COUNT_OF(expected));
    for (size_t r = 0; r < table.rows; r++) {
        assert_int_equal(table.cells[r][1], expected[r][0]);
        assert_int_equal(table.cells[r][LENGTH], expected[r][1]);
    }
    free(table.cells);
    free(text);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_a_level_of_thirty_hours),
        cmocka_unit_test(test_a_gap_begins_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
