/** guard.h: test input that ends exactly where readable memory ends, so that reading one byte too
 * many is a crash. */
#ifndef WEIR_TESTS_WIRE_GUARD_H
#define WEIR_TESTS_WIRE_GUARD_H

#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard {
    char *map;
    size_t readable;
};

static inline struct guard guard_new(size_t most_bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t readable = (most_bytes / page + 1) * page;
    char *map =
        mmap(NULL, readable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || mprotect(map + readable, page, PROT_NONE) != 0) {
        return (struct guard){NULL, 0};
    }
    return (struct guard){map, readable};
}

/** A copy of the bytes whose end is the end of readable memory. */
static inline const char *guard_put(struct guard *guard, const void *bytes, size_t len)
{
    char *at = guard->map + guard->readable - len;
    memcpy(at, bytes, len);
    return at;
}

static inline void guard_free(struct guard *guard)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    (void)munmap(guard->map, guard->readable + page);
}

#endif
