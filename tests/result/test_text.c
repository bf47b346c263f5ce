// Text from outside: always valid UTF-8 in one line, whatever the bytes; CSV and Markdown fields.
#include "result/fixture.h"

#include <jansson.h>

#include "weir/base/rng.h"
#include "weir/result/text.h"

static void check(const char *text, size_t len, const char *expected)
{
    char out[64];
    assert_string_equal(weir_text_clean(text, len, out, sizeof(out)), expected);
}

static void test_clean(void **state)
{
    (void)state;
    check("plain", 5, "plain");
    check("", 0, "");
    check("a\r\n\tb", 5, "a b");
    check("\n\na", 3, "a");
    check("a\r\n", 3, "a");
    check("\n", 1, "");
    check("a\x1b[31m", 6, "a?[31m");
    check("a\0b", 3, "a?b");
    check("caf\xc3\xa9", 5, "caf\xc3\xa9");
    check("\xe2\x82\xac", 3, "\xe2\x82\xac");
    check("\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80");
    check("\xc2\x9b", 2, "?");            // a control character of two bytes
    check("\xc0\xaf", 2, "??");           // overlong
    check("\xed\xa0\x80", 3, "???");      // surrogate
    check("\xf4\x90\x80\x80", 4, "????"); // above U+10FFFF
    check("\xe2\x82", 2, "??");           // cut off
    check("\xff\xfe", 2, "??");
}

static void test_never_cuts_a_character(void **state)
{
    (void)state;
    char out[6];
    assert_string_equal(weir_text_clean("ab\xe2\x82\xac\xe2\x82\xac", 8, out, sizeof(out)),
                        "ab\xe2\x82\xac");
    assert_string_equal(weir_text_clean("abc\xe2\x82\xac", 6, out, sizeof(out)), "abc");
}

static void test_any_bytes_become_json(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(7);
    for (int round = 0; round < 20000; round++) {
        char bytes[24];
        size_t len = weir_rng_below(&rng, sizeof(bytes));
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (char)weir_rng_u32(&rng);
        }
        char out[20];
        (void)weir_text_clean(bytes, len, out, sizeof(out));
        json_t *json = json_string(out);
        assert_non_null(json); // Jansson takes valid UTF-8 only
        json_decref(json);
    }
}

static void test_width(void **state)
{
    (void)state;
    assert_int_equal(weir_text_width("caf\xc3\xa9"), 4);
    assert_int_equal(weir_text_bytes("caf\xc3\xa9s", 4), 5);
    assert_int_equal(weir_text_bytes("ab", 9), 2);
    assert_int_equal(weir_text_bytes("ab", 0), 0);
}

static void check_added(bool (*add)(struct weir_buf *, const char *), const char *text,
                        const char *expected)
{
    struct weir_buf buf;
    weir_buf_init(&buf, 1024);
    assert_true(add(&buf, text));
    assert_string_equal(weir_buf_text(&buf), expected);
    weir_buf_free(&buf);
}

static void test_csv(void **state)
{
    (void)state;
    check_added(weir_text_add_csv, "plain", "plain");
    check_added(weir_text_add_csv, "", "");
    check_added(weir_text_add_csv, "a,b", "\"a,b\"");
    check_added(weir_text_add_csv, "say \"x\"", "\"say \"\"x\"\"\"");
    check_added(weir_text_add_csv, "two\nlines", "\"two\nlines\"");
}

static void test_markdown(void **state)
{
    (void)state;
    check_added(weir_text_add_markdown, "a|b <script> `x`\n*y*",
                "a\\|b \\<script> \\`x\\` \\*y\\*");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_never_cuts_a_character),
        cmocka_unit_test(test_any_bytes_become_json),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_markdown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
