// Whole answers: transcripts in tests/golden/wire, one a server and case, each with its meaning
// beside it (.sse: events, .ndjson: lines, .doc: one document; in a folder: of that dialect, else
// of chat), and how answers end. Every transcript is read whole, split in two at each byte, byte by
// byte, and against a guard page.
#define _DEFAULT_SOURCE // MAP_ANONYMOUS, scandir

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/wire/answer.h"

#include "guard.h"

enum { CAP = 1 << 18 };

static const char GOLDEN[] = WEIR_TEST_DIR "/golden/wire";

struct fixture {
    struct weir_answer answer;
    const struct weir_dialect *dialect; // of the answers to come
    struct weir_buf meaning;            // a line an event
    struct guard guard;
};

static void add_count(struct weir_buf *out, const char *name, int32_t count)
{
    if (count >= 0) {
        (void)weir_buf_addf(out, " %s=%d", name, (int)count);
    } else {
        (void)weir_buf_addf(out, " %s=-", name);
    }
}

/** The server's own durations, if it said any. */
static void add_durations(struct weir_buf *out, const struct weir_server_ns *ns)
{
    const struct {
        const char *name;
        weir_ns value;
    } spans[] = {
        {"queue", ns->queue}, {"load", ns->load}, {"prompt", ns->prompt_eval}, {"eval", ns->eval}};
    for (size_t i = 0; i < WEIR_COUNT_OF(spans); i++) {
        if (spans[i].value >= 0) {
            (void)weir_buf_addf(out, " %s=%lldns", spans[i].name, (long long)spans[i].value);
        }
    }
}

/** "text+finish" or, with counts, "usage in=5 out=2 reasoning=- cached=-"; "." is an event of no
 * meaning. */
static void write_event(void *context, const struct weir_event *event)
{
    static const char *const NAMES[] = {"text",  "reasoning", "tool", "finish",
                                        "usage", "error",     "end",  "data"};
    struct fixture *fixture = context;
    struct weir_buf *out = &fixture->meaning;
    const char *separator = "";
    for (size_t i = 0; i < WEIR_COUNT_OF(NAMES); i++) {
        if ((event->flags >> i & 1) != 0) {
            (void)weir_buf_addf(out, "%s%s", separator, NAMES[i]);
            separator = "+";
        }
    }
    (void)weir_buf_add_str(out, event->flags == 0 ? "." : "");
    if ((event->flags & WEIR_EVENT_USAGE) != 0) {
        add_count(out, "in", event->input_tokens);
        add_count(out, "out", event->output_tokens);
        add_count(out, "reasoning", event->reasoning_tokens);
        add_count(out, "cached", event->cached_tokens);
    }
    add_durations(out, &event->server_ns);
    (void)weir_buf_add_char(out, '\n');
}

static const struct weir_dialect *chat(void)
{
    return weir_dialect_find("chat");
}

static int setup(void **state)
{
    struct fixture *fixture = weir_alloc(1, sizeof(*fixture));
    fixture->dialect = chat();
    weir_answer_init(&fixture->answer, chat(), CAP, 0, write_event, fixture);
    weir_buf_init(&fixture->meaning, CAP);
    fixture->guard = guard_new(CAP);
    *state = fixture;
    return fixture->guard.map == NULL;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    weir_answer_free(&fixture->answer);
    weir_buf_free(&fixture->meaning);
    guard_free(&fixture->guard);
    weir_free(fixture);
    return 0;
}

static void begin(struct fixture *fixture, enum weir_framing framing)
{
    weir_buf_clear(&fixture->meaning);
    weir_answer_begin(&fixture->answer, fixture->dialect, framing);
}

static bool feed(struct fixture *fixture, const char *bytes, size_t len)
{
    return weir_answer_feed(&fixture->answer, guard_put(&fixture->guard, bytes, len), len);
}

