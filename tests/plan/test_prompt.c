// Synthetic prompts: as many words as asked, the same from the same seed, and no two beginnings
// alike.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/plan/plan.h"
#include "weir/plan/prompt.h"

static size_t count_words(const char *text)
{
    size_t count = 0;
    bool is_in_word = false;
    for (; *text != '\0'; text++) {
        assert_true((*text >= 'a' && *text <= 'z') || *text == ' ');
        if (*text != ' ' && !is_in_word) {
            count++;
        }
        is_in_word = *text != ' ';
    }
    return count;
}

static void test_word_counts(void **state)
{
    (void)state;
    struct weir_buf text;
    weir_buf_init(&text, 1U << 20U);
    static const uint32_t counts[] = {1, 2, 3, 4, 5, 100, 177, 178, 179, 1000, 50000};
    for (size_t i = 0; i < WEIR_COUNT_OF(counts); i++) {
        for (int is_unique = 0; is_unique < 2; is_unique++) {
            if (is_unique != 0 && counts[i] < WEIR_PROMPT_UNIQUE_MIN) {
                continue;
            }
            weir_buf_clear(&text);
            assert_true(weir_prompt_write(1, i, counts[i], is_unique != 0, &text));
            assert_int_equal(count_words(text.ptr), counts[i]);
            assert_null(strstr(text.ptr, "  "));
            assert_true(text.ptr[0] != ' ' && text.ptr[text.len - 1] != ' ');
        }
    }
    weir_buf_free(&text);
}

static void test_full_buffer_is_told(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < 5000; cap += 997) {
        struct weir_buf text;
        weir_buf_init(&text, cap);
        assert_false(weir_prompt_write(1, 0, 2000, true, &text));
        assert_true(text.len <= cap);
        weir_buf_free(&text);
    }
}

static void test_seeds_and_indices(void **state)
{
    (void)state;
    struct weir_buf first;
    struct weir_buf other;
    weir_buf_init(&first, 4096);
    weir_buf_init(&other, 4096);
    assert_true(weir_prompt_write(7, 3, 60, true, &first));
    assert_true(weir_prompt_write(7, 3, 60, true, &other));
    assert_string_equal(first.ptr, other.ptr);
    weir_buf_clear(&other);
    assert_true(weir_prompt_write(8, 3, 60, false, &other));
    assert_string_not_equal(first.ptr + WEIR_NONCE_BYTES, other.ptr);
    weir_buf_clear(&other);
    assert_true(weir_prompt_write(7, 4, 60, true, &other));
    assert_memory_not_equal(first.ptr, other.ptr, WEIR_NONCE_BYTES);
    assert_string_not_equal(first.ptr + WEIR_NONCE_BYTES, other.ptr + WEIR_NONCE_BYTES);
    weir_buf_free(&first);
    weir_buf_free(&other);
}

/** The thirty bits of a nonce, read back from its letters. */
static uint32_t nonce_bits(const char nonce[WEIR_NONCE_BYTES])
{
    static const char consonants[] = "bdklmnrt";
    static const char vowels[] = "aeio";
    uint32_t bits = 0;
    for (size_t word = 0; word < 3; word++) {
        const char *at = nonce + 5 * word;
        for (size_t i = 0; i < 4; i += 2) {
            const char *consonant = memchr(consonants, at[i], 8);
            const char *vowel = memchr(vowels, at[i + 1], 4);
            assert_non_null(consonant);
            assert_non_null(vowel);
            bits =
                bits << 5U | (uint32_t)(consonant - consonants) << 2U | (uint32_t)(vowel - vowels);
        }
        assert_int_equal(at[4], ' ');
    }
    return bits;
}

/** Marks 2^30 bits; false when the bit was set before. */
static bool mark(unsigned char *seen, uint32_t bits)
{
    unsigned char bit = (unsigned char)(1U << (bits & 7U));
    bool is_new = (seen[bits >> 3U] & bit) == 0;
    seen[bits >> 3U] |= bit;
    return is_new;
}

