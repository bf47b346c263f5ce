// Defaults, setting, printing, JSON, fingerprint; and that secrets stay secret.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <jansson.h>

#include "config/config_samples.h"

enum { BYTES_MAX = 1 << 20 };

static const char *format(const struct weir_config *config, enum weir_option_id id,
                          struct weir_buf *out)
{
    weir_buf_clear(out);
    assert_true(weir_config_format(config, id, out));
    return weir_buf_text(out);
}

static void set(struct weir_config *config, enum weir_option_id id, const char *value)
{
    struct weir_err err = {0};
    if (weir_config_set(config, command_of(id), weir_option(id)->name, value, &err) != WEIR_OK) {
        fail_msg("%s = %s: %s", weir_option(id)->name, value, err.text);
    }
}

/** Every default text is a value of its kind, and what is printed of it means the same. */
static void defaults_are_valid(void **state)
{
    (void)state;
    struct weir_config config;
    struct weir_buf text;
    weir_buf_init(&text, BYTES_MAX);
    weir_config_init(&config);
    for (int i = 0; i < WEIR_OPTION_COUNT; i++) {
        const enum weir_option_id id = (enum weir_option_id)i;
        assert_int_equal(config.origins[i].kind, WEIR_ORIGIN_DEFAULT);
        assert_string_equal(format(&config, id, &text), weir_option(id)->fallback);
    }
    assert_int_equal(config.workers, -1);
    assert_int_equal(config.timeout, 600 * WEIR_SECOND);
    assert_int_equal(config.concurrency.count, 1);
    assert_int_equal(config.url.count, 0);
    assert_string_equal(config.model, "");
    weir_config_free(&config);
    weir_buf_free(&text);
}

static bool is_name(const char *name)
{
    for (const char *at = name; *at != '\0'; at++) {
        if (!islower((unsigned char)*at) && !isdigit((unsigned char)*at) && *at != '-') {
            return false;
        }
    }
    return name[0] != '\0' && strlen(name) < 60 && strncmp(name, "no-", 3) != 0;
}

/** What the code relies on beyond the types of the rows. */
static void rows_are_sound(void **state)
{
    (void)state;
    for (int i = 0; i < WEIR_OPTION_COUNT; i++) {
        const struct weir_option_info *row = weir_option((enum weir_option_id)i);
        assert_true(is_name(row->name));
        assert_true(row->commands != 0 && row->letter != 'h');
        assert_true(row->help[0] != '\0' && weir_option_group((enum weir_option_id)i)[0] != '\0');
        assert_int_equal(is_kind((enum weir_option_id)i, "BOOL"), row->value[0] == '\0');
        for (int k = 0; k < i; k++) {
            const struct weir_option_info *other = weir_option((enum weir_option_id)k);
            assert_string_not_equal(row->name, other->name);
            assert_false(row->letter != 0 && row->letter == other->letter &&
                         (row->commands & other->commands) != 0);
        }
    }
    assert_string_equal(weir_option_group(WEIR_OPTION_url), "Target");
    assert_string_equal(weir_option_group(WEIR_OPTION_concurrency), "Load");
    assert_string_equal(weir_option_group(WEIR_OPTION_slo), "Objectives");
    assert_string_equal(weir_option_group(WEIR_OPTION_idle_close), "Simulated server");
}

