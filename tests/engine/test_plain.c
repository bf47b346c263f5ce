// weir's own transport: what it sends, how answers may be cut and framed, and how things go wrong.
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/plain_rig.h"

#define SSE_HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
#define CHUNKED                                                                                    \
    SSE_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n"
#define WITH_SIZE SSE_HEAD "Content-Length: 11\r\n\r\nhello world"
#define TO_EOF    SSE_HEAD "\r\nhello world"

static void assert_body(const struct rig *rig, const char *wanted)
{
    assert_int_equal(rig->body_len, strlen(wanted));
    assert_memory_equal(rig->body, wanted, strlen(wanted));
}

/** An exchange that went well. */
static void assert_good(const struct rig *rig, bool is_reused)
{
    assert_int_equal(rig->dones, 1);
    assert_int_equal(rig->sent, 1);
    assert_int_equal(rig->end.outcome, WEIR_OUTCOME_OK);
    assert_int_equal(rig->end.http_status, 200);
    assert_int_equal(rig->end.is_reused, is_reused);
    assert_int_equal(rig->end.connect_time == 0, is_reused);
    assert_false(rig->end.was_retried);
}

static void assert_failed(struct rig *rig, enum weir_outcome outcome)
{
    rig_await(rig, &rig->dones, 1);
    assert_int_equal(rig->end.outcome, outcome);
    assert_int_equal(rig->dones, 1);
    assert_int_equal(rig->sent, 1);
    assert_true(rig->message[0] != '\0');
}

static void the_request_is_what_it_should_be(void **state)
{
    (void)state;
    struct rig *rig = rig_new(NULL);
    char got[4096];
    char wanted[512];
    rig_start(rig, "{\"a\":1}", 7);
    assert_int_equal(rig->sent, 0); // not before the connection is up
    rig_accept(rig);
    (void)rig_request(rig, got, sizeof(got));
    assert_int_equal(rig->sent, 1);
    (void)snprintf(wanted, sizeof(wanted),
                   "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                   "User-Agent: weir/" WEIR_VERSION "\r\nContent-Type: application/json\r\n"
                   "Accept: text/event-stream\r\nX-Request-Id: the-id\r\n"
                   "Content-Length: 7\r\n\r\n{\"a\":1}",
                   (unsigned)rig->target.port);
    assert_string_equal(got, wanted);
    rig_free(rig);
}

static unsigned count_of(const char *text, const char *name)
{
    unsigned count = 0;
    for (const char *at = strcasestr(text, name); at != NULL; at = strcasestr(at + 1, name)) {
        count++;
    }
    return count;
}

static void the_users_headers_take_the_place_of_ours(void **state)
{
    (void)state;
    const char *const options[] = {"header",  "user-agent: me",
                                   "header",  "Host: elsewhere",
                                   "header",  "x-request-id: mine",
                                   "header",  "Authorization: Own",
                                   "header",  "Content-Length: 999",
                                   "header",  "X-Team: blue",
                                   "api-key", "secret",
                                   NULL};
    struct rig *rig = rig_new(options);
    char got[4096];
    rig_start(rig, "{}", 2);
    rig_accept(rig);
    (void)rig_request(rig, got, sizeof(got));
    const char *const once[] = {"\r\nuser-agent: me\r\n",     "\r\nHost: elsewhere\r\n",
                                "\r\nx-request-id: mine\r\n", "\r\nAuthorization: Own\r\n",
                                "\r\nX-Team: blue\r\n",       "\r\nContent-Length: 2\r\n"};
    for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
        assert_int_equal(count_of(got, once[i]), 1);
    }
    const char *const names[] = {"\r\nuser-agent:", "\r\nhost:", "\r\nx-request-id:",
                                 "\r\nauthorization:", "\r\ncontent-length:"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(count_of(got, names[i]), 1);
    }
    rig_free(rig);
}

/** Every answer in two parts, cut everywhere. */
static void answers_may_be_cut_anywhere(void **state)
{
    (void)state;
    static const char *const answers[] = {
        CHUNKED, WITH_SIZE, TO_EOF,
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" CHUNKED,
        "HTTP/1.0 200\r\ncontent-type:TEXT/EVENT-STREAM\r\n\r\nhello world"};
    struct rig *rig = rig_new(NULL);
    for (size_t a = 0; a < sizeof(answers) / sizeof(answers[0]); a++) {
        const size_t len = strlen(answers[a]);
        const bool is_to_eof =
            strstr(answers[a], "ncoding") == NULL && strstr(answers[a], "Length") == NULL;
        for (size_t cut = 0; cut < len; cut++) {
            bool is_reused = rig->server >= 0;
            rig_ask(rig);
            rig_say_n(rig, answers[a], cut);
            rig_turn(rig);
            assert_int_equal(rig->dones, 0);
            rig_say_n(rig, answers[a] + cut, len - cut);
            if (is_to_eof) {
                rig_hang_up(rig, false);
            }
            rig_await(rig, &rig->dones, 1);
            assert_good(rig, is_reused);
            assert_body(rig, "hello world");
            assert_int_equal(rig->status, 200);
            assert_true(rig->is_stream);
        }
    }
    rig_free(rig);
}

