// The line that shows how a run goes: see live.h.
#include "weir/result/live.h"

#include <math.h>
#include <string.h>

#include "weir/base/mem.h"
#include "weir/result/number.h"
#include "weir/result/text.h"
#include "weir/stat/hist.h"

enum { LINE_BYTES = 1024, TTFT_DIGITS = 2 };

struct weir_live {
    // set once
    enum weir_live_style style;
    FILE *file;
    int columns;

    // per level
    struct weir_live_state state;
    struct weir_hist *ttft;                // of the level so far
    uint64_t recent_ok[WEIR_LIVE_SECONDS]; // rings by second
    uint64_t recent_tokens[WEIR_LIVE_SECONDS];
    int64_t shown_at; // second of the last plain line
    bool is_on_screen;
};

struct weir_live *weir_live_new(enum weir_live_style style, FILE *file, int columns)
{
    struct weir_live *live = weir_alloc(1, sizeof(*live));
    live->style = style;
    live->file = file;
    live->columns = columns;
    live->ttft = weir_hist_new(WEIR_RECORDER_MAX_NS, TTFT_DIGITS);
    return live;
}

void weir_live_free(struct weir_live *live)
{
    if (live != NULL) {
        weir_live_clear(live);
        weir_hist_free(live->ttft);
        weir_free(live);
    }
}

void weir_live_begin(struct weir_live *live, const struct weir_live_state *begin)
{
    live->state = *begin;
    live->state.ttft_p50_ms = NAN;
    live->state.ttft_p99_ms = NAN;
    live->state.opened_s = begin->warmup_count == 0 && begin->warmup_duration == 0 ? 0 : -1;
    weir_hist_reset(live->ttft);
    memset(live->recent_ok, 0, sizeof(live->recent_ok));
    memset(live->recent_tokens, 0, sizeof(live->recent_tokens));
    live->shown_at = 0;
}

static double percentile_ms(const struct weir_hist *hist, double percentile)
{
    if (!weir_percentile_supported(percentile, weir_hist_count(hist))) {
        return NAN;
    }
    return (double)weir_hist_percentile(hist, percentile) / (double)WEIR_MSEC;
}

static double mean_of(const uint64_t *ring, int64_t seconds)
{
    uint64_t sum = 0;
    for (int i = 0; i < WEIR_LIVE_SECONDS; i++) {
        sum += ring[i];
    }
    int64_t over = seconds < WEIR_LIVE_SECONDS ? seconds : WEIR_LIVE_SECONDS;
    return over > 0 ? (double)sum / (double)over : NAN;
}

static bool is_warming_up(const struct weir_live_state *state)
{
    return state->sent < state->warmup_count ||
           state->seconds * WEIR_SECOND < state->warmup_duration;
}

static void count_in(struct weir_live *live, const struct weir_slice_stat *slice)
{
    struct weir_live_state *state = &live->state;
    int64_t second = slice->index >= 0 ? slice->index : 0;
    size_t slot = (size_t)(second % WEIR_LIVE_SECONDS);
    for (int64_t i = 0, skipped = second - state->seconds; i < skipped && i < WEIR_LIVE_SECONDS;
         i++) {
        size_t old = (size_t)((second - 1 - i) % WEIR_LIVE_SECONDS);
        live->recent_ok[old] = 0;
        live->recent_tokens[old] = 0;
    }
    state->seconds = second + 1;
    state->sent += slice->sent;
    state->ok += slice->ok;
    state->failed += slice->failed;
    state->in_flight = slice->in_flight;
    live->recent_ok[slot] = slice->ok;
    live->recent_tokens[slot] = slice->tokens;
    (void)weir_hist_add(live->ttft, slice->ttft);
    state->ok_rate = mean_of(live->recent_ok, state->seconds);
    state->token_rate = mean_of(live->recent_tokens, state->seconds);
    state->ttft_p50_ms = percentile_ms(live->ttft, 50);
    state->ttft_p99_ms = percentile_ms(live->ttft, 99);
    if (state->opened_s < 0 && !is_warming_up(state)) {
        state->opened_s = state->seconds;
    }
}

/** Bytes of `line` that fit, whole fields only: half a number would be another number. */
static size_t fitting_bytes(const struct weir_buf *line, int columns)
{
    const char *text = weir_buf_text(line);
    size_t bytes = weir_text_bytes(text, columns > 1 ? (size_t)columns - 1 : 1);
    if (bytes >= line->len) {
        return line->len;
    }
    size_t cut = bytes;
    while (cut > 0 && !(text[cut] == ' ' && text[cut + 1] == ' ')) {
        cut--;
    }
    return cut > 0 ? cut : bytes;
}

/** Write one line; a redrawn one in place of the last. */
static void show(struct weir_live *live, struct weir_buf *line, bool is_for_good)
{
    const char *text = weir_buf_text(line);
    if (live->style == WEIR_LIVE_PLAIN) {
        (void)fprintf(live->file, "%s\n", text);
    } else {
        size_t bytes = is_for_good ? line->len : fitting_bytes(line, live->columns);
        (void)fprintf(live->file, "\r%.*s\x1b[K%s", (int)bytes, text, is_for_good ? "\n" : "");
    }
    live->is_on_screen = live->style == WEIR_LIVE_REDRAW && !is_for_good;
    (void)fflush(live->file);
}

void weir_live_update(struct weir_live *live, const struct weir_slice_stat *slice)
{
    count_in(live, slice);
    bool is_due = live->style == WEIR_LIVE_REDRAW ||
                  (live->style == WEIR_LIVE_PLAIN &&
                   live->state.seconds - live->shown_at >= WEIR_LIVE_PLAIN_EVERY_S);
    if (!is_due) {
        return;
    }
    live->shown_at = live->state.seconds;
    struct weir_buf line;
    weir_buf_init(&line, LINE_BYTES);
    (void)weir_live_format(&live->state, &line);
    show(live, &line, false);
    weir_buf_free(&line);
}

