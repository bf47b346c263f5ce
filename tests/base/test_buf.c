// Bytes that grow up to a cap.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "weir/base/buf.h"
#include "weir/base/mem.h"
#include "weir/base/rng.h"

static void a_new_buffer_is_empty_and_owns_nothing(void **state)
{
    (void)state;
    uint64_t before = weir_mem_count();
    struct weir_buf buf;
    weir_buf_init(&buf, 100);
    assert_string_equal(weir_buf_text(&buf), "");
    assert_true(weir_buf_add(&buf, NULL, 0));
    weir_buf_consume(&buf, 0);
    weir_buf_clear(&buf);
    assert_int_equal(weir_mem_count(), before);
    assert_null(buf.ptr);
    weir_buf_free(&buf);
}

static void the_cap_is_reached_but_never_passed(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < 300; cap++) {
        struct weir_buf buf;
        weir_buf_init(&buf, cap);
        for (size_t i = 0; i < cap; i++) {
            assert_true(weir_buf_add_char(&buf, (char)('a' + i % 26)));
        }
        assert_false(buf.overflow);
        assert_false(weir_buf_add_char(&buf, '!'));
        assert_true(buf.overflow);
        assert_int_equal(buf.len, cap);
        assert_int_equal(strlen(weir_buf_text(&buf)), cap);
        assert_true(weir_buf_add(&buf, "", 0)); // nothing fits always
        weir_buf_free(&buf);
    }
}

static void what_does_not_fit_leaves_no_trace(void **state)
{
    (void)state;
    struct weir_buf buf;
    weir_buf_init(&buf, 10);
    assert_true(weir_buf_add_str(&buf, "12345"));
    assert_false(weir_buf_add_str(&buf, "678901"));
    assert_false(weir_buf_addf(&buf, "%d", 678901));
    assert_false(weir_buf_add_json(&buf, "67\n\n", 4));
    assert_false(weir_buf_add(&buf, "x", SIZE_MAX)); // no sum that wraps round
    assert_string_equal(weir_buf_text(&buf), "12345");
    assert_true(buf.overflow);
    assert_true(weir_buf_addf(&buf, "%d", 67890)); // what fits, fits
    assert_string_equal(weir_buf_text(&buf), "1234567890");
    assert_true(buf.overflow); // the mark stays until the next clear
    weir_buf_clear(&buf);
    assert_false(buf.overflow);
    assert_string_equal(weir_buf_text(&buf), "");
    assert_true(weir_buf_add_json(&buf, "6789\n\n\n", 7));
    assert_string_equal(weir_buf_text(&buf), "6789\\n\\n\\n");
    weir_buf_free(&buf);
}

static void a_freed_buffer_can_be_used_again(void **state)
{
    (void)state;
    struct weir_buf buf;
    weir_buf_init(&buf, 4);
    assert_true(weir_buf_add_str(&buf, "abcd"));
    weir_buf_free(&buf);
    assert_string_equal(weir_buf_text(&buf), "");
    assert_false(weir_buf_add_str(&buf, "abcde")); // with the same cap
    assert_true(weir_buf_add_str(&buf, "wxyz"));
    weir_buf_free(&buf);
}

static void reserved_room_costs_no_allocation_later(void **state)
{
    (void)state;
    struct weir_buf buf;
    weir_buf_init(&buf, 1 << 20);
    weir_buf_reserve(&buf, 5000);
    uint64_t before = weir_mem_count();
    for (int i = 0; i < 1000; i++) {
        assert_true(weir_buf_addf(&buf, "%05d", i));
    }
    assert_int_equal(weir_mem_count(), before);
    assert_int_equal(buf.len, 5000);
    weir_buf_clear(&buf); // keeps the memory
    weir_buf_reserve(&buf, 4999);
    assert_true(weir_buf_add(&buf, "x", 1));
    assert_int_equal(weir_mem_count(), before);
    weir_buf_free(&buf);

    weir_buf_init(&buf, 10);
    weir_buf_reserve(&buf, SIZE_MAX); // no more than the cap
    assert_in_range(buf.size, 11, 100);
    weir_buf_free(&buf);
}

