// A comparison as text, Markdown and JSON: see compare.h.
#include <math.h>
#include <stdio.h>

#include "gate_internal.h"
#include "grid_internal.h"
#include "json_internal.h"
#include "weir/result/compare.h"
#include "weir/result/number.h"
#include "weir/result/text.h"

enum { CELL_BYTES = 128 };

// ---- cells -------------------------------------------------------------------------------------

static bool has_data(const struct weir_compare *compare, const struct weir_compare_row *row)
{
    for (size_t i = 0; i < compare->side_count; i++) {
        if (isfinite(row->cells[i].value)) {
            return true;
        }
    }
    return false;
}

/** "+9.8% [+5.1%, +14.2%]", with a mark where the interval knows only one run a side. */
static void change_cell(const struct weir_compare_row *row, const struct weir_compare_cell *cell,
                        char out[CELL_BYTES])
{
    const bool is_share = row->of.metric == WEIR_METRIC_ERROR_RATE;
    if (!isfinite(cell->change)) {
        (void)snprintf(out, CELL_BYTES, "-");
    } else if (is_share) {
        (void)snprintf(out, CELL_BYTES, "%+.3g points", cell->change);
    } else if (isfinite(cell->bounds.low) && isfinite(cell->bounds.high)) {
        const bool is_weak = cell->is_within_run || cell->method == WEIR_GATE_METHOD_SLICES;
        (void)snprintf(out, CELL_BYTES, "%+.1f%% [%+.1f%%, %+.1f%%]%s", 100 * cell->change,
                       100 * cell->bounds.low, 100 * cell->bounds.high, is_weak ? "*" : "");
    } else {
        (void)snprintf(out, CELL_BYTES, "%+.1f%%", 100 * cell->change);
    }
}

static void fill(const struct weir_compare *compare, struct weir__grid *grid)
{
    char headings[2 + 2 * WEIR_COMPARE_SIDES_MAX][160] = {"level", "metric"};
    const char *texts[2 + 2 * WEIR_COMPARE_SIDES_MAX];
    size_t columns = 2;
    for (size_t i = 0; i < compare->side_count; i++) {
        (void)snprintf(headings[columns++], sizeof(headings[0]), ">%s", compare->names[i]);
        if (i > 0) {
            (void)snprintf(headings[columns++], sizeof(headings[0]), ">against %s",
                           compare->names[0]);
        }
    }
    for (size_t i = 0; i < columns; i++) {
        texts[i] = headings[i];
    }
    weir__grid_init(grid, texts, columns);
    for (size_t i = 0; i < compare->row_count; i++) {
        const struct weir_compare_row *row = &compare->rows[i];
        char cell[CELL_BYTES];
        char subject[96];
        if (!has_data(compare, row)) {
            continue;
        }
        weir__grid_add(grid, row->level);
        weir__grid_add(grid, weir__gate_subject(&row->of, subject, sizeof(subject)));
        for (size_t side = 0; side < compare->side_count; side++) {
            weir__grid_add(
                grid, weir__gate_value(row->of.metric, row->cells[side].value, cell, sizeof(cell)));
            if (side > 0) {
                change_cell(row, &row->cells[side], cell);
                weir__grid_add(grid, cell);
            }
        }
    }
}

static bool has_weak(const struct weir_compare *compare)
{
    for (size_t i = 0; i < compare->row_count; i++) {
        for (size_t side = 1; side < compare->side_count; side++) {
            const struct weir_compare_cell *cell = &compare->rows[i].cells[side];
            if (cell->is_within_run || cell->method == WEIR_GATE_METHOD_SLICES) {
                return true;
            }
        }
    }
    return false;
}

// ---- words -------------------------------------------------------------------------------------

static void add_safe(struct weir_buf *out, const char *text, bool is_markdown)
{
    if (is_markdown) {
        (void)weir_text_add_markdown(out, text);
    } else {
        (void)weir_buf_add_str(out, text); // cleaned when it was made
    }
}

static void add_differences(const struct weir_differences *differences, bool is_markdown,
                            struct weir_buf *out)
{
    for (size_t i = 0; differences != NULL && i < differences->count; i++) {
        const struct weir_difference *one = &differences->items[i];
        (void)weir_buf_add_str(out, i == 0 ? "\nWhat else differs:\n\n- " : "- ");
        add_safe(out, one->what, is_markdown);
        (void)weir_buf_add_str(out, ": ");
        add_safe(out, one->a[0] != '\0' ? one->a : "not set", is_markdown);
        (void)weir_buf_add_str(out, " and ");
        add_safe(out, one->b[0] != '\0' ? one->b : "not set", is_markdown);
        (void)weir_buf_add_char(out, '\n');
    }
}

