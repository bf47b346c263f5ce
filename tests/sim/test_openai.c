// Answers, read back by the dialect that weir's own client uses, and by Jansson.
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "weir/sim/answer.h"
#include "weir/wire/answer.h"

/** A server, one answer of it, and what was read back. */
struct fixture {
    struct weir_config config;
    struct weir_sim_voice voice;
    struct weir_sim_answer answer;
    struct weir_buf out;
    uint64_t text_events;
    uint64_t reasoning_events;
    uint64_t usage_events;
    int32_t output_tokens; // of the last usage
    int32_t reasoning_tokens;
    bool has_reasoning_after_text;
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

static void on_event(void *context, const struct weir_event *event)
{
    struct fixture *f = context;
    f->text_events += (event->flags & WEIR_EVENT_TEXT) != 0;
    f->reasoning_events += (event->flags & WEIR_EVENT_REASONING) != 0;
    f->has_reasoning_after_text |= (event->flags & WEIR_EVENT_REASONING) != 0 && f->text_events > 0;
    if ((event->flags & WEIR_EVENT_USAGE) != 0) {
        f->usage_events++;
        f->output_tokens = event->output_tokens;
        f->reasoning_tokens = event->reasoning_tokens;
    }
}

static void begin(struct fixture *f, const struct weir_sim_request *request, uint64_t number,
                  bool is_chunked)
{
    weir_sim_voice_init(&f->voice, &f->config);
    weir_sim_answer_begin(&f->voice, &f->answer, request, number, is_chunked);
    weir_buf_clear(&f->out);
}

/** All events of a streamed answer, without HTTP chunks. Returns the number of token events. */
static uint64_t stream(struct fixture *f, const struct weir_sim_request *request, uint64_t number)
{
    begin(f, request, number, false);
    uint64_t events = 0;
    weir_sim_answer_open(&f->voice, &f->answer, &f->out);
    while (weir_sim_answer_next(&f->answer) > 0) {
        weir_sim_answer_tokens(&f->voice, &f->answer, &f->out);
        events++;
    }
    weir_sim_answer_close(&f->voice, &f->answer, &f->out);
    assert_int_equal(f->answer.sent, f->answer.tokens);
    return events;
}

/** Read `out` with the client's own parser. */
static enum weir_answer_end read_back(struct fixture *f)
{
    struct weir_answer reader;
    f->text_events = 0;
    f->reasoning_events = 0;
    f->usage_events = 0;
    f->has_reasoning_after_text = false;
    const bool is_streamed = f->answer.request.is_streaming;
    const struct weir_dialect *dialect =
        weir_dialect_find(f->answer.request.format == WEIR_SIM_CHAT ? "chat" : "completions");
    weir_answer_init(&reader, dialect, 1 << 20, 4096, on_event, f);
    weir_answer_begin(&reader, dialect, is_streamed ? WEIR_FRAMING_SSE : WEIR_FRAMING_DOCUMENT);
    (void)weir_answer_feed(&reader, f->out.ptr, f->out.len);
    const enum weir_answer_end end = weir_answer_finish(&reader);
    weir_answer_free(&reader);
    return end;
}

static const struct weir_sim_request CHAT = {
    .format = WEIR_SIM_CHAT, .is_streaming = true, .max_tokens = 20, .prompt_tokens = 4};
static const struct weir_sim_request COMPLETIONS = {
    .is_streaming = true, .max_tokens = 20, .prompt_tokens = 4};

static void test_a_stream_is_understood_by_the_client(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(stream(f, &CHAT, 0), 20);
    assert_int_equal(read_back(f), WEIR_ANSWER_COMPLETE);
    assert_int_equal(f->text_events, 20); // the role event and the finish event carry no text
    assert_int_equal(f->usage_events, 0);
    assert_int_equal(stream(f, &COMPLETIONS, 1), 20);
    assert_int_equal(read_back(f), WEIR_ANSWER_COMPLETE);
    assert_int_equal(f->text_events, 20);
}

static void test_events_come_as_many_as_announced(void **state)
{
    struct fixture *f = *state;
    for (int64_t each = 1; each < 9; each++) {
        for (int64_t reasoning = 0; reasoning < 24; reasoning += 3) {
            f->config.tokens_per_chunk = each;
            f->config.reasoning_tokens = reasoning;
            begin(f, &CHAT, 0, false);
            const uint64_t announced = weir_sim_answer_events(&f->answer);
            assert_int_equal(stream(f, &CHAT, 0), announced);
            assert_int_equal(read_back(f), WEIR_ANSWER_COMPLETE);
            assert_int_equal(f->text_events + f->reasoning_events, announced);
            assert_false(f->has_reasoning_after_text);
            assert_int_equal(f->answer.reasoning, reasoning < 20 ? reasoning : 20);
        }
    }
}

static void test_usage_modes(void **state)
{
    struct fixture *f = *state;
    static const struct {
        int mode;
        bool wants;
        bool wants_every;
        uint64_t events;
    } ROWS[] = {
        {WEIR_USAGE_AUTO, false, false, 0},   {WEIR_USAGE_AUTO, true, false, 1},
        {WEIR_USAGE_AUTO, true, true, 23}, // role, 20 tokens, finish, final
        {WEIR_USAGE_OFF, true, true, 0},      {WEIR_USAGE_FINAL, false, false, 1},
        {WEIR_USAGE_EVERY, false, false, 23},
    };
    f->config.reasoning_tokens = 5;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct weir_sim_request request = CHAT;
        request.wants_usage = ROWS[i].wants;
        request.wants_every = ROWS[i].wants_every;
        f->config.usage = ROWS[i].mode;
        (void)stream(f, &request, i);
        assert_int_equal(read_back(f), WEIR_ANSWER_COMPLETE);
        assert_int_equal(f->usage_events, ROWS[i].events);
        if (ROWS[i].events > 0) {
            assert_int_equal(f->output_tokens, 20);
            assert_int_equal(f->reasoning_tokens, 5);
        }
    }
}

