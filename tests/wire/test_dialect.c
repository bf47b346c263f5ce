// The dialect table: rows, paths, framing and lists of models.
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

/** Two servers may share a path; then --endpoint-type decides. */
static bool shares_path(const struct weir_dialect *row)
{
    size_t count = 0;
    size_t same = 0;
    const struct weir_dialect *table = weir_dialect_table(&count);
    for (size_t i = 0; i < count; i++) {
        same += strcmp(table[i].path, row->path) == 0 ? 1 : 0;
    }
    return same > 1;
}

static void check_row(const struct weir_dialect *row)
{
    assert_ptr_equal(weir_dialect_find(row->name), row);
    assert_int_equal(row->path[0], '/');
    assert_true(strlen(row->help) > 10);
    assert_true(row->build != NULL && row->parse_event != NULL && row->parse_answer != NULL);
    assert_int_equal(row->models.path[0], '/');
    assert_true(row->models.list == NULL || row->models.id != NULL);
    // either there is a way to an exact length or a reason why there is none
    assert_true((row->exact_length == NULL) != (row->inexact_because == NULL));
    assert_true(row->framing != WEIR_FRAMING_DOCUMENT || !row->takes_messages);
    if (!shares_path(row)) {
        assert_ptr_equal(weir_dialect_of_path(weir_slice_of(row->path)), row);
    }
    assert_true(weir_dialect_match(row, weir_slice_of(row->path), NULL) > 0);
}

static void test_rows_are_whole(void **state)
{
    (void)state;
    size_t count = 0;
    const struct weir_dialect *table = weir_dialect_table(&count);
    assert_true(count >= 13);
    for (size_t i = 0; i < count; i++) {
        check_row(&table[i]);
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
        {"/v1/responses", "responses"},
        {"/openai/responses?api-version=preview", "responses"},
        {"/v1/embeddings", "embeddings"},
        {"/rerank", "rerank"},
        {"/v2/rerank/", "rerank"},
        {"/v1/messages", "messages"},
        {"/api/generate", "ollama-generate"},
        {"/api/chat", "ollama-chat"},
        {"/api/chat/completions", "chat"},
        {"/generate_stream", "tgi-generate-stream"},
        {"/completion", "llamacpp-completion"},
        {"/v2/models/m/generate_stream", "triton-generate-stream"},
        {"/x/v2/models/a.b/versions/3/generate_stream", "triton-generate-stream"},
        {"/v2/models//generate_stream", "tgi-generate-stream"},
        {"/models/m/generate_stream", "tgi-generate-stream"},
        {"generate", NULL},
        {"/generated", NULL},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(CASES); i++) {
        const struct weir_dialect *found = weir_dialect_of_path(weir_slice_of(CASES[i].path));
        const char *name = found != NULL ? found->name : "none";
        assert_string_equal(name, CASES[i].name != NULL ? CASES[i].name : "none");
    }
    assert_null(weir_dialect_of_path((struct weir_slice){NULL, 0}));
}

static void test_model_in_the_path(void **state)
{
    (void)state;
    const struct weir_dialect *triton = weir_dialect_find("triton-generate-stream");
    struct weir_slice model;
    const char *path = "/p/v2/models/my.model-1/generate_stream/?x=1";
    assert_int_equal(weir_dialect_match(triton, weir_slice_of(path), &model),
                     strlen("/v2/models/my.model-1/generate_stream"));
    assert_true(weir_slice_equals(model, "my.model-1"));
    path = "/v2/models/m/versions/17/generate_stream";
    assert_int_equal(weir_dialect_match(triton, weir_slice_of(path), &model), strlen(path));
    assert_true(weir_slice_equals(model, "m"));
    assert_int_equal(weir_dialect_match(triton, weir_slice_of("/v2/models/m"), &model), 0);
    assert_int_equal(model.len, 0);
    assert_int_equal(weir_dialect_match(chat(), weir_slice_of("/v1/chat/completions"), &model),
                     strlen("/chat/completions")); // the version is the base's
    assert_int_equal(model.len, 0);
}

struct framing_case {
    const char *dialect;
    int status;
    const char *type;
    enum weir_framing framing;
};

