// A language that its user describes: descriptions good and bad, bodies, events and whole streams.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/wire/answer.h"
#include "weir/wire/template.h"

/** `text` with " for each ', for reading's sake; valid until the next call but three. */
static const char *with_quotes(const char *text)
{
    static char outs[4][2048];
    static size_t turn;
    char *out = outs[turn++ % 4];
    size_t len = 0;
    for (; text[len] != '\0' && len < sizeof(outs[0]) - 1; len++) {
        out[len] = text[len];
        if (text[len] == '\'') {
            out[len] = '"';
        }
    }
    out[len] = '\0';
    return out;
}

static struct weir_template *make(const char *text)
{
    struct weir_template *template = NULL;
    struct weir_err err = {.status = WEIR_OK};
    if (weir_template_parse(weir_slice_of(with_quotes(text)), "", &template, &err) != WEIR_OK) {
        fail_msg("%s: %s", text, err.text);
    }
    return template;
}

static const char FULL[] =
    "{'path':'/api/write','framing':'ndjson','headers':['x-team: a','X-Mode:b'],"
    "'body':{'input':'{prompt}','limit':'{max_tokens}','stream':'{stream}','llm':'{model}'},"
    "'text':'/chunk/0/text','reasoning':'/chunk/0/th~1ought','tool':'/a~0b','finish':'/why',"
    "'error':'/bad','output_tokens':'/u/out','input_tokens':'/u/in','cached_tokens':'/u/c',"
    "'reasoning_tokens':'/u/r','end':'[END]','end_at':'/is_last'}";

static void test_dialect(void **state)
{
    (void)state;
    struct weir_template *template = make(FULL);
    const struct weir_dialect *dialect = weir_template_dialect(template);
    assert_string_equal(dialect->name, "template");
    assert_string_equal(dialect->path, "/api/write");
    assert_int_equal(dialect->framing, WEIR_FRAMING_NDJSON);
    assert_string_equal(dialect->headers[0], "x-team: a");
    assert_string_equal(dialect->headers[1], "X-Mode:b");
    assert_null(dialect->headers[2]);
    assert_true(dialect->sends_model && dialect->ends_with_mark);
    assert_false(dialect->takes_messages || dialect->repeats_text);
    assert_true(weir_dialect_match(dialect, weir_slice_of("/x/api/write"), NULL) > 0);
    weir_template_free(template);
    template = make("{'path':'/x','body':{'m':'{messages}'},'text':''}");
    assert_true(weir_template_dialect(template)->takes_messages);
    assert_false(weir_template_dialect(template)->ends_with_mark);
    assert_int_equal(weir_template_dialect(template)->framing, WEIR_FRAMING_SSE);
    weir_template_free(template);
    weir_template_free(NULL);
}

struct bad {
    const char *text;
    const char *says;
};

static void test_bad_descriptions(void **state)
{
    (void)state;
    static const struct bad BAD[] = {
        {"", "not a JSON object"},
        {"[]", "not a JSON object"},
        {"{'path':'/x',}", "not a JSON object"},
        {"{'path':'/x'} x", "not a JSON object"},
        {"{'path':", "not a JSON object"},
        {"{'body':{'p':'{prompt}'},'text':'/t'}", "'path' is missing"},
        {"{'path':'/x','text':'/t'}", "'body' is missing"},
        {"{'path':'/x','body':{'p':'{prompt}'}}", "'text' is missing"},
        {"{'path':'x'}", "'path' must be"},
        {"{'path':'/'}", "'path' must be"},
        {"{'path':'/x?y'}", "'path' must be"},
        {"{'path':'/x\\u0000'}", "'path' must be"},
        {"{'path':7}", "'path' must be"},
        {"{'framing':'chunks'}", "'framing' must be"},
        {"{'framing':null}", "'framing' must be"},
        {"{'headers':{}}", "'headers' must be"},
        {"{'headers':['x']}", "'headers' must be"},
        {"{'headers':[': x']}", "'headers' must be"},
        {"{'headers':['a b: x']}", "'headers' must be"},
        {"{'headers':['a: x\\r\\nb: y']}", "'headers' must be"},
        {"{'headers':[1]}", "'headers' must be"},
        {"{'body':[]}", "'body' must be"},
        {"{'text':'choices/0'}", "JSON pointer"},
        {"{'text':['/a']}", "must be a string"},
        {"{'end':''}", "leave it out"},
        {"{'cumulative':1}", "true or false"},
        {"{'txet':'/t'}", "did you mean 'text'?"},
        {"{'path':'/x','body':{'p':1},'text':'/t'}", "neither {prompt}"},
        {"{'path':'/x','body':{'p':'{prompt}','{stream}':1},'text':'/t','cumulative':true}",
         "needs output_tokens"},
        {"{'path':'/x','body':{'p':'{prompt}','a':{'{stream}':1}},'text':'/t'}", "only a name"},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(BAD); i++) {
        struct weir_template *template = NULL;
        struct weir_err err = {.status = WEIR_OK};
        assert_int_equal(
            weir_template_parse(weir_slice_of(with_quotes(BAD[i].text)), "f.json", &template, &err),
            WEIR_INVALID);
        assert_null(template);
        assert_string_equal(err.file, "f.json");
        if (strstr(err.text, BAD[i].says) == NULL) {
            fail_msg("'%s' says '%s', not '%s'", BAD[i].text, err.text, BAD[i].says);
        }
    }
}

