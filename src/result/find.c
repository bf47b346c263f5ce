// What `weir find` says, for people and for programs: see result/find.h.
#include "weir/result/find.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "json_internal.h"
#include "weir/base/mem.h"
#include "weir/result/number.h"

enum { OBJECTIVE_BYTES = 160, CELL = 28, CELL_WIDTH = 12 };

static const struct {
    const char *key;
    const char *text;
} results[] = {
#define XX(name, key, text) {key, text},
    WEIR_FIND_RESULT_MAP(XX)
#undef XX
};

static const char *objective_text(const struct weir_objective *objective, char *out, size_t size)
{
    struct weir_buf text;
    weir_buf_init(&text, size);
    (void)weir_objective_format(objective, &text);
    (void)snprintf(out, size, "%s", weir_buf_text(&text));
    weir_buf_free(&text);
    return out;
}

// ---- for people ----

/** Objectives stand in the columns by number: their names are too long for heads. */
static void add_legend(const struct weir_find_probe *probe, struct weir_buf *out)
{
    for (size_t i = 0; i < probe->objective_count; i++) {
        char text[OBJECTIVE_BYTES];
        (void)weir_buf_addf(out, "[%zu] %s\n", i + 1,
                            objective_text(&probe->objectives[i].objective, text, sizeof(text)));
    }
    (void)weir_buf_add_char(out, '\n');
}

static void add_head(const struct weir_find_report *report, struct weir_buf *out)
{
    (void)weir_buf_addf(out, "%12s  %-8s  %7s  %8s  %7s", report->vary, "", "window", "ok",
                        "failed");
    for (size_t i = 0; i < report->probes[0].objective_count; i++) {
        char head[CELL];
        (void)snprintf(head, sizeof(head), "[%zu]", i + 1);
        (void)weir_buf_addf(out, "  %*s", CELL_WIDTH, head);
    }
    (void)weir_buf_add_str(out, "  result\n");
}

/** The value, with a mark where it breaks the objective. */
static void add_value(const struct weir_objective_outcome *outcome, struct weir_buf *out)
{
    char number[CELL];
    char cell[CELL + 8];
    (void)snprintf(cell, sizeof(cell), "%s%s",
                   weir_number_short(outcome->value, number, sizeof(number)),
                   outcome->result == WEIR_OBJECTIVE_MET ? " " : "!");
    (void)weir_buf_addf(out, "  %*s", CELL_WIDTH, cell);
}

static void add_probe(const struct weir_find_probe *probe, struct weir_buf *out)
{
    char load[CELL];
    (void)snprintf(load, sizeof(load), "%g", probe->load);
    (void)weir_buf_addf(out, "%12s  %-8s  %6.1fs  %8llu  %7llu", load,
                        probe->is_fresh ? "measured" : "search", probe->window_s,
                        (unsigned long long)probe->ok, (unsigned long long)probe->failed);
    for (size_t i = 0; i < probe->objective_count; i++) {
        add_value(&probe->objectives[i], out);
    }
    (void)weir_buf_addf(out, "  %s\n", results[probe->result].text);
}

static void add_attained(const struct weir_find_probe *probe, struct weir_buf *out)
{
    for (size_t i = 0; i < probe->objective_count; i++) {
        char text[OBJECTIVE_BYTES];
        if (isnan(probe->attained[i])) {
            continue;
        }
        (void)weir_buf_addf(out, "At %g: %.2f %% of the values meet %s (95 %%: %.2f to %.2f).\n",
                            probe->load, 100 * probe->attained[i],
                            objective_text(&probe->objectives[i].objective, text, sizeof(text)),
                            100 * probe->attained_interval[i].low,
                            100 * probe->attained_interval[i].high);
    }
}

/** The last fresh measurement of a load; NULL: there is none. */
static const struct weir_find_probe *fresh_of(const struct weir_find_report *report, double load)
{
    for (size_t i = report->count; i > 0; i--) {
        if (report->probes[i - 1].is_fresh && report->probes[i - 1].load == load) {
            return &report->probes[i - 1];
        }
    }
    return NULL;
}

