// One level: workers are made, let go, emptied while they run, joined and summed up. Main thread
// only.
#define _GNU_SOURCE
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "level_internal.h"
#include "level_watch.h"
#include "weir/base/mem.h"
#include "weir/base/str.h"
#include "weir/engine/health.h"
#include "weir/engine/limits.h"

enum {
    COLLECT_MS = 50,
    GRACE_MS = 2000,
    STREAMS_A_WORKER = 2000,
    RATE_A_WORKER = 8000,
    LAG_DIGITS = 2
};

struct level_run {
    struct run *run;
    uint32_t index;
    const struct weir_level *level;
    struct weir_deal deal;
    size_t worker_count;
    struct weir_worker **workers;
    weir_ns started;
    uv_timer_t collect;
    uv_timer_t grace;
    // slices of several workers, added up until all have passed their second
    struct weir_slice_stat *slices[SLICE_LANES];
    bool is_slice_used[SLICE_LANES];
    struct level_watch *watch;
    struct weir_settling settling;
    int64_t *passed; // last second each worker has handed over
    int64_t emitted; // last second the sink has seen
};

/** --workers auto: one for every 2000 streams (or 8000 requests/s), at most half the cores (the
 * other half is the kernel's and, on loopback, the server's). */
static size_t count_workers(const struct weir_config *config, const struct weir_level *level,
                            uint32_t slots)
{
    if (config->workers > 0) {
        return (size_t)config->workers < slots ? (size_t)config->workers : slots;
    }
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const long half = cores > 1 ? cores / 2 : 1;
    const double most = (double)half;
    double wanted = (double)level->concurrency / STREAMS_A_WORKER;
    if (level->mode == WEIR_MODE_RATE) {
        wanted = weir_schedule_expected(level->schedule, WEIR_SECOND) / RATE_A_WORKER;
    }
    return (size_t)fmax(1, fmin(ceil(wanted), most));
}

/** Most requests in flight. In an open loop without --max-in-flight: as many as there are
 * descriptors for. */
static uint32_t count_slots(const struct weir_config *config, const struct weir_level *level)
{
    enum { OWN_DESCRIPTORS = 64, AUTO_MOST = 50000 };
    if (level->mode == WEIR_MODE_CONCURRENCY) {
        return level->concurrency;
    }
    if (config->max_in_flight > 0) {
        return (uint32_t)config->max_in_flight;
    }
    uint64_t descriptors = weir_limits_descriptors();
    uint64_t most =
        descriptors > 2 * OWN_DESCRIPTORS ? descriptors - OWN_DESCRIPTORS : OWN_DESCRIPTORS;
    return (uint32_t)(most < AUTO_MOST ? most : AUTO_MOST);
}

static weir_status make_workers(struct level_run *level, struct weir_err *err)
{
    struct run *run = level->run;
    const uint32_t slots = count_slots(run->config, level->level);
    level->worker_count = count_workers(run->config, level->level, slots);
    level->workers = weir_alloc(level->worker_count, sizeof(struct weir_worker *));
    level->passed = weir_alloc(level->worker_count, sizeof(*level->passed));
    const struct weir_worker_job job = {
        .config = run->config,
        .plan = run->plan,
        .endpoint = &run->endpoints[level->level->target],
        .level = level->index,
        .workers = (uint32_t)level->worker_count,
        .deal = &level->deal,
        .goodput = run->goodput,
        .goodput_count = run->goodput_count,
    };
    weir_status status = WEIR_OK;
    for (size_t i = 0; i < level->worker_count; i++) {
        uint32_t share = (uint32_t)((slots + i) / level->worker_count);
        level->passed[i] = -1;
        level->workers[i] = weir_worker_new(&job, (uint16_t)i, share);
        status = status == WEIR_OK ? weir_worker_start(level->workers[i], err) : status;
    }
    WEIR_ASSERT(status == WEIR_OK); // without a thread there is nothing to measure or to save
    return status;
}

static double seconds(weir_ns span)
{
    return span > 0 ? (double)span / (double)WEIR_SECOND : 0;
}