/** ORDER of the enums in config.h and of the VALUE column. */
static void choices_match_their_enums(void **state)
{
    (void)state;
    struct weir_config config;
    weir_config_init(&config);
    assert_int_equal(config.connection, WEIR_CONNECTION_REUSE);
    assert_int_equal(config.records, WEIR_RECORDS_JSONL);
    assert_int_equal(config.progress, WEIR_PROGRESS_AUTO);
    assert_int_equal(config.role_chunk, WEIR_ROLE_EARLY);
    assert_int_equal(config.usage, WEIR_USAGE_AUTO);
    assert_int_equal(config.reasoning_field, WEIR_REASONING_CONTENT);
    assert_int_equal(config.warmup, WEIR_WARMUP_FIXED);
    assert_int_equal(config.when_full, WEIR_WHEN_FULL_WAIT);
    set(&config, WEIR_OPTION_connection, "new");
    set(&config, WEIR_OPTION_records, "none");
    set(&config, WEIR_OPTION_progress, "none");
    set(&config, WEIR_OPTION_role_chunk, "none");
    set(&config, WEIR_OPTION_usage, "every");
    set(&config, WEIR_OPTION_reasoning_field, "reasoning");
    set(&config, WEIR_OPTION_warmup, "auto");
    set(&config, WEIR_OPTION_when_full, "drop");
    assert_int_equal(config.connection, WEIR_CONNECTION_NEW);
    assert_int_equal(config.records, WEIR_RECORDS_NONE);
    assert_int_equal(config.progress, WEIR_PROGRESS_NONE);
    assert_int_equal(config.role_chunk, WEIR_ROLE_NONE);
    assert_int_equal(config.usage, WEIR_USAGE_EVERY);
    assert_int_equal(config.reasoning_field, WEIR_REASONING);
    assert_int_equal(config.warmup, WEIR_WARMUP_AUTO);
    assert_int_equal(config.when_full, WEIR_WHEN_FULL_DROP);
    weir_config_free(&config);
}

/** Printed and parsed again, a value is the same. Secrets are printed by halves only. */
static void format_and_parse_are_inverse(void **state)
{
    (void)state;
    struct weir_buf text;
    char value[SAMPLE_BYTES];
    weir_buf_init(&text, BYTES_MAX);
    for (int i = 0; i < WEIR_OPTION_COUNT * SAMPLE_COUNT; i++) {
        const enum weir_option_id id = (enum weir_option_id)(i / SAMPLE_COUNT);
        if (is_kind(id, "SECRET") || is_kind(id, "SECRET_LIST")) {
            continue;
        }
        struct weir_config first;
        struct weir_config second;
        weir_config_init(&first);
        weir_config_init(&second);
        set(&first, id, sample(id, i % SAMPLE_COUNT, value));
        set(&second, id, format(&first, id, &text));
        assert_int_equal(first_difference(&first, &second), WEIR_OPTION_COUNT);
        assert_int_equal(first.origins[id].kind, WEIR_ORIGIN_FLAG);
        weir_config_free(&first);
        weir_config_free(&second);
    }
    weir_buf_free(&text);
}

/** Real numbers are read with their units, and printed as short as they can be without losing a
 * bit. */
static void real_numbers_keep_every_bit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
        const char *printed;
    } cases[] = {
        {"20", 20, "20"},
        {"0.1", 0.1, "0.1"},
        {"+.5", 0.5, "0.5"},
        {"1e1", 10, "10"},
        {"1.5k", 1500, "1500"},
        {"0.5M", 500000, "500000"},
        {"1M", 1000000, "1000000"},
        {"0.001", 0.001, "0.001"},
        {"0.30000000000000004", 0.30000000000000004, "0.30000000000000004"},
        {"33.333333333333336", 100.0 / 3, "33.333333333333336"},
    };
    struct weir_config config;
    struct weir_buf text;
    weir_buf_init(&text, BYTES_MAX);
    weir_config_init(&config);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set(&config, WEIR_OPTION_request_rate, cases[i].text);
        assert_int_equal(config.request_rate.count, 1);
        assert_true(config.request_rate.items[0] == cases[i].value);
        assert_string_equal(format(&config, WEIR_OPTION_request_rate, &text), cases[i].printed);
    }
    set(&config, WEIR_OPTION_request_rate, "5, 0.5,1k");
    assert_int_equal(config.request_rate.count, 3);
    assert_string_equal(format(&config, WEIR_OPTION_request_rate, &text), "5,0.5,1000");
    set(&config, WEIR_OPTION_cancel_rate, "-0");
    assert_string_equal(format(&config, WEIR_OPTION_cancel_rate, &text), "0");
    weir_config_free(&config);
    weir_buf_free(&text);
}

