// Slices, strict numbers, suggestions, fingerprints.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/rng.h"
#include "weir/base/str.h"

static const struct weir_slice nothing = {NULL, 0};

static void slices_compare_by_content(void **state)
{
    (void)state;
    assert_true(weir_slice_equals(weir_slice_of("abc"), "abc"));
    assert_false(weir_slice_equals(weir_slice_of("abc"), "ab"));
    assert_false(weir_slice_equals(weir_slice_of("ab"), "abc"));
    assert_false(weir_slice_equals(weir_slice_of("abd"), "abc"));
    assert_true(weir_slice_equals((struct weir_slice){"abc", 2}, "ab"));
    assert_true(weir_slice_equals(nothing, ""));
    assert_false(weir_slice_equals(nothing, "a"));
    assert_false(weir_slice_equals((struct weir_slice){"a\0b", 3}, "a"));

    assert_true(weir_slice_starts(weir_slice_of("data: x"), "data:"));
    assert_true(weir_slice_starts(weir_slice_of("data:"), "data:"));
    assert_false(weir_slice_starts(weir_slice_of("data"), "data:"));
    assert_false(weir_slice_starts(weir_slice_of("xdata:"), "data:"));
    assert_true(weir_slice_starts(nothing, ""));
    assert_false(weir_slice_starts(nothing, "d"));
}

static void trimming_takes_blanks_and_tabs_only(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        const char *out;
    } cases[] = {{"", ""},           {" ", ""},          {" \t \t", ""}, {"a", "a"},
                 {"  a b\t", "a b"}, {"\na\r", "\na\r"}, {"a ", "a"},    {"\ta", "a"}};
    for (size_t i = 0; i < WEIR_COUNT_OF(cases); i++) {
        assert_true(weir_slice_equals(weir_slice_trim(weir_slice_of(cases[i].in)), cases[i].out));
    }
    assert_int_equal(weir_slice_trim(nothing).len, 0);
}

static void parts_are_all_visited(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        size_t count;
        const char *parts[4];
    } cases[] = {
        {"", 1, {""}},
        {"a", 1, {"a"}},
        {"a,b", 2, {"a", "b"}},
        {",", 2, {"", ""}},
        {"a,,b", 3, {"a", "", "b"}},
        {"a,", 2, {"a", ""}},
        {",,,", 4, {"", "", "", ""}},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(cases); i++) {
        struct weir_slice rest = weir_slice_of(cases[i].in);
        struct weir_slice part;
        size_t count = 0;
        while (weir_slice_next_part(&rest, ',', &part)) {
            assert_true(count < cases[i].count);
            assert_true(weir_slice_equals(part, cases[i].parts[count]));
            count++;
        }
        assert_int_equal(count, cases[i].count);
        assert_false(weir_slice_next_part(&rest, ',', &part)); // the end stays the end
    }
}

static void whole_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0},
                {"-1", -1},
                {"+7", 7},
                {"007", 7},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN}};
    for (size_t i = 0; i < WEIR_COUNT_OF(good); i++) {
        int64_t value = 1;
        assert_true(weir_parse_i64(weir_slice_of(good[i].text), &value));
        assert_int_equal(value, good[i].value);
    }
    static const char *const bad[] = {"",
                                      " 1",
                                      "1 ",
                                      "\n1",
                                      "\v1",
                                      "1.0",
                                      "1e3",
                                      "0x1",
                                      "one",
                                      "--1",
                                      "+",
                                      "1,000",
                                      "-",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "00000000000000000000000000000000001"};
    for (size_t i = 0; i < WEIR_COUNT_OF(bad); i++) {
        int64_t value = 42;
        assert_false(weir_parse_i64(weir_slice_of(bad[i]), &value));
        assert_int_equal(value, 42);
    }
}

static void decimal_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0},        {"1.5", 1.5},
                {"-2e3", -2000}, {".5", 0.5},
                {"5.", 5},       {"1E-2", 0.01},
                {"1e-400", 0},   {"1.7976931348623157e308", 1.7976931348623157e308}};
    for (size_t i = 0; i < WEIR_COUNT_OF(good); i++) {
        double value = -42;
        assert_true(weir_parse_f64(weir_slice_of(good[i].text), &value));
        assert_true(value == good[i].value);
    }
    static const char *const bad[] = {"",    " 1",   "1 ",       "\t1",   "nan",   "NAN",
                                      "inf", "-INF", "infinity", "0x1p3", "1e400", "1.2.3",
                                      "1e",  "e1",   ".",        "1,5",   "1f"};
    for (size_t i = 0; i < WEIR_COUNT_OF(bad); i++) {
        double value = -42;
        if (weir_parse_f64(weir_slice_of(bad[i]), &value)) {
            fail_msg("'%s' became %g", bad[i], value);
        }
        assert_true(value == -42);
    }
}

/** A NUL inside a slice once ended the number there: "1\0junk" was 1. */
static void a_nul_does_not_end_a_number(void **state)
{
    (void)state;
    int64_t whole = 0;
    double decimal = 0;
    assert_false(weir_parse_i64((struct weir_slice){"1\0junk", 6}, &whole));
    assert_false(weir_parse_f64((struct weir_slice){"1\0junk", 6}, &decimal));
    assert_false(weir_parse_i64((struct weir_slice){"1\0", 2}, &whole));
    assert_false(weir_parse_i64(nothing, &whole));
    assert_true(weir_parse_i64((struct weir_slice){"123", 2}, &whole));
    assert_int_equal(whole, 12);
}

