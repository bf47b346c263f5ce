// Plans: the same from the same seed, bodies that say what was asked, and nonces that may be
// replaced in place.
#define _POSIX_C_SOURCE 200809L // mkstemp
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plan/plan_fixture.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"

static json_t *parse_body(struct weir_slice body)
{
    json_error_t error;
    json_t *object = json_loadb(body.ptr, body.len, JSON_REJECT_DUPLICATES, &error);
    if (object == NULL) {
        fail_msg("%s in %.*s", error.text, (int)body.len, body.ptr);
    }
    return object;
}

/** The text of the only message. */
static const char *content_of(const json_t *body)
{
    const json_t *messages = json_object_get(body, "messages");
    assert_int_equal(json_array_size(messages), 1);
    const json_t *message = json_array_get(messages, 0);
    assert_string_equal(json_string_value(json_object_get(message, "role")), "user");
    const char *content = json_string_value(json_object_get(message, "content"));
    assert_non_null(content);
    return content;
}

static size_t count_words(const char *text)
{
    size_t count = text[0] != '\0' ? 1 : 0;
    for (; *text != '\0'; text++) {
        count += *text == ' ' ? 1 : 0;
    }
    return count;
}

static void test_same_seed_same_plan(void **state)
{
    (void)state;
#define LOAD                                                                                       \
    "url", "http://h", "model", "m", "isl", "80", "isl-stddev", "20", "osl", "50", "osl-stddev", "9"
    struct weir_plan *one = make_good(OPTIONS(LOAD, "prompt-pool", "200"));
    struct weir_plan *two = make_good(OPTIONS(LOAD, "prompt-pool", "200"));
    struct weir_plan *other = make_good(OPTIONS(LOAD, "prompt-pool", "200", "seed", "2"));
    assert_true(one->hash == two->hash && one->hash != other->hash);
    assert_int_equal(one->item_count, 200);
    size_t same_length = 0;
    for (size_t i = 0; i < one->item_count; i++) {
        const struct weir_item *a = &one->items[i];
        const struct weir_item *b = &two->items[i];
        assert_int_equal(a->body.len, b->body.len);
        assert_memory_equal(a->body.ptr, b->body.ptr, a->body.len);
        assert_int_equal(a->tokens_asked, b->tokens_asked);
        const struct weir_item *c = &other->items[i];
        same_length +=
            a->body.len == c->body.len && memcmp(a->body.ptr, c->body.ptr, a->body.len) == 0;
    }
    assert_int_equal(same_length, 0);
    weir_plan_free(one);
    weir_plan_free(two);
    weir_plan_free(other);
}

/** More prompts, or lengths of the answer, never change the prompts that are there. */
static void test_streams_are_independent(void **state)
{
    (void)state;
    struct weir_plan *one =
        make_good(OPTIONS("url", "http://h", "model", "m", "prompt-pool", "10"));
    struct weir_plan *more =
        make_good(OPTIONS("url", "http://h", "model", "m", "prompt-pool", "20"));
    for (size_t i = 0; i < one->item_count; i++) {
        assert_memory_equal(one->items[i].body.ptr, more->items[i].body.ptr,
                            one->items[i].body.len);
    }
    struct weir_plan *osl = make_good(OPTIONS(LOAD, "prompt-pool", "10"));
    struct weir_plan *wide = make_good(OPTIONS(LOAD, "prompt-pool", "10", "osl-stddev", "20"));
    for (size_t i = 0; i < osl->item_count; i++) {
        assert_int_equal(osl->items[i].prompt_words, wide->items[i].prompt_words);
    }
    weir_plan_free(one);
    weir_plan_free(more);
    weir_plan_free(osl);
    weir_plan_free(wide);
}

static void test_body_says_what_was_asked(void **state)
{
    (void)state;
    struct weir_plan *plan = make_good(
        OPTIONS("url", "http://h", "model", "my \"model\"", "isl", "60", "isl-stddev", "25", "osl",
                "40", "osl-stddev", "10", "extra-inputs", "temperature=0", "prompt-pool", "300"));
    uint32_t most = 0;
    for (size_t i = 0; i < plan->item_count; i++) {
        const struct weir_item *item = weir_plan_item(plan, 0, i);
        json_t *body = parse_body(item->body);
        assert_string_equal(json_string_value(json_object_get(body, "model")), "my \"model\"");
        assert_true(json_is_true(json_object_get(body, "stream")));
        assert_int_equal(json_integer_value(json_object_get(body, "temperature")), 0);
        assert_true(json_is_integer(json_object_get(body, "temperature")));
        assert_int_equal(json_integer_value(json_object_get(body, "max_tokens")),
                         item->tokens_asked);
        assert_int_equal(count_words(content_of(body)), item->prompt_words);
        assert_true(item->prompt_words >= 4 && item->tokens_asked >= 1);
        assert_true(item->body.len <= plan->body_bytes_max);
        most = item->tokens_asked > most ? item->tokens_asked : most;
        json_decref(body);
    }
    assert_int_equal(plan->tokens_asked_max, most);
    weir_plan_free(plan);
}

