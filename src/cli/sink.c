// From the engine to the files of a run: see sink.h.
#define _GNU_SOURCE
#include "weir/cli/sink.h"

#include <jansson.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "weir/base/log.h"
#include "weir/base/mem.h"
#include "weir/base/str.h"
#include "weir/engine/libraries.h"
#include "weir/result/errors.h"
#include "weir/result/histlog.h"
#include "weir/result/html.h"
#include "weir/result/live.h"
#include "weir/result/markdown.h"
#include "weir/result/records.h"
#include "weir/result/redact.h"
#include "weir/result/run_json.h"
#include "weir/result/rundir.h"
#include "weir/result/slices.h"
#include "weir/result/summary_csv.h"
#include "weir/result/summary_json.h"
#include "weir/result/table.h"
#include "weir/result/terminal.h"

enum { FILE_BYTES_MAX = 512 << 20 };

struct weir_sink {
    // set once
    struct weir_sink_setup setup;
    struct weir_rundir dir;
    struct weir_run_facts facts;
    struct weir_run_target *targets;
    struct weir_library libraries[3]; // texts are the libraries' own
    struct weir_buf config_json;
    char **command;
    char (*level_starts)[32];
    weir_ns *level_started;   // instants of the same
    weir_ns *level_suspended; // how long the machine slept meanwhile

    // while the run lasts
    struct weir_record_file *records; // NULL: --records none, or closed
    struct weir_slices *slices;
    struct weir_outfile *histograms;
    struct weir_live *live;
    struct weir_errors errors;
    uint64_t *records_lost;       // by level
    uint64_t records_lost_before; // in all levels before this one
    bool is_loss_told;
    struct weir_verdict_reasons trouble; // with the files
};

// ---- opening ----

enum { OWN_WORDS = 2 }; // "weir run"

/** The command line as it was typed, without secrets. */
static void keep_command(struct weir_sink *sink)
{
    static char program[] = "weir";
    const struct weir_sink_setup *setup = &sink->setup;
    char **words = weir_alloc((size_t)setup->argc + OWN_WORDS, sizeof(*words));
    char *command = weir_strdup(setup->command);
    words[0] = program;
    words[1] = command;
    for (int i = 0; i < setup->argc; i++) {
        words[i + OWN_WORDS] = setup->argv[i];
    }
    sink->command = weir_redact_args(setup->argc + OWN_WORDS, words);
    weir_free(command);
    weir_free(words);
}

static void fill_facts(struct weir_sink *sink)
{
    const struct weir_sink_setup *setup = &sink->setup;
    const struct weir_plan *plan = setup->plan;
    weir_buf_init(&sink->config_json, FILE_BYTES_MAX);
    (void)weir_config_json(setup->config, FOR_RUN, &sink->config_json);
    keep_command(sink);
    sink->level_starts = weir_alloc(plan->level_count + 1, sizeof(*sink->level_starts));
    sink->level_started = weir_alloc(plan->level_count + 1, sizeof(*sink->level_started));
    sink->level_suspended = weir_alloc(plan->level_count + 1, sizeof(*sink->level_suspended));
    sink->records_lost = weir_alloc(plan->level_count + 1, sizeof(*sink->records_lost));
    sink->targets = weir_alloc(plan->target_count + 1, sizeof(*sink->targets));
    for (size_t i = 0; i < plan->target_count; i++) {
        const struct weir_target *target = &plan->targets[i];
        sink->targets[i] = (struct weir_run_target){
            .name = target->name, .url = target->url, .model = target->model};
    }
    sink->libraries[0] = (struct weir_library){"libcurl", weir_libcurl_version()};
    sink->libraries[1] = (struct weir_library){"libuv", weir_libuv_version()};
    sink->libraries[2] = (struct weir_library){"jansson", jansson_version_str()};
    sink->facts = (struct weir_run_facts){
        .state = WEIR_RUN_RUNNING,
        .name = setup->config->name,
        .weir_version = WEIR_VERSION,
        .seed = plan->seed,
        .config_hash = weir_config_hash(setup->config, FOR_RUN),
        .plan_hash = plan->hash,
        .config_json = weir_buf_text(&sink->config_json),
        .command = sink->command,
        .command_count = (size_t)setup->argc + OWN_WORDS,
        .libraries = sink->libraries,
        .library_count = WEIR_COUNT_OF(sink->libraries),
        .targets = sink->targets,
        .target_count = plan->target_count,
        .level_starts = sink->level_starts,
    };
    (void)weir_clock_rfc3339(setup->started, sink->facts.started_at,
                             sizeof(sink->facts.started_at));
    weir_host_facts_read(&sink->facts.host);
}

