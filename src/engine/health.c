// The self-audit's judgement: see health.h.
#include "weir/engine/health.h"

#include <math.h>

struct threshold {
    double suspect;
    double invalid;
};

/** Which verdict a figure earns; NAN earns none. */
static enum weir_verdict grade(double figure, struct threshold limits)
{
    if (figure >= limits.invalid) {
        return WEIR_VERDICT_INVALID;
    }
    return figure >= limits.suspect ? WEIR_VERDICT_SUSPECT : WEIR_VERDICT_VALID;
}

static void judge_cpu(struct weir_level_summary *level)
{
    double busy = level->client.cpu_utilisation;
    enum weir_verdict verdict =
        grade(busy, (struct threshold){WEIR_HEALTH_CPU_SUSPECT, WEIR_HEALTH_CPU_INVALID});
    if (verdict != WEIR_VERDICT_VALID) {
        weir_verdict_add(&level->verdict, verdict,
                         "the busiest worker used %.0f %% of its core: the client itself may set "
                         "the pace; use more --workers "
                         "or a machine of its own",
                         busy * 100);
    }
}

static void judge_coalescing(struct weir_level_summary *level)
{
    const struct weir_client_stats *client = &level->client;
    double share = client->token_events > 0
                       ? (double)client->coalesced_events / (double)client->token_events
                       : NAN;
    enum weir_verdict verdict = grade(
        share, (struct threshold){WEIR_HEALTH_COALESCED_SUSPECT, WEIR_HEALTH_COALESCED_INVALID});
    double lag = client->loop_lag.percentiles[WEIR_PERCENTILE_P99];
    double gap = level->metrics[WEIR_METRIC_ICL].percentiles[WEIR_PERCENTILE_P50];
    if (verdict == WEIR_VERDICT_VALID) {
        return;
    }
    if (!(lag > gap)) {
        // The client kept up, so it was the server (or a proxy) that wrote several events at once:
        // worth saying, not our error.
        weir_verdict_add(&level->verdict, WEIR_VERDICT_SUSPECT,
                         "%.1f %% of token events arrived together with the one before: the server "
                         "or a proxy bundles them, so "
                         "inter-token latencies read 0 and multiples",
                         share * 100);
        return;
    }
    weir_verdict_add(&level->verdict, verdict,
                     "%.1f %% of token events were read together with the one before because the "
                     "client was late",
                     share * 100);
}

static void judge_lag(struct weir_level_summary *level)
{
    double lag = level->client.loop_lag.percentiles[WEIR_PERCENTILE_P99];
    double gap = level->metrics[WEIR_METRIC_ICL].percentiles[WEIR_PERCENTILE_P50];
    if (!(gap > 0.1)) {
        return; // bundled by the server: there is no gap to compare with
    }
    enum weir_verdict verdict =
        grade(lag / gap, (struct threshold){WEIR_HEALTH_LAG_SUSPECT, WEIR_HEALTH_LAG_INVALID});
    if (verdict != WEIR_VERDICT_VALID) {
        weir_verdict_add(&level->verdict, verdict,
                         "the client read its sockets up to %.1f ms late (p99), with %.1f ms "
                         "between tokens: use more --workers or fewer "
                         "requests in flight",
                         lag, gap);
    }
}

static void judge_losses(struct weir_level_summary *level)
{
    const struct weir_client_stats *client = &level->client;
    if (client->records_dropped > 0) {
        weir_verdict_add(&level->verdict, WEIR_VERDICT_SUSPECT,
                         "%llu requests are missing from records.jsonl: the disk could not keep up "
                         "(the statistics have them)",
                         (unsigned long long)client->records_dropped);
    }
    if (client->clock_step_ms > 1.0) {
        weir_verdict_add(&level->verdict, WEIR_VERDICT_SUSPECT,
                         "the wall clock was stepped by %.1f ms during the level; stamps taken "
                         "around the step may be off by that",
                         client->clock_step_ms);
    }
    uint64_t shortages = level->counters.outcomes[WEIR_OUTCOME_CLIENT_RESOURCE];
    if (shortages > 0) {
        weir_verdict_add(
            &level->verdict, WEIR_VERDICT_INVALID,
            "%llu requests failed for want of descriptors, ports or memory on this machine",
            (unsigned long long)shortages);
    }
}

static void judge_concurrency(struct weir_level_summary *level)
{
    double reached = level->metrics[WEIR_METRIC_CONCURRENCY].avg;
    bool is_whole = level->planned == 0 || level->planned >= 2 * (uint64_t)level->concurrency;
    if (level->concurrency > 0 && is_whole && !level->is_interrupted &&
        reached < 0.9 * level->concurrency) {
        weir_verdict_add(&level->verdict, WEIR_VERDICT_SUSPECT,
                         "%.1f requests were in flight on average where %u were asked for", reached,
                         level->concurrency);
    }
}

/** An open loop is only worth its name when requests were sent when they were due. */
static void judge_schedule(struct weir_level_summary *level)
{
    const struct weir_offered *offered = &level->offered;
    if (level->concurrency > 0) {
        return;
    }
    if (offered->dropped > 0) {
        weir_verdict_add(&level->verdict, WEIR_VERDICT_INVALID,
                         "%llu of %llu arrivals were dropped because --max-in-flight was reached: "
                         "the rate was not offered",
                         (unsigned long long)offered->dropped, (unsigned long long)level->planned);
    }
    const uint64_t ok = level->counters.outcomes[WEIR_OUTCOME_OK];
    const double share = ok > 0 ? (double)offered->late / (double)ok : NAN;
    const enum weir_verdict verdict =
        grade(share, (struct threshold){WEIR_HEALTH_LATE_SUSPECT, WEIR_HEALTH_LATE_INVALID});
    if (verdict != WEIR_VERDICT_VALID) {
        weir_verdict_add(
            &level->verdict, verdict,
            "%.1f %% of the requests were sent more than 1 ms after they were due: use "
            "more --workers, or a higher --max-in-flight if that was reached",
            share * 100);
    }
    if (offered->is_saturated) {
        weir_verdict_add(&level->verdict, WEIR_VERDICT_SUSPECT,
                         "saturated: requests in flight grew through the window, so its "
                         "percentiles depend only on how long it ran");
    }
}

void weir_health_judge(struct weir_level_summary *level)
{
    judge_cpu(level);
    judge_coalescing(level);
    judge_lag(level);
    judge_losses(level);
    judge_concurrency(level);
    judge_schedule(level);
}
