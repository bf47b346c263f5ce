// A verdict for pipelines: GitHub's annotations, OpenMetrics text. See gate_words.h.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gate_internal.h"
#include "weir/result/gate_words.h"
#include "weir/result/number.h"
#include "weir/result/text.h"

// ---- GitHub ------------------------------------------------------------------------------------

/** As workflow commands escape their data; a property also ':' and ','. */
static void add_escaped(struct weir_buf *out, const char *text, bool is_property)
{
    char clean[1024];
    (void)weir_text_clean(text, strlen(text), clean, sizeof(clean));
    for (const char *at = clean; *at != '\0'; at++) {
        if (*at == '%') {
            (void)weir_buf_add_str(out, "%25");
        } else if (is_property && *at == ':') {
            (void)weir_buf_add_str(out, "%3A");
        } else if (is_property && *at == ',') {
            (void)weir_buf_add_str(out, "%2C");
        } else {
            (void)weir_buf_add_char(out, *at);
        }
    }
}

static void add_annotation(struct weir_buf *out, const char *level, const char *title,
                           const char *text)
{
    (void)weir_buf_addf(out, "::%s title=", level);
    add_escaped(out, title, true);
    (void)weir_buf_add_str(out, "::");
    add_escaped(out, text, false);
    (void)weir_buf_add_char(out, '\n');
}

static const char *annotation_level(enum weir_gate_verdict verdict)
{
    static const char *const levels[] = {
        [WEIR_GATE_PASS] = "notice",
        [WEIR_GATE_INCONCLUSIVE] = "warning",
        [WEIR_GATE_FAIL] = "error",
        [WEIR_GATE_INVALID] = "error",
    };
    return levels[verdict];
}

bool weir_gate_annotations(const struct weir_gate *gate, struct weir_buf *out)
{
    struct weir_buf line;
    weir_buf_init(&line, 4096);
    (void)weir_gate_line(gate, &line);
    add_annotation(out, annotation_level(gate->verdict), "weir gate", weir_buf_text(&line));
    weir_buf_free(&line);
    for (size_t i = 0; i < gate->row_count; i++) {
        const struct weir_gate_row *row = &gate->rows[i];
        if (row->verdict != WEIR_GATE_PASS) {
            char title[400];
            (void)snprintf(title, sizeof(title), "%s: %s at %s", weir_gate_word(row->verdict),
                           row->condition, row->level);
            add_annotation(out, annotation_level(row->verdict), title, row->text);
        }
    }
    return !out->overflow;
}

// ---- OpenMetrics -------------------------------------------------------------------------------

static void add_label(struct weir_buf *out, const char *name, const char *value)
{
    char clean[256];
    (void)weir_text_clean(value, strlen(value), clean, sizeof(clean));
    (void)weir_buf_addf(out, "%s=\"", name);
    for (const char *at = clean; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\') {
            (void)weir_buf_add_char(out, '\\');
        }
        (void)weir_buf_add_char(out, *at);
    }
    (void)weir_buf_add_char(out, '"');
}

/** One line of a family; nothing when there is no number. */
static void add_sample(struct weir_buf *out, const char *family, const struct weir_gate_row *row,
                       double value)
{
    char number[64];
    if (!isfinite(value)) {
        return;
    }
    (void)weir_buf_addf(out, "%s{", family);
    add_label(out, "condition", row->condition);
    (void)weir_buf_add_char(out, ',');
    add_label(out, "level", row->level);
    (void)weir_buf_add_char(out, ',');
    add_label(out, "unit", weir_metric_info(row->metric)->unit);
    (void)weir_buf_addf(out, "} %s\n", weir_number_exact(value, number, sizeof(number)));
}

bool weir_gate_metrics(const struct weir_gate *gate, struct weir_buf *out)
{
    (void)weir_buf_addf(out,
                        "# TYPE weir_gate_verdict gauge\n"
                        "# HELP weir_gate_verdict 0 pass, 1 inconclusive, 2 fail, 3 invalid.\n"
                        "weir_gate_verdict %d\n"
                        "# TYPE weir_gate_row_verdict gauge\n"
                        "# HELP weir_gate_row_verdict The same of each condition and level.\n",
                        (int)gate->verdict);
    for (size_t i = 0; i < gate->row_count; i++) {
        add_sample(out, "weir_gate_row_verdict", &gate->rows[i], (double)gate->rows[i].verdict);
    }
    (void)weir_buf_add_str(out, "# TYPE weir_gate_value gauge\n"
                                "# HELP weir_gate_value What was measured, in its unit.\n");
    for (size_t i = 0; i < gate->row_count; i++) {
        add_sample(out, "weir_gate_value", &gate->rows[i], gate->rows[i].value);
    }
    (void)weir_buf_add_str(
        out,
        "# TYPE weir_gate_change_ratio gauge\n"
        "# HELP weir_gate_change_ratio Candidate over baseline, less one; 0.1 is 10 % more.\n");
    for (size_t i = 0; i < gate->row_count; i++) {
        add_sample(out, "weir_gate_change_ratio", &gate->rows[i], gate->rows[i].change);
    }
    (void)weir_buf_add_str(out, "# EOF\n");
    return !out->overflow;
}
