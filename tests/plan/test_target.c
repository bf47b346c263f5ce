// --url values: what people write, and what they get wrong.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/plan/target.h"

struct good {
    const char *text;
    const char *name;
    const char *url;
    const char *models_url;
    const char *host;
    unsigned port;
};

static const struct good good[] = {
    {"http://h:8000", "h:8000", "http://h:8000/v1/chat/completions", "http://h:8000/v1/models", "h",
     8000},
    {"http://h:8000/", "h:8000", "http://h:8000/v1/chat/completions", "http://h:8000/v1/models",
     "h", 8000},
    {"http://h:8000/v1", "h:8000", "http://h:8000/v1/chat/completions", "http://h:8000/v1/models",
     "h", 8000},
    {"http://h:8000/v1//", "h:8000", "http://h:8000/v1/chat/completions", "http://h:8000/v1/models",
     "h", 8000},
    {"HTTP://h", "h:80", "http://h:80/v1/chat/completions", "http://h:80/v1/models", "h", 80},
    {"https://api.friendli.ai/dedicated/v1", "api.friendli.ai:443",
     "https://api.friendli.ai:443/dedicated/v1/chat/completions",
     "https://api.friendli.ai:443/dedicated/v1/models", "api.friendli.ai", 443},
    {"http://h/openai/v1", "h:80", "http://h:80/openai/v1/chat/completions",
     "http://h:80/openai/v1/models", "h", 80},
    {"http://h/openai", "h:80", "http://h:80/openai/v1/chat/completions",
     "http://h:80/openai/v1/models", "h", 80},
    {"http://h/v1/chat/completions", "h:80", "http://h:80/v1/chat/completions",
     "http://h:80/v1/models", "h", 80},
    {"http://h/v1/chat/completions/", "h:80", "http://h:80/v1/chat/completions",
     "http://h:80/v1/models", "h", 80},
    {"http://h/a/chat/completions?api-version=2024-06-01&x=1", "h:80",
     "http://h:80/a/chat/completions?api-version=2024-06-01&x=1", "http://h:80/a/models", "h", 80},
    {"http://[::1]:8000", "[::1]:8000", "http://[::1]:8000/v1/chat/completions",
     "http://[::1]:8000/v1/models", "::1", 8000},
    {"http://[::ffff:127.0.0.1]/", "[::ffff:127.0.0.1]:80",
     "http://[::ffff:127.0.0.1]:80/v1/chat/completions", "http://[::ffff:127.0.0.1]:80/v1/models",
     "::ffff:127.0.0.1", 80},
    {"  a-1_b.c=http://localhost:65535 ", "a-1_b.c", "http://localhost:65535/v1/chat/completions",
     "http://localhost:65535/v1/models", "localhost", 65535},
};

static void test_good_urls(void **state)
{
    (void)state;
    for (size_t i = 0; i < WEIR_COUNT_OF(good); i++) {
        struct weir_target target;
        struct weir_err err = {.status = 0};
        weir_status status = weir_target_parse(good[i].text, "chat", &target, &err);
        if (status != WEIR_OK) {
            fail_msg("%s: %s", good[i].text, err.text);
        }
        assert_string_equal(target.name, good[i].name);
        assert_string_equal(target.url, good[i].url);
        assert_string_equal(target.models_url, good[i].models_url);
        assert_string_equal(target.host, good[i].host);
        assert_int_equal(target.port, good[i].port);
        assert_false(target.is_sim);
        assert_string_equal(target.dialect->name, "chat");
        assert_string_equal(target.model, "");
    }
}

struct bad {
    const char *text;
    const char *says; // part of the error
};

static const struct bad bad[] = {
    {"", "empty"},
    {"   ", "empty"},
    {"a=", "empty"},
    {"localhost:8000", "did you mean 'http://localhost:8000'"},
    {"a=localhost:8000/v1", "did you mean 'http://localhost:8000/v1'"},
    {"sim", "'sim:'"},
    {"ws://h", "only http:// and https://"},
    {"a=grpc://h", "only http:// and https://"},
    {"http://", "no host"},
    {"http:///v1", "no host"},
    {"http://:80", "no host"},
    {"http://h:", "port"},
    {"http://h:0", "port"},
    {"http://h:65536", "port"},
    {"http://h:-1", "port"},
    {"http://h:+80", "port"},
    {"http://h:80a/v1", "port"},
    {"http://::1:80", "brackets"},
    {"http://[::1", "']'"},
    {"http://[::1]80", ":PORT"},
    {"http://[fe80::1%25eth0]/", "IPv6"},
    {"http://[hello]/", "IPv6"},
    {"http://h h/", "0x20"},
    {"http://h/\x01", "0x01"},
    {"http://h/\"x\"", "0x22"},
    {"http://h\xc3\xa9/", "ASCII"},
    {"http://a,b/", "','"},
    {"http://h/#top", "'#'"},
    {"http://h/v1?x=1", "full endpoint path"},
    {"http://h?x=1", "full endpoint path"},
    {"http://h/v1/audio/speech", "no endpoint weir knows"},
    {"http://h/generate", "--endpoint-type tgi-generate or sglang-generate"},
    {"a b=http://h", "NAME"},
    {"=http://h", "NAME"},
    {"0123456789012345678901234567890123456789012345678901234567890123456789=http://h", "NAME"},
};

