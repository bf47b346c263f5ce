// weir plan: what `weir run` with the same options would send, without sending it. No network: a
// model that only the server knows stays open.
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "weir/base/buf.h"
#include "weir/base/mem.h"
#include "weir/base/units.h"
#include "weir/cli/command.h"
#include "weir/plan/arrivals.h"
#include "weir/plan/plan.h"

/** Most bytes of output; a body in the text form: so many from its beginning and its end. */
#define OUTPUT_MAX ((size_t)512 << 20U)
enum { BODY_HEAD = 240, BODY_TAIL = 120, COLUMN = 24 };

/** Due times shown of an open-loop level. */
enum { FIRST_DUE = 10 };

static const char model_open[] = "the first that the server lists";

static struct weir_slice first_body(const struct weir_plan *plan, size_t target)
{
    return weir_plan_item(plan, (uint32_t)target, 0)->body;
}

static const char *url_of(const struct weir_target *target)
{
    return target->is_sim ? "embedded simulator" : target->url;
}

// ---- text
// ------------------------------------------------------------------------------------------

static void add_targets(const struct weir_plan *plan, struct weir_buf *out)
{
    (void)weir_buf_add_str(out, "\nTargets\n");
    for (size_t i = 0; i < plan->target_count; i++) {
        const struct weir_target *target = &plan->targets[i];
        (void)weir_buf_addf(out, "  %-*s %s%s%s\n  %-*s %s, model: %s\n", COLUMN, target->name,
                            url_of(target), target->sim_options[0] != '\0' ? " with " : "",
                            target->sim_options, COLUMN, "", target->dialect->name,
                            target->model[0] != '\0' ? target->model : model_open);
    }
}

/** "100", "30s", or "-" for what is not set. */
static void add_count(uint64_t count, struct weir_buf *out)
{
    if (count == 0) {
        (void)weir_buf_addf(out, " %10s", "-");
    } else {
        (void)weir_buf_addf(out, " %10" PRIu64, count);
    }
}

static void add_time(weir_ns time, struct weir_buf *out)
{
    char text[32];
    (void)weir_buf_addf(out, " %10s",
                        time == 0 ? "-" : weir_format_duration(time, text, sizeof(text)));
}

static bool is_repeated(const struct weir_plan *plan)
{
    return plan->levels[plan->level_count - 1].repetition > 0;
}

/** "#, target" and what ends every line of levels. */
static void begin_level(const struct weir_plan *plan, size_t index, struct weir_buf *out)
{
    (void)weir_buf_addf(out, "  %4zu %-*s", index + 1, COLUMN,
                        plan->targets[plan->levels[index].target].name);
}

static void end_level(const struct weir_plan *plan, size_t index, struct weir_buf *out)
{
    if (is_repeated(plan)) {
        (void)weir_buf_addf(out, " %10" PRIu32, plan->levels[index].repetition + 1);
    }
    (void)weir_buf_add_char(out, '\n');
}

static void add_closed_levels(const struct weir_plan *plan, struct weir_buf *out)
{
    (void)weir_buf_addf(out, "  %4s %-*s %11s %10s %10s %10s %10s%s\n", "#", COLUMN, "target",
                        "concurrency", "requests", "duration", "warm-up", "(time)",
                        is_repeated(plan) ? " repetition" : "");
    for (size_t i = 0; i < plan->level_count; i++) {
        const struct weir_level *level = &plan->levels[i];
        begin_level(plan, i, out);
        (void)weir_buf_addf(out, " %11" PRIu32, level->concurrency);
        add_count(level->request_count, out);
        add_time(level->duration, out);
        add_count(level->warmup_count, out);
        add_time(level->warmup_duration, out);
        end_level(plan, i, out);
    }
}

/** What decides when requests are due: "poisson", "gamma", "file". */
static const char *arrival_of(const struct weir_level *level)
{
    static const char *const keys[] = {
#define XX(name, key, meaning) key,
        WEIR_ARRIVAL_MAP(XX)
#undef XX
    };
    return level->schedule->times != NULL ? "file" : keys[level->schedule->arrival];
}

/** Forecasts are the same for neighbours of one schedule, and long schedules take a while. */
static struct weir_forecast forecast_of(const struct weir_plan *plan, size_t index,
                                        const struct weir_forecast *before)
{
    const struct weir_level *level = &plan->levels[index];
    return index > 0 && plan->levels[index - 1].schedule == level->schedule
               ? *before
               : weir_arrivals_forecast(level);
}

static void add_seconds(weir_ns time, struct weir_buf *out)
{
    (void)weir_buf_addf(out, " %12.3f", (double)time / (double)WEIR_SECOND);
}