static void sizes_have_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
        const char *printed;
    } cases[] = {
        {"0", 0, "0B"},
        {"1000", 1000, "1000B"},
        {"64KiB", 65536, "64KiB"},
        {"1.5KB", 1500, "1500B"},
        {"100MB", 100000000, "100000000B"},
        {"2GiB", 2147483648, "2GiB"},
        {"1024GiB", 1099511627776, "1024GiB"},
    };
    struct weir_config config;
    struct weir_buf text;
    weir_buf_init(&text, BYTES_MAX);
    weir_config_init(&config);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set(&config, WEIR_OPTION_records_rotate, cases[i].text);
        assert_int_equal(config.records_rotate, cases[i].value);
        assert_string_equal(format(&config, WEIR_OPTION_records_rotate, &text), cases[i].printed);
    }
    weir_config_free(&config);
    weir_buf_free(&text);
}

/** Several items print as a list that a file takes back. */
static void lists_survive_a_file(void **state)
{
    (void)state;
    struct weir_config first;
    struct weir_config second;
    struct weir_err err = {0};
    struct weir_buf text;
    weir_buf_init(&text, BYTES_MAX);
    weir_config_init(&first);
    weir_config_init(&second);
    set(&first, WEIR_OPTION_url, "http://a");
    set(&first, WEIR_OPTION_url, "b=http://c, \"d\"");
    set(&first, WEIR_OPTION_concurrency, "1,2,4");
    set(&first, WEIR_OPTION_request_rate, "0.1,33.333333333333336,1k");
    set(&first, WEIR_OPTION_slo, "ttft:p99<200ms");
    set(&first, WEIR_OPTION_slo, "error_rate<0.1%");
    char yaml[512];
    (void)snprintf(yaml, sizeof(yaml), "url: %s\n", format(&first, WEIR_OPTION_url, &text));
    (void)snprintf(yaml + strlen(yaml), sizeof(yaml) - strlen(yaml), "concurrency: %s\n",
                   format(&first, WEIR_OPTION_concurrency, &text));
    (void)snprintf(yaml + strlen(yaml), sizeof(yaml) - strlen(yaml), "request-rate: [%s]\n",
                   format(&first, WEIR_OPTION_request_rate, &text));
    (void)snprintf(yaml + strlen(yaml), sizeof(yaml) - strlen(yaml), "slo: %s\n",
                   format(&first, WEIR_OPTION_slo, &text));
    assert_int_equal(weir_config_parse_yaml(&second, FOR_RUN, yaml, strlen(yaml), "y", &err),
                     WEIR_OK);
    assert_int_equal(first_difference(&first, &second), WEIR_OPTION_COUNT);
    weir_config_free(&first);
    weir_config_free(&second);
    weir_buf_free(&text);
}

