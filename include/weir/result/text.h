/** text.h: text from outside (servers, file names) made safe to print and to put into JSON: valid
 * UTF-8, one line, no control characters. Pure, any thread. */
#ifndef WEIR_RESULT_TEXT_H
#define WEIR_RESULT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/base/buf.h"

/** Copy `len` bytes into `out` as one line of valid UTF-8: runs of line breaks and tabs become one
 * blank, other control characters and bytes that are not UTF-8 become '?'. Cut at a character when
 * it does not fit. Returns `out`. */
const char *weir_text_clean(const char *text, size_t len, char *out, size_t size);

/** Columns on a terminal: characters of valid UTF-8, each taken as one wide. */
size_t weir_text_width(const char *text);

/** Bytes of the first `columns` characters. */
size_t weir_text_bytes(const char *text, size_t columns);

/** Append one field of a CSV line as RFC 4180 quotes it. */
bool weir_text_add_csv(struct weir_buf *buf, const char *text);

/** Append as the content of a Markdown table cell: cleaned, with |, `, * and < made literal. */
bool weir_text_add_markdown(struct weir_buf *buf, const char *text);

#endif