/** Each prefix of a description is an error and nothing worse. */
static void test_cut_descriptions(void **state)
{
    (void)state;
    const char *text = with_quotes(FULL);
    for (size_t len = 0; len < strlen(text); len++) {
        struct weir_template *template = NULL;
        struct weir_err err;
        assert_int_equal(weir_template_parse((struct weir_slice){text, len}, "", &template, &err),
                         WEIR_INVALID);
    }
}

static void check_body(const char *body, struct weir_body_spec spec, const char *wanted)
{
    char text[1024];
    struct weir_buf out;
    size_t prompt_at = 0;
    (void)snprintf(text, sizeof(text), "{'path':'/x','text':'/t','body':%s}", body);
    struct weir_template *template = make(text);
    weir_buf_init(&out, 4096);
    assert_true(weir_dialect_build(weir_template_dialect(template), spec, &out, &prompt_at));
    assert_string_equal(weir_buf_text(&out), with_quotes(wanted));
    json_t *value = json_loadb(out.ptr, out.len, JSON_REJECT_DUPLICATES, NULL);
    assert_true(json_is_object(value));
    json_decref(value);
    if (prompt_at != SIZE_MAX) {
        assert_memory_equal(out.ptr + prompt_at, "pro", 3);
    }
    weir_buf_free(&out);
    weir_template_free(template);
}

static void test_bodies(void **state)
{
    (void)state;
    static const char *const KEYS[] = {"b", "z"};
    static const char *const VALUES[] = {"9", "null"};
    struct weir_body_spec spec = {.model = weir_slice_of("m"),
                                  .prompt = weir_slice_of("pro\"mpt"),
                                  .messages = weir_slice_of(""),
                                  .is_streaming = true};
    check_body("{'p':'{prompt}','n':'{max_tokens}','s':'{stream}','m':'{model}'}", spec,
               "{'p':'pro\\'mpt','n':null,'s':true,'m':'m'}");
    check_body("{ 'p' : [ {'c': 'User: {prompt}\\n'} ] }", spec,
               "{'p':[ {'c': 'User: pro\\'mpt\\n'} ]}");
    check_body("{'m':'{messages}'}", spec, "{'m':[{'role':'user','content':'pro\\'mpt'}]}");
    check_body("{'p':'{prompt} {max_tokens} {stream} {messages}'}", spec,
               "{'p':'pro\\'mpt {max_tokens} {stream} {messages}'}");
    spec.max_tokens = 64;
    spec.is_streaming = false;
    spec.messages = weir_slice_of("[1]");
    check_body("{'m':'{messages}','n':'{max_tokens}','s':'{stream}'}", spec,
               "{'m':[1],'n':64,'s':false}");
    spec.extra_keys = KEYS;
    spec.extra_values = VALUES;
    spec.extra_count = 2;
    check_body("{'p':'{prompt}','b':{'c':1}}", spec, "{'p':'pro\\'mpt','b':9,'z':null}");
}

static void test_full_buffer_is_told(void **state)
{
    (void)state;
    struct weir_template *template = make(FULL);
    const struct weir_body_spec spec = {
        .model = {"m", 1}, .prompt = {"p", 1}, .messages = {"", 0}, .max_tokens = 5};
    size_t needed = 1;
    for (size_t cap = 0; cap < 200; cap++) {
        struct weir_buf out;
        size_t prompt_at = 0;
        weir_buf_init(&out, cap);
        const bool is_built =
            weir_dialect_build(weir_template_dialect(template), spec, &out, &prompt_at);
        needed = is_built ? out.len : needed;
        assert_int_equal(is_built, needed > 1 && cap >= needed);
        weir_buf_free(&out);
    }
    weir_template_free(template);
}

// ---- events ------------------------------------------------------------------------------------

static struct weir_event parse(const struct weir_template *template, const char *data)
{
    const struct weir_dialect *dialect = weir_template_dialect(template);
    const struct weir_sse_event message = {.type = {"", 0},
                                           .data = weir_slice_of(with_quotes(data))};
    struct weir_event event;
    if (!dialect->parse_event(dialect, &message, &event)) {
        fail_msg("malformed: %s", data);
    }
    return event;
}

struct event_case {
    const char *data;
    uint32_t flags;
};

