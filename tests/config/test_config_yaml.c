// YAML: every option, every kind of mistake with its place, and hostile documents.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>

#include "config/config_samples.h"

static void parse_well(struct weir_config *config, int command, const char *yaml)
{
    struct weir_err err = {0};
    weir_config_init(config);
    if (weir_config_parse_yaml(config, command, yaml, strlen(yaml), "c.yaml", &err) != WEIR_OK) {
        fail_msg("%d:%d: %s in\n%s", err.line, err.column, err.text, yaml);
    }
}

/** `value` as a double-quoted YAML scalar; JSON strings are that. */
static void quote(const char *value, char *out, size_t size)
{
    json_t *string = json_string(value);
    char *text = json_dumps(string, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    assert_non_null(text);
    (void)snprintf(out, size, "%s", text);
    free(text);
    json_decref(string);
}

/** Each option by file gives what weir_config_set gives: quoted, in a sequence where it is a list,
 * with _ for -. */
static void every_option_by_file(void **state)
{
    (void)state;
    for (int i = 0; i < WEIR_OPTION_COUNT * SAMPLE_COUNT; i++) {
        const enum weir_option_id id = (enum weir_option_id)(i / SAMPLE_COUNT);
        const char *name = weir_option(id)->name;
        const bool is_list = strstr(kind_names[id], "_LIST") != NULL;
        struct weir_config wanted;
        struct weir_err err = {0};
        char value[SAMPLE_BYTES];
        char quoted[2 * SAMPLE_BYTES];
        char under[64];
        char yaml[3][1024];
        weir_config_init(&wanted);
        (void)sample(id, i % SAMPLE_COUNT, value);
        assert_int_equal(weir_config_set(&wanted, command_of(id), name, value, &err), WEIR_OK);
        quote(value, quoted, sizeof(quoted));
        (void)snprintf(under, sizeof(under), "%s", name);
        for (char *at = strchr(under, '-'); at != NULL; at = strchr(at, '-')) {
            *at = '_';
        }
        (void)snprintf(yaml[0], sizeof(yaml[0]), "%s: %s\n", name, quoted);
        (void)snprintf(yaml[1], sizeof(yaml[1]), "---\n\n# comment\n%s   :   %s # comment", under,
                       quoted);
        (void)snprintf(yaml[2], sizeof(yaml[2]), "%s:\n  - %s\n", name, quoted);
        for (int form = 0; form < (is_list ? 3 : 2); form++) {
            static const int lines[] = {1, 4, 2};
            struct weir_config config;
            parse_well(&config, command_of(id), yaml[form]);
            assert_int_equal(first_difference(&config, &wanted), WEIR_OPTION_COUNT);
            assert_int_equal(config.origins[id].kind, WEIR_ORIGIN_FILE);
            assert_int_equal(config.origins[id].line, lines[form]);
            weir_config_free(&config);
        }
        weir_config_free(&wanted);
    }
}

static void plain_values_need_no_quotes(void **state)
{
    (void)state;
    struct weir_config config;
    parse_well(&config, FOR_RUN,
               "url: sim:ttft=50ms,itl=10ms\nconcurrency: 1, 2,4\nduration: 1.5m\nstreaming: "
               "false\nworkers: auto\n"
               "input-file: a b.jsonl\nheader:\n- 'X-A: 1'\n- \"X-B: 2\"\n"
               "slo: time_to_first_token:p99<200ms\nrequest-rate:\n- 0.5\n- 1.5k\n"
               "rate-schedule: 10/s for 30s, ramp to 50/s over 1m\nrecords-rotate: 64KiB\n");
    assert_string_equal(config.slo.items[0], "time_to_first_token:p99<200ms");
    assert_int_equal(config.request_rate.count, 2);
    assert_true(config.request_rate.items[1] == 1500);
    assert_string_equal(config.rate_schedule, "10/s for 30s, ramp to 50/s over 1m");
    assert_int_equal(config.records_rotate, 65536);
    assert_string_equal(config.url.items[0], "sim:ttft=50ms,itl=10ms");
    assert_int_equal(config.concurrency.count, 3);
    assert_int_equal(config.duration, 90 * WEIR_SECOND);
    assert_false(config.streaming);
    assert_string_equal(config.input_file, "a b.jsonl");
    assert_string_equal(config.header.items[1], "X-B: 2");
    assert_int_equal(config.origins[WEIR_OPTION_header].line, 8);
    weir_config_free(&config);
}

static void empty_documents_change_nothing(void **state)
{
    (void)state;
    static const char *const documents[] = {
        "",  "\n",   "# only a comment\n", "---\n",           "---\n...\n", "{}",
        "~", "null", "\xEF\xBB\xBF",       "%YAML 1.1\n---\n"};
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        struct weir_config config;
        struct weir_config defaults;
        weir_config_init(&defaults);
        parse_well(&config, FOR_RUN, documents[i]);
        assert_int_equal(first_difference(&config, &defaults), WEIR_OPTION_COUNT);
        weir_config_free(&config);
        weir_config_free(&defaults);
    }
}