static void answers_may_come_byte_by_byte(void **state)
{
    (void)state;
    struct rig *rig = rig_new(NULL);
    rig_ask(rig);
    for (const char *at = CHUNKED; *at != '\0'; at++) {
        assert_int_equal(rig->dones, 0);
        rig_say_n(rig, at, 1);
        rig_turn(rig);
    }
    rig_await(rig, &rig->dones, 1);
    assert_good(rig, false);
    assert_body(rig, "hello world");
    rig_free(rig);
}

static void statuses_and_types_are_told(void **state)
{
    (void)state;
    struct rig *rig = rig_new(NULL);
    rig_ask(rig);
    rig_say(rig, "HTTP/1.1 503 Busy\r\nX-Very-Long-Header-Name-Here: text/event-stream\r\n"
                 "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
    rig_await(rig, &rig->dones, 1);
    assert_int_equal(rig->end.outcome, WEIR_OUTCOME_OK);
    assert_int_equal(rig->end.http_status, 503);
    assert_int_equal(rig->status, 503);
    assert_false(rig->is_stream);
    rig_ask(rig);
    rig_say(rig, "HTTP/1.1 204 No Content\r\n\r\n");
    rig_await(rig, &rig->dones, 1);
    assert_int_equal(rig->end.http_status, 204);
    assert_true(rig->end.is_reused);
    assert_int_equal(rig->parts, 0);
    rig_free(rig);
}

static void a_connection_is_kept_when_it_may_be(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        bool is_kept;
    } cases[] = {
        {WITH_SIZE, true},
        {CHUNKED, true},
        {SSE_HEAD "Connection: close\r\nContent-Length: 11\r\n\r\nhello world", false},
        {"HTTP/1.0 200 OK\r\nContent-Length: 11\r\n\r\nhello world", false},
        {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 11\r\n\r\nhello world",
         true},
        {WITH_SIZE "HTTP/1.1 200 unasked", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rig *rig = rig_new(NULL);
        rig_ask(rig);
        rig_say(rig, cases[i].answer);
        rig_await(rig, &rig->dones, 1);
        assert_good(rig, false);
        assert_body(rig, "hello world");
        rig_start(rig, "{}", 2);
        if (!cases[i].is_kept) {
            rig_accept(rig);
        }
        char request[4096];
        (void)rig_request(rig, request, sizeof(request));
        assert_false(rig_has_caller(rig));
        rig_say(rig, WITH_SIZE);
        rig_await(rig, &rig->dones, 1);
        assert_good(rig, cases[i].is_kept);
        rig_free(rig);
    }
}

static void new_connections_when_asked_for(void **state)
{
    (void)state;
    const char *const options[] = {"connection", "new", NULL};
    struct rig *rig = rig_new(options);
    for (int i = 0; i < 5; i++) {
        rig_start(rig, "{}", 2);
        rig_accept(rig);
        char request[4096];
        (void)rig_request(rig, request, sizeof(request));
        rig_say(rig, WITH_SIZE);
        rig_await(rig, &rig->dones, 1);
        assert_good(rig, false);
    }
    rig_free(rig);
}

/** Closed while nobody looks: noticed by the loop, or, when it has not turned since, before the
 * next request is written. */
static void a_connection_closed_at_rest_is_not_used(void **state)
{
    (void)state;
    for (int turns = 0; turns < 2; turns++) {
        for (int with_reset = 0; with_reset < 2; with_reset++) {
            struct rig *rig = rig_new(NULL);
            rig_ask(rig);
            rig_say(rig, WITH_SIZE);
            rig_await(rig, &rig->dones, 1);
            rig_hang_up(rig, with_reset != 0);
            for (int i = 0; i < turns; i++) {
                rig_turn(rig);
            }
            rig_ask(rig); // accepts another
            rig_say(rig, WITH_SIZE);
            rig_await(rig, &rig->dones, 1);
            assert_good(rig, false);
            rig_free(rig);
        }
    }
}

static void a_request_is_never_sent_twice(void **state)
{
    (void)state;
    for (int with_reset = 0; with_reset < 2; with_reset++) {
        struct rig *rig = rig_new(NULL);
        rig_ask(rig);
        rig_say(rig, WITH_SIZE);
        rig_await(rig, &rig->dones, 1);
        rig_ask(rig);
        rig_hang_up(rig, with_reset != 0);
        assert_failed(rig, WEIR_OUTCOME_RESET);
        assert_true(rig->end.is_reused);
        assert_false(rig->end.was_retried);
        assert_int_equal(rig->end.http_status, 0);
        for (int i = 0; i < 10; i++) {
            rig_turn(rig);
        }
        assert_false(rig_has_caller(rig));
        rig_free(rig);
    }
}

static void broken_off_answers_are_resets(void **state)
{
    (void)state;
    static const char *const parts[] = {"",
                                        "HTTP/1.",
                                        "HTTP/1.1 200 OK\r\nContent-",
                                        SSE_HEAD "Content-Length: 11\r\n\r\nhello",
                                        SSE_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
                                        SSE_HEAD
                                        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
                                        "HTTP/1.1 100 Continue\r\n\r\n"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        for (int with_reset = 0; with_reset < 2; with_reset++) {
            struct rig *rig = rig_new(NULL);
            rig_ask(rig);
            rig_say(rig, parts[i]);
            rig_hang_up(rig, with_reset != 0);
            assert_failed(rig, WEIR_OUTCOME_RESET);
            rig_free(rig);
        }
    }
}

static void what_is_not_http_is_malformed(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "SSH-2.0-OpenSSH_9.2p1\r\n\r\n",
        "\x16\x03\x01\x02",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        SSE_HEAD "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        SSE_HEAD "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        SSE_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloworld\r\n",
        "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n????",
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct rig *rig = rig_new(NULL);
        rig_ask(rig);
        rig_say(rig, answers[i]);
        assert_failed(rig, WEIR_OUTCOME_MALFORMED);
        rig_hang_up(rig, false);
        rig_ask(rig); // and weir goes on with another connection
        rig_free(rig);
    }
}

