// A verdict for people: one line, a table, Markdown. See gate_words.h.
#include <stdio.h>
#include <string.h>

#include "gate_internal.h"
#include "grid_internal.h"
#include "weir/result/gate_words.h"
#include "weir/result/text.h"

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/** The first row with the verdict of the whole; NULL when no row decided it. */
static const struct weir_gate_row *decisive_row(const struct weir_gate *gate)
{
    for (size_t i = 0; i < gate->row_count; i++) {
        if (gate->verdict != WEIR_GATE_PASS && gate->rows[i].verdict == gate->verdict) {
            return &gate->rows[i];
        }
    }
    return NULL;
}

bool weir_gate_line(const struct weir_gate *gate, struct weir_buf *out)
{
    const size_t count = weir_gate_count(gate, gate->verdict);
    const struct weir_gate_row *row = decisive_row(gate);
    char line[1024];
    char clean[sizeof(line)];
    if (gate->verdict == WEIR_GATE_PASS) {
        (void)snprintf(line, sizeof(line), "%zu condition%s kept", gate->row_count,
                       plural(gate->row_count));
    } else if (row != NULL) {
        (void)snprintf(line, sizeof(line), "%zu of %zu %s: %s at %s: %s", count, gate->row_count,
                       gate->verdict == WEIR_GATE_FAIL ? "failed" : "cannot be told",
                       row->condition, row->level, row->text);
    } else {
        (void)snprintf(line, sizeof(line), "%s", gate->note_count > 0 ? gate->notes[0] : "no data");
    }
    (void)weir_buf_addf(out, "weir gate: %s: %s", weir_gate_word(gate->verdict),
                        weir_text_clean(line, strlen(line), clean, sizeof(clean)));
    return !out->overflow;
}

static void fill(const struct weir_gate *gate, struct weir__grid *grid)
{
    static const char *const headings[] = {"verdict", "condition", "level", "measured"};
    weir__grid_init(grid, headings, WEIR_COUNT_OF(headings));
    for (size_t i = 0; i < gate->row_count; i++) {
        const struct weir_gate_row *row = &gate->rows[i];
        weir__grid_add(grid, weir_gate_word(row->verdict));
        weir__grid_add(grid, row->condition);
        weir__grid_add(grid, row->level);
        weir__grid_add(grid, row->text);
    }
}

/** How regressions were judged, and what was noticed; `mark` before each. */
static void add_notes(const struct weir_gate *gate, const char *mark, bool is_markdown,
                      struct weir_buf *out)
{
    for (size_t i = 0; i < gate->note_count; i++) {
        (void)weir_buf_add_str(out, mark);
        if (is_markdown) {
            (void)weir_text_add_markdown(out, gate->notes[i]);
        } else {
            char clean[sizeof(gate->notes[i])];
            (void)weir_buf_add_str(
                out, weir_text_clean(gate->notes[i], strlen(gate->notes[i]), clean, sizeof(clean)));
        }
        (void)weir_buf_add_char(out, '\n');
    }
    for (int i = 0; i < WEIR_GATE_METHOD_COUNT; i++) {
        if (gate->has_method[i] && i != WEIR_GATE_METHOD_NONE) {
            (void)weir_buf_addf(out, "%smethod: %s\n", mark,
                                weir_gate_method_text((enum weir_gate_method)i));
        }
    }
}

bool weir_gate_text(const struct weir_gate *gate, int columns, struct weir_buf *out)
{
    struct weir__grid grid;
    if (gate->row_count > 0) {
        fill(gate, &grid);
        (void)weir__grid_text(&grid, columns > 0 ? (size_t)columns : 0, out);
        weir__grid_free(&grid);
    }
    add_notes(gate, "- ", false, out);
    (void)weir_gate_line(gate, out);
    return weir_buf_add_char(out, '\n') && !out->overflow;
}

bool weir_gate_markdown(const struct weir_gate *gate, struct weir_buf *out)
{
    struct weir__grid grid;
    (void)weir_buf_addf(out, "### weir gate: %s\n\n", weir_gate_word(gate->verdict));
    (void)weir_buf_addf(
        out, "%zu kept, %zu failed, %zu cannot be told.\n\n", weir_gate_count(gate, WEIR_GATE_PASS),
        weir_gate_count(gate, WEIR_GATE_FAIL), weir_gate_count(gate, WEIR_GATE_INCONCLUSIVE));
    if (gate->row_count > 0) {
        fill(gate, &grid);
        (void)weir__grid_markdown(&grid, out);
        weir__grid_free(&grid);
        (void)weir_buf_add_char(out, '\n');
    }
    add_notes(gate, "- ", true, out);
    return !out->overflow;
}
