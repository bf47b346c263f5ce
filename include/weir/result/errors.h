/** errors.h: what servers said when requests failed: the first few distinct messages of each level
 * and outcome. One thread. */
#ifndef WEIR_RESULT_ERRORS_H
#define WEIR_RESULT_ERRORS_H

#include <stddef.h>
#include <stdint.h>

#include "weir/stat/sample.h"

/** Distinct messages kept for one outcome of one level; what comes after is dropped (the outcome's
 * own count is complete). */
enum { WEIR_ERRORS_PER_OUTCOME = 5, WEIR_ERROR_BYTES = 200 };

struct weir_error_entry {
    uint32_t level;
    enum weir_outcome outcome;
    uint64_t count; // times it was seen; the engine shows only the first failures of a level
    char text[WEIR_ERROR_BYTES]; // one line of clean UTF-8
};

struct weir_errors {
    size_t count;
    struct weir_error_entry *items; // owned; in the order they were first seen
};

void weir_errors_init(struct weir_errors *errors);
void weir_errors_free(struct weir_errors *errors);

void weir_errors_add(struct weir_errors *errors, uint32_t level, enum weir_outcome outcome,
                     const char *message);

#endif
