// The wire layer's cost: one chat chunk through weir_answer_feed(), from bytes to meaning, and the
// framing alone. Prints one line a case; the best of several rounds, since other load only adds.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/buf.h"
#include "weir/base/clock.h"
#include "weir/wire/answer.h"

enum { EVENTS = 20000, ROUNDS = 15, CAP = 1 << 20 };

// As vLLM writes them: what most of a run consists of.
static const char CHUNK[] =
    "data: {\"id\":\"chatcmpl-8e5b0f6cb1a34a0f8d7a3f9b\",\"object\":\"chat.completion.chunk\","
    "\"created\":1767225600,\"model\":\"meta-llama/"
    "Llama-3.1-8B-Instruct\",\"choices\":[{\"index\":0,"
    "\"delta\":{\"content\":\" reservoir\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n";

static const char LONG_CHUNK[] =
    "data: {\"id\":\"chatcmpl-C1\",\"object\":\"chat.completion.chunk\",\"created\":1767225600,"
    "\"model\":\"gpt-4o-mini-2024-07-18\",\"service_tier\":\"default\",\"system_fingerprint\":"
    "\"fp_560af6e559\",\"choices\":[{\"index\":0,\"delta\":{\"role\":null,\"content\":"
    "\"\xe6\xb0\xb4"
    "\xe5\xba\x93 says "
    "\\\"no\\\"\\n\",\"reasoning_content\":null,\"tool_calls\":null,\"refusal\":null},"
    "\"logprobs\":{\"content\":[{\"token\":\" no\",\"logprob\":-0.25,\"bytes\":[32,110,111],"
    "\"top_logprobs\":[]}]},\"finish_reason\":null}],\"usage\":{\"prompt_tokens\":128,"
    "\"completion_tokens\":17,\"total_tokens\":145,\"prompt_tokens_details\":{\"cached_tokens\":0}}"
    ","
    "\"obfuscation\":\"EQ0KbOyjPIx\"}\n\n";

static uint64_t tokens_seen;

static void on_event(void *context, const struct weir_event *event)
{
    (void)context;
    tokens_seen += (event->flags & WEIR_EVENT_TOKEN) != 0 ? 1 : 0;
}

static bool on_sse_event(void *context, const struct weir_sse_event *event)
{
    (void)context;
    tokens_seen += event->data.len > 0 ? 1 : 0;
    return true;
}

/** Nanoseconds for the whole stream in reads of `read_bytes`. */
static weir_ns time_answer(struct weir_answer *answer, const struct weir_buf *stream,
                           size_t read_bytes)
{
    const weir_ns begin = weir_clock_now();
    weir_answer_begin(answer, weir_dialect_find("chat"), true);
    for (size_t at = 0; at < stream->len; at += read_bytes) {
        const size_t left = stream->len - at;
        (void)weir_answer_feed(answer, stream->ptr + at, left < read_bytes ? left : read_bytes);
    }
    return weir_clock_now() - begin;
}

static weir_ns time_sse(struct weir_sse *sse, const struct weir_buf *stream)
{
    const weir_ns begin = weir_clock_now();
    weir_sse_reset(sse);
    (void)weir_sse_feed(sse, stream->ptr, stream->len, on_sse_event, NULL);
    return weir_clock_now() - begin;
}

static void print(const char *name, weir_ns best, const struct weir_buf *stream)
{
    const double ns_per_event = (double)best / EVENTS;
    (void)printf("%-34s %8.1f ns/event %8.0f MB/s\n", name, ns_per_event,
                 (double)stream->len * 1e3 / (double)best);
    if (tokens_seen != (uint64_t)EVENTS * ROUNDS) {
        (void)fprintf(stderr, "bench_wire: %s: events were lost\n", name);
        exit(1);
    }
    tokens_seen = 0;
}

static void bench_answer(const char *name, const struct weir_buf *stream, size_t read_bytes)
{
    struct weir_answer answer;
    weir_ns best = INT64_MAX;
    weir_answer_init(&answer, weir_dialect_find("chat"), CAP, 4096, on_event, NULL);
    for (int round = 0; round < ROUNDS; round++) {
        const weir_ns took = time_answer(&answer, stream, read_bytes);
        best = took < best ? took : best;
    }
    weir_answer_free(&answer);
    print(name, best, stream);
}

static void bench_sse(const char *name, const struct weir_buf *stream)
{
    struct weir_sse sse;
    weir_ns best = INT64_MAX;
    weir_sse_init(&sse, CAP, 4096);
    for (int round = 0; round < ROUNDS; round++) {
        const weir_ns took = time_sse(&sse, stream);
        best = took < best ? took : best;
    }
    weir_sse_free(&sse);
    print(name, best, stream);
}

static void repeat(struct weir_buf *stream, const char *chunk)
{
    weir_buf_clear(stream);
    for (int i = 0; i < EVENTS; i++) {
        (void)weir_buf_add_str(stream, chunk);
    }
}

int main(void)
{
    struct weir_buf stream;
    weir_buf_init(&stream, (size_t)1 << 30);
    repeat(&stream, CHUNK);
    (void)printf("chat chunk of %zu bytes, long chunk of %zu bytes\n", sizeof(CHUNK) - 1,
                 sizeof(LONG_CHUNK) - 1);
    bench_sse("framing alone", &stream);
    bench_answer("answer, one event a read", &stream, sizeof(CHUNK) - 1);
    bench_answer("answer, reads of 16 KiB", &stream, 16384);
    bench_answer("answer, reads of 100 bytes", &stream, 100);
    repeat(&stream, LONG_CHUNK);
    bench_answer("long chunk, one event a read", &stream, sizeof(LONG_CHUNK) - 1);
    weir_buf_free(&stream);
    return 0;
}
