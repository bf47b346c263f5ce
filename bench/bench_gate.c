// How often the gate errs: simulated runs, seeded, the whole gate with its default metrics at three
// levels. FAIL where nothing changed is a false alarm, and more than 5 % of them fail this bench;
// so does finding a TTFT that is 10 % slower in less than 90 % with five runs a side at 2 % from
// run to run. Prints the table that README.md shows.
#include <stdio.h>
#include <string.h>

#include "../tests/result/gate_sim.h"

enum { COMPARISONS = 200 };

struct rates {
    double pass;
    double inconclusive;
    double fail;
};

static struct rates rates_of(double change, double shift, size_t base_count, size_t count)
{
    const struct gate_sim sim = {
        .run_shift = shift, .change = change, .phi = 0.7, .seconds = 20, .per_second = 50};
    struct weir_gate_rules rules;
    struct weir_rng rng = weir_rng_split(1, "bench gate", (uint64_t)(change * 1000 + shift * 100));
    size_t verdicts[4] = {0};
    weir_gate_rules_init(&rules);
    weir_gate_rules_default(&rules);
    for (int i = 0; i < COMPARISONS; i++) {
        verdicts[gate_sim_compare(&rules, &sim, base_count, count, &rng)]++;
    }
    weir_gate_rules_free(&rules);
    return (struct rates){
        .pass = 100.0 * (double)verdicts[WEIR_GATE_PASS] / COMPARISONS,
        .inconclusive = 100.0 * (double)verdicts[WEIR_GATE_INCONCLUSIVE] / COMPARISONS,
        .fail = 100.0 * (double)verdicts[WEIR_GATE_FAIL] / COMPARISONS,
    };
}

/** One row for each shift; true when none of its promises is broken. */
static bool print_rows(double change, size_t base_count, size_t count)
{
    static const double shifts[] = {0, 0.02, 0.05};
    bool is_kept = true;
    for (size_t i = 0; i < WEIR_COUNT_OF(shifts); i++) {
        const struct rates rates = rates_of(change, shifts[i], base_count, count);
        printf("| %2zu against %zu | %3.0f %% | %2.0f %% | %5.1f %% | %5.1f %% | %5.1f %% |\n",
               count, base_count, 100 * shifts[i], 100 * change, rates.pass, rates.inconclusive,
               rates.fail);
        (void)fflush(stdout);
        is_kept = is_kept && (change > 0 || rates.fail <= 5);
        if (change == 0.1 && shifts[i] == 0.02 && base_count == 5 && count == 5) {
            is_kept = is_kept && rates.fail >= 90;
        }
    }
    return is_kept;
}

int main(void)
{
    static const size_t runs[][2] = {{1, 1}, {5, 1}, {3, 3}, {5, 5}, {8, 8}};
    static const double changes[] = {0, 0.1};
    bool is_kept = true;
    printf("%d comparisons each; 3 levels, p50 of TTFT, ITL and latency, output throughput; least "
           "effect 5 %%\n\n",
           COMPARISONS);
    printf("| runs | run to run | TTFT slower | PASS | INCONCLUSIVE | FAIL |\n"
           "|---|---:|---:|---:|---:|---:|\n");
    for (size_t change = 0; change < WEIR_COUNT_OF(changes); change++) {
        for (size_t i = 0; i < WEIR_COUNT_OF(runs); i++) {
            is_kept = print_rows(changes[change], runs[i][0], runs[i][1]) && is_kept;
        }
    }
    if (!is_kept) {
        (void)fputs("bench_gate: more than 5 % false alarms, or less than 90 % power\n", stderr);
    }
    return is_kept ? 0 : 1;
}