/** The rate as a number, or what stands in its place. */
static void add_rate(const struct weir_level *level, struct weir_buf *out)
{
    if (isfinite(level->request_rate)) {
        (void)weir_buf_addf(out, " %10g", level->request_rate);
    } else {
        (void)weir_buf_addf(out, " %10s", level->schedule->times != NULL ? "-" : "varies");
    }
    (void)weir_buf_addf(out, " %8s", arrival_of(level));
}

/** Requests and windows are means over seeds: the very ones are known when the level has ended. */
static void add_open_levels(const struct weir_plan *plan, struct weir_buf *out)
{
    struct weir_forecast forecast = {0};
    (void)weir_buf_addf(out, "  %4s %-*s %10s %8s %12s %12s %12s%s\n", "#", COLUMN, "target",
                        "requests/s", "arrival", "expected", "window (s)", "to (s)",
                        is_repeated(plan) ? " repetition" : "");
    for (size_t i = 0; i < plan->level_count; i++) {
        const struct weir_level *level = &plan->levels[i];
        forecast = forecast_of(plan, i, &forecast);
        begin_level(plan, i, out);
        add_rate(level, out);
        (void)weir_buf_addf(out, " %12.0f", forecast.measured);
        add_seconds(forecast.window_start, out);
        add_seconds(forecast.window_end, out);
        end_level(plan, i, out);
    }
}

static void add_levels(const struct weir_plan *plan, struct weir_buf *out)
{
    (void)weir_buf_add_str(out, "\nLevels, one after the other\n");
    if (plan->levels[0].mode == WEIR_MODE_RATE) {
        add_open_levels(plan, out);
    } else {
        add_closed_levels(plan, out);
    }
}

/** Smallest and largest of the words (or tokens asked for) of all items. */
struct range {
    uint32_t least;
    uint32_t most;
};

static void widen(struct range *range, uint32_t value)
{
    range->least = value < range->least ? value : range->least;
    range->most = value > range->most ? value : range->most;
}

static void add_range(const char *label, struct range range, const char *none, struct weir_buf *out)
{
    (void)weir_buf_addf(out, "  %-*s ", COLUMN, label);
    if (range.most == 0) {
        (void)weir_buf_addf(out, "%s\n", none);
    } else if (range.least == range.most) {
        (void)weir_buf_addf(out, "%" PRIu32 "\n", range.most);
    } else {
        (void)weir_buf_addf(out, "%" PRIu32 " to %" PRIu32 "%s\n", range.least, range.most,
                            range.least == 0 ? " (0: as the server thinks fit)" : "");
    }
}

static void add_prompts(const struct weir_plan *plan, const struct weir_config *config,
                        struct weir_buf *out)
{
    struct range words = {UINT32_MAX, 0};
    struct range tokens = {UINT32_MAX, 0};
    for (size_t i = 0; i < plan->item_count; i++) {
        widen(&words, plan->items[i].prompt_words);
        widen(&tokens, plan->items[i].tokens_asked);
    }
    const bool has_file = config->input_file[0] != '\0';
    (void)weir_buf_addf(out, "\nPrompts\n  %-*s %zu%s%s\n", COLUMN, "distinct", plan->item_count,
                        has_file ? " from " : ", synthetic", has_file ? config->input_file : "");
    add_range("words", words, "not counted", out);
    add_range("output tokens asked", tokens, "as many as the server thinks fit", out);
    (void)weir_buf_addf(out, "  %-*s %zu bytes\n", COLUMN, "largest body", plan->body_bytes_max);
    (void)weir_buf_addf(out, "  %-*s %s\n", COLUMN, "made unique per request",
                        plan->items[0].nonce_at != SIZE_MAX ? "yes" : "no");
}

static bool is_inside_character(char c)
{
    return ((unsigned char)c & 0xc0U) == 0x80U;
}

/** Beginning and end of a body, cut between characters. */
static void add_short_body(struct weir_slice body, struct weir_buf *out)
{
    if (body.len <= BODY_HEAD + BODY_TAIL) {
        (void)weir_buf_add(out, body.ptr, body.len);
        return;
    }
    size_t head = BODY_HEAD;
    size_t tail = body.len - BODY_TAIL;
    while (is_inside_character(body.ptr[head])) {
        head--;
    }
    while (tail < body.len && is_inside_character(body.ptr[tail])) {
        tail++;
    }
    (void)weir_buf_add(out, body.ptr, head);
    (void)weir_buf_add_str(out, " … ");
    (void)weir_buf_add(out, body.ptr + tail, body.len - tail);
}

