/** gzip_internal.h: lines as gzip members. Members one after the other are a gzip file; each can be
 * read as soon as it is written, whatever becomes of the next. One thread. */
#ifndef WEIR_RESULT_GZIP_INTERNAL_H
#define WEIR_RESULT_GZIP_INTERNAL_H

#include <stddef.h>

struct weir__gzip;

/** `usual`: bytes that a member mostly holds at most; more are taken, at the price of memory. */
struct weir__gzip *weir__gzip_new(size_t usual);
void weir__gzip_free(struct weir__gzip *gzip);

/** `len` bytes of `text` as a member of `*size` bytes; borrowed until the next call. */
const char *weir__gzip_member(struct weir__gzip *gzip, const char *text, size_t len, size_t *size);

#endif
