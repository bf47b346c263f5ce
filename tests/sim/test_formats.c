// Every language under every profile and framing, asked for by weir's own client code and read back
// by it: requests, answers, and errors must come through whole.
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/sim/answer.h"
#include "weir/wire/answer.h"

enum { TOKENS = 21, PROFILES_MAX = 32 };

/** A language here, and what the client calls it. */
static const struct {
    enum weir_sim_format_id format;
    const char *dialect;
    uint32_t endpoints;
    bool is_stream_path;
    bool has_usage; // tells tokens by itself
} ROWS[] = {
    {WEIR_SIM_CHAT, "chat", WEIR_SIM_EP_OPENAI, false, false},
    {WEIR_SIM_COMPLETIONS, "completions", WEIR_SIM_EP_OPENAI, false, false},
    {WEIR_SIM_RESPONSES, "responses", WEIR_SIM_EP_RESPONSES, false, true},
    {WEIR_SIM_EMBEDDINGS, "embeddings", WEIR_SIM_EP_EMBEDDINGS, false, false},
    {WEIR_SIM_RERANK, "rerank", WEIR_SIM_EP_RERANK, false, false},
    {WEIR_SIM_MESSAGES, "messages", WEIR_SIM_EP_MESSAGES, false, true},
    {WEIR_SIM_OLLAMA_GENERATE, "ollama-generate", WEIR_SIM_EP_OLLAMA, false, true},
    {WEIR_SIM_OLLAMA_CHAT, "ollama-chat", WEIR_SIM_EP_OLLAMA, false, true},
    {WEIR_SIM_TGI, "tgi-generate-stream", WEIR_SIM_EP_TGI, true, true},
    {WEIR_SIM_TGI, "tgi-generate", WEIR_SIM_EP_TGI, false, true},
    {WEIR_SIM_LLAMACPP, "llamacpp-completion", WEIR_SIM_EP_LLAMACPP, false, true},
    {WEIR_SIM_SGLANG, "sglang-generate", WEIR_SIM_EP_SGLANG, false, true},
    {WEIR_SIM_TRITON, "triton-generate-stream", WEIR_SIM_EP_TRITON, true, false},
};

struct fixture {
    struct weir_config config;
    struct weir_sim_voice voice;
    struct weir_sim_answer answer;
    struct weir_sim_request request;
    struct weir_buf out;
    // what was read back
    uint64_t token_events;
    uint64_t reasoning_events;
    int32_t output_tokens;
    int32_t input_tokens;
    bool has_finish;
    bool has_end;
    bool has_load;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    weir_config_init(&f->config);
    weir_buf_init(&f->out, WEIR_SIM_ANSWER_CAP);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    weir_sim_answer_free(&f->answer);
    weir_buf_free(&f->out);
    weir_config_free(&f->config);
    free(f);
    return 0;
}

static void set(struct fixture *f, const char *name, const char *value)
{
    struct weir_err err = {0};
    if (weir_config_set(&f->config, FOR_SIM, name, value, &err) != WEIR_OK) {
        fail_msg("%s", err.text);
    }
}

/** A new configuration with this profile in force. */
static void choose(struct fixture *f, const char *profile)
{
    struct weir_err err = {0};
    weir_config_free(&f->config);
    weir_config_init(&f->config);
    set(f, "profile", profile);
    assert_int_equal(weir_sim_profile_apply(&f->config, &err), WEIR_OK);
}

static void on_event(void *context, const struct weir_event *event)
{
    struct fixture *f = context;
    f->token_events += (event->flags & WEIR_EVENT_TOKEN) != 0;
    f->reasoning_events += (event->flags & WEIR_EVENT_REASONING) != 0;
    f->has_finish |= (event->flags & WEIR_EVENT_FINISH) != 0;
    f->has_end |= (event->flags & WEIR_EVENT_END) != 0;
    f->has_load |= event->server_ns.load > 0;
    if (event->output_tokens > f->output_tokens) {
        f->output_tokens = event->output_tokens;
    }
    if (event->input_tokens > f->input_tokens) {
        f->input_tokens = event->input_tokens;
    }
}

static const struct weir_dialect *dialect_of(size_t row)
{
    const struct weir_dialect *dialect = weir_dialect_find(ROWS[row].dialect);
    assert_non_null(dialect);
    return dialect;
}

