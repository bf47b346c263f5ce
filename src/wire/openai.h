/** openai.h: the functions behind the OpenAI rows of the dialect table. Internal to wire. */
#ifndef WEIR_WIRE_OPENAI_H
#define WEIR_WIRE_OPENAI_H

#include "weir/wire/dialect.h"

bool weir__openai_build_chat(const struct weir_body_spec *spec, struct weir_buf *out,
                             size_t *prompt_at);
bool weir__openai_build_completions(const struct weir_body_spec *spec, struct weir_buf *out,
                                    size_t *prompt_at);

/** Chat and completions alike: servers mix the two shapes, and no member means different things in
 * them. */
bool weir__openai_parse_event(const struct weir_dialect *self, const struct weir_sse_event *event,
                              struct weir_event *out);
bool weir__openai_parse_answer(const struct weir_dialect *self, struct weir_slice body,
                               struct weir_event *out);

#endif
