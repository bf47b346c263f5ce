// Secrets: every form of a secret option on the command line, URLs, echoes of servers.
#include "result/fixture.h"

#include "weir/base/mem.h"
#include "weir/result/redact.h"

static void check_args(const char *const *args, const char *const *expected, int count)
{
    char *copy[16];
    for (int i = 0; i < count; i++) {
        copy[i] = weir_strdup(args[i]);
    }
    char **out = weir_redact_args(count, copy);
    for (int i = 0; i < count; i++) {
        assert_string_equal(out[i], expected[i]);
        assert_string_equal(copy[i], args[i]); // the caller's own stay
        weir_free(copy[i]);
    }
    weir_redact_args_free(out, count);
}

static void test_args(void **state)
{
    (void)state;
    const char *const args[] = {
        "weir",        "run",          "--api-key", "sk-1",    "--api-key=sk-2",   "-H",
        "X-Key: sk-3", "-HX-Key:sk-4", "--header",  "X: sk-5", "--header=Y: sk-6", "--header",
        "sk-7",        "-c",           "8"};
    const char *const expected[] = {
        "weir",       "run",          "--api-key", "***",    "--api-key=***",   "-H",
        "X-Key: ***", "-HX-Key: ***", "--header",  "X: ***", "--header=Y: ***", "--header",
        "***",        "-c",           "8"};
    check_args(args, expected, (int)WEIR_COUNT_OF(args));
}

static void test_secret_that_looks_like_an_option(void **state)
{
    (void)state;
    const char *const args[] = {"--api-key", "--header", "--name", "x", "--api-key"};
    const char *const expected[] = {"--api-key", "***", "--name", "x", "--api-key"};
    check_args(args, expected, (int)WEIR_COUNT_OF(args));
}

static void check_url(const char *text, const char *expected)
{
    struct weir_buf out;
    weir_buf_init(&out, 4096);
    assert_true(weir_redact_urls(text, &out));
    assert_string_equal(weir_buf_text(&out), expected);
    weir_buf_free(&out);
}

static void test_urls(void **state)
{
    (void)state;
    check_url("http://h:8000/v1", "http://h:8000/v1");
    check_url("a=http://u:p@h/v1", "a=http://***@h/v1");
    check_url("http://u:p@ss@h", "http://***@h");
    check_url("https://h/v1?api_key=abc&n=1&Token=x#f", "https://h/v1?api_key=***&n=1&Token=***#f");
    check_url("https://h?sig=&x", "https://h?sig=***&x");
    check_url("http://h/a@b", "http://h/a@b");
    check_url("http://u:p@a http://v:q@b/?key=1 end", "http://***@a http://***@b/?key=*** end");
    check_url("://", "://");
    check_url("http://", "http://");
    check_url("http://@?", "http://***@?");
    check_url("no url", "no url");
}

static void test_echoed_secret(void **state)
{
    (void)state;
    struct weir_buf out;
    weir_buf_init(&out, 4096);
    assert_true(weir_redact_secret("bad key sk-123, sk-123!", "sk-123", &out));
    assert_string_equal(weir_buf_text(&out), "bad key ***, ***!");
    weir_buf_clear(&out);
    assert_true(weir_redact_secret("abc", "abc", &out)); // too short to tell from a word
    assert_true(weir_redact_secret("abc", "", &out));
    assert_string_equal(weir_buf_text(&out), "abcabc");
    weir_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_args),
        cmocka_unit_test(test_secret_that_looks_like_an_option),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_echoed_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
