// What is allowed but makes figures hard to read: see weir_plan_warnings in plan.h.
#include <inttypes.h>
#include <string.h>

#include "weir/plan/arrivals.h"
#include "weir/plan/plan.h"
#include "weir/plan/prompt.h"

/** Measured requests from which on there is a p99. */
enum { ARRIVALS_WANTED = 100 };

static void warn_short_levels(const struct weir_plan *plan, struct weir_buf *out)
{
    for (size_t i = 0; i < plan->level_count; i++) {
        const struct weir_level *level = &plan->levels[i];
        if (level->request_count > 0 && level->request_count < 2 * (uint64_t)level->concurrency) {
            (void)weir_buf_addf(out,
                                "%" PRIu64 " requests at concurrency %" PRIu32
                                ": throughput is mostly ramp and drain; use "
                                "at least twice as many requests as are in flight\n",
                                level->request_count, level->concurrency);
            return; // the same holds for the others
        }
    }
}

/** An open-loop level too short for its percentiles. */
static void warn_few_arrivals(const struct weir_plan *plan, struct weir_buf *out)
{
    const struct weir_schedule *last = NULL;
    for (size_t i = 0; i < plan->level_count; i++) {
        const struct weir_level *level = &plan->levels[i];
        if (level->mode != WEIR_MODE_RATE || level->schedule == last) {
            continue;
        }
        const double measured = weir_arrivals_forecast(level).measured;
        last = level->schedule;
        if (measured < ARRIVALS_WANTED) {
            (void)weir_buf_addf(out,
                                "level %zu: about %.0f measured requests, too few for a p99 (%d); "
                                "lengthen --duration or raise --request-count\n",
                                i + 1, measured, ARRIVALS_WANTED);
            return; // one example is enough
        }
    }
}

static void warn_large_bursts(const struct weir_config *config, struct weir_buf *out)
{
    if (config->max_in_flight > 0 && config->burst > config->max_in_flight) {
        (void)weir_buf_addf(out,
                            "bursts of %" PRId64 " never fit --max-in-flight %" PRId64
                            ": the rest of each %s\n",
                            config->burst, config->max_in_flight,
                            config->when_full == WEIR_WHEN_FULL_DROP ? "is dropped" : "waits");
    }
}

static bool is_same_load(const struct weir_level *a, const struct weir_level *b)
{
    return a->mode == b->mode && a->concurrency == b->concurrency &&
           (a->mode == WEIR_MODE_CONCURRENCY || a->request_rate == b->request_rate);
}

static void warn_same_levels(const struct weir_plan *plan, struct weir_buf *out)
{
    for (size_t i = 0; i < plan->level_count && plan->levels[i].repetition == 0;
         i += plan->target_count) {
        for (size_t j = 0; j < i; j += plan->target_count) {
            const struct weir_level *level = &plan->levels[i];
            if (!is_same_load(level, &plan->levels[j])) {
                continue;
            }
            if (level->mode == WEIR_MODE_RATE) {
                (void)weir_buf_addf(out, "rate %g/s stands more than once in the sweep\n",
                                    level->request_rate);
            } else {
                (void)weir_buf_addf(out,
                                    "concurrency %" PRIu32 " stands more than once in the sweep\n",
                                    level->concurrency);
            }
            return;
        }
    }
}

static void warn_same_prompts(const struct weir_plan *plan, struct weir_buf *out)
{
    uint32_t most = 0;
    for (size_t i = 0; i < plan->level_count; i++) {
        most = plan->levels[i].concurrency > most ? plan->levels[i].concurrency : most;
    }
    if (plan->items[0].nonce_at == SIZE_MAX && plan->item_count < most) {
        (void)weir_buf_addf(out,
                            "%zu distinct prompts for %" PRIu32
                            " in flight: a prefix cache answers the copies faster; use "
                            "more prompts\n",
                            plan->item_count, most);
    }
}

static void warn_prompt_options(const struct weir_config *config, struct weir_buf *out)
{
    bool has_file = config->input_file[0] != '\0';
    if (has_file && config->origins[WEIR_OPTION_isl].kind != WEIR_ORIGIN_DEFAULT) {
        (void)weir_buf_add_str(out, "--isl has no effect: --input-file gives the prompts\n");
    }
    if (!has_file && config->unique_prompts && config->isl < WEIR_PROMPT_UNIQUE_MIN) {
        (void)weir_buf_addf(
            out, "unique prompts have at least %d words; --no-unique-prompts allows fewer\n",
            WEIR_PROMPT_UNIQUE_MIN);
    }
}

void weir_plan_warnings(const struct weir_plan *plan, const struct weir_config *config,
                        struct weir_buf *out)
{
    warn_short_levels(plan, out);
    warn_few_arrivals(plan, out);
    warn_large_bursts(config, out);
    warn_same_levels(plan, out);
    warn_same_prompts(plan, out);
    warn_prompt_options(config, out);
}
