// How `weir find` measures a load: see find_internal.h. Every measurement has a seed of its own, so
// that no prompt comes twice and no prefix cache can answer for the server.
#include <math.h>
#include <stdio.h>

#include "find_internal.h"
#include "weir/base/log.h"
#include "weir/base/mem.h"
#include "weir/base/str.h"
#include "weir/cli/sink.h"
#include "weir/engine/run.h"
#include "weir/plan/plan.h"

enum { LOADS_MAX = 2, STRETCH_MAX = 20 };

/** More values than are needed, since a level brings now more, now fewer. */
#define NEEDS_MARGIN 1.3
#define CONFIDENCE   0.95

/** Loads in both forms that a configuration may take. */
struct loads {
    int64_t whole[LOADS_MAX];
    double rates[LOADS_MAX];
    size_t count;
};

// ---- judgement ----

static uint64_t needs_of(const struct weir_objective *objective)
{
    if (objective->statistic != WEIR_STATISTIC_PERCENTILE) {
        return 1;
    }
    const double share = weir_percentile_value(objective->percentile) / 100;
    return (uint64_t)ceil(1 / fmin(share, 1 - share) - 1e-6);
}

static bool has_outcome(const struct weir_level_summary *level, enum weir_objective_result result)
{
    for (size_t i = 0; i < level->objective_count; i++) {
        if (level->objectives[i].result == result) {
            return true;
        }
    }
    return false;
}

static enum weir_find_result judge(const struct weir__find *find,
                                   const struct weir_level_summary *level)
{
    const uint64_t ok = level->counters.outcomes[WEIR_OUTCOME_OK];
    const uint64_t finished = level->counters.measured;
    if (finished > 0 && ok == 0) {
        return WEIR_FIND_FAILED;
    }
    if (level->verdict.verdict == WEIR_VERDICT_INVALID && !find->config.allow_invalid) {
        return WEIR_FIND_CLIENT;
    }
    if (has_outcome(level, WEIR_OBJECTIVE_MISSED)) {
        return WEIR_FIND_MISSED;
    }
    if (level->offered.is_saturated) {
        return WEIR_FIND_SATURATED;
    }
    if (has_outcome(level, WEIR_OBJECTIVE_NO_DATA)) {
        // With enough requests it is their failing that leaves too few values.
        return finished >= find->needs && ok < find->needs ? WEIR_FIND_MISSED : WEIR_FIND_UNKNOWN;
    }
    return WEIR_FIND_HELD;
}

/** How many of the values keep within the threshold, and how sure that is. */
static void attain(const struct weir_objective *objective, const struct weir_recorder *recorder,
                   double *share, struct weir_interval *interval)
{
    const struct weir_hist *hist = weir_recorder_hist(recorder, objective->metric);
    const uint64_t total = hist != NULL ? weir_hist_count(hist) : 0;
    *share = NAN;
    if (objective->statistic != WEIR_STATISTIC_PERCENTILE || total == 0) {
        return;
    }
    const double scale = weir_metric_info(objective->metric)->scale;
    uint64_t hits = weir_hist_count_up_to(hist, (int64_t)fmin(objective->threshold * scale, 9e18));
    if (objective->comparison == WEIR_GREATER || objective->comparison == WEIR_GREATER_EQUAL) {
        hits = total - hits;
    }
    *share = (double)hits / (double)total;
    *interval = weir_interval_share(hits, total, CONFIDENCE);
}

static void fill_probe(struct weir__find *find, const struct weir_level_summary *level,
                       const struct weir_recorder *recorder, struct weir_find_probe *out)
{
    for (size_t i = 0; i < level->objective_count; i++) {
        const uint64_t needs = needs_of(&level->objectives[i].objective);
        find->needs = needs > find->needs ? needs : find->needs;
        out->objectives[i] = level->objectives[i];
        attain(&level->objectives[i].objective, recorder, &out->attained[i],
               &out->attained_interval[i]);
    }
    out->objective_count = level->objective_count;
    out->load = level->concurrency > 0 ? (double)level->concurrency : level->request_rate;
    out->window_s = level->window_end_s - level->window_start_s;
    out->ok = level->counters.outcomes[WEIR_OUTCOME_OK];
    out->failed = level->counters.measured - out->ok;
    out->result = judge(find, level);
}

// ---- a run ----

/** One run of one or two loads. Its callbacks stand before those of the sink. */
struct measurement {
    struct weir__find *find;
    struct weir_run_sink files; // all NULL for a probe of the search
    size_t count;
    struct weir_find_probe probes[LOADS_MAX];
};

