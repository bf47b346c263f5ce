// Single-producer, single-consumer ring: see ring.h. Each side writes one index only;
// release/acquire pairs order the items.
#include "weir/base/ring.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "weir/base/mem.h"

enum { CACHE_LINE = 64 };

struct weir_ring {
    // set once
    size_t mask;
    size_t item_bytes;
    char *items;
    // a cache line apart, so that the two threads do not fight over one
    char pad_head[CACHE_LINE];
    atomic_size_t head; // next to push; written by the producer
    char pad_tail[CACHE_LINE];
    atomic_size_t tail; // next to pop; written by the consumer
};

struct weir_ring *weir_ring_new(size_t count, size_t item_bytes)
{
    size_t size = 1;
    while (size < count) {
        size *= 2;
    }
    struct weir_ring *ring = weir_alloc(1, sizeof(*ring));
    ring->mask = size - 1;
    ring->item_bytes = item_bytes;
    ring->items = weir_alloc(size, item_bytes);
    return ring;
}

void weir_ring_free(struct weir_ring *ring)
{
    if (ring != NULL) {
        weir_free(ring->items);
        weir_free(ring);
    }
}

bool weir_ring_push(struct weir_ring *ring, const void *item)
{
    size_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    size_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    if (head - tail > ring->mask) {
        return false;
    }
    memcpy(ring->items + (head & ring->mask) * ring->item_bytes, item, ring->item_bytes);
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
    return true;
}

bool weir_ring_pop(struct weir_ring *ring, void *item)
{
    size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    size_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    if (head == tail) {
        return false;
    }
    memcpy(item, ring->items + (tail & ring->mask) * ring->item_bytes, ring->item_bytes);
    atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
    return true;
}
