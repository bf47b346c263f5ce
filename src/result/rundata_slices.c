// slices.csv and histograms.hlog read back: see rundata_internal.h. Both grow while a run lasts, so
// that of a killed run the last line may be cut off; it is left out then.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rundata_internal.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/stat/hlog.h"

enum { COLUMNS_MAX = 64, ROWS_MAX = 50 * 1000 * 1000, LENGTH_MAX_S = 366 * 86400 };

// clang-format off
#define COUNT_COLUMNS(XX) XX(sent) XX(ok) XX(failed) XX(chunks) XX(tokens) XX(in_flight)
#define NUMBER_COLUMNS(XX) XX(ttft_p50_ms) XX(ttft_p99_ms) XX(itl_p50_ms) XX(itl_p99_ms)
// clang-format on

/** Which column of the file holds what; columns of later versions are passed over. */
struct header {
    size_t count;
    struct weir_slice names[COLUMNS_MAX];
};

/** The next line without its end; false at the end of the text. */
static bool next_line(struct weir_slice *rest, struct weir_slice *line, bool *is_whole)
{
    if (rest->len == 0) {
        return false;
    }
    const char *end = memchr(rest->ptr, '\n', rest->len);
    *is_whole = end != NULL;
    line->ptr = rest->ptr;
    line->len = end != NULL ? (size_t)(end - rest->ptr) : rest->len;
    size_t taken = line->len + (end != NULL ? 1 : 0);
    rest->ptr += taken;
    rest->len -= taken;
    return true;
}

