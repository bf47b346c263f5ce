// A run, level after level: see engine/run.h. The main thread opens, waits, collects and sums up;
// the workers do the rest.
#define _GNU_SOURCE
#include "weir/engine/run.h"

#include <math.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "level_internal.h"
#include "weir/base/log.h"
#include "weir/base/mem.h"
#include "weir/base/str.h"
#include "weir/engine/limits.h"

/** The first Ctrl-C: deal no more, give what is in flight a moment, then cancel it. The second
 * leaves at once. */
static void on_signal(uv_signal_t *signal, int number)
{
    (void)number;
    struct run *run = signal->data;
    if (run->out->is_interrupted) {
        _exit(weir_status_exit_code(WEIR_INTERRUPTED));
    }
    run->out->is_interrupted = true;
    weir_note(
        "interrupted: ending the level (requests in flight get 2 s); once more leaves at once");
    if (run->level != NULL) {
        weir__level_interrupt(run->level);
    } else {
        uv_stop(&run->loop); // between two levels
    }
}

static void watch_signals(struct run *run)
{
    const int numbers[SIGNALS] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < SIGNALS; i++) {
        (void)uv_signal_init(&run->loop, &run->signals[i]);
        run->signals[i].data = run;
        (void)uv_signal_start(&run->signals[i], on_signal, numbers[i]);
        uv_unref((uv_handle_t *)&run->signals[i]);
    }
}

static void close_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

static void close_loop(uv_loop_t *loop)
{
    uv_walk(loop, close_handle, NULL);
    (void)uv_run(loop, UV_RUN_DEFAULT);
    int busy = uv_loop_close(loop);
    WEIR_ASSERT(busy == 0);
}

static weir_status open_endpoints(const struct weir_config *config, const struct weir_plan *plan,
                                  struct weir_endpoint **out, struct weir_err *err)
{
    weir_status status = WEIR_OK;
    *out = weir_alloc(plan->target_count, sizeof(**out));
    for (size_t i = 0; i < plan->target_count && status == WEIR_OK; i++) {
        status = weir_endpoint_open(&plan->targets[i], config->connect_timeout, &(*out)[i], err);
    }
    return status;
}

/** Most requests in flight at a target that somebody asked for; an open loop takes what there is.
 */
static uint32_t largest_level(const struct weir_config *config, const struct weir_plan *plan,
                              size_t target)
{
    uint32_t largest = config->max_in_flight > 0 ? (uint32_t)config->max_in_flight : 0;
    for (size_t i = 0; i < plan->level_count; i++) {
        const struct weir_level *level = &plan->levels[i];
        if (level->target == target && level->concurrency > largest) {
            largest = level->concurrency;
        }
    }
    return largest;
}

/** One list of all --slo. */
static weir_status parse_slo(const struct weir_config *config, struct run *run,
                             struct weir_err *err)
{
    weir_status status = WEIR_OK;
    run->slo = weir_alloc(WEIR_OBJECTIVES_MAX, sizeof(*run->slo));
    for (size_t i = 0; i < config->slo.count && status == WEIR_OK; i++) {
        struct weir_objective *some = NULL;
        size_t count = 0;
        status =
            weir_objectives_parse(weir_slice_of(config->slo.items[i]), false, &some, &count, err);
        if (status == WEIR_OK && run->slo_count + count > WEIR_OBJECTIVES_MAX) {
            status = weir_fail(err, WEIR_INVALID, "more than %d objectives in --slo",
                               WEIR_OBJECTIVES_MAX);
        }
        for (size_t k = 0; k < count && status == WEIR_OK; k++) {
            run->slo[run->slo_count++] = some[k];
        }
        weir_free(some);
    }
    return status;
}

static weir_status parse_objectives(const struct weir_config *config, struct run *run,
                                    struct weir_err *err)
{
    weir_status status = parse_slo(config, run, err);
    if (status == WEIR_OK && config->goodput[0] != '\0') {
        status = weir_objectives_parse(weir_slice_of(config->goodput), true, &run->goodput,
                                       &run->goodput_count, err);
    }
    return status;
}

static void free_run(struct run *run)
{
    weir_free(run->endpoints);
    weir_free(run->slo);
    weir_free(run->goodput);
}

weir_status weir_run_check(const struct weir_config *config, const struct weir_plan *plan,
                           struct weir_err *err)
{
    struct run run = {.config = config, .plan = plan};
    weir_status status = parse_objectives(config, &run, err);
    if (status == WEIR_OK) {
        status = open_endpoints(config, plan, &run.endpoints, err);
    }
    for (size_t i = 0; i < plan->target_count && status == WEIR_OK; i++) {
        status = weir_limits_check(largest_level(config, plan, i), &run.endpoints[i], err);
    }
    free_run(&run);
    return status;
}

static void on_pause_over(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

/** --cooldown: leave the server alone between two levels; Ctrl-C ends the pause. */
static void cool_down(struct run *run)
{
    uv_timer_t timer;
    if (run->config->cooldown == 0) {
        return;
    }
    (void)uv_timer_init(&run->loop, &timer);
    (void)uv_timer_start(&timer, on_pause_over, (uint64_t)(run->config->cooldown / WEIR_MSEC), 0);
    (void)uv_run(&run->loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&timer, NULL);
    (void)uv_run(&run->loop, UV_RUN_NOWAIT);
}

/** --stop-when-saturated: higher rates would only show how long the queue can grow. */
static bool is_enough(const struct run *run)
{
    const struct weir_summary *out = run->out;
    return out->is_interrupted || (run->config->stop_when_saturated && out->level_count > 0 &&
                                   out->levels[out->level_count - 1].offered.is_saturated);
}

static weir_status run_levels(struct run *run, struct weir_err *err)
{
    weir_status status = WEIR_OK;
    for (uint32_t i = 0; i < run->plan->level_count && status == WEIR_OK && !is_enough(run); i++) {
        if (i > 0) {
            cool_down(run);
        }
        status = run->out->is_interrupted ? WEIR_OK : weir__level_run(run, i, err);
    }
    return status;
}

weir_status weir_run(const struct weir_config *config, const struct weir_plan *plan,
                     const struct weir_run_sink *sink, struct weir_summary *out,
                     struct weir_err *err)
{
    struct run run = {.config = config, .plan = plan, .sink = sink, .out = out};
    *out = (struct weir_summary){.started = weir_clock_now(),
                                 .seed = plan->seed,
                                 .config_hash = weir_config_hash(config, FOR_RUN)};
    (void)weir_copy(out->name, sizeof(out->name), config->name);
    (void)uv_loop_init(&run.loop);
    watch_signals(&run);
    weir_status status = parse_objectives(config, &run, err);
    if (status == WEIR_OK) {
        status = open_endpoints(config, plan, &run.endpoints, err);
    }
    if (status == WEIR_OK) {
        status = run_levels(&run, err);
    }
    out->ended = weir_clock_now();
    close_loop(&run.loop);
    free_run(&run);
    return status;
}
