// --help and OPTIONS.md: complete, within the width, and the same as the files in the repository.
// The example files are valid. WEIR_UPDATE_GOLDEN=1 writes those files anew.
#define _GNU_SOURCE // glob
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glob.h>

#include "config/config_samples.h"

enum { BYTES_MAX = 1 << 20 };

static const struct {
    int command;
    const char *name;
} commands[] = {
    {FOR_RUN, "run"}, {FOR_SIM, "sim"}, {FOR_CALIBRATE, "calibrate"}, {FOR_FIND, "find"}};
enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

/** Lines of `text` that define an option: "  -x, --name …" or "      --name …", with "[no-]" or
 * not. */
static int definitions(const char *text, const char *name)
{
    int found = 0;
    char line[256];
    for (const char *at = text; *at != '\0'; at += strcspn(at, "\n"), at += *at == '\n') {
        (void)snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
        const char *dashes = strncmp(line, "  -", 3) == 0 || strncmp(line, "      --", 8) == 0
                                 ? strstr(line, "--")
                                 : NULL;
        if (dashes == NULL) {
            continue;
        }
        dashes += strncmp(dashes, "--[no-]", 7) == 0 ? 7 : 2;
        const size_t len = strcspn(dashes, " ");
        found += len == strlen(name) && strncmp(dashes, name, len) == 0;
    }
    return found;
}

/** Every option of the command once, none of another; --config and --help, too. */
static void help_names_each_option_once(void **state)
{
    (void)state;
    for (int c = 0; c < COMMAND_COUNT; c++) {
        struct weir_buf text;
        weir_buf_init(&text, BYTES_MAX);
        assert_true(weir_config_help(commands[c].command, 80, &text));
        for (int i = 0; i < WEIR_OPTION_COUNT; i++) {
            const struct weir_option_info *row = weir_option((enum weir_option_id)i);
            const int wanted = (row->commands & commands[c].command) != 0 ? 1 : 0;
            if (definitions(text.ptr, row->name) != wanted) {
                fail_msg("--%s stands %d times in the help of %s", row->name,
                         definitions(text.ptr, row->name), commands[c].name);
            }
        }
        assert_int_equal(definitions(text.ptr, "config"), 1);
        assert_int_equal(definitions(text.ptr, "help"), 1);
        weir_buf_free(&text);
    }
}

/** No line passes the width, but where one label or word alone does; none ends in a blank; no word
 * is lost. */
static void help_keeps_its_width(void **state)
{
    (void)state;
    for (int width = 60; width <= 120; width += 5) {
        struct weir_buf text;
        weir_buf_init(&text, BYTES_MAX);
        assert_true(weir_config_help(FOR_RUN | FOR_SIM | FOR_CALIBRATE | FOR_FIND, width, &text));
        for (const char *at = text.ptr; *at != '\0'; at += strcspn(at, "\n"), at += *at == '\n') {
            const size_t len = strcspn(at, "\n");
            assert_true(len <= (size_t)width);
            assert_true(len == 0 || at[len - 1] != ' ');
        }
        assert_non_null(strstr(text.ptr, "[default: 600s]"));
        assert_non_null(strstr(text.ptr, "[default: reasoning_content]"));
        assert_null(strstr(text.ptr, "WEIR_SECOND"));
        weir_buf_free(&text);
    }
}

static void full_buffers_are_told(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < 6000; cap += 97) {
        struct weir_buf text;
        weir_buf_init(&text, cap);
        const bool has_help = weir_config_help(FOR_RUN, 80, &text);
        assert_int_equal(has_help, !text.overflow);
        weir_buf_clear(&text);
        assert_false(weir_config_markdown(&text));
        weir_buf_free(&text);
    }
}

// ---- files of the repository
// -----------------------------------------------------------------------------

/** The whole file; the caller frees. NULL when it cannot be read. */
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    char *text = calloc(BYTES_MAX, 1);
    assert_non_null(text);
    (void)fread(text, 1, BYTES_MAX - 1, file);
    assert_int_equal(ferror(file), 0);
    assert_int_equal(fclose(file), 0);
    return text;
}

/** Compare with the file, or write it when WEIR_UPDATE_GOLDEN is set. */
static void check_golden(const char *path, const struct weir_buf *text)
{
    if (getenv("WEIR_UPDATE_GOLDEN") != NULL) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(text->ptr, 1, text->len, file), text->len);
        assert_int_equal(fclose(file), 0);
        return;
    }
    char *golden = read_file(path);
    if (golden == NULL || strcmp(golden, text->ptr) != 0) {
        fail_msg("%s is not what options.def gives; WEIR_UPDATE_GOLDEN=1 writes it anew", path);
    }
    free(golden);
}

