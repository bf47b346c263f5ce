// Server-sent events: every input is parsed whole, split in two at each byte, byte by byte and
// against a guard page, and must always give the same events.
#define _DEFAULT_SOURCE // MAP_ANONYMOUS

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/base/rng.h"
#include "weir/wire/sse.h"

#include "guard.h"

enum { CAP = 1 << 20 };

/** What was heard, as text: "[type]<data>" an event. */
struct heard {
    struct weir_buf text;
    size_t stop_after; // events; 0: never
    size_t count;
};

static bool hear(void *context, const struct weir_sse_event *event)
{
    struct heard *heard = context;
    (void)weir_buf_add_char(&heard->text, '[');
    (void)weir_buf_add(&heard->text, event->type.ptr, event->type.len);
    (void)weir_buf_add_str(&heard->text, "]<");
    (void)weir_buf_add(&heard->text, event->data.ptr, event->data.len);
    (void)weir_buf_add_char(&heard->text, '>');
    return ++heard->count != heard->stop_after;
}

struct fixture {
    struct weir_sse sse;
    struct heard heard;
    struct guard guard;
};

static int setup(void **state)
{
    struct fixture *fixture = weir_alloc(1, sizeof(*fixture));
    weir_sse_init(&fixture->sse, CAP, 0);
    weir_buf_init(&fixture->heard.text, 64 * CAP);
    fixture->guard = guard_new(CAP);
    *state = fixture;
    return fixture->guard.map == NULL;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    weir_sse_free(&fixture->sse);
    weir_buf_free(&fixture->heard.text);
    guard_free(&fixture->guard);
    weir_free(fixture);
    return 0;
}

static void begin(struct fixture *fixture)
{
    weir_sse_reset(&fixture->sse);
    weir_buf_clear(&fixture->heard.text);
    fixture->heard.count = 0;
}

static enum weir_sse_result feed(struct fixture *fixture, const char *bytes, size_t len)
{
    const char *at = guard_put(&fixture->guard, bytes, len);
    return weir_sse_feed(&fixture->sse, at, len, hear, &fixture->heard);
}

static void end(struct fixture *fixture, const char *wanted)
{
    assert_int_equal(weir_sse_finish(&fixture->sse, hear, &fixture->heard), WEIR_SSE_OK);
    assert_string_equal(weir_buf_text(&fixture->heard.text), wanted);
}

static void check_bytes(struct fixture *fixture, const char *bytes, size_t len, const char *wanted)
{
    begin(fixture);
    assert_int_equal(feed(fixture, bytes, len), WEIR_SSE_OK);
    end(fixture, wanted);
    for (size_t split = 0; split <= len; split++) {
        begin(fixture);
        assert_int_equal(feed(fixture, bytes, split), WEIR_SSE_OK);
        assert_int_equal(feed(fixture, bytes + split, len - split), WEIR_SSE_OK);
        end(fixture, wanted);
    }
    begin(fixture);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(feed(fixture, bytes + i, 1), WEIR_SSE_OK);
    }
    end(fixture, wanted);
}

static void check(void **state, const char *bytes, const char *wanted)
{
    check_bytes(*state, bytes, strlen(bytes), wanted);
}

static void test_line_ends(void **state)
{
    check(state, "data: a\n\ndata: b\n\n", "[]<a>[]<b>");
    check(state, "data: a\r\n\r\ndata: b\r\n\r\n", "[]<a>[]<b>");
    check(state, "data: a\r\rdata: b\r\r", "[]<a>[]<b>");
    check(state, "data: a\r\n\ndata: b\n\rdata: c\r\n\r", "[]<a>[]<b>[]<c>");
    check(state, "data: a\r\n\r\n\r\n\n\rdata: b\n\n", "[]<a>[]<b>");
    check(state, "\n\n\r\n\rdata: a\n\n", "[]<a>");
}

static void test_data_lines(void **state)
{
    check(state, "data: a\ndata: b\ndata:c\n\n", "[]<a\nb\nc>");
    check(state, "data:a\n\n", "[]<a>");
    check(state, "data:  a \n\n", "[]< a >");
    check(state, "data:\ta\n\n", "[]<\ta>");
    check(state, "data: a:b: c\n\n", "[]<a:b: c>");
    check(state, "data:\ndata:a\ndata\n\n", "[]<\na\n>");
    check(state, "data: {\"content\":\"data: x\\n\\n\"}\n\n",
          "[]<{\"content\":\"data: x\\n\\n\"}>");
}

