// A run directory read back: see rundata.h.
#define _GNU_SOURCE
#include "weir/result/rundata.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "rundata_internal.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/result/rundir.h"

/** The whole of a file. `*is_there` false, and WEIR_OK, when there is none. */
static weir_status read_file(const char *path, struct weir_buf *out, bool *is_there,
                             struct weir_err *err)
{
    char part[1 << 16];
    weir_buf_init(out, WEIR__FILE_MAX);
    FILE *file = fopen(path, "re");
    *is_there = file != NULL;
    if (file == NULL) {
        return errno == ENOENT
                   ? WEIR_OK
                   : weir_fail(err, WEIR_INVALID, "cannot read %.300s: %s", path, strerror(errno));
    }
    bool fits = true;
    for (size_t got = fread(part, 1, sizeof(part), file); got > 0 && fits;
         got = fread(part, 1, sizeof(part), file)) {
        fits = weir_buf_add(out, part, got);
    }
    int reason = ferror(file) != 0 ? errno : 0;
    (void)fclose(file);
    if (!fits) {
        return weir_fail(err, WEIR_TOO_LARGE, "%.300s is larger than 512 MiB", path);
    }
    return reason == 0
               ? WEIR_OK
               : weir_fail(err, WEIR_INVALID, "cannot read %.300s: %s", path, strerror(reason));
}

/** `*out` stays NULL when there is no such file. */
static weir_status read_json(const char *path, const char *remedy, json_t **out,
                             struct weir_err *err)
{
    struct weir_buf text;
    bool is_there = false;
    weir_status status = read_file(path, &text, &is_there, err);
    if (status == WEIR_OK && is_there) {
        json_error_t error;
        *out = json_loadb(weir_buf_text(&text), text.len, JSON_REJECT_DUPLICATES, &error);
        if (!json_is_object(*out)) {
            json_decref(*out);
            *out = NULL;
            status = weir_fail(err, WEIR_INVALID, "%.300s:%d:%d is damaged: %.100s; %s", path,
                               error.line > 0 ? error.line : 1, error.column > 0 ? error.column : 1,
                               error.text[0] != '\0' ? error.text : "not a JSON object", remedy);
        }
    }
    weir_buf_free(&text);
    return status;
}

/** slices.csv or histograms.hlog; neither must be there. */
static weir_status read_part(struct weir_rundata *run, const struct weir_rundir *dir,
                             const char *name,
                             weir_status (*parse)(struct weir_rundata *run, struct weir_slice text,
                                                  const char *path, struct weir_err *err),
                             struct weir_err *err)
{
    char path[WEIR_RUNDIR_FILE_BYTES];
    struct weir_buf text;
    bool is_there = false;
    weir_status status = read_file(weir_rundir_path(dir, name, path), &text, &is_there, err);
    if (status == WEIR_OK) {
        status = parse(run, (struct weir_slice){weir_buf_text(&text), text.len}, path, err);
    }
    weir_buf_free(&text);
    return status;
}

static weir_status read_summary(struct weir_rundata *run, const struct weir_rundir *dir,
                                struct weir_err *err)
{
    char path[WEIR_RUNDIR_FILE_BYTES];
    weir_status status =
        read_json(weir_rundir_path(dir, WEIR_FILE_SUMMARY, path),
                  "restore the file, or remove it to have the run rebuilt from " WEIR_FILE_RECORDS,
                  &run->summary_json, err);
    if (status != WEIR_OK) {
        return status;
    }
    if (run->summary_json != NULL) {
        return weir__rundata_summary(run, run->summary_json, path, err);
    }
    return weir__rundata_rebuild(run, err);
}

/** A level of a rebuilt run that had ended left its histograms, those of the gaps among them. */
static void complete_gaps(struct weir_rundata *run)
{
    for (size_t i = 0; i < run->summary.level_count && run->is_rebuilt; i++) {
        struct weir_level_summary *level = &run->summary.levels[i];
        bool has_gaps = false;
        for (enum weir_metric metric = 0; metric < WEIR_METRIC_COUNT; metric++) {
            const struct weir_hist *hist = weir_rundata_hist(run, i, metric);
            const struct weir_metric_info *info = weir_metric_info(metric);
            if (hist != NULL && info->kind == WEIR_METRIC_GAP) {
                weir_metric_stats_of(hist, info->scale, &level->metrics[metric]);
                has_gaps = true;
            }
        }
        if (!has_gaps) {
            weir_verdict_add(&level->verdict, WEIR_VERDICT_SUSPECT,
                             "inter-token latencies are lost: the gaps between tokens are not in "
                             "the records");
        }
    }
}

static weir_status read_all(struct weir_rundata *run, const struct weir_rundir *dir,
                            struct weir_err *err)
{
    char path[WEIR_RUNDIR_FILE_BYTES];
    weir_status status =
        read_json(weir_rundir_path(dir, WEIR_FILE_RUN, path),
                  "restore the file, or remove it: the report then goes without configuration",
                  &run->run, err);
    if (status == WEIR_OK) {
        status = read_summary(run, dir, err);
    }
    if (status == WEIR_OK) {
        status = read_part(run, dir, WEIR_FILE_SLICES, weir__rundata_slices, err);
    }
    if (status == WEIR_OK) {
        status = read_part(run, dir, WEIR_FILE_HISTOGRAMS, weir__rundata_hists, err);
    }
    if (status == WEIR_OK) {
        complete_gaps(run);
    }
    return status;
}

weir_status weir_rundata_load(const char *dir, struct weir_rundata **out, struct weir_err *err)
{
    struct stat about;
    if (stat(dir, &about) != 0 || !S_ISDIR(about.st_mode)) {
        int reason = errno;
        bool is_there = stat(dir, &about) == 0;
        return weir_fail(err, WEIR_INVALID,
                         "no run directory %.300s: %s; name one that weir run made", dir,
                         is_there ? "not a directory" : strerror(reason));
    }
    struct weir_rundir place;
    struct weir_rundata *run = weir_alloc(1, sizeof(*run));
    weir_status status = WEIR_OK;
    if (!weir_copy(run->dir, sizeof(run->dir), dir) ||
        !weir_copy(place.path, sizeof(place.path), dir)) {
        status = weir_fail(err, WEIR_INVALID, "the path of the run directory is too long");
    }
    if (status == WEIR_OK) {
        status = read_all(run, &place, err);
    }
    if (status != WEIR_OK) {
        weir_rundata_free(run);
        return status;
    }
    *out = run;
    return WEIR_OK;
}

void weir_rundata_free(struct weir_rundata *run)
{
    if (run == NULL) {
        return;
    }
    size_t hists = run->hists != NULL ? run->summary.level_count * WEIR_METRIC_COUNT : 0;
    for (size_t i = 0; i < hists; i++) {
        weir_hist_free(run->hists[i]);
    }
    weir_free(run->hists);
    weir_free(run->slices);
    weir_free(run->errors);
    weir_summary_free(&run->summary);
    json_decref(run->run);
    json_decref(run->summary_json);
    weir_free(run);
}

const struct weir_hist *weir_rundata_hist(const struct weir_rundata *run, size_t level,
                                          enum weir_metric metric)
{
    WEIR_ASSERT((size_t)metric < WEIR_METRIC_COUNT);
    bool is_there = run->hists != NULL && level < run->summary.level_count;
    return is_there ? run->hists[level * WEIR_METRIC_COUNT + metric] : NULL;
}