/** Let the client ask, and read what it asks for. */
static void ask(struct fixture *f, size_t row, bool is_streaming)
{
    static const char PROMPT[] = "one two three\nfour five\nsix";
    struct weir_buf body;
    struct weir_sim_refusal refusal = {0};
    size_t prompt_at = 0;
    weir_sim_voice_init(&f->voice, &f->config);
    weir_buf_init(&body, 1 << 16);
    const struct weir_body_spec spec = {.model = weir_slice_of("sim-model"),
                                        .prompt = {PROMPT, sizeof(PROMPT) - 1},
                                        .max_tokens = TOKENS,
                                        .is_exact = true,
                                        .is_streaming = is_streaming};
    assert_true(weir_dialect_build(dialect_of(row), spec, &body, &prompt_at));
    const struct weir_sim_reader reader = {.format = ROWS[row].format,
                                           .model = "sim-model",
                                           .is_stream_path = ROWS[row].is_stream_path};
    const struct weir_slice text = {weir_buf_text(&body), body.len};
    if (!weir_sim_request_read(text, &reader, &f->request, &refusal)) {
        fail_msg("%s: %s\n%s", ROWS[row].dialect, refusal.message, weir_buf_text(&body));
    }
    weir_buf_free(&body);
}

/** Give the answer to what was asked; returns the token events made. */
static uint64_t give(struct fixture *f, uint64_t number)
{
    uint64_t events = 0;
    weir_buf_clear(&f->out);
    weir_sim_answer_begin(&f->voice, &f->answer, &f->request, number, false);
    f->answer.prefill_ns = 50 * WEIR_MSEC;
    f->answer.decode_ns = 200 * WEIR_MSEC;
    if (!f->request.is_streaming) {
        weir_sim_answer_whole(&f->voice, &f->answer, &f->out);
        return 0;
    }
    weir_sim_answer_open(&f->voice, &f->answer, &f->out);
    weir_sim_answer_ping(&f->voice, &f->answer, &f->out);
    while (weir_sim_answer_next(&f->answer) > 0) {
        weir_sim_answer_tokens(&f->voice, &f->answer, &f->out);
        events++;
    }
    weir_sim_answer_close(&f->voice, &f->answer, &f->out);
    return events;
}

static enum weir_answer_end read_back(struct fixture *f, size_t row)
{
    const struct weir_dialect *dialect = dialect_of(row);
    struct weir_answer reader;
    f->token_events = 0;
    f->reasoning_events = 0;
    f->output_tokens = -1;
    f->input_tokens = -1;
    f->has_finish = false;
    f->has_end = false;
    f->has_load = false;
    const char *type =
        f->request.is_streaming ? weir_sim_answer_type(&f->answer) : "application/json";
    weir_answer_init(&reader, dialect, 1 << 20, 4096, on_event, f);
    weir_answer_begin(&reader, dialect, weir_dialect_framing(dialect, 200, weir_slice_of(type)));
    (void)weir_answer_feed(&reader, f->out.ptr, f->out.len);
    const enum weir_answer_end end = weir_answer_finish(&reader);
    weir_answer_free(&reader);
    return end;
}

static void check(struct fixture *f, size_t row, uint64_t events, const char *profile)
{
    const enum weir_answer_end end = read_back(f, row);
    if (end != WEIR_ANSWER_COMPLETE) {
        fail_msg("%s under %s ended with %d:\n%s", ROWS[row].dialect, profile, (int)end,
                 f->out.ptr);
    }
    if (f->request.is_streaming) {
        assert_int_equal(f->token_events, events);
        assert_int_equal(events, weir_sim_answer_events(&f->answer));
        assert_int_equal(f->answer.sent, f->answer.tokens);
    }
    if (ROWS[row].has_usage && f->answer.tokens > 0 && f->output_tokens >= 0) {
        assert_int_equal(f->output_tokens, f->answer.tokens);
    }
}

