// What single events of chat and completions mean.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/wire/dialect.h"

static const struct weir_dialect *chat(void)
{
    return weir_dialect_find("chat");
}

static bool parse_with(const struct weir_dialect *dialect, const char *data,
                       struct weir_event *event)
{
    const struct weir_sse_event message = {.type = {"", 0}, .data = weir_slice_of(data)};
    return dialect->parse_event(dialect, &message, event);
}

static struct weir_event parse(const char *data)
{
    struct weir_event event;
    if (!parse_with(chat(), data, &event)) {
        fail_msg("malformed: %s", data);
    }
    return event;
}

static void check_flags(const char *data, uint32_t flags)
{
    const struct weir_event event = parse(data);
    if (event.flags != flags) {
        fail_msg("flags %u, not %u: %s", event.flags, flags, data);
    }
}

static void check_delta(const char *delta, uint32_t flags)
{
    char data[512];
    (void)snprintf(data, sizeof(data), "{\"choices\":[{\"delta\":%s}]}", delta);
    check_flags(data, flags);
}

static void test_text(void **state)
{
    (void)state;
    check_delta("{\"content\":\"a\"}", WEIR_EVENT_TEXT);
    check_delta("{\"content\":\" \"}", WEIR_EVENT_TEXT);
    check_delta("{\"content\":\"\\u0000\"}", WEIR_EVENT_TEXT);
    check_delta("{\"content\":\"\\ud83d\"}", WEIR_EVENT_TEXT); // half a surrogate pair
    check_delta("{\"role\":\"assistant\",\"content\":\"\"}", 0);
    check_delta("{\"content\":null}", 0);
    check_delta("{\"content\":5}", 0);
    check_delta("{}", 0);
    check_delta("null", 0);
    check_delta("[]", 0);
    check_delta("{\"refusal\":\"no\"}", WEIR_EVENT_TEXT);
    check_delta("{\"refusal\":\"\"}", 0);
}

static void test_content_parts(void **state)
{
    (void)state;
    check_delta("{\"content\":[{\"type\":\"text\",\"text\":\"a\"}]}", WEIR_EVENT_TEXT);
    check_delta("{\"content\":[{\"type\":\"text\",\"text\":\"\"},{\"text\":\"b\"}]}",
                WEIR_EVENT_TEXT);
    check_delta("{\"content\":[\"a\"]}", WEIR_EVENT_TEXT);
    check_delta("{\"content\":[\"\",{},null,[],1,{\"type\":\"text\",\"text\":\"\"}]}", 0);
    check_delta("{\"content\":[]}", 0);
    check_delta(
        "{\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"h\"}]}]}",
        WEIR_EVENT_REASONING);
    check_delta("{\"content\":[{\"type\":\"thinking\",\"thinking\":[]}]}", 0);
}

static void test_reasoning(void **state)
{
    (void)state;
    check_delta("{\"reasoning_content\":\"a\",\"content\":null}", WEIR_EVENT_REASONING);
    check_delta("{\"reasoning\":\"a\",\"content\":\"\"}", WEIR_EVENT_REASONING);
    check_delta("{\"content\":\"b\",\"reasoning\":\"a\"}", WEIR_EVENT_REASONING | WEIR_EVENT_TEXT);
    check_delta("{\"reasoning\":null,\"reasoning_content\":\"\"}", 0);
    check_delta("{\"reasoning\":{\"effort\":1}}", 0);
}

