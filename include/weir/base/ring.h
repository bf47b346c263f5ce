/** ring.h: a bounded queue of fixed-size items from one thread to one other, without a lock (one
 * producer, one consumer). A full ring refuses and says so: the producer counts what it could not
 * hand over. */
#ifndef WEIR_BASE_RING_H
#define WEIR_BASE_RING_H

#include <stdbool.h>
#include <stddef.h>

struct weir_ring;

/** `count` is rounded up to a power of two. */
struct weir_ring *weir_ring_new(size_t count, size_t item_bytes);
void weir_ring_free(struct weir_ring *ring);

/** Producer only: copies the item in; false when full. */
bool weir_ring_push(struct weir_ring *ring, const void *item);

/** Consumer only: copies the oldest item out; false when empty. */
bool weir_ring_pop(struct weir_ring *ring, void *item);

#endif
