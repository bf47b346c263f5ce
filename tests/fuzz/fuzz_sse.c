// Any bytes as a stream of server-sent events: however they are split, the events and the result
// are the same. Byte 0 seeds the splits, byte 1 sets the cap, the rest is the stream. Seeds:
// corpus/sse, and golden/wire with two bytes in front; dictionary: sse.dict.
#include <stdlib.h>
#include <string.h>

#include "weir/base/rng.h"
#include "weir/wire/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct heard {
    uint64_t hash;
    size_t count;
    size_t stop_after;
    size_t cap;
};

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static bool hear(void *context, const struct weir_sse_event *event)
{
    struct heard *heard = context;
    require(event->data.len > 0 && event->data.len <= heard->cap && event->type.len <= heard->cap);
    heard->hash = weir_hash(heard->hash, &event->type.len, sizeof(event->type.len));
    heard->hash = weir_hash(heard->hash, event->type.ptr, event->type.len);
    heard->hash = weir_hash(heard->hash, &event->data.len, sizeof(event->data.len));
    heard->hash = weir_hash(heard->hash, event->data.ptr, event->data.len);
    return ++heard->count != heard->stop_after;
}

/** Feed in pieces of up to `most` bytes, each copied to its own memory so that overreads show. */
static enum weir_sse_result parse(struct weir_sse *sse, const char *stream, size_t len, size_t most,
                                  struct heard *heard)
{
    struct weir_rng rng = weir_rng_seed(most);
    weir_sse_reset(sse);
    for (size_t at = 0; at < len;) {
        size_t piece = 1 + weir_rng_below(&rng, (uint32_t)most);
        piece = piece < len - at ? piece : len - at;
        char *copy = malloc(piece);
        require(copy != NULL);
        memcpy(copy, stream + at, piece);
        (void)weir_sse_feed(sse, copy, piece, hear, heard);
        free(copy);
        at += piece;
    }
    return weir_sse_finish(sse, hear, heard);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 2) {
        return 0;
    }
    const char *stream = (const char *)bytes + 2;
    const size_t len = size - 2;
    const size_t cap = bytes[1] < 128 ? bytes[1] : (size_t)1 << 20;
    struct heard whole = {WEIR_HASH_START, 0, bytes[0] / 16U, cap};
    struct heard split = whole;
    struct heard each = whole;
    struct weir_sse sse;
    weir_sse_init(&sse, cap, 0);
    weir_sse_reset(&sse);
    (void)weir_sse_feed(&sse, stream, len, hear, &whole);
    const enum weir_sse_result result = weir_sse_finish(&sse, hear, &whole);
    require(parse(&sse, stream, len, 1 + bytes[0] % 64U, &split) == result);
    require(split.hash == whole.hash && split.count == whole.count);
    require(parse(&sse, stream, len, 1, &each) == result);
    require(each.hash == whole.hash && each.count == whole.count);
    weir_sse_free(&sse);
    return 0;
}
