// Records in parts: every line is in one of them, names sorted give the order, gzip can be read at
// any time.
#define _GNU_SOURCE
#include "result/fixture.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "weir/result/records.h"

enum { PATH_BYTES = 512 };

struct fixture {
    char dir[64];
    char path[PATH_BYTES]; // of the growing part
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    (void)snprintf(f->dir, sizeof(f->dir), "%s/weir-parts-XXXXXX", P_tmpdir);
    assert_non_null(mkdtemp(f->dir));
    *state = f;
    return 0;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/** Names in the directory in the order of their bytes, each to be freed, as is the list. */
static size_t list(const struct fixture *f, struct dirent ***names)
{
    int count = scandir(f->dir, names, is_visible, by_bytes);
    assert_true(count >= 0);
    return (size_t)count;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(chmod(f->dir, 0700), 0);
    struct dirent **names = NULL;
    size_t count = list(f, &names);
    for (size_t i = 0; i < count; i++) {
        char path[PATH_BYTES];
        (void)snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]->d_name);
        assert_int_equal(unlink(path), 0);
        free(names[i]);
    }
    free(names);
    assert_int_equal(rmdir(f->dir), 0);
    free(f);
    return 0;
}

static struct weir_record_file *open_records(struct fixture *f, const char *name, uint64_t rotate,
                                             bool is_compressed)
{
    (void)snprintf(f->path, sizeof(f->path), "%s/%s", f->dir, name);
    const struct weir_outfile_options options = {rotate, is_compressed};
    struct weir_record_file *file = NULL;
    assert_int_equal(weir_record_file_open(f->path, &options, &file, NULL), WEIR_OK);
    weir_record_file_level(file, "vllm", 0);
    return file;
}

static void add_records(struct weir_record_file *file, uint64_t first, uint64_t count)
{
    for (uint64_t i = first; i < first + count; i++) {
        struct weir_sample sample = {.id = i,
                                     .due = (weir_ns)i * WEIR_MSEC,
                                     .sent = (weir_ns)i * WEIR_MSEC + 1000,
                                     .done = (weir_ns)i * WEIR_MSEC + (weir_ns)(i * 7919 % 104729),
                                     .outcome = WEIR_OUTCOME_OK};
        weir_record_file_add(file, &sample);
    }
}

/** Read lines of a part, plain or gzip, whose ids go on from `next`; returns the next after it. */
static uint64_t read_part(const char *path, uint64_t next)
{
    gzFile file = gzopen(path, "rb");
    assert_non_null(file);
    char line[WEIR_OUTFILE_LINE_MAX];
    while (gzgets(file, line, sizeof(line)) != NULL) {
        unsigned long long id = 0;
        assert_int_equal(sscanf(line, "{\"id\":%llu,", &id), 1);
        assert_int_equal(id, next);
        assert_string_equal(line + strlen(line) - 2, "}\n");
        next++;
    }
    int error = Z_OK;
    (void)gzerror(file, &error);
    assert_int_equal(error, Z_OK); // no member is cut off
    assert_int_equal(gzclose(file), Z_OK);
    return next;
}

/** All parts in the order of their names hold ids 0, 1, 2 … to `count`; returns how many there are.
 */
static size_t check_parts(const struct fixture *f, uint64_t count, uint64_t largest)
{
    struct dirent **names = NULL;
    size_t parts = list(f, &names);
    uint64_t next = 0;
    for (size_t i = 0; i < parts; i++) {
        char path[PATH_BYTES];
        (void)snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]->d_name);
        struct stat about = {0};
        assert_int_equal(stat(path, &about), 0);
        assert_true(largest == 0 || (uint64_t)about.st_size <= largest);
        uint64_t before = next;
        next = read_part(path, next);
        assert_true(next > before);
        free(names[i]);
    }
    free(names);
    assert_int_equal(next, count);
    return parts;
}

static void test_plain_parts(void **state)
{
    struct fixture *f = *state;
    struct weir_record_file *file = open_records(f, "records.jsonl", 65536, false);
    add_records(file, 0, 20000);
    assert_int_equal(weir_record_file_lost(file), 0);
    assert_int_equal(weir_record_file_close(file, NULL), WEIR_OK);
    size_t parts = check_parts(f, 20000, 65536);
    assert_in_range(parts, 100, 400);
    char first[PATH_BYTES + 16];
    (void)snprintf(first, sizeof(first), "%s/records-0001.jsonl", f->dir);
    assert_int_equal(access(first, R_OK), 0);
    struct stat about = {0};
    assert_int_equal(stat(first, &about), 0);
    assert_in_range(about.st_size, 65536 / 2, 65536); // parts are filled
}

