// The dialect table, request bodies (each read back by Jansson) and what single events mean.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/wire/dialect.h"

static const struct weir_dialect *chat(void)
{
    return weir_dialect_find("chat");
}

// ---- the table ---------------------------------------------------------------------------------

static void test_rows_are_whole(void **state)
{
    (void)state;
    size_t count = 0;
    const struct weir_dialect *table = weir_dialect_table(&count);
    assert_true(count >= 2);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(weir_dialect_find(table[i].name), &table[i]);
        assert_ptr_equal(weir_dialect_of_path(weir_slice_of(table[i].path)), &table[i]);
        assert_true(strlen(table[i].help) > 10);
        assert_true(table[i].build != NULL && table[i].parse_event != NULL &&
                    table[i].parse_answer != NULL);
    }
    assert_null(weir_dialect_find(""));
    assert_null(weir_dialect_find("Chat"));
    assert_null(weir_dialect_find("chatt"));
}

struct path_case {
    const char *path;
    const char *name; // NULL: none
};

static void test_dialect_of_path(void **state)
{
    (void)state;
    static const struct path_case CASES[] = {
        {"/v1/chat/completions", "chat"},
        {"/v1/chat/completions/", "chat"},
        {"/v1/chat/completions?api-version=2024-10-21", "chat"},
        {"/openai/deployments/x/chat/completions", "chat"},
        {"/api/paas/v4/chat/completions", "chat"},
        {"/v1/completions", "completions"},
        {"/openai/v1/completions//", "completions"},
        {"/completions", "completions"},
        {"", NULL},
        {"/", NULL},
        {"/v1", NULL},
        {"/v1/models", NULL},
        {"/v1/chatcompletions", NULL},
        {"/v1/completions/x", NULL},
        {"/v1?next=/v1/completions", NULL},
        {"/v1/Completions", NULL},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(CASES); i++) {
        const struct weir_dialect *found = weir_dialect_of_path(weir_slice_of(CASES[i].path));
        const char *name = found != NULL ? found->name : "none";
        assert_string_equal(name, CASES[i].name != NULL ? CASES[i].name : "none");
    }
    assert_null(weir_dialect_of_path((struct weir_slice){NULL, 0}));
}

// ---- bodies ------------------------------------------------------------------------------------

