/** html_internal.h: what report.html is put together from. */
#ifndef WEIR_RESULT_HTML_INTERNAL_H
#define WEIR_RESULT_HTML_INTERNAL_H

#include <jansson.h>

#include "weir/base/buf.h"
#include "weir/result/errors.h"
#include "weir/result/facts.h"
#include "weir/result/rundata.h"

// Files of src/result/assets, made into arrays by cmake/assets.cmake.
extern const unsigned char weir__asset_report_css[];
extern const size_t weir__asset_report_css_len;
extern const unsigned char weir__asset_chart_js[];
extern const size_t weir__asset_chart_js_len;
extern const unsigned char weir__asset_report_js[];
extern const size_t weir__asset_report_js_len;

/** Facts of a run as far as its files tell. Texts are borrowed from the run, arrays are owned. */
struct weir__html_facts {
    struct weir_run_facts facts;
    struct weir_errors errors;
    struct weir_buf config;
    struct weir_run_target *targets;
};
void weir__html_facts_of(const struct weir_rundata *run, struct weir__html_facts *out);
void weir__html_facts_free(struct weir__html_facts *facts);

/** Everything the page shows of a run: summary.json, what run.json adds, slices, percentile
 * spectra. */
json_t *weir__html_data(const struct weir_rundata *run);

#endif
