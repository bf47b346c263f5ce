/** json_internal.h: what the writers of JSON files share. Values from outside are cleaned first;
 * what then still fails is lack of memory, which ends the program as everywhere. */
#ifndef WEIR_RESULT_JSON_INTERNAL_H
#define WEIR_RESULT_JSON_INTERNAL_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/base/buf.h"
#include "weir/result/facts.h"

/** Put `value` (taken over) under `key`, behind the keys that are there. */
void weir__json_put(json_t *object, const char *key, json_t *value);
void weir__json_append(json_t *array, json_t *value);

/** Rounded to six decimals; null when not finite. */
json_t *weir__json_number(double value);

/** −1: null. */
json_t *weir__json_count(int64_t value);

/** Cleaned; null when "". */
json_t *weir__json_text(const char *text);

/** A fingerprint: 16 hexadecimal digits, since JSON numbers cannot hold 64 bits everywhere. */
json_t *weir__json_hash(uint64_t hash);

/** The "host" block of run.json and summary.json. */
json_t *weir__json_host(const struct weir_host_facts *host);

/** Append any value in one line; nothing for NULL. False when it did not work out. */
bool weir__json_add(const json_t *value, struct weir_buf *out);

/** Append `root` (taken over) indented, with a line end. False when `out` is full. */
bool weir__json_dump(json_t *root, struct weir_buf *out);

#endif
