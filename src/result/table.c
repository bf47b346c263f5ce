// The result for people at a terminal: see table.h.
#include "weir/result/table.h"

#include <stdio.h>
#include <string.h>

#include "columns_internal.h"
#include "findings_internal.h"
#include "weir/base/str.h"
#include "weir/result/text.h"

enum { GAP = 2, DETAIL_MAX = 2 };

struct grid {
    const struct weir_summary *summary;
    const struct weir_table_style *style;
    struct weir_buf *out;
    size_t count;
    const struct weir__column *columns[WEIR__COLUMNS_MAX];
    size_t widths[WEIR__COLUMNS_MAX];
};

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static bool is_text(const struct weir__column *column)
{
    return column->kind == COLUMN_TARGET || column->kind == COLUMN_VERDICT;
}

static size_t column_width(const struct grid *grid, const struct weir__column *column)
{
    size_t width = weir_text_width(weir__column_head(column, grid->summary));
    if (column->group == NULL) {
        width = larger(width, weir_text_width(column->top));
    }
    for (size_t i = 0; i < grid->summary->level_count; i++) {
        char cell[WEIR__CELL_BYTES];
        width = larger(width,
                       weir_text_width(weir__column_cell(column, &grid->summary->levels[i], cell)));
    }
    return width;
}

/** Choose the columns of this detail; returns the width of a whole line. */
static size_t lay_out(struct grid *grid, int detail)
{
    grid->count = weir__columns_select(grid->summary, detail, grid->columns);
    size_t total = 0;
    for (size_t i = 0; i < grid->count; i++) {
        grid->widths[i] = column_width(grid, grid->columns[i]);
        total += grid->widths[i] + (i > 0 ? GAP : 0);
    }
    return total;
}

static void add_repeated(struct weir_buf *out, char c, size_t times)
{
    for (size_t i = 0; i < times; i++) {
        (void)weir_buf_add_char(out, c);
    }
}

static void add_cell(struct grid *grid, size_t index, const char *text, const char *colour)
{
    size_t width = weir_text_width(text);
    size_t pad = grid->widths[index] > width ? grid->widths[index] - width : 0;
    bool is_left = is_text(grid->columns[index]);
    bool is_last = index + 1 == grid->count;
    add_repeated(grid->out, ' ', index > 0 ? GAP : 0);
    add_repeated(grid->out, ' ', is_left ? 0 : pad);
    (void)weir_buf_addf(grid->out, "%s%s%s", colour, text, colour[0] != '\0' ? "\x1b[0m" : "");
    add_repeated(grid->out, ' ', is_left && !is_last ? pad : 0);
}

static bool is_same_group(const struct grid *grid, size_t a, size_t b)
{
    const char *group = grid->columns[a]->group;
    const char *other = b < grid->count ? grid->columns[b]->group : NULL;
    return group != NULL && other != NULL && strcmp(group, other) == 0;
}

/** The heading over the columns from `first` on: "---- TTFT ms ----". Returns the first column
 * behind the group. */
static size_t add_group(struct grid *grid, size_t first)
{
    const char *group = grid->columns[first]->group;
    size_t span = grid->widths[first];
    size_t next = first + 1;
    for (; is_same_group(grid, first, next); next++) {
        span += GAP + grid->widths[next];
    }
    size_t label = strlen(group) + 2;
    size_t dashes = span > label ? span - label : 0;
    add_repeated(grid->out, ' ', first > 0 ? GAP : 0);
    add_repeated(grid->out, '-', dashes / 2);
    (void)weir_buf_addf(grid->out, " %s ", group);
    add_repeated(grid->out, '-', dashes - dashes / 2);
    return next;
}

static void trim_line(struct weir_buf *out)
{
    while (out->len > 0 && out->ptr[out->len - 1] == ' ') {
        out->ptr[--out->len] = '\0';
    }
    (void)weir_buf_add_char(out, '\n');
}

static void add_heading(struct grid *grid)
{
    for (size_t i = 0; i < grid->count;) {
        if (grid->columns[i]->group != NULL) {
            i = add_group(grid, i);
        } else {
            add_cell(grid, i, grid->columns[i]->top, "");
            i++;
        }
    }
    trim_line(grid->out);
    for (size_t i = 0; i < grid->count; i++) {
        add_cell(grid, i, weir__column_head(grid->columns[i], grid->summary), "");
    }
    trim_line(grid->out);
}

static const char *colour_of(const struct grid *grid, enum weir_verdict verdict)
{
    if (!grid->style->has_colour || verdict == WEIR_VERDICT_VALID) {
        return "";
    }
    return verdict == WEIR_VERDICT_INVALID ? "\x1b[1;31m" : "\x1b[33m";
}

