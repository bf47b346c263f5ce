// A request's state machine on scripted time: which instants, counts and outcome come of which
// bytes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "weir/engine/request.h"

#define CHUNK(text) "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text "\"}}]}\n\n"
#define ROLE                                                                                       \
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n"
#define THINK  "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n"
#define FINISH "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define USAGE(n)                                                                                   \
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":" #n "}}\n\n"
#define DONE "data: [DONE]\n\n"

enum { ROOM = 4 };

struct fixture {
    struct weir_request request;
    struct weir_recorder *recorder;
    struct weir_token tokens[64];
    size_t token_count;
};

static void on_token(void *context, const struct weir_token *token)
{
    struct fixture *f = context;
    f->tokens[f->token_count++] = *token;
}

static int setup(void **state)
{
    static struct fixture fixture;
    memset(&fixture, 0, sizeof(fixture));
    fixture.recorder = weir_recorder_new();
    weir_request_init(&fixture.request, weir_dialect_find("chat"), ROOM, fixture.recorder, on_token,
                      &fixture);
    fixture.request.window = (struct weir_window){0, INT64_MAX};
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    weir_request_free(&f->request);
    weir_recorder_free(f->recorder);
    return 0;
}

/** A streamed request due at 100, sent at 110, whose head came at 120. */
static void begin(struct fixture *f, bool is_streamed)
{
    const struct weir_sample dealt = {
        .due = 100, .phase = WEIR_PHASE_MEASURED, .is_streamed = is_streamed};
    weir_request_begin(&f->request, &dealt, 101);
    weir_request_sent(&f->request, 110);
    weir_request_head(&f->request, 120);
    weir_request_open_body(&f->request, is_streamed ? WEIR_FRAMING_SSE : WEIR_FRAMING_DOCUMENT);
}

static bool feed(struct fixture *f, const char *bytes, weir_ns at, uint64_t turn)
{
    return weir_request_body(&f->request, bytes, strlen(bytes), at, turn);
}

static void tells_tokens_from_the_rest(void **state)
{
    struct fixture *f = *state;
    begin(f, true);
    assert_true(feed(f, ROLE, 130, 1)); // not a token
    assert_true(feed(f, THINK, 140, 2));
    assert_true(feed(f, CHUNK("a"), 170, 3));
    assert_true(feed(f, CHUNK("b"), 190, 4));
    assert_true(feed(f, FINISH USAGE(5) DONE, 250, 5));
    weir_request_end(&f->request, WEIR_OUTCOME_OK, 200, 260);
    const struct weir_sample *s = &f->request.sample;
    assert_int_equal(s->outcome, WEIR_OUTCOME_OK);
    assert_int_equal(s->first_byte, 120);
    assert_int_equal(s->first_token, 140);
    assert_int_equal(s->second_token, 170);
    assert_int_equal(s->first_output_token, 170);
    assert_int_equal(s->last_token, 190);
    assert_int_equal(s->done, 260);
    assert_int_equal(s->longest_gap, 30);
    assert_int_equal(s->chunks, 3);
    assert_int_equal(s->output_tokens, 5);
    assert_int_equal(s->input_tokens, 7);
    assert_int_equal(s->token_source, WEIR_TOKEN_SOURCE_USAGE);
    assert_int_equal(f->request.state, WEIR_REQUEST_IDLE);
    assert_int_equal(f->token_count, 3);
    assert_int_equal(f->tokens[0].ttft, 30);
    assert_int_equal(f->tokens[2].gap, 20);
}

static void sees_coalesced_events(void **state)
{
    struct fixture *f = *state;
    begin(f, true);
    assert_true(feed(f, CHUNK("a") CHUNK("b"), 130, 1));
    assert_true(feed(f, CHUNK("c"), 130, 2));
    assert_false(f->tokens[0].is_coalesced);
    assert_true(f->tokens[1].is_coalesced);
    assert_false(f->tokens[2].is_coalesced); // same instant, but a segment of its own
    weir_request_abandon(&f->request, WEIR_TIMEOUT_NONE, 200);
    assert_int_equal(f->request.sample.outcome, WEIR_OUTCOME_CANCELLED);
}