static void test_bad_urls(void **state)
{
    (void)state;
    for (size_t i = 0; i < WEIR_COUNT_OF(bad); i++) {
        struct weir_target target = {.port = 7};
        struct weir_err err = {.status = 0};
        assert_int_equal(weir_target_parse(bad[i].text, "chat", &target, &err), WEIR_INVALID);
        if (strstr(err.text, bad[i].says) == NULL) {
            fail_msg("'%s' says '%s', not '%s'", bad[i].text, err.text, bad[i].says);
        }
        assert_int_equal(target.port, 7); // untouched
    }
}

static void test_passwords_are_refused_and_never_shown(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "http://me:hunter2@h/v1", "https://hunter2@h",          "me:hunter2@h:80",
        "a=ftp://me:hunter2@h",   "http://me:hunter2@h:99999/", "http://hunter2@[::1",
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(texts); i++) {
        struct weir_target target;
        struct weir_err err = {.status = 0};
        assert_int_equal(weir_target_parse(texts[i], "chat", &target, &err), WEIR_INVALID);
        assert_null(strstr(err.text, "hunter2"));
        assert_true(err.text[0] != '\0');
    }
}

static void test_long_values(void **state)
{
    (void)state;
    char text[2048];
    struct weir_target target;
    struct weir_err err;
    (void)snprintf(text, sizeof(text), "http://%0300d", 1);
    assert_int_equal(weir_target_parse(text, "chat", &target, &err), WEIR_INVALID);
    (void)snprintf(text, sizeof(text), "http://%0200d", 1); // a host, but no name for a target
    assert_int_equal(weir_target_parse(text, "chat", &target, &err), WEIR_INVALID);
    assert_non_null(strstr(err.text, "NAME=URL"));
    (void)snprintf(text, sizeof(text), "a=http://%0200d", 1);
    assert_int_equal(weir_target_parse(text, "chat", &target, &err), WEIR_OK);
    for (int len = 440; len < 520; len++) { // no byte is ever lost silently
        (void)snprintf(text, sizeof(text), "http://h/%0*d", len, 1);
        weir_status status = weir_target_parse(text, "chat", &target, &err);
        size_t whole = (size_t)len + strlen("http://h:80/") + strlen("/v1/chat/completions");
        assert_int_equal(status, whole < sizeof(target.url) ? WEIR_OK : WEIR_INVALID);
        if (status == WEIR_OK) {
            assert_int_equal(strlen(target.url), whole);
        }
    }
    (void)snprintf(text, sizeof(text), "sim:%0300d", 1);
    assert_int_equal(weir_target_parse(text, "chat", &target, &err), WEIR_INVALID);
}

static void test_path_decides_the_dialect(void **state)
{
    (void)state;
    struct weir_target target;
    struct weir_err err;
    assert_int_equal(weir_target_parse("http://h/v1/completions", "chat", &target, &err), WEIR_OK);
    assert_string_equal(target.dialect->name, "completions");
    assert_string_equal(target.url, "http://h:80/v1/completions");
    assert_string_equal(target.models_url, "http://h:80/v1/models");
    assert_int_equal(weir_target_parse("http://h/x/chat/completions", "completions", &target, &err),
                     WEIR_OK);
    assert_string_equal(target.dialect->name, "chat");
    assert_int_equal(weir_target_parse("http://h/x", "completions", &target, &err), WEIR_OK);
    assert_string_equal(target.url, "http://h:80/x/v1/completions");
}

struct native {
    const char *text;
    const char *type; // --endpoint-type
    const char *url;
    const char *models_url;
    const char *name; // of the dialect
};

