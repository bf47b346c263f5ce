/** ndjson.h: one JSON value a line, byte by byte if need be. Incremental: any split of the input gives the same lines.
 *  Lines end in LF; a CR before it and blank lines are nothing. Allocates only in weir_ndjson_init() and while a line that lies
 *  across reads is larger than seen before, up to its cap. What a line says is not looked at. */
#ifndef WEIR_WIRE_NDJSON_H
#define WEIR_WIRE_NDJSON_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/base/buf.h"
#include "weir/base/str.h"

/** Called for each line that is not blank, without its end; return false to stop: the rest of the input is dropped. */
typedef bool weir_ndjson_fn(void *context, struct weir_slice line);

enum weir_ndjson_result { WEIR_NDJSON_OK, WEIR_NDJSON_STOPPED, WEIR_NDJSON_TOO_LARGE };

/** Private. Caller's memory. */
struct weir_ndjson {
    struct weir_buf line;          // part of a line that has not ended yet
    enum weir_ndjson_result ended; // not OK: stopped or too large, and so it stays until a reset
};

/** A line may have at most `line_cap` bytes. `reserve`: bytes to set aside now. */
void weir_ndjson_init(struct weir_ndjson *ndjson, size_t line_cap, size_t reserve);
void weir_ndjson_free(struct weir_ndjson *ndjson);

/** Ready for the next stream; keeps the memory. */
void weir_ndjson_reset(struct weir_ndjson *ndjson);

/** Parse `len` more bytes. A line that lies within one call is passed on without being copied. A result other than OK is
 *  final: later calls repeat it, whatever the bytes. */
enum weir_ndjson_result weir_ndjson_feed(struct weir_ndjson *ndjson, const char *bytes, size_t len, weir_ndjson_fn *on_line,
                                         void *context);

/** The stream has ended: pass on a last line that lacks its end. */
enum weir_ndjson_result weir_ndjson_finish(struct weir_ndjson *ndjson, weir_ndjson_fn *on_line, void *context);

#endif
