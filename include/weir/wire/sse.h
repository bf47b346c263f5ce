/** sse.h: server-sent events, byte by byte if need be (WHATWG HTML §9.2.6). Incremental: any split of the input gives the
 *  same events. Allocates only in weir_sse_init() and while an event that lies across reads is larger than seen before, up to its cap.
 *  Two deviations, both because of what inference servers do: weir_sse_finish() passes on a last event without its blank line
 *  (browsers drop it), and an event whose data is empty is never passed on (browsers fire it): it can carry nothing. */
#ifndef WEIR_WIRE_SSE_H
#define WEIR_WIRE_SSE_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/base/buf.h"
#include "weir/base/str.h"

/** One event. Slices are valid during the callback only. */
struct weir_sse_event {
    struct weir_slice type; // "event:" field; empty: message
    struct weir_slice data; // "data:" lines joined by \n
};

/** Called for each event with data; return false to stop: the rest of the input is dropped. */
typedef bool weir_sse_fn(void *context, const struct weir_sse_event *event);

enum weir_sse_result { WEIR_SSE_OK, WEIR_SSE_STOPPED, WEIR_SSE_TOO_LARGE };

/** Private. Caller's memory. */
struct weir_sse {
    struct weir_buf line;   // part of a line that has not ended yet
    struct weir_buf data;   // joined data lines of an event that has not ended yet
    struct weir_buf type;
    bool has_data;          // `data` holds a line, be it an empty one
    bool after_cr;          // the last byte was a CR: an LF now belongs to it
    bool is_begun;          // first bytes seen: a BOM is no longer one
    unsigned char bom_seen; // bytes of a byte order mark seen so far
    enum weir_sse_result ended; // not OK: stopped or too large, and so it stays until a reset
};

/** An event's data may have at most `event_cap` bytes, so may a line (comments too). `reserve`: bytes to set aside now,
 *  for the line and for the data each. */
void weir_sse_init(struct weir_sse *sse, size_t event_cap, size_t reserve);
void weir_sse_free(struct weir_sse *sse);

/** Ready for the next stream; keeps the memory. */
void weir_sse_reset(struct weir_sse *sse);

/** Parse `len` more bytes. An event that lies within one call, its data in one line, is passed on without being copied.
 *  A result other than OK is final: later calls repeat it, whatever the bytes. */
enum weir_sse_result weir_sse_feed(struct weir_sse *sse, const char *bytes, size_t len, weir_sse_fn *on_event, void *context);

/** The stream has ended: pass on a last event that lacks its blank line (and even its line end). */
enum weir_sse_result weir_sse_finish(struct weir_sse *sse, weir_sse_fn *on_event, void *context);

#endif
