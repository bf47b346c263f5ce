// A summary from records.jsonl, for a run that was killed before it could write one. The file is
// read twice: for the windows, then for what fell into them. Gaps between tokens are not in the
// records, so inter-token metrics stay empty unless the level had ended and left its histograms.
#include <math.h>
#include <string.h>

#include "rundata_internal.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/base/units.h"

/** What the first pass finds of a level. Instants count from WEIR__RECORD_BASE; 0: none. */
struct extent {
    char target[128];
    uint64_t measured;
    weir_ns first_due;          // of any request
    weir_ns last_done;          // of any request
    weir_ns first_measured_due; // the window's beginning
    weir_ns last_measured_done;
};

struct rebuild {
    struct weir_rundata *run;
    struct weir_err *err;
    uint32_t level; // of the record before
    size_t count;   // of levels
    struct extent *extents;
    struct weir_recorder *recorder; // of the level being counted
};

typedef weir_status record_fn(struct rebuild *rebuild, const struct weir_sample *sample,
                              const char *target);

static weir_status fail_line(const struct rebuild *rebuild, const struct weir__lines *lines,
                             const char *why)
{
    return weir_fail(rebuild->err, WEIR_INVALID, "%.300s:%zu: %.200s; remove the line to go on",
                     weir__lines_path(lines), weir__lines_number(lines), why);
}

static weir_status take_line(struct rebuild *rebuild, const struct weir__lines *lines,
                             struct weir_slice line, record_fn *take)
{
    struct weir_sample sample;
    struct weir_err why = {0};
    char target[128];
    if (weir__rundata_record(line, &sample, target, &why) != WEIR_OK) {
        return fail_line(rebuild, lines, why.text);
    }
    if (sample.level < rebuild->level) {
        return fail_line(rebuild, lines, "a record of an earlier level");
    }
    rebuild->level = sample.level;
    return take(rebuild, &sample, target);
}

/** Hand each record to `take`. */
static weir_status each_record(struct rebuild *rebuild, record_fn *take)
{
    struct weir__lines *lines = NULL;
    struct weir_err broken = {.status = WEIR_OK};
    if (!weir__lines_open(rebuild->run->dir, &lines)) {
        return weir_fail(rebuild->err, WEIR_INVALID,
                         "%.300s is no run directory: it holds neither summary.json nor "
                         "records.jsonl; name one that weir run made",
                         rebuild->run->dir);
    }
    struct weir_slice line;
    weir_status status = WEIR_OK;
    rebuild->level = 0;
    while (status == WEIR_OK && weir__lines_next(lines, &line, &broken)) {
        status = take_line(rebuild, lines, line, take);
    }
    weir__lines_free(lines);
    if (status == WEIR_OK && broken.status != WEIR_OK) {
        status = broken.status;
        *rebuild->err = broken;
    }
    return status;
}

static weir_status measure_extent(struct rebuild *rebuild, const struct weir_sample *sample,
                                  const char *target)
{
    if (sample->level >= rebuild->count) {
        rebuild->extents =
            weir_realloc(rebuild->extents, sample->level + 1, sizeof(*rebuild->extents));
        memset(rebuild->extents + rebuild->count, 0,
               (sample->level + 1 - rebuild->count) * sizeof(*rebuild->extents));
        rebuild->count = sample->level + 1;
    }
    struct extent *extent = &rebuild->extents[sample->level];
    if (extent->first_due == 0 || sample->due < extent->first_due) {
        extent->first_due = sample->due;
    }
    extent->last_done = sample->done > extent->last_done ? sample->done : extent->last_done;
    if (extent->target[0] == '\0') {
        (void)weir_copy(extent->target, sizeof(extent->target), target);
    }
    if (sample->phase != WEIR_PHASE_MEASURED) {
        return WEIR_OK;
    }
    extent->measured++;
    if (extent->first_measured_due == 0 || sample->due < extent->first_measured_due) {
        extent->first_measured_due = sample->due;
    }
    if (sample->done > extent->last_measured_done) {
        extent->last_measured_done = sample->done;
    }
    return WEIR_OK;
}

const json_t *weir__rundata_option(const struct weir_rundata *run, const char *name)
{
    return json_object_get(json_object_get(json_object_get(run->run, "config"), name), "value");
}

static const struct extent *extent_of(const struct rebuild *rebuild, uint32_t level)
{
    WEIR_ASSERT(rebuild->extents != NULL && level < rebuild->count);
    return &rebuild->extents[level];
}

/** The last thing known to have happened. */
static weir_ns end_of(const struct extent *extent)
{
    return extent->last_done != 0 ? extent->last_done : WEIR__RECORD_BASE;
}

/** From the first measured due to the last measured end, but no longer than --duration says. */
static struct weir_window window_of(const struct rebuild *rebuild, const struct extent *extent)
{
    struct weir_window window = {extent->first_measured_due, extent->last_measured_done};
    const char *text = json_string_value(weir__rundata_option(rebuild->run, "duration"));
    weir_ns duration = 0;
    if (extent->measured == 0) {
        window = (struct weir_window){end_of(extent), end_of(extent)};
    } else if (text != NULL && weir_parse_duration(weir_slice_of(text), &duration) &&
               duration > 0 && window.end - window.start > duration) {
        window.end = window.start + duration;
    }
    return window;
}

