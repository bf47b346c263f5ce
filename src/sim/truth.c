// The record of what really happened: see truth.h.
#include "weir/sim/truth.h"

#include <errno.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"

enum { LINE_CAP = 16 * 1024, FILE_BUFFER = 256 * 1024 };

// 200 million gaps are 800 MB, and half an hour at the full rate of one core
static const uint64_t VALUES_CAP = 200000000;

void weir_sim_stamps_free(struct weir_sim_stamps *stamps)
{
    weir_free(stamps->sent);
    weir_free(stamps->late);
    *stamps = (struct weir_sim_stamps){0};
}

void weir_sim_stamps_reset(struct weir_sim_stamps *stamps, size_t events)
{
    if (events > stamps->size) {
        weir_sim_stamps_free(stamps);
        stamps->sent = weir_alloc(events, sizeof(*stamps->sent));
        stamps->late = weir_alloc(events, sizeof(*stamps->late));
        stamps->size = events;
    }
    stamps->count = 0;
}

void weir_sim_stamps_add(struct weir_sim_stamps *stamps, weir_ns sent, weir_ns due)
{
    WEIR_ASSERT(stamps->count < stamps->size);
    stamps->sent[stamps->count] = sent;
    stamps->late[stamps->count] = sent - due;
    stamps->count++;
}

weir_status weir_sim_truth_open(struct weir_sim_truth *truth, const char *path,
                                struct weir_err *err)
{
    *truth = (struct weir_sim_truth){.path = path};
    if (path[0] == '\0') {
        return WEIR_OK;
    }
    FILE *file = fopen(path, "we");
    if (file == NULL) {
        return weir_fail(err, WEIR_INVALID,
                         "cannot write the truth file %s: %s; name a path that can be written",
                         path, strerror(errno));
    }
    (void)setvbuf(file, NULL, _IOFBF, FILE_BUFFER);
    truth->file = file;
    weir_buf_init(&truth->line, LINE_CAP);
    weir_sim_series_init(&truth->ttft, VALUES_CAP);
    weir_sim_series_init(&truth->itl, VALUES_CAP);
    weir_sim_series_init(&truth->tpot, VALUES_CAP);
    weir_sim_series_init(&truth->lateness, VALUES_CAP);
    return WEIR_OK;
}

static const char *outcome_name(enum weir_sim_outcome outcome)
{
    switch (outcome) {
    case WEIR_SIM_OK:
        return "ok";
    case WEIR_SIM_CLIENT_CLOSED:
        return "client_closed";
    case WEIR_SIM_REJECTED:
        return "rejected";
    case WEIR_SIM_FAULTED:
        return "faulted";
    case WEIR_SIM_STOPPED:
    default:
        return "stopped";
    }
}

static bool add_instant(struct weir_buf *line, const char *name, weir_ns at)
{
    return at > 0 ? weir_buf_addf(line, ", \"%s\": %lld", name, (long long)at)
                  : weir_buf_addf(line, ", \"%s\": null", name);
}

static bool add_fault(struct weir_buf *line, const struct weir_sim_record *record)
{
    return record->fault == NULL ? weir_buf_add_str(line, ", \"fault\": null")
                                 : weir_buf_addf(line, ", \"fault\": \"%s\"", record->fault) &&
                                       add_instant(line, "fault_ns", record->fault_ns);
}

static bool write_record(struct weir_buf *line, const struct weir_sim_record *record)
{
    weir_buf_clear(line);
    return weir_buf_addf(line, "{\"id\": %llu, \"request_id\": \"",
                         (unsigned long long)record->id) &&
           weir_buf_add_json(line, record->request_id, strlen(record->request_id)) &&
           weir_buf_add_char(line, '"') && add_instant(line, "received_ns", record->received_ns) &&
           add_instant(line, "first_token_ns", record->first_token_ns) &&
           add_instant(line, "first_output_token_ns", record->first_output_token_ns) &&
           add_instant(line, "last_token_ns", record->last_token_ns) &&
           add_instant(line, "ended_ns", record->ended_ns) &&
           weir_buf_addf(line,
                         ", \"tokens\": %llu, \"chunks\": %llu, \"outcome\": \"%s\", "
                         "\"stream\": %s, \"http_status\": %d",
                         (unsigned long long)record->tokens, (unsigned long long)record->chunks,
                         outcome_name(record->outcome), record->is_streamed ? "true" : "false",
                         record->http_status) &&
           add_instant(line, "admitted_ns", record->admitted_ns) && add_fault(line, record) &&
           weir_buf_add_str(line, "}\n");
}

