// Files of arrival times: every way to write one, and errors that name file, line and remedy.
#define _POSIX_C_SOURCE 200809L // mkdtemp
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "weir/base/attr.h"
#include "weir/base/buf.h"
#include "weir/base/mem.h"
#include "weir/plan/schedule.h"

static void assert_times(struct weir_slice text, const weir_ns *expected, size_t expected_count)
{
    weir_ns *times = NULL;
    size_t count = 0;
    struct weir_err err = {0};
    if (weir_times_parse(text, "t", &times, &count, &err) != WEIR_OK) {
        fail_msg("%d: %s", err.line, err.text);
    }
    assert_int_equal(count, expected_count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(times[i], expected[i]);
    }
    weir_free(times);
}

static void every_way_to_write_a_time_is_taken(void **state)
{
    (void)state;
    static const char text[] = "\xef\xbb\xbf# arrivals of a Monday\r\n"
                               "0\n"
                               "0.0\n"
                               "  1e-9 \n"
                               "\n"
                               ".5 # half\n"
                               "500ms\r\n"
                               "1.000000001\n"
                               "+2\n"
                               "2.5E0\n"
                               "1m\n"
                               "123456789.123456789";
    static const weir_ns expected[] = {
        0,          0,          1,          500000000,   500000000,
        1000000001, 2000000000, 2500000000, 60000000000, 123456789123456789};
    assert_times((struct weir_slice){text, sizeof(text) - 1}, expected, WEIR_COUNT_OF(expected));
}

struct wrong {
    const char *text;
    int line;
    const char *says;
};

static void what_is_wrong_is_told_by_line_and_remedy(void **state)
{
    (void)state;
    static const struct wrong wrong[] = {
        {"", 0, "no arrival time in this file"},
        {"# nothing\n\n", 0, "no arrival time in this file"},
        {"1\n# x\n3\n2\n", 4, "2s lies before 3s of line 3; times must ascend (sort -g"},
        {"1\n-2\n", 2, "'-2' is below 0"},
        {"time\n1\n", 1, "'time' is no time; a line is a number of seconds"},
        {"1,2,3\n", 1, "'1,2,3' is no time"},
        {"1\n1700000000.5\n", 2, "subtract the first one"},
        {"1.7e9\n", 1, "subtract the first one"},
        {"1e400\n", 1, "is no time"},
        {"nan\n", 1, "is no time"},
        {"inf\n", 1, "is no time"},
        {"0x10\n", 1, "is no time"},
        {"1 2\n", 1, "'1 2' is no time"},
        {"\x01\xff\n", 1,
         "'?"
         "?' is no time"},
        {"99999999999999999999999999999999999999999999999999999999999999999\n", 1, "is no time"},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(wrong); i++) {
        weir_ns *times = NULL;
        size_t count = 77;
        struct weir_err err = {0};
        const weir_status status =
            weir_times_parse(weir_slice_of(wrong[i].text), "arrivals.txt", &times, &count, &err);
        if (status != WEIR_INVALID || err.line != wrong[i].line ||
            strstr(err.text, wrong[i].says) == NULL) {
            fail_msg("'%s': status %d, line %d, %s", wrong[i].text, status, err.line, err.text);
        }
        assert_string_equal(err.file, "arrivals.txt");
        assert_null(times);
        assert_int_equal(count, 77);
    }
}

static void a_nul_is_no_end(void **state)
{
    (void)state;
    static const char text[] = "1\0 2\n3\n";
    weir_ns *times = NULL;
    size_t count = 0;
    struct weir_err err = {0};
    assert_int_equal(
        weir_times_parse((struct weir_slice){text, sizeof(text) - 1}, "t", &times, &count, &err),
        WEIR_INVALID);
    assert_int_equal(err.line, 1);
}

/** A file in a directory of its own; the caller removes both. */
struct file {
    char folder[64];
    char path[96];
};

static struct file write_file(const char *bytes, size_t len)
{
    struct file file = {.folder = "/tmp/weir-times-XXXXXX"};
    assert_non_null(mkdtemp(file.folder));
    (void)snprintf(file.path, sizeof(file.path), "%s/arrivals.txt", file.folder);
    FILE *out = fopen(file.path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, len, out), len);
    assert_int_equal(fclose(out), 0);
    return file;
}

static void remove_file(const struct file *file)
{
    assert_int_equal(unlink(file->path), 0);
    assert_int_equal(rmdir(file->folder), 0);
}

/** Large enough for lines to lie across the edges of what is read at once. */
static void a_file_reads_the_same_as_its_text(void **state)
{
    (void)state;
    enum { LINES = 50000 };
    struct weir_buf text;
    weir_buf_init(&text, 8U << 20U);
    for (int i = 0; i < LINES; i++) {
        assert_true(weir_buf_addf(&text, "%d.%03d%s\n", i, i % 1000, i % 7 == 0 ? " # seven" : ""));
    }
    text.len--; // no line break at the end
    const struct file file = write_file(weir_buf_text(&text), text.len);
    weir_ns *times = NULL;
    size_t count = 0;
    struct weir_err err = {0};
    assert_int_equal(weir_times_read(file.path, &times, &count, &err), WEIR_OK);
    assert_int_equal(count, LINES);
    for (weir_ns i = 0; i < LINES; i++) {
        assert_int_equal(times[i], i * WEIR_SECOND + i % 1000 * WEIR_MSEC);
    }
    weir_free(times);
    weir_buf_free(&text);
    remove_file(&file);
}

static void errors_of_files_name_the_file(void **state)
{
    (void)state;
    weir_ns *times = NULL;
    size_t count = 0;
    struct weir_err err = {0};
    assert_int_equal(weir_times_read("/nowhere/at/all", &times, &count, &err), WEIR_INVALID);
    assert_non_null(strstr(err.text, "cannot be opened: No such file"));
    assert_string_equal(err.file, "/nowhere/at/all");
    assert_int_equal(weir_times_read("/", &times, &count, &err), WEIR_INVALID);
    assert_non_null(strstr(err.text, "cannot be read: Is a directory"));
    const struct file file = write_file("1\n2\n1\n", 6);
    assert_int_equal(weir_times_read(file.path, &times, &count, &err), WEIR_INVALID);
    assert_string_equal(err.file, file.path);
    assert_int_equal(err.line, 3);
    remove_file(&file);
}

static void a_file_without_lines_is_given_up_soon(void **state)
{
    (void)state;
    weir_ns *times = NULL;
    size_t count = 0;
    struct weir_err err = {0};
    assert_int_equal(weir_times_read("/dev/zero", &times, &count, &err), WEIR_INVALID);
    assert_non_null(strstr(err.text, "a line of more than 65536 bytes"));
    assert_int_equal(err.line, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_to_write_a_time_is_taken),
        cmocka_unit_test(what_is_wrong_is_told_by_line_and_remedy),
        cmocka_unit_test(a_nul_is_no_end),
        cmocka_unit_test(a_file_reads_the_same_as_its_text),
        cmocka_unit_test(errors_of_files_name_the_file),
        cmocka_unit_test(a_file_without_lines_is_given_up_soon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