static void test_empty_data_is_no_event(void **state)
{
    check(state, "data:\n\n", "");
    check(state, "data\n\ndata: \n\n", "");
    check(state, "event: ping\n\ndata: a\n\n", "[]<a>");
    check(state, "data:\ndata:\n\n", "[]<\n>"); // two empty lines are a line break
    check(state, "data:\n\ndata: a\n\n", "[]<a>");
}

static void test_fields(void **state)
{
    check(state, ": comment\n:\n::\ndata: a\n: between\ndata: b\n\n:\n\n", "[]<a\nb>");
    check(state, "event: x\ndata: a\nid: 1\nretry: 5\n\ndata: b\n\n", "[x]<a>[]<b>");
    check(state, "data: a\nevent: x\nevent: y\n\n", "[y]<a>");
    check(state, "event: x\nevent\ndata: a\n\n", "[]<a>");
    check(state, "dat: a\ndatax: b\nData: c\n data: d\ndata : e\neventx: f\nnonsense\n\n", "");
}

static void test_byte_order_mark(void **state)
{
    check(state,
          "\xef\xbb\xbf"
          "data: a\n\n",
          "[]<a>");
    check(state, "\xef\xbb\xbf\ndata: a\n\n", "[]<a>");
    check(state,
          "\xef\xbb\xbf\xef\xbb\xbf"
          "data: a\n\ndata: b\n\n",
          "[]<b>"); // only one
    check(state,
          "data: a\n\n\xef\xbb\xbf"
          "data: b\n\n",
          "[]<a>");
    check(state,
          "\xef\xbb"
          "data: a\n\ndata: b\n\n",
          "[]<b>");
    check(state, "\xef\ndata: a\n\n", "[]<a>");
    check(state, "\xef\xbb", "");
    check(state, "", "");
}

static void test_end_without_blank_line(void **state)
{
    check(state, "data: a\n\ndata: b\n", "[]<a>[]<b>");
    check(state, "data: a\n\ndata: b", "[]<a>[]<b>");
    check(state, "data: a\n\nevent: x\ndata: b\r", "[]<a>[x]<b>");
    check(state, "data: a\ndata: b", "[]<a\nb>");
    check(state, "data: a\nevent: x", "[x]<a>");
    check(state, "data: a\n\ndat", "[]<a>");
}

static void test_nul_bytes_are_text(void **state)
{
    struct fixture *fixture = *state;
    static const char INPUT[] = "data: a\0b\n\n\0data: c\n\ndata: d\n\n";
    begin(fixture);
    assert_int_equal(feed(fixture, INPUT, sizeof(INPUT) - 1), WEIR_SSE_OK);
    assert_int_equal(fixture->heard.count, 2);
    assert_memory_equal(weir_buf_text(&fixture->heard.text), "[]<a\0b>[]<d>", 12);
}

static void test_stop_is_final(void **state)
{
    struct fixture *fixture = *state;
    static const char INPUT[] = "data: a\n\ndata: b\n\ndata: c\n\n";
    fixture->heard.stop_after = 2;
    for (size_t split = 0; split < sizeof(INPUT); split++) {
        begin(fixture);
        (void)feed(fixture, INPUT, split);
        assert_int_equal(feed(fixture, INPUT + split, sizeof(INPUT) - 1 - split), WEIR_SSE_STOPPED);
        assert_int_equal(feed(fixture, INPUT, sizeof(INPUT) - 1), WEIR_SSE_STOPPED);
        assert_int_equal(weir_sse_finish(&fixture->sse, hear, &fixture->heard), WEIR_SSE_STOPPED);
        assert_string_equal(weir_buf_text(&fixture->heard.text), "[]<a>[]<b>");
    }
    fixture->heard.stop_after = 0;
}

