// What clients ask for: every field, every way to get it wrong, and bodies cut anywhere.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "weir/sim/request.h"

static bool read_text(const char *body, bool is_chat, struct weir_sim_request *out,
                      struct weir_sim_refusal *refusal)
{
    const struct weir_sim_reader reader = {.format = is_chat ? WEIR_SIM_CHAT : WEIR_SIM_COMPLETIONS,
                                           .model = "sim-model"};
    return weir_sim_request_read(weir_slice_of(body), &reader, out, refusal);
}

static struct weir_sim_request good(const char *body, bool is_chat)
{
    struct weir_sim_request request = {0};
    struct weir_sim_refusal refusal = {0};
    const bool is_good = read_text(body, is_chat, &request, &refusal);
    if (!is_good) {
        print_message("%s\n", refusal.message);
    }
    assert_true(is_good);
    return request;
}

static void bad(const char *body, bool is_chat, int http_status, const char *says)
{
    struct weir_sim_request request = {.max_tokens = 77};
    struct weir_sim_refusal refusal = {0};
    assert_false(read_text(body, is_chat, &request, &refusal));
    assert_int_equal(refusal.http_status, http_status);
    if (strstr(refusal.message, says) == NULL) {
        print_message("\"%s\" lacks \"%s\"\n", refusal.message, says);
    }
    assert_non_null(strstr(refusal.message, says));
    assert_non_null(refusal.type);
    assert_int_equal(request.max_tokens, 77); // outputs stay as they were
}

#define MESSAGES "\"messages\":[{\"role\":\"user\",\"content\":\"hi there\"}]"

static void test_a_full_chat_request(void **state)
{
    (void)state;
    const struct weir_sim_request request =
        good("{\"model\":\"sim-model\"," MESSAGES ",\"stream\":true,\"stream_options\":"
             "{\"include_usage\":true,\"continuous_usage_stats\":true},\"max_tokens\":12,"
             "\"min_tokens\":3,\"n\":1,\"temperature\":0.5,\"ignore_eos\":true}",
             true);
    assert_int_equal(request.format, WEIR_SIM_CHAT);
    assert_true(request.is_streaming);
    assert_true(request.wants_usage);
    assert_true(request.wants_every);
    assert_int_equal(request.max_tokens, 12);
    assert_int_equal(request.min_tokens, 3);
    assert_int_equal(request.prompt_tokens, 2);
}

static void test_defaults(void **state)
{
    (void)state;
    const struct weir_sim_request request = good("{" MESSAGES "}", true);
    assert_false(request.is_streaming);
    assert_false(request.wants_usage);
    assert_int_equal(request.max_tokens, 0);
    assert_int_equal(request.min_tokens, 0);
    const struct weir_sim_request nulls =
        good("{\"model\":null," MESSAGES ",\"stream\":null,\"max_tokens\":null,"
             "\"stream_options\":null,\"n\":null}",
             true);
    assert_false(nulls.is_streaming);
}

static void test_newer_name_of_the_limit_wins(void **state)
{
    (void)state;
    const struct weir_sim_request request =
        good("{" MESSAGES ",\"max_tokens\":5,\"max_completion_tokens\":9}", true);
    assert_int_equal(request.max_tokens, 9);
}

static void test_continuous_usage_needs_usage(void **state)
{
    (void)state;
    const struct weir_sim_request request =
        good("{" MESSAGES ",\"stream\":true,\"stream_options\":{\"continuous_usage_stats\":true}}",
             true);
    assert_false(request.wants_every);
}

static void test_words_of_all_messages_are_counted(void **state)
{
    (void)state;
    assert_int_equal(
        good("{\"messages\":[{\"role\":\"system\",\"content\":\" be  brief\\n\"},"
             "{\"role\":\"assistant\",\"content\":null},{\"role\":\"user\",\"content\":"
             "[{\"type\":\"text\",\"text\":\"one two\\tthree\"},{\"type\":\"image_url\"}]}]}",
             true)
            .prompt_tokens,
        5);
}

static void test_forms_of_a_prompt(void **state)
{
    (void)state;
    assert_int_equal(good("{\"prompt\":\"a b  c\"}", false).prompt_tokens, 3);
    assert_int_equal(good("{\"prompt\":\"\"}", false).prompt_tokens, 0);
    assert_int_equal(good("{\"prompt\":[\"a b\"]}", false).prompt_tokens, 2);
    assert_int_equal(good("{\"prompt\":[1,2,3,4]}", false).prompt_tokens, 4);
    assert_int_equal(good("{\"prompt\":[[1,2,3]]}", false).prompt_tokens, 3);
    bad("{\"prompt\":[\"a\",\"b\"]}", false, 400, "one prompt");
    bad("{\"prompt\":[[1],[2]]}", false, 400, "one prompt");
    bad("{\"prompt\":[]}", false, 400, "'prompt'");
    bad("{\"prompt\":[1,\"a\"]}", false, 400, "'prompt'");
    bad("{\"prompt\":{\"a\":1}}", false, 400, "'prompt'");
    bad("{}", false, 400, "'prompt'");
}

