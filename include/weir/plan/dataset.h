/** dataset.h: prompts from a JSONL file, one object a line:
 *
 *    {"prompt": "text"}                                         any endpoint type
 *    {"messages": [{"role": "user", "content": …}, …]}          chat
 *
 *  and with either "max_tokens": N (or "output_length": N) if wanted. Members of other names are left alone. Blank lines, CRLF
 *  and a byte order mark are allowed. An error names file and line. Pure but for reading the file. */
#ifndef WEIR_PLAN_DATASET_H
#define WEIR_PLAN_DATASET_H

#include <stddef.h>
#include <stdint.h>

#include "weir/base/arena.h"
#include "weir/base/status.h"
#include "weir/base/str.h"

/** One line: prompt or messages, the other is empty (ptr NULL). */
struct weir_row {
    struct weir_slice prompt;
    struct weir_slice messages; // JSON array
    int64_t max_tokens;         // 0: not said
    int line;
};

struct weir_dataset {
    struct weir_row *rows; // in the arena
    size_t count;          // at least 1
};

/** Largest file read, and most rows. */
#define WEIR_DATASET_BYTES_MAX ((size_t)1 << 30U)
enum { WEIR_DATASET_ROWS_MAX = 1000000 };

/** From memory; `name` stands in errors. */
weir_status weir_dataset_parse(struct weir_slice text, const char *name, struct weir_arena *arena,
                               struct weir_dataset *out, struct weir_err *err) WEIR_MUST_USE;

weir_status weir_dataset_read(const char *path, struct weir_arena *arena, struct weir_dataset *out,
                              struct weir_err *err) WEIR_MUST_USE;

#endif