static void test_completions_and_no_stream(void **state)
{
    (void)state;
    struct weir_plan *plan =
        make_good(OPTIONS("url", "http://h/v1/completions", "model", "m", "streaming", "false",
                          "isl", "9", "prompt-pool", "3", "unique-prompts", "false"));
    json_t *body = parse_body(plan->items[0].body);
    assert_int_equal(count_words(json_string_value(json_object_get(body, "prompt"))), 9);
    assert_false(json_is_true(json_object_get(body, "stream")));
    assert_null(json_object_get(body, "max_tokens"));
    assert_int_equal(plan->tokens_asked_max, 0);
    assert_true(plan->items[0].nonce_at == SIZE_MAX);
    json_decref(body);
    weir_plan_free(plan);
}

static void test_nonce_is_replaced_in_place(void **state)
{
    (void)state;
    struct weir_plan *plan =
        make_good(OPTIONS("url", "http://h", "url", "c=http://h/v1/completions", "model", "m",
                          "isl", "30", "prompt-pool", "8"));
    for (uint32_t t = 0; t < 2; t++) {
        for (uint64_t id = 0; id < 64; id++) {
            const struct weir_item *item = weir_plan_item(plan, t, id);
            assert_true(item->nonce_at != SIZE_MAX);
            assert_true(item->nonce_at + WEIR_NONCE_BYTES <= item->body.len);
            char *copy = weir_strndup(item->body.ptr, item->body.len);
            char nonce[WEIR_NONCE_BYTES + 1] = "";
            weir_plan_nonce(plan->seed, 3, id, nonce);
            memcpy(copy + item->nonce_at, nonce, WEIR_NONCE_BYTES);
            json_t *body = parse_body((struct weir_slice){copy, item->body.len});
            const char *text =
                t == 0 ? content_of(body) : json_string_value(json_object_get(body, "prompt"));
            assert_memory_equal(text, nonce, WEIR_NONCE_BYTES);
            assert_int_equal(count_words(text), 30);
            json_decref(body);
            weir_free(copy);
        }
    }
    char nonce[WEIR_NONCE_BYTES];
    weir_plan_nonce(plan->seed, 0, 0, nonce); // what `weir plan` shows is what is sent first
    assert_memory_equal(plan->items[0].body.ptr + plan->items[0].nonce_at, nonce, WEIR_NONCE_BYTES);
    weir_plan_free(plan);
}

static void test_levels(void **state)
{
    (void)state;
    struct weir_plan *plan =
        make_good(OPTIONS("url", "a=http://h:1", "url", "b=http://h:2", "model", "m", "concurrency",
                          "1,4", "warmup-count", "3", "warmup-duration", "2s", "prompt-pool", "2"));
    static const struct {
        uint32_t target;
        uint32_t concurrency;
    } want[] = {{0, 1}, {1, 1}, {0, 4}, {1, 4}};
    assert_int_equal(plan->level_count, WEIR_COUNT_OF(want));
    for (size_t i = 0; i < plan->level_count; i++) {
        assert_int_equal(plan->levels[i].target, want[i].target);
        assert_int_equal(plan->levels[i].concurrency, want[i].concurrency);
        assert_int_equal(plan->levels[i].duration, 30 * WEIR_SECOND);
        assert_int_equal(plan->levels[i].request_count, 0);
        assert_int_equal(plan->levels[i].warmup_count, 3);
        assert_int_equal(plan->levels[i].warmup_duration, 2 * WEIR_SECOND);
    }
    assert_int_equal(weir_plan_requests(plan), 0);
    uint64_t hash = plan->hash;
    weir_plan_free(plan);
    plan = make_good(OPTIONS("url", "a=http://h:1", "url", "b=http://h:2", "model", "m",
                             "concurrency", "1,4", "warmup-count", "3", "warmup-duration", "2s",
                             "prompt-pool", "2", "request-count", "9"));
    assert_int_equal(plan->levels[0].duration, 0);
    assert_int_equal(weir_plan_requests(plan), 9);
    assert_true(plan->hash != hash);
    weir_plan_free(plan);
}

static size_t pool_of(const char *const *options)
{
    struct weir_plan *plan = make_good(options);
    size_t count = plan->item_count;
    weir_plan_free(plan);
    return count;
}

