// Growing files: what is on disk when, and what a full disk costs.
#define _GNU_SOURCE
#include "result/fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "weir/result/outfile.h"

static char path[] = P_tmpdir "/weir-outfile-XXXXXX";

static int setup(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 || close(fd) != 0;
}

static int teardown(void **state)
{
    (void)state;
    return unlink(path);
}

static struct weir_outfile *open_file(const char *name)
{
    struct weir_outfile *file = NULL;
    assert_int_equal(weir_outfile_open(name, &file, NULL), WEIR_OK);
    return file;
}

static void add_line(struct weir_outfile *file, const char *line)
{
    size_t len = strlen(line);
    memcpy(weir_outfile_line(file), line, len);
    weir_outfile_commit(file, len);
}

static void check_content(const char *expected)
{
    size_t len = 0;
    char *text = fixture_read(path, &len);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void test_on_disk_after_a_second(void **state)
{
    (void)state;
    struct weir_outfile *file = open_file(path);
    weir_outfile_tick(file, 5 * WEIR_SECOND);
    add_line(file, "one\n");
    weir_outfile_tick(file, 6 * WEIR_SECOND - 1);
    check_content("");
    weir_outfile_tick(file, 6 * WEIR_SECOND);
    check_content("one\n");
    add_line(file, "two\n");
    weir_outfile_flush(file);
    check_content("one\ntwo\n");
    assert_int_equal(weir_outfile_close(file, NULL), WEIR_OK);
}

static void test_more_than_the_buffer(void **state)
{
    (void)state;
    enum { LINES = 20000, BYTES = 101 };
    struct weir_outfile *file = open_file(path);
    char line[BYTES + 1];
    for (int i = 0; i < LINES; i++) {
        (void)snprintf(line, sizeof(line), "%0100d\n", i);
        add_line(file, line);
    }
    char *large = malloc(1U << 20);
    assert_non_null(large);
    memset(large, '\n', 1U << 20);
    weir_outfile_add(file, large, 1U << 20);
    free(large);
    assert_int_equal(weir_outfile_close(file, NULL), WEIR_OK);
    size_t len = 0;
    char *text = fixture_read(path, &len);
    assert_int_equal(len, LINES * BYTES + (1U << 20));
    for (int i = 0; i < LINES; i += 997) {
        (void)snprintf(line, sizeof(line), "%0100d\n", i);
        assert_memory_equal(text + (size_t)i * BYTES, line, BYTES);
    }
    free(text);
}

static void test_full_device(void **state)
{
    (void)state;
    struct weir_outfile *file = open_file("/dev/full");
    struct weir_err err = {0};
    add_line(file, "one\n");
    add_line(file, "two\n");
    assert_int_equal(weir_outfile_error(file, &err), WEIR_OK);
    weir_outfile_flush(file);
    assert_int_equal(weir_outfile_error(file, &err), WEIR_SYSTEM);
    assert_non_null(strstr(err.text, "/dev/full"));
    assert_non_null(strstr(err.text, "No space left on device"));
    assert_non_null(strstr(err.text, "--out"));
    assert_int_equal(weir_outfile_lost(file), 2);
    for (int i = 0; i < 100; i++) {
        add_line(file, "more\n");
    }
    weir_outfile_flush(file);
    assert_int_equal(weir_outfile_lost(file), 102);
    assert_int_equal(weir_outfile_close(file, &err), WEIR_SYSTEM);
}

static void test_disk_that_fills_up_keeps_whole_lines(void **state)
{
    (void)state;
    struct rlimit old;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit small = {.rlim_cur = 25, .rlim_max = old.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    struct weir_outfile *file = open_file(path);
    add_line(file, "123456789\n");
    weir_outfile_flush(file);
    for (int i = 0; i < 4; i++) {
        add_line(file, "abcdefghi\n");
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    weir_outfile_flush(file);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    check_content("123456789\nabcdefghi\n"); // 25 bytes were room for half a line more
    assert_int_equal(weir_outfile_lost(file), 3);
    add_line(file, "late\n"); // there is room again, but a gap would not be seen
    struct weir_err err = {0};
    assert_int_equal(weir_outfile_close(file, &err), WEIR_SYSTEM);
    check_content("123456789\nabcdefghi\n");
}

static void test_cannot_create(void **state)
{
    (void)state;
    struct weir_outfile *file = NULL;
    struct weir_err err = {0};
    assert_int_equal(weir_outfile_open("/no/such/dir/x", &file, &err), WEIR_SYSTEM);
    assert_null(file);
    assert_non_null(strstr(err.text, "/no/such/dir/x"));
    assert_int_equal(weir_outfile_close(NULL, NULL), WEIR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_on_disk_after_a_second),
        cmocka_unit_test(test_more_than_the_buffer),
        cmocka_unit_test(test_full_device),
        cmocka_unit_test(test_disk_that_fills_up_keeps_whole_lines),
        cmocka_unit_test(test_cannot_create),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
