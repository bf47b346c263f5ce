/** plan_fixture.h: plans from options, good and bad, for tests. */
#ifndef WEIR_TESTS_PLAN_FIXTURE_H
#define WEIR_TESTS_PLAN_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "weir/base/mem.h"
#include "weir/plan/plan.h"

/** name, value, name, value, …, NULL */
static inline void set_options(struct weir_config *config, const char *const *options)
{
    weir_config_init(config);
    for (size_t i = 0; options[i] != NULL; i += 2) {
        struct weir_err err = {.status = 0};
        if (weir_config_set(config, FOR_RUN, options[i], options[i + 1], &err) != WEIR_OK) {
            fail_msg("%s=%s: %s", options[i], options[i + 1], err.text);
        }
    }
}

/** The plan of these options; its error in `*err`. The targets' models are those of --model. */
static inline weir_status make(const char *const *options, struct weir_plan **plan,
                               struct weir_buf *warnings, struct weir_err *err)
{
    struct weir_config config;
    set_options(&config, options);
    struct weir_target *targets = NULL;
    size_t count = 0;
    weir_status status = weir_targets_parse(&config, &targets, &count, err);
    if (status == WEIR_OK) {
        status = weir_plan_new(&config, targets, count, plan, err);
        weir_free(targets);
    }
    if (status == WEIR_OK && warnings != NULL) {
        weir_plan_warnings(*plan, &config, warnings);
    }
    weir_config_free(&config);
    return status;
}

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

static inline struct weir_plan *make_good(const char *const *options)
{
    struct weir_plan *plan = NULL;
    struct weir_err err = {.status = 0};
    if (make(options, &plan, NULL, &err) != WEIR_OK) {
        fail_msg("%s", err.text);
    }
    return plan;
}

static inline void make_bad(const char *const *options, const char *says)
{
    struct weir_plan *plan = NULL;
    struct weir_err err = {.status = 0};
    assert_int_equal(make(options, &plan, NULL, &err), WEIR_INVALID);
    assert_null(plan);
    if (strstr(err.text, says) == NULL) {
        fail_msg("'%s' says nothing of '%s'", err.text, says);
    }
}

/** A file of `text`; the caller unlinks it. */
static inline void write_file(char *path, const char *text)
{
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
}

static inline void warnings_of(const char *const *options, const char *says)
{
    struct weir_buf warnings;
    weir_buf_init(&warnings, 4096);
    struct weir_plan *plan = NULL;
    struct weir_err err = {.status = 0};
    assert_int_equal(make(options, &plan, &warnings, &err), WEIR_OK);
    if (says == NULL) {
        assert_string_equal(weir_buf_text(&warnings), "");
    } else if (strstr(weir_buf_text(&warnings), says) == NULL) {
        fail_msg("'%s' says nothing of '%s'", weir_buf_text(&warnings), says);
    }
    weir_buf_free(&warnings);
    weir_plan_free(plan);
}

#endif