static void add_rows(struct grid *grid)
{
    for (size_t i = 0; i < grid->summary->level_count; i++) {
        const struct weir_level_summary *level = &grid->summary->levels[i];
        for (size_t c = 0; c < grid->count; c++) {
            char cell[WEIR__CELL_BYTES];
            bool is_verdict = grid->columns[c]->kind == COLUMN_VERDICT;
            add_cell(grid, c, weir__column_cell(grid->columns[c], level, cell),
                     is_verdict ? colour_of(grid, level->verdict.verdict) : "");
        }
        trim_line(grid->out);
    }
}

static void add_targets(struct grid *grid)
{
    for (size_t i = 0; i < grid->summary->level_count; i++) {
        const struct weir_level_summary *level = &grid->summary->levels[i];
        if (!weir__is_first_of_target(grid->summary, i)) {
            continue;
        }
        char name[160];
        char model[300];
        (void)weir_text_clean(level->target, strlen(level->target), name, sizeof(name));
        (void)weir_text_clean(level->model, strlen(level->model), model, sizeof(model));
        char url[WEIR__URL_BYTES];
        (void)weir_buf_addf(grid->out, "%s: %s at %s\n", name, model[0] != '\0' ? model : "-",
                            weir__level_url(level, url));
    }
    (void)weir_buf_add_char(grid->out, '\n');
}

/** Words of `text`, wrapped at the terminal's width; lines after the first are indented. */
static void add_wrapped(struct grid *grid, const char *text, size_t at, size_t indent)
{
    size_t columns = grid->style->columns > 40 ? (size_t)grid->style->columns : 40;
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        char word[WEIR_REASON_BYTES + 64];
        (void)weir_text_clean(text, len, word, sizeof(word));
        size_t width = weir_text_width(word);
        if (at > indent && at + 1 + width > columns) {
            (void)weir_buf_add_char(grid->out, '\n');
            add_repeated(grid->out, ' ', indent);
            at = indent;
        } else if (at > indent) {
            (void)weir_buf_add_char(grid->out, ' ');
            at++;
        }
        (void)weir_buf_add_str(grid->out, word);
        at += width;
        text += len + strspn(text + len, " ");
    }
    (void)weir_buf_add_char(grid->out, '\n');
}

static void add_reasons_of(struct grid *grid, const struct weir_level_summary *level)
{
    enum { INDENT = 9 }; // behind the word
    const struct weir_verdict_reasons *verdict = &level->verdict;
    const char *word =
        verdict->verdict == WEIR_VERDICT_INVALID ? "INVALID" : weir_verdict_key(verdict->verdict);
    const char *colour = colour_of(grid, verdict->verdict);
    for (size_t i = 0; i < verdict->count && i < WEIR_REASON_MAX; i++) {
        char label[WEIR__LABEL_BYTES];
        char line[WEIR__LABEL_BYTES + WEIR_REASON_BYTES];
        (void)snprintf(line, sizeof(line), "%s: %s", weir__level_label(grid->summary, level, label),
                       verdict->text[i]);
        (void)weir_buf_addf(grid->out, "%s%s%s", colour, word, colour[0] != '\0' ? "\x1b[0m" : "");
        add_repeated(grid->out, ' ', INDENT - strlen(word));
        add_wrapped(grid, line, INDENT, INDENT);
    }
}

static bool is_of_a_level(const struct weir_summary *summary, const char *reason)
{
    for (size_t i = 0; i < summary->level_count; i++) {
        const struct weir_verdict_reasons *verdict = &summary->levels[i].verdict;
        for (size_t r = 0; r < verdict->count && r < WEIR_REASON_MAX; r++) {
            if (strstr(reason, verdict->text[r]) != NULL) {
                return true;
            }
        }
    }
    return false;
}

/** Reasons level by level, then those that concern the run alone. */
static void add_reasons(struct grid *grid)
{
    const struct weir_verdict_reasons *run = &grid->summary->verdict;
    size_t before = grid->out->len;
    (void)weir_buf_add_char(grid->out, '\n');
    for (size_t i = 0; i < grid->summary->level_count; i++) {
        add_reasons_of(grid, &grid->summary->levels[i]);
    }
    for (size_t i = 0; i < run->count && i < WEIR_REASON_MAX; i++) {
        if (!is_of_a_level(grid->summary, run->text[i])) {
            (void)weir_buf_add_str(grid->out, "run      ");
            add_wrapped(grid, run->text[i], 9, 9);
        }
    }
    if (grid->out->len == before + 1) {
        grid->out->len = before;
        grid->out->ptr[before] = '\0';
    }
}

