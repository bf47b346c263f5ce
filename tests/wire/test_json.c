// The JSON reader: what it takes, what it refuses, and that it agrees with Jansson on both. All
// input lies against a guard page.
#define _DEFAULT_SOURCE // MAP_ANONYMOUS

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/base/rng.h"
#include "weir/wire/json.h"

#include "guard.h"

enum { INPUT_MAX = 1 << 16 };

static int setup(void **state)
{
    struct guard *guard = weir_alloc(1, sizeof(*guard));
    *guard = guard_new(INPUT_MAX);
    *state = guard;
    return guard->map == NULL;
}

static int teardown(void **state)
{
    guard_free(*state);
    weir_free(*state);
    return 0;
}

static struct weir_json open_text(void **state, const char *text, size_t len)
{
    struct weir_json json;
    weir_json_init(&json, (struct weir_slice){guard_put(*state, text, len), len});
    return json;
}

static struct weir_json open_str(void **state, const char *text)
{
    return open_text(state, text, strlen(text));
}

static bool is_valid(void **state, const char *text, size_t len)
{
    struct weir_json json = open_text(state, text, len);
    weir_json_skip(&json);
    return weir_json_end(&json);
}

static const char *const GOOD[] = {
    "null",
    " true ",
    "\t\r\n false\n",
    "0",
    "-0",
    "10",
    "-1.5e+10",
    "1E-2",
    "1e999",
    "123456789012345678901234567890",
    "\"\"",
    "\"a b\"",
    "\"\\\" \\\\ \\/ \\b\\f\\n\\r\\t \\u00e9 \\uD83D\\uDE00\"",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "\"\x7f\"",
    "\"\xc3\xa9 \xe6\xb0\xb4 \xf0\x9f\x8c\x8a \xef\xbf\xbf \xf4\x8f\xbf\xbf\"",
    "[]",
    "[ ]",
    "{}",
    "{ }",
    "[1, 2 ,3]",
    "[[],{},[[\"\"]]]",
    "{\"a\":1,\"a\" : {\"\":[{}]} ,\"b\":\"12345678\"}",
};

static const char *const BAD[] = {
    "",
    " ",
    "nul",
    "nulll",
    "True",
    "NaN",
    "-Infinity",
    "-",
    "+1",
    "01",
    "-01",
    "1.",
    ".5",
    "1e",
    "1e+",
    "1x",
    "0x1",
    "1 2",
    "\"",
    "\"abc",
    "\"12345678",
    "\"\\\"",
    "\"\\",
    "\"\\a\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\\u123",
    "\"\n\"",
    "\"1234567\x1f\"",
    "'a'",
    "\"\x80\"",
    "\"\xc0\xaf\"",
    "\"\xc3\"",
    "\"\xe0\x80\x80\"",
    "\"\xed\xa0\x80\"",
    "\"\xf4\x90\x80\x80\"",
    "\"\xf8\x88\x80\x80\x80\"",
    "\"\xff\"",
    "\"\xe6\xb0",
    "[",
    "]",
    "[,]",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1,,2]",
    "[1}",
    "[1]]",
    "{",
    "}",
    "{,}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{\"a\" 1}",
    "{\"a\"::1}",
    "{a:1}",
    "{1:1}",
    "{\"a\":1]",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1}{}",
    "[1] x",
    "\xef\xbb\xbf{}",
};

static void test_good_texts(void **state)
{
    for (size_t i = 0; i < WEIR_COUNT_OF(GOOD); i++) {
        if (!is_valid(state, GOOD[i], strlen(GOOD[i]))) {
            fail_msg("refused: %s", GOOD[i]);
        }
    }
}

static void test_bad_texts(void **state)
{
    for (size_t i = 0; i < WEIR_COUNT_OF(BAD); i++) {
        if (is_valid(state, BAD[i], strlen(BAD[i]))) {
            fail_msg("taken: %s", BAD[i]);
        }
    }
}

