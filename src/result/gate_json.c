// A verdict for programs: see gate_words.h.
#include "gate_internal.h"
#include "json_internal.h"
#include "weir/result/gate_words.h"

static json_t *bounds_of(const struct weir_interval *bounds)
{
    json_t *out = json_array();
    weir__json_append(out, weir__json_number(bounds->low));
    weir__json_append(out, weir__json_number(bounds->high));
    return out;
}

static json_t *row_of(const struct weir_gate_row *row)
{
    json_t *out = json_object();
    const struct weir_metric_info *info = weir_metric_info(row->metric);
    weir__json_put(out, "kind", json_string(row->is_regression ? "regression" : "condition"));
    weir__json_put(out, "verdict", json_string(weir_gate_word(row->verdict)));
    weir__json_put(out, "condition", weir__json_text(row->condition));
    weir__json_put(out, "level", weir__json_text(row->level));
    weir__json_put(out, "metric", json_string(info->tag));
    weir__json_put(out, "unit", json_string(info->unit));
    weir__json_put(out, "value", weir__json_number(row->value));
    weir__json_put(out, "bounds", bounds_of(&row->bounds));
    weir__json_put(out, "runs", json_integer((json_int_t)row->runs));
    if (row->is_regression) {
        weir__json_put(out, "baseline", weir__json_number(row->base));
        weir__json_put(out, "baseline_runs", json_integer((json_int_t)row->base_runs));
        weir__json_put(out, "change", weir__json_number(row->change));
        weir__json_put(out, "change_bounds", bounds_of(&row->change_bounds));
        weir__json_put(out, "p", weir__json_number(row->p));
        weir__json_put(out, "method", json_string(weir_gate_method_text(row->method)));
    }
    weir__json_put(out, "needs", weir__json_number(row->needs));
    weir__json_put(out, "text", weir__json_text(row->text));
    return out;
}

static json_t *differences_of(const struct weir_differences *differences)
{
    json_t *out = json_array();
    for (size_t i = 0; differences != NULL && i < differences->count; i++) {
        const struct weir_difference *one = &differences->items[i];
        json_t *item = json_object();
        weir__json_put(item, "kind", json_string(weir_difference_key(one->kind)));
        weir__json_put(item, "what", weir__json_text(one->what));
        weir__json_put(item, "candidate", weir__json_text(one->a));
        weir__json_put(item, "baseline", weir__json_text(one->b));
        weir__json_append(out, item);
    }
    return out;
}

bool weir_gate_json(const struct weir_gate *gate, const struct weir_differences *differences,
                    struct weir_buf *out)
{
    json_t *root = json_object();
    json_t *rows = json_array();
    json_t *notes = json_array();
    for (size_t i = 0; i < gate->row_count; i++) {
        weir__json_append(rows, row_of(&gate->rows[i]));
    }
    for (size_t i = 0; i < gate->note_count; i++) {
        weir__json_append(notes, weir__json_text(gate->notes[i]));
    }
    weir__json_put(root, "schema", json_string("weir.gate/1"));
    weir__json_put(root, "verdict", json_string(weir_gate_word(gate->verdict)));
    weir__json_put(root, "exit_code",
                   json_integer(weir_status_exit_code(weir_gate_status(gate->verdict))));
    weir__json_put(root, "candidate", weir__json_text(gate->name));
    weir__json_put(root, "rows", rows);
    weir__json_put(root, "notes", notes);
    weir__json_put(root, "differences", differences_of(differences));
    return weir__json_dump(root, out);
}
