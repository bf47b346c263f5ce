/** objective_internal.h: the words of objectives, for their parser. */
#ifndef WEIR_STAT_OBJECTIVE_INTERNAL_H
#define WEIR_STAT_OBJECTIVE_INTERNAL_H

#include "weir/stat/objective.h"

enum { WEIR__SHOWN_MAX = 64 };

/** The percentiles there are, each with a blank behind it: for messages. */
#define WEIR__PERCENTILE(name, key, value) key " "
#define WEIR__PERCENTILES                  WEIR_PERCENTILE_MAP(WEIR__PERCENTILE)

struct weir__unit;

/** What the numbers of a kind of metric look like. */
struct weir__units {
    const char *written; // as weir writes the unit
    const char *allowed; // for messages: "expected …"
    const struct weir__unit *table;
    size_t count;
};

/** The start of `text`, fit to print. Returns `out`. */
const char *weir__shown(struct weir_slice text, char out[WEIR__SHOWN_MAX]);

/** By tag or short name. */
bool weir__find_metric(struct weir_slice name, enum weir_metric *out);

/** Sets statistic and percentile. */
bool weir__find_statistic(struct weir_slice name, struct weir_objective *out);

/** The name nearest to `word`, or NULL: of metrics and presets, and of statistics. */
const char *weir__metric_near(const char *word);
const char *weir__statistic_near(const char *word);

/** Length of the comparison that `text` begins with; 0: none. */
size_t weir__comparison_at(struct weir_slice text, enum weir_comparison *out);

const struct weir__units *weir__units_of(const struct weir_objective *objective);

/** Turn *value from this unit to the metric's own; false when there is no such unit. */
bool weir__convert(const struct weir__units *units, struct weir_slice name, double *value);

#endif