/** Result of an input under a cap, the same for each split; `wanted` is what was heard before. */
static void check_cap(size_t cap, const char *bytes, enum weir_sse_result result,
                      const char *wanted)
{
    struct heard heard = {.count = 0};
    struct weir_sse sse;
    weir_buf_init(&heard.text, CAP);
    weir_sse_init(&sse, cap, 0);
    for (size_t split = 0; split <= strlen(bytes); split++) {
        weir_sse_reset(&sse);
        weir_buf_clear(&heard.text);
        (void)weir_sse_feed(&sse, bytes, split, hear, &heard);
        (void)weir_sse_feed(&sse, bytes + split, strlen(bytes) - split, hear, &heard);
        assert_int_equal(weir_sse_finish(&sse, hear, &heard), result);
        assert_string_equal(weir_buf_text(&heard.text), wanted);
        assert_true(sse.line.size <= 64 && sse.data.size <= 64);
    }
    weir_sse_free(&sse);
    weir_buf_free(&heard.text);
}

static void test_caps(void **state)
{
    (void)state;
    check_cap(10, "data: 1234\n\n", WEIR_SSE_OK, "[]<1234>");
    check_cap(10, "data: a\n\ndata: 12345\n\n", WEIR_SSE_TOO_LARGE, "[]<a>");
    check_cap(10, "data: a\n\ndata: 12345", WEIR_SSE_TOO_LARGE, "[]<a>");
    check_cap(10, ": comments count\n\n", WEIR_SSE_TOO_LARGE, "");
    check_cap(10, "data: 1234\ndata: 56789\n\n", WEIR_SSE_TOO_LARGE, "");
    check_cap(10, "data:12345\ndata:6789\n\n", WEIR_SSE_OK, "[]<12345\n6789>");
    check_cap(10, "data:12345\ndata:67890\n\n", WEIR_SSE_TOO_LARGE, "");
    check_cap(10, "data:12345\ndata:67890", WEIR_SSE_TOO_LARGE, "");
    check_cap(1, "\xef\xbb\n\n", WEIR_SSE_TOO_LARGE, "");
    check_cap(0, "\n\r\n\n", WEIR_SSE_OK, "");
    check_cap(10, "data:12345\n\ndata:67890\n\n", WEIR_SSE_OK, "[]<12345>[]<67890>");
}

static void test_long_line_stops_at_the_cap(void **state)
{
    struct fixture *fixture = *state;
    char block[4096];
    memset(block, 'x', sizeof(block));
    begin(fixture);
    (void)feed(fixture, "data: ", 6);
    size_t fed = 6;
    while (fed < 10U * CAP && feed(fixture, block, sizeof(block)) == WEIR_SSE_OK) {
        fed += sizeof(block);
    }
    assert_in_range(fed, CAP - sizeof(block), CAP);
    assert_int_equal(feed(fixture, "\n\n", 2), WEIR_SSE_TOO_LARGE);
    assert_int_equal(fixture->heard.count, 0);
    check(state, "data: a\n\n", "[]<a>"); // a reset makes it whole again
}

static void test_whole_events_are_not_copied(void **state)
{
    (void)state;
    static const char INPUT[] = "event: x\ndata: a\n\n: c\r\n\r\ndata: b\r\r";
    struct heard heard = {.count = 0};
    struct weir_sse sse;
    weir_buf_init(&heard.text, CAP);
    weir_buf_reserve(&heard.text, 256);
    weir_sse_init(&sse, CAP, 0);
    const uint64_t before = weir_mem_count();
    assert_int_equal(weir_sse_feed(&sse, INPUT, sizeof(INPUT) - 1, hear, &heard), WEIR_SSE_OK);
    assert_int_equal(weir_mem_count(), before);
    assert_string_equal(weir_buf_text(&heard.text), "[x]<a>[]<b>");
    weir_sse_free(&sse);
    weir_buf_free(&heard.text);
}

static void test_reserved_stream_never_allocates(void **state)
{
    (void)state;
    static const char INPUT[] = "event: x\ndata: a\ndata: b\n\n";
    struct heard heard = {.count = 0};
    struct weir_sse sse;
    weir_buf_init(&heard.text, CAP);
    weir_buf_reserve(&heard.text, 4096);
    weir_sse_init(&sse, CAP, 1024);
    const uint64_t before = weir_mem_count();
    for (size_t split = 0; split < sizeof(INPUT); split++) {
        weir_sse_reset(&sse);
        (void)weir_sse_feed(&sse, INPUT, split, hear, &heard);
        (void)weir_sse_feed(&sse, INPUT + split, sizeof(INPUT) - 1 - split, hear, &heard);
    }
    assert_int_equal(heard.count, sizeof(INPUT));
    assert_int_equal(weir_mem_count(), before);
    weir_sse_free(&sse);
    weir_buf_free(&heard.text);
}

