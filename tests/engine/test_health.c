// The self-audit's verdicts at and around its thresholds.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "weir/engine/health.h"

/** A level without fault: 8 in flight, 10 ms between tokens, read within 0.1 ms. */
static struct weir_level_summary healthy(void)
{
    struct weir_level_summary level;
    memset(&level, 0, sizeof(level));
    level.concurrency = 8;
    level.metrics[WEIR_METRIC_CONCURRENCY].avg = 7.9;
    level.metrics[WEIR_METRIC_ICL].percentiles[WEIR_PERCENTILE_P50] = 10;
    level.client.loop_lag.percentiles[WEIR_PERCENTILE_P99] = 0.1;
    level.client.cpu_utilisation = 0.3;
    level.client.token_events = 100000;
    level.client.coalesced_events = 10;
    return level;
}

static enum weir_verdict verdict_of(struct weir_level_summary level)
{
    weir_health_judge(&level);
    assert_int_equal(level.verdict.verdict != WEIR_VERDICT_VALID, level.verdict.count > 0);
    return level.verdict.verdict;
}

static void a_healthy_level_is_valid(void **state)
{
    (void)state;
    assert_int_equal(verdict_of(healthy()), WEIR_VERDICT_VALID);
}

static void a_busy_core_is_not(void **state)
{
    (void)state;
    struct weir_level_summary level = healthy();
    level.client.cpu_utilisation = WEIR_HEALTH_CPU_SUSPECT;
    assert_int_equal(verdict_of(level), WEIR_VERDICT_SUSPECT);
    level.client.cpu_utilisation = WEIR_HEALTH_CPU_INVALID;
    assert_int_equal(verdict_of(level), WEIR_VERDICT_INVALID);
}

static void late_reads_are_not(void **state)
{
    (void)state;
    struct weir_level_summary level = healthy();
    level.client.loop_lag.percentiles[WEIR_PERCENTILE_P99] = 5;
    assert_int_equal(verdict_of(level), WEIR_VERDICT_SUSPECT);
    level.client.loop_lag.percentiles[WEIR_PERCENTILE_P99] = 10;
    assert_int_equal(verdict_of(level), WEIR_VERDICT_INVALID);
    level.client.loop_lag.percentiles[WEIR_PERCENTILE_P99] = NAN; // no stamps: no verdict from them
    assert_int_equal(verdict_of(level), WEIR_VERDICT_VALID);
}

static void bundles_are_the_servers_unless_the_client_was_late(void **state)
{
    (void)state;
    struct weir_level_summary level = healthy();
    level.client.coalesced_events = 50000;
    assert_int_equal(verdict_of(level), WEIR_VERDICT_SUSPECT);
    level.client.loop_lag.percentiles[WEIR_PERCENTILE_P99] = 11;
    assert_int_equal(verdict_of(level), WEIR_VERDICT_INVALID);
}

static void shortages_of_this_machine_invalidate(void **state)
{
    (void)state;
    struct weir_level_summary level = healthy();
    level.counters.outcomes[WEIR_OUTCOME_CLIENT_RESOURCE] = 1;
    assert_int_equal(verdict_of(level), WEIR_VERDICT_INVALID);
}

static void a_level_that_was_not_reached_is_suspect(void **state)
{
    (void)state;
    struct weir_level_summary level = healthy();
    level.metrics[WEIR_METRIC_CONCURRENCY].avg = 5;
    assert_int_equal(verdict_of(level), WEIR_VERDICT_SUSPECT);
    level.planned = 10; // fewer than two rounds: it cannot be
    assert_int_equal(verdict_of(level), WEIR_VERDICT_VALID);
}

static void losses_are_told(void **state)
{
    (void)state;
    struct weir_level_summary level = healthy();
    level.client.records_dropped = 1;
    assert_int_equal(verdict_of(level), WEIR_VERDICT_SUSPECT);
    level = healthy();
    level.client.clock_step_ms = 20;
    assert_int_equal(verdict_of(level), WEIR_VERDICT_SUSPECT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_healthy_level_is_valid),
        cmocka_unit_test(a_busy_core_is_not),
        cmocka_unit_test(late_reads_are_not),
        cmocka_unit_test(bundles_are_the_servers_unless_the_client_was_late),
        cmocka_unit_test(shortages_of_this_machine_invalidate),
        cmocka_unit_test(a_level_that_was_not_reached_is_suspect),
        cmocka_unit_test(losses_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
