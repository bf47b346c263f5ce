/** compare.h: runs side by side: figures, differences with their intervals, where they part, and
 * what else differs. The first side is what the others are held against. It explores and decides
 * nothing: with many figures some will differ by chance; decisions are gate.h's. */
#ifndef WEIR_RESULT_COMPARE_H
#define WEIR_RESULT_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/base/buf.h"
#include "weir/result/gate.h"
#include "weir/result/provenance.h"
#include "weir/result/side.h"

enum { WEIR_COMPARE_SIDES_MAX = 8 };

/** A figure of one side. NAN: no data, or nothing to compare with. */
struct weir_compare_cell {
    double value; // median of the side's runs, in the metric's unit
    size_t runs;
    double change; // against the first side: ratio − 1; of error_rate: the difference in points
    struct weir_interval bounds; // of `change`; infinite where so few runs have none
    enum weir_gate_method method;
    bool is_within_run; // bounds from order statistics of one run a side: they do not see how runs
                        // differ
};

struct weir_compare_row {
    char level[192];
    struct weir_objective of; // metric and statistic
    struct weir_compare_cell cells[WEIR_COMPARE_SIDES_MAX];
};

struct weir_compare {
    size_t side_count;
    char names[WEIR_COMPARE_SIDES_MAX][128];
    size_t row_count;
    struct weir_compare_row *rows; // owned; level by level, in each the same metrics
    size_t note_count;
    char (*notes)[400]; // owned: where sides part, what is missing, invalid runs
    bool is_invalid;    // a side holds an invalid run
};

/** `sides`: two or more. Of `rules` confidence, run_noise, least effect and seed are used. */
void weir_compare_sides(const struct weir_gate_rules *rules, const struct weir_side *sides,
                        size_t count, struct weir_compare *out);
void weir_compare_free(struct weir_compare *compare);

/** Append for terminals, for Markdown, for programs ("schema": "weir.compare/1"). False when `out`
 * is full. */
bool weir_compare_text(const struct weir_compare *compare,
                       const struct weir_differences *differences, struct weir_buf *out);
bool weir_compare_markdown(const struct weir_compare *compare,
                           const struct weir_differences *differences, struct weir_buf *out);
bool weir_compare_json(const struct weir_compare *compare,
                       const struct weir_differences *differences, struct weir_buf *out);

#endif
