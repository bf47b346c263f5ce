/** findings_internal.h: what a level came to beyond its row of figures, in sentences, shared by the
 * terminal and Markdown. Pure. */
#ifndef WEIR_RESULT_FINDINGS_INTERNAL_H
#define WEIR_RESULT_FINDINGS_INTERNAL_H

#include "weir/base/buf.h"
#include "weir/stat/summary.h"

/** Longest sentence: that of WEIR_OBJECTIVES_MAX objectives. */
enum { WEIR__SENTENCE_BYTES = 4096 };

/** Append what there is to say of the level, a sentence a line: offered against achieved, what was
 * cancelled, when an automatic warm-up was over, trends that are surely not zero, goodput,
 * objectives. Nothing for a plain closed loop. */
void weir__findings_add(const struct weir_level_summary *level, struct weir_buf *out);

#endif