static void counts_tokens_by_chunk_usage(void **state)
{
    struct fixture *f = *state;
    begin(f, true);
    assert_true(feed(
        f,
        "data: "
        "{\"choices\":[{\"delta\":{\"content\":\"ab\"}}],\"usage\":{\"completion_tokens\":2}}\n\n",
        130, 1));
    assert_true(feed(
        f,
        "data: "
        "{\"choices\":[{\"delta\":{\"content\":\"cde\"}}],\"usage\":{\"completion_tokens\":5}}\n\n",
        160, 2));
    assert_true(feed(f, FINISH DONE, 170, 3));
    weir_request_end(&f->request, WEIR_OUTCOME_OK, 200, 180);
    assert_int_equal(f->request.sample.token_source, WEIR_TOKEN_SOURCE_CHUNK_USAGE);
    assert_int_equal(f->request.sample.output_tokens, 5);
    assert_int_equal(f->tokens[0].tokens, 2);
    assert_int_equal(f->tokens[1].tokens, 3);
    // one gap of 30 that brought three tokens: one value of inter-chunk, three of inter-token
    // latency
    assert_int_equal(weir_hist_count(weir_recorder_hist(f->recorder, WEIR_METRIC_ICL)), 1);
    assert_int_equal(weir_hist_count(weir_recorder_hist(f->recorder, WEIR_METRIC_ITL)), 3);
    assert_int_equal(weir_hist_max(weir_recorder_hist(f->recorder, WEIR_METRIC_ITL)), 10);
}

/** Usage that comes first with the last token (TGI, FakeAI) counts all of them: it does not say
 * that this one event brought them. */
static void does_not_credit_all_tokens_to_the_last(void **state)
{
    struct fixture *f = *state;
    begin(f, true);
    assert_true(feed(f, CHUNK("a"), 130, 1));
    assert_true(feed(f, CHUNK("b"), 160, 2));
    assert_true(feed(f,
                     "data: {\"choices\":[{\"delta\":{\"content\":\"c\"},\"finish_reason\":"
                     "\"length\"}],\"usage\":{\"completion_tokens\":6}}\n\n" DONE,
                     190, 3));
    weir_request_end(&f->request, WEIR_OUTCOME_OK, 200, 200);
    assert_int_equal(f->request.sample.output_tokens, 6);
    assert_int_equal(f->request.sample.token_source, WEIR_TOKEN_SOURCE_USAGE);
    assert_int_equal(f->tokens[2].tokens, 1);
    assert_int_equal(weir_hist_count(weir_recorder_hist(f->recorder, WEIR_METRIC_ITL)), 2);
}

/** Lines of Ollama: streamed without being an event stream. */
static void reads_lines(void **state)
{
    struct fixture *f = *state;
    f->request.answer.dialect = weir_dialect_find("ollama-chat");
    const struct weir_sample dealt = {.due = 100, .phase = WEIR_PHASE_MEASURED, .is_streamed = 1};
    weir_request_begin(&f->request, &dealt, 101);
    weir_request_sent(&f->request, 110);
    weir_request_head(&f->request, 120);
    weir_request_open_body(&f->request, WEIR_FRAMING_NDJSON);
    assert_true(feed(f, "{\"message\":{\"content\":\"a\"},\"done\":false}\n", 130, 1));
    assert_true(feed(f, "{\"message\":{\"content\":\"b\"},\"done\":false}\n", 160, 2));
    assert_true(
        feed(f, "{\"message\":{\"content\":\"\"},\"done\":true,\"eval_count\":2}\n", 170, 3));
    weir_request_end(&f->request, WEIR_OUTCOME_OK, 200, 180);
    assert_int_equal(f->request.sample.outcome, WEIR_OUTCOME_OK);
    assert_int_equal(f->request.sample.first_token, 130);
    assert_int_equal(f->request.sample.last_token, 160);
    assert_int_equal(f->request.sample.output_tokens, 2);
}

/** A vector is an answer though it has no token, and not a stream whatever was asked for. */
static void takes_answers_without_tokens(void **state)
{
    struct fixture *f = *state;
    f->request.answer.dialect = weir_dialect_find("embeddings");
    begin(f, true);
    weir_request_open_body(&f->request, WEIR_FRAMING_DOCUMENT);
    assert_int_equal(f->request.sample.is_streamed, 0);
    assert_true(
        feed(f, "{\"data\":[{\"embedding\":[0.5]}],\"usage\":{\"prompt_tokens\":3}}", 130, 1));
    weir_request_end(&f->request, WEIR_OUTCOME_OK, 200, 140);
    assert_int_equal(f->request.sample.outcome, WEIR_OUTCOME_OK);
    assert_int_equal(f->request.sample.input_tokens, 3);
    assert_int_equal(f->request.sample.output_tokens, -1);
    assert_int_equal(f->request.sample.token_source, WEIR_TOKEN_SOURCE_NONE);
}

