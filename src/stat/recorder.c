// One level's histograms and counters on one worker: see recorder.h. weir_recorder_add() runs for
// each request and each gap of it, on the thread that also receives tokens: it allocates nothing
// and takes no lock.
#include "weir/stat/recorder.h"

#include <stdbool.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"

enum { RECORDER_DIGITS = 3 };

struct weir_recorder {
    struct weir_counters counters;
    struct weir_hist *hists[WEIR_METRIC_COUNT]; // NULL for scalars
    const struct weir_objective *goodput;       // borrowed
    size_t goodput_count;
};

uint64_t weir_counters_failed(const struct weir_counters *counters)
{
    return counters->measured - counters->outcomes[WEIR_OUTCOME_OK] -
           counters->outcomes[WEIR_OUTCOME_CANCELLED];
}

/** Largest value of a metric in histogram units. What is not a time is a number of tokens, or of
 * tokens a second: 1e9 of either lies beyond anything a server can do to one user. */
static int64_t highest_of(const struct weir_metric_info *info)
{
    bool is_time = strcmp(info->unit, "ms") == 0;
    return is_time ? WEIR_RECORDER_MAX_NS : (int64_t)(1e9 * info->scale);
}

struct weir_recorder *weir_recorder_new(void)
{
    struct weir_recorder *recorder = weir_alloc(1, sizeof(*recorder));
    for (enum weir_metric metric = 0; metric < WEIR_METRIC_COUNT; metric++) {
        const struct weir_metric_info *info = weir_metric_info(metric);
        if (info->kind != WEIR_METRIC_SCALAR) {
            recorder->hists[metric] = weir_hist_new(highest_of(info), RECORDER_DIGITS);
        }
    }
    return recorder;
}

void weir_recorder_free(struct weir_recorder *recorder)
{
    if (recorder == NULL) {
        return;
    }
    for (size_t i = 0; i < WEIR_METRIC_COUNT; i++) {
        weir_hist_free(recorder->hists[i]);
    }
    weir_free(recorder);
}

void weir_recorder_reset(struct weir_recorder *recorder)
{
    recorder->counters = (struct weir_counters){0};
    for (size_t i = 0; i < WEIR_METRIC_COUNT; i++) {
        if (recorder->hists[i] != NULL) {
            weir_hist_reset(recorder->hists[i]);
        }
    }
}

void weir_recorder_set_goodput(struct weir_recorder *recorder,
                               const struct weir_objective *objectives, size_t count)
{
    recorder->goodput = objectives;
    recorder->goodput_count = count;
    recorder->counters.has_goodput = count > 0;
}

/** Whether there are goodput objectives and the request met them all: a failed one never does. */
static bool is_good(const struct weir_recorder *recorder, const struct weir_sample *sample)
{
    for (size_t i = 0; i < recorder->goodput_count; i++) {
        if (!weir_objective_met_by(&recorder->goodput[i], sample)) {
            return false;
        }
    }
    return recorder->goodput_count > 0;
}

/** Windows that are counted in requests end at the very instant of a completion, which must count;
 * so that windows that follow one another count nothing twice, their start is outside. */
static bool is_inside(struct weir_window window, weir_ns at)
{
    return at > window.start && at <= window.end;
}

static weir_ns overlap(struct weir_window window, weir_ns from, weir_ns to)
{
    weir_ns start = from > window.start ? from : window.start;
    weir_ns end = to < window.end ? to : window.end;
    return end > start ? end - start : 0;
}

/** Whether the answer's tokens can be placed in time one by one; else they all came with its end.
 */
static bool is_stream(const struct weir_sample *sample)
{
    return sample->is_streamed != 0 && sample->chunks > 0;
}

/** Part of the answer that arrived inside the window, 0 to 1. */
static double share_inside(const struct weir_sample *sample, struct weir_window window)
{
    if (is_stream(sample)) {
        return (double)sample->chunks_in_window / (double)sample->chunks;
    }
    return is_inside(window, sample->done) ? 1 : 0;
}

/** What counts whatever the phase: throughput is about the window, not about who was due in it. */
static void count_level(struct weir_counters *counters, const struct weir_sample *sample,
                        struct weir_window window)
{
    counters->connections_new += sample->is_reused == 0 && sample->sent != 0;
    counters->retries += sample->retries;
    if (sample->sent != 0) {
        counters->in_flight_ns += (double)overlap(window, sample->sent, sample->done);
    }
    if (sample->outcome != WEIR_OUTCOME_OK) {
        return;
    }
    counters->whole_ok++;
    counters->ended_in_window += is_inside(window, sample->done);
    if (sample->output_tokens > 0) {
        counters->whole_output_tokens += (uint64_t)sample->output_tokens;
        counters->output_tokens_in_window += sample->output_tokens * share_inside(sample, window);
    }
    weir_ns first = is_stream(sample) ? sample->first_token : sample->done;
    if (sample->input_tokens > 0 && is_inside(window, first)) {
        counters->input_tokens_in_window += sample->input_tokens;
    }
}

static void count_warmup(struct weir_counters *counters, const struct weir_sample *sample)
{
    counters->warmup++;
    counters->warmup_failed +=
        sample->outcome != WEIR_OUTCOME_OK && sample->outcome != WEIR_OUTCOME_CANCELLED;
}

/** Whether the answer kept to the length that was asked for. A number of events is a lower bound:
 * it can prove an answer too long, never too short. */