static void whole_numbers_round_trip(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(2);
    for (int i = 0; i < 100000; i++) {
        int64_t value = (int64_t)(weir_rng_u64(&rng) >> weir_rng_below(&rng, 64));
        char text[32];
        (void)snprintf(text, sizeof(text), "%lld", (long long)value);
        int64_t again = 0;
        assert_true(weir_parse_i64(weir_slice_of(text), &again));
        assert_int_equal(again, value);
        double decimal = ldexp((double)value, -20);
        (void)snprintf(text, sizeof(text), "%.17g", decimal);
        double decimal_again = 0;
        assert_true(weir_parse_f64(weir_slice_of(text), &decimal_again));
        assert_true(decimal_again == decimal);
    }
}

static void near_words_are_proposed(void **state)
{
    (void)state;
    static const char *const words[] = {"concurrency", "request-rate", "url",
                                        "model",       "seed",         "streaming"};
    static const struct {
        const char *word;
        const char *proposal; // NULL: none
    } cases[] = {
        {"concurency", "concurrency"},
        {"concurrencies", "concurrency"},
        {"request_rate", "request-rate"},
        {"uri", "url"},
        {"urls", "url"},
        {"modle", "model"},
        {"seeds", "seed"},
        {"stream", "streaming"},
        {"seed", "seed"},
        {"zzz", NULL},
        {"q", NULL},
        {"", NULL},
        {"telemetry", NULL},
        {"xy", NULL},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(cases); i++) {
        const char *proposal = weir_suggest(cases[i].word, words, WEIR_COUNT_OF(words));
        if (cases[i].proposal == NULL) {
            assert_null(proposal);
        } else {
            assert_non_null(proposal);
            assert_string_equal(proposal, cases[i].proposal);
        }
    }
    assert_null(weir_suggest("url", words, 0));
}

/** Of six letters up to three may differ. */
static void nearness_is_a_number_of_edits(void **state)
{
    (void)state;
    static const struct {
        const char *candidate;
        bool is_near;
    } cases[] = {
        {"abcdef", true},  {"xyzdef", true},    {"wxyzef", false},     {"abcxyz", true},
        {"abwxyz", false}, {"abcdefghi", true}, {"abcdefghij", false}, {"xyzabcdef", true},
        {"abc", true},     {"ab", false},       {"def", true},         {"bcdefa", true},
        {"badcfe", false}, {"axcyez", true},    {"fedcba", false},     {"a", false},
        {"", false},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(cases); i++) {
        bool is_near = weir_suggest("abcdef", &cases[i].candidate, 1) != NULL;
        if (is_near != cases[i].is_near) {
            fail_msg("abcdef and %s", cases[i].candidate);
        }
    }
    static const char *const words[] = {"abcxyz", "abcdxx", "abcdey", "abcdez"};
    assert_string_equal(weir_suggest("abcdef", words, 4),
                        "abcdey"); // the nearest, and of equals the first
}

static void very_long_words_are_not_compared(void **state)
{
    (void)state;
    char word[500];
    memset(word, 'a', sizeof(word));
    word[sizeof(word) - 1] = '\0';
    const char *const words[] = {word, "aaaaaaaaaaaa"};
    assert_null(weir_suggest(word, words, 2));
    word[48] = '\0'; // the longest that is
    assert_ptr_equal(weir_suggest(word, words, 2), word);
    word[40] = '\0';
    const char *const longer[] = {
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    assert_null(weir_suggest(word, longer, 1));
}

static void copies_are_cut_off_and_say_so(void **state)
{
    (void)state;
    char out[4] = "zzz";
    assert_true(weir_copy(out, sizeof(out), ""));
    assert_string_equal(out, "");
    assert_true(weir_copy(out, sizeof(out), "abc"));
    assert_string_equal(out, "abc");
    assert_false(weir_copy(out, sizeof(out), "abcd"));
    assert_string_equal(out, "abc");
    assert_false(weir_copy(out, 1, "abcd"));
    assert_string_equal(out, "");
}

static void the_fingerprint_is_fnv1a(void **state)
{
    (void)state; // test values of the authors, isthe.com/chongo/tech/comp/fnv
    assert_true(weir_hash(WEIR_HASH_START, "", 0) == 0xcbf29ce484222325ULL);
    assert_true(weir_hash(WEIR_HASH_START, "a", 1) == 0xaf63dc4c8601ec8cULL);
    assert_true(weir_hash(WEIR_HASH_START, "foobar", 6) == 0x85944171f73967e8ULL);
    uint64_t chained = weir_hash(weir_hash(WEIR_HASH_START, "foo", 3), "bar", 3);
    assert_true(chained == 0x85944171f73967e8ULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_compare_by_content),
        cmocka_unit_test(trimming_takes_blanks_and_tabs_only),
        cmocka_unit_test(parts_are_all_visited),
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(decimal_numbers),
        cmocka_unit_test(a_nul_does_not_end_a_number),
        cmocka_unit_test(whole_numbers_round_trip),
        cmocka_unit_test(near_words_are_proposed),
        cmocka_unit_test(nearness_is_a_number_of_edits),
        cmocka_unit_test(very_long_words_are_not_compared),
        cmocka_unit_test(copies_are_cut_off_and_say_so),
        cmocka_unit_test(the_fingerprint_is_fnv1a),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