/** The body, which must be the JSON text `wanted` to the byte; returns the prompt's offset. */
static size_t check_body(const char *dialect, const struct weir_body_spec *spec, const char *wanted)
{
    struct weir_buf out;
    size_t prompt_at = 1234;
    weir_buf_init(&out, 1 << 16);
    assert_true(weir_dialect_find(dialect)->build(spec, &out, &prompt_at));
    assert_string_equal(weir_buf_text(&out), wanted);
    json_t *value = json_loadb(out.ptr, out.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    assert_true(json_is_object(value));
    json_decref(value);
    weir_buf_free(&out);
    return prompt_at;
}

static struct weir_body_spec spec_of(const char *model, const char *prompt)
{
    return (struct weir_body_spec){.model = weir_slice_of(model),
                                   .prompt = weir_slice_of(prompt),
                                   .messages = weir_slice_of(""),
                                   .is_streaming = true};
}

static void test_chat_body(void **state)
{
    (void)state;
    struct weir_body_spec spec = spec_of("m", "hello");
    spec.max_tokens = 64;
    static const char WANTED[] = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":"
                                 "\"hello\"}],\"max_tokens\":64,"
                                 "\"stream\":true,\"stream_options\":{\"include_usage\":true}}";
    const size_t at = check_body("chat", &spec, WANTED);
    assert_memory_equal(WANTED + at, "hello", 5);
}

static void test_completions_body(void **state)
{
    (void)state;
    struct weir_body_spec spec = spec_of("m", "hello");
    spec.is_streaming = false;
    static const char WANTED[] = "{\"model\":\"m\",\"prompt\":\"hello\",\"stream\":false}";
    const size_t at = check_body("completions", &spec, WANTED);
    assert_memory_equal(WANTED + at, "hello", 5);
}

static void test_body_escapes(void **state)
{
    (void)state;
    const struct weir_body_spec spec = spec_of("a\"b\\", "abcd \"x\"\n\x01\xc3\xa9");
    static const char WANTED[] =
        "{\"model\":\"a\\\"b\\\\\",\"prompt\":\"abcd \\\"x\\\"\\n\\u0001\xc3\xa9\",\"stream\":true,"
        "\"stream_options\":{\"include_usage\":true}}";
    const size_t at = check_body("completions", &spec, WANTED);
    assert_memory_equal(WANTED + at, "abcd ", 5);
}

static void test_empty_model_is_left_out(void **state)
{
    (void)state;
    const struct weir_body_spec spec = spec_of("", "");
    const size_t at =
        check_body("completions", &spec,
                   "{\"prompt\":\"\",\"stream\":true,\"stream_options\":{\"include_usage\":true}}");
    assert_int_equal(at, strlen("{\"prompt\":\""));
}

static void test_given_messages(void **state)
{
    (void)state;
    struct weir_body_spec spec = spec_of("m", "ignored");
    spec.messages = weir_slice_of("[{\"role\":\"system\",\"content\":\"x\"}]");
    spec.is_streaming = false;
    const size_t at = check_body("chat", &spec,
                                 "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":"
                                 "\"x\"}],\"stream\":false}");
    assert_int_equal(at, SIZE_MAX);
}

static void test_extras_add_and_replace(void **state)
{
    (void)state;
    static const char *const KEYS[] = {"ignore_eos", "stream_options", "model", "a\"b",
                                       "ignore_eos"};
    static const char *const VALUES[] = {"false", "null", "\"other\"", "[1,{}]", "true"};
    struct weir_body_spec spec = spec_of("m", "hi");
    spec.extra_keys = KEYS;
    spec.extra_values = VALUES;
    spec.extra_count = WEIR_COUNT_OF(KEYS);
    (void)check_body(
        "completions", &spec,
        "{\"prompt\":\"hi\",\"stream\":true,\"stream_options\":null,\"model\":\"other\","
        "\"a\\\"b\":[1,{}],\"ignore_eos\":true}");
}

static void test_extras_replace_everything(void **state)
{
    (void)state;
    static const char *const KEYS[] = {"model", "messages", "max_completion_tokens", "stream",
                                       "stream_options"};
    static const char *const VALUES[] = {"\"x\"", "[]", "5", "true", "{}"};
    struct weir_body_spec spec = spec_of("m", "hi");
    spec.max_tokens = 7; // not beside the name that replaced it
    spec.extra_keys = KEYS;
    spec.extra_values = VALUES;
    spec.extra_count = WEIR_COUNT_OF(KEYS);
    const size_t at = check_body("chat", &spec,
                                 "{\"model\":\"x\",\"messages\":[],\"max_completion_tokens\":5,"
                                 "\"stream\":true,\"stream_options\":{}}");
    assert_int_equal(at, SIZE_MAX);
}

/** Every cap below the needed size is told, whichever piece it falls into. */
static void test_full_buffer_is_told(void **state)
{
    (void)state;
    static const char *const KEYS[] = {"k"};
    static const char *const VALUES[] = {"1"};
    struct weir_body_spec spec = spec_of("m", "p\"q");
    spec.max_tokens = 3;
    spec.extra_keys = KEYS;
    spec.extra_values = VALUES;
    spec.extra_count = 1;
    for (int i = 0; i < 2; i++) {
        const struct weir_dialect *dialect = i == 0 ? chat() : weir_dialect_find("completions");
        size_t needed = 0;
        bool is_built = false;
        for (size_t cap = 0; !is_built && cap < 1000; cap++) {
            struct weir_buf out;
            size_t prompt_at = 0;
            weir_buf_init(&out, cap);
            is_built = dialect->build(&spec, &out, &prompt_at);
            needed = out.len;
            assert_int_equal(is_built, needed == cap && !out.overflow);
            weir_buf_free(&out);
        }
        assert_true(is_built && needed > 50);
    }
}

/** A body is appended: what is in the buffer stays, and the offset counts from its beginning. */
static void test_body_is_appended(void **state)
{
    (void)state;
    const struct weir_body_spec spec = spec_of("m", "hello");
    struct weir_buf out;
    size_t prompt_at = 0;
    weir_buf_init(&out, 4096);
    (void)weir_buf_add_str(&out, "before");
    assert_true(chat()->build(&spec, &out, &prompt_at));
    assert_memory_equal(out.ptr, "before{", 7);
    assert_memory_equal(out.ptr + prompt_at, "hello\"", 6);
    weir_buf_free(&out);
}

// ---- events ------------------------------------------------------------------------------------

static struct weir_event parse(const char *data)
{
    struct weir_event event;
    if (!chat()->parse_event(weir_slice_of(data), &event)) {
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
        if (chat()->parse_event(weir_slice_of(TEXTS[i]), &event)) {
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
        assert_false(chat()->parse_event((struct weir_slice){data, sizeof(data)}, &event));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_whole),
        cmocka_unit_test(test_dialect_of_path),
        cmocka_unit_test(test_chat_body),
        cmocka_unit_test(test_completions_body),
        cmocka_unit_test(test_body_escapes),
        cmocka_unit_test(test_empty_model_is_left_out),
        cmocka_unit_test(test_given_messages),
        cmocka_unit_test(test_extras_add_and_replace),
        cmocka_unit_test(test_extras_replace_everything),
        cmocka_unit_test(test_full_buffer_is_told),
        cmocka_unit_test(test_body_is_appended),
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
