// hlog.c on words that lie: each field of frame and payload, each cut, each flipped byte. All must
// be refused, with a text.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "../../src/stat/hlog_internal.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/base/rng.h"
#include "weir/stat/hlog.h"

#define DAY_NS UINT64_C(86400000000000)

/** The fields of a word, to be told wrong. */
struct lie {
    uint32_t frame_cookie;
    int64_t frame_len_off; // added to the true length
    uint32_t cookie;
    uint32_t payload_len_off;
    uint32_t digits;
    uint64_t lowest;
    uint64_t highest;
    const char *counts; // as they stand in the payload
    size_t counts_len;
    size_t trailing; // bytes after the deflated payload
    size_t cut;      // bytes cut from its end
};

#define COUNTS(text) .counts = (text), .counts_len = sizeof(text) - 1

static const struct lie truth = {
    .frame_cookie = 0x1c849314,
    .cookie = 0x1c849313,
    .digits = 3,
    .lowest = 1,
    .highest = DAY_NS,
    COUNTS("\x13\x02\x00\x04"), // ten empty slots, 1, an empty slot, 2
};

static void put_u64(uint8_t *bytes, uint64_t value)
{
    weir__hlog_put_u32(bytes, (uint32_t)(value >> 32));
    weir__hlog_put_u32(bytes + 4, (uint32_t)value);
}

static struct weir_buf word_of(const struct lie *lie)
{
    const size_t payload_len = WEIR__HLOG_HEADER_BYTES + lie->counts_len;
    uint8_t *payload = weir_alloc(payload_len, 1);
    weir__hlog_put_u32(payload, lie->cookie);
    weir__hlog_put_u32(payload + 4, (uint32_t)lie->counts_len + lie->payload_len_off);
    weir__hlog_put_u32(payload + 12, lie->digits);
    put_u64(payload + 16, lie->lowest);
    put_u64(payload + 24, lie->highest);
    memcpy(payload + WEIR__HLOG_HEADER_BYTES, lie->counts, lie->counts_len);
    uLongf deflated = compressBound((uLong)payload_len);
    uint8_t *frame = weir_alloc(8 + deflated + lie->trailing, 1);
    assert_int_equal(compress(frame + 8, &deflated, payload, (uLong)payload_len), Z_OK);
    const size_t len = deflated + lie->trailing - lie->cut;
    weir__hlog_put_u32(frame, lie->frame_cookie);
    weir__hlog_put_u32(frame + 4, (uint32_t)((int64_t)len + lie->frame_len_off));
    struct weir_buf word;
    weir_buf_init(&word, (size_t)1 << 24);
    assert_true(weir__base64_add(frame, 8 + len, &word));
    weir_free(frame);
    weir_free(payload);
    return word;
}

static void refuse(struct weir_slice word, const char *text)
{
    struct weir_hist *const untouched = (struct weir_hist *)&word;
    struct weir_hist *hist = untouched;
    struct weir_err err = {0};
    const weir_status status = weir_hlog_decode(word, &hist, &err);
    if (status != WEIR_INVALID || strstr(err.text, text) == NULL) {
        fail_msg("status %d, \"%s\" instead of \"%s\"", status, err.text, text);
    }
    assert_ptr_equal(hist, untouched);
    assert_int_equal(weir_hlog_decode(word, &hist, NULL), WEIR_INVALID);
}

static void refuse_lie(const struct lie *lie, const char *text)
{
    struct weir_buf word = word_of(lie);
    refuse((struct weir_slice){word.ptr, word.len}, text);
    weir_buf_free(&word);
}

static void test_truth_is_accepted(void **state)
{
    (void)state;
    struct weir_buf word = word_of(&truth);
    struct weir_hist *hist = NULL;
    struct weir_err err;
    assert_int_equal(weir_hlog_decode(weir_slice_of(word.ptr), &hist, &err), WEIR_OK);
    assert_int_equal(weir_hist_count(hist), 3);
    assert_int_equal(weir_hist_slot_at(hist, 10), 1);
    assert_int_equal(weir_hist_slot_at(hist, 12), 2);
    assert_int_equal(weir_hist_min(hist), 10);
    assert_int_equal(weir_hist_max(hist), 12);
    weir_hist_free(hist);
    weir_buf_free(&word);
}