static void add_messages(struct grid *grid, const struct weir_errors *errors, uint32_t level,
                         enum weir_outcome outcome)
{
    enum { INDENT = 8 };
    for (size_t i = 0; i < errors->count; i++) {
        const struct weir_error_entry *entry = &errors->items[i];
        if (entry->level == level && entry->outcome == outcome && entry->text[0] != '\0') {
            add_repeated(grid->out, ' ', INDENT);
            add_wrapped(grid, entry->text, INDENT, INDENT);
        }
    }
}

/** What is worth a sentence, below its level's name. */
static void add_findings(struct grid *grid)
{
    enum { INDENT = 4 };
    for (size_t i = 0; i < grid->summary->level_count; i++) {
        const struct weir_level_summary *level = &grid->summary->levels[i];
        struct weir_buf text;
        weir_buf_init(&text, 64U << 10);
        weir__findings_add(level, &text);
        struct weir_slice rest = {weir_buf_text(&text), text.len};
        struct weir_slice sentence;
        char label[WEIR__LABEL_BYTES];
        if (text.len > 0) {
            (void)weir_buf_addf(grid->out, "\n%s\n",
                                weir__level_label(grid->summary, level, label));
        }
        while (rest.len > 0 && weir_slice_next_part(&rest, '\n', &sentence)) {
            char line[WEIR__SENTENCE_BYTES];
            add_repeated(grid->out, ' ', INDENT);
            add_wrapped(grid, weir_text_clean(sentence.ptr, sentence.len, line, sizeof(line)),
                        INDENT, INDENT);
        }
        weir_buf_free(&text);
    }
}

static void add_failures_of(struct grid *grid, const struct weir_errors *errors,
                            const struct weir_level_summary *level)
{
    const struct weir_counters *counters = &level->counters;
    uint64_t failed = weir_counters_failed(counters);
    uint64_t judged = counters->outcomes[WEIR_OUTCOME_OK] + failed;
    if (failed == 0) {
        return;
    }
    char label[WEIR__LABEL_BYTES];
    (void)weir_buf_addf(grid->out, "\n%s: %llu of %llu requests failed\n",
                        weir__level_label(grid->summary, level, label), (unsigned long long)failed,
                        (unsigned long long)judged);
    for (int i = 0; i < WEIR_OUTCOME_COUNT; i++) {
        if (counters->outcomes[i] == 0 || i == WEIR_OUTCOME_OK || i == WEIR_OUTCOME_CANCELLED) {
            continue;
        }
        (void)weir_buf_addf(grid->out, "    %-16s%llu", weir_outcome_key((enum weir_outcome)i),
                            (unsigned long long)counters->outcomes[i]);
        for (int t = 0; i == WEIR_OUTCOME_TIMEOUT && t < WEIR_TIMEOUT_COUNT; t++) {
            if (counters->timeouts[t] > 0) {
                (void)weir_buf_addf(grid->out, "  (%s %llu)",
                                    weir_timeout_key((enum weir_timeout)t),
                                    (unsigned long long)counters->timeouts[t]);
            }
        }
        (void)weir_buf_add_char(grid->out, '\n');
        add_messages(grid, errors, level->index, (enum weir_outcome)i);
    }
}

static void add_footer(struct grid *grid)
{
    const struct weir_summary *summary = grid->summary;
    const char *source =
        summary->level_count > 0 ? summary->levels[0].client.timestamp_source : NULL;
    const char *tokens = weir__token_sentence(summary);
    char line[512];
    (void)snprintf(
        line, sizeof(line), "Times from request sent%s%s%s%s.",
        source != NULL && strcmp(source, "kernel") == 0 ? ", arrivals stamped by the kernel"
        : source != NULL                                ? ", arrivals stamped in user space"
                                                        : "",
        tokens[0] != '\0' ? "; " : "", tokens, summary->is_interrupted ? "; interrupted" : "");
    (void)weir_buf_add_char(grid->out, '\n');
    add_wrapped(grid, line, 0, 0);
    if (grid->style->report != NULL) {
        (void)weir_buf_addf(grid->out, "Report: %s\n", grid->style->report);
    }
}

bool weir_table(const struct weir_summary *summary, const struct weir_errors *errors,
                const struct weir_table_style *style, struct weir_buf *out)
{
    struct grid grid = {.summary = summary, .style = style, .out = out};
    if (summary->level_count == 0) {
        return weir_buf_add_str(out, "No level was begun: nothing to show.\n");
    }
    add_targets(&grid);
    int detail = DETAIL_MAX;
    while (lay_out(&grid, detail) > (size_t)(style->columns > 0 ? style->columns : 0) &&
           detail > 0) {
        detail--;
    }
    add_heading(&grid);
    add_rows(&grid);
    add_reasons(&grid);
    add_findings(&grid);
    for (size_t i = 0; i < summary->level_count; i++) {
        add_failures_of(&grid, errors, &summary->levels[i]);
    }
    add_footer(&grid);
    return !out->overflow;
}
