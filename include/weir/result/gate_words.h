/** gate_words.h: a verdict in the languages of terminals, pull requests, pipelines and programs.
 * Pure. Each appends to `out` and is false when that is full. */
#ifndef WEIR_RESULT_GATE_WORDS_H
#define WEIR_RESULT_GATE_WORDS_H

#include <stdbool.h>

#include "weir/base/buf.h"
#include "weir/result/gate.h"
#include "weir/result/provenance.h"

/** "weir gate: FAIL: 1 of 6 failed: time_to_first_token:p99<200ms at concurrency 8 (231 ms …)",
 * without a line end. */
bool weir_gate_line(const struct weir_gate *gate, struct weir_buf *out);

/** A table of all rows, the notes, how it was judged, and the line. `columns`: of the terminal. */
bool weir_gate_text(const struct weir_gate *gate, int columns, struct weir_buf *out);

/** The same as Markdown: what GITHUB_STEP_SUMMARY or a merge request takes. */
bool weir_gate_markdown(const struct weir_gate *gate, struct weir_buf *out);

/** {"schema": "weir.gate/1", "verdict": …, "rows": […]}; differences may be NULL. */
bool weir_gate_json(const struct weir_gate *gate, const struct weir_differences *differences,
                    struct weir_buf *out);

/** JUnit XML: a test case for each condition and level. FAIL is a failure, INVALID an error;
 * INCONCLUSIVE is an error of the case too, of type "inconclusive", since a report that only knows
 * passed and failed must not call it passed. */
bool weir_gate_junit(const struct weir_gate *gate, struct weir_buf *out);

/** Lines that GitHub Actions turns into annotations: ::error title=…::…, ::warning …, ::notice ….
 */
bool weir_gate_annotations(const struct weir_gate *gate, struct weir_buf *out);

/** OpenMetrics text, as GitLab's artifacts:reports:metrics takes it: what each row measured, and
 * the verdict as a number. */
bool weir_gate_metrics(const struct weir_gate *gate, struct weir_buf *out);

#endif
