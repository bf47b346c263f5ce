/** prompt.h: synthetic prompts and their lengths, functions of seed and index alone. Pure; any thread. */
#ifndef WEIR_PLAN_PROMPT_H
#define WEIR_PLAN_PROMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/base/buf.h"

/** Shortest prompt that begins with a nonce: its three words and one more. */
enum { WEIR_PROMPT_UNIQUE_MIN = 4 };

/** Longest length drawn, in words or tokens: that of the options' upper bound. */
enum { WEIR_LENGTH_MAX = 10000000 };

/** A length around `mean`: normal with deviation `stddev`, rounded, kept within [least, WEIR_LENGTH_MAX]. `label` names the
 *  stream ("isl", "osl"), so that a change of the one never shifts the other. */
uint32_t weir_length_draw(uint64_t seed, const char *label, uint64_t index, double mean, double stddev, uint32_t least);

/** Append `words` common English words with one blank between: lower case, each one token behind a blank in the usual
 *  tokenizers. Prompt `index` of `seed` is a longer or shorter beginning of the same endless text. With `is_unique` it begins
 *  with the WEIR_NONCE_BYTES (plan.h) of request `index`, which count as three of the words. False when `out` is full. */
bool weir_prompt_write(uint64_t seed, uint64_t index, uint32_t words, bool is_unique, struct weir_buf *out);

#endif