static void test_nonces_are_unique(void **state)
{
    (void)state;
    unsigned char *seen = weir_alloc(1U << 27U, 1);
    char nonce[WEIR_NONCE_BYTES];
    for (uint64_t id = 0; id < 1U << 20U; id++) {
        weir_plan_nonce(42, 0, id, nonce);
        if (!mark(seen, nonce_bits(nonce))) {
            fail_msg("nonce of request %llu stood before", (unsigned long long)id);
        }
    }
    weir_free(seen);
}

static void test_nonces_are_unique_across_levels(void **state)
{
    (void)state;
    unsigned char *seen = weir_alloc(1U << 27U, 1);
    char nonce[WEIR_NONCE_BYTES];
    for (uint32_t level = 0; level < 100; level++) {
        for (uint64_t id = 0; id < 10000; id++) {
            weir_plan_nonce(1, level, id, nonce);
            if (!mark(seen, nonce_bits(nonce))) {
                fail_msg("nonce of level %u request %llu stood before", level,
                         (unsigned long long)id);
            }
        }
    }
    weir_free(seen);
}

/** The contract's bound: L levels of fewer than 2^30 / (3 L) requests never meet. Levels are
 * intervals on a circle. */
static void test_levels_keep_apart(void **state)
{
    (void)state;
    static const uint32_t step = 0x278dde6eU;
    for (uint32_t levels = 2; levels <= 2000; levels += 37) {
        uint32_t nearest = UINT32_MAX;
        for (uint32_t k = 1; k < levels; k++) {
            uint32_t there = (uint32_t)((uint64_t)k * step) & 0x3fffffffU;
            uint32_t back = 0x40000000U - there;
            uint32_t gap = there < back ? there : back;
            nearest = gap < nearest ? gap : nearest;
        }
        assert_true(nearest >= (1U << 30U) / (3 * levels));
    }
}

static void test_neighbours_differ_at_once(void **state)
{
    (void)state;
    char one[WEIR_NONCE_BYTES];
    char next[WEIR_NONCE_BYTES];
    for (uint64_t id = 0; id < 10000; id++) {
        weir_plan_nonce(1, 0, id, one);
        weir_plan_nonce(1, 0, id + 1, next);
        assert_memory_not_equal(one, next, 4); // the first word: a cache shares nothing
    }
}

static void test_lengths(void **state)
{
    (void)state;
    assert_int_equal(weir_length_draw(1, "isl", 0, 128, 0, 1), 128);
    assert_int_equal(weir_length_draw(1, "isl", 0, 1, 0, 4), 4);
    assert_int_equal(weir_length_draw(1, "isl", 0, 1e7, 0, 1), WEIR_LENGTH_MAX);
    double sum = 0;
    double squares = 0;
    const int draws = 20000;
    for (int i = 0; i < draws; i++) {
        uint32_t length = weir_length_draw(1, "isl", (uint64_t)i, 500, 50, 1);
        assert_int_equal(length, weir_length_draw(1, "isl", (uint64_t)i, 500, 50, 1));
        sum += length;
        squares += (double)length * length;
    }
    double mean = sum / draws;
    assert_true(fabs(mean - 500) < 2);
    assert_true(fabs(sqrt(squares / draws - mean * mean) - 50) < 2);
    for (uint64_t i = 0; i < 2000; i++) { // never below the least, never above the most
        uint32_t length = weir_length_draw(1, "isl", i, 5, 1e7, 4);
        assert_true(length >= 4 && length <= WEIR_LENGTH_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_word_counts),
        cmocka_unit_test(test_full_buffer_is_told),
        cmocka_unit_test(test_seeds_and_indices),
        cmocka_unit_test(test_nonces_are_unique),
        cmocka_unit_test(test_nonces_are_unique_across_levels),
        cmocka_unit_test(test_levels_keep_apart),
        cmocka_unit_test(test_neighbours_differ_at_once),
        cmocka_unit_test(test_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
