// Any bytes as the answer to a chat request: however they are split, the meaning, the end and the
// error text are the same, and what comes out keeps its promises. Byte 0: stream or document; byte
// 1 seeds the splits; the rest is the body. Seeds: corpus/openai; dictionary: sse.dict.
#include <stdlib.h>
#include <string.h>

#include "weir/base/rng.h"
#include "weir/wire/answer.h"
#include "weir/wire/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { CAP = 1 << 20 };

struct heard {
    uint64_t hash;
    size_t count;
    uint32_t flags;
};

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void hear(void *context, const struct weir_event *event)
{
    struct heard *heard = context;
    const int32_t counts[] = {event->output_tokens, event->input_tokens, event->reasoning_tokens,
                              event->cached_tokens};
    require(event->flags < 2 * WEIR_EVENT_END);
    require((heard->flags & WEIR_EVENT_END) == 0);
    require(((event->flags & WEIR_EVENT_ERROR) != 0) == (event->error.ptr != NULL));
    for (size_t i = 0; i < 4; i++) {
        require(counts[i] >= -1);
        require(counts[i] == -1 || (event->flags & WEIR_EVENT_USAGE) != 0);
    }
    heard->flags |= event->flags;
    heard->count++;
    heard->hash = weir_hash(heard->hash, &event->flags, sizeof(event->flags));
    heard->hash = weir_hash(heard->hash, counts, sizeof(counts));
    heard->hash = weir_hash(heard->hash, event->error.ptr, event->error.len);
}

/** Printable, short, and UTF-8 as the JSON reader itself understands it. */
static void check_error(const char *error)
{
    struct weir_buf quoted;
    struct weir_json json;
    const size_t len = strlen(error);
    require(len <= WEIR_ANSWER_ERROR_BYTES);
    for (size_t i = 0; i < len; i++) {
        require((unsigned char)error[i] >= 0x20 && error[i] != 0x7f);
    }
    weir_buf_init(&quoted, 4096);
    require(weir_buf_add_char(&quoted, '"') && weir_buf_add_json(&quoted, error, len) &&
            weir_buf_add_char(&quoted, '"'));
    weir_json_init(&json, (struct weir_slice){quoted.ptr, quoted.len});
    weir_json_skip(&json);
    require(weir_json_end(&json));
    weir_buf_free(&quoted);
}

/** Read the body in pieces of up to `most` bytes; returns how it ended. */
static enum weir_answer_end read_body(struct weir_answer *answer, const char *body, size_t len,
                                      size_t most)
{
    struct weir_rng rng = weir_rng_seed(most);
    for (size_t at = 0; at < len;) {
        size_t piece = most < len ? 1 + weir_rng_below(&rng, (uint32_t)most) : len;
        piece = piece < len - at ? piece : len - at;
        char *copy = malloc(piece);
        require(copy != NULL);
        memcpy(copy, body + at, piece);
        (void)weir_answer_feed(answer, copy, piece);
        free(copy);
        at += piece;
    }
    return weir_answer_finish(answer);
}

static void check_end(enum weir_answer_end end, const struct heard *heard)
{
    const bool has_token = (heard->flags & WEIR_EVENT_TOKEN) != 0;
    require(end != WEIR_ANSWER_COMPLETE || has_token);
    require(end != WEIR_ANSWER_EMPTY || !has_token);
    require((end == WEIR_ANSWER_ERROR) == ((heard->flags & WEIR_EVENT_ERROR) != 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 2) {
        return 0;
    }
    const char *body = (const char *)bytes + 2;
    const size_t len = size - 2;
    const bool is_stream = (bytes[0] & 1) != 0;
    const struct weir_dialect *dialect = weir_dialect_find("chat");
    struct heard whole = {WEIR_HASH_START, 0, 0};
    struct heard split = whole;
    struct weir_answer one;
    struct weir_answer other;
    weir_answer_init(&one, dialect, CAP, 0, hear, &whole);
    weir_answer_init(&other, dialect, CAP, 0, hear, &split);
    weir_answer_begin(&one, dialect, is_stream);
    weir_answer_begin(&other, dialect, is_stream);
    const enum weir_answer_end end = read_body(&one, body, len, SIZE_MAX);
    require(read_body(&other, body, len, 1 + bytes[1] % 64U) == end);
    require(whole.hash == split.hash && whole.count == split.count);
    require(strcmp(weir_answer_error(&one), weir_answer_error(&other)) == 0);
    check_error(weir_answer_error(&one));
    check_end(end, &whole);
    weir_answer_free(&one);
    weir_answer_free(&other);
    return 0;
}
