// Request bodies, each read back by Jansson.
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

/** `text` with " for each ', for reading's sake; valid until the next call. */
static const char *with_quotes(const char *text)
{
    static char out[512];
    size_t len = 0;
    for (; text[len] != '\0' && len < sizeof(out) - 1; len++) {
        out[len] = text[len];
        if (text[len] == '\'') {
            out[len] = '"';
        }
    }
    out[len] = '\0';
    return out;
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
    spec.is_exact = true;
    size_t count = 0;
    const struct weir_dialect *table = weir_dialect_table(&count);
    for (size_t i = 0; i < count; i++) {
        const struct weir_dialect *dialect = &table[i];
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
        assert_true(is_built && needed > 20);
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

struct body_case {
    const char *dialect;
    const char *wanted;
};

/** The same request in every language: model m, prompt hello, 64 tokens, streamed. */
static void test_bodies_of_all_dialects(void **state)
{
    (void)state;
    static const struct body_case CASES[] = {
        {"responses", "{'model':'m','input':'hello','max_output_tokens':64,'stream':true}"},
        {"embeddings", "{'model':'m','input':'hello'}"},
        {"messages", "{'model':'m','messages':[{'role':'user','content':'hello'}],'max_tokens':64,"
                     "'stream':true}"},
        {"ollama-generate",
         "{'model':'m','prompt':'hello','stream':true,'options':{'num_predict':64}}"},
        {"ollama-chat", "{'model':'m','messages':[{'role':'user','content':'hello'}],'stream':true,"
                        "'options':{'num_predict':64}}"},
        {"tgi-generate-stream",
         "{'inputs':'hello','parameters':{'max_new_tokens':64,'details':true}}"},
        {"tgi-generate", "{'inputs':'hello','parameters':{'max_new_tokens':64,'details':true}}"},
        {"llamacpp-completion", "{'model':'m','prompt':'hello','n_predict':64,'stream':true}"},
        {"sglang-generate",
         "{'text':'hello','stream':true,'sampling_params':{'max_new_tokens':64}}"},
        {"triton-generate-stream", "{'text_input':'hello','max_tokens':64,'stream':true}"},
    };
    struct weir_body_spec spec = spec_of("m", "hello");
    spec.max_tokens = 64;
    for (size_t i = 0; i < WEIR_COUNT_OF(CASES); i++) {
        const char *wanted = with_quotes(CASES[i].wanted);
        const size_t at = check_body(CASES[i].dialect, &spec, wanted);
        assert_memory_equal(wanted + at, "hello\"", 6);
    }
}

static void test_exact_lengths(void **state)
{
    (void)state;
    static const struct body_case CASES[] = {
        {"chat", "{'messages':[{'role':'user','content':'x'}],'max_tokens':9,'ignore_eos':true,"
                 "'min_tokens':9,'stream':false}"},
        {"completions",
         "{'prompt':'x','max_tokens':9,'ignore_eos':true,'min_tokens':9,'stream':false}"},
        {"llamacpp-completion", "{'prompt':'x','n_predict':9,'ignore_eos':true,'stream':false}"},
        {"sglang-generate",
         "{'text':'x','stream':false,'sampling_params':{'max_new_tokens':9,'min_new_tokens':9,"
         "'ignore_eos':true}}"},
        {"triton-generate-stream",
         "{'text_input':'x','max_tokens':9,'min_length':9,'stream':false}"},
        {"ollama-generate", "{'prompt':'x','stream':false,'options':{'num_predict':9}}"},
        {"responses", "{'input':'x','max_output_tokens':9,'stream':false}"},
    };
    struct weir_body_spec spec = spec_of("", "x");
    spec.max_tokens = 9;
    spec.is_exact = true;
    spec.is_streaming = false;
    for (size_t i = 0; i < WEIR_COUNT_OF(CASES); i++) {
        (void)check_body(CASES[i].dialect, &spec, with_quotes(CASES[i].wanted));
    }
    static const char *const KEYS[] = {"max_completion_tokens", "ignore_eos"};
    static const char *const VALUES[] = {"5", "false"};
    spec.extra_keys = KEYS; // the user's word goes before weir's
    spec.extra_values = VALUES;
    spec.extra_count = 2;
    (void)check_body(
        "completions", &spec,
        "{\"prompt\":\"x\",\"stream\":false,\"max_completion_tokens\":5,\"ignore_eos\":false}");
    spec.max_tokens = 0; // nothing to be exact about
    spec.extra_count = 0;
    (void)check_body("completions", &spec, "{\"prompt\":\"x\",\"stream\":false}");
    (void)check_body("sglang-generate", &spec,
                     "{\"text\":\"x\",\"stream\":false,\"sampling_params\":{}}");
}

static void test_extras_go_where_servers_look(void **state)
{
    (void)state;
    static const struct body_case CASES[] = {
        {"ollama-generate",
         "{'prompt':'x','stream':false,'options':{'temperature':0,'rid':7},'keep_alive':5}"},
        {"tgi-generate",
         "{'inputs':'x','parameters':{'details':true,'temperature':0,'keep_alive':5,'rid':7}}"},
        {"sglang-generate",
         "{'text':'x','stream':false,'sampling_params':{'temperature':0},'keep_alive':5,'rid':7}"},
        {"llamacpp-completion",
         "{'prompt':'x','stream':false,'temperature':0,'keep_alive':5,'rid':7}"},
    };
    static const char *const KEYS[] = {"temperature", "keep_alive", "rid"};
    static const char *const VALUES[] = {"0", "5", "7"};
    struct weir_body_spec spec = spec_of("", "x");
    spec.is_streaming = false;
    spec.extra_keys = KEYS;
    spec.extra_values = VALUES;
    spec.extra_count = 3;
    for (size_t i = 0; i < WEIR_COUNT_OF(CASES); i++) {
        (void)check_body(CASES[i].dialect, &spec, with_quotes(CASES[i].wanted));
    }
}

/** Who gives the whole object of options has it as given, and his other extras beside it. */
static void test_options_replaced_as_a_whole(void **state)
{
    (void)state;
    static const char *const KEYS[] = {"options", "sampling_params", "parameters", "top_p"};
    static const char *const VALUES[] = {"{\"a\":1}", "{\"b\":2}", "{\"c\":3}", "1"};
    struct weir_body_spec spec = spec_of("", "x");
    spec.max_tokens = 5;
    spec.extra_keys = KEYS;
    spec.extra_values = VALUES;
    spec.extra_count = 4;
    static const char GIVEN[] =
        "\"options\":{\"a\":1},\"sampling_params\":{\"b\":2},\"parameters\":{\"c\":3},\"top_p\":1}";
    char wanted[512];
    (void)snprintf(wanted, sizeof(wanted), "{\"prompt\":\"x\",\"stream\":true,%s", GIVEN);
    (void)check_body("ollama-generate", &spec, wanted);
    (void)snprintf(wanted, sizeof(wanted), "{\"text\":\"x\",\"stream\":true,%s", GIVEN);
    (void)check_body("sglang-generate", &spec, wanted);
    (void)snprintf(wanted, sizeof(wanted), "{\"inputs\":\"x\",%s", GIVEN);
    (void)check_body("tgi-generate", &spec, wanted);
}

static void test_messages_where_they_are_taken(void **state)
{
    (void)state;
    size_t count = 0;
    const struct weir_dialect *table = weir_dialect_table(&count);
    struct weir_body_spec spec = spec_of("m", "plain");
    spec.messages = weir_slice_of("[{\"role\":\"user\",\"content\":\"said\"}]");
    for (size_t i = 0; i < count; i++) {
        struct weir_buf out;
        size_t prompt_at = 0;
        weir_buf_init(&out, 4096);
        assert_true(weir_dialect_build(&table[i], spec, &out, &prompt_at));
        assert_int_equal(strstr(out.ptr, "said") != NULL, table[i].takes_messages);
        assert_int_equal(strstr(out.ptr, "plain") != NULL, !table[i].takes_messages);
        assert_int_equal(prompt_at == SIZE_MAX, table[i].takes_messages);
        assert_int_equal(strstr(out.ptr, "\"model\":\"m\"") != NULL,
                         table[i].sends_model || strcmp(table[i].name, "llamacpp-completion") == 0);
        weir_buf_free(&out);
    }
}

/** Anthropic refuses a request without max_tokens. */
static void test_messages_always_have_a_limit(void **state)
{
    (void)state;
    const struct weir_body_spec spec = spec_of("m", "x");
    (void)check_body("messages", &spec,
                     "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],"
                     "\"max_tokens\":1024,\"stream\":true}");
}

static void check_rerank(const char *prompt, const char *wanted)
{
    const struct weir_body_spec spec = spec_of("", prompt);
    const size_t at = check_body("rerank", &spec, with_quotes(wanted));
    assert_int_equal(at, strlen("{\"query\":\""));
}

static void test_rerank_bodies(void **state)
{
    (void)state;
    check_rerank("q\none\n\n two \nthree", "{'query':'q','documents':['one','two','three']}");
    check_rerank("q\n", "{'query':'q','documents':['q\\n']}");
    check_rerank("", "{'query':'','documents':['']}");
    check_rerank("one two", "{'query':'one two','documents':['one two']}");
    check_rerank("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18",
                 "{'query':'1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16','documents':['17 18']}");
    struct weir_buf prompt;
    weir_buf_init(&prompt, 4096);
    for (int i = 0; i < 16 + 128 + 1; i++) {
        (void)weir_buf_add_str(&prompt, "w ");
    }
    struct weir_buf out;
    size_t at = 0;
    const struct weir_body_spec spec = spec_of("", prompt.ptr);
    weir_buf_init(&out, 4096);
    assert_true(weir_dialect_find("rerank")->build(&spec, &out, &at));
    assert_non_null(strstr(out.ptr, " w\",\"w\"]}")); // a second document for the word too many
    weir_buf_free(&out);
    weir_buf_free(&prompt);
    static const char *const KEYS[] = {"documents"};
    static const char *const VALUES[] = {"[\"d\"]"};
    struct weir_body_spec given = spec_of("", "all of it\nis the query");
    given.extra_keys = KEYS;
    given.extra_values = VALUES;
    given.extra_count = 1;
    (void)check_body("rerank", &given,
                     "{\"query\":\"all of it\\nis the query\",\"documents\":[\"d\"]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chat_body),
        cmocka_unit_test(test_completions_body),
        cmocka_unit_test(test_body_escapes),
        cmocka_unit_test(test_empty_model_is_left_out),
        cmocka_unit_test(test_given_messages),
        cmocka_unit_test(test_extras_add_and_replace),
        cmocka_unit_test(test_extras_replace_everything),
        cmocka_unit_test(test_full_buffer_is_told),
        cmocka_unit_test(test_body_is_appended),
        cmocka_unit_test(test_bodies_of_all_dialects),
        cmocka_unit_test(test_exact_lengths),
        cmocka_unit_test(test_extras_go_where_servers_look),
        cmocka_unit_test(test_options_replaced_as_a_whole),
        cmocka_unit_test(test_messages_where_they_are_taken),
        cmocka_unit_test(test_messages_always_have_a_limit),
        cmocka_unit_test(test_rerank_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
