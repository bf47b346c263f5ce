// Any bytes as the answer to a request in any language: however they are split, the meaning, the
// end and the error text are the same, and what comes out keeps its promises. Byte 0: framing; byte
// 1: dialect; byte 2 seeds the splits; the rest is the body. Seeds: corpus/dialects; dictionary:
// sse.dict. The same bytes are read as a list of models, too.
#include <stdlib.h>
#include <string.h>

#include "weir/base/rng.h"
#include "weir/wire/answer.h"
#include "weir/wire/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { CAP = 1 << 20, PREFIX = 3 };

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
    const weir_ns spans[] = {event->server_ns.queue, event->server_ns.load,
                             event->server_ns.prompt_eval, event->server_ns.eval};
    require(event->flags < 2 * WEIR_EVENT_DATA);
    require((heard->flags & WEIR_EVENT_END) == 0);
    require(((event->flags & WEIR_EVENT_ERROR) != 0) == (event->error.ptr != NULL));
    for (size_t i = 0; i < 4; i++) {
        require(counts[i] >= -1 && spans[i] >= -1);
        require(counts[i] == -1 || (event->flags & WEIR_EVENT_USAGE) != 0);
    }
    heard->flags |= event->flags;
    heard->count++;
    heard->hash = weir_hash(heard->hash, &event->flags, sizeof(event->flags));
    heard->hash = weir_hash(heard->hash, counts, sizeof(counts));
    heard->hash = weir_hash(heard->hash, spans, sizeof(spans));
    heard->hash = weir_hash(heard->hash, event->error.ptr, event->error.len);
}

/** Read the body in pieces of up to `most` bytes, each in memory of its own; returns how it ended.
 */
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

static void check_end(const struct weir_dialect *dialect, enum weir_answer_end end,
                      const struct heard *heard)
{
    const uint32_t content = dialect->answers_without_tokens ? WEIR_EVENT_DATA : WEIR_EVENT_TOKEN;
    require(end != WEIR_ANSWER_COMPLETE || (heard->flags & content) != 0);
    require(end != WEIR_ANSWER_EMPTY || (heard->flags & content) == 0);
    require((end == WEIR_ANSWER_ERROR) == ((heard->flags & WEIR_EVENT_ERROR) != 0));
}

static void check_models(const struct weir_dialect *dialect, struct weir_slice body)
{
    enum { ROOM = 4 };
    char ids[ROOM][WEIR_MODEL_BYTES];
    const size_t count = weir_dialect_read_models(dialect, body, ids, ROOM);
    require(count <= ROOM);
    for (size_t i = 0; i < count; i++) {
        require(memchr(ids[i], '\0', WEIR_MODEL_BYTES) != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < PREFIX) {
        return 0;
    }
    size_t count = 0;
    const struct weir_dialect *table = weir_dialect_table(&count);
    const struct weir_dialect *dialect = &table[bytes[1] % count];
    const enum weir_framing framing = (enum weir_framing)(bytes[0] % 3);
    const struct weir_slice body = {(const char *)bytes + PREFIX, size - PREFIX};
    struct heard whole = {WEIR_HASH_START, 0, 0};
    struct heard split = whole;
    struct weir_answer one;
    struct weir_answer other;
    weir_answer_init(&one, dialect, CAP, 0, hear, &whole);
    weir_answer_init(&other, dialect, CAP, 0, hear, &split);
    weir_answer_begin(&one, dialect, framing);
    weir_answer_begin(&other, dialect, framing);
    const enum weir_answer_end end = read_body(&one, body.ptr, body.len, SIZE_MAX);
    require(read_body(&other, body.ptr, body.len, 1 + bytes[2] % 64U) == end);
    require(whole.hash == split.hash && whole.count == split.count);
    require(strcmp(weir_answer_error(&one), weir_answer_error(&other)) == 0);
    require(strlen(weir_answer_error(&one)) <= WEIR_ANSWER_ERROR_BYTES);
    check_end(dialect, end, &whole);
    check_models(dialect, body);
    weir_answer_free(&one);
    weir_answer_free(&other);
    return 0;
}
