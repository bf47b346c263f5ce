// The floor: how little a client can spend on a streamed token. One thread, epoll, no HTTP library,
// no JSON, user-space clock. N streams in a closed loop; weir's CPU per token is held against this.
//
//   bench_floor PORT STREAMS TOKENS SECONDS
//
// prints one JSON line. What it measures of latency is what a careful client without kernel stamps
// sees.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024, EVENTS = 1024, TAIL = 5, REQUEST_BYTES = 2048 };

static const char MARK[] = "data: ";
static const char END[] = "0\r\n\r\n";

struct samples {
    uint32_t *us; // in tenths of a microsecond
    size_t count;
    size_t size;
};

struct stream {
    int fd;
    int matched;     // bytes of MARK seen at the beginning of a line; -1: inside a line
    bool is_done;    // [DONE] was seen
    bool is_idle;    // no request in flight
    int tail;        // bytes of END seen at the end of the stream
    uint32_t events; // of this answer
    int64_t sent;
    int64_t last;
};

struct floor {
    struct stream *streams;
    size_t count;
    uint32_t tokens_asked;
    char request[REQUEST_BYTES];
    size_t request_len;
    char buffer[READ_BYTES];
    int epoll_fd;
    int64_t stop_at;
    size_t in_flight;
    uint64_t requests;
    uint64_t tokens;
    struct samples ttft;
    struct samples itl;
};

static void die(const char *what)
{
    (void)fprintf(stderr, "bench_floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void add_sample(struct samples *samples, int64_t ns)
{
    if (samples->count == samples->size) {
        samples->size = samples->size > 0 ? samples->size * 2 : 1 << 16;
        samples->us = realloc(samples->us, samples->size * sizeof(*samples->us));
        if (samples->us == NULL) {
            die("out of memory");
        }
    }
    samples->us[samples->count++] = (uint32_t)(ns / 100);
}

static int compare_u32(const void *left, const void *right)
{
    const uint32_t a = *(const uint32_t *)left;
    const uint32_t b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static double percentile_ms(const struct samples *samples, size_t percent)
{
    if (samples->count == 0) {
        return 0;
    }
    const size_t rank = (percent * samples->count + 99) / 100;
    return samples->us[rank > 0 ? rank - 1 : 0] / 1e4;
}

static void send_request(struct floor *floor, struct stream *stream)
{
    stream->matched = 0;
    stream->is_done = false;
    stream->is_idle = false;
    stream->tail = 0;
    stream->events = 0;
    stream->sent = now_ns();
    const ssize_t sent = send(stream->fd, floor->request, floor->request_len, MSG_NOSIGNAL);
    if (sent != (ssize_t)floor->request_len) {
        die("cannot send a request");
    }
}

/** An event begins. The first is the role, then come the tokens, then what ends the answer. */
static void count_event(struct floor *floor, struct stream *stream, int64_t now)
{
    stream->events++;
    if (stream->events < 2 || stream->events > floor->tokens_asked + 1) {
        return;
    }
    floor->tokens++;
    if (stream->events == 2) {
        add_sample(&floor->ttft, now - stream->sent);
    } else {
        add_sample(&floor->itl, now - stream->last);
    }
    stream->last = now;
}

/** Find lines that begin with MARK, wherever reads cut them. */
static void scan(struct floor *floor, struct stream *stream, size_t len, int64_t now)
{
    const char *at = floor->buffer;
    const char *end = floor->buffer + len;
    while (at < end) {
        if (stream->matched < 0) {
            const char *line_end = memchr(at, '\n', (size_t)(end - at));
            if (line_end == NULL) {
                return;
            }
            at = line_end + 1;
            stream->matched = 0;
            continue;
        }
        if (stream->matched == (int)sizeof(MARK) - 1) {
            count_event(floor, stream, now);
            stream->is_done = *at == '[';
            stream->matched = -1;
        } else if (*at == MARK[stream->matched]) {
            stream->matched++;
            at++;
        } else {
            stream->matched = -1;
        }
    }
}

/** Whether the body has ended: its last bytes are those of the last chunk. */
static bool has_ended(struct stream *stream, const char *bytes, size_t len)
{
    for (size_t i = len > TAIL ? len - TAIL : 0; i < len; i++) {
        if (bytes[i] == END[stream->tail]) {
            stream->tail++;
        } else {
            stream->tail = bytes[i] == END[0];
        }
        if (stream->tail == TAIL) {
            return stream->is_done && i + 1 == len;
        }
    }
    return false;
}

static void on_readable(struct floor *floor, struct stream *stream)
{
    const ssize_t len = recv(stream->fd, floor->buffer, sizeof(floor->buffer), MSG_DONTWAIT);
    const int64_t now = now_ns();
    if (len < 0 && errno == EAGAIN) {
        return;
    }
    if (len <= 0) {
        die("the server closed a connection");
    }
    scan(floor, stream, (size_t)len, now);
    if (!has_ended(stream, floor->buffer, (size_t)len)) {
        return;
    }
    floor->requests++;
    if (now < floor->stop_at) {
        send_request(floor, stream);
    } else {
        stream->is_idle = true;
        floor->in_flight--;
    }
}

static void open_streams(struct floor *floor, uint16_t port)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(port),
                                        .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    const int on = 1;
    for (size_t i = 0; i < floor->count; i++) {
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
            die("cannot connect");
        }
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        floor->streams[i].fd = fd;
        struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = i}};
        if (epoll_ctl(floor->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
            die("epoll_ctl");
        }
    }
}