void weir_live_end(struct weir_live *live, const struct weir_level_summary *level)
{
    if (live->style == WEIR_LIVE_NONE) {
        return;
    }
    struct weir_buf line;
    weir_buf_init(&line, LINE_BYTES);
    (void)weir_live_format_end(&live->state, level, &line);
    show(live, &line, true);
    weir_buf_free(&line);
}

void weir_live_clear(struct weir_live *live)
{
    if (live->is_on_screen) {
        (void)fputs("\r\x1b[K", live->file);
        (void)fflush(live->file);
        live->is_on_screen = false;
    }
}

const struct weir_live_state *weir_live_state(const struct weir_live *live)
{
    return &live->state;
}

static void add_time(struct weir_buf *out, int64_t seconds)
{
    if (seconds < 60) {
        (void)weir_buf_addf(out, "%llds", (long long)seconds);
    } else if (seconds < 3600) {
        (void)weir_buf_addf(out, "%lldm%02llds", (long long)(seconds / 60),
                            (long long)(seconds % 60));
    } else {
        (void)weir_buf_addf(out, "%lldh%02lldm", (long long)(seconds / 3600),
                            (long long)(seconds / 60 % 60));
    }
}

static int64_t whole_seconds(weir_ns span)
{
    return (span + WEIR_SECOND - 1) / WEIR_SECOND;
}

/** Seconds until the level's window closes, or −1 when that cannot be said yet. By count it is what
 * the pace promises. */
static int64_t seconds_left(const struct weir_live_state *state)
{
    int64_t by_time = -1;
    int64_t by_count = -1;
    bool is_start_known = state->opened_s >= 0 || state->warmup_count == 0;
    if (state->duration > 0 && is_start_known) {
        int64_t start =
            state->opened_s >= 0 ? state->opened_s : whole_seconds(state->warmup_duration);
        int64_t end = start + whole_seconds(state->duration);
        by_time = end > state->seconds ? end - state->seconds : 0;
    }
    if (state->request_count > 0 && state->ok_rate > 0) {
        double wanted = (double)(state->request_count + state->warmup_count);
        double left = wanted - (double)(state->ok + state->failed);
        by_count = left > 0 ? (int64_t)ceil(left / state->ok_rate) : 0;
    }
    if (by_time >= 0 && by_count >= 0) {
        return by_time < by_count ? by_time : by_count;
    }
    return by_time >= 0 ? by_time : by_count;
}

static void add_place(const struct weir_live_state *state, struct weir_buf *out)
{
    (void)weir_buf_addf(out, "[%u/%u] %s", state->level + 1, state->level_count, state->label);
}

/** As far as there are enough values for it. */
static bool add_ttft(struct weir_buf *out, double p50_ms, double p99_ms)
{
    char number[32];
    if (isfinite(p50_ms)) {
        (void)weir_buf_addf(out, "  TTFT p50 %s",
                            weir_number_short(p50_ms, number, sizeof(number)));
        if (isfinite(p99_ms)) {
            (void)weir_buf_addf(out, " p99 %s", weir_number_short(p99_ms, number, sizeof(number)));
        }
        (void)weir_buf_add_str(out, " ms");
    }
    return !out->overflow;
}

bool weir_live_format(const struct weir_live_state *state, struct weir_buf *out)
{
    char first[32];
    char second[32];
    add_place(state, out);
    (void)weir_buf_add_str(out, "  ");
    add_time(out, state->seconds);
    int64_t left = seconds_left(state);
    if (left >= 0) {
        (void)weir_buf_add_str(out, state->duration > 0 ? " (" : " (~");
        add_time(out, left);
        (void)weir_buf_add_str(out, " left)");
    }
    (void)weir_buf_addf(out, "%s  %llu in flight  %s req/s  %s tok/s",
                        is_warming_up(state) ? "  warm-up" : "",
                        (unsigned long long)state->in_flight,
                        weir_number_short(state->ok_rate, first, sizeof(first)),
                        weir_number_short(state->token_rate, second, sizeof(second)));
    (void)weir_buf_addf(out, "  %llu failed", (unsigned long long)state->failed);
    return add_ttft(out, state->ttft_p50_ms, state->ttft_p99_ms);
}

bool weir_live_format_end(const struct weir_live_state *state,
                          const struct weir_level_summary *level, struct weir_buf *out)
{
    char first[32];
    char second[32];
    const struct weir_metric_stats *metrics = level->metrics;
    uint64_t ok = level->counters.outcomes[WEIR_OUTCOME_OK];
    add_place(state, out);
    (void)weir_buf_addf(
        out, "  done: %s req/s  %s tok/s",
        weir_number_short(metrics[WEIR_METRIC_REQ_RATE].avg, first, sizeof(first)),
        weir_number_short(metrics[WEIR_METRIC_OUT_RATE].avg, second, sizeof(second)));
    if (metrics[WEIR_METRIC_TTFT].count > 0) {
        const double *ttft = metrics[WEIR_METRIC_TTFT].percentiles;
        (void)add_ttft(out, ttft[WEIR_PERCENTILE_P50], ttft[WEIR_PERCENTILE_P99]);
    }
    return weir_buf_addf(out, "  %llu ok  %llu failed  %s%s", (unsigned long long)ok,
                         (unsigned long long)weir_counters_failed(&level->counters),
                         weir_verdict_key(level->verdict.verdict),
                         level->is_interrupted ? ", interrupted" : "");
}