static void add_requests(const struct weir_plan *plan, const struct weir_config *config,
                         struct weir_buf *out)
{
    for (size_t i = 0; i < plan->target_count; i++) {
        const struct weir_target *target = &plan->targets[i];
        struct weir_slice body = first_body(plan, i);
        (void)weir_buf_addf(out, "\nFirst request to %s, %zu bytes\n  POST %s\n", target->name,
                            body.len, target->is_sim ? target->dialect->path : target->url);
        if (config->api_key[0] != '\0') {
            (void)weir_buf_add_str(out, "  Authorization: Bearer ***\n");
        }
        for (size_t h = 0; h < config->header.count; h++) { // names only: values may be secrets
            const char *header = config->header.items[h];
            (void)weir_buf_addf(out, "  %.*s: ***\n", (int)strcspn(header, ":"), header);
        }
        (void)weir_buf_add_str(out, "  ");
        add_short_body(body, out);
        (void)weir_buf_add_char(out, '\n');
    }
}

static void write_text(const struct weir_plan *plan, const struct weir_config *config,
                       const char *warnings, struct weir_buf *out)
{
    (void)weir_buf_addf(out,
                        "Plan %016" PRIx64 ", configuration %016" PRIx64 ", seed %" PRIu64 "\n",
                        plan->hash, weir_config_hash(config, FOR_RUN), plan->seed);
    add_targets(plan, out);
    add_levels(plan, out);
    add_prompts(plan, config, out);
    add_requests(plan, config, out);
    if (warnings[0] != '\0') {
        (void)weir_buf_addf(out, "\nWarnings\n%s", warnings);
    }
}

// ---- JSON
// ------------------------------------------------------------------------------------------