/** Finish and add the end, and the error if there is one. */
static const char *finish(struct fixture *fixture)
{
    static const char *const ENDS[] = {
        [WEIR_ANSWER_COMPLETE] = "complete",   [WEIR_ANSWER_EMPTY] = "empty",
        [WEIR_ANSWER_TRUNCATED] = "truncated", [WEIR_ANSWER_MALFORMED] = "malformed",
        [WEIR_ANSWER_ERROR] = "error",
    };
    const enum weir_answer_end end = weir_answer_finish(&fixture->answer);
    const char *error = weir_answer_error(&fixture->answer);
    (void)weir_buf_addf(&fixture->meaning, "= %s\n", ENDS[end]);
    if (error[0] != '\0') {
        (void)weir_buf_addf(&fixture->meaning, "error: %s\n", error);
    }
    return weir_buf_text(&fixture->meaning);
}

static const char *read_whole(struct fixture *fixture, enum weir_framing framing, const char *bytes,
                              size_t len)
{
    begin(fixture, framing);
    (void)feed(fixture, bytes, len);
    return finish(fixture);
}

// ---- transcripts -------------------------------------------------------------------------------

static const struct kind {
    const char *suffix;
    enum weir_framing framing;
} KINDS[] = {
    {".sse", WEIR_FRAMING_SSE}, {".ndjson", WEIR_FRAMING_NDJSON}, {".doc", WEIR_FRAMING_DOCUMENT}};

static void read_file(const char *name, const char *suffix, struct weir_buf *out)
{
    char path[512];
    char block[4096];
    (void)snprintf(path, sizeof(path), "%s/%s%s", GOLDEN, name, suffix);
    weir_buf_init(out, CAP);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("cannot read %s", path);
        return;
    }
    size_t len = 0;
    while ((len = fread(block, 1, sizeof(block), file)) > 0) {
        assert_true(weir_buf_add(out, block, len));
    }
    (void)fclose(file);
}

static void check_transcript(struct fixture *fixture, const char *name, const struct kind *kind)
{
    struct weir_buf bytes;
    struct weir_buf wanted;
    read_file(name, kind->suffix, &bytes);
    read_file(name, ".expect", &wanted);
    const char *meaning = read_whole(fixture, kind->framing, weir_buf_text(&bytes), bytes.len);
    if (strcmp(meaning, weir_buf_text(&wanted)) != 0) {
        fail_msg("%s means\n%sand not\n%s", name, meaning, weir_buf_text(&wanted));
    }
    for (size_t split = 1; split < bytes.len; split++) {
        begin(fixture, kind->framing);
        (void)feed(fixture, bytes.ptr, split);
        (void)feed(fixture, bytes.ptr + split, bytes.len - split);
        if (strcmp(finish(fixture), weir_buf_text(&wanted)) != 0) {
            fail_msg("%s means something else when split at %zu", name, split);
        }
    }
    begin(fixture, kind->framing);
    for (size_t i = 0; i < bytes.len; i++) {
        (void)feed(fixture, bytes.ptr + i, 1);
    }
    assert_string_equal(finish(fixture), weir_buf_text(&wanted));
    weir_buf_free(&bytes);
    weir_buf_free(&wanted);
}

static bool strip_suffix(char *name, const char *suffix)
{
    const size_t len = strlen(name);
    const size_t tail = strlen(suffix);
    if (len <= tail || strcmp(name + len - tail, suffix) != 0) {
        return false;
    }
    name[len - tail] = '\0';
    return true;
}

/** Check what lies in `folder`, "" or the name of a dialect and a slash; returns how many. */
static int check_folder(struct fixture *fixture, const char *folder)
{
    char path[512];
    struct dirent **entries = NULL;
    int checked = 0;
    (void)snprintf(path, sizeof(path), "%s/%s", GOLDEN, folder);
    const int count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        for (size_t k = 0; k < WEIR_COUNT_OF(KINDS); k++) {
            if (strip_suffix(entries[i]->d_name, KINDS[k].suffix)) {
                (void)snprintf(path, sizeof(path), "%s%s", folder, entries[i]->d_name);
                check_transcript(fixture, path, &KINDS[k]);
                checked++;
                break;
            }
        }
        free(entries[i]);
    }
    free(entries);
    return checked;
}