static void mappings_are_headers_and_inputs(void **state)
{
    (void)state;
    static const char *const inputs[] = {"temperature=0", "ignore_eos=true",
                                         "user=\"7\"",    "note=\"a \\\"b\\\"\\nc\"",
                                         "none=null",     "big=-1.5e3",
                                         "octal=\"007\"", "dot=\"1.\"",
                                         "hex=\"0x1F\"",  "stop=[\"a\",\"1\",{\"x\":[],\"y\":{}}]",
                                         "yes=\"yes\"",   "nan=\".nan\"",
                                         "under=\"1_0\""};
    struct weir_config config;
    parse_well(&config, FOR_RUN,
               "header: {X-A: b c, X-B: 5}\n"
               "extra_inputs:\n  temperature: 0\n  ignore_eos: true\n  user: '7'\n  note: \"a "
               "\\\"b\\\"\\nc\"\n  none:\n"
               "  big: -1.5e3\n  octal: 007\n  dot: 1.\n  hex: 0x1F\n  stop: [a, '1', {x: [], y: "
               "{}}]\n  yes: yes\n  nan: .nan\n"
               "  under: 1_0\n");
    assert_int_equal(config.header.count, 2);
    assert_string_equal(config.header.items[0], "X-A: b c");
    assert_string_equal(config.header.items[1], "X-B: 5");
    assert_int_equal(config.extra_inputs.count, sizeof(inputs) / sizeof(inputs[0]));
    for (size_t i = 0; i < config.extra_inputs.count; i++) {
        assert_string_equal(config.extra_inputs.items[i], inputs[i]);
        json_t *value = json_loads(strchr(inputs[i], '=') + 1, JSON_DECODE_ANY, NULL);
        assert_non_null(value);
        json_decref(value);
    }
    assert_int_equal(config.origins[WEIR_OPTION_extra_inputs].line, 3);
    weir_config_free(&config);
    parse_well(
        &config, FOR_RUN,
        "header:\n- X-A: 1\n- 'X-B: 2'\n- {X-C: 3, X-D: 4}\nextra-inputs: [a=1, b: {c: 2}]\n");
    assert_int_equal(config.header.count, 4);
    assert_string_equal(config.header.items[3], "X-D: 4");
    assert_string_equal(config.extra_inputs.items[1], "b={\"c\":2}");
    weir_config_free(&config);
}