static json_t *text_or_null(const char *text)
{
    return text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *count_or_null(uint64_t count)
{
    return count > 0 ? json_integer((json_int_t)count) : json_null();
}

static json_t *seconds_or_null(weir_ns time)
{
    return time > 0 ? json_real((double)time / (double)WEIR_SECOND) : json_null();
}

static json_t *targets_json(const struct weir_plan *plan)
{
    json_t *targets = json_array();
    for (size_t i = 0; i < plan->target_count; i++) {
        const struct weir_target *target = &plan->targets[i];
        struct weir_slice body = first_body(plan, i);
        (void)json_array_append_new(
            targets,
            json_pack("{s:s, s:o, s:o, s:s, s:o, s:I, s:o}", "name", target->name, "url",
                      text_or_null(target->url), "sim_options",
                      target->is_sim ? json_string(target->sim_options) : json_null(),
                      "endpoint_type", target->dialect->name, "model", text_or_null(target->model),
                      "first_body_bytes", (json_int_t)body.len, "first_body",
                      json_loadb(body.ptr, body.len, 0, NULL)));
    }
    return targets;
}

/** Due times of the first requests, from the level's start. */
static json_t *first_due_json(const struct weir_level *level)
{
    json_t *times = json_array();
    struct weir_arrivals arrivals;
    struct weir_arrival_due due;
    weir_arrivals_begin(level, &arrivals);
    for (int i = 0; i < FIRST_DUE && weir_arrivals_next(&arrivals, &due); i++) {
        (void)json_array_append_new(times, json_real((double)due.offset / (double)WEIR_SECOND));
    }
    return times;
}

/** What an open-loop level has beside the rest. */
static json_t *arrivals_json(const struct weir_level *level, const struct weir_forecast *forecast)
{
    const struct weir_schedule *schedule = level->schedule;
    const bool is_gamma = schedule->times == NULL && schedule->arrival == WEIR_ARRIVAL_GAMMA;
    return json_pack(
        "{s:s, s:o, s:o, s:b, s:f, s:{s:f, s:f}, s:o}", "arrival", arrival_of(level), "burstiness",
        is_gamma ? json_real(schedule->burstiness) : json_null(), "burst",
        count_or_null(schedule->times == NULL ? schedule->burst : 0), "is_rescaled",
        schedule->rescale > 0, "expected_requests", forecast->measured, "expected_window",
        "start_s", (double)forecast->window_start / (double)WEIR_SECOND, "end_s",
        (double)forecast->window_end / (double)WEIR_SECOND, "first_due_s", first_due_json(level));
}

static json_t *level_json(const struct weir_plan *plan, const struct weir_level *level)
{
    const bool is_open = level->mode == WEIR_MODE_RATE;
    return json_pack(
        "{s:s, s:s, s:o, s:o, s:i, s:o, s:o, s:o, s:o}", "target",
        plan->targets[level->target].name, "mode", is_open ? "rate" : "concurrency", "concurrency",
        count_or_null(level->concurrency), "request_rate",
        isfinite(level->request_rate) ? json_real(level->request_rate) : json_null(), "repetition",
        (int)level->repetition, "request_count", count_or_null(level->request_count), "duration_s",
        seconds_or_null(level->duration), "warmup_count", count_or_null(level->warmup_count),
        "warmup_duration_s", seconds_or_null(level->warmup_duration));
}

static json_t *levels_json(const struct weir_plan *plan)
{
    json_t *levels = json_array();
    struct weir_forecast forecast = {0};
    for (size_t i = 0; i < plan->level_count; i++) {
        const struct weir_level *level = &plan->levels[i];
        json_t *object = level_json(plan, level);
        if (level->mode == WEIR_MODE_RATE) {
            forecast = forecast_of(plan, i, &forecast);
            (void)json_object_update_new(object, arrivals_json(level, &forecast));
        }
        (void)json_array_append_new(levels, object);
    }
    return levels;
}

static json_t *lines_json(const char *text)
{
    json_t *lines = json_array();
    struct weir_slice rest = weir_slice_of(text);
    struct weir_slice line;
    while (weir_slice_next_part(&rest, '\n', &line)) {
        if (line.len > 0) {
            (void)json_array_append_new(lines, json_stringn(line.ptr, line.len));
        }
    }
    return lines;
}

static bool write_json(const struct weir_plan *plan, const struct weir_config *config,
                       const char *warnings, struct weir_buf *out)
{
    char plan_hash[17];
    char config_hash[17];
    (void)snprintf(plan_hash, sizeof(plan_hash), "%016" PRIx64, plan->hash);
    (void)snprintf(config_hash, sizeof(config_hash), "%016" PRIx64,
                   weir_config_hash(config, FOR_RUN));
    json_t *root = json_pack(
        "{s:s, s:s, s:s, s:I, s:o, s:o, s:{s:I, s:I, s:o, s:b}, s:o}", "schema", "weir.plan/1",
        "plan_hash", plan_hash, "config_hash", config_hash, "seed", (json_int_t)plan->seed,
        "targets", targets_json(plan), "levels", levels_json(plan), "prompts", "distinct",
        (json_int_t)plan->item_count, "body_bytes_max", (json_int_t)plan->body_bytes_max,
        "tokens_asked_max", count_or_null(plan->tokens_asked_max), "unique",
        plan->items[0].nonce_at != SIZE_MAX, "warnings", lines_json(warnings));
    const size_t flags = JSON_INDENT(2) | JSON_REAL_PRECISION(15);
    const size_t len = root != NULL ? json_dumpb(root, NULL, 0, flags) : 0;
    char *text = weir_alloc(len + 1, 1);
    bool is_good = len > 0 && json_dumpb(root, text, len, flags) == len &&
                   weir_buf_add(out, text, len) && weir_buf_add_char(out, '\n');
    json_decref(root);
    weir_free(text);
    return is_good;
}

// ---- the command
// -----------------------------------------------------------------------------------

static weir_status print_plan(const struct weir_plan *plan, const struct weir_config *config,
                              struct weir_err *err)
{
    struct weir_buf warnings;
    struct weir_buf out;
    weir_buf_init(&warnings, 64U << 10U);
    weir_buf_init(&out, OUTPUT_MAX);
    weir_plan_warnings(plan, config, &warnings);
    bool is_good = true;
    if (config->json) {
        is_good = write_json(plan, config, weir_buf_text(&warnings), &out);
    } else {
        write_text(plan, config, weir_buf_text(&warnings), &out);
    }
    weir_status status = WEIR_OK;
    if (!is_good || out.overflow) {
        status = weir_fail(err, WEIR_INTERNAL, "the plan could not be written down");
    } else if (fwrite(weir_buf_text(&out), 1, out.len, stdout) != out.len || fflush(stdout) != 0) {
        status = weir_fail(err, WEIR_SYSTEM, "standard output takes no more");
    }
    weir_buf_free(&out);
    weir_buf_free(&warnings);
    return status;
}

static weir_status make_and_print(const struct weir_config *config, struct weir_err *err)
{
    struct weir_target *targets = NULL;
    size_t count = 0;
    weir_status status = weir_targets_parse(config, &targets, &count, err);
    if (status != WEIR_OK) {
        return status;
    }
    struct weir_plan *plan = NULL;
    status = weir_plan_new(config, targets, count, &plan, err);
    weir_free(targets);
    if (status == WEIR_OK) {
        status = print_plan(plan, config, err);
        weir_plan_free(plan);
    }
    return status;
}

int weir_cmd_plan(int argc, char *const *argv)
{
    struct weir_config config;
    int exit_code = 0;
    if (!weir_cli_begin("plan", FOR_RUN, "show what run would send, without sending it", argc, argv,
                        &config, &exit_code)) {
        return exit_code;
    }
    struct weir_err err = {.status = WEIR_OK};
    if (make_and_print(&config, &err) != WEIR_OK) {
        exit_code = weir_cli_fail(&err);
    }
    weir_config_free(&config);
    return exit_code;
}
