// The data that report.html carries: see html_internal.h. Numbers of the tables and charts are
// those of summary.json, embedded as it stands; spectra come from the histograms, series from
// slices.csv.
#include <math.h>
#include <string.h>

#include "html_internal.h"
#include "json_internal.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/result/summary_json.h"

enum {
    SUMMARY_MAX = 256 << 20,
    ROWS_MAX = 1200, // of one level's time series: more are put together
    PER_DECADE = 40, // points of a spectrum for each nine
    DECADES = 4,     // up to p99.99
};

static const enum weir_metric spectrum_metrics[] = {WEIR_METRIC_TTFT, WEIR_METRIC_ITL,
                                                    WEIR_METRIC_TPOT, WEIR_METRIC_LATENCY};

/** Of a rebuilt run the summary is written as the run would have written it. */
static json_t *summary_of(const struct weir_rundata *run)
{
    if (run->summary_json != NULL) {
        return json_deep_copy(run->summary_json);
    }
    struct weir__html_facts facts;
    struct weir_buf text;
    weir__html_facts_of(run, &facts);
    weir_buf_init(&text, SUMMARY_MAX);
    bool fits = weir_summary_json(&run->summary, &facts.facts, &facts.errors, &text);
    json_t *out = fits ? json_loadb(text.ptr, text.len, 0, NULL) : NULL;
    WEIR_ASSERT(out != NULL);
    weir_buf_free(&text);
    weir__html_facts_free(&facts);
    return out;
}

static json_t *settings_of(const struct weir_rundata *run)
{
    json_t *out = json_array();
    const char *name = NULL;
    json_t *option = NULL;
    json_object_foreach(json_object_get(run->run, "config"), name, option)
    {
        const char *origin = json_string_value(json_object_get(option, "origin"));
        if (origin == NULL || strcmp(origin, "default") == 0) {
            continue;
        }
        json_t *one = json_array();
        weir__json_append(one, json_string(name));
        weir__json_append(one, json_deep_copy(json_object_get(option, "value")));
        weir__json_append(one, json_string(origin));
        weir__json_append(out, one);
    }
    return out;
}

// ---- percentile spectra ----

/** [[nines, value], …]: nines = −log10(1 − p), up to where the sample ends. */
static json_t *points_of(const struct weir_hist *hist, double scale)
{
    json_t *out = json_array();
    double count = (double)weir_hist_count(hist);
    for (int i = 0; i <= DECADES * PER_DECADE; i++) {
        double nines = (double)i / PER_DECADE;
        double beyond = pow(10, -nines);
        if (i > 0 && count * beyond < 1 - 1e-9) {
            break;
        }
        json_t *point = json_array();
        int64_t value = weir_hist_percentile(hist, 100 * (1 - beyond));
        weir__json_append(point, weir__json_number(nines));
        weir__json_append(point, weir__json_number((double)value / scale));
        weir__json_append(out, point);
    }
    return out;
}

static json_t *spectra_of(const struct weir_rundata *run)
{
    json_t *out = json_array();
    for (size_t i = 0; i < run->summary.level_count; i++) {
        for (size_t m = 0; m < WEIR_COUNT_OF(spectrum_metrics); m++) {
            const struct weir_metric_info *info = weir_metric_info(spectrum_metrics[m]);
            const struct weir_hist *hist = weir_rundata_hist(run, i, spectrum_metrics[m]);
            if (hist == NULL || weir_hist_count(hist) == 0) {
                continue;
            }
            json_t *one = json_object();
            weir__json_put(one, "level", json_integer((json_int_t)i));
            weir__json_put(one, "metric", json_string(info->tag));
            weir__json_put(one, "count", json_integer((json_int_t)weir_hist_count(hist)));
            weir__json_put(one, "points", points_of(hist, info->scale));
            weir__json_append(out, one);
        }
    }
    return out;
}

// ---- time series ----

static double larger(double a, double b)
{
    return isnan(a) || b > a ? b : a;
}

/** Several seconds as one row: counts add up, percentiles become the highest of the seconds, since
 * those of the whole cannot be had from them. */
static void merge_row(struct weir_slice_row *into, const struct weir_slice_row *row)
{
    into->length_s += row->length_s;
    into->sent += row->sent;
    into->ok += row->ok;
    into->failed += row->failed;
    into->chunks += row->chunks;
    into->tokens += row->tokens;
    into->in_flight = row->in_flight;
    into->ttft_p50_ms = larger(into->ttft_p50_ms, row->ttft_p50_ms);
    into->ttft_p99_ms = larger(into->ttft_p99_ms, row->ttft_p99_ms);
    into->itl_p50_ms = larger(into->itl_p50_ms, row->itl_p50_ms);
    into->itl_p99_ms = larger(into->itl_p99_ms, row->itl_p99_ms);
}

static json_t *row_of(const struct weir_slice_row *row)
{
    const double length = (double)row->length_s;
    const double cells[] = {(double)row->second,
                            (double)row->sent / length,
                            (double)row->ok / length,
                            (double)row->failed / length,
                            (double)row->tokens / length,
                            (double)row->in_flight,
                            row->ttft_p50_ms,
                            row->ttft_p99_ms,
                            row->itl_p50_ms,
                            row->itl_p99_ms,
                            length};
    json_t *out = json_array();
    for (size_t i = 0; i < WEIR_COUNT_OF(cells); i++) {
        bool is_whole = isfinite(cells[i]) && cells[i] == floor(cells[i]) && fabs(cells[i]) < 1e15;
        weir__json_append(out, is_whole ? json_integer((json_int_t)cells[i])
                                        : weir__json_number(cells[i]));
    }
    return out;
}

static json_t *series_of(const struct weir_slice_row *rows, size_t count)
{
    size_t every = (count + ROWS_MAX - 1) / ROWS_MAX;
    json_t *out = json_object();
    json_t *list = json_array();
    for (size_t i = 0; i < count; i += every) {
        struct weir_slice_row row = rows[i];
        size_t end = i + every < count ? i + every : count;
        for (size_t k = i + 1; k < end; k++) {
            merge_row(&row, &rows[k]);
        }
        weir__json_append(list, row_of(&row));
    }
    weir__json_put(out, "level", json_integer(rows[0].level));
    weir__json_put(out, "rows", list);
    return out;
}

static json_t *slices_of(const struct weir_rundata *run)
{
    json_t *out = json_array();
    size_t begin = 0;
    while (begin < run->slice_count) {
        size_t end = begin;
        while (end < run->slice_count && run->slices[end].level == run->slices[begin].level) {
            end++;
        }
        weir__json_append(out, series_of(run->slices + begin, end - begin));
        begin = end;
    }
    return out;
}

static void copy_member(json_t *into, const json_t *from, const char *key)
{
    const json_t *value = json_object_get(from, key);
    weir__json_put(into, key, value != NULL ? json_deep_copy(value) : json_null());
}

json_t *weir__html_data(const struct weir_rundata *run)
{
    json_t *out = json_object();
    const char *slash = strrchr(run->dir, '/');
    const char *name = slash != NULL && slash[1] != '\0' ? slash + 1 : run->dir;
    weir__json_put(out, "dir", weir__json_text(name));
    weir__json_put(out, "rebuilt", json_boolean(run->is_rebuilt));
    weir__json_put(out, "summary", summary_of(run));
    copy_member(out, run->run, "command");
    copy_member(out, run->run, "libraries");
    copy_member(out, run->run, "level_starts");
    weir__json_put(out, "settings", settings_of(run));
    weir__json_put(out, "slices", slices_of(run));
    weir__json_put(out, "spectra", spectra_of(run));
    return out;
}