static weir_status write_run_json(struct weir_sink *sink, struct weir_err *err)
{
    struct weir_buf text;
    weir_buf_init(&text, FILE_BYTES_MAX);
    weir_status status =
        weir_run_json(&sink->facts, &text)
            ? weir_rundir_write(&sink->dir, WEIR_FILE_RUN, weir_buf_text(&text), text.len, err)
            : weir_fail(err, WEIR_TOO_LARGE, WEIR_FILE_RUN " would be larger than 512 MiB");
    weir_buf_free(&text);
    return status;
}

static weir_status open_records(struct weir_sink *sink, struct weir_err *err)
{
    const struct weir_config *config = sink->setup.config;
    if (config->records != WEIR_RECORDS_JSONL) {
        return WEIR_OK;
    }
    const struct weir_outfile_options options = {
        .rotate_bytes = (uint64_t)config->records_rotate,
        .is_compressed = config->records_compress,
    };
    const char *name = options.is_compressed ? WEIR_FILE_RECORDS_GZ : WEIR_FILE_RECORDS;
    char path[WEIR_RUNDIR_FILE_BYTES];
    return weir_record_file_open(weir_rundir_path(&sink->dir, name, path), &options, &sink->records,
                                 err);
}

static weir_status open_files(struct weir_sink *sink, struct weir_err *err)
{
    char path[WEIR_RUNDIR_FILE_BYTES];
    weir_status status = open_records(sink, err);
    if (status == WEIR_OK) {
        status = weir_slices_open(weir_rundir_path(&sink->dir, WEIR_FILE_SLICES, path),
                                  &sink->slices, err);
    }
    if (status == WEIR_OK) {
        double epoch_s =
            (double)(sink->setup.started + weir_clock_offset(NULL)) / (double)WEIR_SECOND;
        status = weir_histlog_open(weir_rundir_path(&sink->dir, WEIR_FILE_HISTOGRAMS, path),
                                   epoch_s, &sink->histograms, err);
    }
    return status;
}

static struct weir_live *open_live(const struct weir_config *config)
{
    struct weir_terminal terminal = weir_terminal_of(STDERR_FILENO);
    enum weir_live_style style = WEIR_LIVE_NONE;
    if (!config->quiet && config->progress != WEIR_PROGRESS_NONE) {
        bool is_redrawn = config->progress == WEIR_PROGRESS_AUTO && terminal.is_tty;
        style = is_redrawn ? WEIR_LIVE_REDRAW : WEIR_LIVE_PLAIN;
    }
    return weir_live_new(style, stderr, terminal.columns);
}

/** Before a directory is made for nothing. */
static weir_status check_records(const struct weir_config *config, struct weir_err *err)
{
    if (config->records_rotate > 0 && config->records_rotate < WEIR_OUTFILE_ROTATE_MIN) {
        return weir_fail(err, WEIR_INVALID,
                         "--records-rotate %lld: too small for a file of records; take 64KiB or "
                         "more, or 0 for one file",
                         (long long)config->records_rotate);
    }
    return WEIR_OK;
}

