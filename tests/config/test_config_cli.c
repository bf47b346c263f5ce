// Arguments: each form of each option, and what is said when they are wrong.
#define _GNU_SOURCE // setenv
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <unistd.h>

#include "config/config_samples.h"

enum { ARGS_MAX = 16 };

/** Parse arguments that end with NULL. */
static weir_status parse(struct weir_config *config, int command, const char *const *args,
                         enum weir_cli_wish *wish, struct weir_err *err)
{
    char *argv[ARGS_MAX];
    int argc = 0;
    for (; args[argc] != NULL; argc++) {
        argv[argc] = strdup(args[argc]);
        assert_non_null(argv[argc]);
    }
    weir_config_init(config);
    weir_status status = weir_config_parse_args(config, command, argc, argv, wish, err);
    for (int i = 0; i < argc; i++) {
        free(argv[i]);
    }
    return status;
}

/** Parse arguments that are right. */
static void parse_well(struct weir_config *config, int command, const char *const *args)
{
    enum weir_cli_wish wish = WEIR_CLI_HELP;
    struct weir_err err = {0};
    if (parse(config, command, args, &wish, &err) != WEIR_OK) {
        fail_msg("%s %s: %s", args[0], args[1] != NULL ? args[1] : "", err.text);
    }
    assert_int_equal(wish, WEIR_CLI_GO);
}

/** Each option by each of its forms gives what weir_config_set gives. */
static void every_form_of_every_option(void **state)
{
    (void)state;
    for (int i = 0; i < WEIR_OPTION_COUNT * SAMPLE_COUNT; i++) {
        const enum weir_option_id id = (enum weir_option_id)(i / SAMPLE_COUNT);
        const struct weir_option_info *row = weir_option(id);
        struct weir_config wanted;
        struct weir_err err = {0};
        char value[SAMPLE_BYTES];
        char name[64];
        char joined[SAMPLE_BYTES + 64];
        char letter[] = {'-', row->letter, '\0'};
        char letter_joined[SAMPLE_BYTES + 2];
        weir_config_init(&wanted);
        (void)sample(id, i % SAMPLE_COUNT, value);
        assert_int_equal(weir_config_set(&wanted, command_of(id), row->name, value, &err), WEIR_OK);
        const bool is_flag = is_kind(id, "BOOL");
        (void)snprintf(name, sizeof(name), is_flag && value[0] == 'f' ? "--no-%s" : "--%s",
                       row->name);
        (void)snprintf(joined, sizeof(joined), "--%s=%s", row->name, value);
        (void)snprintf(letter_joined, sizeof(letter_joined), "-%c%s", row->letter, value);
        const char *const forms[][3] = {
            {joined}, {name, is_flag ? NULL : value}, {letter, value}, {letter_joined}};
        const size_t count = row->letter != '\0' && !is_flag ? 4 : 2;
        for (size_t form = 0; form < count; form++) {
            struct weir_config config;
            parse_well(&config, command_of(id), forms[form]);
            assert_int_equal(first_difference(&config, &wanted), WEIR_OPTION_COUNT);
            assert_int_equal(config.origins[id].kind, WEIR_ORIGIN_FLAG);
            weir_config_free(&config);
        }
        weir_config_free(&wanted);
    }
}

static void lists_add_up_and_values_replace(void **state)
{
    (void)state;
    struct weir_config config;
    parse_well(&config, FOR_RUN,
               (const char *const[]){"-u", "a", "--url", "b=c", "-c1,2", "-c", "8", "-q",
                                     "--no-quiet", "--seed", "7", "-s8", NULL});
    assert_int_equal(config.url.count, 2);
    assert_string_equal(config.url.items[1], "b=c");
    assert_int_equal(config.concurrency.count, 1);
    assert_int_equal(config.concurrency.items[0], 8);
    assert_false(config.quiet);
    assert_int_equal(config.seed, 8);
    weir_config_free(&config);
}

static void help_is_seen_anywhere(void **state)
{
    (void)state;
    static const char *const lines[][4] = {
        {"--help"}, {"-c", "8", "-h"}, {"--bogus", "--help"}, {"--duration", "--help"}};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct weir_config config;
        enum weir_cli_wish wish = WEIR_CLI_GO;
        assert_int_equal(parse(&config, FOR_RUN, lines[i], &wish, NULL), WEIR_OK);
        assert_int_equal(wish, WEIR_CLI_HELP);
        weir_config_free(&config);
    }
}