/** What is wrong, and what the text must say of it. */
static const struct bad_value {
    const char *name;
    const char *value;
    const char *expected;
} bad_values[] = {
    {"duration", "30", "--duration: \"30\" has no unit; write 30s or 30ms"},
    {"duration", "", "\"\" is not a time"},
    {"duration", "-1s", "\"-1s\" is negative"},
    {"duration", "4000d", "at most 10 years"},
    {"duration", "5 s", "is not a time; write 50ms, 30s"},
    {"concurrency", "0", "0 is out of range; it must be 1 to 1M"},
    {"concurrency", "2000000", "it must be 1 to 1M"},
    {"concurrency", "1,", "\"\" is not a whole number"},
    {"concurrency", "", "\"\" is not a whole number"},
    {"concurrency", "1,x", "\"x\" is not a whole number; write 100, 1.5k or 2M"},
    {"concurrency", "auto", "\"auto\" is not a whole number"},
    {"workers", "many", "\"many\" is not a whole number; write 100, 1.5k or 2M, or auto"},
    {"workers", "-1", "is not a whole number"},
    {"workers", "257", "it must be 1 to 256"},
    {"seed", "1.5", "\"1.5\" is not a whole number"},
    {"request-rate", "", "\"\" is not a number; write 0.5, 20 or 1.5k"},
    {"request-rate", "0", "0 is out of range; it must be 0.001 to 1M"},
    {"request-rate", "-5", "-5 is out of range; it must be 0.001 to 1M"},
    {"request-rate", "5,", "\"\" is not a number"},
    {"request-rate", "5;6", "\"5;6\" is not a number"},
    {"request-rate", "2M", "it must be 0.001 to 1M"},
    {"request-rate", "1e400", "\"1e400\" is not a number"},
    {"request-rate", "9e307k", "\"9e307k\" is not a number"},
    {"request-rate", "inf", "\"inf\" is not a number"},
    {"request-rate", "nan", "\"nan\" is not a number"},
    {"request-rate", "0x10", "\"0x10\" is not a number"},
    {"request-rate", "k", "\"k\" is not a number"},
    {"request-rate", "10/s", "\"10/s\" is not a number"},
    {"burstiness", "0", "0 is out of range; it must be 0.01 to 1000"},
    {"cancel-rate", "5%", "\"5%\" is not a number; write 0.5, 20"},
    {"cancel-rate", "100.5", "100.5 is out of range; it must be 0 to 100"},
    {"cancel-rate", "-0.1", "it must be 0 to 100"},
    {"records-rotate", "", "\"\" is not a size; write 64KiB, 100MB or 2GiB"},
    {"records-rotate", "10MiBs", "\"10MiBs\" is not a size"},
    {"records-rotate", "-1", "\"-1\" is not a size"},
    {"records-rotate", "0.5B", "\"0.5B\" is not a size"},
    {"records-rotate", "1025GiB", "1025GiB is out of range; it must be 0B to 1024GiB"},
    {"arrival", "uniform", "\"uniform\" is not one of poisson, constant, gamma"},
    {"when-full", "queue", "\"queue\" is not one of wait, drop"},
    {"warmup", "yes", "\"yes\" is not one of fixed, auto"},
    {"max-in-flight", "0", "it must be 1 to 1M"},
    {"repeat", "0", "it must be 1 to 1000"},
    {"request-rtae", "5", "did you mean --request-rate?"},
    {"slo", "", "the value is empty"},
    {"streaming", "yes", "\"yes\" is neither true nor false"},
    {"connection", "nwe", "\"nwe\" is not one of reuse, new"},
    {"connection", "", "is not one of reuse, new"},
    {"connection", "reuse|new", "is not one of"},
    {"url", "", "the value is empty"},
    {"url", "http://\xFF", "not valid UTF-8"},
    {"model", "\xC3", "not valid UTF-8"},
    {"extra-inputs", "temperature", "neither KEY=VALUE nor a JSON object"},
    {"extra-inputs", "=1", "neither KEY=VALUE nor a JSON object"},
    {"extra-inputs", "{\"a\":}", "is not valid JSON"},
    {"extra-inputs", "{\"a\":1,\"a\":2}", "is not valid JSON"},
    {"extra-inputs", "{} x", "is not valid JSON"},
    {"concurency", "1", "unknown option --concurency; did you mean --concurrency?"},
    {"zzzzzzzzzzzz", "1", "unknown option --zzzzzzzzzzzz"},
    {"port", "1", "--port is an option of weir sim"},
    {"bound", "1ms", "--bound is an option of weir calibrate"},
    {"itl", "1ms", "--itl is an option of weir sim and weir calibrate"},
    {"", "1", "unknown option --"},
};