static void falls_back_to_events(void **state)
{
    struct fixture *f = *state;
    begin(f, true);
    assert_true(feed(f, CHUNK("a") CHUNK("b") FINISH DONE, 130, 1));
    weir_request_end(&f->request, WEIR_OUTCOME_OK, 200, 140);
    assert_int_equal(f->request.sample.token_source, WEIR_TOKEN_SOURCE_EVENTS);
    assert_int_equal(f->request.sample.output_tokens, 2);
}

static void credits_only_the_window(void **state)
{
    struct fixture *f = *state;
    f->request.window = (struct weir_window){150, 250};
    begin(f, true);
    assert_true(feed(f, CHUNK("a"), 149, 1));
    assert_true(feed(f, CHUNK("b"), 150, 2));
    assert_true(feed(f, CHUNK("c"), 249, 3));
    assert_true(feed(f, CHUNK("d") FINISH DONE, 250, 4));
    weir_request_end(&f->request, WEIR_OUTCOME_OK, 200, 255);
    assert_int_equal(f->request.sample.chunks_in_window, 2);
}

static void long_answers_keep_every_gap(void **state)
{
    struct fixture *f = *state;
    begin(f, true);
    for (int i = 0; i < 3 * ROOM + 2; i++) {
        assert_true(feed(f, CHUNK("x"), 130 + 10 * i, (uint64_t)i + 1));
    }
    assert_true(feed(f, FINISH DONE, 400, 99));
    weir_request_end(&f->request, WEIR_OUTCOME_OK, 200, 410);
    assert_int_equal(weir_hist_count(weir_recorder_hist(f->recorder, WEIR_METRIC_ICL)),
                     3 * ROOM + 1);
    assert_true(weir_recorder_counters(f->recorder)->gaps_early > 0);
}

static void failed_requests_leave_no_latency(void **state)
{
    struct fixture *f = *state;
    begin(f, true);
    assert_true(feed(f, CHUNK("a") CHUNK("b"), 130, 1));
    weir_request_end(&f->request, WEIR_OUTCOME_RESET, 200, 140);
    assert_int_equal(f->request.sample.outcome, WEIR_OUTCOME_RESET);
    assert_int_equal(weir_hist_count(weir_recorder_hist(f->recorder, WEIR_METRIC_TTFT)), 0);
    assert_int_equal(weir_hist_count(weir_recorder_hist(f->recorder, WEIR_METRIC_ICL)), 0);
    assert_int_equal(weir_hist_count(weir_recorder_hist(f->recorder, WEIR_METRIC_FAIL_TIME)), 1);
}

struct ending {
    const char *body;
    enum weir_outcome transport;
    int16_t status;
    enum weir_outcome outcome;
};

static void endings(void **state)
{
    struct fixture *f = *state;
    static const struct ending table[] = {
        {CHUNK("a") FINISH DONE, WEIR_OUTCOME_OK, 200, WEIR_OUTCOME_OK},
        {CHUNK("a") FINISH DONE, WEIR_OUTCOME_RESET, 200,
         WEIR_OUTCOME_OK}, // lost after the end mark
        {CHUNK("a"), WEIR_OUTCOME_RESET, 200, WEIR_OUTCOME_RESET},
        {CHUNK("a"), WEIR_OUTCOME_OK, 200, WEIR_OUTCOME_TRUNCATED},
        {ROLE FINISH DONE, WEIR_OUTCOME_OK, 200, WEIR_OUTCOME_EMPTY},
        {"data: {\"error\":{\"message\":\"queue full\"}}\n\n" DONE, WEIR_OUTCOME_OK, 200,
         WEIR_OUTCOME_ERROR_EVENT},
        {"data: {\"choices\":[{]}\n\n" DONE, WEIR_OUTCOME_OK, 200, WEIR_OUTCOME_MALFORMED},
        {"{\"error\":{\"message\":\"slow down\"}}", WEIR_OUTCOME_OK, 429, WEIR_OUTCOME_HTTP_429},
        {"", WEIR_OUTCOME_OK, 404, WEIR_OUTCOME_HTTP_4XX},
        {"", WEIR_OUTCOME_OK, 503, WEIR_OUTCOME_HTTP_5XX},
        {"", WEIR_OUTCOME_OK, 302, WEIR_OUTCOME_HTTP_3XX},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        begin(f, true);
        (void)feed(f, table[i].body, 130, 1);
        weir_request_end(&f->request, table[i].transport, table[i].status, 140);
        assert_int_equal(f->request.sample.outcome, table[i].outcome);
        f->token_count = 0;
    }
}