static void test_wrong_messages(void **state)
{
    (void)state;
    bad("{}", true, 400, "'messages'");
    bad("{\"prompt\":\"a\"}", true, 400, "'messages'");
    bad("{\"messages\":[]}", true, 400, "at least one");
    bad("{\"messages\":\"hi\"}", true, 400, "array");
    bad("{\"messages\":[\"hi\"]}", true, 400, "messages[0]");
    bad("{\"messages\":[{\"content\":\"x\"}]}", true, 400, "role");
    bad("{\"messages\":[{\"role\":\"user\",\"content\":5}]}", true, 400, "content");
    bad("{\"messages\":[{\"role\":\"user\",\"content\":[1]}]}", true, 400, "content");
}

static void test_wrong_values(void **state)
{
    (void)state;
    bad("{" MESSAGES ",\"max_tokens\":0}", true, 400, "'max_tokens'");
    bad("{" MESSAGES ",\"max_tokens\":-1}", true, 400, "'max_tokens'");
    bad("{" MESSAGES ",\"max_tokens\":1.5}", true, 400, "'max_tokens'");
    bad("{" MESSAGES ",\"max_tokens\":\"9\"}", true, 400, "'max_tokens'");
    bad("{" MESSAGES ",\"max_tokens\":10000001}", true, 400, "10000000");
    bad("{" MESSAGES ",\"max_completion_tokens\":0}", true, 400, "'max_completion_tokens'");
    bad("{" MESSAGES ",\"max_tokens\":2,\"min_tokens\":3}", true, 400, "min_tokens");
    bad("{" MESSAGES ",\"stream\":1}", true, 400, "'stream'");
    bad("{" MESSAGES ",\"n\":2}", true, 400, "one choice");
    bad("{" MESSAGES ",\"stream\":true,\"stream_options\":[]}", true, 400, "stream_options");
    bad("{" MESSAGES ",\"stream_options\":{}}", true, 400, "'stream': true");
    bad("{" MESSAGES ",\"stream\":true,\"stream_options\":{\"include_usage\":1}}", true, 400,
        "include_usage");
    bad("{" MESSAGES ",\"model\":3}", true, 400, "'model'");
}

static void test_the_model_must_be_ours(void **state)
{
    (void)state;
    bad("{\"model\":\"gpt-9\"," MESSAGES "}", true, 404, "`gpt-9` does not exist");
    bad("{\"model\":\"gpt-9\"," MESSAGES "}", true, 404, "`sim-model`");
    bad("{\"model\":\"\"," MESSAGES "}", true, 404, "does not exist");
}

/** A name cut for the message must stay UTF-8: a client parses the answer. */
static void test_a_long_model_is_cut_between_characters(void **state)
{
    (void)state;
    char body[2048] = "{\"model\":\"x";
    for (int i = 0; i < 300; i++) {
        (void)strncat(body, "\xc3\xa9", sizeof(body) - strlen(body) - 1);
    }
    (void)strncat(body, "\"," MESSAGES "}", sizeof(body) - strlen(body) - 1);
    struct weir_sim_request request;
    struct weir_sim_refusal refusal = {0};
    assert_false(read_text(body, true, &request, &refusal));
    assert_int_equal(refusal.http_status, 404);
    const char *end = strstr(refusal.message, "` does not exist");
    assert_non_null(end);
    assert_int_equal((unsigned char)end[-1], 0xa9); // the second byte of a whole character
}

static void test_what_is_no_json_object(void **state)
{
    (void)state;
    bad("", true, 400, "no body");
    bad(" \t", true, 400, "no body");
    bad("{bad", true, 400, "not JSON");
    bad("[1]", true, 400, "object");
    bad("12", true, 400, "object");
    bad("{} {}", true, 400, "not JSON");
    bad("{\"prompt\":\"\xff\"}", false, 400, "not JSON");
}

static void test_no_beginning_of_a_request_is_one(void **state)
{
    (void)state;
    const char *body = "{\"model\":\"sim-model\"," MESSAGES ",\"stream\":true,\"max_tokens\":12}";
    const size_t len = strlen(body);
    for (size_t cut = 0; cut < len; cut++) {
        struct weir_sim_request request;
        struct weir_sim_refusal refusal = {0};
        char *copy = malloc(cut + 1); // exactly as long, so that a sanitizer sees reads beyond it
        assert_non_null(copy);
        memcpy(copy, body, cut);
        const struct weir_slice slice = {.ptr = copy, .len = cut};
        const struct weir_sim_reader reader = {.format = WEIR_SIM_CHAT, .model = "sim-model"};
        assert_false(weir_sim_request_read(slice, &reader, &request, &refusal));
        assert_int_equal(refusal.http_status, 400);
        free(copy);
    }
}

static void test_deep_nesting_is_refused_not_crashed_on(void **state)
{
    (void)state;
    enum { DEPTH = 200000 };
    char *body = malloc(DEPTH + 1);
    assert_non_null(body);
    memset(body, '[', DEPTH);
    body[DEPTH] = '\0';
    bad(body, true, 400, "not JSON");
    free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_full_chat_request),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_newer_name_of_the_limit_wins),
        cmocka_unit_test(test_continuous_usage_needs_usage),
        cmocka_unit_test(test_words_of_all_messages_are_counted),
        cmocka_unit_test(test_forms_of_a_prompt),
        cmocka_unit_test(test_wrong_messages),
        cmocka_unit_test(test_wrong_values),
        cmocka_unit_test(test_the_model_must_be_ours),
        cmocka_unit_test(test_a_long_model_is_cut_between_characters),
        cmocka_unit_test(test_what_is_no_json_object),
        cmocka_unit_test(test_no_beginning_of_a_request_is_one),
        cmocka_unit_test(test_deep_nesting_is_refused_not_crashed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
