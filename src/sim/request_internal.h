/** request_internal.h: what the readers of the several languages share. Each fills its part of the
 * request; false: refused. */
#ifndef WEIR_SIM_REQUEST_INTERNAL_H
#define WEIR_SIM_REQUEST_INTERNAL_H

#include <jansson.h>

#include "weir/sim/request.h"

typedef bool weir__read_fn(const json_t *body, struct weir_sim_request *out,
                           struct weir_sim_refusal *refusal);

/** Words of a string; 0 for anything else. */
int64_t weir__count_words(const json_t *text);

/** Members that may be missing or null. */
bool weir__read_bool(const json_t *object, const char *key, bool *out,
                     struct weir_sim_refusal *refusal);
bool weir__read_count(const json_t *object, const char *key, int64_t min, int64_t *out,
                      struct weir_sim_refusal *refusal);

weir__read_fn weir__read_messages; // "messages", at least one
weir__read_fn weir__read_stream;   // "stream"
bool weir__are_integers(const json_t *array);

// request_native.c: a function a language
weir__read_fn weir__read_responses;
weir__read_fn weir__read_embeddings;
weir__read_fn weir__read_rerank;
weir__read_fn weir__read_anthropic;
weir__read_fn weir__read_ollama_generate;
weir__read_fn weir__read_ollama_chat;
weir__read_fn weir__read_tgi;
weir__read_fn weir__read_llamacpp;
weir__read_fn weir__read_sglang;
weir__read_fn weir__read_triton;

#endif
