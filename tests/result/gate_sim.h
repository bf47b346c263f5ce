/** gate_sim.h: runs that never happened, for the gate's tests and its bench: every run is shifted
 * as a whole (what a restart does to a server), and within it neighbouring requests are alike.
 * Seeded. */
#ifndef WEIR_TESTS_RESULT_GATE_SIM_H
#define WEIR_TESTS_RESULT_GATE_SIM_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "weir/base/mem.h"
#include "weir/base/rng.h"
#include "weir/result/gate.h"

enum { GATE_SIM_LEVELS = 3, GATE_SIM_RUNS_MAX = 20 };

struct gate_sim {
    double run_shift;  // standard deviation of the logarithm from run to run: 0.02
    double change;     // of the TTFT, as a ratio − 1: 0.1 is 10 % slower
    double phi;        // correlation of neighbouring requests
    size_t seconds;    // of each level's window
    size_t per_second; // requests
};

static inline void gate_sim_level(const struct gate_sim *sim, struct weir_rng *rng, double shift,
                                  size_t index, struct weir_rundata *run)
{
    const size_t metrics = WEIR_METRIC_COUNT;
    struct weir_level_summary *level = &run->summary.levels[index];
    struct weir_hist *ttft = weir_hist_new(10 * WEIR_SECOND, 3);
    struct weir_hist *itl = weir_hist_new(10 * WEIR_SECOND, 3);
    struct weir_hist *second = weir_hist_new(10 * WEIR_SECOND, 2);
    double state = weir_rng_normal(rng);
    double tokens = 0;
    for (size_t s = 0; s < sim->seconds; s++) {
        struct weir_slice_row *row = &run->slices[run->slice_count++];
        double itl_sum = 0;
        weir_hist_reset(second);
        for (size_t i = 0; i < sim->per_second; i++) {
            state = sim->phi * state + sqrt(1 - sim->phi * sim->phi) * weir_rng_normal(rng);
            const double base = 50e6 * (double)(index + 1) * shift;
            const double first = base * (1 + sim->change) * exp(0.15 * state);
            const double gap = 10e6 * shift * exp(0.1 * (0.5 * state + weir_rng_normal(rng)));
            (void)weir_hist_record(ttft, (int64_t)first);
            (void)weir_hist_record(second, (int64_t)first);
            (void)weir_hist_record_n(itl, (int64_t)gap, 10);
            itl_sum += gap / 1e6;
        }
        const double slowness = itl_sum / (double)sim->per_second / 10;
        *row = (struct weir_slice_row){
            .level = (uint32_t)index,
            .second = (int64_t)s,
            .length_s = 1,
            .ok = sim->per_second,
            .tokens = (uint64_t)(1000 / slowness),
            .ttft_p50_ms = (double)weir_hist_percentile(second, 50) / 1e6,
            .ttft_p99_ms = NAN,
            .itl_p50_ms = itl_sum / (double)sim->per_second,
            .itl_p99_ms = NAN,
        };
        tokens += (double)row->tokens;
    }
    weir_hist_free(second);
    for (size_t i = 0; i < metrics; i++) {
        level->metrics[i] =
            (struct weir_metric_stats){.avg = NAN, .std = NAN, .min = NAN, .max = NAN};
        for (size_t j = 0; j < WEIR_PERCENTILE_COUNT; j++) {
            level->metrics[i].percentiles[j] = NAN;
        }
    }
    weir_metric_stats_of(ttft, 1e6, &level->metrics[WEIR_METRIC_TTFT]);
    weir_metric_stats_of(itl, 1e6, &level->metrics[WEIR_METRIC_ITL]);
    weir_metric_stats_of(itl, 1e5, &level->metrics[WEIR_METRIC_LATENCY]);
    level->metrics[WEIR_METRIC_OUT_RATE].avg = tokens / (double)sim->seconds;
    level->metrics[WEIR_METRIC_REQ_RATE].avg = (double)sim->per_second;
    level->metrics[WEIR_METRIC_ERROR_RATE].avg = 0;
    run->hists[index * metrics + WEIR_METRIC_TTFT] = ttft;
    run->hists[index * metrics + WEIR_METRIC_ITL] = itl;
}

/** To be freed with weir_rundata_free(). */
static inline struct weir_rundata *gate_sim_run(const struct gate_sim *sim, struct weir_rng *rng)
{
    struct weir_rundata *run = weir_alloc(1, sizeof(*run));
    (void)snprintf(run->dir, sizeof(run->dir), "simulated");
    run->slices = weir_alloc(GATE_SIM_LEVELS * sim->seconds, sizeof(*run->slices));
    run->hists =
        weir_alloc((size_t)GATE_SIM_LEVELS * WEIR_METRIC_COUNT, sizeof(struct weir_hist *));
    const double shift = exp(sim->run_shift * weir_rng_normal(rng));
    for (size_t i = 0; i < GATE_SIM_LEVELS; i++) {
        struct weir_level_summary level = {
            .index = (uint32_t)i,
            .mode = "concurrency",
            .concurrency = 1U << (2 * i),
            .request_rate = NAN,
            .window_start_s = 0,
            .window_end_s = (double)sim->seconds,
        };
        (void)snprintf(level.target, sizeof(level.target), "server");
        (void)snprintf(level.model, sizeof(level.model), "model");
        weir_summary_add(&run->summary, &level);
    }
    for (size_t i = 0; i < GATE_SIM_LEVELS; i++) {
        // Levels of one run share most of its shift.
        gate_sim_level(sim, rng, shift * exp(0.3 * sim->run_shift * weir_rng_normal(rng)), i, run);
    }
    return run;
}

/** `count` runs as a side that owns them. */
static inline void gate_sim_side(const struct gate_sim *sim, size_t count, struct weir_rng *rng,
                                 struct weir_side *out)
{
    struct weir_rundata *runs[GATE_SIM_RUNS_MAX];
    struct weir_err err = {0};
    for (size_t i = 0; i < count; i++) {
        runs[i] = gate_sim_run(sim, rng);
    }
    WEIR_ASSERT(weir_side_of(runs, count, "", out, &err) == WEIR_OK);
    out->owns_runs = true;
}

/** One comparison of `count` runs a side: the baseline as it is, the candidate with sim->change. */
static inline enum weir_gate_verdict gate_sim_compare(const struct weir_gate_rules *rules,
                                                      const struct gate_sim *sim, size_t base_count,
                                                      size_t count, struct weir_rng *rng)
{
    struct weir_side baseline;
    struct weir_side candidate;
    struct weir_gate gate;
    struct gate_sim same = *sim;
    same.change = 0;
    gate_sim_side(&same, base_count, rng, &baseline);
    gate_sim_side(sim, count, rng, &candidate);
    weir_gate_judge(rules, &candidate, &baseline, &gate);
    const enum weir_gate_verdict verdict = gate.verdict;
    weir_gate_free(&gate);
    weir_side_free(&candidate);
    weir_side_free(&baseline);
    return verdict;
}

#endif