static void test_compressed_parts(void **state)
{
    struct fixture *f = *state;
    struct weir_record_file *file = open_records(f, "records.jsonl.gz", 65536, true);
    add_records(file, 0, 20000);
    assert_int_equal(weir_record_file_close(file, NULL), WEIR_OK);
    size_t parts = check_parts(f, 20000, 65536);
    assert_in_range(parts, 10, 60); // the same lines in far fewer bytes
    char first[PATH_BYTES + 16];
    (void)snprintf(first, sizeof(first), "%s/records-0001.jsonl.gz", f->dir);
    assert_int_equal(access(first, R_OK), 0);
}

static void test_one_compressed_file(void **state)
{
    struct fixture *f = *state;
    struct weir_record_file *file = open_records(f, "records.jsonl.gz", 0, true);
    for (uint64_t i = 0; i < 5; i++) { // what a killed run leaves can be read at any time
        add_records(file, i * 1000, 1000);
        weir_record_file_flush(file);
        assert_int_equal(check_parts(f, (i + 1) * 1000, 0), 1);
    }
    assert_int_equal(weir_record_file_close(file, NULL), WEIR_OK);
    assert_int_equal(check_parts(f, 5000, 0), 1);
}

static void test_too_small_a_part_is_refused(void **state)
{
    struct fixture *f = *state;
    (void)snprintf(f->path, sizeof(f->path), "%s/records.jsonl", f->dir);
    const struct weir_outfile_options options = {.rotate_bytes = 65535};
    struct weir_record_file *file = NULL;
    struct weir_err err = {0};
    assert_int_equal(weir_record_file_open(f->path, &options, &file, &err), WEIR_INVALID);
    assert_non_null(strstr(err.text, "64KiB or more"));
    assert_null(file);
    assert_int_equal(access(f->path, F_OK), -1); // nothing was made
}

/** No more descriptors, so that no other part can be begun: the present one goes on. */
static void test_a_part_that_cannot_be_begun_costs_nothing(void **state)
{
    struct fixture *f = *state;
    struct weir_record_file *file = open_records(f, "records.jsonl", 65536, false);
    struct rlimit before = {0};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit none = {.rlim_cur = 3, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    add_records(file, 0, 2000);
    weir_record_file_flush(file);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(weir_record_file_error(file, NULL), WEIR_OK);
    assert_int_equal(weir_record_file_lost(file), 0);
    assert_int_equal(weir_record_file_close(file, NULL), WEIR_OK);
    assert_int_equal(check_parts(f, 2000, 0), 1);
}

static void test_full_disk_with_gzip(void **state)
{
    (void)state;
    const struct weir_outfile_options options = {.is_compressed = true};
    struct weir_record_file *file = NULL;
    struct weir_err err = {0};
    assert_int_equal(weir_record_file_open("/dev/full", &options, &file, NULL), WEIR_OK);
    add_records(file, 0, 3000);
    weir_record_file_flush(file);
    assert_int_equal(weir_record_file_lost(file), 3000);
    assert_int_equal(weir_record_file_close(file, &err), WEIR_SYSTEM);
    assert_non_null(strstr(err.text, "No space left on device"));
}

/** A disk that fills up in the middle: the file ends with a whole line or member. */
static void check_half_full(struct fixture *f, const char *name, bool is_compressed)
{
    struct weir_record_file *file = open_records(f, name, 0, is_compressed);
    struct rlimit before = {0};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = {.rlim_cur = 300000, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    add_records(file, 0, 40000);
    weir_record_file_flush(file);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    uint64_t lost = weir_record_file_lost(file);
    assert_in_range(lost, 1, 39999);
    assert_int_equal(weir_record_file_close(file, NULL), WEIR_SYSTEM);
    assert_int_equal(read_part(f->path, 0), 40000 - lost);
}

static void test_half_full_disk(void **state)
{
    check_half_full(*state, "records.jsonl", false);
    check_half_full(*state, "records.jsonl.gz", true);
}

int main(void)
{
    (void)signal(SIGXFSZ, SIG_IGN); // a file over the limit: an error, not the end
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plain_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_compressed_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_compressed_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_small_a_part_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_part_that_cannot_be_begun_costs_nothing, setup,
                                        teardown),
        cmocka_unit_test(test_full_disk_with_gzip),
        cmocka_unit_test_setup_teardown(test_half_full_disk, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