static void count_length(struct weir_counters *counters, const struct weir_sample *sample)
{
    if (sample->tokens_asked == 0 || sample->output_tokens < 0) {
        return;
    }
    int64_t excess = (int64_t)sample->output_tokens - (int64_t)sample->tokens_asked;
    counters->length_long += excess > 0;
    counters->length_short += excess < 0 && sample->token_source != WEIR_TOKEN_SOURCE_EVENTS;
}

static void count_measured(struct weir_counters *counters, const struct weir_sample *sample)
{
    counters->measured++;
    counters->outcomes[sample->outcome]++;
    if (sample->outcome == WEIR_OUTCOME_TIMEOUT) {
        counters->timeouts[sample->timeout]++;
    }
    if (sample->outcome == WEIR_OUTCOME_OK) {
        counters->token_sources[sample->token_source]++;
        count_length(counters, sample);
    }
}

static void record_values(struct weir_recorder *recorder, const struct weir_sample *sample)
{
    for (enum weir_metric metric = 0; metric < WEIR_METRIC_COUNT; metric++) {
        if (weir_metric_info(metric)->kind != WEIR_METRIC_REQUEST) {
            continue;
        }
        int64_t value = weir_metric_value(metric, sample);
        if (value >= 0) {
            (void)weir_hist_record(recorder->hists[metric],
                                   value); // the histogram counts what it refuses
        }
    }
}

static void record_gaps(struct weir_recorder *recorder, const struct weir_gap *gaps,
                        size_t gap_count)
{
    struct weir_hist *chunks = recorder->hists[WEIR_METRIC_ICL];
    struct weir_hist *tokens = recorder->hists[WEIR_METRIC_ITL];
    for (size_t i = 0; i < gap_count; i++) {
        weir_ns span = weir_gap_decode(gaps[i].span);
        (void)weir_hist_record(chunks, span);
        if (gaps[i].tokens <= 1) {
            (void)weir_hist_record(tokens, span);
        } else {
            weir_ns share = (span + gaps[i].tokens / 2) / gaps[i].tokens;
            (void)weir_hist_record_n(tokens, share, gaps[i].tokens);
        }
    }
}

void weir_recorder_add(struct weir_recorder *recorder, const struct weir_sample *sample,
                       const struct weir_gap *gaps, size_t gap_count, struct weir_window window)
{
    WEIR_ASSERT(sample->outcome < WEIR_OUTCOME_COUNT && sample->timeout < WEIR_TIMEOUT_COUNT &&
                sample->token_source < WEIR_TOKEN_SOURCE_COUNT);
    count_level(&recorder->counters, sample, window);
    if (is_good(recorder, sample)) {
        recorder->counters.good_in_window += is_inside(window, sample->done);
        recorder->counters.good += sample->phase == WEIR_PHASE_MEASURED;
    }
    if (sample->phase != WEIR_PHASE_MEASURED) {
        count_warmup(&recorder->counters, sample);
        return;
    }
    count_measured(&recorder->counters, sample);
    record_values(recorder, sample);
    if (sample->outcome == WEIR_OUTCOME_OK) {
        record_gaps(recorder, gaps, gap_count);
    }
}

void weir_recorder_add_gaps(struct weir_recorder *recorder, const struct weir_gap *gaps,
                            size_t gap_count)
{
    recorder->counters.gaps_early += gap_count;
    record_gaps(recorder, gaps, gap_count);
}

static void add_counts(uint64_t *into, const uint64_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        into[i] += from[i];
    }
}

static void add_counters(struct weir_counters *into, const struct weir_counters *from)
{
    into->measured += from->measured;
    add_counts(into->outcomes, from->outcomes, WEIR_OUTCOME_COUNT);
    add_counts(into->timeouts, from->timeouts, WEIR_TIMEOUT_COUNT);
    add_counts(into->token_sources, from->token_sources, WEIR_TOKEN_SOURCE_COUNT);
    into->warmup += from->warmup;
    into->warmup_failed += from->warmup_failed;
    into->whole_ok += from->whole_ok;
    into->whole_output_tokens += from->whole_output_tokens;
    into->ended_in_window += from->ended_in_window;
    into->output_tokens_in_window += from->output_tokens_in_window;
    into->input_tokens_in_window += from->input_tokens_in_window;
    into->in_flight_ns += from->in_flight_ns;
    into->length_short += from->length_short;
    into->length_long += from->length_long;
    into->connections_new += from->connections_new;
    into->retries += from->retries;
    into->good += from->good;
    into->good_in_window += from->good_in_window;
    into->has_goodput = into->has_goodput || from->has_goodput;
    into->gaps_early += from->gaps_early;
}

void weir_recorder_merge(struct weir_recorder *into, const struct weir_recorder *from)
{
    add_counters(&into->counters, &from->counters);
    for (size_t i = 0; i < WEIR_METRIC_COUNT; i++) {
        if (into->hists[i] != NULL) {
            (void)weir_hist_add(into->hists[i], from->hists[i]);
        }
    }
}

const struct weir_counters *weir_recorder_counters(const struct weir_recorder *recorder)
{
    return &recorder->counters;
}

const struct weir_hist *weir_recorder_hist(const struct weir_recorder *recorder,
                                           enum weir_metric metric)
{
    WEIR_ASSERT((size_t)metric < WEIR_METRIC_COUNT);
    return recorder->hists[metric];
}
