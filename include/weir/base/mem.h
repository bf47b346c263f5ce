/** mem.h: memory that is there or the program ends. Used at start-up and on cold paths; the hot
 * path allocates nothing, and weir_mem_count() lets a test prove it. Any thread. */
#ifndef WEIR_BASE_MEM_H
#define WEIR_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

/** Zeroed memory of `count` * `size` bytes, never NULL: out of memory (or an overflow) ends the
 * program with a message and exit code 70. Free with weir_free(). */
void *weir_alloc(size_t count, size_t size);

/** Grow or shrink to `count` * `size` bytes; new bytes are not zeroed. Never NULL. */
void *weir_realloc(void *ptr, size_t count, size_t size);

char *weir_strdup(const char *text);
char *weir_strndup(const char *text, size_t len);

/** NULL is allowed. */
void weir_free(void *ptr);

/** How often the calling thread has called weir_alloc, weir_realloc, weir_strdup and weir_strndup.
 */
uint64_t weir_mem_count(void);

#endif
