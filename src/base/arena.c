// Bump allocation in a chain of blocks: see arena.h.
#include "weir/base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"

enum { BLOCK_BYTES = 256 * 1024 };

struct block {
    struct block *next;
    size_t used;
    size_t size;
    alignas(max_align_t) char bytes[];
};

struct weir_arena {
    struct block *head;
    size_t used;
};

struct weir_arena *weir_arena_new(void)
{
    return weir_alloc(1, sizeof(struct weir_arena));
}

void weir_arena_free(struct weir_arena *arena)
{
    if (arena == NULL) {
        return;
    }
    while (arena->head != NULL) {
        struct block *next = arena->head->next;
        weir_free(arena->head);
        arena->head = next;
    }
    weir_free(arena);
}

static void add_block(struct weir_arena *arena, size_t at_least)
{
    size_t size = at_least > BLOCK_BYTES ? at_least : BLOCK_BYTES;
    struct block *block = weir_alloc(1, sizeof(*block) + size);
    block->size = size;
    block->next = arena->head;
    arena->head = block;
}

void *weir_arena_alloc(struct weir_arena *arena, size_t bytes)
{
    const size_t grain = alignof(max_align_t);
    WEIR_ASSERT(bytes < SIZE_MAX / 2);
    size_t wanted = (bytes + grain - 1) / grain * grain;
    if (arena->head == NULL || arena->head->size - arena->head->used < wanted) {
        add_block(arena, wanted);
    }
    void *ptr = arena->head->bytes + arena->head->used;
    arena->head->used += wanted;
    arena->used += wanted;
    return ptr;
}

char *weir_arena_strndup(struct weir_arena *arena, const char *text, size_t len)
{
    char *copy = weir_arena_alloc(arena, len + 1);
    if (len > 0) { // an empty slice may point nowhere
        memcpy(copy, text, len);
    }
    return copy;
}

size_t weir_arena_used(const struct weir_arena *arena)
{
    return arena->used;
}
