// The server in a thread of this process, spoken to over raw sockets: what a client can do to it.
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "weir/sim/sim.h"

enum { ANSWER_MAX = 1 << 20, PATIENCE_MS = 20000 };

struct fixture {
    struct weir_config config;
    pthread_t thread;
    sem_t is_up;
    int stop[2];
    uint16_t port;
    weir_status status;
    struct weir_err err;
    char *answer;
    size_t len;
};

static void on_listening(void *context, uint16_t port)
{
    struct fixture *f = context;
    f->port = port;
    (void)sem_post(&f->is_up);
}

static void *serve(void *context)
{
    struct fixture *f = context;
    f->status = weir_sim_serve(&f->config, f->stop[0], on_listening, f, &f->err);
    (void)sem_post(&f->is_up); // it failed: do not wait for it
    return NULL;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct weir_err err;
    weir_config_init(&f->config);
    f->config.port = 0;
    f->answer = malloc(ANSWER_MAX + 1);
    if (weir_config_set(&f->config, FOR_SIM, "ttft", "2ms", &err) != WEIR_OK ||
        weir_config_set(&f->config, FOR_SIM, "itl", "1ms", &err) != WEIR_OK || pipe(f->stop) != 0 ||
        sem_init(&f->is_up, 0, 0) != 0) {
        return -1;
    }
    *state = f;
    return 0;
}

static void start(struct fixture *f)
{
    assert_int_equal(pthread_create(&f->thread, NULL, serve, f), 0);
    assert_int_equal(sem_wait(&f->is_up), 0);
    assert_int_not_equal(f->port, 0);
}

static void stop(struct fixture *f)
{
    assert_int_equal(close(f->stop[1]), 0);
    f->stop[1] = -1;
    assert_int_equal(pthread_join(f->thread, NULL), 0);
    assert_int_equal(f->status, WEIR_OK);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    if (f->stop[1] >= 0) {
        (void)close(f->stop[1]);
    }
    (void)close(f->stop[0]);
    (void)sem_destroy(&f->is_up);
    weir_config_free(&f->config);
    free(f->answer);
    free(f);
    return 0;
}

static int dial(const struct fixture *f)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(f->port),
                                        .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void say(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        assert_true(sent > 0);
        bytes += sent;
        len -= (size_t)sent;
    }
}

/** Read until `needle` has come `times` times, or (NULL) until the connection ends. */
static void hear(struct fixture *f, int fd, const char *needle, int times)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    f->len = 0;
    for (;;) {
        f->answer[f->len] = '\0';
        int seen = 0;
        for (const char *at = f->answer; needle != NULL && (at = strstr(at, needle)) != NULL;
             at++) {
            seen++;
        }
        if (needle != NULL && seen >= times) {
            return;
        }
        assert_int_equal(poll(&wait, 1, PATIENCE_MS), 1);
        const ssize_t got = recv(fd, f->answer + f->len, ANSWER_MAX - f->len, 0);
        if (got <= 0) {
            assert_null(needle);
            return;
        }
        f->len += (size_t)got;
    }
}

static char *post(const char *path, const char *headers, const char *body)
{
    char *text = NULL;
    const int len =
        asprintf(&text, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n%s\r\n%s", path,
                 strlen(body), headers, body);
    assert_true(len > 0);
    return text;
}

#define MESSAGES "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"

static const char STREAMED[] = "{" MESSAGES ",\"stream\":true,\"max_tokens\":5}";

static void test_a_request_cut_anywhere_is_the_same_request(void **state)
{
    struct fixture *f = *state;
    start(f);
    char *request = post("/v1/chat/completions", "X-Request-Id: r1\r\n", STREAMED);
    const int fd = dial(f);
    for (size_t i = 0; request[i] != '\0'; i++) {
        say(fd, request + i, 1);
    }
    hear(f, fd, "0\r\n\r\n", 1);
    assert_int_equal(strncmp(f->answer, "HTTP/1.1 200 OK\r\n", 17), 0);
    assert_non_null(strstr(f->answer, "Transfer-Encoding: chunked"));
    say(fd, request, strlen(request)); // and the connection is still good
    hear(f, fd, "[DONE]", 1);
    free(request);
    (void)close(fd);
    stop(f);
}