static void add_answer(const struct weir_find_report *report, struct weir_buf *out)
{
    const struct weir_find_probe *found = fresh_of(report, report->found);
    if (report->is_interrupted) {
        (void)weir_buf_add_str(out, "Interrupted: there is no answer.\n");
    } else if (found == NULL) {
        (void)weir_buf_addf(out, "No %s from %g on keeps the objectives.\n", report->vary,
                            report->probes[0].load);
    } else if (isinf(report->beyond)) {
        (void)weir_buf_addf(out,
                            "Highest %s tried that keeps the objectives: %g. None that does not "
                            "is known up to %g.\n",
                            report->vary, report->found, report->most);
    } else {
        const struct weir_find_probe *beyond = fresh_of(report, report->beyond);
        (void)weir_buf_addf(out, "Highest %s that keeps the objectives: %g; it lies in [%g, %g).\n",
                            report->vary, report->found, report->found, report->beyond);
        if (beyond != NULL && beyond->result == WEIR_FIND_HELD) {
            (void)weir_buf_addf(out,
                                "%g missed before, but held when it was measured again: "
                                "the border is not sharp; a longer --duration tells them apart.\n",
                                report->beyond);
        }
    }
    if (found != NULL) {
        add_attained(found, out);
    }
}

bool weir_find_table(const struct weir_find_report *report, struct weir_buf *out)
{
    if (report->count == 0) {
        (void)weir_buf_add_str(out, "No load was tried to its end.\n");
        return !out->overflow;
    }
    add_legend(&report->probes[0], out);
    add_head(report, out);
    for (size_t i = 0; i < report->count; i++) {
        add_probe(&report->probes[i], out);
    }
    (void)weir_buf_add_char(out, '\n');
    add_answer(report, out);
    if (report->dir[0] != '\0') {
        (void)weir_buf_addf(out, "The fresh measurement is in %s\n", report->dir);
    }
    return !out->overflow;
}

// ---- for programs ----

static json_t *objective_json(const struct weir_find_probe *probe, size_t index)
{
    static const char *const states[] = {"met", "missed", "no_data"};
    const struct weir_objective_outcome *outcome = &probe->objectives[index];
    const double attained = probe->attained[index];
    char text[OBJECTIVE_BYTES];
    json_t *object = json_object();
    weir__json_put(object, "objective",
                   weir__json_text(objective_text(&outcome->objective, text, sizeof(text))));
    weir__json_put(object, "value", weir__json_number(outcome->value));
    weir__json_put(object, "result", weir__json_text(states[outcome->result]));
    weir__json_put(object, "attained", weir__json_number(attained));
    json_t *interval = json_array();
    weir__json_append(
        interval, weir__json_number(isnan(attained) ? NAN : probe->attained_interval[index].low));
    weir__json_append(
        interval, weir__json_number(isnan(attained) ? NAN : probe->attained_interval[index].high));
    weir__json_put(object, "attained_interval", interval);
    return object;
}

static json_t *probe_json(const struct weir_find_probe *probe)
{
    json_t *object = json_object();
    json_t *objectives = json_array();
    weir__json_put(object, "load", weir__json_number(probe->load));
    weir__json_put(object, "phase", weir__json_text(probe->is_fresh ? "measured" : "search"));
    weir__json_put(object, "result", weir__json_text(results[probe->result].key));
    weir__json_put(object, "window_s", weir__json_number(probe->window_s));
    weir__json_put(object, "ok", weir__json_count((int64_t)probe->ok));
    weir__json_put(object, "failed", weir__json_count((int64_t)probe->failed));
    for (size_t i = 0; i < probe->objective_count; i++) {
        weir__json_append(objectives, objective_json(probe, i));
    }
    weir__json_put(object, "objectives", objectives);
    return object;
}

bool weir_find_json(const struct weir_find_report *report, struct weir_buf *out)
{
    const bool has_answer = report->found > 0 && !report->is_interrupted;
    json_t *root = json_object();
    json_t *probes = json_array();
    weir__json_put(root, "schema", weir__json_text("weir.find/1"));
    weir__json_put(root, "vary", weir__json_text(report->vary));
    weir__json_put(root, "found", weir__json_number(has_answer ? report->found : NAN));
    weir__json_put(root, "beyond", weir__json_number(report->beyond));
    weir__json_put(root, "interrupted", json_boolean(report->is_interrupted));
    weir__json_put(root, "run_directory", weir__json_text(report->dir));
    for (size_t i = 0; i < report->count; i++) {
        weir__json_append(probes, probe_json(&report->probes[i]));
    }
    weir__json_put(root, "probes", probes);
    return weir__json_dump(root, out);
}
