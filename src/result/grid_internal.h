/** grid_internal.h: a small table as aligned text or as Markdown. Cells are cleaned when they are
 * added. */
#ifndef WEIR_RESULT_GRID_INTERNAL_H
#define WEIR_RESULT_GRID_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/base/buf.h"

enum { WEIR__GRID_COLUMNS_MAX = 24 };

struct weir__grid {
    size_t columns;
    bool is_right[WEIR__GRID_COLUMNS_MAX]; // numbers
    size_t count;                          // of cells, heading included
    char **cells;                          // owned
};

/** Headings; one that begins with '>' is of a column of numbers. */
void weir__grid_init(struct weir__grid *grid, const char *const *headings, size_t columns);
void weir__grid_free(struct weir__grid *grid);

/** The next cell, row after row. */
void weir__grid_add(struct weir__grid *grid, const char *text);

/** Append as text: columns are aligned, the last one is wrapped at `width` (0: never). */
bool weir__grid_text(const struct weir__grid *grid, size_t width, struct weir_buf *out);
bool weir__grid_markdown(const struct weir__grid *grid, struct weir_buf *out);

#endif
