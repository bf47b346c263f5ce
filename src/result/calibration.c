// What weir measured against what the simulator recorded: see calibration.h.
#define _GNU_SOURCE
#include "weir/result/calibration.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "weir/base/mem.h"
#include "weir/base/units.h"
#include "weir/result/number.h"

static const enum weir_percentile compared[WEIR_CALIBRATED_PERCENTILES] = {
    WEIR_PERCENTILE_P50, WEIR_PERCENTILE_P90, WEIR_PERCENTILE_P99};

static const struct {
    enum weir_metric metric;
    const char *head;
    const char *key;
} calibrated[WEIR_CALIBRATED_COUNT] = {
#define XX(metric, head, key) {WEIR_METRIC_##metric, head, key},
    WEIR_CALIBRATED_MAP(XX)
#undef XX
};

/** The truth file's summary: its last line. NULL when there is none. */
static json_t *read_summary(FILE *file)
{
    json_t *summary = NULL;
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, file) > 0) {
        if (strncmp(line, "{\"summary\"", sizeof("{\"summary\"") - 1) == 0) {
            json_decref(summary);
            summary = json_loads(line, 0, NULL);
        }
    }
    weir_free(line); // from getline
    return summary;
}

static double number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static void fill_pairs(const struct weir_level_summary *level, const json_t *summary,
                       struct weir_calibration_row *out)
{
    for (size_t m = 0; m < WEIR_CALIBRATED_COUNT; m++) {
        const json_t *truth = json_object_get(summary, calibrated[m].key);
        const double *measured = level->metrics[calibrated[m].metric].percentiles;
        for (size_t p = 0; p < WEIR_CALIBRATED_PERCENTILES; p++) {
            out->pairs[m][p] = (struct weir_calibration_pair){
                .truth = number_of(truth, weir_percentile_key(compared[p])),
                .measured = measured[compared[p]],
            };
        }
    }
}

static double largest_error(const struct weir_calibration_row *row)
{
    double largest = NAN;
    for (size_t m = 0; m < WEIR_CALIBRATED_COUNT; m++) {
        for (size_t p = 0; p < WEIR_CALIBRATED_PERCENTILES; p++) {
            if (compared[p] != WEIR_PERCENTILE_P90) {
                largest = fmax(largest, fabs(row->pairs[m][p].measured - row->pairs[m][p].truth));
            }
        }
    }
    return largest;
}

static void fill_row(const struct weir_level_summary *level, const json_t *summary, weir_ns bound,
                     struct weir_calibration_row *out)
{
    const struct weir_client_stats *client = &level->client;
    *out = (struct weir_calibration_row){
        .concurrency = level->concurrency,
        .requests = level->counters.outcomes[WEIR_OUTCOME_OK],
        .truth_requests = (uint64_t)json_integer_value(json_object_get(summary, "ok")),
        .cpu_us_per_token =
            client->token_events > 0 ? client->cpu_ms * 1000 / (double)client->token_events : NAN,
        .verdict = level->verdict.verdict,
    };
    fill_pairs(level, summary, out);
    out->error_ms = largest_error(out);
    out->is_within = out->error_ms <= (double)bound / (double)WEIR_MSEC &&
                     out->requests == out->truth_requests && out->verdict != WEIR_VERDICT_INVALID;
}

weir_status weir_calibration_compare(const struct weir_level_summary *level, const char *truth_path,
                                     weir_ns bound, struct weir_calibration_row *out,
                                     struct weir_err *err)
{
    FILE *file = fopen(truth_path, "re");
    if (file == NULL) {
        return weir_fail(err, WEIR_SYSTEM, "cannot read the simulator's record %s: %s", truth_path,
                         strerror(errno));
    }
    json_t *root = read_summary(file);
    (void)fclose(file);
    const json_t *summary = json_object_get(root, "summary");
    if (!json_is_object(summary)) {
        json_decref(root);
        return weir_fail(err, WEIR_SYSTEM,
                         "the simulator's record %s has no summary: it did not end well",
                         truth_path);
    }
    fill_row(level, summary, bound, out);
    json_decref(root);
    return WEIR_OK;
}

uint32_t weir_calibration_limit(const struct weir_calibration_row *rows, size_t count)
{
    uint32_t limit = 0;
    for (size_t i = 0; i < count && rows[i].is_within; i++) {
        limit = rows[i].concurrency > limit ? rows[i].concurrency : limit;
    }
    return limit;
}

static void add_cell(double value, int width, struct weir_buf *out)
{
    char text[64];
    if (isfinite(value)) {
        (void)snprintf(text, sizeof(text), "%.3f", value);
    } else {
        (void)snprintf(text, sizeof(text), "-");
    }
    (void)weir_buf_addf(out, " %*s", width, text);
}