static void make_request(struct floor *floor)
{
    char body[512];
    const int body_len = snprintf(body, sizeof(body),
                                  "{\"messages\":[{\"role\":\"user\",\"content\":\"the floor\"}],"
                                  "\"stream\":true,\"max_tokens\":%u}",
                                  (unsigned)floor->tokens_asked);
    const int len = snprintf(floor->request, sizeof(floor->request),
                             "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                             "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                             body_len, body);
    floor->request_len = (size_t)len;
}

static void run(struct floor *floor)
{
    struct epoll_event events[EVENTS];
    floor->in_flight = floor->count;
    for (size_t i = 0; i < floor->count; i++) {
        send_request(floor, &floor->streams[i]);
    }
    while (floor->in_flight > 0) {
        const int ready = epoll_wait(floor->epoll_fd, events, EVENTS, 60000);
        if (ready == 0) {
            errno = ETIMEDOUT;
            die("no token for a minute");
        }
        for (int i = 0; i < ready; i++) {
            on_readable(floor, &floor->streams[events[i].data.u64]);
        }
    }
}

static double cpu_s(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void report(struct floor *floor, double wall, double cpu)
{
    qsort(floor->ttft.us, floor->ttft.count, sizeof(uint32_t), compare_u32);
    qsort(floor->itl.us, floor->itl.count, sizeof(uint32_t), compare_u32);
    (void)printf("{\"requests\": %" PRIu64 ", \"tokens\": %" PRIu64
                 ", \"wall_s\": %.3f, \"tokens_per_s\": %.0f, \"requests_per_s\": %.0f, "
                 "\"cpu_s\": %.3f, \"cpu_us_per_token\": %.2f, \"ttft_ms\": {\"p50\": %.4f, "
                 "\"p99\": %.4f}, \"itl_ms\": {\"p50\": %.4f, \"p99\": %.4f}}\n",
                 floor->requests, floor->tokens, wall, (double)floor->tokens / wall,
                 (double)floor->requests / wall, cpu, cpu * 1e6 / (double)floor->tokens,
                 percentile_ms(&floor->ttft, 50), percentile_ms(&floor->ttft, 99),
                 percentile_ms(&floor->itl, 50), percentile_ms(&floor->itl, 99));
}

static long number(const char *text, long max)
{
    char *end = NULL;
    const long value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || value < 1 || value > max) {
        (void)fprintf(stderr, "bench_floor: %s is no number from 1 to %ld\n", text, max);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        (void)fprintf(stderr, "usage: bench_floor PORT STREAMS TOKENS SECONDS\n");
        return 2;
    }
    const uint16_t port = (uint16_t)number(argv[1], 65535);
    struct floor *floor = calloc(1, sizeof(*floor));
    if (floor == NULL) {
        die("out of memory");
    }
    floor->count = (size_t)number(argv[2], 1000000);
    floor->tokens_asked = (uint32_t)number(argv[3], 10000000);
    floor->streams = calloc(floor->count, sizeof(*floor->streams));
    floor->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (floor->streams == NULL || floor->epoll_fd < 0) {
        die("cannot begin");
    }
    make_request(floor);
    open_streams(floor, port);
    const double cpu_before = cpu_s();
    const int64_t begin = now_ns();
    floor->stop_at = begin + number(argv[4], 1000000) * 1000000000;
    run(floor);
    const double cpu = cpu_s() - cpu_before;
    report(floor, (double)(now_ns() - begin) / 1e9, cpu);
    for (size_t i = 0; i < floor->count; i++) {
        (void)close(floor->streams[i].fd);
    }
    (void)close(floor->epoll_fd);
    free(floor->ttft.us);
    free(floor->itl.us);
    free(floor->streams);
    free(floor);
    return 0;
}