/** One mistake each: the document, where, and what is said. */
static const struct mistake {
    const char *yaml;
    int line;
    int column;
    const char *expected;
} mistakes[] = {
    // names
    {"isl: 5\nconcurency: 8\n", 2, 1, "unknown option concurency; did you mean concurrency?"},
    {"  zzzzzzzzzzzzzz: 8\n", 1, 3, "unknown option zzzzzzzzzzzzzz"},
    {"request_cuont: 8\n", 1, 1, "did you mean request-count?"},
    {"isl: 5\nport: 8\n", 2, 1, "port is an option of weir sim"},
    {"config: other.yaml\n", 1, 1, "unknown option config"},
    {"--isl: 5\n", 1, 1, "unknown option --isl; did you mean isl?"},
    {"\"\": 5\n", 1, 1, "unknown option"},
    {"\"isl\\0x\": 5\n", 1, 1, "no option has such a name"},
    {"isl: 5\nosl: 6\nisl: 7\n", 3, 1, "isl is given twice, first in line 1"},
    {"warmup-count: 5\nwarmup_count: 6\n", 2, 1, "warmup-count is given twice, first in line 1"},
    {"{isl: 5, isl: 5}", 1, 10, "isl is given twice"},
    {"[a, b]: 5\n", 1, 1, "a key must be the name of an option"},
    {"? {a: b}\n: 5\n", 1, 3, "a key must be the name of an option"},
    // values
    {"duration: 30\n", 1, 11, "duration: \"30\" has no unit; write 30s or 30ms"},
    {"a: &x\n", 1, 1, "unknown option a"},
    {"isl: 5\nseed:   x1\n", 2, 9, "seed: \"x1\" is not a whole number"},
    {"concurrency: 0\n", 1, 14, "concurrency: 0 is out of range; it must be 1 to 1M"},
    {"concurrency: [1, 2, x]\n", 1, 21, "\"x\" is not a whole number"},
    {"concurrency:\n  - 1\n  - 0\n", 3, 5, "0 is out of range"},
    {"request-rate: [5, 0]\n", 1, 19, "0 is out of range; it must be 0.001 to 1M"},
    {"request-rate: {a: 5}\n", 1, 15, "request-rate takes a value, not a mapping"},
    {"cancel-rate: 5%\n", 1, 14, "\"5%\" is not a number"},
    {"records-rotate: [1MB]\n", 1, 17, "records-rotate takes one value, not a list"},
    {"streaming: yes\n", 1, 12, "\"yes\" is neither true nor false"},
    {"connection: fresh\n", 1, 13, "\"fresh\" is not one of reuse, new"},
    {"name: \"a\\0b\"\n", 1, 7, "NUL character"},
    {"url: ''\n", 1, 6, "the value is empty"},
    {"extra-inputs: temperature\n", 1, 15, "neither KEY=VALUE nor a JSON object"},
    // shapes
    {"isl: [5]\n", 1, 6, "isl takes one value, not a list"},
    {"isl:\n  - 5\n", 2, 3, "isl takes one value, not a list"},
    {"isl: {a: 5}\n", 1, 6, "isl takes a value, not a mapping"},
    {"load:\n  isl: 5\n", 1, 1, "unknown option load"},
    {"concurrency: {a: 5}\n", 1, 14, "concurrency takes a value, not a mapping"},
    {"url:\n- sim: x\n", 2, 3,
     "url takes a value, not a mapping; a text that holds ': ' needs quotes"},
    {"concurrency: [[1]]\n", 1, 15, "takes a list of values, not of lists"},
    {"concurrency: []\n", 1, 14, "concurrency has no items"},
    {"extra-inputs: {}\n", 1, 15, "extra-inputs has no items"},
    {"url: ['sim:', ~]\n", 1, 15, "url has no value"},
    {"isl:\nosl: 5\n", 1, 5, "isl has no value; write one, or leave the key out"},
    {"model: ~\n", 1, 8, "model has no value"},
    {"model: null\n", 1, 8, "model has no value"},
    {"header: {X: [a]}\n", 1, 13, "a value is needed here"},
    {"header: {X: }\n", 1, 13, "a value is needed here"},
    {"header: {'X:Y': a}\n", 1, 10, "this key cannot be sent"},
    {"extra-inputs: {'a=b': 1}\n", 1, 16, "this key cannot be sent"},
    {"extra-inputs: {[a]: 1}\n", 1, 16, "a key must be a word here"},
    {"extra-inputs: {a: {[b]: 1}}\n", 1, 20, "a key must be a word here"},
    {"extra-inputs: {a: [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}\n", 1, 35, "nested too deeply"},
    {"just words\n", 1, 1, "the file must be a mapping from option names to values"},
    {"- isl\n- 5\n", 1, 1, "the file must be a mapping"},
    {"'null'\n", 1, 1, "the file must be a mapping"},
    // references and documents
    {"isl: &n 5\nosl: *n\n", 1, 6, "anchors (&name) and aliases (*name) are not taken"},
    {"&all\nisl: 5\n", 1, 1, "anchors (&name)"},
    {"model: *star\n", 1, 8, "in quotes"},
    {"isl: !!int 5\n", 1, 6, "tags (!name) are not taken"},
    {"model: !x\n", 1, 8, "tags (!name)"},
    {"isl: 5\n---\nosl: 5\n", 2, 1, "a second document begins here"},
    {"---\n---\n", 2, 1, "a second document begins here"},
    // not YAML
    {"isl: 5\n\tosl: 5\n", 2, 1, "blanks, not tabs"},
    {"url: [a\nisl: 5\n", 2, 4, "not valid YAML"},
    {"url: [sim:, a]\n", 1, 10, "a value that ends in ':' or holds ': ' needs quotes"},
    {"name: a: b\n", 1, 8, "a value that ends in ':' or holds ': ' needs quotes"},
    {"name: \"abc\n", 2, 1, "not valid YAML"},
    {"isl: 5\n osl: 6\n", 1, 6, "\"5 osl\" is not a whole number"},
    {"isl: 5\nname: @x\n", 2, 7, "not valid YAML"},
    {"isl: 5\nname: \xFF\n", 2, 7, "not readable text"},
    {"isl: 5\nname: a\x01\n", 2, 8, "not readable text"},
    {"%BOGUS\n", 1, 7, "not valid YAML"},
};

