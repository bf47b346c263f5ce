/** arena.h: memory with the life of a run: allocated piece by piece, freed at once. One thread. */
#ifndef WEIR_BASE_ARENA_H
#define WEIR_BASE_ARENA_H

#include <stddef.h>

struct weir_arena;

struct weir_arena *weir_arena_new(void);
void weir_arena_free(struct weir_arena *arena);

/** Zeroed, aligned for any type, valid until weir_arena_free(). Never NULL. */
void *weir_arena_alloc(struct weir_arena *arena, size_t bytes);
char *weir_arena_strndup(struct weir_arena *arena, const char *text, size_t len);

/** Bytes handed out so far. */
size_t weir_arena_used(const struct weir_arena *arena);

#endif