static void test_transcripts(void **state)
{
    assert_true(check_folder(*state, "") >= 35); // none got lost
}

/** Every language but those of the transcripts above has its own. */
static void test_transcripts_of_dialects(void **state)
{
    struct fixture *fixture = *state;
    size_t count = 0;
    const struct weir_dialect *table = weir_dialect_table(&count);
    for (size_t i = 0; i < count; i++) {
        char folder[64];
        (void)snprintf(folder, sizeof(folder), "%s/", table[i].name);
        fixture->dialect = &table[i];
        const int checked = check_folder(fixture, folder);
        const bool is_openai =
            strcmp(table[i].name, "chat") == 0 || strcmp(table[i].name, "completions") == 0;
        if (checked < (is_openai ? 0 : 3)) {
            fail_msg("%d transcripts of %s", checked, table[i].name);
        }
    }
    fixture->dialect = chat();
}

/** A complete stream cut anywhere is never complete, unless a finish_reason had come. */
static void test_cut_anywhere_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    struct weir_buf bytes;
    read_file("vllm_chat", ".sse", &bytes);
    for (size_t len = 0; len < bytes.len; len++) {
        const char *meaning = read_whole(fixture, WEIR_FRAMING_SSE, bytes.ptr, len);
        const bool has_finish = strstr(meaning, "finish") != NULL;
        if (strstr(meaning, "= truncated") == NULL &&
            !(has_finish && strstr(meaning, "= complete") != NULL)) {
            fail_msg("cut at %zu means\n%s", len, meaning);
        }
    }
    weir_buf_free(&bytes);
}

static void test_cut_document_is_malformed(void **state)
{
    struct weir_buf bytes;
    read_file("vllm_answer", ".doc", &bytes);
    for (size_t len = 1; len < bytes.len; len++) {
        assert_non_null(strstr(read_whole(*state, WEIR_FRAMING_DOCUMENT, bytes.ptr, len),
                               "= malformed\nerror: {"));
    }
    weir_buf_free(&bytes);
}

// ---- ends --------------------------------------------------------------------------------------

static void check_stream(void **state, const char *bytes, const char *wanted)
{
    assert_string_equal(read_whole(*state, WEIR_FRAMING_SSE, bytes, strlen(bytes)), wanted);
}

static void check_document(void **state, const char *bytes, const char *wanted)
{
    assert_string_equal(read_whole(*state, WEIR_FRAMING_DOCUMENT, bytes, strlen(bytes)), wanted);
}

#define TOKEN  "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"
#define FINISH "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define DONE   "data: [DONE]\n\n"

static void test_ends_of_streams(void **state)
{
    check_stream(state, "", "= truncated\n");
    check_stream(state, ": ping\n\n", "= truncated\n");
    check_stream(state, TOKEN, "text\n= truncated\n");
    check_stream(state, TOKEN DONE, "text\nend\n= complete\n");
    check_stream(state, TOKEN FINISH, "text\nfinish\n= complete\n");
    check_stream(state, DONE, "end\n= empty\n");
    check_stream(state, FINISH, "finish\n= empty\n");
    check_stream(state, TOKEN "data: [DONE]", "text\nend\n= complete\n");
    check_stream(state, TOKEN "data: [DO", "text\n= truncated\nerror: [DO\n");
    check_stream(state, TOKEN FINISH "data: {\"us", "text\nfinish\n= truncated\nerror: {\"us\n");
    check_stream(state, TOKEN FINISH "data: {\"us\n\n",
                 "text\nfinish\n= malformed\nerror: {\"us\n");
    check_stream(state, "data: hello\n\n" TOKEN DONE, "= malformed\nerror: hello\n");
}