static void put_line(struct weir_sim_truth *truth)
{
    // a failed write is found by ferror() when the file is closed
    (void)!fwrite(truth->line.ptr, 1, truth->line.len, truth->file);
}

static void add_latencies(struct weir_sim_truth *truth, const struct weir_sim_record *record,
                          const struct weir_sim_stamps *stamps)
{
    weir_sim_series_add(&truth->ttft, record->first_token_ns - record->received_ns);
    weir_sim_series_add(&truth->lateness, stamps->late[0]);
    for (size_t i = 1; i < stamps->count; i++) {
        weir_sim_series_add(&truth->itl, stamps->sent[i] - stamps->sent[i - 1]);
        weir_sim_series_add(&truth->lateness, stamps->late[i]);
    }
    if (record->tokens > 1) {
        const weir_ns span = record->last_token_ns - record->first_token_ns;
        weir_sim_series_add(&truth->tpot, span / (weir_ns)(record->tokens - 1));
    }
}

void weir_sim_truth_add(struct weir_sim_truth *truth, const struct weir_sim_record *record,
                        const struct weir_sim_stamps *stamps)
{
    if (truth->file == NULL) {
        return;
    }
    truth->requests++;
    truth->tokens += record->tokens;
    if (write_record(&truth->line, record)) {
        put_line(truth);
    }
    if (record->outcome != WEIR_SIM_OK) {
        return;
    }
    truth->ok++;
    if (record->is_streamed && stamps != NULL && stamps->count > 0) {
        add_latencies(truth, record, stamps);
    }
}

static bool add_series(struct weir_buf *line, const char *name, struct weir_sim_series *series)
{
    return weir_buf_addf(line, ", \"%s\": ", name) && weir_sim_series_json(series, line);
}

void weir_sim_truth_stall(struct weir_sim_truth *truth, weir_ns began, weir_ns ended)
{
    if (truth->file != NULL && truth->stall_count < WEIR_SIM_STALLS_MAX) {
        truth->stalls[truth->stall_count++] = (struct weir_sim_stall){began, ended};
    }
}

static bool add_stalls(struct weir_buf *line, const struct weir_sim_truth *truth)
{
    bool fits = weir_buf_add_str(line, ", \"stalls\": [");
    for (size_t i = 0; i < truth->stall_count; i++) {
        fits = fits && weir_buf_addf(line, "%s{\"began_ns\": %lld, \"ended_ns\": %lld}",
                                     i > 0 ? ", " : "", (long long)truth->stalls[i].began_ns,
                                     (long long)truth->stalls[i].ended_ns);
    }
    return fits && weir_buf_add_char(line, ']');
}

static bool write_summary(struct weir_sim_truth *truth, const struct weir_sim_totals *totals)
{
    struct weir_buf *line = &truth->line;
    weir_buf_clear(line);
    return weir_buf_addf(line, "{\"summary\": {\"requests\": %llu, \"ok\": %llu, \"tokens\": %llu",
                         (unsigned long long)truth->requests, (unsigned long long)truth->ok,
                         (unsigned long long)truth->tokens) &&
           add_series(line, "ttft_ms", &truth->ttft) && add_series(line, "itl_ms", &truth->itl) &&
           add_series(line, "tpot_ms", &truth->tpot) &&
           add_series(line, "lateness_ms", &truth->lateness) && add_stalls(line, truth) &&
           weir_buf_addf(line,
                         ", \"cpu_s\": %.6f, \"max_streams\": %llu, \"max_waiting\": %llu}}\n",
                         totals->cpu_s, (unsigned long long)totals->max_streams,
                         (unsigned long long)totals->max_waiting);
}

static void release(struct weir_sim_truth *truth)
{
    weir_buf_free(&truth->line);
    weir_sim_series_free(&truth->ttft);
    weir_sim_series_free(&truth->itl);
    weir_sim_series_free(&truth->tpot);
    weir_sim_series_free(&truth->lateness);
    truth->file = NULL;
}

weir_status weir_sim_truth_close(struct weir_sim_truth *truth, const struct weir_sim_totals *totals,
                                 struct weir_err *err)
{
    if (truth->file == NULL) {
        return WEIR_OK;
    }
    const bool is_complete = write_summary(truth, totals);
    if (is_complete) {
        put_line(truth);
    }
    const bool has_failed = ferror(truth->file) != 0;
    const bool is_closed = fclose(truth->file) == 0;
    release(truth);
    if (!is_complete || has_failed || !is_closed) {
        return weir_fail(err, WEIR_SYSTEM,
                         "the truth file %s could not be written to its end: is the disk full?",
                         truth->path);
    }
    return WEIR_OK;
}