static void test_pipelined_requests_are_answered_in_order(void **state)
{
    struct fixture *f = *state;
    start(f);
    const int fd = dial(f);
    char *first = post("/v1/chat/completions", "", STREAMED);
    char *second = post("/v1/completions", "", "{\"prompt\":\"a b\",\"max_tokens\":2}");
    char *all = NULL;
    assert_true(asprintf(&all, "%sGET /nope HTTP/1.1\r\n\r\n%s%sGET /v1/models HTTP/1.1\r\n\r\n",
                         first, second, first) > 0);
    say(fd, all, strlen(all));
    hear(f, fd, "\"object\":\"list\"", 1);
    const char *done = strstr(f->answer, "[DONE]");
    assert_non_null(done);
    const char *missing = strstr(done, "404 Not Found");
    assert_non_null(missing);
    const char *whole = strstr(missing, "\"usage\":{\"prompt_tokens\":2,\"completion_tokens\":2");
    assert_non_null(whole);
    const char *again = strstr(whole, "[DONE]");
    assert_non_null(again);
    assert_non_null(strstr(again, "\"object\":\"list\""));
    free(all);
    free(second);
    free(first);
    (void)close(fd);
    stop(f);
}

static void test_what_is_no_http_gets_400_and_the_end(void **state)
{
    struct fixture *f = *state;
    static const char *const GARBAGE[] = {
        "garbage\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET / HTTP/1.1\r\nbad header\r\n\r\n",
        "POST /v1/completions HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "POST /v1/completions HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "POST /v1/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "\x16\x03\x01\x02", // a TLS client
    };
    start(f);
    for (size_t i = 0; i < sizeof(GARBAGE) / sizeof(GARBAGE[0]); i++) {
        const int fd = dial(f);
        say(fd, GARBAGE[i], strlen(GARBAGE[i]));
        hear(f, fd, NULL, 0);
        assert_int_equal(strncmp(f->answer, "HTTP/1.1 400 Bad Request\r\n", 26), 0);
        assert_non_null(strstr(f->answer, "Connection: close\r\n"));
        assert_non_null(strstr(f->answer, "{\"error\":{"));
        (void)close(fd);
    }
    stop(f);
}

static void test_limits(void **state)
{
    struct fixture *f = *state;
    start(f);
    int fd = dial(f);
    static const char HUGE_BODY[] =
        "POST /v1/completions HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n";
    say(fd, HUGE_BODY, sizeof(HUGE_BODY) - 1);
    hear(f, fd, NULL, 0);
    assert_non_null(strstr(f->answer, "413 Content Too Large"));
    (void)close(fd);

    fd = dial(f);
    char *long_path = malloc(5000);
    memset(long_path, 'a', 4999);
    long_path[4999] = '\0';
    say(fd, "GET /", 5);
    say(fd, long_path, 4999);
    hear(f, fd, NULL, 0);
    assert_non_null(strstr(f->answer, "414 URI Too Long"));
    (void)close(fd);

    fd = dial(f);
    say(fd, "GET / HTTP/1.1\r\n", 16);
    for (int i = 0; i < 15; i++) {
        say(fd, "X: ", 3);
        say(fd, long_path, 4999);
        say(fd, "\r\n", 2);
    }
    hear(f, fd, NULL, 0);
    assert_non_null(strstr(f->answer, "431 Request Header Fields Too Large"));
    free(long_path);
    (void)close(fd);
    stop(f);
}

static void test_expect_continue_is_answered(void **state)
{
    struct fixture *f = *state;
    start(f);
    const int fd = dial(f);
    static const char HEAD[] = "POST /v1/completions HTTP/1.1\r\nExpect: 100-continue\r\n"
                               "Content-Length: 14\r\n\r\n";
    say(fd, HEAD, sizeof(HEAD) - 1);
    hear(f, fd, "HTTP/1.1 100 Continue\r\n\r\n", 1);
    say(fd, "{\"prompt\":\"a\"}", 14);
    hear(f, fd, "\"total_tokens\"", 1);
    (void)close(fd);
    stop(f);
}

static void test_chunked_bodies_are_read(void **state)
{
    struct fixture *f = *state;
    start(f);
    const int fd = dial(f);
    static const char CHUNKED[] = "POST /v1/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
                                  "\r\n5\r\n{\"pro\r\n9\r\nmpt\":\"a\"}\r\n0\r\n\r\n";
    say(fd, CHUNKED, sizeof(CHUNKED) - 1);
    hear(f, fd, "\"prompt_tokens\":1", 1);
    (void)close(fd);
    stop(f);
}

/** A client that does not read: the server must neither block the others nor lose a byte. */
static void test_a_client_that_does_not_read_stops_nobody(void **state)
{
    struct fixture *f = *state;
    struct weir_err err;
    assert_int_equal(weir_config_set(&f->config, FOR_SIM, "itl", "0s", &err), WEIR_OK);
    assert_int_equal(weir_config_set(&f->config, FOR_SIM, "ttft", "0s", &err), WEIR_OK);
    start(f);
    const int slow = dial(f);
    char *request = post("/v1/completions", "Connection: close\r\n",
                         "{\"prompt\":\"a\",\"stream\":true,\"max_tokens\":60000}");
    say(slow, request, strlen(request));
    const int quick = dial(f);
    char *other = post("/v1/chat/completions", "", STREAMED);
    say(quick, other, strlen(other));
    hear(f, quick, "[DONE]", 1);
    size_t total = 0;
    size_t events = 0;
    bool is_line = true;
    for (ssize_t got = 1; got > 0;) { // now the slow one reads: everything is there
        got = recv(slow, f->answer, ANSWER_MAX, 0);
        for (ssize_t i = 0; i < got; i++) {
            events += is_line && f->answer[i] == 'd';
            is_line = f->answer[i] == '\n';
        }
        total += got > 0 ? (size_t)got : 0;
    }
    assert_true(total > 60000 * 100);
    assert_int_equal(events, 60000 + 2);
    free(other);
    free(request);
    (void)close(quick);
    (void)close(slow);
    stop(f);
}