static void test_errors_outweigh_other_ends(void **state)
{
    check_stream(state, TOKEN "data: {\"error\":\"e\"}\n\n" FINISH DONE,
                 "text\nerror\nfinish\nend\n= error\nerror: e\n");
    check_stream(state, "data: {\"error\":\"first\"}\n\ndata: {\"error\":\"second\"}\n\n" DONE,
                 "error\nerror\nend\n= error\nerror: first\n");
    check_stream(state, "data: {\"error\":\"e\"}\n\ndata: {broken\n\n",
                 "error\n= error\nerror: e\n");
    check_stream(state, "data: {\"error\":\"e\"}\n\ndata: {cut", "error\n= error\nerror: e\n");
}

static void test_ends_of_documents(void **state)
{
    check_document(state, "", "= empty\n");
    check_document(state, "{}", ".\n= empty\nerror: {}\n");
    check_document(state, "{\"choices\":[{\"message\":{\"content\":\"a\"}}]}",
                   "text\n= complete\n");
    check_document(state, "data: x\n\n", "= malformed\nerror: data: x\n");
    check_document(state, TOKEN,
                   "= malformed\nerror: data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n");
    check_document(
        state, "{\"choices\":[{\"message\":{\"content\":\"a\"}}],\"error\":{\"message\":\"m\"}}",
        "text+error\n= error\nerror: m\n");
}

/** A stream whose dialect has no end mark just ends. */
static void test_dialect_without_end_mark(void **state)
{
    struct fixture *fixture = *state;
    struct weir_dialect native = *chat();
    native.ends_with_mark = false;
    begin(fixture, WEIR_FRAMING_SSE);
    weir_answer_begin(&fixture->answer, &native, WEIR_FRAMING_SSE);
    assert_true(feed(fixture, TOKEN, strlen(TOKEN)));
    assert_string_equal(finish(fixture), "text\n= complete\n");
}

/** "event: error" says it all, whatever the data is. */
static void test_error_by_its_type(void **state)
{
    check_stream(state, TOKEN "event: error\ndata: {\"message\":\"m\"}\n\n",
                 "text\nerror\n= error\nerror: m\n");
    check_stream(state, "event: error\ndata: out of memory\n\n",
                 "error\n= error\nerror: out of memory\n");
    check_stream(state, "event: errors\ndata: {\"message\":\"m\"}\n\n" DONE, ".\nend\n= empty\n");
}

/** Text that comes again, longer each time: tokens are where the count has grown. */
static void test_repeated_text(void **state)
{
    static const char BYTES[] =
        "data: {\"text\":\"\",\"meta_info\":{\"completion_tokens\":1}}\n\n"
        "data: {\"text\":\"ab\",\"meta_info\":{\"completion_tokens\":2}}\n\n"
        "data: {\"text\":\"ab\",\"meta_info\":{\"completion_tokens\":2}}\n\n"
        "data: {\"text\":\"abc\"}\n\n" DONE;
    static const char MEANING[] = "text+usage in=- out=1 reasoning=- cached=-\n"
                                  "text+usage in=- out=2 reasoning=- cached=-\n"
                                  "usage in=- out=2 reasoning=- cached=-\n"
                                  "text\nend\n= complete\n";
    struct fixture *fixture = *state;
    fixture->dialect = weir_dialect_find("sglang-generate");
    for (int i = 0; i < 2; i++) { // and nothing of it is left for the next answer
        check_stream(state, BYTES, MEANING);
    }
    fixture->dialect = chat();
}