static void add_line_end(struct weir_rng *rng, struct weir_buf *out)
{
    static const char *const ENDS[] = {"\n", "\r\n", "\r"};
    // A CR followed by an empty LF line would read as CRLF: that pair is one line end.
    const bool after_cr = out->len > 0 && out->ptr[out->len - 1] == '\r';
    (void)weir_buf_add_str(out,
                           ENDS[after_cr ? 1 + weir_rng_below(rng, 2) : weir_rng_below(rng, 3)]);
}

static void add_noise(struct weir_rng *rng, struct weir_buf *out)
{
    static const char *const NOISE[] = {": ping", ":", "id: 7", "retry: 10", "x", "dataset: 1"};
    while (weir_rng_below(rng, 3) == 0) {
        (void)weir_buf_add_str(out, NOISE[weir_rng_below(rng, WEIR_COUNT_OF(NOISE))]);
        add_line_end(rng, out);
    }
}

/** One random event: its bytes, and what is to be heard. */
static void add_event(struct weir_rng *rng, struct weir_buf *out, struct weir_buf *wanted)
{
    const uint32_t lines = 1 + weir_rng_below(rng, 3);
    add_noise(rng, out);
    (void)weir_buf_add_str(wanted, "[]<");
    for (uint32_t i = 0; i < lines; i++) {
        const uint32_t len = i == 0 ? 1 + weir_rng_below(rng, 40) : weir_rng_below(rng, 40);
        const bool has_blank = weir_rng_below(rng, 2) == 0;
        (void)weir_buf_add_str(out, has_blank ? "data: " : "data:!");
        (void)weir_buf_add_str(wanted, i > 0 ? "\n" : "");
        (void)weir_buf_add_str(wanted, has_blank ? "" : "!");
        for (uint32_t k = 0; k < len; k++) {
            const char c = (char)(' ' + weir_rng_below(rng, 95));
            (void)weir_buf_add_char(out, c);
            (void)weir_buf_add_char(wanted, c);
        }
        add_line_end(rng, out);
        add_noise(rng, out);
    }
    add_line_end(rng, out);
    (void)weir_buf_add_char(wanted, '>');
}

static void feed_in_pieces(struct fixture *fixture, struct weir_rng *rng,
                           const struct weir_buf *input)
{
    const uint32_t most = 1 + weir_rng_below(rng, 200);
    for (size_t at = 0; at < input->len;) {
        size_t len = 1 + weir_rng_below(rng, most);
        len = len < input->len - at ? len : input->len - at;
        assert_int_equal(feed(fixture, input->ptr + at, len), WEIR_SSE_OK);
        at += len;
    }
}

static void test_random_events_survive_random_splits(void **state)
{
    struct fixture *fixture = *state;
    struct weir_rng rng = weir_rng_seed(20260105);
    struct weir_buf input;
    struct weir_buf wanted;
    weir_buf_init(&input, CAP);
    weir_buf_init(&wanted, CAP);
    for (int round = 0; round < 2000; round++) {
        weir_buf_clear(&input);
        weir_buf_clear(&wanted);
        for (uint32_t i = weir_rng_below(&rng, 8); i > 0; i--) {
            add_event(&rng, &input, &wanted);
        }
        begin(fixture);
        feed_in_pieces(fixture, &rng, &input);
        end(fixture, weir_buf_text(&wanted));
    }
    weir_buf_free(&input);
    weir_buf_free(&wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_ends),
        cmocka_unit_test(test_data_lines),
        cmocka_unit_test(test_empty_data_is_no_event),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_byte_order_mark),
        cmocka_unit_test(test_end_without_blank_line),
        cmocka_unit_test(test_nul_bytes_are_text),
        cmocka_unit_test(test_stop_is_final),
        cmocka_unit_test(test_caps),
        cmocka_unit_test(test_long_line_stops_at_the_cap),
        cmocka_unit_test(test_whole_events_are_not_copied),
        cmocka_unit_test(test_reserved_stream_never_allocates),
        cmocka_unit_test(test_random_events_survive_random_splits),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
