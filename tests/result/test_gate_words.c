// The languages of a verdict, with names that try to break out of each of them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "weir/base/mem.h"
#include "weir/result/gate_words.h"

static const char hostile[] = "<b>&\"'|`%: ,\n\x1b[31m\xff\\{x}";

/** Three rows of all verdicts, of hostile names; to be freed. */
static void fill(struct weir_gate *gate, enum weir_gate_verdict verdict)
{
    *gate = (struct weir_gate){.verdict = verdict, .row_count = 3, .note_count = 1};
    gate->rows = weir_alloc(3, sizeof(*gate->rows));
    gate->notes = weir_alloc(1, sizeof(*gate->notes));
    (void)snprintf(gate->name, sizeof(gate->name), "%s", hostile);
    (void)snprintf(gate->notes[0], sizeof(gate->notes[0]), "note %s", hostile);
    for (size_t i = 0; i < 3; i++) {
        gate->rows[i] = (struct weir_gate_row){
            .verdict = (enum weir_gate_verdict)i,
            .is_regression = i == 2,
            .value = i == 0 ? NAN : 1.5,
            .bounds = {NAN, NAN},
            .change = i == 2 ? 0.25 : NAN,
            .change_bounds = {0.1, INFINITY},
            .p = 0.01,
        };
        (void)snprintf(gate->rows[i].condition, sizeof(gate->rows[i].condition), "c %s", hostile);
        (void)snprintf(gate->rows[i].level, sizeof(gate->rows[i].level), "l %s", hostile);
        (void)snprintf(gate->rows[i].text, sizeof(gate->rows[i].text), "t %s", hostile);
    }
}

static bool json_words(const struct weir_gate *gate, struct weir_buf *out)
{
    return weir_gate_json(gate, NULL, out);
}

static bool text_words(const struct weir_gate *gate, struct weir_buf *out)
{
    return weir_gate_text(gate, 100, out);
}

typedef bool words_fn(const struct weir_gate *gate, struct weir_buf *out);
static words_fn *const all[] = {weir_gate_line,   text_words,      weir_gate_markdown,
                                json_words,       weir_gate_junit, weir_gate_annotations,
                                weir_gate_metrics};

/** No control characters anywhere, and a buffer that is too small is told. */
static void clean_and_capped(void **state)
{
    (void)state;
    for (size_t i = 0; i < WEIR_COUNT_OF(all); i++) {
        struct weir_gate gate;
        struct weir_buf text;
        fill(&gate, WEIR_GATE_FAIL);
        weir_buf_init(&text, 1U << 20);
        assert_true(all[i](&gate, &text));
        for (size_t at = 0; at < text.len; at++) {
            assert_true(text.ptr[at] == '\n' || (unsigned char)text.ptr[at] >= 0x20);
            assert_true((unsigned char)text.ptr[at] != 0xff);
        }
        const size_t whole = text.len;
        weir_buf_free(&text);
        for (size_t cap = 0; cap < whole; cap += 41) {
            weir_buf_init(&text, cap);
            assert_false(all[i](&gate, &text));
            weir_buf_free(&text);
        }
        weir_gate_free(&gate);
    }
}

static size_t count_of(const char *text, const char *what)
{
    size_t count = 0;
    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what)) {
        count++;
    }
    return count;
}

static void junit(void **state)
{
    (void)state;
    struct weir_gate gate;
    struct weir_buf text;
    weir_buf_init(&text, 1U << 20);
    fill(&gate, WEIR_GATE_INVALID);
    assert_true(weir_gate_junit(&gate, &text));
    assert_null(strstr(weir_buf_text(&text), "<b>"));
    assert_non_null(strstr(weir_buf_text(&text), "&lt;b&gt;&amp;&quot;"));
    assert_int_equal(count_of(weir_buf_text(&text), "<testcase "), 4);
    assert_int_equal(count_of(weir_buf_text(&text), "<failure "), 1);
    assert_int_equal(count_of(weir_buf_text(&text), "<error "), 2); // INCONCLUSIVE, and the runs
    assert_non_null(strstr(weir_buf_text(&text), "tests=\"4\" failures=\"1\" errors=\"2\""));
    weir_gate_free(&gate);
    weir_buf_clear(&text);
    gate = (struct weir_gate){.verdict = WEIR_GATE_FAIL}; // no level at all
    assert_true(weir_gate_junit(&gate, &text));
    assert_non_null(strstr(weir_buf_text(&text), "tests=\"1\" failures=\"1\" errors=\"0\""));
    assert_int_equal(count_of(weir_buf_text(&text), "<failure "), 1);
    weir_buf_free(&text);
}

static void annotations(void **state)
{
    (void)state;
    struct weir_gate gate;
    struct weir_buf text;
    weir_buf_init(&text, 1U << 20);
    fill(&gate, WEIR_GATE_FAIL);
    assert_true(weir_gate_annotations(&gate, &text));
    assert_int_equal(count_of(weir_buf_text(&text), "\n"), 3); // the line, INCONCLUSIVE, FAIL
    assert_int_equal(count_of(weir_buf_text(&text), "::error title="), 2);
    assert_int_equal(count_of(weir_buf_text(&text), "::warning title="), 1);
    assert_non_null(strstr(weir_buf_text(&text), "%25%3A %2C")); // in a title
    weir_gate_free(&gate);
    weir_buf_free(&text);
}

static void json(void **state)
{
    (void)state;
    struct weir_gate gate;
    struct weir_buf text;
    weir_buf_init(&text, 1U << 20);
    fill(&gate, WEIR_GATE_FAIL);
    assert_true(json_words(&gate, &text));
    json_error_t error;
    json_t *root = json_loads(weir_buf_text(&text), JSON_REJECT_DUPLICATES, &error);
    assert_non_null(root);
    assert_string_equal(json_string_value(json_object_get(root, "verdict")), "FAIL");
    const json_t *last = json_array_get(json_object_get(root, "rows"), 2);
    const json_t *bounds = json_object_get(last, "change_bounds");
    assert_true(json_number_value(json_array_get(bounds, 0)) == 0.1);
    assert_true(json_is_null(json_array_get(bounds, 1))); // infinite: no bound, never a number
    assert_true(
        json_is_null(json_object_get(json_array_get(json_object_get(root, "rows"), 0), "value")));
    json_decref(root);
    weir_gate_free(&gate);
    weir_buf_free(&text);
}

static void metrics(void **state)
{
    (void)state;
    struct weir_gate gate;
    struct weir_buf text;
    weir_buf_init(&text, 1U << 20);
    fill(&gate, WEIR_GATE_FAIL);
    assert_true(weir_gate_metrics(&gate, &text));
    assert_int_equal(count_of(weir_buf_text(&text), "\nweir_gate_value{"), 2); // no data: no line
    assert_int_equal(count_of(weir_buf_text(&text), "\nweir_gate_change_ratio{"), 1);
    assert_non_null(strstr(weir_buf_text(&text), "&\\\"'"));
    assert_non_null(strstr(weir_buf_text(&text), "\\\\{x}"));
    assert_true(text.len > 6 && strcmp(text.ptr + text.len - 6, "# EOF\n") == 0);
    weir_gate_free(&gate);
    weir_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clean_and_capped), cmocka_unit_test(junit),
        cmocka_unit_test(annotations),      cmocka_unit_test(json),
        cmocka_unit_test(metrics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