static void test_tool_calls(void **state)
{
    (void)state;
    check_delta("{\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}",
                WEIR_EVENT_TOOL);
    check_delta("{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\"}}]}",
                WEIR_EVENT_TOOL);
    check_delta("{\"tool_calls\":[{\"function\":{\"arguments\":{\"a\":1}}}]}", WEIR_EVENT_TOOL);
    check_delta("{\"tool_calls\":[{\"custom\":{\"name\":\"f\",\"input\":\"\"}}]}", WEIR_EVENT_TOOL);
    check_delta("{\"tool_calls\":[{},{\"function\":{\"arguments\":\"1\"}}]}", WEIR_EVENT_TOOL);
    check_delta("{\"tool_calls\":[{\"id\":\"x\",\"type\":\"function\",\"function\":{\"name\":null,"
                "\"arguments\":\"\"}}]}",
                0);
    check_delta("{\"tool_calls\":[null,1,\"x\",{\"function\":null},{\"function\":[]}]}", 0);
    check_delta("{\"tool_calls\":null}", 0);
    check_delta("{\"tool_calls\":[]}", 0);
    check_delta("{\"function_call\":{\"x\":[1],\"name\":\"f\"}}", WEIR_EVENT_TOOL);
    check_delta("{\"function_call\":{\"arguments\":\"\"}}", 0);
    check_delta("{\"function_call\":null}", 0);
}

static void test_token_ids_count_where_no_text_is(void **state)
{
    (void)state;
    check_flags("{\"choices\":[{\"delta\":{\"content\":\"\"},\"token_ids\":[5]}]}",
                WEIR_EVENT_TEXT);
    check_flags("{\"choices\":[{\"token_ids\":[5],\"delta\":{\"reasoning\":\"a\"}}]}",
                WEIR_EVENT_REASONING);
    check_flags("{\"choices\":[{\"delta\":{\"content\":\"\"},\"token_ids\":[]}]}", 0);
    check_flags("{\"choices\":[{\"delta\":{\"content\":\"\"},\"token_ids\":null}]}", 0);
    check_flags("{\"choices\":[{\"text\":\"\",\"output_ids\":[1]}]}", WEIR_EVENT_TEXT);
    check_delta("{\"content\":\"\",\"token_ids\":[1]}", WEIR_EVENT_TEXT);
    check_flags("{\"prompt_token_ids\":[1,2],\"choices\":[{\"delta\":{\"content\":\"\"}}]}", 0);
}

static void test_completions_text(void **state)
{
    (void)state;
    check_flags("{\"choices\":[{\"text\":\"a\",\"index\":0}]}", WEIR_EVENT_TEXT);
    check_flags("{\"choices\":[{\"text\":\"\"}]}", 0);
    check_flags("{\"choices\":[{\"text\":\"\"},{\"text\":\"b\"}]}", WEIR_EVENT_TEXT);
    check_flags("{\"text\":\"a\"}", 0); // not where it belongs
}

static void test_finish(void **state)
{
    (void)state;
    check_flags("{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}", WEIR_EVENT_FINISH);
    check_flags("{\"choices\":[{\"finish_reason\":\"length\",\"delta\":{\"content\":\"a\"}}]}",
                WEIR_EVENT_FINISH | WEIR_EVENT_TEXT);
    check_flags("{\"choices\":[{\"finish_reason\":\"\"}]}", 0);
    check_flags("{\"choices\":[{\"finish_reason\":null}]}", 0);
    check_flags("{\"choices\":[{\"finish_reason\":false}]}", 0);
}

static void test_choice_given_up_is_an_error(void **state)
{
    (void)state;
    static const char DATA[] = "{\"choices\":[{\"delta\":{},\"finish_reason\":\"abort\"}]}";
    const struct weir_event event = parse(DATA);
    assert_int_equal(event.flags, WEIR_EVENT_FINISH | WEIR_EVENT_ERROR);
    assert_true(weir_slice_equals(event.error, "\"abort\""));
    check_flags("{\"choices\":[{\"finish_reason\":\"error\"}]}",
                WEIR_EVENT_FINISH | WEIR_EVENT_ERROR);
}

static void test_end_mark(void **state)
{
    (void)state;
    check_flags("[DONE]", WEIR_EVENT_END);
    check_flags(" [DONE] \t", WEIR_EVENT_END);
    check_flags("[DONE]\n", WEIR_EVENT_END);
    check_flags("", 0);
    check_flags("  ", 0);
}