static void test_all_languages_under_all_profiles(void **state)
{
    struct fixture *f = *state;
    size_t count = 0;
    const struct weir_sim_profile *profiles = weir_sim_profile_table(&count);
    uint64_t number = 0;
    uint64_t pairs = 0;
    for (size_t p = 0; p < count; p++) {
        for (size_t row = 0; row < WEIR_COUNT_OF(ROWS); row++) {
            if ((profiles[p].endpoints & ROWS[row].endpoints) == 0) {
                continue;
            }
            for (int is_streaming = 0; is_streaming < 2; is_streaming++) {
                choose(f, profiles[p].name);
                ask(f, row, is_streaming == 1);
                assert_true(f->request.prompt_tokens > 0);
                check(f, row, give(f, number++), profiles[p].name);
            }
            pairs++;
        }
    }
    assert_true(pairs > 40);
}

static void test_all_framings_chunks_and_reasoning(void **state)
{
    struct fixture *f = *state;
    static const char *const FRAMINGS[] = {"lf", "crlf", "cr", "tight", "padded"};
    static const char *const EACH[] = {"1", "4", "1000"};
    static const char *const REASONING[] = {"0", "5", "21", "1000"};
    uint64_t number = 0;
    for (size_t row = 0; row < WEIR_COUNT_OF(ROWS); row++) {
        for (size_t i = 0; i < 5 * 3 * 4; i++) {
            choose(f, "plain");
            set(f, "sse", FRAMINGS[i % 5]);
            set(f, "tokens-per-chunk", EACH[i / 5 % 3]);
            set(f, "reasoning-tokens", REASONING[i / 15]);
            ask(f, row, true);
            check(f, row, give(f, number++), FRAMINGS[i % 5]);
            if (f->answer.reasoning > 0) {
                assert_true(f->reasoning_events > 0);
            }
        }
    }
}

static void test_usage_and_durations_are_told_where_the_language_has_them(void **state)
{
    struct fixture *f = *state;
    for (size_t row = 0; row < WEIR_COUNT_OF(ROWS); row++) {
        if (!ROWS[row].has_usage || ROWS[row].format == WEIR_SIM_TGI) {
            continue;
        }
        choose(f, "plain");
        ask(f, row, true);
        (void)give(f, 3);
        assert_int_equal(read_back(f, row), WEIR_ANSWER_COMPLETE);
        assert_int_equal(f->output_tokens, TOKENS);
        assert_int_equal(f->input_tokens, f->request.prompt_tokens);
        assert_int_equal(f->has_load, ROWS[row].format == WEIR_SIM_OLLAMA_CHAT ||
                                          ROWS[row].format == WEIR_SIM_OLLAMA_GENERATE);
    }
}

static void test_an_error_within_a_stream_is_an_error_in_every_language(void **state)
{
    struct fixture *f = *state;
    struct weir_sim_refusal refusal;
    size_t count = 0;
    const struct weir_sim_profile *profiles = weir_sim_profile_table(&count);
    (void)weir_sim_refuse(&refusal, 500, NULL, "it \"broke\"");
    for (size_t p = 0; p < count; p++) {
        for (size_t row = 0; row < WEIR_COUNT_OF(ROWS); row++) {
            const bool is_silent = (profiles[p].quirks & WEIR_SIM_ERROR_SILENT) != 0 &&
                                   ROWS[row].endpoints == WEIR_SIM_EP_OPENAI;
            if ((profiles[p].endpoints & ROWS[row].endpoints) == 0) {
                continue;
            }
            choose(f, profiles[p].name);
            ask(f, row, true);
            if (!f->request.is_streaming) {
                continue;
            }
            weir_buf_clear(&f->out);
            weir_sim_answer_begin(&f->voice, &f->answer, &f->request, 0, false);
            weir_sim_answer_open(&f->voice, &f->answer, &f->out);
            weir_sim_answer_tokens(&f->voice, &f->answer, &f->out);
            weir_sim_answer_fail(&f->voice, &f->answer, &refusal, &f->out);
            const enum weir_answer_end end = read_back(f, row);
            assert_int_equal(end, is_silent ? WEIR_ANSWER_TRUNCATED : WEIR_ANSWER_ERROR);
        }
    }
}