static const struct native natives[] = {
    {"http://h:1", "ollama-chat", "http://h:1/api/chat", "http://h:1/api/tags", "ollama-chat"},
    {"http://h:1/api/", "ollama-chat", "http://h:1/api/chat", "http://h:1/api/tags", "ollama-chat"},
    {"http://h:1/v1", "ollama-generate", "http://h:1/api/generate", "http://h:1/api/tags",
     "ollama-generate"},
    {"http://h:1/x/api/generate", "chat", "http://h:1/x/api/generate", "http://h:1/x/api/tags",
     "ollama-generate"},
    {"http://h:1", "tgi-generate-stream", "http://h:1/generate_stream", "http://h:1/info",
     "tgi-generate-stream"},
    {"http://h:1/generate", "tgi-generate", "http://h:1/generate", "http://h:1/info",
     "tgi-generate"},
    {"http://h:1/generate", "sglang-generate", "http://h:1/generate", "http://h:1/v1/models",
     "sglang-generate"},
    {"http://h:1/completion", "chat", "http://h:1/completion", "http://h:1/v1/models",
     "llamacpp-completion"},
    {"http://h:1/v1", "messages", "http://h:1/v1/messages", "http://h:1/v1/models", "messages"},
    {"http://h:1/v1/messages", "chat", "http://h:1/v1/messages", "http://h:1/v1/models",
     "messages"},
    {"http://h:1/rerank", "chat", "http://h:1/rerank", "http://h:1/v1/models", "rerank"},
    {"http://h:1/v2/rerank", "chat", "http://h:1/v2/rerank", "http://h:1/v2/models", "rerank"},
    {"http://h:1/openai/responses?api-version=preview", "chat",
     "http://h:1/openai/responses?api-version=preview", "http://h:1/openai/models", "responses"},
    {"http://h:1/v2/models/m/generate_stream", "chat", "http://h:1/v2/models/m/generate_stream",
     "http://h:1/v2/health/ready", "triton-generate-stream"},
};

static void test_native_urls(void **state)
{
    (void)state;
    for (size_t i = 0; i < WEIR_COUNT_OF(natives); i++) {
        struct weir_target target;
        struct weir_err err = {.status = 0};
        if (weir_target_parse(natives[i].text, natives[i].type, &target, &err) != WEIR_OK) {
            fail_msg("%s: %s", natives[i].text, err.text);
        }
        assert_string_equal(target.url, natives[i].url);
        assert_string_equal(target.models_url, natives[i].models_url);
        assert_string_equal(target.dialect->name, natives[i].name);
    }
    struct weir_target target;
    struct weir_err err;
    assert_int_equal(
        weir_target_parse("http://h/v2/models/m", "triton-generate-stream", &target, &err),
        WEIR_INVALID);
    assert_non_null(strstr(err.text, "no endpoint weir knows"));
}

static void test_unknown_endpoint_type(void **state)
{
    (void)state;
    struct weir_target target;
    struct weir_err err;
    assert_int_equal(weir_target_parse("http://h", "chatt", &target, &err), WEIR_INVALID);
    assert_non_null(strstr(err.text, "did you mean 'chat'?"));
    assert_non_null(strstr(err.text, "completions"));
    assert_int_equal(weir_target_parse("http://h", "", &target, &err), WEIR_INVALID);
}

static void test_sim(void **state)
{
    (void)state;
    struct weir_target target;
    struct weir_err err;
    assert_int_equal(weir_target_parse("sim:", "chat", &target, &err), WEIR_OK);
    assert_true(target.is_sim);
    assert_string_equal(target.name, "sim");
    assert_string_equal(target.url, "");
    assert_string_equal(target.sim_options, "");
    assert_int_equal(weir_target_parse("b=sim:ttft=50ms,itl=10ms", "completions", &target, &err),
                     WEIR_OK);
    assert_string_equal(target.name, "b");
    assert_string_equal(target.sim_options, "ttft=50ms,itl=10ms");
    weir_target_set_sim_port(&target, 4711);
    assert_string_equal(target.url, "http://127.0.0.1:4711/v1/completions");
    assert_string_equal(target.models_url, "http://127.0.0.1:4711/v1/models");
    assert_string_equal(target.host, "127.0.0.1");
    assert_int_equal(target.port, 4711);
}

static weir_status parse_as(char *type, char **urls, size_t count, char *model,
                            struct weir_target **targets, struct weir_err *err)
{
    struct weir_config config;
    weir_config_init(&config);
    struct weir_config with = config;
    with.endpoint_type = type;
    with.url = (struct weir_str_list){urls, count};
    with.model = model;
    size_t found = 0;
    weir_status status = weir_targets_parse(&with, targets, &found, err);
    weir_config_free(&config);
    if (status == WEIR_OK) {
        assert_int_equal(found, count);
    }
    return status;
}