static void add_notes(const struct weir_compare *compare, bool is_markdown, struct weir_buf *out)
{
    for (size_t i = 0; i < compare->note_count; i++) {
        (void)weir_buf_add_str(out, i == 0 ? "\n- " : "- ");
        add_safe(out, compare->notes[i], is_markdown);
        (void)weir_buf_add_char(out, '\n');
    }
    if (has_weak(compare)) {
        (void)weir_buf_add_str(out, is_markdown ? "\n\\* " : "\n* ");
        (void)weir_buf_add_str(
            out, "one run a side: the interval does not see how runs differ from each other; "
                 "several runs a side (--repeat) do.\n");
    }
}

bool weir_compare_text(const struct weir_compare *compare,
                       const struct weir_differences *differences, struct weir_buf *out)
{
    struct weir__grid grid;
    fill(compare, &grid);
    (void)weir__grid_text(&grid, 0, out);
    weir__grid_free(&grid);
    add_notes(compare, false, out);
    add_differences(differences, false, out);
    return !out->overflow;
}

bool weir_compare_markdown(const struct weir_compare *compare,
                           const struct weir_differences *differences, struct weir_buf *out)
{
    struct weir__grid grid;
    (void)weir_buf_add_str(out, "### weir compare\n\n");
    fill(compare, &grid);
    (void)weir__grid_markdown(&grid, out);
    weir__grid_free(&grid);
    add_notes(compare, true, out);
    add_differences(differences, true, out);
    return !out->overflow;
}

// ---- JSON --------------------------------------------------------------------------------------

static json_t *cell_json(const struct weir_compare *compare, const struct weir_compare_cell *cell,
                         size_t side)
{
    json_t *out = json_object();
    weir__json_put(out, "name", weir__json_text(compare->names[side]));
    weir__json_put(out, "value", weir__json_number(cell->value));
    weir__json_put(out, "runs", json_integer((json_int_t)cell->runs));
    if (side > 0) {
        json_t *bounds = json_array();
        weir__json_append(bounds, weir__json_number(cell->bounds.low));
        weir__json_append(bounds, weir__json_number(cell->bounds.high));
        weir__json_put(out, "change", weir__json_number(cell->change));
        weir__json_put(out, "change_bounds", bounds);
        weir__json_put(
            out, "within_run",
            json_boolean(cell->is_within_run || cell->method == WEIR_GATE_METHOD_SLICES));
    }
    return out;
}

static json_t *row_json(const struct weir_compare *compare, const struct weir_compare_row *row)
{
    char subject[96];
    json_t *out = json_object();
    json_t *sides = json_array();
    for (size_t i = 0; i < compare->side_count; i++) {
        weir__json_append(sides, cell_json(compare, &row->cells[i], i));
    }
    weir__json_put(out, "level", weir__json_text(row->level));
    weir__json_put(out, "metric",
                   json_string(weir__gate_subject(&row->of, subject, sizeof(subject))));
    weir__json_put(out, "unit", json_string(weir_metric_info(row->of.metric)->unit));
    weir__json_put(out, "sides", sides);
    return out;
}

bool weir_compare_json(const struct weir_compare *compare,
                       const struct weir_differences *differences, struct weir_buf *out)
{
    json_t *root = json_object();
    json_t *rows = json_array();
    json_t *notes = json_array();
    json_t *others = json_array();
    for (size_t i = 0; i < compare->row_count; i++) {
        weir__json_append(rows, row_json(compare, &compare->rows[i]));
    }
    for (size_t i = 0; i < compare->note_count; i++) {
        weir__json_append(notes, weir__json_text(compare->notes[i]));
    }
    for (size_t i = 0; differences != NULL && i < differences->count; i++) {
        json_t *one = json_object();
        weir__json_put(one, "kind", json_string(weir_difference_key(differences->items[i].kind)));
        weir__json_put(one, "what", weir__json_text(differences->items[i].what));
        weir__json_put(one, "a", weir__json_text(differences->items[i].a));
        weir__json_put(one, "b", weir__json_text(differences->items[i].b));
        weir__json_append(others, one);
    }
    weir__json_put(root, "schema", json_string("weir.compare/1"));
    weir__json_put(root, "invalid", json_boolean(compare->is_invalid));
    weir__json_put(root, "rows", rows);
    weir__json_put(root, "notes", notes);
    weir__json_put(root, "differences", others);
    return weir__json_dump(root, out);
}