static void wrong_arguments_say_what_is_right(void **state)
{
    (void)state;
    static const struct {
        const char *args[5];
        const char *expected;
    } cases[] = {
        {{"--concurency", "4"}, "unknown option --concurency; did you mean --concurrency?"},
        {{"--confg", "x"}, "did you mean --config?"},
        {{"--request_count", "4"}, "did you mean --request-count?"},
        {{"--port", "4"}, "--port is an option of weir sim"},
        {{"-p", "4"}, "unknown option -p; --help"},
        {{"-\xC3\xA9"}, "unknown option -?; --help"},
        {{"--duration"}, "--duration needs a value: --duration TIME"},
        {{"--duration", "-c", "4"}, "--duration needs a value"},
        {{"--duration", "--json"}, "--duration needs a value"},
        {{"-d"}, "-d needs a value: -d TIME"},
        {{"--config"}, "--config needs a value: --config FILE"},
        {{"-d", "30"}, "--duration: \"30\" has no unit; write 30s or 30ms"},
        {{"--seed", "-5"}, "--seed: \"-5\" is not a whole number"},
        {{"--duration="}, "--duration: \"\" is not a time"},
        {{"--streaming", "false"},
         "unexpected argument \"false\"; a switch is written --streaming, --no-streaming or"},
        {{"--streaming=maybe"}, "--streaming: \"maybe\" is neither true nor false"},
        {{"--no-streaming=true"}, "--no-streaming takes no value"},
        {{"--no-streaming=\xFF"}, "--no-streaming takes no value"},
        {{"--no-duration"}, "unknown option --no-duration"},
        {{"-qd5s"}, "-q takes no value; write each switch on its own"},
        {{"http://a"}, "unexpected argument \"http://a\"; options begin with --"},
        {{"-"}, "unexpected argument \"-\""},
        {{"--"}, "unexpected argument \"--\""},
        {{""}, "unexpected argument \"\""},
        {{"--="}, "unknown option --"},
        {{"--no-\x8Cream=x"}, "unknown option --no-?ream"},
        {{"\xFF\n"}, "unexpected argument \"??\""},
        {{"--config", "a", "--config=b"}, "--config is given twice"},
        {{"--config", "/no/such/file"}, "--config: cannot open /no/such/file: No such file"},
        {{"--config", "/"}, "--config: cannot read /: Is a directory"},
        {{"--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
         "unknown option --aaaa"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct weir_config config;
        struct weir_err err = {0};
        enum weir_cli_wish wish;
        assert_int_equal(parse(&config, FOR_RUN, cases[i].args, &wish, &err), WEIR_INVALID);
        json_t *is_utf8 = json_string(err.text);
        assert_non_null(is_utf8);
        json_decref(is_utf8);
        if (strstr(err.text, cases[i].expected) == NULL) {
            fail_msg("%s: \"%s\" lacks \"%s\"", cases[i].args[0], err.text, cases[i].expected);
        }
        weir_config_free(&config);
    }
}

/** A secret that the shell took apart, or stands behind a mistyped option, is not repeated. */
static void errors_keep_secrets(void **state)
{
    (void)state;
    static const char *const lines[][5] = {
        {"--header", "X-Key: a", "sk-hush"},
        {"-H", "X-Key:", "sk-hush"},
        {"--api-key", "a", "sk-hush"},
        {"--api-kye=sk-hush"},
        {"-HX-Key sk-hush"},
        {"--header=sk-hush"},
        {"--api-key", "sk-hush\n"},
        {"-H", "X-Key: a", "-H", "sk-hush"},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct weir_config config;
        struct weir_err err = {0};
        enum weir_cli_wish wish;
        assert_int_equal(parse(&config, FOR_RUN, lines[i], &wish, &err), WEIR_INVALID);
        assert_null(strstr(err.text, "hush"));
        assert_true(strlen(err.text) > 20);
        weir_config_free(&config);
    }
}

// ---- files and environment
// -------------------------------------------------------------------------------

/** A file of `text` that the caller unlinks. */
static void write_file(char path[], const char *text)
{
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
}

/** The file is read first wherever --config stands; flags override it, also flags that would add
 * up. */
static void flags_override_the_file(void **state)
{
    (void)state;
    char path[] = "weir-test-XXXXXX";
    char origin[300];
    char expected[64];
    struct weir_config config;
    write_file(path, "url: [http://a, http://b]\nisl: 5\nquiet: true\nosl: 9\n");
    parse_well(&config, FOR_RUN,
               (const char *const[]){"--url", "http://c", "--isl=6", "--config", path, "-u",
                                     "http://d", "--no-quiet", NULL});
    assert_int_equal(config.url.count, 2);
    assert_string_equal(config.url.items[0], "http://c");
    assert_string_equal(config.url.items[1], "http://d");
    assert_int_equal(config.isl, 6);
    assert_int_equal(config.osl, 9);
    assert_false(config.quiet);
    (void)snprintf(expected, sizeof(expected), "%s:4", path);
    assert_string_equal(weir_config_origin(&config, WEIR_OPTION_osl, origin, sizeof(origin)),
                        expected);
    assert_string_equal(weir_config_origin(&config, WEIR_OPTION_isl, origin, sizeof(origin)),
                        "flag");
    assert_string_equal(weir_config_origin(&config, WEIR_OPTION_seed, origin, sizeof(origin)),
                        "default");
    weir_config_free(&config);
    assert_int_equal(unlink(path), 0);
}

static void errors_of_the_file_name_it(void **state)
{
    (void)state;
    char path[] = "weir-test-XXXXXX";
    struct weir_config config;
    struct weir_err err = {0};
    enum weir_cli_wish wish;
    write_file(path, "isl: 5\n\nconcurency: 8\n");
    assert_int_equal(
        parse(&config, FOR_RUN, (const char *const[]){"--config", path, NULL}, &wish, &err),
        WEIR_INVALID);
    assert_string_equal(err.file, path);
    assert_int_equal(err.line, 3);
    assert_int_equal(err.column, 1);
    assert_non_null(strstr(err.text, "did you mean concurrency?"));
    weir_config_free(&config);
    assert_int_equal(unlink(path), 0);
}

static void large_files_are_refused(void **state)
{
    (void)state;
    char path[] = "weir-test-XXXXXX";
    struct weir_config config;
    struct weir_err err = {0};
    enum weir_cli_wish wish;
    write_file(path, "isl: 5\n");
    assert_int_equal(truncate(path, (1 << 20) + 1), 0);
    assert_int_equal(
        parse(&config, FOR_RUN, (const char *const[]){"--config", path, NULL}, &wish, &err),
        WEIR_INVALID);
    assert_non_null(strstr(err.text, "larger than 1024 KiB"));
    weir_config_free(&config);
    assert_int_equal(unlink(path), 0);
}

static void check_key(const char *const *args, int command, const char *key,
                      enum weir_origin_kind origin)
{
    struct weir_config config;
    parse_well(&config, command, args);
    assert_string_equal(config.api_key, key);
    assert_int_equal(config.origins[WEIR_OPTION_api_key].kind, origin);
    weir_config_free(&config);
}

static void the_environment_gives_a_key(void **state)
{
    (void)state;
    static const char *const none[] = {NULL};
    static const char *const flag[] = {"--api-key", "mine", NULL};
    static const char *const empty[] = {"--api-key", "", NULL};
    assert_int_equal(unsetenv("WEIR_API_KEY") | unsetenv("OPENAI_API_KEY"), 0);
    check_key(none, FOR_RUN, "", WEIR_ORIGIN_DEFAULT);
    assert_int_equal(setenv("OPENAI_API_KEY", "second", 1), 0);
    check_key(none, FOR_RUN, "second", WEIR_ORIGIN_ENVIRONMENT);
    assert_int_equal(setenv("WEIR_API_KEY", "", 1), 0);
    check_key(none, FOR_RUN, "second", WEIR_ORIGIN_ENVIRONMENT);
    assert_int_equal(setenv("WEIR_API_KEY", "first", 1), 0);
    check_key(none, FOR_RUN, "first", WEIR_ORIGIN_ENVIRONMENT);
    check_key(none, FOR_SIM, "", WEIR_ORIGIN_DEFAULT);
    check_key(flag, FOR_RUN, "mine", WEIR_ORIGIN_FLAG);
    check_key(empty, FOR_RUN, "", WEIR_ORIGIN_FLAG);
    assert_int_equal(setenv("WEIR_API_KEY", "sk-hush\r\nX: y", 1), 0);
    struct weir_config config;
    struct weir_err err = {0};
    enum weir_cli_wish wish;
    assert_int_equal(parse(&config, FOR_RUN, none, &wish, &err), WEIR_INVALID);
    assert_non_null(
        strstr(err.text, "environment variable WEIR_API_KEY: the value holds a control character"));
    weir_config_free(&config);
    assert_int_equal(unsetenv("WEIR_API_KEY") | unsetenv("OPENAI_API_KEY"), 0);
}

int main(void)
{
    (void)unsetenv("WEIR_API_KEY");
    (void)unsetenv("OPENAI_API_KEY");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_of_every_option),
        cmocka_unit_test(lists_add_up_and_values_replace),
        cmocka_unit_test(help_is_seen_anywhere),
        cmocka_unit_test(wrong_arguments_say_what_is_right),
        cmocka_unit_test(errors_keep_secrets),
        cmocka_unit_test(flags_override_the_file),
        cmocka_unit_test(errors_of_the_file_name_it),
        cmocka_unit_test(large_files_are_refused),
        cmocka_unit_test(the_environment_gives_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