static void bad_values_say_what_is_right(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad_values) / sizeof(bad_values[0]); i++) {
        const struct bad_value *bad = &bad_values[i];
        struct weir_config config;
        struct weir_config untouched;
        struct weir_err err = {0};
        weir_config_init(&config);
        weir_config_init(&untouched);
        assert_int_equal(weir_config_set(&config, FOR_RUN, bad->name, bad->value, &err),
                         WEIR_INVALID);
        if (strstr(err.text, bad->expected) == NULL) {
            fail_msg("%s = %s: \"%s\" lacks \"%s\"", bad->name, bad->value, err.text,
                     bad->expected);
        }
        assert_int_equal(first_difference(&config, &untouched), WEIR_OPTION_COUNT);
        weir_config_free(&config);
        weir_config_free(&untouched);
    }
}

/** Control bytes of a bad value never reach the terminal, and long ones are cut between characters.
 */
static void bad_values_are_shown_safely(void **state)
{
    (void)state;
    struct weir_config config;
    struct weir_err err = {0};
    char value[200];
    weir_config_init(&config);
    assert_int_equal(weir_config_set(&config, FOR_RUN, "seed", "\x1b[31m\n7", &err), WEIR_INVALID);
    assert_non_null(strstr(err.text, "\"?[31m?7\""));
    for (size_t i = 0; i + 1 < sizeof(value); i += 2) {
        memcpy(value + i, "\xC3\xA9", 2);
    }
    value[sizeof(value) - 1] = '\0';
    value[sizeof(value) - 2] = '\0';
    assert_int_equal(weir_config_set(&config, FOR_RUN, "seed", value, &err), WEIR_INVALID);
    json_t *is_utf8 = json_string(err.text);
    assert_non_null(is_utf8);
    assert_non_null(strstr(err.text, "...\""));
    json_decref(is_utf8);
    weir_config_free(&config);
}

static void limits_hold(void **state)
{
    (void)state;
    enum { LONG = 64 * 1024 };
    struct weir_config config;
    struct weir_err err = {0};
    weir_config_init(&config);
    char *value = malloc(LONG + 2);
    assert_non_null(value);
    memset(value, 'x', LONG + 1);
    value[LONG + 1] = '\0';
    assert_int_equal(weir_config_set(&config, FOR_RUN, "name", value, &err), WEIR_INVALID);
    assert_non_null(strstr(err.text, "longer than 64 KiB"));
    value[LONG] = '\0';
    assert_int_equal(weir_config_set(&config, FOR_RUN, "name", value, &err), WEIR_OK);
    for (int i = 0; i < 1024; i++) {
        assert_int_equal(weir_config_set(&config, FOR_RUN, "url", "sim:", &err), WEIR_OK);
    }
    assert_int_equal(weir_config_set(&config, FOR_RUN, "url", "sim:", &err), WEIR_INVALID);
    assert_non_null(strstr(err.text, "more than 1024 items"));
    assert_int_equal(config.url.count, 1024);
    memset(value, ',', LONG);
    for (int i = 0; i < LONG; i += 2) {
        value[i] = '1';
    }
    assert_int_equal(weir_config_set(&config, FOR_RUN, "concurrency", value, &err), WEIR_INVALID);
    assert_non_null(strstr(err.text, "more than 1024 items"));
    assert_int_equal(weir_config_set(&config, FOR_RUN, "request-rate", value, &err), WEIR_INVALID);
    assert_non_null(strstr(err.text, "more than 1024 items"));
    assert_int_equal(config.request_rate.count, 0);
    free(value);
    weir_config_free(&config);
}

/** The effective configuration is JSON with typed values, and holds the options of the command
 * alone. */
