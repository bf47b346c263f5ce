// What recording costs on the request path: one histogram value, one request with its gaps, one
// merge. Prints "name value unit" a line: the median of several rounds.
#include <stdio.h>
#include <stdlib.h>

#include "weir/base/attr.h"
#include "weir/base/clock.h"
#include "weir/base/rng.h"
#include "weir/stat/recorder.h"
#include "weir/stat/summary.h"

enum { ROUNDS = 9, GAPS = 100, REQUESTS = 20000, VALUES = 2000000, SUMMARIES = 50 };

/** Latencies as they are: most near each other, some far out, so that the cache is as cold as in
 * life. */
struct inputs {
    int64_t values[4096];
    struct weir_gap gaps[GAPS];
    struct weir_sample sample;
    struct weir_hist *hist;
    struct weir_recorder *recorder;
    struct weir_recorder *other;
};

static void fill(struct inputs *in)
{
    struct weir_rng rng = weir_rng_seed(1);
    for (size_t i = 0; i < WEIR_COUNT_OF(in->values); i++) {
        in->values[i] = (int64_t)(10e6 * weir_rng_gamma(&rng, 4));
    }
    for (size_t i = 0; i < GAPS; i++) {
        in->gaps[i] =
            (struct weir_gap){weir_gap_encode(in->values[i]), 1 + weir_rng_below(&rng, 2)};
    }
    in->sample = (struct weir_sample){
        .phase = WEIR_PHASE_MEASURED,
        .due = WEIR_SECOND,
        .is_streamed = 1,
        .is_reused = 1,
        .chunks = GAPS + 1,
        .chunks_in_window = GAPS + 1,
        .output_tokens = GAPS + 1,
        .input_tokens = 512,
        .reasoning_tokens = -1,
        .cached_tokens = -1,
    };
}

/** The instants of the next request: no two requests alike. */
static void next_request(struct inputs *in, size_t i)
{
    struct weir_sample *sample = &in->sample;
    sample->sent = sample->due + in->values[i % 4096] / 100;
    sample->first_token = sample->sent + in->values[(i + 1) % 4096];
    sample->first_output_token = sample->first_token;
    sample->second_token = sample->first_token + in->values[(i + 2) % 4096];
    sample->longest_gap = in->values[(i + 3) % 4096];
    sample->last_token = sample->first_token + 30 * in->values[(i + 4) % 4096];
    sample->done = sample->last_token + 1000;
}

static size_t run_hist(struct inputs *in)
{
    for (size_t i = 0; i < VALUES; i++) {
        (void)weir_hist_record(in->hist, in->values[i % 4096]);
    }
    return VALUES;
}

static size_t run_add(struct inputs *in, size_t gaps)
{
    const struct weir_window window = {WEIR_SECOND, INT64_MAX};
    for (size_t i = 0; i < REQUESTS; i++) {
        next_request(in, i);
        weir_recorder_add(in->recorder, &in->sample, in->gaps, gaps, window);
    }
    return REQUESTS;
}

static size_t run_add_with_gaps(struct inputs *in)
{
    return run_add(in, GAPS);
}

static size_t run_add_without_gaps(struct inputs *in)
{
    return run_add(in, 0);
}

static size_t run_merge(struct inputs *in)
{
    for (size_t i = 0; i < SUMMARIES; i++) {
        weir_recorder_merge(in->other, in->recorder);
    }
    return SUMMARIES;
}

static size_t run_summarize(struct inputs *in)
{
    static struct weir_level_summary level;
    level.window_end_s = 60;
    for (size_t i = 0; i < SUMMARIES; i++) {
        weir_level_summarize(&level, in->recorder);
    }
    return SUMMARIES;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

/** Median CPU time of one operation, ns: what else runs on the machine matters less that way. */
static double measure(size_t (*run)(struct inputs *in), struct inputs *in)
{
    double rounds[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++) {
        weir_ns start = weir_clock_thread_cpu();
        size_t operations = run(in);
        rounds[i] = (double)(weir_clock_thread_cpu() - start) / (double)operations;
    }
    qsort(rounds, ROUNDS, sizeof(rounds[0]), compare);
    return rounds[ROUNDS / 2];
}

int main(void)
{
    static const struct {
        const char *name;
        size_t (*run)(struct inputs *in);
        double scale; // ns in the unit
        const char *unit;
    } benches[] = {
        {"hist_record", run_hist, 1, "ns"},
        {"recorder_add_100_gaps", run_add_with_gaps, 1, "ns"},
        {"recorder_add_no_gaps", run_add_without_gaps, 1, "ns"},
        {"recorder_merge", run_merge, 1e3, "us"},
        {"level_summarize", run_summarize, 1e3, "us"},
    };
    static struct inputs in;
    fill(&in);
    in.hist = weir_hist_new(WEIR_RECORDER_MAX_NS, 3);
    in.recorder = weir_recorder_new();
    in.other = weir_recorder_new();
    for (size_t i = 0; i < WEIR_COUNT_OF(benches); i++) {
        (void)printf("%s %.2f %s\n", benches[i].name,
                     measure(benches[i].run, &in) / benches[i].scale, benches[i].unit);
    }
    weir_hist_free(in.hist);
    weir_recorder_free(in.recorder);
    weir_recorder_free(in.other);
    return 0;
}
