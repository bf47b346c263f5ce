// JUnit XML, which every CI system shows: see gate_words.h.
#include <stdio.h>
#include <string.h>

#include "gate_internal.h"
#include "weir/result/gate_words.h"
#include "weir/result/text.h"

/** Append as the content of an attribute: cleaned (XML 1.0 has no place for control characters),
 * and what XML means something by escaped. */
static void add_xml(struct weir_buf *out, const char *text)
{
    char clean[1024];
    (void)weir_text_clean(text, strlen(text), clean, sizeof(clean));
    for (const char *at = clean; *at != '\0'; at++) {
        switch (*at) {
        case '&':
            (void)weir_buf_add_str(out, "&amp;");
            break;
        case '<':
            (void)weir_buf_add_str(out, "&lt;");
            break;
        case '>':
            (void)weir_buf_add_str(out, "&gt;");
            break;
        case '"':
            (void)weir_buf_add_str(out, "&quot;");
            break;
        default:
            (void)weir_buf_add_char(out, *at);
        }
    }
}

/** <failure …/> or <error …/>. */
static void add_outcome(struct weir_buf *out, const char *element, const char *type,
                        const char *message)
{
    (void)weir_buf_addf(out, "      <%s type=\"%s\" message=\"", element, type);
    add_xml(out, message);
    (void)weir_buf_add_str(out, "\"/>\n");
}

static void begin_case(struct weir_buf *out, const char *group, const char *condition,
                       const char *level)
{
    (void)weir_buf_addf(out, "    <testcase classname=\"weir.gate.%s\" name=\"", group);
    add_xml(out, condition);
    (void)weir_buf_add_str(out, " at ");
    add_xml(out, level);
    (void)weir_buf_add_str(out, "\" time=\"0\">\n");
}

static void add_case(struct weir_buf *out, const struct weir_gate_row *row)
{
    begin_case(out, row->is_regression ? "regression" : "condition", row->condition, row->level);
    if (row->verdict == WEIR_GATE_FAIL) {
        add_outcome(out, "failure", "fail", row->text);
    } else if (row->verdict == WEIR_GATE_INCONCLUSIVE) {
        add_outcome(out, "error", "inconclusive", row->text);
    }
    (void)weir_buf_add_str(out, "      <system-out>");
    add_xml(out, row->text);
    (void)weir_buf_add_str(out, "</system-out>\n    </testcase>\n");
}

/** The runs themselves are a case: that they measured the server, and that there was something. */
static void add_runs(struct weir_buf *out, const struct weir_gate *gate)
{
    begin_case(out, "runs", "the runs are valid", "all levels");
    const char *why = gate->note_count > 0 ? gate->notes[0] : "no data";
    if (gate->verdict == WEIR_GATE_INVALID) {
        add_outcome(out, "error", "invalid", why);
    } else if (gate->verdict == WEIR_GATE_FAIL && weir_gate_count(gate, WEIR_GATE_FAIL) == 0) {
        add_outcome(out, "failure", "fail", why);
    }
    (void)weir_buf_add_str(out, "      <system-out>");
    for (size_t i = 0; i < gate->note_count; i++) {
        add_xml(out, gate->notes[i]);
        (void)weir_buf_add_char(out, '\n');
    }
    (void)weir_buf_add_str(out, "</system-out>\n    </testcase>\n");
}

bool weir_gate_junit(const struct weir_gate *gate, struct weir_buf *out)
{
    const size_t fails = weir_gate_count(gate, WEIR_GATE_FAIL);
    const bool is_empty = gate->verdict == WEIR_GATE_FAIL && fails == 0;
    const size_t failures = fails + (is_empty ? 1 : 0);
    const size_t errors = weir_gate_count(gate, WEIR_GATE_INCONCLUSIVE) +
                          (gate->verdict == WEIR_GATE_INVALID ? 1 : 0);
    char counts[128];
    (void)snprintf(counts, sizeof(counts), "tests=\"%zu\" failures=\"%zu\" errors=\"%zu\"",
                   gate->row_count + 1, failures, errors);
    (void)weir_buf_addf(out,
                        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                        "<testsuites name=\"weir gate\" %s time=\"0\">\n"
                        "  <testsuite name=\"",
                        counts);
    add_xml(out, gate->name);
    (void)weir_buf_addf(out,
                        "\" %s skipped=\"0\" time=\"0\">\n"
                        "    <properties>\n"
                        "      <property name=\"verdict\" value=\"%s\"/>\n"
                        "    </properties>\n",
                        counts, weir_gate_word(gate->verdict));
    add_runs(out, gate);
    for (size_t i = 0; i < gate->row_count; i++) {
        add_case(out, &gate->rows[i]);
    }
    (void)weir_buf_add_str(out, "  </testsuite>\n</testsuites>\n");
    return !out->overflow;
}