static void json_is_typed(void **state)
{
    (void)state;
    struct weir_config config;
    struct weir_buf text;
    json_error_t error;
    weir_buf_init(&text, BYTES_MAX);
    weir_config_init(&config);
    set(&config, WEIR_OPTION_name, "a \"b\"\n\\c");
    set(&config, WEIR_OPTION_concurrency, "1,2");
    set(&config, WEIR_OPTION_burstiness, "0.25");
    set(&config, WEIR_OPTION_records_rotate, "64KiB");
    assert_true(weir_config_json(&config, FOR_RUN, &text));
    json_t *root = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &error);
    assert_non_null(root);
    for (int i = 0; i < WEIR_OPTION_COUNT; i++) {
        const struct weir_option_info *row = weir_option((enum weir_option_id)i);
        const json_t *member = json_object_get(root, row->name);
        assert_int_equal(member != NULL, (row->commands & FOR_RUN) != 0);
        assert_true(member == NULL || json_is_string(json_object_get(member, "origin")));
    }
#define VALUE(name) json_object_get(json_object_get(root, name), "value")
    assert_string_equal(json_string_value(VALUE("name")), "a \"b\"\n\\c");
    assert_string_equal(json_string_value(VALUE("workers")), "auto");
    assert_string_equal(json_string_value(VALUE("timeout")), "600s");
    assert_string_equal(json_string_value(VALUE("connection")), "reuse");
    assert_true(json_is_null(VALUE("model")) && json_is_null(VALUE("api-key")));
    assert_true(json_is_true(VALUE("streaming")) && json_is_false(VALUE("quiet")));
    assert_int_equal(json_integer_value(VALUE("isl")), 128);
    assert_int_equal(json_integer_value(json_array_get(VALUE("concurrency"), 1)), 2);
    assert_int_equal(json_array_size(VALUE("url")), 0);
    assert_int_equal(json_array_size(VALUE("request-rate")), 0);
    assert_true(json_is_array(VALUE("request-rate")));
    assert_true(json_real_value(VALUE("burstiness")) == 0.25);
    assert_string_equal(json_string_value(VALUE("records-rotate")), "64KiB");
    assert_string_equal(json_string_value(VALUE("max-in-flight")), "auto");
    assert_true(json_is_null(VALUE("goodput")));
#undef VALUE
    json_decref(root);
    weir_config_free(&config);
    weir_buf_free(&text);
}

/** A full buffer is told, not hidden. */
static void small_buffers_are_refused(void **state)
{
    (void)state;
    struct weir_config config;
    weir_config_init(&config);
    struct weir_buf whole;
    weir_buf_init(&whole, BYTES_MAX);
    assert_true(weir_config_json(&config, FOR_RUN, &whole));
    for (size_t cap = 0; cap <= whole.len; cap++) {
        struct weir_buf text;
        weir_buf_init(&text, cap);
        assert_int_equal(weir_config_json(&config, FOR_RUN, &text), cap == whole.len);
        assert_true(text.len <= cap);
        weir_buf_free(&text);
    }
    weir_buf_free(&whole);
    weir_config_free(&config);
}

static bool shapes_load(enum weir_option_id id)
{
    static const char *const others[] = {
        "name",           "out", "progress",         "quiet",   "json",    "records",
        "records-rotate", "slo", "records-compress", "goodput", "api-key", "allow-invalid"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (strcmp(weir_option(id)->name, others[i]) == 0) {
            return false;
        }
    }
    return true;
}

/** The fingerprint changes with each option that shapes the load, and with no other. */
static void hash_covers_the_load(void **state)
{
    (void)state;
    char value[SAMPLE_BYTES];
    struct weir_config defaults;
    weir_config_init(&defaults);
    for (int i = 0; i < WEIR_OPTION_COUNT; i++) {
        const enum weir_option_id id = (enum weir_option_id)i;
        const int command = command_of(id);
        struct weir_config config;
        weir_config_init(&config);
        for (int which = SAMPLE_COUNT;
             which-- > 0 && first_difference(&config, &defaults) == WEIR_OPTION_COUNT;) {
            set(&config, id, sample(id, which, value));
        }
        assert_int_equal(first_difference(&config, &defaults), id);
        const bool is_changed =
            weir_config_hash(&config, command) != weir_config_hash(&defaults, command);
        if (is_changed != shapes_load(id)) {
            fail_msg("%s: changed %d", weir_option(id)->name, is_changed);
        }
        weir_config_free(&config);
    }
    weir_config_free(&defaults);
}