static void test_nul_bytes_are_refused(void **state)
{
    assert_false(is_valid(state, "null\0", 5));
    assert_false(is_valid(state, "\0null", 5));
    assert_false(is_valid(state, "\"a\0b\"", 5));
    assert_false(is_valid(state, "\"\\\0\"", 4));
    assert_false(is_valid(state, "[1,\0]", 5));
    assert_false(is_valid(state, "{\"a\"\0:1}", 8));
    assert_false(is_valid(state, "1\0", 2));
}

static void test_cut_texts_are_refused(void **state)
{
    static const char TEXT[] =
        "{\"id\":\"chatcmpl-1\",\"n\":[1,-2.5e3,true,false,null,\"\\u00e9\xe6\xb0\xb4\"],"
        "\"choices\":[{\"delta\":{\"content\":\"x\\n\"}}]}";
    for (size_t len = 0; len < sizeof(TEXT) - 1; len++) {
        assert_false(is_valid(state, TEXT, len));
    }
    assert_true(is_valid(state, TEXT, sizeof(TEXT) - 1));
}

static void test_depth_has_a_limit(void **state)
{
    char text[INPUT_MAX / 2];
    for (size_t depth = WEIR_JSON_DEPTH_MAX - 1; depth <= WEIR_JSON_DEPTH_MAX + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        assert_int_equal(is_valid(state, text, 2 * depth), depth <= WEIR_JSON_DEPTH_MAX);
    }
    memset(text, '[', sizeof(text));
    assert_false(is_valid(state, text, sizeof(text)));
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = "{\"\":"[i % 4];
    }
    assert_false(is_valid(state, text, sizeof(text)));
}

static void test_depth_counts_what_is_open_outside(void **state)
{
    char text[2 * WEIR_JSON_DEPTH_MAX];
    memset(text, '[', WEIR_JSON_DEPTH_MAX);
    memset(text + WEIR_JSON_DEPTH_MAX, ']', WEIR_JSON_DEPTH_MAX);
    struct weir_json json = open_text(state, text, sizeof(text));
    for (int i = 0; i < 10; i++) {
        assert_true(weir_json_open_array(&json));
        assert_true(weir_json_next_element(&json));
    }
    weir_json_skip(&json); // the 54 others
    for (int i = 0; i < 10; i++) {
        assert_false(weir_json_next_element(&json));
    }
    assert_true(weir_json_end(&json));
}

static void test_walk_of_an_object(void **state)
{
    struct weir_json json = open_str(
        state, "{\"a\\\"b\":\"x\\ny\",\"n\":42,\"list\":[1,\"two\",[]],\"o\":{\"k\":null}}");
    struct weir_slice key;
    struct weir_slice raw;
    int64_t number = 0;
    assert_true(weir_json_open_object(&json));
    assert_true(weir_json_next_member(&json, &key));
    assert_true(weir_json_key_is(key, "a\\\"b"));
    assert_true(weir_json_take_string(&json, &raw));
    assert_true(weir_slice_equals(raw, "x\\ny"));
    assert_true(weir_json_next_member(&json, &key));
    assert_true(weir_json_take_i64(&json, &number));
    assert_int_equal(number, 42);
    assert_true(weir_json_next_member(&json, &key));
    assert_true(weir_json_open_array(&json));
    assert_true(weir_json_next_element(&json));
    assert_false(weir_json_take_string(&json, &raw)); // a number: skipped
    assert_true(weir_json_next_element(&json));
    assert_false(weir_json_open_object(&json)); // a string: skipped
    assert_true(weir_json_next_element(&json));
    assert_true(weir_slice_equals(weir_json_take_raw(&json), "[]"));
    assert_false(weir_json_next_element(&json));
    assert_true(weir_json_next_member(&json, &key));
    assert_int_equal(weir_json_peek(&json), WEIR_JSON_OBJECT);
    assert_true(weir_slice_equals(weir_json_take_raw(&json), "{\"k\":null}"));
    assert_false(weir_json_next_member(&json, &key));
    assert_true(weir_json_end(&json));
}

