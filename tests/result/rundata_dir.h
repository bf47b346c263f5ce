/** rundata_dir.h: run directories made and taken apart by the tests of what reads them. */
#ifndef WEIR_TESTS_RESULT_RUNDATA_DIR_H
#define WEIR_TESTS_RESULT_RUNDATA_DIR_H

#include "result/fixture.h"

#include <dirent.h>
#include <unistd.h>

#include "weir/base/attr.h"
#include "weir/result/rundata.h"
#include "weir/result/rundir.h"

static inline int make_dir(void **state)
{
    char path[] = "/tmp/weir-rundata-XXXXXX";
    if (mkdtemp(path) == NULL) {
        return -1;
    }
    struct weir_rundir *dir = calloc(1, sizeof(*dir));
    (void)snprintf(dir->path, sizeof(dir->path), "%s", path);
    *state = dir;
    return 0;
}

static inline void empty_dir(const struct weir_rundir *dir)
{
    DIR *list = opendir(dir->path);
    assert_non_null(list);
    for (struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
        char path[WEIR_RUNDIR_FILE_BYTES];
        (void)unlink(weir_rundir_path(dir, entry->d_name, path));
    }
    (void)closedir(list);
}

static inline int remove_dir(void **state)
{
    struct weir_rundir *dir = *state;
    empty_dir(dir);
    int failed = rmdir(dir->path);
    free(dir);
    return failed;
}

static inline void put(const struct weir_rundir *dir, const char *file, const char *text)
{
    struct weir_err err = {0};
    assert_int_equal(weir_rundir_write(dir, file, text, strlen(text), &err), WEIR_OK);
}

static inline struct weir_rundata *load(const struct weir_rundir *dir)
{
    struct weir_rundata *run = NULL;
    struct weir_err err = {0};
    if (weir_rundata_load(dir->path, &run, &err) != WEIR_OK) {
        fail_msg("%s", err.text);
    }
    return run;
}

/** It must fail, and say these things. */
static inline void refuse(const char *dir, const char *first, const char *second)
{
    struct weir_rundata *run = NULL;
    struct weir_err err = {0};
    assert_int_equal(weir_rundata_load(dir, &run, &err), WEIR_INVALID);
    assert_null(run);
    if (strstr(err.text, first) == NULL || strstr(err.text, second) == NULL) {
        fail_msg("\"%s\" says nothing of \"%s\" and \"%s\"", err.text, first, second);
    }
}

static inline void same_number(double a, double b)
{
    assert_int_equal(isfinite(a), isfinite(b));
    if (isfinite(a)) {
        assert_true(fabs(a - b) <= 0.50001e-6 + fabs(b) * 1e-14);
    }
}

static inline void same_stats(const struct weir_metric_stats *a, const struct weir_metric_stats *b)
{
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->dropped, b->dropped);
    same_number(a->avg, b->avg);
    same_number(a->std, b->std);
    same_number(a->min, b->min);
    same_number(a->max, b->max);
    for (int i = 0; i < WEIR_PERCENTILE_COUNT; i++) {
        same_number(a->percentiles[i], b->percentiles[i]);
    }
}

static inline void same_counters(const struct weir_counters *a, const struct weir_counters *b)
{
    assert_int_equal(a->measured, b->measured);
    assert_memory_equal(a->outcomes, b->outcomes, sizeof(a->outcomes));
    assert_memory_equal(a->timeouts, b->timeouts, sizeof(a->timeouts));
    assert_int_equal(a->warmup, b->warmup);
    assert_int_equal(a->warmup_failed, b->warmup_failed);
    assert_int_equal(a->whole_ok, b->whole_ok);
    assert_int_equal(a->whole_output_tokens, b->whole_output_tokens);
    assert_int_equal(a->length_short, b->length_short);
    assert_int_equal(a->length_long, b->length_long);
    assert_int_equal(a->connections_new, b->connections_new);
    assert_int_equal(a->retries, b->retries);
}

static inline void append(const struct weir_rundir *dir, const char *file, const char *text)
{
    char path[WEIR_RUNDIR_FILE_BYTES];
    FILE *out = fopen(weir_rundir_path(dir, file, path), "ab");
    assert_non_null(out);
    assert_int_equal(fputs(text, out) < 0, 0);
    assert_int_equal(fclose(out), 0);
}

#define IN_A_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

#endif