/** One line a metric and level: truth and measured side by side for each percentile. */
static void add_row(const struct weir_calibration_row *row, size_t metric, struct weir_buf *out)
{
    enum { WIDTH = 9 };
    if (metric == 0) {
        (void)weir_buf_addf(out, "%7u  %-4s", row->concurrency, calibrated[metric].head);
    } else {
        (void)weir_buf_addf(out, "%7s  %-4s", "", calibrated[metric].head);
    }
    for (size_t p = 0; p < WEIR_CALIBRATED_PERCENTILES; p++) {
        (void)weir_buf_add_str(out, " ");
        add_cell(row->pairs[metric][p].truth, WIDTH, out);
        add_cell(row->pairs[metric][p].measured, WIDTH, out);
    }
    if (metric == 0) {
        add_cell(row->error_ms, WIDTH, out);
        add_cell(row->cpu_us_per_token, WIDTH, out);
        (void)weir_buf_addf(out, "  %s", row->is_within ? "accurate" : "beyond the bound");
        if (row->requests != row->truth_requests) {
            (void)weir_buf_addf(out, " (%llu requests, truly %llu)",
                                (unsigned long long)row->requests,
                                (unsigned long long)row->truth_requests);
        }
    }
    (void)weir_buf_add_char(out, '\n');
}

bool weir_calibration_table(const struct weir_calibration_row *rows, size_t count, weir_ns bound,
                            struct weir_buf *out)
{
    char text[40];
    (void)weir_buf_addf(out, "%7s  %-4s  %19s  %19s  %19s %9s %9s\n", "", "", "------- p50 -------",
                        "------- p90 -------", "------- p99 -------", "error", "CPU us");
    (void)weir_buf_addf(out, "%7s  %-4s", "streams", "ms");
    for (size_t p = 0; p < WEIR_CALIBRATED_PERCENTILES; p++) {
        (void)weir_buf_addf(out, "  %9s %9s", "true", "measured");
    }
    (void)weir_buf_addf(out, " %9s %9s\n", "ms", "/token");
    for (size_t i = 0; i < count; i++) {
        for (size_t m = 0; m < WEIR_CALIBRATED_COUNT; m++) {
            add_row(&rows[i], m, out);
        }
    }
    const uint32_t limit = weir_calibration_limit(rows, count);
    (void)weir_format_duration(bound, text, sizeof(text));
    if (limit > 0) {
        (void)weir_buf_addf(
            out,
            "\nOn this machine weir's p50 and p99 are within %s of the truth up to %u streams.\n",
            text, limit);
    } else {
        (void)weir_buf_addf(out,
                            "\nOn this machine no tested level is within %s of the truth; is it "
                            "busy with something else?\n",
                            text);
    }
    return !out->overflow;
}

static json_t *number_or_null(double value)
{
    return isfinite(value) ? json_real(weir_number_round(value)) : json_null();
}

static json_t *pairs_json(const struct weir_calibration_row *row, size_t metric)
{
    json_t *object = json_object();
    for (size_t p = 0; p < WEIR_CALIBRATED_PERCENTILES; p++) {
        const struct weir_calibration_pair *pair = &row->pairs[metric][p];
        (void)json_object_set_new(object, weir_percentile_key(compared[p]),
                                  json_pack("{s:o,s:o}", "true", number_or_null(pair->truth),
                                            "measured", number_or_null(pair->measured)));
    }
    return object;
}

static json_t *row_json(const struct weir_calibration_row *row)
{
    json_t *object = json_pack(
        "{s:I,s:I,s:I,s:o,s:o,s:s,s:b}", "concurrency", (json_int_t)row->concurrency, "requests",
        (json_int_t)row->requests, "true_requests", (json_int_t)row->truth_requests, "error_ms",
        number_or_null(row->error_ms), "cpu_us_per_token", number_or_null(row->cpu_us_per_token),
        "verdict", weir_verdict_key(row->verdict), "within", row->is_within);
    for (size_t m = 0; m < WEIR_CALIBRATED_COUNT; m++) {
        (void)json_object_set_new(object, calibrated[m].key, pairs_json(row, m));
    }
    return object;
}

bool weir_calibration_json(const struct weir_calibration_row *rows, size_t count, weir_ns bound,
                           struct weir_buf *out)
{
    json_t *levels = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(levels, row_json(&rows[i]));
    }
    json_t *root = json_pack("{s:s,s:f,s:I,s:o}", "schema", "weir.calibration/1", "bound_ms",
                             (double)bound / (double)WEIR_MSEC, "accurate_up_to",
                             (json_int_t)weir_calibration_limit(rows, count), "levels", levels);
    char *text = json_dumps(root, JSON_INDENT(2));
    bool fits = text != NULL && weir_buf_add_str(out, text) && weir_buf_add_char(out, '\n');
    weir_free(text); // from Jansson
    json_decref(root);
    return fits;
}