static void test_an_unread_rest_is_no_end(void **state)
{
    struct weir_slice key;
    struct weir_json json = open_str(state, "{\"a\":1}");
    assert_true(weir_json_open_object(&json));
    assert_true(weir_json_next_member(&json, &key));
    weir_json_skip(&json);
    assert_false(weir_json_end(&json));
}

static void test_bad_stays_bad(void **state)
{
    struct weir_slice key;
    int64_t number = 7;
    struct weir_json json = open_str(state, "{\"a\":!,\"b\":1}");
    assert_true(weir_json_open_object(&json));
    assert_true(weir_json_next_member(&json, &key));
    assert_int_equal(weir_json_peek(&json), WEIR_JSON_BAD);
    assert_false(weir_json_next_member(&json, &key));
    assert_false(weir_json_next_element(&json));
    assert_false(weir_json_open_object(&json));
    assert_false(weir_json_open_array(&json));
    assert_false(weir_json_take_string(&json, &key));
    assert_false(weir_json_take_i64(&json, &number));
    assert_false(weir_json_take_filled(&json));
    assert_null(weir_json_take_raw(&json).ptr);
    assert_false(weir_json_end(&json));
    assert_int_equal(number, 7);
}

struct number_case {
    const char *text;
    int64_t value;
};

static void test_numbers(void **state)
{
    static const struct number_case CASES[] = {
        {"0", 0},
        {"-0", 0},
        {"17", 17},
        {"-17", -17},
        {"17.0", 17},
        {"17.999", 17},
        {"-0.5", 0},
        {"1.25e2", 125},
        {"1250E-1", 125},
        {"0.00000000012e10", 1},
        {"999999999999999999", 999999999999999999},
        {"-999999999999999999", -999999999999999999},
        {"9223372036854775807", INT64_MAX},
        {"9223372036854775808", INT64_MAX},
        {"-9223372036854775809", INT64_MIN},
        {"1e999", INT64_MAX},
        {"-1e999", INT64_MIN},
        {"1e-999", 0},
        {"1e99999999999999999999", INT64_MAX},
        {"0e99999999999999999999", 0},
        {"123456789012345678901234567890", INT64_MAX},
        {"0.000000000000000000000000000000000000000001", 0},
        {"123456789012345678901234567890e-29", 1},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(CASES); i++) {
        struct weir_json json = open_str(state, CASES[i].text);
        int64_t value = 1234;
        assert_true(weir_json_take_i64(&json, &value));
        assert_true(weir_json_end(&json));
        if (value != CASES[i].value) {
            fail_msg("%s gave %lld", CASES[i].text, (long long)value);
        }
    }
}

static void test_what_is_no_number(void **state)
{
    static const char *const TEXTS[] = {"null", "\"12\"", "[1]", "{}", "true", "1.", "--1"};
    for (size_t i = 0; i < WEIR_COUNT_OF(TEXTS); i++) {
        struct weir_json json = open_str(state, TEXTS[i]);
        int64_t value = 1234;
        assert_false(weir_json_take_i64(&json, &value));
        assert_int_equal(value, 1234);
        double real = 12.5;
        json = open_str(state, TEXTS[i]);
        assert_false(weir_json_take_f64(&json, &real));
        assert_true(real == 12.5);
    }
}

static void test_fractions(void **state)
{
    static const struct {
        const char *text;
        double value;
    } CASES[] = {
        {"0", 0},       {"-0.5", -0.5},
        {"27.5", 27.5}, {"1.25e-3", 0.00125},
        {"3e1", 30},    {"0.000001", 1e-6},
        {"1e-999", 0},  {"-12345.0625", -12345.0625},
        {"1E2", 100},   {"4294967296", 4294967296.0},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(CASES); i++) {
        struct weir_json json = open_str(state, CASES[i].text);
        double value = 1234;
        assert_true(weir_json_take_f64(&json, &value));
        assert_true(weir_json_end(&json));
        const double off = value > CASES[i].value ? value - CASES[i].value : CASES[i].value - value;
        if (off > 1e-12) {
            fail_msg("%s gave %g", CASES[i].text, value);
        }
    }
    struct weir_json json = open_str(state, "1e999");
    double value = 0;
    assert_true(weir_json_take_f64(&json, &value));
    assert_true(value > 1e300);
}