static void on_level_start(void *context, const struct weir_plan *plan, uint32_t level,
                           weir_ns started)
{
    const struct weir_run_sink *files = &((struct measurement *)context)->files;
    if (files->on_level_start != NULL) {
        files->on_level_start(files->context, plan, level, started);
    }
}

static void on_sample(void *context, const struct weir_sample *sample)
{
    const struct weir_run_sink *files = &((struct measurement *)context)->files;
    if (files->on_sample != NULL) {
        files->on_sample(files->context, sample);
    }
}

static void on_slice(void *context, uint32_t level, const struct weir_slice_stat *slice)
{
    const struct weir_run_sink *files = &((struct measurement *)context)->files;
    if (files->on_slice != NULL) {
        files->on_slice(files->context, level, slice);
    }
}

static void on_error(void *context, const struct weir_sample *sample, const char *message)
{
    const struct weir_run_sink *files = &((struct measurement *)context)->files;
    if (files->on_error != NULL) {
        files->on_error(files->context, sample, message);
    }
}

static void on_level_end(void *context, const struct weir_level_summary *level,
                         const struct weir_recorder *recorder)
{
    struct measurement *measurement = context;
    const struct weir_run_sink *files = &measurement->files;
    if (measurement->count < LOADS_MAX) {
        fill_probe(measurement->find, level, recorder, &measurement->probes[measurement->count++]);
    }
    if (files->on_level_end != NULL) {
        files->on_level_end(files->context, level, recorder);
    }
}

static struct weir_run_sink callbacks_of(struct measurement *measurement)
{
    return (struct weir_run_sink){
        .context = measurement,
        .on_level_start = on_level_start,
        .on_sample = on_sample,
        .on_slice = on_slice,
        .on_error = on_error,
        .on_level_end = on_level_end,
    };
}

/** Point the configuration at `loads`, which outlive the run. */
static void take_loads(struct weir_config *config, struct loads *loads)
{
    for (size_t i = 0; i < loads->count; i++) {
        loads->whole[i] = (int64_t)loads->rates[i];
    }
    if (config->vary == WEIR_VARY_CONCURRENCY) {
        config->concurrency = (struct weir_i64_list){loads->whole, loads->count};
    } else {
        config->request_rate = (struct weir_f64_list){loads->rates, loads->count};
    }
}

/** `body` with a plan of `loads`, each for `duration`. */
static weir_status with_plan(struct weir__find *find, struct loads *loads, weir_ns duration,
                             weir_status (*body)(struct measurement *, const struct weir_plan *,
                                                 struct weir_err *),
                             struct measurement *measurement, struct weir_err *err)
{
    struct weir_config *config = &find->config;
    const struct weir_i64_list concurrency = config->concurrency;
    const struct weir_f64_list rate = config->request_rate;
    struct weir_plan *plan = NULL;
    take_loads(config, loads);
    config->duration = duration;
    config->seed = find->seed + find->measurements++;
    *measurement = (struct measurement){.find = find};
    weir_status status =
        weir_plan_new(config, find->targets.targets, find->targets.count, &plan, err);
    if (status == WEIR_OK) {
        status = weir_run_check(config, plan, err);
    }
    if (status == WEIR_OK) {
        status = body(measurement, plan, err);
    }
    weir_plan_free(plan);
    config->concurrency = concurrency;
    config->request_rate = rate;
    config->duration = find->duration;
    config->seed = find->seed;
    return status;
}

static weir_status keep(struct weir__find *find, const struct weir_find_probe *probe,
                        struct weir_err *err)
{
    if (find->count == WEIR__FIND_PROBES_MAX) {
        return weir_fail(err, WEIR_INCONCLUSIVE,
                         "no answer after %d measurements: raise --find-step or --find-from",
                         WEIR__FIND_PROBES_MAX);
    }
    find->probes[find->count++] = *probe;
    if (!find->config.quiet && find->config.progress != WEIR_PROGRESS_NONE) {
        static const char *const texts[] = {
#define XX(name, key, text) text,
            WEIR_FIND_RESULT_MAP(XX)
#undef XX
        };
        weir_note("%s %g%s: %s",
                  find->config.vary == WEIR_VARY_CONCURRENCY ? "concurrency" : "request-rate",
                  probe->load, probe->is_fresh ? ", measured afresh" : "", texts[probe->result]);
    }
    return WEIR_OK;
}

// ---- a probe of the search ----