/** Where a value came from is no part of the fingerprint; nor are the options of other commands. */
static void hash_is_of_values(void **state)
{
    (void)state;
    struct weir_config config;
    struct weir_config defaults;
    weir_config_init(&config);
    weir_config_init(&defaults);
    set(&config, WEIR_OPTION_isl, "128");
    set(&config, WEIR_OPTION_port, "9");
    assert_int_equal(weir_config_hash(&config, FOR_RUN), weir_config_hash(&defaults, FOR_RUN));
    assert_int_not_equal(weir_config_hash(&config, FOR_SIM), weir_config_hash(&defaults, FOR_SIM));
    weir_config_free(&config);
    weir_config_free(&defaults);
}

static void secrets_never_show(void **state)
{
    (void)state;
    struct weir_config config;
    struct weir_config other;
    struct weir_buf text;
    struct weir_err err = {0};
    weir_buf_init(&text, BYTES_MAX);
    weir_config_init(&config);
    weir_config_init(&other);
    set(&config, WEIR_OPTION_api_key, "sk-hush");
    set(&config, WEIR_OPTION_header, "X-Key: sk-hush");
    assert_string_equal(format(&config, WEIR_OPTION_api_key, &text), "***");
    assert_string_equal(format(&config, WEIR_OPTION_header, &text), "X-Key");
    set(&config, WEIR_OPTION_header, "Cookie:sk-hush:2");
    assert_string_equal(format(&config, WEIR_OPTION_header, &text), "[\"X-Key\", \"Cookie\"]");
    weir_buf_clear(&text);
    assert_true(weir_config_json(&config, FOR_RUN, &text));
    assert_null(strstr(text.ptr, "hush"));
    set(&other, WEIR_OPTION_header, "X-Key: 2");
    set(&other, WEIR_OPTION_header, "Cookie: 3");
    assert_int_equal(weir_config_hash(&config, FOR_RUN), weir_config_hash(&other, FOR_RUN));

    static const char *const refused[] = {
        "sk-hush",        "Bearer sk-hush: x",  "sk hush: x", ": sk-hush", "X: sk-hush\r\nY",
        "X: \x01sk-hush", "X-Key: sk-hush\xFF", "hush",       "\nhush: 1", "{\"X\": \"sk-hush\"}"};
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        assert_int_equal(weir_config_set(&config, FOR_RUN, "header", refused[i], &err),
                         WEIR_INVALID);
        assert_null(strstr(err.text, "hush"));
    }
    assert_int_equal(weir_config_set(&config, FOR_RUN, "api-key", "sk-hush\n", &err), WEIR_INVALID);
    assert_null(strstr(err.text, "hush"));
    assert_int_equal(weir_config_set(&config, FOR_RUN, "header", "X-Key:  ", &err), WEIR_INVALID);
    assert_non_null(strstr(err.text, "header X-Key has no value"));
    weir_config_free(&config);
    weir_config_free(&other);
    weir_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_valid),
        cmocka_unit_test(rows_are_sound),
        cmocka_unit_test(choices_match_their_enums),
        cmocka_unit_test(format_and_parse_are_inverse),
        cmocka_unit_test(real_numbers_keep_every_bit),
        cmocka_unit_test(sizes_have_units),
        cmocka_unit_test(lists_survive_a_file),
        cmocka_unit_test(bad_values_say_what_is_right),
        cmocka_unit_test(bad_values_are_shown_safely),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(json_is_typed),
        cmocka_unit_test(small_buffers_are_refused),
        cmocka_unit_test(hash_covers_the_load),
        cmocka_unit_test(hash_is_of_values),
        cmocka_unit_test(secrets_never_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