weir_status weir_sink_open(const struct weir_sink_setup *setup, struct weir_sink **out,
                           struct weir_err *err)
{
    const struct weir_config *config = setup->config;
    struct weir_rundir dir;
    weir_status status = check_records(config, err);
    if (status == WEIR_OK) {
        status = weir_rundir_create(config->out, config->name, setup->started, &dir, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    struct weir_sink *sink = weir_alloc(1, sizeof(*sink));
    sink->setup = *setup;
    sink->dir = dir;
    weir_errors_init(&sink->errors);
    fill_facts(sink);
    status = write_run_json(sink, err);
    if (status == WEIR_OK) {
        status = open_files(sink, err);
    }
    if (status != WEIR_OK) {
        weir_sink_free(sink);
        return status;
    }
    sink->live = open_live(config);
    *out = sink;
    return WEIR_OK;
}

// ---- while the run lasts ----

static const struct weir_target *target_of(const struct weir_plan *plan, uint32_t level)
{
    return &plan->targets[plan->levels[level].target];
}

static void begin_live(struct weir_sink *sink, const struct weir_plan *plan, uint32_t level)
{
    const struct weir_level *step = &plan->levels[level];
    struct weir_live_state begin = {
        .level = level,
        .level_count = (uint32_t)plan->level_count,
        .request_count = step->request_count,
        .duration = step->duration,
        .warmup_count = step->warmup_count,
        .warmup_duration = step->warmup_duration,
    };
    bool has_targets = plan->target_count > 1;
    const char *target = has_targets ? target_of(plan, level)->name : "";
    const char *blank = has_targets ? " " : "";
    if (step->mode == WEIR_MODE_CONCURRENCY) {
        (void)snprintf(begin.label, sizeof(begin.label), "%s%sc=%u", target, blank,
                       step->concurrency);
    } else if (isnan(step->request_rate)) {
        (void)snprintf(begin.label, sizeof(begin.label), "%s%sschedule", target, blank);
    } else {
        (void)snprintf(begin.label, sizeof(begin.label), "%s%s%g/s", target, blank,
                       step->request_rate);
    }
    weir_live_begin(sink->live, &begin);
}

static void on_level_start(void *context, const struct weir_plan *plan, uint32_t level,
                           weir_ns started)
{
    struct weir_sink *sink = context;
    (void)weir_clock_rfc3339(started, sink->level_starts[level], sizeof(sink->level_starts[level]));
    sink->level_started[level] = started;
    sink->level_suspended[level] = -weir_clock_suspended();
    sink->facts.level_start_count = (size_t)level + 1;
    if (sink->records != NULL) {
        weir_record_file_level(sink->records, target_of(plan, level)->name, started);
    }
    begin_live(sink, plan, level);
}

static void on_sample(void *context, const struct weir_sample *sample)
{
    struct weir_sink *sink = context;
    if (sink->records != NULL) {
        weir_record_file_add(sink->records, sample);
    }
}

/** Say it while the run lasts, once: there may be hours to go. */
static void tell_loss(struct weir_sink *sink)
{
    struct weir_err err = {0};
    if (sink->is_loss_told || sink->records == NULL ||
        weir_record_file_error(sink->records, &err) == WEIR_OK) {
        return;
    }
    sink->is_loss_told = true;
    weir_live_clear(sink->live);
    weir_warn("%s; the run goes on without records", err.text);
}

static void on_slice(void *context, uint32_t level, const struct weir_slice_stat *slice)
{
    struct weir_sink *sink = context;
    weir_slices_add(sink->slices, level, slice);
    if (sink->records != NULL) {
        weir_record_file_tick(sink->records, weir_clock_now());
        tell_loss(sink);
    }
    weir_live_update(sink->live, slice);
}

/** `text` without what must stay secret, for servers that echo a key they refuse. */
static void add_without_secrets(const struct weir_config *config, const char *text,
                                struct weir_buf *out)
{
    struct weir_buf turn;
    weir_buf_init(&turn, out->cap);
    (void)weir_redact_secret(text, config->api_key, out);
    for (size_t i = 0; i < config->header.count; i++) {
        const char *colon = strchr(config->header.items[i], ':');
        const char *value =
            colon != NULL ? colon + 1 + strspn(colon + 1, " \t") : config->header.items[i];
        weir_buf_clear(&turn);
        (void)weir_redact_secret(weir_buf_text(out), value, &turn);
        weir_buf_clear(out);
        (void)weir_buf_add(out, weir_buf_text(&turn), turn.len);
    }
    weir_buf_free(&turn);
}

static void on_error(void *context, const struct weir_sample *sample, const char *message)
{
    struct weir_sink *sink = context;
    struct weir_buf clean;
    weir_buf_init(&clean, 1U << 20);
    add_without_secrets(sink->setup.config, message, &clean);
    weir_errors_add(&sink->errors, sample->level, (enum weir_outcome)sample->outcome,
                    weir_buf_text(&clean));
    weir_buf_free(&clean);
}

static void on_level_end(void *context, const struct weir_level_summary *level,
                         const struct weir_recorder *recorder)
{
    struct weir_sink *sink = context;
    double begun_s =
        (double)(sink->level_started[level->index] - sink->setup.started) / (double)WEIR_SECOND;
    sink->level_suspended[level->index] += weir_clock_suspended();
    weir_slices_end_level(sink->slices);
    weir_histlog_add(sink->histograms, level, recorder, begun_s + level->window_start_s);
    if (sink->records != NULL) {
        weir_record_file_flush(sink->records);
        uint64_t lost = weir_record_file_lost(sink->records);
        sink->records_lost[level->index] = lost - sink->records_lost_before;
        sink->records_lost_before = lost;
        tell_loss(sink);
    }
    weir_live_end(sink->live, level);
}

struct weir_run_sink weir_sink_callbacks(struct weir_sink *sink)
{
    return (struct weir_run_sink){
        .context = sink,
        .on_level_start = on_level_start,
        .on_sample = on_sample,
        .on_slice = on_slice,
        .on_error = on_error,
        .on_level_end = on_level_end,
    };
}

// ---- the end ----

/** A file that could not be written whole makes the run suspect: its numbers stand, but part of the
 * evidence is missing. */
static void note_trouble(struct weir_sink *sink, weir_status status, const struct weir_err *err)
{
    if (status != WEIR_OK) {
        weir_verdict_add(&sink->trouble, WEIR_VERDICT_SUSPECT, "%s", err->text);
    }
}

static void close_files(struct weir_sink *sink)
{
    struct weir_err err = {0};
    note_trouble(sink, weir_record_file_close(sink->records, &err), &err);
    note_trouble(sink, weir_slices_close(sink->slices, &err), &err);
    note_trouble(sink, weir_outfile_close(sink->histograms, &err), &err);
    sink->records = NULL;
    sink->slices = NULL;
    sink->histograms = NULL;
}

static void add_losses(struct weir_sink *sink, struct weir_summary *summary)
{
    for (size_t i = 0; i < sink->trouble.count; i++) {
        weir_verdict_add(&summary->verdict, WEIR_VERDICT_SUSPECT, "%s", sink->trouble.text[i]);
    }
    for (size_t i = 0; i < summary->level_count; i++) {
        struct weir_level_summary *level = &summary->levels[i];
        uint64_t lost =
            level->index < sink->setup.plan->level_count ? sink->records_lost[level->index] : 0;
        level->client.records_dropped += lost;
        if (lost > 0) {
            weir_verdict_add(&level->verdict, WEIR_VERDICT_SUSPECT,
                             "%llu requests are missing from " WEIR_FILE_RECORDS,
                             (unsigned long long)lost);
        }
    }
}

/** A machine that slept during a level: requests in flight lasted longer than the clock says, and
 * servers elsewhere went on. */
static void add_suspensions(struct weir_sink *sink, struct weir_summary *summary)
{
    const weir_ns noticeable = 10 * WEIR_MSEC; // far beyond what reading two clocks differs by
    for (size_t i = 0; i < summary->level_count; i++) {
        struct weir_level_summary *level = &summary->levels[i];
        weir_ns slept =
            level->index < sink->setup.plan->level_count ? sink->level_suspended[level->index] : 0;
        if (slept > noticeable) {
            char text[WEIR_REASON_BYTES];
            (void)snprintf(text, sizeof(text),
                           "the machine was suspended for %.1f s during level %u: the times of "
                           "that level mean nothing",
                           (double)slept / (double)WEIR_SECOND, level->index);
            weir_verdict_add(&level->verdict, WEIR_VERDICT_INVALID, "%s", text);
            weir_verdict_add(&summary->verdict, WEIR_VERDICT_INVALID, "%s", text);
        }
    }
}

/** Write a file from `text` (freed here); `is_whole` false: it did not fit into memory. The first
 * error stays in `err`. */
static void write_part(struct weir_sink *sink, const char *file, struct weir_buf *text,
                       bool is_whole, struct weir_err *err)
{
    struct weir_err own = {0};
    weir_status status =
        is_whole ? weir_rundir_write(&sink->dir, file, weir_buf_text(text), text->len, &own)
                 : weir_fail(&own, WEIR_TOO_LARGE, "%s would be larger than 512 MiB", file);
    if (status != WEIR_OK && err->status == WEIR_OK) {
        *err = own;
    }
    weir_buf_free(text);
}

/** report.html is made from the other files and can be made again from them: failing costs no
 * result. */
static void write_page(const struct weir_sink *sink)
{
    struct weir_err err = {0};
    if (weir_html_write(sink->dir.path, &err) != WEIR_OK) {
        weir_warn("no " WEIR_FILE_HTML ": %s; weir report %s makes it again", err.text,
                  sink->dir.path);
    }
}

weir_status weir_sink_finish(struct weir_sink *sink, struct weir_summary *summary,
                             struct weir_err *err)
{
    weir_live_clear(sink->live);
    close_files(sink);
    add_losses(sink, summary);
    add_suspensions(sink, summary);
    sink->facts.state = summary->is_interrupted ? WEIR_RUN_INTERRUPTED : WEIR_RUN_COMPLETE;
    (void)weir_clock_rfc3339(summary->ended, sink->facts.ended_at, sizeof(sink->facts.ended_at));
    struct weir_err first = {0};
    struct weir_buf text;
    weir_buf_init(&text, FILE_BYTES_MAX);
    bool is_whole = weir_summary_json(summary, &sink->facts, &sink->errors, &text);
    write_part(sink, WEIR_FILE_SUMMARY, &text, is_whole, &first);
    is_whole = weir_summary_csv(summary, &text);
    write_part(sink, WEIR_FILE_CSV, &text, is_whole, &first);
    is_whole = weir_markdown(summary, &sink->facts, &sink->errors, &text);
    write_part(sink, WEIR_FILE_REPORT, &text, is_whole, &first);
    // Last, so that "complete" means that everything is there.
    if (first.status == WEIR_OK) {
        (void)write_run_json(sink, &first);
    }
    write_page(sink);
    if (first.status != WEIR_OK && err != NULL) {
        *err = first;
    }
    return first.status;
}

void weir_sink_print(struct weir_sink *sink, const struct weir_summary *summary, FILE *file)
{
    const struct weir_config *config = sink->setup.config;
    if (config->quiet && !config->json) {
        return;
    }
    struct weir_buf text;
    weir_buf_init(&text, FILE_BYTES_MAX);
    if (config->json) {
        (void)weir_summary_json(summary, &sink->facts, &sink->errors, &text);
    } else {
        char report[WEIR_RUNDIR_FILE_BYTES];
        struct weir_terminal terminal = weir_terminal_of(fileno(file));
        struct weir_table_style style = {
            .columns = terminal.columns,
            .has_colour = terminal.has_colour,
            .report = weir_rundir_path(&sink->dir, WEIR_FILE_REPORT, report)};
        (void)weir_buf_add_char(&text, '\n');
        (void)weir_table(summary, &sink->errors, &style, &text);
    }
    (void)fwrite(weir_buf_text(&text), 1, text.len, file);
    (void)fflush(file);
    weir_buf_free(&text);
}

const char *weir_sink_dir(const struct weir_sink *sink)
{
    return sink->dir.path;
}

void weir_sink_free(struct weir_sink *sink)
{
    if (sink == NULL) {
        return;
    }
    close_files(sink);
    weir_live_free(sink->live);
    weir_errors_free(&sink->errors);
    weir_redact_args_free(sink->command, sink->setup.argc + OWN_WORDS);
    weir_buf_free(&sink->config_json);
    weir_free(sink->level_starts);
    weir_free(sink->level_started);
    weir_free(sink->level_suspended);
    weir_free(sink->records_lost);
    weir_free(sink->targets);
    weir_free(sink);
}
