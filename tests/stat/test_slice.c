// One second of a level.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "weir/stat/recorder.h"
#include "weir/stat/slice.h"

static struct weir_slice_stat *some_slice(int64_t index, uint64_t base)
{
    struct weir_slice_stat *slice = weir_slice_stat_new();
    weir_slice_stat_reset(slice, index);
    slice->sent = base + 1;
    slice->ok = base + 2;
    slice->failed = base + 3;
    slice->chunks = base + 4;
    slice->tokens = base + 5;
    slice->in_flight = base + 6;
    assert_true(weir_hist_record(slice->ttft, (int64_t)(base + 100) * WEIR_MSEC));
    assert_true(weir_hist_record_n(slice->itl, (int64_t)(base + 10) * WEIR_MSEC, base + 7));
    return slice;
}

static void check_counts(const struct weir_slice_stat *slice, uint64_t base, uint64_t times)
{
    assert_int_equal(slice->sent, base + 1 * times);
    assert_int_equal(slice->ok, base + 2 * times);
    assert_int_equal(slice->failed, base + 3 * times);
    assert_int_equal(slice->chunks, base + 4 * times);
    assert_int_equal(slice->tokens, base + 5 * times);
    assert_int_equal(slice->in_flight, base + 6 * times);
}

static void slices_of_two_workers_add_up(void **state)
{
    (void)state;
    struct weir_slice_stat *one = some_slice(7, 10);
    struct weir_slice_stat *other = some_slice(8, 200);
    weir_slice_stat_add(one, other);
    assert_int_equal(one->index, 7); // which second it is stays as it was
    check_counts(one, 210, 2);
    assert_int_equal(weir_hist_count(one->ttft), 2);
    assert_int_equal(weir_hist_min(one->ttft), 110 * WEIR_MSEC);
    assert_int_equal(weir_hist_max(one->ttft), 300 * WEIR_MSEC);
    assert_int_equal(weir_hist_count(one->itl), 17 + 207);
    check_counts(other, 200, 1); // nothing was taken from the other
    assert_int_equal(weir_hist_count(other->ttft), 1);
    weir_slice_stat_free(one);
    weir_slice_stat_free(other);
}

static void reset_forgets_everything_but_the_new_index(void **state)
{
    (void)state;
    struct weir_slice_stat *slice = some_slice(7, 10);
    assert_false(weir_hist_record(slice->ttft, -1)); // counted as dropped
    const struct weir_hist *ttft = slice->ttft;
    weir_slice_stat_reset(slice, 9);
    assert_int_equal(slice->index, 9);
    check_counts(slice, 0, 0);
    assert_ptr_equal(slice->ttft, ttft); // the memory is kept
    assert_int_equal(weir_hist_count(slice->ttft), 0);
    assert_int_equal(weir_hist_dropped(slice->ttft), 0);
    assert_int_equal(weir_hist_count(slice->itl), 0);
    weir_slice_stat_free(slice);
}

static void a_slice_holds_all_that_a_recorder_holds(void **state)
{
    (void)state;
    struct weir_slice_stat *slice = weir_slice_stat_new();
    assert_int_equal(slice->index, 0);
    check_counts(slice, 0, 0);
    assert_true(weir_hist_record(slice->ttft, 0));
    assert_true(weir_hist_record(slice->ttft, WEIR_RECORDER_MAX_NS));
    assert_true(weir_hist_record(slice->itl, WEIR_RECORDER_MAX_NS));
    weir_slice_stat_free(slice);
    weir_slice_stat_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_of_two_workers_add_up),
        cmocka_unit_test(reset_forgets_everything_but_the_new_index),
        cmocka_unit_test(a_slice_holds_all_that_a_recorder_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