static void test_filled(void **state)
{
    static const char *const FULL[] = {"\"a\"", "[0]", "[null]", "{\"\":0}", " [ [] ] "};
    static const char *const EMPTY[] = {"\"\"", "[]", "[ ]", "{}",  " { } ",
                                        "null", "0",  "1",   "true"};
    for (size_t i = 0; i < WEIR_COUNT_OF(FULL); i++) {
        struct weir_json json = open_str(state, FULL[i]);
        assert_true(weir_json_take_filled(&json));
        assert_true(weir_json_end(&json));
    }
    for (size_t i = 0; i < WEIR_COUNT_OF(EMPTY); i++) {
        struct weir_json json = open_str(state, EMPTY[i]);
        assert_false(weir_json_take_filled(&json));
        assert_true(weir_json_end(&json));
    }
    struct weir_json json = open_str(state, "[1,}");
    assert_false(weir_json_take_filled(&json));
    assert_false(weir_json_end(&json));
}

/** Each kind of special byte at each place of strings of each length round the 8-byte steps. */
static void test_string_scan_finds_every_special_byte(void **state)
{
    static const char *const SPECIALS[] = {"\x01",     "\x1f", "\x80", "\xff",
                                           "\xc3\xa9", "\\\"", "\\n",  "\\x"};
    static const bool IS_GOOD[] = {false, false, false, false, true, true, true, false};
    char text[64];
    for (size_t len = 0; len < 30; len++) {
        for (size_t place = 0; place <= len; place++) {
            for (size_t k = 0; k < WEIR_COUNT_OF(SPECIALS); k++) {
                const size_t special = strlen(SPECIALS[k]);
                text[0] = '"';
                memset(text + 1, place % 2 == 0 ? '\x7f' : ' ', len);
                memcpy(text + 1 + place, SPECIALS[k], special);
                memset(text + 1 + place + special, '~', len - place);
                text[1 + len + special] = '"';
                assert_int_equal(is_valid(state, text, len + special + 2), IS_GOOD[k]);
            }
        }
    }
}

static void check_unescape(void **state, const char *raw, size_t cap, bool fits, const char *wanted)
{
    struct weir_buf out;
    const size_t len = strlen(raw);
    weir_buf_init(&out, cap);
    assert_int_equal(
        weir_json_unescape((struct weir_slice){guard_put(*state, raw, len), len}, &out), fits);
    assert_string_equal(weir_buf_text(&out), wanted);
    weir_buf_free(&out);
}

static void test_unescape(void **state)
{
    check_unescape(state, "", 99, true, "");
    check_unescape(state, "plain", 99, true, "plain");
    check_unescape(state, "\\\"\\\\\\/\\b\\f\\n\\r\\t", 99, true, "\"\\/\b\f\n\r\t");
    check_unescape(state, "\\u0041\\u00e9\\u6c34\\uFFFF", 99, true,
                   "A\xc3\xa9\xe6\xb0\xb4\xef\xbf\xbf");
    check_unescape(state, "\\ud83c\\udf0a!", 99, true, "\xf0\x9f\x8c\x8a!");
    check_unescape(state, "\\ud83c", 99, true, "\xef\xbf\xbd");
    check_unescape(state, "\\udf0a\\ud83c", 99, true, "\xef\xbf\xbd\xef\xbf\xbd");
    check_unescape(state, "\\ud83c\\u0041", 99, true,
                   "\xef\xbf\xbd"
                   "A");
    check_unescape(state, "\\ud83cxudf0a", 99, true, "\xef\xbf\xbdxudf0a");
    check_unescape(state, "\\q \\u12", 99, true, "\\q \\u12"); // no JSON: as it is
    check_unescape(state, "end\\", 99, true, "end\\");
    check_unescape(state, "\xff\xc3", 99, true, "\xff\xc3");
}