static void take_slice(struct level_run *level, const struct weir_slice_stat *slice)
{
    size_t lane = (size_t)slice->index % SLICE_LANES;
    if (!level->is_slice_used[lane]) {
        weir_slice_stat_reset(level->slices[lane], slice->index);
        level->is_slice_used[lane] = true;
    }
    weir_slice_stat_add(level->slices[lane], slice);
}

/** --warmup auto: open the window once the slices are steady, or when the time allowed for it is
 * over. */
static void look_whether_settled(struct level_run *level, int64_t second)
{
    if (!level->settling.is_auto || weir_deal_window(&level->deal).start != WEIR_OPEN) {
        return;
    }
    const weir_ns now = weir_clock_now();
    const bool has_settled = weir__watch_has_settled(level->watch);
    if (has_settled || (second + 1) * WEIR_SECOND >= level->level->warmup_duration) {
        level->settling.has_settled = has_settled;
        level->settling.settled_s = has_settled ? seconds(now - level->started) : NAN;
        weir_deal_settle(&level->deal, now);
    }
}

/** Tell the sink the seconds up to `last`. */
static void emit_slices(struct level_run *level, int64_t last)
{
    const struct weir_run_sink *sink = level->run->sink;
    int64_t first = level->emitted + 1;
    first = last - first >= SLICE_LANES ? last - SLICE_LANES + 1 : first;
    for (int64_t second = first; second <= last; second++) {
        size_t lane = (size_t)second % SLICE_LANES;
        if (level->is_slice_used[lane] && level->slices[lane]->index == second) {
            level->is_slice_used[lane] = false;
            weir__watch_slice(level->watch, level->slices[lane]);
            look_whether_settled(level, second);
            if (sink->on_slice != NULL) {
                sink->on_slice(sink->context, level->index, level->slices[lane]);
            }
        }
    }
    level->emitted = last > level->emitted ? last : level->emitted;
}

static void collect_slices(struct level_run *level)
{
    int64_t all_passed = INT64_MAX;
    for (size_t i = 0; i < level->worker_count; i++) {
        struct weir_worker *worker = level->workers[i];
        for (struct weir_slice_stat *s = weir_worker_take_slice(worker); s != NULL;
             s = weir_worker_take_slice(worker)) {
            take_slice(level, s);
            level->passed[i] = s->index;
            weir_worker_give_slice(worker, s);
        }
        all_passed = level->passed[i] < all_passed ? level->passed[i] : all_passed;
    }
    emit_slices(level, all_passed);
}

static void collect_samples(struct level_run *level)
{
    const struct weir_run_sink *sink = level->run->sink;
    for (size_t i = 0; i < level->worker_count; i++) {
        struct weir_sample sample;
        while (weir_worker_take_sample(level->workers[i], &sample)) {
            if (sink->on_sample != NULL) {
                sink->on_sample(sink->context, &sample);
            }
        }
        struct weir_failure_note note;
        while (weir_worker_take_failure(level->workers[i], &note)) {
            if (sink->on_error != NULL) {
                sink->on_error(sink->context, &note.sample, note.message);
            }
        }
    }
}

static bool is_done(const struct level_run *level)
{
    for (size_t i = 0; i < level->worker_count; i++) {
        if (!weir_worker_is_done(level->workers[i])) {
            return false;
        }
    }
    return true;
}

static void on_collect(uv_timer_t *timer)
{
    struct level_run *level = timer->data;
    bool was_done = is_done(level); // before collecting: nothing comes after it
    collect_samples(level);
    collect_slices(level);
    if (was_done) {
        uv_stop(&level->run->loop);
    }
}

static void on_grace_over(uv_timer_t *timer)
{
    struct level_run *level = timer->data;
    for (size_t i = 0; i < level->worker_count; i++) {
        weir_worker_cancel(level->workers[i]);
    }
}

