/** template.h: a server's language as its user describes it, for servers that no row of the dialect table fits. A JSON object:
 *
 *      {"path": "/api/v2/write",                      below the base URL
 *       "framing": "sse",                             or "ndjson", or "document" when it cannot stream
 *       "headers": ["x-team: a"],
 *       "body": {"input": "{prompt}", "limit": "{max_tokens}", "stream": "{stream}"},
 *       "text": "/chunk/text",                        the rest are JSON pointers (RFC 6901) into an event or an answer
 *       "reasoning": "/chunk/thought", "tool": "/chunk/call",
 *       "finish": "/why", "error": "/error",
 *       "output_tokens": "/usage/out", "input_tokens": "/usage/in", "cached_tokens": …, "reasoning_tokens": …,
 *       "end": "[END]",                               data, not a pointer, that ends the stream
 *       "end_at": "/is_last",
 *       "cumulative": true}                           events repeat the text so far (needs output_tokens)
 *
 *  path, body and text must be there. In the body, a string may hold {prompt} and {model}, or be "{messages}", "{max_tokens}"
 *  or "{stream}" as a whole, which become an array, a number (null: no limit) and a boolean. A pointer that finds nothing,
 *  null, false, 0 or something empty says nothing. Counts are cumulative. [DONE] always ends a stream; with neither "end",
 *  "end_at" nor "finish" its end cannot be told from a cut. Immutable once made; any thread. */
#ifndef WEIR_WIRE_TEMPLATE_H
#define WEIR_WIRE_TEMPLATE_H

#include "weir/base/status.h"
#include "weir/base/str.h"
#include "weir/wire/dialect.h"

/** Read a description; `file` is named in errors ("" for none). *out is for weir_template_free(). */
weir_status weir_template_parse(struct weir_slice json, const char *file, struct weir_template **out,
                                struct weir_err *err) WEIR_MUST_USE;

/** NULL is allowed. */
void weir_template_free(struct weir_template *template);

/** The dialect called "template"; it lives as long as the template. */
const struct weir_dialect *weir_template_dialect(const struct weir_template *template);

#endif
