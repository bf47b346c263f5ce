/** template_internal.h: what template.c (reading a description) and dialect_template.c (speaking
 * it) share. */
#ifndef WEIR_WIRE_TEMPLATE_INTERNAL_H
#define WEIR_WIRE_TEMPLATE_INTERNAL_H

#include "weir/base/arena.h"
#include "weir/wire/template.h"

struct weir_template {
    struct weir_arena *arena; // holds all strings
    struct weir_dialect dialect;
    struct weir_slice body; // the object, raw
    // JSON pointers and the end mark; NULL: not given
    const char *text;
    const char *reasoning;
    const char *tool;
    const char *finish;
    const char *error;
    const char *output_tokens;
    const char *input_tokens;
    const char *cached_tokens;
    const char *reasoning_tokens;
    const char *end;
    const char *end_at;
};

bool weir__template_build(const struct weir_body_spec *spec, struct weir_buf *out,
                          size_t *prompt_at);
bool weir__template_parse_event(const struct weir_dialect *self, const struct weir_sse_event *event,
                                struct weir_event *out);
bool weir__template_parse_answer(const struct weir_dialect *self, struct weir_slice body,
                                 struct weir_event *out);

#endif
