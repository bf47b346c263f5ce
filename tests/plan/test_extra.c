// --extra-inputs: values of every kind, and what is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "weir/base/attr.h"
#include "weir/plan/extra.h"

enum { TEXT_BYTES = 256, TEXTS_MAX = 8 };

/** `texts` through the parser; the arena stays with the caller. */
static weir_status parse(const char *const *texts, size_t count, struct weir_arena *arena,
                         struct weir_extra *out, struct weir_err *err)
{
    char copies[TEXTS_MAX][TEXT_BYTES];
    char *items[TEXTS_MAX];
    assert_true(count <= TEXTS_MAX);
    for (size_t i = 0; i < count; i++) {
        assert_true(strlen(texts[i]) < TEXT_BYTES);
        memcpy(copies[i], texts[i], strlen(texts[i]) + 1);
        items[i] = copies[i];
    }
    const struct weir_str_list list = {items, count};
    return weir_extra_parse(&list, arena, out, err);
}

static void test_values(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "ignore_eos=true", "temperature=0.5",       "tag=hello \"you\"",
        "empty=",          "stop=[\"a\", \"b=c\"]", " {\"top_p\": 1, \"n\": null}",
        "temperature=0",
    };
    static const char *const want[][2] = {
        {"ignore_eos", "true"}, {"temperature", "0"},        {"tag", "\"hello \\\"you\\\"\""},
        {"empty", "\"\""},      {"stop", "[\"a\",\"b=c\"]"}, {"top_p", "1"},
        {"n", "null"},
    };
    struct weir_arena *arena = weir_arena_new();
    struct weir_extra extra;
    struct weir_err err = {.status = 0};
    assert_int_equal(parse(texts, WEIR_COUNT_OF(texts), arena, &extra, &err), WEIR_OK);
    assert_int_equal(extra.count, WEIR_COUNT_OF(want));
    for (size_t i = 0; i < extra.count; i++) {
        assert_string_equal(extra.keys[i], want[i][0]);
        assert_string_equal(extra.values[i], want[i][1]);
    }
    assert_int_equal(extra.tokens_asked, 0);
    weir_arena_free(arena);
}

static void test_none_and_tokens(void **state)
{
    (void)state;
    struct weir_arena *arena = weir_arena_new();
    struct weir_extra extra;
    struct weir_err err;
    assert_int_equal(parse(NULL, 0, arena, &extra, &err), WEIR_OK);
    assert_int_equal(extra.count, 0);
    static const char *const texts[] = {"max_completion_tokens=50"};
    assert_int_equal(parse(texts, 1, arena, &extra, &err), WEIR_OK);
    assert_int_equal(extra.tokens_asked, 50);
    weir_arena_free(arena);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"temperature", "KEY=VALUE"},
        {"", "KEY=VALUE"},
        {"=1", "empty"},
        {"  =1", "empty"},
        {"{\"a\": 1", "not a JSON object"},
        {"{\"a\": 1, \"a\": 2}", "duplicate"},
        {"prompt=x", "--input-file"},
        {"{\"messages\": []}", "--input-file"},
        {"model=x", "--model"},
        {"stream=false", "--no-streaming"},
        {"max_tokens=5", "--osl"},
        {"max_completion_tokens=0", "whole number"},
        {"max_completion_tokens=99999999999", "whole number"},
        {"max_completion_tokens=many", "whole number"},
        {"a=\xff", "UTF-8"},
        {"\xff=1", "UTF-8"},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(bad); i++) {
        struct weir_arena *arena = weir_arena_new();
        struct weir_extra extra;
        struct weir_err err = {.status = 0};
        assert_int_equal(parse(&bad[i][0], 1, arena, &extra, &err), WEIR_INVALID);
        if (strstr(err.text, bad[i][1]) == NULL) {
            fail_msg("'%s' says '%s'", bad[i][0], err.text);
        }
        weir_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_none_and_tokens),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
