/** str.h: borrowed slices of text, and strict parsing. Pure functions, any thread. */
#ifndef WEIR_BASE_STR_H
#define WEIR_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** `len` bytes at `ptr`, owned by somebody else, not NUL-terminated. */
struct weir_slice {
    const char *ptr;
    size_t len;
};

struct weir_slice weir_slice_of(const char *text);
bool weir_slice_equals(struct weir_slice slice, const char *text);
bool weir_slice_starts(struct weir_slice slice, const char *prefix);

/** Without blanks and tabs at both ends. */
struct weir_slice weir_slice_trim(struct weir_slice slice);

/** Iterate over the parts between `separator`: sets `*part`, moves `*rest` on; false when none is
 * left. "a,,b" has three parts; "" has one, empty. Start with rest->ptr != NULL. */
bool weir_slice_next_part(struct weir_slice *rest, char separator, struct weir_slice *part);

/** The whole slice as a number; false (and `*out` untouched) on an empty slice, trailing bytes,
 * overflow, nan or inf. */
bool weir_parse_i64(struct weir_slice text, int64_t *out);
bool weir_parse_f64(struct weir_slice text, double *out);

/** Of `count` candidates the one nearest to `word` in edit distance, or NULL when none is near
 * enough to propose. */
const char *weir_suggest(const char *word, const char *const *candidates, size_t count);

/** Copy at most size-1 bytes and a NUL. True when all of `text` fitted. */
bool weir_copy(char *out, size_t size, const char *text);

/** FNV-1a, 64 bits: a fingerprint, not a secure hash. Chain by passing the last result; start with
 * WEIR_HASH_START. */
#define WEIR_HASH_START 0xcbf29ce484222325ULL
uint64_t weir_hash(uint64_t hash, const void *bytes, size_t len);

#endif