static void test_reasoning_field_has_the_name_asked_for(void **state)
{
    struct fixture *f = *state;
    f->config.reasoning_tokens = 1;
    (void)stream(f, &CHAT, 0);
    assert_non_null(strstr(f->out.ptr, "\"delta\":{\"reasoning_content\":\""));
    f->config.reasoning_field = WEIR_REASONING;
    (void)stream(f, &CHAT, 0);
    assert_non_null(strstr(f->out.ptr, "\"delta\":{\"reasoning\":\""));
    assert_null(strstr(f->out.ptr, "reasoning_content"));
}

/** Text of all events of the stream in `out`; the caller frees it. */
static char *streamed_text(struct fixture *f)
{
    char *text = calloc(f->out.len + 1, 1);
    assert_non_null(text);
    char *rest = f->out.ptr;
    for (char *line = strtok_r(rest, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        json_t *json = json_loads(line + strlen("data: "), 0, NULL);
        const json_t *delta =
            json_object_get(json_array_get(json_object_get(json, "choices"), 0), "delta");
        const char *part = json_string_value(json_object_get(delta, "content"));
        if (part != NULL) {
            (void)strncat(text, part, f->out.len);
        }
        json_decref(json);
    }
    return text;
}

static char *whole_text(struct fixture *f, const struct weir_sim_request *request, uint64_t number)
{
    begin(f, request, number, false);
    weir_sim_answer_whole(&f->voice, &f->answer, &f->out);
    json_t *json = json_loadb(f->out.ptr, f->out.len, 0, NULL);
    assert_non_null(json);
    const json_t *message =
        json_object_get(json_array_get(json_object_get(json, "choices"), 0), "message");
    char *text = strdup(json_string_value(json_object_get(message, "content")));
    json_decref(json);
    return text;
}

static void test_text_is_a_function_of_seed_and_number(void **state)
{
    struct fixture *f = *state;
    struct weir_sim_request whole = CHAT;
    whole.is_streaming = false;
    (void)stream(f, &CHAT, 3);
    char *streamed = streamed_text(f);
    char *same = whole_text(f, &whole, 3); // streamed or not, the answer is the same
    char *other = whole_text(f, &whole, 4);
    f->config.seed = 2;
    char *reseeded = whole_text(f, &whole, 3);
    assert_string_equal(streamed, same);
    assert_string_not_equal(streamed, other);
    assert_string_not_equal(streamed, reseeded);
    size_t words = 1;
    for (const char *at = streamed; *at != '\0'; at++) {
        words += *at == ' ';
    }
    assert_int_equal(words, 20);
    free(streamed);
    free(same);
    free(other);
    free(reseeded);
}

static void test_a_whole_answer_is_understood_by_the_client(void **state)
{
    struct fixture *f = *state;
    f->config.reasoning_tokens = 6;
    struct weir_sim_request request = CHAT;
    request.is_streaming = false;
    for (int is_chat = 0; is_chat < 2; is_chat++) {
        request.format = is_chat == 1 ? WEIR_SIM_CHAT : WEIR_SIM_COMPLETIONS;
        begin(f, &request, 0, true);
        weir_sim_answer_whole(&f->voice, &f->answer, &f->out);
        assert_int_equal(read_back(f), WEIR_ANSWER_COMPLETE);
        assert_int_equal(f->output_tokens, 20);
        assert_int_equal(f->answer.sent, 20);
    }
}

static uint64_t length_of(struct fixture *f, const struct weir_sim_request *request,
                          uint64_t number)
{
    begin(f, request, number, true);
    return f->answer.tokens;
}

static void test_lengths(void **state)
{
    struct fixture *f = *state;
    struct weir_sim_request request = {.format = WEIR_SIM_CHAT};
    f->config.output_tokens = (struct weir_dist){WEIR_DIST_UNIFORM, 100, 50};
    bool has_other = false;
    for (uint64_t number = 0; number < 1000; number++) {
        const uint64_t length = length_of(f, &request, number);
        assert_in_range(length, 50, 150);
        assert_int_equal(length_of(f, &request, number), length); // the same again
        has_other |= length != length_of(f, &request, number + 1);
    }
    assert_true(has_other);
    request.min_tokens = 120;
    for (uint64_t number = 0; number < 100; number++) {
        assert_in_range(length_of(f, &request, number), 120, 150);
    }
    request.max_tokens = 130; // said: the server goes to the limit
    assert_int_equal(length_of(f, &request, 0), 130);
    request = (struct weir_sim_request){.format = WEIR_SIM_CHAT};
    f->config.output_tokens = (struct weir_dist){WEIR_DIST_NORMAL, 1, 1000};
    for (uint64_t number = 0; number < 1000; number++) {
        assert_in_range(length_of(f, &request, number), 1, WEIR_SIM_TOKENS_MAX);
    }
}

/** Take the chunks apart: each length must be hexadecimal without leading zeros and end where it
 * says. */
static void test_each_event_is_an_http_chunk(void **state)
{
    struct fixture *f = *state;
    for (int64_t each = 1; each <= 1000; each += 333) {
        struct weir_sim_request request = CHAT;
        request.max_tokens = 2000;
        f->config.tokens_per_chunk = each;
        f->config.usage = WEIR_USAGE_EVERY;
        begin(f, &request, 0, true);
        weir_sim_answer_open(&f->voice, &f->answer, &f->out);
        while (weir_sim_answer_next(&f->answer) > 0) {
            weir_sim_answer_tokens(&f->voice, &f->answer, &f->out);
        }
        weir_sim_answer_close(&f->voice, &f->answer, &f->out);
        const char *at = f->out.ptr;
        uint64_t chunks = 0;
        for (;;) {
            char *end = NULL;
            assert_int_not_equal(at[0] == '0' && at[1] != '\r', 1);
            const size_t len = strtoul(at, &end, 16);
            assert_memory_equal(end, "\r\n", 2);
            at = end + 2 + len;
            assert_memory_equal(at, "\r\n", 2);
            if (len == 0) {
                break;
            }
            assert_memory_equal(end + 2, "data: ", 6);
            assert_memory_equal(at - 2, "\n\n", 2);
            at += 2;
            chunks++;
        }
        assert_ptr_equal(at + 2, f->out.ptr + f->out.len);
        assert_int_equal(chunks, weir_sim_answer_events(&f->answer) + 4);
    }
}

static void test_names_of_models_are_escaped(void **state)
{
    struct fixture *f = *state;
    free(f->config.model);
    f->config.model = strdup("a\"b\\c\n");
    (void)stream(f, &CHAT, 0);
    assert_int_equal(read_back(f), WEIR_ANSWER_COMPLETE);
}

static void test_the_longest_model_fits(void **state)
{
    struct fixture *f = *state;
    free(f->config.model);
    f->config.model = malloc(WEIR_SIM_MODEL_MAX + 1);
    memset(f->config.model, 1, WEIR_SIM_MODEL_MAX); // each byte becomes six
    f->config.model[WEIR_SIM_MODEL_MAX] = '\0';
    f->config.tokens_per_chunk = 1000;
    struct weir_sim_request request = CHAT;
    request.max_tokens = 1000;
    (void)stream(f, &request, UINT32_MAX);
    assert_int_equal(read_back(f), WEIR_ANSWER_COMPLETE);
}

static void test_refusals_are_openai_errors(void **state)
{
    struct fixture *f = *state;
    struct weir_sim_refusal refusal;
    assert_false(weir_sim_refuse(&refusal, 400, "n", "no \"%s\"", "x"));
    weir_buf_clear(&f->out);
    weir_sim_error_json(weir_sim_profile_of(&f->config), WEIR_SIM_CHAT, &refusal, &f->out);
    json_t *json = json_loadb(f->out.ptr, f->out.len, 0, NULL);
    const json_t *error = json_object_get(json, "error");
    assert_string_equal(json_string_value(json_object_get(error, "message")), "no \"x\"");
    assert_string_equal(json_string_value(json_object_get(error, "param")), "n");
    assert_string_equal(json_string_value(json_object_get(error, "type")), "BadRequestError");
    assert_true(json_is_null(json_object_get(error, "code")));
    json_decref(json);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_stream_is_understood_by_the_client),
        TEST(test_events_come_as_many_as_announced),
        TEST(test_usage_modes),
        TEST(test_reasoning_field_has_the_name_asked_for),
        TEST(test_text_is_a_function_of_seed_and_number),
        TEST(test_a_whole_answer_is_understood_by_the_client),
        TEST(test_lengths),
        TEST(test_each_event_is_an_http_chunk),
        TEST(test_names_of_models_are_escaped),
        TEST(test_the_longest_model_fits),
        TEST(test_refusals_are_openai_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
