/** canned_server.h: a server for tests of the engine: one thread, poll(), the same answer to every
 * request. */
#ifndef WEIR_TESTS_ENGINE_CANNED_SERVER_H
#define WEIR_TESTS_ENGINE_CANNED_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CANNED_STREAM                                                                              \
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"     \
    "83\r\n"                                                                                       \
    "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"                                    \
    "data: {\"choices\":[{\"delta\":{\"content\":\"b\"},\"finish_reason\":\"stop\"}]}\n\n"         \
    "data: [DONE]\n\n"                                                                             \
    "\r\n0\r\n\r\n"

enum { CANNED_CONNECTIONS = 256, CANNED_BUFFER = 8192 };

struct canned_connection {
    char bytes[CANNED_BUFFER];
    size_t len;
};

struct canned_server {
    const char *answer; // NULL: never answer
    bool closes;        // close the connection after each answer
    uint16_t port;
    pthread_t thread;
    int stop[2];
    atomic_uint requests;    // complete ones received
    atomic_uint connections; // accepted
    struct pollfd polls[CANNED_CONNECTIONS + 2];
    struct canned_connection connected[CANNED_CONNECTIONS + 2];
    size_t count;
};

/** Bytes of the first whole request in the buffer, or 0. */
static size_t canned_request(const struct canned_connection *c)
{
    const char *end = memmem(c->bytes, c->len, "\r\n\r\n", 4);
    const char *length = memmem(c->bytes, c->len, "Content-Length: ", 16);
    if (end == NULL || length == NULL) {
        return 0;
    }
    size_t size = (size_t)(end - c->bytes) + 4 + (size_t)strtoul(length + 16, NULL, 10);
    return c->len >= size ? size : 0;
}

static void canned_drop(struct canned_server *server, size_t i)
{
    (void)close(server->polls[i].fd);
    server->count--;
    server->polls[i] = server->polls[server->count];
    server->connected[i] = server->connected[server->count];
}

/** False: the connection is gone. */
static bool canned_serve(struct canned_server *server, size_t i)
{
    struct canned_connection *c = &server->connected[i];
    ssize_t got = read(server->polls[i].fd, c->bytes + c->len, sizeof(c->bytes) - c->len);
    if (got <= 0) {
        canned_drop(server, i);
        return false;
    }
    c->len += (size_t)got;
    for (size_t size = canned_request(c); size > 0; size = canned_request(c)) {
        memmove(c->bytes, c->bytes + size, c->len - size);
        c->len -= size;
        atomic_fetch_add(&server->requests, 1);
        if (server->answer != NULL &&
            write(server->polls[i].fd, server->answer, strlen(server->answer)) < 0) {
            break;
        }
        if (server->closes) {
            canned_drop(server, i);
            return false;
        }
    }
    return true;
}

static void canned_accept(struct canned_server *server)
{
    int fd = accept(server->polls[1].fd, NULL, NULL);
    if (fd < 0 || server->count == CANNED_CONNECTIONS + 2) {
        (void)close(fd);
        return;
    }
    atomic_fetch_add(&server->connections, 1);
    server->polls[server->count] = (struct pollfd){.fd = fd, .events = POLLIN};
    server->connected[server->count].len = 0;
    server->count++;
}

static void *canned_main(void *context)
{
    struct canned_server *server = context;
    for (;;) {
        (void)poll(server->polls, server->count, -1);
        if (server->polls[0].revents != 0) {
            break;
        }
        for (size_t i = server->count; i-- > 2;) {
            if (server->polls[i].revents != 0) {
                (void)canned_serve(server, i);
            }
        }
        if (server->polls[1].revents != 0) {
            canned_accept(server);
        }
    }
    while (server->count > 0) {
        canned_drop(server, server->count - 1);
    }
    return NULL;
}

static struct canned_server *canned_start(const char *answer, bool closes)
{
    struct canned_server *server = calloc(1, sizeof(*server));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, len) != 0 || listen(listener, 512) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &len) != 0 || pipe(server->stop) != 0) {
        abort();
    }
    server->answer = answer;
    server->closes = closes;
    server->port = ntohs(address.sin_port);
    server->polls[0] = (struct pollfd){.fd = server->stop[0], .events = POLLIN};
    server->polls[1] = (struct pollfd){.fd = listener, .events = POLLIN};
    server->count = 2;
    if (pthread_create(&server->thread, NULL, canned_main, server) != 0) {
        abort();
    }
    return server;
}

static void canned_stop(struct canned_server *server)
{
    (void)close(server->stop[1]);
    (void)pthread_join(server->thread, NULL);
    free(server);
}

#endif
