// JSONL input: what is read, and what each mistake says.
#define _POSIX_C_SOURCE 200809L // fileno
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/plan/dataset.h"

static weir_status parse(const char *text, struct weir_arena *arena, struct weir_dataset *out,
                         struct weir_err *err)
{
    return weir_dataset_parse(weir_slice_of(text), "in.jsonl", arena, out, err);
}

static void test_reads_rows(void **state)
{
    (void)state;
    static const char text[] =
        "\xef\xbb\xbf{\"prompt\": \"say \\\"hi\\\"\\n\"}\r\n"
        "\r\n"
        "  \t\n"
        " {\"messages\": [ {\"role\": \"user\", \"content\": \"caf\\u00e9\"} ], \"max_tokens\": 7,"
        " \"id\": 12}\n"
        "{\"prompt\": \"x\", \"output_length\": 9, \"max_tokens\": null}";
    struct weir_arena *arena = weir_arena_new();
    struct weir_dataset data;
    struct weir_err err = {.status = 0};
    assert_int_equal(parse(text, arena, &data, &err), WEIR_OK);
    assert_int_equal(data.count, 3);
    assert_true(weir_slice_equals(data.rows[0].prompt, "say \"hi\"\n"));
    assert_int_equal(data.rows[0].max_tokens, 0);
    assert_int_equal(data.rows[0].messages.len, 0);
    assert_true(weir_slice_equals(data.rows[1].messages,
                                  "[{\"role\":\"user\",\"content\":\"caf\xc3\xa9\"}]"));
    assert_int_equal(data.rows[1].max_tokens, 7);
    assert_int_equal(data.rows[1].line, 4);
    assert_true(weir_slice_equals(data.rows[2].prompt, "x"));
    weir_arena_free(arena);
}

struct bad {
    const char *text;
    int line;
    const char *says;
};

static const struct bad bad[] = {
    {"", 0, "no prompt"},
    {"\n\r\n  \n", 0, "no prompt"},
    {"{\"prompt\": \"a\"}\n{\"prompt\": }\n", 2, "not a JSON object"},
    {"\n\nhello", 3, "not a JSON object"},
    {"{\"prompt\": \"a\"", 1, "not a JSON object"},
    {"{\"prompt\": \"a\"} x", 1, "not a JSON object"},
    {"{\"prompt\": \"\xff\"}", 1, "not a JSON object"},
    {"{\"prompt\": \"a\", \"prompt\": \"b\"}", 1, "duplicate"},
    {"[\n{\"prompt\": \"a\"}]", 1, "jq -c '.[]'"},
    {"[1]", 1, "object"},
    {"7", 1, "not a JSON object"},
    {"{}", 1, "neither"},
    {"{\"conversations\": []}", 1, "ShareGPT"},
    {"{\"prompt\": \"a\", \"messages\": []}", 1, "both"},
    {"{\"prompt\": \"\"}", 1, "'prompt'"},
    {"{\"prompt\": 1}", 1, "'prompt'"},
    {"{\"prompt\": [\"a\"]}", 1, "'prompt'"},
    {"{\"messages\": []}", 1, "'messages'"},
    {"{\"messages\": \"a\"}", 1, "'messages'"},
    {"{\"messages\": [{\"role\": \"user\"}, 1]}", 1, "message 2 of 2"},
    {"{\"messages\": [{\"content\": \"a\"}]}", 1, "'role'"},
    {"{\"prompt\": \"a\", \"max_tokens\": 0}", 1, "'max_tokens'"},
    {"{\"prompt\": \"a\", \"max_tokens\": 1.5}", 1, "'max_tokens'"},
    {"{\"prompt\": \"a\", \"max_tokens\": 10000001}", 1, "'max_tokens'"},
    {"{\"prompt\": \"a\", \"output_length\": \"9\"}", 1, "'output_length'"},
};

static void test_mistakes_name_their_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < WEIR_COUNT_OF(bad); i++) {
        struct weir_arena *arena = weir_arena_new();
        struct weir_dataset data = {.count = 77};
        struct weir_err err = {.status = 0};
        assert_int_equal(parse(bad[i].text, arena, &data, &err), WEIR_INVALID);
        if (strstr(err.text, bad[i].says) == NULL || err.line != bad[i].line) {
            fail_msg("'%s': line %d '%s'", bad[i].text, err.line, err.text);
        }
        assert_string_equal(err.file, "in.jsonl");
        assert_int_equal(data.count, 77); // untouched
        weir_arena_free(arena);
    }
}

static void test_null_bytes_and_depth(void **state)
{
    (void)state;
    struct weir_arena *arena = weir_arena_new();
    struct weir_dataset data;
    struct weir_err err;
    static const char zero[] = "{\"prompt\": \"a\0b\"}";
    assert_int_equal(
        weir_dataset_parse((struct weir_slice){zero, sizeof(zero) - 1}, "z", arena, &data, &err),
        WEIR_INVALID);
    const size_t depth = 100000;
    char *deep = weir_alloc(depth + 32, 1);
    int len = snprintf(deep, 32, "{\"prompt\": ");
    memset(deep + len, '[', depth);
    assert_int_equal(parse(deep, arena, &data, &err), WEIR_INVALID);
    weir_free(deep);
    weir_arena_free(arena);
}

static void test_files(void **state)
{
    (void)state;
    struct weir_arena *arena = weir_arena_new();
    struct weir_dataset data;
    struct weir_err err;
    assert_int_equal(weir_dataset_read("/nonexistent/x.jsonl", arena, &data, &err), WEIR_INVALID);
    assert_string_equal(err.file, "/nonexistent/x.jsonl");
    assert_non_null(strstr(err.text, "--input-file"));
    assert_int_equal(weir_dataset_read("/", arena, &data, &err), WEIR_INVALID); // a directory

    FILE *file = tmpfile();
    assert_non_null(file);
    const int rows = 5000; // several chunks of the reader
    for (int i = 0; i < rows; i++) {
        assert_true(fprintf(file, "{\"prompt\": \"number %d\", \"max_tokens\": %d}\n", i, i + 1) >
                    0);
    }
    assert_int_equal(fflush(file), 0);
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fileno(file));
    assert_int_equal(weir_dataset_read(path, arena, &data, &err), WEIR_OK);
    assert_int_equal(data.count, rows);
    assert_true(weir_slice_equals(data.rows[rows - 1].prompt, "number 4999"));
    assert_int_equal(data.rows[rows - 1].max_tokens, rows);
    (void)fclose(file);
    weir_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_rows),
        cmocka_unit_test(test_mistakes_name_their_line),
        cmocka_unit_test(test_null_bytes_and_depth),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