static void test_unescape_keeps_whole_characters(void **state)
{
    check_unescape(state, "ab\xc3\xa9", 4, true, "ab\xc3\xa9");
    check_unescape(state, "ab\xc3\xa9", 3, false, "ab");
    check_unescape(state, "ab\\u6c34", 4, false, "ab");
    check_unescape(state, "\\ud83c\\udf0a", 3, false, "");
    check_unescape(state, "abc", 0, false, "");
}

static void add_random_value(struct weir_rng *rng, struct weir_buf *out, int depth)
{
    static const char *const SCALARS[] = {"null",    "true",    "false",        "0",
                                          "-12.5e3", "1e400",   "\"\"",         "\"a\"",
                                          "123",     "\"\\n\"", "\"\xc3\xa9\"", "\"\\u00e9\""};
    const uint32_t kind = depth > 6 ? 0 : weir_rng_below(rng, 4);
    if (kind < 2) {
        (void)weir_buf_add_str(out, SCALARS[weir_rng_below(rng, WEIR_COUNT_OF(SCALARS))]);
        return;
    }
    (void)weir_buf_add_char(out, kind == 2 ? '[' : '{');
    for (uint32_t i = weir_rng_below(rng, 4), n = i; i > 0; i--) {
        (void)weir_buf_add_str(out, i < n ? ", " : "");
        (void)weir_buf_add_str(out, kind == 2 ? "" : "\"key\":");
        add_random_value(rng, out, depth + 1);
    }
    (void)weir_buf_add_char(out, kind == 2 ? ']' : '}');
}

static void damage(struct weir_rng *rng, struct weir_buf *text)
{
    static const char BYTES[] = "{}[],:\"\\ue0-+.1 \n\x01\xc3\xa9\xffnt";
    for (uint32_t i = weir_rng_below(rng, 3); i > 0 && text->len > 0; i--) {
        const size_t at = weir_rng_below(rng, (uint32_t)text->len);
        text->ptr[at] = BYTES[weir_rng_below(rng, sizeof(BYTES) - 1)];
    }
}

/** Jansson is stricter in two things that are not syntax: numbers too large for C, half surrogates.
 */
static void test_agrees_with_jansson(void **state)
{
    struct weir_rng rng = weir_rng_seed(8259);
    struct weir_buf text;
    int good = 0;
    weir_buf_init(&text, INPUT_MAX);
    for (int round = 0; round < 30000; round++) {
        weir_buf_clear(&text);
        add_random_value(&rng, &text, 0);
        damage(&rng, &text);
        json_error_t error;
        json_t *value = json_loadb(text.ptr, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
        const bool ours = is_valid(state, text.ptr, text.len);
        const bool is_excused = json_error_code(&error) == json_error_numeric_overflow ||
                                strstr(text.ptr, "\\ud") != NULL;
        if (ours && value == NULL && !is_excused) {
            fail_msg("taken: %s (%s)", text.ptr, error.text);
        }
        if (!ours && value != NULL) {
            fail_msg("refused: %s", text.ptr);
        }
        good += ours ? 1 : 0;
        json_decref(value);
    }
    assert_in_range(good, 5000, 29000); // both kinds were seen in numbers
    weir_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_texts),
        cmocka_unit_test(test_bad_texts),
        cmocka_unit_test(test_nul_bytes_are_refused),
        cmocka_unit_test(test_cut_texts_are_refused),
        cmocka_unit_test(test_depth_has_a_limit),
        cmocka_unit_test(test_depth_counts_what_is_open_outside),
        cmocka_unit_test(test_walk_of_an_object),
        cmocka_unit_test(test_an_unread_rest_is_no_end),
        cmocka_unit_test(test_bad_stays_bad),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_what_is_no_number),
        cmocka_unit_test(test_fractions),
        cmocka_unit_test(test_filled),
        cmocka_unit_test(test_string_scan_finds_every_special_byte),
        cmocka_unit_test(test_unescape),
        cmocka_unit_test(test_unescape_keeps_whole_characters),
        cmocka_unit_test(test_agrees_with_jansson),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
