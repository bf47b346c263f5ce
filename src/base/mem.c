// Memory that is there or the program ends: see mem.h. The policy for running out is written here
// and nowhere else.
#include "weir/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/status.h"

static _Thread_local uint64_t allocations;

WEIR_NORETURN static void die(size_t count, size_t size)
{
    (void)fprintf(stderr, "weir: out of memory (%zu items of %zu bytes)\n", count, size);
    exit(weir_status_exit_code(WEIR_SYSTEM));
}

void *weir_alloc(size_t count, size_t size)
{
    allocations++;
    void *ptr = calloc(count > 0 ? count : 1, size > 0 ? size : 1);
    if (ptr == NULL) {
        die(count, size);
    }
    return ptr;
}

void *weir_realloc(void *ptr, size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        die(count, size);
    }
    allocations++;
    void *grown = realloc(ptr, bytes > 0 ? bytes : 1);
    if (grown == NULL) {
        die(count, size);
    }
    return grown;
}

char *weir_strndup(const char *text, size_t len)
{
    char *copy = weir_alloc(len + 1, 1);
    if (len > 0) { // an empty slice may point nowhere
        memcpy(copy, text, len);
    }
    return copy;
}

char *weir_strdup(const char *text)
{
    return weir_strndup(text, strlen(text));
}

void weir_free(void *ptr)
{
    free(ptr);
}

uint64_t weir_mem_count(void)
{
    return allocations;
}