static void check_usage(const char *usage, uint32_t flags, const int32_t wanted[4])
{
    char data[512];
    (void)snprintf(data, sizeof(data), "{\"choices\":[],\"usage\":%s}", usage);
    const struct weir_event event = parse(data);
    assert_int_equal(event.flags, flags);
    assert_int_equal(event.input_tokens, wanted[0]);
    assert_int_equal(event.output_tokens, wanted[1]);
    assert_int_equal(event.reasoning_tokens, wanted[2]);
    assert_int_equal(event.cached_tokens, wanted[3]);
}

static void test_usage(void **state)
{
    (void)state;
    check_usage("{\"prompt_tokens\":3,\"completion_tokens\":5}", WEIR_EVENT_USAGE,
                (int32_t[]){3, 5, -1, -1});
    check_usage(
        "{\"completion_tokens_details\":{\"x\":1,\"reasoning_tokens\":2},\"completion_tokens\":5,"
        "\"prompt_tokens_details\":{\"cached_tokens\":1},\"total_tokens\":8,\"prompt_tokens\":3}",
        WEIR_EVENT_USAGE, (int32_t[]){3, 5, 2, 1});
    check_usage("{\"prompt_tokens\":3,\"completion_tokens\":5,\"reasoning_tokens\":4,"
                "\"completion_tokens_details\":null,\"prompt_tokens_details\":null}",
                WEIR_EVENT_USAGE, (int32_t[]){3, 5, 4, -1});
    check_usage("{\"prompt_tokens\":3,\"completion_tokens\":0}", WEIR_EVENT_USAGE,
                (int32_t[]){3, 0, -1, -1});
    check_usage("{\"completion_tokens\":2}", WEIR_EVENT_USAGE, (int32_t[]){-1, 2, -1, -1});
    check_usage("{\"prompt_tokens\":3.0,\"completion_tokens\":5e0}", WEIR_EVENT_USAGE,
                (int32_t[]){3, 5, -1, -1});
}

static void test_usage_that_says_nothing(void **state)
{
    (void)state;
    static const int32_t NOTHING[] = {-1, -1, -1, -1};
    check_usage("null", 0, NOTHING);
    check_usage("{}", 0, NOTHING);
    check_usage("[]", 0, NOTHING);
    check_usage("\"5\"", 0, NOTHING);
    // Ollama's completions chunks, FastChat-like forks and others: zeros are placeholders
    check_usage("{\"prompt_tokens\":0,\"completion_tokens\":0,\"total_tokens\":0}", 0, NOTHING);
    check_usage("{\"prompt_tokens\":0,\"completion_tokens\":0,\"prompt_tokens_details\":{\"cached_"
                "tokens\":0}}",
                0, NOTHING);
    check_usage("{\"prompt_tokens\":null,\"completion_tokens\":\"7\"}", 0, NOTHING);
}

static void test_usage_numbers_are_clamped(void **state)
{
    (void)state;
    check_usage("{\"prompt_tokens\":1e999,\"completion_tokens\":99999999999999999999}",
                WEIR_EVENT_USAGE, (int32_t[]){INT32_MAX, INT32_MAX, -1, -1});
    check_usage("{\"prompt_tokens\":-1e999,\"completion_tokens\":4294967296}", WEIR_EVENT_USAGE,
                (int32_t[]){-1, INT32_MAX, -1, -1});
    check_usage("{\"prompt_tokens\":-3,\"completion_tokens\":1,\"reasoning_tokens\":-9}",
                WEIR_EVENT_USAGE, (int32_t[]){-1, 1, -1, -1});
}

static void check_error(const char *data, const char *error)
{
    const struct weir_event event = parse(data);
    assert_int_equal(event.flags, WEIR_EVENT_ERROR);
    assert_int_equal(event.error.len, strlen(error));
    assert_memory_equal(event.error.ptr, error, event.error.len);
}

