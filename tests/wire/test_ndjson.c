// Lines of NDJSON: any split of the input gives the same lines, and nothing grows beyond the cap.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "weir/base/mem.h"
#include "weir/wire/ndjson.h"

enum { CAP = 1 << 12 };

/** Lines heard, each followed by '|'. */
struct heard {
    struct weir_buf text;
    int left; // lines until it says stop
};

static bool hear(void *context, struct weir_slice line)
{
    struct heard *heard = context;
    assert_true(line.len > 0);
    (void)weir_buf_add(&heard->text, line.ptr, line.len);
    (void)weir_buf_add_char(&heard->text, '|');
    return --heard->left != 0;
}

static void check_pieces(const char *input, size_t piece, const char *wanted)
{
    struct weir_ndjson ndjson;
    struct heard heard = {.left = -1};
    const size_t len = strlen(input);
    weir_ndjson_init(&ndjson, CAP, 0);
    weir_buf_init(&heard.text, CAP);
    for (size_t at = 0; at < len; at += piece) {
        const size_t size = piece < len - at ? piece : len - at;
        assert_int_equal(weir_ndjson_feed(&ndjson, input + at, size, hear, &heard), WEIR_NDJSON_OK);
    }
    assert_int_equal(weir_ndjson_finish(&ndjson, hear, &heard), WEIR_NDJSON_OK);
    assert_string_equal(weir_buf_text(&heard.text), wanted);
    weir_ndjson_free(&ndjson);
    weir_buf_free(&heard.text);
}

static void check(const char *input, const char *wanted)
{
    for (size_t piece = 1; piece <= strlen(input) + 1; piece++) {
        check_pieces(input, piece, wanted);
    }
}

static void test_lines(void **state)
{
    (void)state;
    check("", "");
    check("\n", "");
    check("a", "a|");
    check("a\n", "a|");
    check("a\nb", "a|b|");
    check("a\r\nb\r\n", "a|b|");
    check("\n\n \t\r\n{\"a\": 1} \n\r\n", "{\"a\": 1}|");
    check("a\rb\n", "a\rb|"); // a CR ends no line by itself
    check("{\"a\":\"\\n\"}\n", "{\"a\":\"\\n\"}|");
    check("  a b  \n", "a b|");
}

static void test_stop_is_final(void **state)
{
    (void)state;
    struct weir_ndjson ndjson;
    struct heard heard = {.left = 2};
    weir_ndjson_init(&ndjson, CAP, 0);
    weir_buf_init(&heard.text, CAP);
    assert_int_equal(weir_ndjson_feed(&ndjson, "a\nb\nc\nd", 7, hear, &heard), WEIR_NDJSON_STOPPED);
    assert_int_equal(weir_ndjson_feed(&ndjson, "e\n", 2, hear, &heard), WEIR_NDJSON_STOPPED);
    assert_int_equal(weir_ndjson_finish(&ndjson, hear, &heard), WEIR_NDJSON_STOPPED);
    assert_string_equal(weir_buf_text(&heard.text), "a|b|");
    weir_ndjson_reset(&ndjson);
    weir_buf_clear(&heard.text);
    heard.left = -1;
    assert_int_equal(weir_ndjson_feed(&ndjson, "f\n", 2, hear, &heard), WEIR_NDJSON_OK);
    assert_string_equal(weir_buf_text(&heard.text), "f|");
    weir_ndjson_free(&ndjson);
    weir_buf_free(&heard.text);
}

/** However it comes, a line of the cap is taken and one byte more is not. */
static void test_cap(void **state)
{
    (void)state;
    static const char LINE[] = "123456789\n";
    for (size_t piece = 1; piece <= 10; piece++) {
        for (size_t cap = 8; cap <= 9; cap++) {
            struct weir_ndjson ndjson;
            struct heard heard = {.left = -1};
            weir_ndjson_init(&ndjson, cap, 0);
            weir_buf_init(&heard.text, CAP);
            enum weir_ndjson_result result = WEIR_NDJSON_OK;
            for (size_t at = 0; at < 10; at += piece) {
                result = weir_ndjson_feed(&ndjson, LINE + at, piece < 10 - at ? piece : 10 - at,
                                          hear, &heard);
            }
            assert_int_equal(result, cap == 9 ? WEIR_NDJSON_OK : WEIR_NDJSON_TOO_LARGE);
            assert_int_equal(heard.text.len, cap == 9 ? 10 : 0);
            assert_int_equal(weir_ndjson_finish(&ndjson, hear, &heard), result);
            weir_ndjson_free(&ndjson);
            weir_buf_free(&heard.text);
        }
    }
}

static void test_reserved_lines_never_allocate(void **state)
{
    (void)state;
    struct weir_ndjson ndjson;
    struct heard heard = {.left = -1};
    weir_ndjson_init(&ndjson, CAP, 64);
    weir_buf_init(&heard.text, CAP);
    weir_buf_reserve(&heard.text, 2048);
    const uint64_t before = weir_mem_count();
    for (int i = 0; i < 50; i++) {
        (void)weir_ndjson_feed(&ndjson, "{\"a\":", 5, hear, &heard);
        (void)weir_ndjson_feed(&ndjson, "1}\n{\"b\":2}\n", 11, hear, &heard);
    }
    assert_int_equal(weir_mem_count(), before);
    assert_int_equal(heard.text.len, 50 * 16);
    weir_ndjson_free(&ndjson);
    weir_buf_free(&heard.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_stop_is_final),
        cmocka_unit_test(test_cap),
        cmocka_unit_test(test_reserved_lines_never_allocate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