static weir_status parse_all(char **urls, size_t count, char *model, struct weir_target **targets,
                             struct weir_err *err)
{
    char chat[] = "chat";
    return parse_as(chat, urls, count, model, targets, err);
}

/** The path of Triton's endpoint has the model's name in it. */
static void test_model_in_the_path(void **state)
{
    (void)state;
    char type[] = "triton-generate-stream";
    char base[] = "http://h:1/v2";
    char full[] = "http://h:1/v2/models/own/versions/2/generate_stream";
    char sim[] = "sim:";
    char model[] = "llama-3";
    char odd[] = "a/b";
    char none[] = "";
    struct weir_target *targets = NULL;
    struct weir_err err;
    assert_int_equal(parse_as(type, (char *[]){base, sim}, 2, model, &targets, &err), WEIR_OK);
    assert_string_equal(targets[0].url, "http://h:1/v2/models/llama-3/generate_stream");
    assert_string_equal(targets[0].model, "llama-3");
    weir_target_set_sim_port(&targets[1], 5);
    assert_string_equal(targets[1].url, "http://127.0.0.1:5/v2/models/llama-3/generate_stream");
    assert_string_equal(targets[1].models_url, "http://127.0.0.1:5/v2/health/ready");
    weir_free(targets);
    assert_int_equal(parse_as(type, (char *[]){full}, 1, none, &targets, &err), WEIR_OK);
    assert_string_equal(targets[0].url, full);
    assert_string_equal(targets[0].model, "own");
    weir_free(targets);
    assert_int_equal(parse_as(type, (char *[]){base}, 1, none, &targets, &err), WEIR_INVALID);
    assert_non_null(strstr(err.text, "--model"));
    assert_int_equal(parse_as(type, (char *[]){base}, 1, odd, &targets, &err), WEIR_INVALID);
    assert_non_null(strstr(err.text, "full URL"));
    for (size_t len = 1; len < 256; len++) { // a name too long for the URL is told
        char long_model[256] = "";
        char long_base[400];
        memset(long_model, 'm', len);
        (void)snprintf(long_base, sizeof(long_base), "x=http://h:1/%0300d", 1);
        const bool fits =
            weir_slice_of(long_base + 2).len + len + strlen("/v2/models//generate_stream") <
            sizeof(targets[0].url);
        const weir_status status =
            parse_as(type, (char *[]){long_base}, 1, long_model, &targets, &err);
        assert_int_equal(status, fits ? WEIR_OK : WEIR_INVALID);
        if (fits) {
            weir_free(targets);
        }
    }
}

static void test_lists(void **state)
{
    (void)state;
    char a[] = "http://h:1";
    char b[] = "http://h:2";
    char c[] = "x=http://h:1";
    char model[] = "llama";
    char long_model[400];
    memset(long_model, 'm', sizeof(long_model) - 1);
    long_model[sizeof(long_model) - 1] = '\0';
    struct weir_target *targets = NULL;
    struct weir_err err;
    assert_int_equal(parse_all((char *[]){a, b, c}, 3, model, &targets, &err), WEIR_OK);
    assert_string_equal(targets[1].name, "h:2");
    assert_string_equal(targets[2].model, "llama");
    weir_free(targets);
    assert_int_equal(parse_all((char *[]){a, b, a}, 3, model, &targets, &err), WEIR_INVALID);
    assert_non_null(strstr(err.text, "'h:1'"));
    assert_int_equal(parse_all(NULL, 0, model, &targets, &err), WEIR_INVALID);
    assert_non_null(strstr(err.text, "--url sim:"));
    assert_int_equal(parse_all((char *[]){a}, 1, long_model, &targets, &err), WEIR_INVALID);
    assert_non_null(strstr(err.text, "--model"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_urls),
        cmocka_unit_test(test_bad_urls),
        cmocka_unit_test(test_passwords_are_refused_and_never_shown),
        cmocka_unit_test(test_long_values),
        cmocka_unit_test(test_path_decides_the_dialect),
        cmocka_unit_test(test_native_urls),
        cmocka_unit_test(test_unknown_endpoint_type),
        cmocka_unit_test(test_sim),
        cmocka_unit_test(test_model_in_the_path),
        cmocka_unit_test(test_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
