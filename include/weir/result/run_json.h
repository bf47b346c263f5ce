/** run_json.h: run.json: how a run was made. Written when it begins ("state": "running") and again
 * at its end. Pure. */
#ifndef WEIR_RESULT_RUN_JSON_H
#define WEIR_RESULT_RUN_JSON_H

#include <stdbool.h>

#include "weir/base/buf.h"
#include "weir/result/facts.h"

/** "running", "complete" or "interrupted". */
const char *weir_run_state_key(enum weir_run_state state);

/** Append the file's content. Nothing secret is in it as long as the command was redacted; URLs are
 * redacted here. False when `out` is full. */
bool weir_run_json(const struct weir_run_facts *facts, struct weir_buf *out);

#endif