static void test_events(void **state)
{
    (void)state;
    static const struct event_case CASES[] = {
        {"{'chunk':[{'text':'a'}]}", WEIR_EVENT_TEXT},
        {"{'chunk':[{'text':''}]}", 0},
        {"{'chunk':[{'text':null}]}", 0},
        {"{'chunk':[]}", 0},
        {"{'chunk':{'0':{'text':'a'}}}", WEIR_EVENT_TEXT}, // "0" is a name, too
        {"{'chunk':[{'th/ought':'a'}]}", WEIR_EVENT_REASONING},
        {"{'a~b':{'f':1}}", WEIR_EVENT_TOOL},
        {"{'a~b':{}}", 0},
        {"{'why':'stop'}", WEIR_EVENT_FINISH},
        {"{'why':''}", 0},
        {"{'is_last':true}", WEIR_EVENT_FINISH | WEIR_EVENT_END},
        {"{'is_last':false}", 0},
        {"{'bad':'x'}", WEIR_EVENT_ERROR},
        {"{'bad':null}", 0},
        {"{'u':{'in':3,'out':1,'c':2,'r':1}}", WEIR_EVENT_USAGE},
        {"{'u':{'in':0,'out':0}}", 0},
        {"[END]", WEIR_EVENT_END},
        {"[DONE]", WEIR_EVENT_END},
        {"", 0},
        {"7", 0},
        {"'text'", 0},
    };
    struct weir_template *template = make(FULL);
    for (size_t i = 0; i < WEIR_COUNT_OF(CASES); i++) {
        const struct weir_event event = parse(template, CASES[i].data);
        if (event.flags != CASES[i].flags) {
            fail_msg("flags %u: %s", event.flags, CASES[i].data);
        }
    }
    const struct weir_event event = parse(template, "{'u':{'in':3,'out':1,'c':2,'r':1},'bad':[1]}");
    assert_int_equal(event.input_tokens, 3);
    assert_int_equal(event.output_tokens, 1);
    assert_int_equal(event.cached_tokens, 2);
    assert_int_equal(event.reasoning_tokens, 1);
    assert_true(weir_slice_equals(event.error, "[1]"));
    weir_template_free(template);
}

/** The pointer "" is the whole of the data: a server that sends bare strings. */
static void test_whole_data_as_text(void **state)
{
    (void)state;
    struct weir_template *template = make("{'path':'/x','body':{'p':'{prompt}'},'text':''}");
    assert_int_equal(parse(template, "'a'").flags, WEIR_EVENT_TEXT);
    assert_int_equal(parse(template, "''").flags, 0);
    weir_template_free(template);
}

struct counted {
    uint32_t tokens;
    int32_t output_tokens;
};

static void count(void *context, const struct weir_event *event)
{
    struct counted *counted = context;
    counted->tokens += (event->flags & WEIR_EVENT_TOKEN) != 0 ? 1 : 0;
    counted->output_tokens = event->output_tokens;
}

static void check_stream(const char *description, const char *bytes, enum weir_answer_end end,
                         uint32_t tokens)
{
    struct weir_template *template = make(description);
    const struct weir_dialect *dialect = weir_template_dialect(template);
    const char *stream = with_quotes(bytes);
    for (size_t split = 0; split <= strlen(stream); split++) {
        struct weir_answer answer;
        struct counted counted = {0, 0};
        weir_answer_init(&answer, dialect, 4096, 0, count, &counted);
        weir_answer_begin(&answer, dialect, dialect->framing);
        (void)weir_answer_feed(&answer, stream, split);
        (void)weir_answer_feed(&answer, stream + split, strlen(stream) - split);
        assert_int_equal(weir_answer_finish(&answer), end);
        assert_int_equal(counted.tokens, tokens);
        weir_answer_free(&answer);
    }
    weir_template_free(template);
}

static void test_streams(void **state)
{
    (void)state;
    static const char ENDS[] =
        "{'path':'/x','body':{'p':'{prompt}'},'text':'/t','end':'[END]','cumulative':true,"
        "'output_tokens':'/n'}";
    check_stream(ENDS,
                 "data: {'t':'a','n':1}\n\ndata: {'t':'ab','n':2}\n\ndata: {'t':'ab','n':2}\n\n"
                 "data: [END]\n\n",
                 WEIR_ANSWER_COMPLETE, 2);
    check_stream(ENDS, "data: {'t':'a','n':1}\n\n", WEIR_ANSWER_TRUNCATED, 1);
    check_stream(FULL, "{'chunk':[{'text':'a'}]}\n{'chunk':[{'text':'b'}],'is_last':true}\n",
                 WEIR_ANSWER_COMPLETE, 2);
    check_stream(FULL, "{'chunk':[{'text':'a'}]}\n{'bad':'x'}\n", WEIR_ANSWER_ERROR, 1);
    check_stream(FULL, "{'chunk':\n", WEIR_ANSWER_MALFORMED, 0);
    check_stream("{'path':'/x','body':{'p':'{prompt}'},'text':'/t','framing':'document'}",
                 "{'t':'all of it'}", WEIR_ANSWER_COMPLETE, 1);
    check_stream("{'path':'/x','body':{'p':'{prompt}'},'text':'/t'}", "data: {'t':'a'}\n\n",
                 WEIR_ANSWER_COMPLETE, 1); // no mark was promised
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dialect),
        cmocka_unit_test(test_bad_descriptions),
        cmocka_unit_test(test_cut_descriptions),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_full_buffer_is_told),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_whole_data_as_text),
        cmocka_unit_test(test_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