static void test_cookies(void **state)
{
    (void)state;
    const struct {
        uint32_t frame;
        const char *text;
    } cases[] = {
        {0x1c849302, "V1 histogram"},  {0x1c849322, "V1 histogram"},
        {0x1c849309, "V0 histogram"},  {0x0c72124f, "floating point"},
        {0, "begins with 0x00000000"}, {0x1c849303, "not with the V2 cookie"},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(cases); i++) {
        struct lie lie = truth;
        lie.frame_cookie = cases[i].frame;
        refuse_lie(&lie, cases[i].text);
    }
    struct lie lie = truth;
    lie.cookie = 0x1c849304;
    refuse_lie(&lie, "payload begins with 0x1c849304");
}

static void test_lengths(void **state)
{
    (void)state;
    const int64_t offsets[] = {1, -1, 1000, -8, INT32_MAX, 0xffffff00};
    for (size_t i = 0; i < WEIR_COUNT_OF(offsets); i++) {
        struct lie lie = truth;
        lie.frame_len_off = offsets[i];
        refuse_lie(&lie, "histogram says");
    }
    const uint32_t payload[] = {1, 100, (uint32_t)-1, (uint32_t)-4};
    for (size_t i = 0; i < WEIR_COUNT_OF(payload); i++) {
        struct lie lie = truth;
        lie.payload_len_off = payload[i];
        refuse_lie(&lie, "does not inflate to what it says");
    }
    struct lie lie = truth;
    lie.payload_len_off = 0x80000000;
    refuse_lie(&lie, "too many");
    lie = truth;
    lie.trailing = 1;
    refuse_lie(&lie, "does not inflate");
    for (lie.trailing = 0, lie.cut = 1; lie.cut < 20; lie.cut++) {
        refuse_lie(&lie, "does not inflate");
    }
}

static void test_bomb_is_not_inflated(void **state)
{
    (void)state;
    char *zeros = weir_alloc(8000000, 1);
    struct lie lie = truth;
    lie.counts = zeros;
    lie.counts_len = 8000000;
    refuse_lie(&lie, "too many");
    lie.payload_len_off = (uint32_t)-8000000 + 4;
    refuse_lie(&lie, "does not inflate to what it says");
    weir_free(zeros);
}

static void test_layouts(void **state)
{
    (void)state;
    const struct lie cases[] = {
        {.digits = 6, .lowest = 1, .highest = 1000},
        {.digits = UINT32_MAX, .lowest = 1, .highest = 1000},
        {.digits = 3, .lowest = 0, .highest = 1000},
        {.digits = 3, .lowest = 1, .highest = 1},
        {.digits = 3, .lowest = 501, .highest = 1000},
        {.digits = 3, .lowest = 1, .highest = (uint64_t)INT64_MAX + 1},
        {.digits = 3, .lowest = UINT64_MAX, .highest = 1000},
        {.digits = 3, .lowest = UINT64_C(1) << 62, .highest = UINT64_MAX},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(cases); i++) {
        struct lie lie = truth;
        lie.digits = cases[i].digits;
        lie.lowest = cases[i].lowest;
        lie.highest = cases[i].highest;
        refuse_lie(&lie, "digits are 0 to 5");
    }
    struct lie lie = truth;
    lie.lowest = UINT64_C(1) << 52;
    lie.highest = INT64_MAX;
    refuse_lie(&lie, "no such layout");
}

static void test_counts(void **state)
{
    (void)state;
    const struct {
        struct lie lie;
        const char *text;
    } cases[] = {
        {{COUNTS("\x02\x80")}, "cut off"},
        {{COUNTS("\xff\xff\xff\xff\xff\xff\xff\xff")}, "cut off"},
        {{COUNTS("\xff\xff\xff\xff\xff\xff\xff\xff\xff")}, "more than its"},     // -2^63
        {{COUNTS("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff")}, "more than its"}, // -1, -2^63
        {{COUNTS("\xff\xff\xff\x7f\x02")}, "more than its"},
        {{COUNTS("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x02")}, "2^63 - 1"}, // 2^63 - 1, 1
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(cases); i++) {
        struct lie lie = truth;
        lie.counts = cases[i].lie.counts;
        lie.counts_len = cases[i].lie.counts_len;
        refuse_lie(&lie, cases[i].text);
    }
    // One count more than there are slots: 2 digits up to 100 have 256.
    char counts[257];
    memset(counts, 2, sizeof(counts));
    struct lie lie = truth;
    lie.digits = 2;
    lie.highest = 100;
    lie.counts = counts;
    lie.counts_len = sizeof(counts);
    refuse_lie(&lie, "more than its 256 slots");
    lie.counts_len = 256;
    struct weir_buf word = word_of(&lie);
    struct weir_hist *hist = NULL;
    assert_int_equal(weir_hlog_decode(weir_slice_of(word.ptr), &hist, NULL), WEIR_OK);
    assert_int_equal(weir_hist_count(hist), 256);
    weir_hist_free(hist);
    weir_buf_free(&word);
}