void weir__level_interrupt(struct level_run *level)
{
    weir_deal_stop(&level->deal, weir_clock_now());
    (void)uv_timer_start(&level->grace, on_grace_over, GRACE_MS, 0);
}

static void wait_for_workers(struct level_run *level)
{
    uv_loop_t *loop = &level->run->loop;
    (void)uv_timer_init(loop, &level->collect);
    (void)uv_timer_init(loop, &level->grace);
    level->collect.data = level;
    level->grace.data = level;
    (void)uv_timer_start(&level->collect, on_collect, COLLECT_MS, COLLECT_MS);
    (void)uv_run(loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < level->worker_count; i++) {
        weir_worker_join(level->workers[i]);
    }
    uv_close((uv_handle_t *)&level->collect, NULL);
    uv_close((uv_handle_t *)&level->grace, NULL);
    (void)uv_run(loop, UV_RUN_NOWAIT);
    emit_slices(level, level->emitted + SLICE_LANES);
}

static void audit(const struct level_run *level, const struct weir_recorder *recorder,
                  struct weir_client_stats *out)
{
    struct weir_hist *lag = weir_hist_new(WEIR_MINUTE, LAG_DIGITS);
    bool has_kernel = true;
    *out = (struct weir_client_stats){.workers = (unsigned)level->worker_count};
    for (size_t i = 0; i < level->worker_count; i++) {
        struct weir_worker_audit a = weir_worker_audit(level->workers[i]);
        (void)weir_hist_add(lag, a.lag);
        has_kernel = has_kernel && a.has_kernel_stamps;
        out->cpu_utilisation =
            fmax(out->cpu_utilisation, a.wall > 0 ? (double)a.cpu / (double)a.wall : 0);
        out->cpu_ms += (double)a.cpu / (double)WEIR_MSEC;
        out->clock_step_ms = fmax(out->clock_step_ms, (double)a.clock_step / (double)WEIR_MSEC);
        out->coalesced_events += a.coalesced_events;
        out->token_events += a.token_events;
        out->records_dropped += a.records_dropped;
        out->allocations += a.allocations;
    }
    out->timestamp_source = has_kernel ? "kernel" : "user";
    weir_metric_stats_of(lag, (double)WEIR_MSEC, &out->loop_lag);
    weir_metric_stats_of(weir_recorder_hist(recorder, WEIR_METRIC_LATENESS), (double)WEIR_MSEC,
                         &out->send_lateness);
    weir_hist_free(lag);
}

/** The window in seconds from the level's start. */
static void fill_window(struct level_run *level, weir_ns last_done, struct weir_level_summary *out)
{
    weir_deal_close(&level->deal, last_done);
    struct weir_window window = weir_deal_window(&level->deal);
    weir_ns start =
        window.start < window.end ? window.start : window.end; // interrupted in its warm-up: empty
    out->window_start_s = seconds(start - level->started);
    out->window_end_s = seconds(window.end - level->started);
    out->drain_s = seconds(last_done - window.end);
    out->whole_s = seconds(last_done - level->started);
}

static void name_level(const struct level_run *level, struct weir_level_summary *out)
{
    const struct weir_target *target = &level->run->plan->targets[level->level->target];
    out->index = level->index;
    out->repetition = level->level->repetition;
    out->mode = level->level->mode == WEIR_MODE_RATE ? "rate" : "concurrency";
    out->concurrency = level->level->concurrency;
    out->request_rate = level->level->request_rate;
    out->planned = level->level->request_count;
    out->settling = level->settling;
    (void)weir_copy(out->target, sizeof(out->target), target->name);
    (void)weir_copy(out->url, sizeof(out->url), target->url);
    (void)weir_copy(out->model, sizeof(out->model), target->model);
}

/** Offered against achieved: what was due in the window, what of it was sent, and what of that
 * late. */
