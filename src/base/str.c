// Slices, strict numbers, suggestions: see str.h.
#include "weir/base/str.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "weir/base/attr.h"

struct weir_slice weir_slice_of(const char *text)
{
    return (struct weir_slice){text, strlen(text)};
}

bool weir_slice_equals(struct weir_slice slice, const char *text)
{
    return slice.len == strlen(text) && weir_slice_starts(slice, text);
}

bool weir_slice_starts(struct weir_slice slice, const char *prefix)
{
    size_t len = strlen(prefix);
    // an empty slice may point nowhere, which memcmp() must not see
    return len == 0 || (slice.len >= len && memcmp(slice.ptr, prefix, len) == 0);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct weir_slice weir_slice_trim(struct weir_slice slice)
{
    while (slice.len > 0 && is_blank(slice.ptr[0])) {
        slice.ptr++;
        slice.len--;
    }
    while (slice.len > 0 && is_blank(slice.ptr[slice.len - 1])) {
        slice.len--;
    }
    return slice;
}

bool weir_slice_next_part(struct weir_slice *rest, char separator, struct weir_slice *part)
{
    if (rest->ptr == NULL) {
        return false;
    }
    const char *end = rest->len > 0 ? memchr(rest->ptr, separator, rest->len) : NULL;
    if (end == NULL) {
        *part = *rest;
        *rest = (struct weir_slice){NULL, 0};
        return true;
    }
    *part = (struct weir_slice){rest->ptr, (size_t)(end - rest->ptr)};
    *rest = (struct weir_slice){end + 1, rest->len - part->len - 1};
    return true;
}

/** strtod and strtoll want a NUL: numbers are short, so copy them. They skip leading space and stop
 * at a NUL inside: neither is a number here. */
static bool copy_number(struct weir_slice text, char *out, size_t size)
{
    if (text.len == 0 || text.len >= size || isspace((unsigned char)text.ptr[0]) ||
        memchr(text.ptr, '\0', text.len) != NULL) {
        return false;
    }
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}

bool weir_parse_i64(struct weir_slice text, int64_t *out)
{
    char copy[32];
    if (!copy_number(text, copy, sizeof(copy))) {
        return false;
    }
    char *end = NULL;
    errno = 0;
    long long value = strtoll(copy, &end, 10);
    if (errno != 0 || end == copy || *end != '\0') {
        return false;
    }
    *out = value;
    return true;
}

bool weir_parse_f64(struct weir_slice text, double *out)
{
    char copy[64];
    if (!copy_number(text, copy, sizeof(copy)) || strpbrk(copy, "xXnN") != NULL) {
        return false;
    }
    char *end = NULL;
    double value = strtod(copy, &end); // what is too small becomes 0, what is too large inf
    if (end == copy || *end != '\0' || !isfinite(value)) {
        return false;
    }
    *out = value;
    return true;
}

enum { WORD_MAX = 48 };

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t smaller = a < b ? a : b;
    return smaller < c ? smaller : c;
}

/** Levenshtein distance of two words of at most WORD_MAX bytes. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t row[WORD_MAX + 1];
    for (size_t j = 0; j <= b_len; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t above = row[j];
            row[j] = min3(row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
            diagonal = above;
        }
    }
    return row[b_len];
}

const char *weir_suggest(const char *word, const char *const *candidates, size_t count)
{
    size_t len = strlen(word);
    if (len == 0 || len > WORD_MAX) {
        return NULL;
    }
    const char *best = NULL;
    size_t best_distance = len / 3 + 2; // "near enough": about a third of the letters differ,
    if (best_distance > len) {
        best_distance = len; // and never all of them
    }
    for (size_t i = 0; i < count; i++) {
        size_t other = strlen(candidates[i]);
        size_t d = other <= WORD_MAX ? distance(word, len, candidates[i], other) : WORD_MAX;
        if (d < best_distance) {
            best = candidates[i];
            best_distance = d;
        }
    }
    return best;
}

bool weir_copy(char *out, size_t size, const char *text)
{
    WEIR_ASSERT(size > 0);
    size_t len = strlen(text);
    size_t kept = len < size ? len : size - 1;
    memcpy(out, text, kept);
    out[kept] = '\0';
    return kept == len;
}

uint64_t weir_hash(uint64_t hash, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ at[i]) * 0x100000001b3ULL;
    }
    return hash;
}