static void test_errors(void **state)
{
    (void)state;
    check_error("{\"error\":{\"message\":\"m\"}}", "{\"message\":\"m\"}");
    check_error("{\"error\" : \"text\" , \"error_type\":\"x\"}", "\"text\"");
    check_error("{\"error\":true}", "true");
    check_error("{\"error\":503}", "503");
    check_error("{\"object\":\"error\",\"message\":\"m\",\"code\":400}", "\"m\"");
    check_error("{\"message\":\"m\",\"object\":\"error\"}", "\"m\"");
    check_error("{\"object\":\"error\"}", "{\"object\":\"error\"}");
    check_error("{\"object\":\"error\",\"message\":\"m\",\"error\":\"e\"}", "\"e\"");
}

static void test_what_is_no_error(void **state)
{
    (void)state;
    check_flags("{\"error\":null}", 0);
    check_flags("{\"error\":false}", 0);
    check_flags("{\"error\":\"\"}", 0);
    check_flags("{\"error\":{}}", 0);
    check_flags("{\"error\":[]}", 0);
    check_flags("{\"error\":0}", 0);
    check_flags("{\"object\":\"chat.completion.chunk\",\"message\":\"m\"}", 0);
    check_flags("{\"choices\":[{\"delta\":{\"content\":\"{\\\"error\\\":1}\"}}]}", WEIR_EVENT_TEXT);
}

static void test_odd_but_harmless(void **state)
{
    (void)state;
    check_flags("{}", 0);
    check_flags("{\"choices\":null}", 0);
    check_flags("{\"choices\":{}}", 0);
    check_flags("{\"choices\":[null,1,\"x\",[],{}]}", 0);
    check_flags("{\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"choices\":[]}", WEIR_EVENT_TEXT);
    check_flags("{\"x\":{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}}", 0);
    check_flags(" {\"choices\" : [ { \"delta\" : { \"content\" : \"a\" } } ] } ", WEIR_EVENT_TEXT);
    check_flags("{\n\"choices\":[{\n\"delta\":{\"content\":\"a\"}}]\n}", WEIR_EVENT_TEXT);
}

static void test_malformed(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "{",
        "[DONE",
        "DONE",
        "null",
        "[]",
        "\"text\"",
        "{\"choices\":[{\"delta\":{\"content\":\"a\"}}]",
        "{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}}",
        "{\"choices\":[{\"delta\":{\"content\":\"a}}]}",
        "{\"choices\":[{\"delta\":{\"content\":\"\xff\"}}]}",
        "{\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":{\"prompt_tokens\":01}}",
        "{\"error\":{\"message\":\"m\"}",
        "{'choices':[]}",
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(TEXTS); i++) {
        struct weir_event event;
        if (parse_with(chat(), TEXTS[i], &event)) {
            fail_msg("taken: %s", TEXTS[i]);
        }
        assert_int_equal(event.flags, 0);
        assert_int_equal(event.output_tokens, -1);
        assert_null(event.error.ptr);
    }
}

static void test_deep_nesting_is_malformed(void **state)
{
    (void)state;
    static const char *const BEGINS[] = {"{\"choices\":", "{\"unknown\":"};
    char data[4096];
    for (size_t i = 0; i < WEIR_COUNT_OF(BEGINS); i++) {
        struct weir_event event;
        const int len = snprintf(data, sizeof(data), "%s", BEGINS[i]);
        memset(data + len, '[', sizeof(data) - (size_t)len);
        const struct weir_sse_event message = {.type = {"", 0}, .data = {data, sizeof(data)}};
        assert_false(chat()->parse_event(chat(), &message, &event));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_content_parts),
        cmocka_unit_test(test_reasoning),
        cmocka_unit_test(test_tool_calls),
        cmocka_unit_test(test_token_ids_count_where_no_text_is),
        cmocka_unit_test(test_completions_text),
        cmocka_unit_test(test_finish),
        cmocka_unit_test(test_choice_given_up_is_an_error),
        cmocka_unit_test(test_end_mark),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_usage_that_says_nothing),
        cmocka_unit_test(test_usage_numbers_are_clamped),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_what_is_no_error),
        cmocka_unit_test(test_odd_but_harmless),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_deep_nesting_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