static weir_status run_probe(struct measurement *measurement, const struct weir_plan *plan,
                             struct weir_err *err)
{
    struct weir__find *find = measurement->find;
    const struct weir_run_sink sink = callbacks_of(measurement);
    struct weir_summary summary = {0};
    const weir_status status = weir_run(&find->config, plan, &sink, &summary, err);
    find->is_interrupted = summary.is_interrupted;
    weir_summary_free(&summary);
    return status;
}

/** How long the next try of a load has to be so that it brings what is needed, when one of `window`
 * brought `count`. */
static weir_ns stretch(const struct weir__find *find, weir_ns window, double count)
{
    const double factor = NEEDS_MARGIN * (double)find->needs / fmax(count, 1);
    return (weir_ns)fmin((double)window * fmax(factor, 1), (double)find->duration * STRETCH_MAX);
}

static weir_ns first_window(const struct weir__find *find, double load)
{
    if (find->config.vary == WEIR_VARY_CONCURRENCY) {
        return find->duration;
    }
    return stretch(find, find->duration, load * (double)find->duration / (double)WEIR_SECOND);
}

static weir_status too_few(const struct weir__find *find, double load, struct weir_err *err)
{
    return weir_fail(err, WEIR_INCONCLUSIVE,
                     "at %g, %d times --duration did not bring the values that --slo needs (%llu, "
                     "of a metric that the answers have): lengthen --duration or raise --find-from",
                     load, STRETCH_MAX, (unsigned long long)find->needs);
}

weir_status weir__find_probe(struct weir__find *find, double load, struct weir_err *err)
{
    struct measurement measurement = {0};
    weir_ns window = first_window(find, load);
    for (weir_ns last = 0; window > last;) {
        struct loads loads = {.rates = {load}, .count = 1};
        weir_status status = with_plan(find, &loads, window, run_probe, &measurement, err);
        if (status != WEIR_OK || find->is_interrupted) {
            return status;
        }
        const struct weir_find_probe *probe = &measurement.probes[0];
        if (probe->result != WEIR_FIND_UNKNOWN) {
            return keep(find, probe, err);
        }
        last = window;
        window = stretch(find, window, (double)(probe->ok + probe->failed));
    }
    return too_few(find, load, err);
}

// ---- the fresh measurement ----

static weir_status open_files(struct weir__find *find, const struct weir_plan *plan,
                              struct weir_sink **out, struct weir_err *err)
{
    const struct weir_sink_setup setup = {
        .config = &find->config,
        .plan = plan,
        .command = "find",
        .argc = find->argc,
        .argv = find->argv,
        .started = weir_clock_now(),
    };
    return weir_sink_open(&setup, out, err);
}

static weir_status run_with_files(struct measurement *measurement, const struct weir_plan *plan,
                                  struct weir_err *err)
{
    struct weir__find *find = measurement->find;
    const struct weir_run_sink sink = callbacks_of(measurement);
    struct weir_sink *files = NULL;
    struct weir_summary summary = {0};
    weir_status status = open_files(find, plan, &files, err);
    if (status != WEIR_OK) {
        return status;
    }
    measurement->files = weir_sink_callbacks(files);
    status = weir_run(&find->config, plan, &sink, &summary, err);
    find->is_interrupted = summary.is_interrupted;
    const weir_status written = weir_sink_finish(files, &summary, status == WEIR_OK ? err : NULL);
    (void)weir_copy(find->dir, sizeof(find->dir), weir_sink_dir(files));
    weir_sink_free(files);
    weir_summary_free(&summary);
    return status == WEIR_OK ? written : status;
}

/** The window in which the search judged `load`; at least --duration. */
static weir_ns window_of(const struct weir__find *find, double load)
{
    double longest = (double)first_window(find, load);
    for (size_t i = 0; i < find->count; i++) {
        if (find->probes[i].load == load) {
            longest = fmax(longest, find->probes[i].window_s * (double)WEIR_SECOND);
        }
    }
    return (weir_ns)longest;
}

weir_status weir__find_measure(struct weir__find *find, double load, double beyond,
                               struct weir_err *err)
{
    struct measurement measurement;
    struct loads loads = {.rates = {load, beyond}, .count = isinf(beyond) ? 1 : 2};
    weir_status status =
        with_plan(find, &loads, window_of(find, load), run_with_files, &measurement, err);
    for (size_t i = 0; i < measurement.count && status == WEIR_OK && !find->is_interrupted; i++) {
        measurement.probes[i].is_fresh = true;
        status = keep(find, &measurement.probes[i], err);
    }
    return status;
}