static void test_feed_tells_when_the_rest_is_useless(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture, WEIR_FRAMING_SSE);
    assert_true(feed(fixture, TOKEN DONE, strlen(TOKEN DONE)));
    assert_true(feed(fixture, "data: {broken\n\n", 15)); // behind the end mark
    begin(fixture, WEIR_FRAMING_SSE);
    assert_false(feed(fixture, "data: {broken\n\n", 15));
    assert_false(feed(fixture, TOKEN DONE, strlen(TOKEN DONE)));
    assert_string_equal(finish(fixture), "= malformed\nerror: {broken\n");
    begin(fixture, WEIR_FRAMING_SSE); // and a new answer knows nothing of it
    assert_true(feed(fixture, TOKEN DONE, strlen(TOKEN DONE)));
    assert_string_equal(finish(fixture), "text\nend\n= complete\n");
}

// ---- caps and errors ---------------------------------------------------------------------------

static void test_too_large(void **state)
{
    struct fixture *fixture = *state;
    struct weir_answer small;
    for (size_t k = 0; k < WEIR_COUNT_OF(KINDS); k++) {
        const bool is_stream = KINDS[k].framing != WEIR_FRAMING_DOCUMENT;
        weir_answer_init(&small, chat(), 64, 0, write_event, fixture);
        weir_answer_begin(&small, chat(), KINDS[k].framing);
        assert_true(weir_answer_feed(&small, "data: {\"x\":\"", 12));
        bool is_fine = true;
        for (int i = 0; i < 10; i++) {
            is_fine = weir_answer_feed(&small, "0123456789", 10);
        }
        assert_false(is_fine);
        assert_string_equal(weir_answer_error(&small), is_stream
                                                           ? "more than 64 bytes in one event"
                                                           : "more than 64 bytes in one answer");
        assert_int_equal(weir_answer_finish(&small), WEIR_ANSWER_MALFORMED);
        weir_answer_free(&small);
    }
}

static void test_too_large_with_the_last_line(void **state)
{
    struct weir_answer small;
    static const char BYTES[] = "data:12345\ndata:67890";
    weir_answer_init(&small, chat(), 10, 0, write_event, *state);
    weir_answer_begin(&small, chat(), WEIR_FRAMING_SSE);
    assert_true(weir_answer_feed(&small, BYTES, strlen(BYTES)));
    assert_int_equal(weir_answer_finish(&small), WEIR_ANSWER_MALFORMED);
    assert_string_equal(weir_answer_error(&small), "more than 10 bytes in one event");
    weir_answer_free(&small);
}

/** An error page larger than the cap is still quoted. */
static void test_large_error_page(void **state)
{
    struct fixture *fixture = *state;
    struct weir_answer small;
    char page[4096];
    const int len = snprintf(page, sizeof(page), "<html>\n\n  Bad");
    memset(page + len, 'x', sizeof(page) - (size_t)len);
    weir_answer_init(&small, chat(), 16, 0, write_event, fixture);
    weir_answer_begin(&small, chat(), WEIR_FRAMING_DOCUMENT);
    assert_false(weir_answer_feed(&small, page, sizeof(page)));
    assert_int_equal(weir_answer_finish(&small), WEIR_ANSWER_MALFORMED);
    assert_string_equal(weir_answer_error(&small), "<html> Badxxx");
    weir_answer_free(&small);
}

static void check_message(void **state, const char *body, const char *wanted)
{
    struct fixture *fixture = *state;
    (void)read_whole(fixture, WEIR_FRAMING_DOCUMENT, body, strlen(body));
    assert_string_equal(weir_answer_error(&fixture->answer), wanted);
}

