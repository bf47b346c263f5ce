/** dialects.h: the functions behind the rows of the dialect table; each dialect_<name>.c
 * (openai_*.c: chat and completions) has those of one server's language. Internal to wire. */
#ifndef WEIR_WIRE_DIALECTS_H
#define WEIR_WIRE_DIALECTS_H

#include "weir/wire/dialect.h"

bool weir__responses_build(const struct weir_body_spec *spec, struct weir_buf *out,
                           size_t *prompt_at);
bool weir__responses_parse_event(const struct weir_dialect *self,
                                 const struct weir_sse_event *event, struct weir_event *out);
bool weir__responses_parse_answer(const struct weir_dialect *self, struct weir_slice body,
                                  struct weir_event *out);

bool weir__embeddings_build(const struct weir_body_spec *spec, struct weir_buf *out,
                            size_t *prompt_at);
bool weir__embeddings_parse_event(const struct weir_dialect *self,
                                  const struct weir_sse_event *event, struct weir_event *out);
bool weir__embeddings_parse_answer(const struct weir_dialect *self, struct weir_slice body,
                                   struct weir_event *out);

bool weir__rerank_build(const struct weir_body_spec *spec, struct weir_buf *out, size_t *prompt_at);
bool weir__rerank_parse_event(const struct weir_dialect *self, const struct weir_sse_event *event,
                              struct weir_event *out);
bool weir__rerank_parse_answer(const struct weir_dialect *self, struct weir_slice body,
                               struct weir_event *out);

extern const char *const weir__messages_headers[];
bool weir__messages_build(const struct weir_body_spec *spec, struct weir_buf *out,
                          size_t *prompt_at);
bool weir__messages_parse_event(const struct weir_dialect *self, const struct weir_sse_event *event,
                                struct weir_event *out);
bool weir__messages_parse_answer(const struct weir_dialect *self, struct weir_slice body,
                                 struct weir_event *out);

/** Generate and chat differ in where the text is, and no member means different things in them. */
bool weir__ollama_build_generate(const struct weir_body_spec *spec, struct weir_buf *out,
                                 size_t *prompt_at);
bool weir__ollama_build_chat(const struct weir_body_spec *spec, struct weir_buf *out,
                             size_t *prompt_at);
bool weir__ollama_parse_event(const struct weir_dialect *self, const struct weir_sse_event *event,
                              struct weir_event *out);
bool weir__ollama_parse_answer(const struct weir_dialect *self, struct weir_slice body,
                               struct weir_event *out);

bool weir__tgi_build(const struct weir_body_spec *spec, struct weir_buf *out, size_t *prompt_at);
bool weir__tgi_parse_event(const struct weir_dialect *self, const struct weir_sse_event *event,
                           struct weir_event *out);
bool weir__tgi_parse_answer(const struct weir_dialect *self, struct weir_slice body,
                            struct weir_event *out);

bool weir__llamacpp_build(const struct weir_body_spec *spec, struct weir_buf *out,
                          size_t *prompt_at);
bool weir__llamacpp_parse_event(const struct weir_dialect *self, const struct weir_sse_event *event,
                                struct weir_event *out);
bool weir__llamacpp_parse_answer(const struct weir_dialect *self, struct weir_slice body,
                                 struct weir_event *out);

bool weir__sglang_build(const struct weir_body_spec *spec, struct weir_buf *out, size_t *prompt_at);
bool weir__sglang_parse_event(const struct weir_dialect *self, const struct weir_sse_event *event,
                              struct weir_event *out);
bool weir__sglang_parse_answer(const struct weir_dialect *self, struct weir_slice body,
                               struct weir_event *out);

bool weir__triton_build(const struct weir_body_spec *spec, struct weir_buf *out, size_t *prompt_at);
bool weir__triton_parse_event(const struct weir_dialect *self, const struct weir_sse_event *event,
                              struct weir_event *out);
bool weir__triton_parse_answer(const struct weir_dialect *self, struct weir_slice body,
                               struct weir_event *out);

#endif