static void a_head_without_end_is_malformed(void **state)
{
    (void)state;
    struct rig *rig = rig_new(NULL);
    char line[1024];
    memset(line, 'x', sizeof(line));
    memcpy(line, "X-A: ", 5);
    memcpy(line + sizeof(line) - 2, "\r\n", 2);
    rig_ask(rig);
    rig_say(rig, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 200 && rig->dones == 0; i++) {
        rig_say_n(rig, line, sizeof(line));
        rig_turn(rig);
    }
    assert_failed(rig, WEIR_OUTCOME_MALFORMED);
    assert_non_null(strstr(rig->message, "100 KiB"));
    rig_free(rig);
}

static void an_answer_may_be_given_up(void **state)
{
    (void)state;
    struct rig *rig = rig_new(NULL);
    rig->refuses = true;
    rig_ask(rig);
    rig_say(rig, CHUNKED);
    assert_failed(rig, WEIR_OUTCOME_MALFORMED);
    assert_int_equal(rig->parts, 1); // asked no more
    assert_int_equal(rig->end.http_status, 200);
    rig_free(rig);
}

/** More than the sockets hold: it is written as the server reads. */
static void large_requests_arrive_whole(void **state)
{
    (void)state;
    enum { LARGE = 24 << 20 };
    struct rig *rig = rig_new(NULL);
    char *body = malloc(LARGE);
    char *got = malloc(LARGE + 4096);
    for (size_t i = 0; i < LARGE; i++) {
        body[i] = (char)('a' + i * i % 23);
    }
    rig_start(rig, body, LARGE);
    rig_accept(rig);
    size_t len = rig_request(rig, got, LARGE + 4096);
    const char *end = strstr(got, "\r\n\r\n");
    assert_int_equal(len - (size_t)(end + 4 - got), LARGE);
    assert_memory_equal(end + 4, body, LARGE);
    rig_say(rig, WITH_SIZE);
    rig_await(rig, &rig->dones, 1);
    assert_good(rig, false);

    // refused before it was wholly read: the answer counts, the connection does not
    rig_start(rig, body, LARGE);
    rig_turn(rig);
    rig_say(rig, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    rig_await(rig, &rig->dones, 1);
    assert_int_equal(rig->end.outcome, WEIR_OUTCOME_OK);
    assert_int_equal(rig->end.http_status, 413);
    rig_start(rig, "{}", 2);
    rig_accept(rig);
    free(body);
    free(got);
    rig_free(rig);
}

static void nobody_there_is_a_failed_connect(void **state)
{
    (void)state;
    struct rig *rig = rig_new(NULL);
    (void)close(rig->listener);
    rig_start(rig, "{}", 2);
    rig_await(rig, &rig->dones, 1);
    assert_int_equal(rig->end.outcome, WEIR_OUTCOME_CONNECT);
    assert_int_equal(rig->sent, 0);
    assert_non_null(strstr(rig->message, "refused"));
    rig->listener = -1;
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_request_is_what_it_should_be),
        cmocka_unit_test(the_users_headers_take_the_place_of_ours),
        cmocka_unit_test(answers_may_be_cut_anywhere),
        cmocka_unit_test(answers_may_come_byte_by_byte),
        cmocka_unit_test(statuses_and_types_are_told),
        cmocka_unit_test(a_connection_is_kept_when_it_may_be),
        cmocka_unit_test(new_connections_when_asked_for),
        cmocka_unit_test(a_connection_closed_at_rest_is_not_used),
        cmocka_unit_test(a_request_is_never_sent_twice),
        cmocka_unit_test(broken_off_answers_are_resets),
        cmocka_unit_test(what_is_not_http_is_malformed),
        cmocka_unit_test(a_head_without_end_is_malformed),
        cmocka_unit_test(an_answer_may_be_given_up),
        cmocka_unit_test(large_requests_arrive_whole),
        cmocka_unit_test(nobody_there_is_a_failed_connect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