static void test_overflow_in_foreign_layout(void **state)
{
    (void)state;
    struct lie lie = truth;
    lie.lowest = 1000;
    lie.counts = "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x02";
    lie.counts_len = 10;
    refuse_lie(&lie, "2^63 - 1");
}

static void test_base64(void **state)
{
    (void)state;
    struct weir_buf word = word_of(&truth);
    const char *const bad[] = {"",     "A",        "AAA",  "====",  "A===", "AA=A",    "AB==",
                               "AAB=", "AA==AAAA", "AAA-", "AAA\n", "AA A", "AAA\xff", "HISTF AA"};
    for (size_t i = 0; i < WEIR_COUNT_OF(bad); i++) {
        refuse(weir_slice_of(bad[i]), "not base64");
    }
    refuse((struct weir_slice){"AA\0A", 4}, "not base64");
    refuse(weir_slice_of("HIST"), "too short");
    for (size_t i = 0; i < word.len; i++) {
        const char was = word.ptr[i];
        word.ptr[i] = '!';
        refuse(weir_slice_of(word.ptr), "not base64");
        word.ptr[i] = was;
    }
    for (size_t len = 0; len < word.len; len++) {
        refuse((struct weir_slice){word.ptr, len}, "histogram");
    }
    static const char byte = 'A';
    refuse((struct weir_slice){&byte, (size_t)1 << 40}, "more than any histogram needs");
    weir_buf_free(&word);
}

/** Whatever comes out is either refused or a histogram that encodes and decodes to itself. */
static void test_flipped_bits(void **state)
{
    (void)state;
    struct weir_buf word = word_of(&truth);
    uint8_t *frame = weir_alloc(word.len, 1);
    size_t len = 0;
    assert_true(weir__base64_decode(weir_slice_of(word.ptr), frame, &len));
    size_t accepted = 0;
    for (size_t bit = 0; bit < 8 * len; bit++) {
        frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
        weir_buf_clear(&word);
        assert_true(weir__base64_add(frame, len, &word));
        frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
        struct weir_hist *hist = NULL;
        if (weir_hlog_decode(weir_slice_of(word.ptr), &hist, NULL) == WEIR_OK) {
            accepted++;
            assert_int_equal(weir_hist_count(hist), 3);
            weir_hist_free(hist);
        }
    }
    // The four bits of the cookie's word size, and some of zlib's level and window that change
    // nothing: the checksum has all of the payload.
    assert_in_range(accepted, 4, 10);
    weir_free(frame);
    weir_buf_free(&word);
}

static void test_base64_round_trip(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(13);
    uint8_t bytes[300];
    uint8_t again[302];
    for (size_t len = 1; len <= sizeof(bytes); len++) {
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (uint8_t)weir_rng_u32(&rng);
        }
        struct weir_buf text;
        weir_buf_init(&text, 1000);
        assert_true(weir__base64_add(bytes, len, &text));
        size_t again_len = 0;
        assert_true(weir__base64_decode(weir_slice_of(text.ptr), again, &again_len));
        assert_int_equal(again_len, len);
        assert_memory_equal(bytes, again, len);
        weir_buf_free(&text);
    }
    const char *const known[][2] = {
        {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}};
    for (size_t i = 0; i < WEIR_COUNT_OF(known); i++) { // RFC 4648 section 10
        struct weir_buf text;
        weir_buf_init(&text, 100);
        assert_true(weir__base64_add((const uint8_t *)known[i][0], strlen(known[i][0]), &text));
        assert_string_equal(weir_buf_text(&text), known[i][1]);
        weir_buf_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_truth_is_accepted),
        cmocka_unit_test(test_cookies),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_bomb_is_not_inflated),
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_overflow_in_foreign_layout),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_flipped_bits),
        cmocka_unit_test(test_base64_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
