// slices.csv: rows, empty cells, and that each row is on disk at once.
#define _GNU_SOURCE
#include "result/fixture.h"

#include <unistd.h>

#include "weir/result/slices.h"

static struct weir_slice_stat *slice_of(int64_t index, int first_tokens, int gaps)
{
    struct weir_slice_stat *slice = weir_slice_stat_new();
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
    return slice;
}

static void check_row(int first_tokens, int gaps, const char *expected)
{
    struct weir_slice_stat *slice = slice_of(7, first_tokens, gaps);
    struct weir_buf row;
    weir_buf_init(&row, 4096);
    assert_true(weir_slices_format(2, slice, &row));
    assert_string_equal(weir_buf_text(&row), expected);
    weir_buf_free(&row);
    weir_slice_stat_free(slice);
}

static void test_rows(void **state)
{
    (void)state;
    check_row(0, 0, "2,7,5,4,1,300,600,8,,,,\n");
    check_row(1, 0, "2,7,5,4,1,300,600,8,,,,\n"); // one value has no median
    check_row(4, 0, "2,7,5,4,1,300,600,8,50,,,\n");
    check_row(4, 300, "2,7,5,4,1,300,600,8,50,,10,10\n");
}

static void test_file(void **state)
{
    (void)state;
    char path[] = P_tmpdir "/weir-slices-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && close(fd) == 0);
    struct weir_outfile *file = NULL;
    assert_int_equal(weir_slices_open(path, &file, NULL), WEIR_OK);
    struct weir_slice_stat *slice = slice_of(0, 0, 0);
    weir_slices_add(file, 0, slice);
    size_t len = 0;
    char *text = fixture_read(path, &len); // not closed, not ticked: there all the same
    assert_string_equal(text, WEIR_SLICES_HEADER "0,0,5,4,1,300,600,8,,,,\n");
    free(text);
    weir_slice_stat_free(slice);
    assert_int_equal(weir_outfile_close(file, NULL), WEIR_OK);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