static void test_messages_of_error_bodies(void **state)
{
    check_message(state, "{\"error\":{\"code\":404,\"message\":\"no\",\"type\":\"t\"}}", "no");
    check_message(state, "{\"error\":{\"code\":404}}", "{\"code\":404}");
    check_message(state, "{\"error\":\"no\"}", "no");
    check_message(state, "{\"message\":\"no\"}", "no");
    check_message(state, "{\"error\":null,\"message\":\"no\"}", "no");
    check_message(state, "{\"detail\":\"no\"}", "no");
    check_message(state, "{\"detail\":{\"error\":{\"message\":\"no\"}}}", "no");
    check_message(state, "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"no\"},{\"msg\":\"two\"}]}",
                  "no");
    check_message(state, "[{\"error\":{\"message\":\"no\"}}]", "no");
    check_message(state, "\"no\"", "no");
    check_message(state, "plain words", "plain words");
    check_message(state, " \n ", "");
    check_message(state, "{\"message\":\"cut", "{\"message\":\"cut");
    check_message(state,
                  "{\"error\":\"a\\n\\tb\\u001b[31m\\u0000\\u009b \\ud83c\\udf0a \\\"q\\\"\\n\"}",
                  "a b [31m \xf0\x9f\x8c\x8a \"q\"");
}

/** A long message of three-byte characters behind `begin`, moved on by 0, 1 and 2 bytes. */
static void check_long_message(void **state, const char *begin, const char *end)
{
    struct fixture *fixture = *state;
    struct weir_buf body;
    weir_buf_init(&body, CAP);
    for (int shift = 0; shift < 3; shift++) {
        weir_buf_clear(&body);
        (void)weir_buf_addf(&body, "%s%.*s", begin, shift, "xx");
        for (int i = 0; i < 400; i++) {
            (void)weir_buf_add_str(&body, "\xe6\xb0\xb4");
        }
        (void)weir_buf_add_str(&body, end);
        (void)read_whole(fixture, WEIR_FRAMING_DOCUMENT, body.ptr, body.len);
        const char *error = weir_answer_error(&fixture->answer);
        assert_in_range(strlen(error), WEIR_ANSWER_ERROR_BYTES - 2, WEIR_ANSWER_ERROR_BYTES);
        assert_null(strchr(error, '?'));
    }
    weir_buf_free(&body);
}

static void test_messages_are_cut_at_whole_characters(void **state)
{
    check_long_message(state, "", "");
    check_long_message(state, "{\"error\":\"", "\"}");
}

static void test_reserved_answers_never_allocate(void **state)
{
    struct fixture *fixture = *state;
    struct weir_answer answer;
    static const char BYTES[] =
        ": x\n\n" TOKEN "data: {\"error\":{\"message\":\"m\"}}\n\n" FINISH DONE;
    weir_answer_init(&answer, chat(), CAP, 1024, write_event, fixture);
    weir_buf_clear(&fixture->meaning);
    weir_buf_reserve(&fixture->meaning, 32768);
    const uint64_t before = weir_mem_count();
    for (size_t split = 0; split < sizeof(BYTES); split++) {
        weir_answer_begin(&answer, chat(),
                          split % 8 != 0 ? WEIR_FRAMING_SSE : WEIR_FRAMING_DOCUMENT);
        (void)weir_answer_feed(&answer, BYTES, split);
        (void)weir_answer_feed(&answer, BYTES + split, sizeof(BYTES) - 1 - split);
        (void)weir_answer_finish(&answer);
    }
    assert_int_equal(weir_mem_count(), before);
    weir_answer_free(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transcripts),
        cmocka_unit_test(test_transcripts_of_dialects),
        cmocka_unit_test(test_cut_anywhere_is_noticed),
        cmocka_unit_test(test_cut_document_is_malformed),
        cmocka_unit_test(test_ends_of_streams),
        cmocka_unit_test(test_errors_outweigh_other_ends),
        cmocka_unit_test(test_ends_of_documents),
        cmocka_unit_test(test_dialect_without_end_mark),
        cmocka_unit_test(test_error_by_its_type),
        cmocka_unit_test(test_repeated_text),
        cmocka_unit_test(test_feed_tells_when_the_rest_is_useless),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_too_large_with_the_last_line),
        cmocka_unit_test(test_large_error_page),
        cmocka_unit_test(test_messages_of_error_bodies),
        cmocka_unit_test(test_messages_are_cut_at_whole_characters),
        cmocka_unit_test(test_reserved_answers_never_allocate),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