static void test_a_client_that_leaves_is_recorded(void **state)
{
    struct fixture *f = *state;
    char path[] = "weir-truth-XXXXXX";
    const int truth = mkstemp(path);
    assert_true(truth >= 0);
    struct weir_err err;
    assert_int_equal(weir_config_set(&f->config, FOR_SIM, "truth", path, &err), WEIR_OK);
    start(f);
    const int fd = dial(f);
    char *request = post("/v1/chat/completions", "X-Request-Id: gone\r\n",
                         "{" MESSAGES ",\"stream\":true,\"max_tokens\":1000000}");
    say(fd, request, strlen(request));
    hear(f, fd, "\"content\":\"", 3);
    (void)close(fd);
    const int last = dial(f);
    char *other = post("/v1/chat/completions", "X-Request-Id: stays\r\n", STREAMED);
    say(last, other, strlen(other));
    hear(f, last, "[DONE]", 1);
    (void)close(last);
    stop(f);
    const ssize_t len = pread(truth, f->answer, ANSWER_MAX, 0);
    assert_true(len > 0);
    f->answer[len] = '\0';
    const char *gone = strstr(f->answer, "\"request_id\": \"gone\"");
    assert_non_null(gone);
    assert_non_null(strstr(gone, "\"outcome\": \"client_closed\""));
    assert_non_null(strstr(f->answer, "{\"summary\": {\"requests\": 2, \"ok\": 1,"));
    free(other);
    free(request);
    (void)close(truth);
    (void)unlink(path);
}

static void test_idle_connections_are_closed_when_asked_for(void **state)
{
    struct fixture *f = *state;
    f->config.idle_close = 30 * WEIR_MSEC;
    start(f);
    const int silent = dial(f);
    hear(f, silent, NULL, 0);
    assert_int_equal(f->len, 0);
    const int used = dial(f);
    char *request = post("/v1/chat/completions", "",
                         "{" MESSAGES ",\"stream\":true,\"max_tokens\":100}"); // takes longer
    say(used, request, strlen(request));
    hear(f, used, NULL, 0);
    assert_non_null(strstr(f->answer, "[DONE]")); // an answer being given is not idle
    free(request);
    (void)close(used);
    (void)close(silent);
    stop(f);
}

static void test_a_port_in_use_is_told_with_a_remedy(void **state)
{
    struct fixture *f = *state;
    start(f);
    struct weir_config other;
    struct weir_err err = {0};
    weir_config_init(&other);
    other.port = f->port;
    assert_int_equal(weir_sim_serve(&other, -1, NULL, NULL, &err), WEIR_INVALID);
    assert_non_null(strstr(err.text, "--port 0"));
    weir_config_free(&other);
    stop(f);
}

static void test_open_answers_do_not_keep_it_from_stopping(void **state)
{
    struct fixture *f = *state;
    f->config.itl = (struct weir_dist){.kind = WEIR_DIST_FIXED, .mean = 1e12};
    start(f);
    enum { CLIENTS = 20 };
    int fds[CLIENTS];
    char *request = post("/v1/chat/completions", "", STREAMED);
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = dial(f);
        say(fds[i], request, strlen(request));
        hear(f, fds[i], "\"content\":\"", 2);
    }
    stop(f);
    for (int i = 0; i < CLIENTS; i++) {
        hear(f, fds[i], NULL, 0);
        (void)close(fds[i]);
    }
    free(request);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_request_cut_anywhere_is_the_same_request),
        TEST(test_pipelined_requests_are_answered_in_order),
        TEST(test_what_is_no_http_gets_400_and_the_end),
        TEST(test_limits),
        TEST(test_expect_continue_is_answered),
        TEST(test_chunked_bodies_are_read),
        TEST(test_a_client_that_does_not_read_stops_nobody),
        TEST(test_a_client_that_leaves_is_recorded),
        TEST(test_idle_connections_are_closed_when_asked_for),
        TEST(test_a_port_in_use_is_told_with_a_remedy),
        TEST(test_open_answers_do_not_keep_it_from_stopping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