static void test_error_bodies_are_json_with_the_message(void **state)
{
    struct fixture *f = *state;
    struct weir_sim_refusal refusal;
    size_t count = 0;
    const struct weir_sim_profile *profiles = weir_sim_profile_table(&count);
    (void)weir_sim_refuse(&refusal, 503, "x", "it \"broke\"");
    for (size_t p = 0; p < count; p++) {
        for (int format = 0; format < WEIR_SIM_FORMAT_COUNT; format++) {
            weir_buf_clear(&f->out);
            weir_sim_error_json(&profiles[p], (enum weir_sim_format_id)format, &refusal, &f->out);
            json_t *json = json_loadb(f->out.ptr, f->out.len, 0, NULL);
            assert_non_null(json);
            const json_t *error = json_object_get(json, "error");
            const json_t *message =
                json_object_get(json_is_object(error) ? error : json, "message");
            assert_string_equal(json_string_value(json_is_string(error) ? error : message),
                                "it \"broke\"");
            json_decref(json);
        }
    }
}

static void test_a_break_is_malformed_and_a_stop_is_truncated(void **state)
{
    struct fixture *f = *state;
    for (size_t row = 0; row < WEIR_COUNT_OF(ROWS); row++) {
        choose(f, "plain");
        ask(f, row, true);
        if (!f->request.is_streaming) {
            continue;
        }
        weir_buf_clear(&f->out);
        weir_sim_answer_begin(&f->voice, &f->answer, &f->request, 0, false);
        weir_sim_answer_tokens(&f->voice, &f->answer, &f->out);
        const size_t len = f->out.len;
        const bool has_mark = dialect_of(row)->ends_with_mark;
        assert_int_equal(read_back(f, row),
                         has_mark ? WEIR_ANSWER_TRUNCATED : WEIR_ANSWER_COMPLETE);
        f->out.len = len;
        weir_sim_answer_break(&f->voice, &f->answer, &f->out);
        assert_int_equal(read_back(f, row), WEIR_ANSWER_MALFORMED);
    }
}

static void test_the_whole_text_is_the_text_of_the_stream(void **state)
{
    struct fixture *f = *state;
    choose(f, "plain");
    ask(f, 8, true); // TGI: the last event has it all
    (void)give(f, 4);
    const char *at = strstr(f->out.ptr, "\"generated_text\":\"");
    assert_non_null(at);
    char *streamed = strndup(at + 18, strcspn(at + 18, "\""));
    ask(f, 9, false);
    (void)give(f, 4);
    assert_non_null(strstr(f->out.ptr, streamed));
    size_t words = 1;
    for (const char *c = streamed; *c != '\0'; c++) {
        words += *c == ' ';
    }
    assert_int_equal(words, TOKENS);
    free(streamed);
}

static void test_a_limit_is_only_a_limit_where_servers_stop_by_themselves(void **state)
{
    struct fixture *f = *state;
    choose(f, "ollama");
    set(f, "output-tokens", "8");
    ask(f, 7, true);
    (void)give(f, 0);
    assert_int_equal(f->answer.tokens, 8);
    assert_non_null(strstr(f->out.ptr, "\"done_reason\":\"stop\""));
    set(f, "output-tokens", "80");
    (void)give(f, 0);
    assert_int_equal(f->answer.tokens, TOKENS);
    assert_non_null(strstr(f->out.ptr, "\"done_reason\":\"length\""));
}

static void test_base64_vectors_are_the_floats(void **state)
{
    struct fixture *f = *state;
    choose(f, "plain");
    ask(f, 3, false);
    f->request.wants_base64 = true;
    (void)give(f, 0);
    const char *at = strstr(f->out.ptr, "\"embedding\":\"");
    assert_non_null(at);
    const size_t len = strcspn(at + 13, "\"");
    assert_int_equal(len, (64 * 4 + 2) / 3 * 4);
    assert_int_equal(at[13 + len - 1], '='); // 256 bytes: two of the last letters are padding
    assert_int_equal(at[13 + len - 2], '=');
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_all_languages_under_all_profiles),
        TEST(test_all_framings_chunks_and_reasoning),
        TEST(test_usage_and_durations_are_told_where_the_language_has_them),
        TEST(test_an_error_within_a_stream_is_an_error_in_every_language),
        TEST(test_error_bodies_are_json_with_the_message),
        TEST(test_a_break_is_malformed_and_a_stop_is_truncated),
        TEST(test_the_whole_text_is_the_text_of_the_stream),
        TEST(test_a_limit_is_only_a_limit_where_servers_stop_by_themselves),
        TEST(test_base64_vectors_are_the_floats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
