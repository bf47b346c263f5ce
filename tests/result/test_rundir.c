// The run directory: never one that holds something, names that cannot escape, whole-file writes.
// Works in a directory of its own.
#define _GNU_SOURCE
#include "result/fixture.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weir/result/rundir.h"

static char place[] = P_tmpdir "/weir-rundir-XXXXXX";

static int setup(void **state)
{
    (void)state;
    return mkdtemp(place) == NULL || chdir(place) != 0;
}

static int remove_one(const char *path, const struct stat *found, int kind, struct FTW *walk)
{
    (void)found;
    (void)kind;
    (void)walk;
    return remove(path);
}

static int teardown(void **state)
{
    (void)state;
    return chdir("/") != 0 || nftw(place, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0;
}

static void touch(const char *path)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
}

static void test_default_name_and_collisions(void **state)
{
    (void)state;
    struct weir_rundir dirs[3];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(weir_rundir_create("", "my run", 0, &dirs[i], NULL), WEIR_OK);
        assert_int_equal(access(dirs[i].path, W_OK), 0);
    }
    char expected[WEIR_RUNDIR_BYTES + 8];
    assert_true(strncmp(dirs[0].path, "weir-runs/", 10) == 0);
    assert_string_equal(dirs[0].path + strlen(dirs[0].path) - strlen("Z-my-run"), "Z-my-run");
    (void)snprintf(expected, sizeof(expected), "%s-2", dirs[0].path);
    assert_string_equal(dirs[1].path, expected);
    (void)snprintf(expected, sizeof(expected), "%s-3", dirs[0].path);
    assert_string_equal(dirs[2].path, expected);
}

static void test_named(void **state)
{
    (void)state;
    struct weir_rundir dir;
    assert_int_equal(weir_rundir_create("a/b/c", "x", 0, &dir, NULL), WEIR_OK);
    assert_string_equal(dir.path, "a/b/c");
    assert_int_equal(weir_rundir_create("a/b/c", "x", 0, &dir, NULL), WEIR_OK); // there, but empty
    assert_int_equal(weir_rundir_create("a/b/d/", "x", 0, &dir, NULL), WEIR_OK);
}

static void test_never_over_results(void **state)
{
    (void)state;
    struct weir_rundir dir = {.path = "untouched"};
    struct weir_err err = {0};
    assert_int_equal(mkdir("full", 0777), 0);
    touch("full/.hidden");
    assert_int_equal(weir_rundir_create("full", "x", 0, &dir, &err), WEIR_INVALID);
    assert_int_equal(weir_status_exit_code(err.status), 2);
    assert_non_null(strstr(err.text, "full is not empty"));
    assert_non_null(strstr(err.text, "--out"));
    assert_string_equal(dir.path, "untouched");
}

static void test_impossible_places(void **state)
{
    (void)state;
    struct weir_rundir dir;
    struct weir_err err = {0};
    touch("file");
    assert_int_equal(weir_rundir_create("file", "x", 0, &dir, &err), WEIR_INVALID);
    assert_int_equal(weir_rundir_create("file/below", "x", 0, &dir, &err), WEIR_INVALID);
    assert_non_null(strstr(err.text, "Not a directory"));
    char *longest = malloc(5000);
    assert_non_null(longest);
    memset(longest, 'a', 4999);
    longest[4999] = '\0';
    assert_int_equal(weir_rundir_create(longest, "x", 0, &dir, &err), WEIR_INVALID);
    free(longest);
}

static void test_write_replaces_as_a_whole(void **state)
{
    (void)state;
    struct weir_rundir dir;
    assert_int_equal(weir_rundir_create("w", "x", 0, &dir, NULL), WEIR_OK);
    assert_int_equal(weir_rundir_write(&dir, "f.json", "first, longer", 13, NULL), WEIR_OK);
    assert_int_equal(weir_rundir_write(&dir, "f.json", "second", 6, NULL), WEIR_OK);
    size_t len = 0;
    char *text = fixture_read("w/f.json", &len);
    assert_string_equal(text, "second");
    free(text);
    assert_int_not_equal(access("w/f.json.tmp", F_OK), 0);
}

static void test_write_error_names_file_and_reason(void **state)
{
    (void)state;
    const struct weir_rundir gone = {.path = "no/such"};
    struct weir_err err = {0};
    assert_int_equal(weir_rundir_write(&gone, "f.json", "x", 1, &err), WEIR_SYSTEM);
    assert_non_null(strstr(err.text, "no/such/f.json"));
    assert_non_null(strstr(err.text, "No such file"));
}

static void test_full_disk_leaves_the_old_file(void **state)
{
    (void)state;
    struct weir_rundir dir;
    struct weir_err err = {0};
    assert_int_equal(weir_rundir_create("full-disk", "x", 0, &dir, NULL), WEIR_OK);
    assert_int_equal(weir_rundir_write(&dir, "f.json", "old", 3, NULL), WEIR_OK);
    assert_int_equal(symlink("/dev/full", "full-disk/f.json.tmp"),
                     0); // what is written aside meets a full device
    assert_int_equal(weir_rundir_write(&dir, "f.json", "new", 3, &err), WEIR_SYSTEM);
    assert_non_null(strstr(err.text, "No space left"));
    size_t len = 0;
    char *text = fixture_read("full-disk/f.json", &len);
    assert_string_equal(text, "old");
    free(text);
}

static void test_safe_names(void **state)
{
    (void)state;
    const char *const names[][2] = {{"run", "run"},
                                    {"", "run"},
                                    {"../../etc/passwd", "etc-passwd"},
                                    {"a b/c", "a-b-c"},
                                    {"---", "run"},
                                    {".hidden", "hidden"},
                                    {"-o", "o"},
                                    {"caf\xc3\xa9", "caf"},
                                    {"v1.2_x", "v1.2_x"}};
    for (size_t i = 0; i < WEIR_COUNT_OF(names); i++) {
        char out[65];
        assert_string_equal(weir_rundir_safe_name(names[i][0], out, sizeof(out)), names[i][1]);
    }
    char longest[300];
    char out[65];
    memset(longest, 'x', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(strlen(weir_rundir_safe_name(longest, out, sizeof(out))), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default_name_and_collisions),
        cmocka_unit_test(test_named),
        cmocka_unit_test(test_never_over_results),
        cmocka_unit_test(test_impossible_places),
        cmocka_unit_test(test_write_replaces_as_a_whole),
        cmocka_unit_test(test_write_error_names_file_and_reason),
        cmocka_unit_test(test_full_disk_leaves_the_old_file),
        cmocka_unit_test(test_safe_names),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