static void plain_answers_have_no_ttft(void **state)
{
    struct fixture *f = *state;
    begin(f, false);
    const char *body =
        "{\"choices\":[{\"message\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}],"
        "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":9}}";
    assert_true(feed(f, body, 200, 1));
    weir_request_end(&f->request, WEIR_OUTCOME_OK, 200, 210);
    assert_int_equal(f->request.sample.outcome, WEIR_OUTCOME_OK);
    assert_int_equal(f->request.sample.output_tokens, 9);
    assert_int_equal(f->request.sample.first_token, 0);
    assert_int_equal(weir_hist_count(weir_recorder_hist(f->recorder, WEIR_METRIC_TTFT)), 0);
    assert_int_equal(weir_hist_max(weir_recorder_hist(f->recorder, WEIR_METRIC_LATENCY)), 100);
}

static void limits_in_each_state(void **state)
{
    struct fixture *f = *state;
    const struct weir_request_limits limits = {
        .connect = 50, .first_token = 60, .stall = 20, .total = 1000};
    enum weir_timeout which;
    assert_int_equal(weir_request_deadline(&f->request, &limits, &which), INT64_MAX);
    const struct weir_sample dealt = {.due = 100, .phase = WEIR_PHASE_MEASURED, .is_streamed = 1};
    weir_request_begin(&f->request, &dealt, 101);
    assert_int_equal(weir_request_deadline(&f->request, &limits, &which), 151);
    assert_int_equal(which, WEIR_TIMEOUT_CONNECT);
    weir_request_sent(&f->request, 110);
    assert_int_equal(weir_request_deadline(&f->request, &limits, &which), 170);
    assert_int_equal(which, WEIR_TIMEOUT_FIRST_TOKEN);
    weir_request_head(&f->request, 120);
    weir_request_open_body(&f->request, WEIR_FRAMING_SSE);
    assert_true(feed(f, CHUNK("a"), 165, 1));
    assert_int_equal(weir_request_deadline(&f->request, &limits, &which), 185);
    assert_int_equal(which, WEIR_TIMEOUT_STALL);
    const struct weir_request_limits total = {.total = 30};
    assert_int_equal(weir_request_deadline(&f->request, &total, &which), 130);
    assert_int_equal(which, WEIR_TIMEOUT_TOTAL);
    weir_request_abandon(&f->request, WEIR_TIMEOUT_STALL, 190);
    assert_int_equal(f->request.sample.outcome, WEIR_OUTCOME_TIMEOUT);
    assert_int_equal(f->request.sample.timeout, WEIR_TIMEOUT_STALL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tells_tokens_from_the_rest, setup, teardown),
        cmocka_unit_test_setup_teardown(sees_coalesced_events, setup, teardown),
        cmocka_unit_test_setup_teardown(counts_tokens_by_chunk_usage, setup, teardown),
        cmocka_unit_test_setup_teardown(does_not_credit_all_tokens_to_the_last, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(takes_answers_without_tokens, setup, teardown),
        cmocka_unit_test_setup_teardown(falls_back_to_events, setup, teardown),
        cmocka_unit_test_setup_teardown(credits_only_the_window, setup, teardown),
        cmocka_unit_test_setup_teardown(long_answers_keep_every_gap, setup, teardown),
        cmocka_unit_test_setup_teardown(failed_requests_leave_no_latency, setup, teardown),
        cmocka_unit_test_setup_teardown(endings, setup, teardown),
        cmocka_unit_test_setup_teardown(plain_answers_have_no_ttft, setup, teardown),
        cmocka_unit_test_setup_teardown(limits_in_each_state, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