static void test_pool_is_no_larger_than_needed(void **state)
{
    (void)state;
#define POOL "url", "http://h", "model", "m", "isl", "5"
    assert_int_equal(pool_of(OPTIONS(POOL, "prompt-pool", "50")), 50);
    assert_int_equal(
        pool_of(OPTIONS(POOL, "request-count", "20", "warmup-count", "5", "concurrency", "3,4")),
        29);
    assert_int_equal(pool_of(OPTIONS(POOL, "request-count", "1M", "prompt-pool", "70")), 70);
    assert_int_equal(
        pool_of(OPTIONS(POOL, "request-count", "20", "warmup-duration", "1s", "prompt-pool", "70")),
        70);
}

static void test_input_file(void **state)
{
    (void)state;
    char path[] = "/tmp/weir-test-XXXXXX";
    write_file(path, "{\"prompt\": \"say \\\"hi\\\"\", \"max_tokens\": 7}\n"
                     "{\"messages\": [{\"role\": \"system\", \"content\": \"s\"}, {\"role\": "
                     "\"user\", \"content\": \"u\"}]}\n");
    struct weir_plan *plan =
        make_good(OPTIONS("url", "http://h", "model", "m", "input-file", path, "osl", "20"));
    assert_int_equal(plan->item_count, 2);
    json_t *body = parse_body(plan->items[0].body);
    assert_string_equal(content_of(body), "say \"hi\"");
    assert_int_equal(json_integer_value(json_object_get(body, "max_tokens")), 7);
    json_decref(body);
    body = parse_body(weir_plan_item(plan, 0, 5)->body);
    assert_int_equal(json_array_size(json_object_get(body, "messages")), 2);
    assert_int_equal(json_integer_value(json_object_get(body, "max_tokens")), 20);
    json_decref(body);
    assert_true(plan->items[0].nonce_at == SIZE_MAX && plan->items[1].nonce_at == SIZE_MAX);
    assert_int_equal(plan->tokens_asked_max, 20);
    weir_plan_free(plan);

    struct weir_err err = {.status = 0};
    plan = NULL;
    assert_int_equal(
        make(OPTIONS("url", "http://h/v1/completions", "model", "m", "input-file", path), &plan,
             NULL, &err),
        WEIR_INVALID);
    assert_int_equal(err.line, 2);
    assert_string_equal(err.file, path);
    make_bad(OPTIONS("url", "http://h", "input-file", path, "isl-stddev", "5"), "--isl-stddev");
    make_bad(OPTIONS("url", "http://h", "input-file", path, "osl", "5", "osl-stddev", "5"),
             "--osl-stddev");
    assert_int_equal(unlink(path), 0);
}

static void test_contradictions(void **state)
{
    (void)state;
    make_bad(OPTIONS("url", "http://h", "osl-stddev", "5"), "--osl");
    make_bad(OPTIONS("url", "http://h", "extra-inputs", "stream=true"), "--streaming");
    make_bad(OPTIONS("url", "http://h", "input-file", "/nonexistent"), "cannot be opened");
    make_bad(OPTIONS("url", "http://h", "endpoint-type", "chats"), "did you mean");
}

static void test_warnings(void **state)
{
    (void)state;
    warnings_of(OPTIONS(POOL, "request-count", "20", "concurrency", "10"), NULL);
    warnings_of(OPTIONS(POOL, "request-count", "19", "concurrency", "10"),
                "19 requests at concurrency 10");
    warnings_of(OPTIONS(POOL, "concurrency", "1,2,1"), "concurrency 1 stands more than once");
    warnings_of(OPTIONS(POOL, "concurrency", "60", "prompt-pool", "50"), NULL);
    warnings_of(OPTIONS(POOL, "concurrency", "60", "prompt-pool", "50", "unique-prompts", "false"),
                "prefix cache");
    warnings_of(OPTIONS("url", "http://h", "isl", "2"), "at least 4 words");
}

static void test_large_plans_are_refused(void **state)
{
    (void)state;
    struct weir_plan *plan = NULL;
    struct weir_err err = {.status = 0};
    assert_int_equal(
        make(OPTIONS("url", "http://h", "isl", "10M", "prompt-pool", "1M"), &plan, NULL, &err),
        WEIR_TOO_LARGE);
    assert_non_null(strstr(err.text, "--prompt-pool"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_seed_same_plan),
        cmocka_unit_test(test_streams_are_independent),
        cmocka_unit_test(test_body_says_what_was_asked),
        cmocka_unit_test(test_completions_and_no_stream),
        cmocka_unit_test(test_nonce_is_replaced_in_place),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_pool_is_no_larger_than_needed),
        cmocka_unit_test(test_input_file),
        cmocka_unit_test(test_contradictions),
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_large_plans_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