static bool set_cell(struct weir_slice_row *row, struct weir_slice name, struct weir_slice cell)
{
    int64_t count = 0;
    if (weir_slice_equals(name, "level")) {
        bool is_fine = weir_parse_i64(cell, &count) && count >= 0 && count < WEIR__LEVELS_MAX;
        row->level = is_fine ? (uint32_t)count : 0;
        return is_fine;
    }
    if (weir_slice_equals(name, "second")) {
        return weir_parse_i64(cell, &row->second);
    }
    if (weir_slice_equals(name, "length_s")) {
        return weir_parse_i64(cell, &row->length_s) && row->length_s > 0 &&
               row->length_s <= LENGTH_MAX_S;
    }
#define XX(field)                                                                                  \
    if (weir_slice_equals(name, #field)) {                                                         \
        bool is_fine = weir_parse_i64(cell, &count) && count >= 0;                                 \
        row->field = (uint64_t)count;                                                              \
        return is_fine;                                                                            \
    }
    COUNT_COLUMNS(XX)
#undef XX
#define XX(field)                                                                                  \
    if (weir_slice_equals(name, #field)) {                                                         \
        return cell.len == 0 || weir_parse_f64(cell, &row->field);                                 \
    }
    NUMBER_COLUMNS(XX)
#undef XX
    return true;
}

static bool parse_row(const struct header *header, struct weir_slice line,
                      struct weir_slice_row *row)
{
    *row = (struct weir_slice_row){.length_s = 1,
                                   .ttft_p50_ms = NAN,
                                   .ttft_p99_ms = NAN,
                                   .itl_p50_ms = NAN,
                                   .itl_p99_ms = NAN};
    struct weir_slice rest = line;
    struct weir_slice cell;
    size_t at = 0;
    while (weir_slice_next_part(&rest, ',', &cell)) {
        if (at >= header->count || !set_cell(row, header->names[at], cell)) {
            return false;
        }
        at++;
    }
    return at == header->count;
}

static bool parse_header(struct weir_slice line, struct header *header)
{
    struct weir_slice rest = line;
    struct weir_slice name;
    bool has_level = false;
    bool has_second = false;
    header->count = 0;
    while (weir_slice_next_part(&rest, ',', &name)) {
        if (header->count == COLUMNS_MAX) {
            return false;
        }
        header->names[header->count++] = name;
        has_level = has_level || weir_slice_equals(name, "level");
        has_second = has_second || weir_slice_equals(name, "second");
    }
    return has_level && has_second;
}

static weir_status fail_line(const char *path, size_t line, const char *remedy,
                             struct weir_err *err)
{
    return weir_fail(err, WEIR_INVALID, "%.300s:%zu: damaged line; %s", path, line, remedy);
}

weir_status weir__rundata_slices(struct weir_rundata *run, struct weir_slice text, const char *path,
                                 struct weir_err *err)
{
    static const char remedy[] = "restore the file, or remove it: the rest can be read without it";
    struct weir_slice line;
    struct header header;
    bool is_whole = false;
    if (!next_line(&text, &line, &is_whole) || !is_whole) {
        return WEIR_OK; // killed before the first second
    }
    if (!parse_header(line, &header)) {
        return fail_line(path, 1, remedy, err);
    }
    size_t room = 0;
    for (size_t number = 2; next_line(&text, &line, &is_whole); number++) {
        struct weir_slice_row row;
        if (!is_whole) {
            break;
        }
        if (!parse_row(&header, line, &row) || run->slice_count >= ROWS_MAX) {
            return fail_line(path, number, remedy, err);
        }
        if (run->slice_count == room) {
            room = room > 0 ? room * 2 : 64;
            run->slices = weir_realloc(run->slices, room, sizeof(row));
        }
        run->slices[run->slice_count++] = row;
    }
    return WEIR_OK;
}

/** L<level>.<anything>.<metric> */
static bool parse_tag(const char *tag, size_t *level, enum weir_metric *metric)
{
    const char *first = strchr(tag, '.');
    const char *last = strrchr(tag, '.');
    int64_t number = 0;
    if (tag[0] != 'L' || first == NULL ||
        !weir_parse_i64((struct weir_slice){tag + 1, (size_t)(first - tag - 1)}, &number) ||
        number < 0) {
        return false;
    }
    *level = (size_t)number;
    *metric = weir_metric_find(last + 1);
    return true;
}

/** Keep the histogram of a line (taken over) where it belongs; a metric of a later version is
 * passed over. False: not of this run. */
static bool keep_hist(struct weir_rundata *run, const char *tag, struct weir_hist *hist)
{
    size_t level = 0;
    enum weir_metric metric = WEIR_METRIC_COUNT;
    bool is_ours = parse_tag(tag, &level, &metric) && level < run->summary.level_count;
    if (!is_ours || metric == WEIR_METRIC_COUNT) {
        weir_hist_free(hist);
        return is_ours;
    }
    struct weir_hist **place = &run->hists[level * WEIR_METRIC_COUNT + metric];
    if (*place == NULL) {
        *place = hist;
        return true;
    }
    (void)weir_hist_add(*place, hist); // other programs may have split a level into intervals
    weir_hist_free(hist);
    return true;
}

weir_status weir__rundata_hists(struct weir_rundata *run, struct weir_slice text, const char *path,
                                struct weir_err *err)
{
    static const char remedy[] =
        "restore the file, or remove it: the report then goes without percentile spectra";
    struct weir_slice line;
    bool is_whole = false;
    run->hists = weir_alloc(run->summary.level_count * WEIR_METRIC_COUNT + 1, sizeof(void *));
    for (size_t number = 1; next_line(&text, &line, &is_whole) && is_whole; number++) {
        struct weir_hlog_entry entry = {.hist = NULL};
        if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
            line.len--;
        }
        if (weir_hlog_parse_line(line, &entry, NULL) != WEIR_OK) {
            return fail_line(path, number, remedy, err);
        }
        if (entry.hist != NULL && !keep_hist(run, entry.tag, entry.hist)) {
            return weir_fail(err, WEIR_INVALID,
                             "%.300s:%zu: \"%.60s\" is none of this run's levels; %s", path, number,
                             entry.tag, remedy);
        }
    }
    return WEIR_OK;
}