/** Is a mistake told as the table says? Prints how it is, if not. */
static bool is_told(const struct mistake *mistake)
{
    struct weir_config config;
    struct weir_err err = {0};
    weir_config_init(&config);
    const weir_status status = weir_config_parse_yaml(&config, FOR_RUN, mistake->yaml,
                                                      strlen(mistake->yaml), "c.yaml", &err);
    weir_config_free(&config);
    if (status == WEIR_INVALID && err.line == mistake->line && err.column == mistake->column &&
        strstr(err.text, mistake->expected) != NULL && strcmp(err.file, "c.yaml") == 0) {
        return true;
    }
    print_error("%s\nis told as %d:%d: %s\ninstead of %d:%d: %s\n\n", mistake->yaml, err.line,
                err.column, err.text, mistake->line, mistake->column, mistake->expected);
    return false;
}

static void mistakes_are_placed_and_explained(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        wrong += is_told(&mistakes[i]) ? 0 : 1;
    }
    assert_int_equal(wrong, 0);
}

static void errors_keep_secrets(void **state)
{
    (void)state;
    static const char *const documents[] = {
        "header: sk-hush\n",         "header: {X: \"sk-hush\\n\"}\n", "header: [\"sk hush: a\"]\n",
        "api-key: \"sk-hush\\r\"\n", "api-key: [sk-hush]\n",          "api-key: {sk-hush: 1}\n",
        "header: X-Key: sk-hush\n",  "header: {'a b': sk-hush}\n",    "header: \"X: sk-hush\\0\"\n",
        "api-key: sk-hush\nx: 1\n"};
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        struct weir_config config;
        struct weir_err err = {0};
        weir_config_init(&config);
        assert_int_equal(
            weir_config_parse_yaml(&config, FOR_RUN, documents[i], strlen(documents[i]), "c", &err),
            WEIR_INVALID);
        assert_null(strstr(err.text, "hush"));
        weir_config_free(&config);
    }
}

/** A truncated document, at whatever byte, is an error or a valid shorter one, never a crash. */
static void every_prefix_is_survived(void **state)
{
    (void)state;
    static const char yaml[] =
        "# c\nurl: [\"sim:\", 'b=c']\nheader: {X: y}\nextra-inputs:\n  a: [1, {b: \"\\u00e9\"}]\n"
        "concurrency:\n- 1\n- 2\nname: >\n  folded\n  text\nduration: 5s\n";
    int accepted = 0;
    for (size_t len = 0; len < sizeof(yaml); len++) {
        struct weir_config config;
        struct weir_err err = {0};
        char *copy = malloc(len > 0 ? len : 1); // exactly as long, for the address sanitizer
        assert_non_null(copy);
        memcpy(copy, yaml, len);
        weir_config_init(&config);
        const weir_status status = weir_config_parse_yaml(&config, FOR_RUN, copy, len, "c", &err);
        assert_true(status == WEIR_OK || (status == WEIR_INVALID && err.text[0] != '\0'));
        accepted += status == WEIR_OK;
        weir_config_free(&config);
        free(copy);
    }
    assert_true(accepted > 5);
}

/** Documents made to cost much end at once, by an error. */
static void hostile_documents_end(void **state)
{
    (void)state;
    enum { BYTES = 1 << 20 };
    static const char *const fillers[] = {"[",  "{", "- ",  "? ",  "{a: ", "extra-inputs: [",
                                          "\"", "#", "a\n", "&a ", "!"};
    char *text = malloc(BYTES + 1);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof(fillers) / sizeof(fillers[0]); i++) {
        struct weir_config config;
        const size_t len = strlen(fillers[i]);
        for (size_t at = 0; at < BYTES; at++) {
            text[at] = fillers[i][at % len];
        }
        weir_config_init(&config);
        const weir_status status = weir_config_parse_yaml(&config, FOR_RUN, text, BYTES, "c", NULL);
        assert_int_equal(status, fillers[i][0] == '#' ? WEIR_OK : WEIR_INVALID);
        assert_int_equal(weir_config_parse_yaml(&config, FOR_RUN, text, BYTES + 1, "c", NULL),
                         WEIR_INVALID);
        weir_config_free(&config);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_by_file),
        cmocka_unit_test(plain_values_need_no_quotes),
        cmocka_unit_test(empty_documents_change_nothing),
        cmocka_unit_test(mappings_are_headers_and_inputs),
        cmocka_unit_test(mistakes_are_placed_and_explained),
        cmocka_unit_test(errors_keep_secrets),
        cmocka_unit_test(every_prefix_is_survived),
        cmocka_unit_test(hostile_documents_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