static void fill_offered(const struct level_run *level, const struct weir_recorder *recorder,
                         struct weir_level_summary *out)
{
    out->offered = (struct weir_offered){.offered_rate = NAN, .sent_rate = NAN};
    if (level->level->mode != WEIR_MODE_RATE) {
        return;
    }
    for (size_t i = 0; i < level->worker_count; i++) {
        out->offered.dropped += weir_worker_audit(level->workers[i]).dropped;
    }
    const struct weir_hist *lateness = weir_recorder_hist(recorder, WEIR_METRIC_LATENESS);
    const double window = out->window_end_s - out->window_start_s;
    out->planned = out->sent + out->offered.dropped;
    out->offered.late = weir_hist_count(lateness) - weir_hist_count_up_to(lateness, WEIR_MSEC);
    if (window > 0) {
        out->offered.offered_rate = (double)out->planned / window;
        out->offered.sent_rate = (double)out->sent / window;
    }
}

/** What the level made of --slo. */
static void judge_objectives(const struct run *run, struct weir_level_summary *out)
{
    out->objective_count = run->slo_count;
    for (size_t i = 0; i < run->slo_count; i++) {
        out->objectives[i] = (struct weir_objective_outcome){
            .objective = run->slo[i],
            .value = weir_objective_value(&run->slo[i], out),
            .result = weir_objective_judge(&run->slo[i], out),
        };
    }
}

static void sum_up(struct level_run *level)
{
    struct run *run = level->run;
    struct weir_recorder *recorder = weir_recorder_new();
    struct weir_level_summary *out = weir_alloc(1, sizeof(*out));
    weir_ns last_done = level->started;
    for (size_t i = 0; i < level->worker_count; i++) {
        weir_recorder_merge(recorder, weir_worker_recorder(level->workers[i]));
        weir_ns done = weir_worker_audit(level->workers[i]).last_done;
        last_done = done > last_done ? done : last_done;
    }
    name_level(level, out);
    fill_window(level, last_done, out);
    out->sent = weir_deal_sent(&level->deal);
    out->is_interrupted = run->out->is_interrupted;
    weir_level_summarize(out, recorder);
    fill_offered(level, recorder, out);
    weir__watch_sum_up(level->watch, out);
    audit(level, recorder, &out->client);
    judge_objectives(run, out);
    weir_health_judge(out);
    weir_summary_add(run->out, out);
    if (run->sink->on_level_end != NULL) {
        run->sink->on_level_end(run->sink->context, out, recorder);
    }
    weir_recorder_free(recorder);
    weir_free(out);
}

static void free_level(struct level_run *level)
{
    for (size_t i = 0; i < level->worker_count; i++) {
        weir_worker_free(level->workers[i]);
    }
    for (size_t i = 0; i < SLICE_LANES; i++) {
        weir_slice_stat_free(level->slices[i]);
    }
    weir_free(level->watch);
    weir_free(level->workers);
    weir_free(level->passed);
}

/** The start barrier: from here on the clock runs. */
static void let_go(struct level_run *level)
{
    const struct weir_run_sink *sink = level->run->sink;
    level->started = weir_clock_now();
    weir_deal_init(&level->deal, level->level, level->settling.is_auto, level->started);
    if (sink->on_level_start != NULL) {
        sink->on_level_start(sink->context, level->run->plan, level->index, level->started);
    }
    for (size_t i = 0; i < level->worker_count; i++) {
        weir_worker_go(level->workers[i], level->started);
    }
}

weir_status weir__level_run(struct run *run, uint32_t index, struct weir_err *err)
{
    struct level_run level = {
        .run = run,
        .index = index,
        .level = &run->plan->levels[index],
        .emitted = -1,
        .watch = weir_alloc(1, sizeof(struct level_watch)),
        .settling = {.is_auto = run->config->warmup == WEIR_WARMUP_AUTO, .settled_s = NAN},
    };
    for (size_t i = 0; i < SLICE_LANES; i++) {
        level.slices[i] = weir_slice_stat_new();
    }
    weir_status status = make_workers(&level, err);
    if (status == WEIR_OK) {
        run->level = &level;
        let_go(&level);
        wait_for_workers(&level);
        run->level = NULL;
        sum_up(&level);
    }
    free_level(&level);
    return status;
}