static void test_framing(void **state)
{
    (void)state;
    static const struct framing_case CASES[] = {
        {"chat", 200, "text/event-stream", WEIR_FRAMING_SSE},
        {"chat", 200, "Text/Event-Stream; charset=utf-8", WEIR_FRAMING_SSE},
        {"chat", 201, " text/event-stream ;x", WEIR_FRAMING_SSE},
        {"chat", 200, "text/event-streams", WEIR_FRAMING_DOCUMENT},
        {"chat", 200, "application/json", WEIR_FRAMING_DOCUMENT},
        {"chat", 200, "", WEIR_FRAMING_DOCUMENT},
        {"chat", 500, "text/event-stream", WEIR_FRAMING_DOCUMENT},
        {"chat", 0, "text/event-stream", WEIR_FRAMING_DOCUMENT},
        {"chat", 200, "application/x-ndjson", WEIR_FRAMING_NDJSON},
        {"ollama-chat", 200, "application/x-ndjson", WEIR_FRAMING_NDJSON},
        {"ollama-chat", 200, "application/json; charset=utf-8", WEIR_FRAMING_DOCUMENT},
        {"ollama-chat", 200, "text/plain", WEIR_FRAMING_NDJSON},
        {"ollama-chat", 200, "", WEIR_FRAMING_NDJSON},
        {"ollama-chat", 404, "application/x-ndjson", WEIR_FRAMING_DOCUMENT},
        {"ollama-chat", 200, "text/event-stream", WEIR_FRAMING_SSE},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(CASES); i++) {
        assert_int_equal(weir_dialect_framing(weir_dialect_find(CASES[i].dialect), CASES[i].status,
                                              weir_slice_of(CASES[i].type)),
                         CASES[i].framing);
    }
}

static void check_models(const char *dialect, const char *body, const char *wanted)
{
    char ids[3][WEIR_MODEL_BYTES];
    char all[1024] = "";
    const size_t count =
        weir_dialect_read_models(weir_dialect_find(dialect), weir_slice_of(body), ids, 3);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s;", ids[i]);
    }
    assert_string_equal(all, wanted);
}

static void test_models(void **state)
{
    (void)state;
    check_models(
        "chat",
        "{\"object\":\"list\",\"data\":[{\"id\":\"a\",\"root\":\"x\"},{\"id\":\"b\\u00e9\"}]}",
        "a;b\xc3\xa9;");
    check_models("messages", "{\"data\":[{\"type\":\"model\",\"id\":\"c\"}],\"has_more\":false}",
                 "c;");
    check_models("chat", "{\"data\":[{\"id\":\"a\"},{\"id\":\"b\"},{\"id\":\"c\"},{\"id\":\"d\"}]}",
                 "a;b;c;");
    check_models("ollama-chat", "{\"models\":[{\"name\":\"q:latest\",\"model\":\"q\"}]}",
                 "q:latest;");
    check_models("tgi-generate", "{\"model_id\":\"t\",\"max_input_tokens\":4}", "t;");
    check_models("triton-generate-stream", "", "");
    check_models("chat", "{\"data\":[{\"id\":\"a\"}]", "");
    check_models("chat", "{\"data\":[null,1,{},{\"id\":\"\"},{\"id\":3}]}", "");
    check_models("chat", "[]", "");
    check_models("chat", "", "");
    char body[2 * WEIR_MODEL_BYTES]; // a long id is cut, at a whole character
    (void)snprintf(body, sizeof(body), "{\"model_id\":\"%0*d\xc3\xa9x\"}", WEIR_MODEL_BYTES - 2, 0);
    char ids[1][WEIR_MODEL_BYTES];
    assert_int_equal(
        weir_dialect_read_models(weir_dialect_find("tgi-generate"), weir_slice_of(body), ids, 1),
        1);
    assert_int_equal(strlen(ids[0]), WEIR_MODEL_BYTES - 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_whole),
        cmocka_unit_test(test_dialect_of_path),
        cmocka_unit_test(test_model_in_the_path),
        cmocka_unit_test(test_framing),
        cmocka_unit_test(test_models),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