static void help_is_as_agreed(void **state)
{
    (void)state;
    for (int c = 0; c < COMMAND_COUNT; c++) {
        struct weir_buf text;
        char path[512];
        weir_buf_init(&text, BYTES_MAX);
        assert_true(weir_config_help(commands[c].command, 80, &text));
        (void)snprintf(path, sizeof(path), "%s/golden/help_%s.txt", WEIR_TEST_DIR,
                       commands[c].name);
        check_golden(path, &text);
        weir_buf_free(&text);
    }
}

static void options_md_is_up_to_date(void **state)
{
    (void)state;
    struct weir_buf text;
    weir_buf_init(&text, BYTES_MAX);
    assert_true(weir_config_markdown(&text));
    check_golden(WEIR_SOURCE_DIR "/configs/OPTIONS.md", &text);
    weir_buf_free(&text);
}

/** A cell of a table never holds a bare bar: each row of a table has as many cells as its head. */
static void markdown_tables_are_even(void **state)
{
    (void)state;
    struct weir_buf text;
    int rows = 0;
    size_t wanted = 0;
    weir_buf_init(&text, BYTES_MAX);
    assert_true(weir_config_markdown(&text));
    for (const char *at = text.ptr; *at != '\0'; at += *at == '\n') {
        const char *end = at + strcspn(at, "\n");
        const bool is_row = *at == '|';
        size_t cells = 0;
        for (; at < end; at++) {
            cells += is_row && *at == '|' && at[-1] != '\\';
        }
        assert_true(!is_row || wanted == 0 || cells == wanted);
        wanted = is_row ? cells : 0;
        rows += is_row && cells == 7;
    }
    assert_true(rows > WEIR_OPTION_COUNT);
    weir_buf_free(&text);
}

/** The example of OPTIONS.md and each file of configs/ can be read, and tells how to run it. */
static void examples_are_valid(void **state)
{
    (void)state;
    glob_t files;
    assert_int_equal(glob(WEIR_SOURCE_DIR "/configs/*.yaml", 0, NULL, &files), 0);
    assert_true(files.gl_pathc >= 6);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct weir_config config;
        struct weir_err err = {0};
        char *text = read_file(files.gl_pathv[i]);
        assert_non_null(text);
        const bool is_find = strstr(text, "weir find --config configs/") != NULL;
        weir_config_init(&config);
        if (weir_config_read_yaml(&config, is_find ? FOR_FIND : FOR_RUN, files.gl_pathv[i], &err) !=
            WEIR_OK) {
            fail_msg("%s:%d:%d: %s", err.file, err.line, err.column, err.text);
        }
        assert_true(config.url.count > 0);
        assert_true(text[0] == '#');
        assert_true(is_find || strstr(text, "weir run --config configs/") != NULL);
        assert_non_null(strstr(text, strrchr(files.gl_pathv[i], '/') + 1));
        free(text);
        weir_config_free(&config);
    }
    globfree(&files);
}

static void the_example_in_the_text_is_valid(void **state)
{
    (void)state;
    struct weir_buf text;
    struct weir_config config;
    struct weir_err err = {0};
    weir_buf_init(&text, BYTES_MAX);
    weir_config_init(&config);
    assert_true(weir_config_markdown(&text));
    const char *begin = strstr(text.ptr, "```yaml\n");
    assert_non_null(begin);
    begin += strlen("```yaml\n");
    const char *end = strstr(begin, "```");
    assert_non_null(end);
    assert_int_equal(
        weir_config_parse_yaml(&config, FOR_RUN, begin, (size_t)(end - begin), "md", &err),
        WEIR_OK);
    assert_int_equal(config.concurrency.count, 4);
    weir_config_free(&config);
    weir_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_names_each_option_once),
        cmocka_unit_test(help_keeps_its_width),
        cmocka_unit_test(full_buffers_are_told),
        cmocka_unit_test(help_is_as_agreed),
        cmocka_unit_test(options_md_is_up_to_date),
        cmocka_unit_test(markdown_tables_are_even),
        cmocka_unit_test(examples_are_valid),
        cmocka_unit_test(the_example_in_the_text_is_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
