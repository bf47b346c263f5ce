// A small table as aligned text or as Markdown: see grid_internal.h.
#include "grid_internal.h"

#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/base/str.h"
#include "weir/result/text.h"

enum { GAP = 2, LAST_MIN = 24 };

void weir__grid_init(struct weir__grid *grid, const char *const *headings, size_t columns)
{
    WEIR_ASSERT(columns > 0 && columns <= WEIR__GRID_COLUMNS_MAX);
    *grid = (struct weir__grid){.columns = columns};
    for (size_t i = 0; i < columns; i++) {
        grid->is_right[i] = headings[i][0] == '>';
        weir__grid_add(grid, headings[i] + (grid->is_right[i] ? 1 : 0));
    }
}

void weir__grid_free(struct weir__grid *grid)
{
    for (size_t i = 0; i < grid->count; i++) {
        weir_free(grid->cells[i]);
    }
    weir_free(grid->cells);
    *grid = (struct weir__grid){0};
}

void weir__grid_add(struct weir__grid *grid, const char *text)
{
    const size_t size = strlen(text) + 1;
    char *clean = weir_alloc(size, 1);
    (void)weir_text_clean(text, size - 1, clean, size);
    grid->cells = weir_realloc(grid->cells, grid->count + 1, sizeof(char *));
    grid->cells[grid->count++] = clean;
}

static void pad(struct weir_buf *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)weir_buf_add_char(out, ' ');
    }
}

static void measure(const struct weir__grid *grid, size_t widths[WEIR__GRID_COLUMNS_MAX])
{
    WEIR_ASSERT(grid->columns > 0);
    for (size_t i = 0; i < grid->columns; i++) {
        widths[i] = 0;
    }
    for (size_t i = 0; i < grid->count; i++) {
        const size_t width = weir_text_width(grid->cells[i]);
        size_t *most = &widths[i % grid->columns];
        *most = width > *most ? width : *most;
    }
}

/** The words of `text` in lines of `width` columns, each after the first behind `indent` blanks. */
static void add_wrapped(struct weir_buf *out, const char *text, size_t indent, size_t width)
{
    size_t at = 0;
    struct weir_slice rest = weir_slice_of(text);
    struct weir_slice word;
    while (weir_slice_next_part(&rest, ' ', &word)) {
        char part[1024];
        const size_t len = word.len < sizeof(part) ? word.len : sizeof(part) - 1;
        memcpy(part, word.ptr, len);
        part[len] = '\0';
        const size_t columns = weir_text_width(part);
        if (at > 0 && at + 1 + columns > width) {
            (void)weir_buf_add_char(out, '\n');
            pad(out, indent);
            at = 0;
        }
        if (at > 0) {
            (void)weir_buf_add_char(out, ' ');
            at++;
        }
        (void)weir_buf_add(out, word.ptr, word.len);
        at += columns;
    }
}

static void add_line(const struct weir__grid *grid, size_t row, const size_t *widths, size_t width,
                     struct weir_buf *out)
{
    size_t before = 0;
    for (size_t i = 0; i < grid->columns; i++) {
        const char *cell = grid->cells[row * grid->columns + i];
        const size_t blanks = widths[i] - weir_text_width(cell);
        pad(out, i > 0 ? GAP : 0);
        before += i > 0 ? GAP : 0;
        pad(out, grid->is_right[i] ? blanks : 0);
        if (i + 1 < grid->columns) {
            (void)weir_buf_add_str(out, cell);
            pad(out, grid->is_right[i] ? 0 : blanks);
            before += widths[i];
        } else if (width > before + LAST_MIN) {
            add_wrapped(out, cell, before, width - before);
        } else {
            (void)weir_buf_add_str(out, cell);
        }
    }
    while (out->len > 0 && out->ptr[out->len - 1] == ' ') {
        out->ptr[--out->len] = '\0';
    }
    (void)weir_buf_add_char(out, '\n');
}

bool weir__grid_text(const struct weir__grid *grid, size_t width, struct weir_buf *out)
{
    size_t widths[WEIR__GRID_COLUMNS_MAX];
    measure(grid, widths);
    for (size_t row = 0; row < grid->count / grid->columns; row++) {
        add_line(grid, row, widths, width, out);
    }
    return !out->overflow;
}

bool weir__grid_markdown(const struct weir__grid *grid, struct weir_buf *out)
{
    for (size_t row = 0; row < grid->count / grid->columns; row++) {
        (void)weir_buf_add_char(out, '|');
        for (size_t i = 0; i < grid->columns; i++) {
            (void)weir_buf_add_char(out, ' ');
            (void)weir_text_add_markdown(out, grid->cells[row * grid->columns + i]);
            (void)weir_buf_add_str(out, " |");
        }
        (void)weir_buf_add_str(out, row == 0 ? "\n|" : "\n");
        for (size_t i = 0; row == 0 && i < grid->columns; i++) {
            (void)weir_buf_add_str(out, grid->is_right[i] ? "---:|" : "---|");
        }
        (void)weir_buf_add_str(out, row == 0 ? "\n" : "");
    }
    return !out->overflow;
}