/** The load of a level by its place in the sweep: step by step, within a step target by target. */
static void set_load(const struct rebuild *rebuild, struct weir_level_summary *level)
{
    size_t targets = json_array_size(json_object_get(rebuild->run->run, "targets"));
    const json_t *rates = weir__rundata_option(rebuild->run, "request-rate");
    const json_t *loads =
        json_array_size(rates) > 0 ? rates : weir__rundata_option(rebuild->run, "concurrency");
    size_t steps = json_is_array(loads) ? json_array_size(loads) : 1;
    if (targets == 0 || steps == 0) {
        return;
    }
    size_t step = level->index / targets % steps;
    const json_t *load = json_is_array(loads) ? json_array_get(loads, step) : loads;
    double value = json_number_value(load);
    level->repetition = (uint32_t)(level->index / targets / steps);
    if (loads == rates) {
        level->mode = "rate";
        level->request_rate = value;
    } else if (value >= 1 && value <= 1e6) {
        level->mode = "concurrency";
        level->concurrency = (uint32_t)value;
    }
}

static void set_target(const struct rebuild *rebuild, struct weir_level_summary *level)
{
    const json_t *targets = json_object_get(rebuild->run->run, "targets");
    size_t i = 0;
    const json_t *target = NULL;
    json_array_foreach(targets, i, target)
    {
        const char *name = json_string_value(json_object_get(target, "name"));
        const char *url = json_string_value(json_object_get(target, "url"));
        const char *model = json_string_value(json_object_get(target, "model"));
        if (name != NULL && strcmp(name, level->target) == 0) {
            (void)weir_copy(level->url, sizeof(level->url), url != NULL ? url : "");
            (void)weir_copy(level->model, sizeof(level->model), model != NULL ? model : "");
        }
    }
}

static struct weir_metric_stats no_stats(void)
{
    struct weir_metric_stats stats = {.avg = NAN, .std = NAN, .min = NAN, .max = NAN};
    for (size_t i = 0; i < WEIR_PERCENTILE_COUNT; i++) {
        stats.percentiles[i] = NAN;
    }
    return stats;
}

static double seconds(weir_ns ns)
{
    return (double)ns / (double)WEIR_SECOND;
}

/** Everything of a level but what its recorder knows. */
static struct weir_level_summary begin_level(const struct rebuild *rebuild, uint32_t index)
{
    const struct extent *extent = extent_of(rebuild, index);
    struct weir_window window = window_of(rebuild, extent);
    struct weir_level_summary level = {
        .index = index,
        .request_rate = NAN,
        .window_start_s = seconds(window.start - WEIR__RECORD_BASE),
        .window_end_s = seconds(window.end - WEIR__RECORD_BASE),
        .drain_s = seconds(end_of(extent) - window.end),
        .whole_s = seconds(extent->last_done - extent->first_due),
        .sent = extent->measured,
        .is_interrupted = index + 1 == rebuild->count,
        .offered = {.offered_rate = NAN, .sent_rate = NAN},
        .settling = {.settled_s = NAN},
        .client = {.loop_lag = no_stats(),
                   .send_lateness = no_stats(),
                   .cpu_utilisation = NAN,
                   .cpu_ms = NAN,
                   .clock_step_ms = NAN},
    };
    (void)weir_copy(level.target, sizeof(level.target), extent->target);
    set_load(rebuild, &level);
    set_target(rebuild, &level);
    return level;
}

/** Append levels up to `end`; the recorder holds what the last of them counted. */
static void finish_levels(struct rebuild *rebuild, size_t end)
{
    struct weir_summary *summary = &rebuild->run->summary;
    while (summary->level_count < end) {
        struct weir_level_summary level = begin_level(rebuild, (uint32_t)summary->level_count);
        weir_level_summarize(&level, rebuild->recorder);
        level.client.send_lateness = level.metrics[WEIR_METRIC_LATENESS];
        weir_verdict_add(&level.verdict, WEIR_VERDICT_SUSPECT,
                         "rebuilt from records.jsonl: the run was killed before it could write its "
                         "summary; the client's own audit is lost");
        weir_summary_add(summary, &level);
        weir_recorder_reset(rebuild->recorder);
    }
}

static weir_status count_sample(struct rebuild *rebuild, const struct weir_sample *sample,
                                const char *target)
{
    (void)target;
    finish_levels(rebuild, sample->level); // those before it
    struct weir_window window = window_of(rebuild, extent_of(rebuild, sample->level));
    weir_recorder_add(rebuild->recorder, sample, NULL, 0, window);
    return WEIR_OK;
}

static void set_run(struct weir_rundata *run)
{
    struct weir_summary *summary = &run->summary;
    const char *name = json_string_value(json_object_get(run->run, "name"));
    const json_t *seed = json_object_get(run->run, "seed");
    (void)weir_copy(summary->name, sizeof(summary->name), name != NULL ? name : "run");
    summary->seed = json_is_integer(seed) ? (uint64_t)json_integer_value(seed) : 0;
    summary->is_interrupted = true;
    run->is_rebuilt = true;
}

weir_status weir__rundata_rebuild(struct weir_rundata *run, struct weir_err *err)
{
    struct weir_err unused;
    struct rebuild rebuild = {.run = run, .err = err != NULL ? err : &unused};
    set_run(run);
    weir_status status = each_record(&rebuild, measure_extent);
    if (status == WEIR_OK && rebuild.count == 0) {
        status = weir_fail(err, WEIR_INVALID,
                           "%.300s holds no summary.json and not one record: the run ended before "
                           "its first answer, so there is nothing to show",
                           run->dir);
    }
    if (status == WEIR_OK) {
        rebuild.recorder = weir_recorder_new();
        status = each_record(&rebuild, count_sample);
        finish_levels(&rebuild, status == WEIR_OK ? rebuild.count : 0);
        weir_recorder_free(rebuild.recorder);
    }
    weir_free(rebuild.extents);
    return status;
}