static void consuming_drops_the_front(void **state)
{
    (void)state;
    struct weir_buf buf;
    weir_buf_init(&buf, 100);
    assert_true(weir_buf_add_str(&buf, "one two three"));
    weir_buf_consume(&buf, 4);
    assert_string_equal(weir_buf_text(&buf), "two three");
    weir_buf_consume(&buf, 0);
    assert_true(weir_buf_add_str(&buf, "!"));
    assert_string_equal(weir_buf_text(&buf), "two three!");
    weir_buf_consume(&buf, buf.len);
    assert_string_equal(weir_buf_text(&buf), "");
    weir_buf_free(&buf);
}

/** Any mixture of appends and consumes holds what a plain array would. */
static void it_behaves_like_a_plain_array(void **state)
{
    (void)state;
    enum { CAP = 1000 };
    char model[CAP];
    size_t len = 0;
    struct weir_buf buf;
    weir_buf_init(&buf, CAP);
    struct weir_rng rng = weir_rng_seed(5);
    for (int step = 0; step < 20000; step++) {
        size_t amount = weir_rng_below(&rng, 200);
        if (weir_rng_below(&rng, 3) == 0) {
            amount = amount < len ? amount : len;
            memmove(model, model + amount, len - amount);
            len -= amount;
            weir_buf_consume(&buf, amount);
        } else {
            char bytes[200];
            for (size_t i = 0; i < amount; i++) {
                bytes[i] = (char)weir_rng_below(&rng, 256); // NULs too
            }
            bool fits = len + amount <= CAP;
            assert_int_equal(weir_buf_add(&buf, bytes, amount), fits);
            if (fits) {
                memcpy(model + len, bytes, amount);
                len += amount;
            }
        }
        assert_int_equal(buf.len, len);
        assert_memory_equal(weir_buf_text(&buf), model, len);
        assert_int_equal(weir_buf_text(&buf)[len], '\0');
    }
    weir_buf_free(&buf);
}

static void formatting_takes_any_length(void **state)
{
    (void)state;
    struct weir_buf buf;
    weir_buf_init(&buf, 100000);
    assert_true(weir_buf_addf(&buf, "%s", ""));
    assert_string_equal(weir_buf_text(&buf), "");
    for (int width = 1; width < 5000; width *= 3) {
        weir_buf_clear(&buf);
        assert_true(weir_buf_addf(&buf, "%*d|", width, 7));
        assert_int_equal(buf.len, width + 1);
        assert_int_equal(buf.ptr[width - 1], '7');
    }
    weir_buf_free(&buf);
}

static void json_text_is_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        size_t len;
        const char *out;
    } cases[] = {
        {"", 0, ""},
        {"plain", 5, "plain"},
        {"\"", 1, "\\\""},
        {"a\\b", 3, "a\\\\b"},
        {"\n\r\t", 3, "\\n\\r\\t"},
        {"\b\f\x01\x1f", 4, "\\u0008\\u000c\\u0001\\u001f"},
        {"a\0b", 3, "a\\u0000b"},
        {"/\x7f", 2, "/\x7f"},
        {"h\xc3\xa9 \xf0\x9f\x8c\x8a", 8, "h\xc3\xa9 \xf0\x9f\x8c\x8a"},
        {"say \"hi\"", 8, "say \\\"hi\\\""},
        {"tail\n", 5, "tail\\n"},
        {"\nhead", 5, "\\nhead"},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(cases); i++) {
        struct weir_buf buf;
        weir_buf_init(&buf, 100);
        assert_true(weir_buf_add_json(&buf, cases[i].in, cases[i].len));
        assert_string_equal(weir_buf_text(&buf), cases[i].out);
        weir_buf_free(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_buffer_is_empty_and_owns_nothing),
        cmocka_unit_test(the_cap_is_reached_but_never_passed),
        cmocka_unit_test(what_does_not_fit_leaves_no_trace),
        cmocka_unit_test(a_freed_buffer_can_be_used_again),
        cmocka_unit_test(reserved_room_costs_no_allocation_later),
        cmocka_unit_test(consuming_drops_the_front),
        cmocka_unit_test(it_behaves_like_a_plain_array),
        cmocka_unit_test(formatting_takes_any_length),
        cmocka_unit_test(json_text_is_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
