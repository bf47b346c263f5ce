// Runs to be compared, and their levels by load: see side.h.
#include "weir/result/side.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/base/str.h"
#include "weir/result/number.h"
#include "weir/result/rundir.h"
#include "weir/result/text.h"

enum { PATH_BYTES = 4096, RUNS_MAX = 1000 };

// ---- directories -------------------------------------------------------------------------------

static bool has_file(const char *dir, const char *file)
{
    char path[PATH_BYTES];
    struct stat info;
    const int len = snprintf(path, sizeof(path), "%s/%s", dir, file);
    return len > 0 && (size_t)len < sizeof(path) && stat(path, &info) == 0;
}

/** A run that was killed has no summary, but run.json. */
static bool is_run(const char *dir)
{
    return has_file(dir, WEIR_FILE_SUMMARY) || has_file(dir, WEIR_FILE_RUN);
}

static weir_status add_run(struct weir_side *side, const char *dir, struct weir_err *err)
{
    if (side->run_count >= RUNS_MAX) {
        return weir_fail(err, WEIR_TOO_LARGE, "more than %d runs on one side", RUNS_MAX);
    }
    struct weir_rundata *run = NULL;
    const weir_status status = weir_rundata_load(dir, &run, err);
    if (status == WEIR_OK) {
        side->runs = weir_realloc(side->runs, side->run_count + 1, sizeof(struct weir_rundata *));
        side->runs[side->run_count++] = run;
    }
    return status;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/** Paths of the run directories inside `dir`, to be freed, at most RUNS_MAX + 1 of them. */
static size_t list_inside(const char *dir, char *paths[RUNS_MAX + 1])
{
    size_t count = 0;
    DIR *open = opendir(dir);
    const struct dirent *entry = open != NULL ? readdir(open) : NULL;
    for (; entry != NULL && count <= RUNS_MAX; entry = readdir(open)) {
        char path[PATH_BYTES];
        const int len = snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
        const bool fits = len > 0 && (size_t)len < sizeof(path);
        if (fits && entry->d_name[0] != '.' && is_run(path)) {
            paths[count++] = weir_strdup(path);
        }
    }
    if (open != NULL) {
        (void)closedir(open);
    }
    qsort(paths, count, sizeof(*paths), compare_names);
    return count;
}

/** Each run directory inside `dir`. */
static weir_status add_inside(struct weir_side *side, const char *dir, struct weir_err *err)
{
    char *paths[RUNS_MAX + 1];
    const size_t count = list_inside(dir, paths);
    weir_status status = WEIR_OK;
    for (size_t i = 0; i < count; i++) {
        if (status == WEIR_OK) {
            status = add_run(side, paths[i], err);
        }
        weir_free(paths[i]);
    }
    if (count == 0) {
        return weir_fail(err, WEIR_INVALID,
                         "%.500s is no run directory and holds none: there is no " WEIR_FILE_SUMMARY
                         "; weir run --out makes one",
                         dir);
    }
    return status;
}

// ---- groups ------------------------------------------------------------------------------------

static double load_of(const struct weir_level_summary *level)
{
    if (level->concurrency > 0) {
        return level->concurrency;
    }
    return level->request_rate; // NAN where there is none
}

static const char *mode_of(const struct weir_level_summary *level)
{
    return level->mode != NULL ? level->mode : "";
}

static bool is_same_load(double a, double b)
{
    return isnan(a) ? isnan(b) : fabs(a - b) <= 1e-9 * fabs(a);
}

/** Which one of the levels without a load this is, within its repetition and target. */
static size_t ordinal_of(const struct weir_rundata *run, size_t index)
{
    const struct weir_level_summary *level = &run->summary.levels[index];
    size_t ordinal = 0;
    for (size_t i = 0; i < index && isnan(load_of(level)); i++) {
        const struct weir_level_summary *other = &run->summary.levels[i];
        ordinal += isnan(load_of(other)) && other->repetition == level->repetition &&
                           strcmp(other->target, level->target) == 0
                       ? 1
                       : 0;
    }
    return ordinal;
}

static bool is_of(const struct weir_group *group, const struct weir_level_summary *level,
                  size_t ordinal)
{
    return strcmp(group->target, level->target) == 0 && strcmp(group->mode, mode_of(level)) == 0 &&
           is_same_load(group->load, load_of(level)) && group->ordinal == ordinal;
}

static struct weir_group *group_for(struct weir_side *side, const struct weir_level_summary *level,
                                    size_t ordinal)
{
    for (size_t i = 0; i < side->group_count; i++) {
        if (is_of(&side->groups[i], level, ordinal)) {
            return &side->groups[i];
        }
    }
    side->groups = weir_realloc(side->groups, side->group_count + 1, sizeof(*side->groups));
    struct weir_group *group = &side->groups[side->group_count++];
    *group = (struct weir_group){
        .target = level->target,
        .mode = mode_of(level),
        .load = load_of(level),
        .ordinal = ordinal,
    };
    return group;
}

static void add_levels(struct weir_side *side, const struct weir_rundata *run)
{
    for (size_t i = 0; i < run->summary.level_count; i++) {
        const struct weir_level_summary *level = &run->summary.levels[i];
        if (side->target[0] != '\0' && strcmp(side->target, level->target) != 0) {
            continue;
        }
        struct weir_group *group = group_for(side, level, ordinal_of(run, i));
        group->units = weir_realloc(group->units, group->count + 1, sizeof(*group->units));
        group->units[group->count++] = (struct weir_unit){run, i};
    }
}

static void label_group(const struct weir_side *side, struct weir_group *group)
{
    char target[80] = "";
    char load[64];
    if (!side->has_one_target) {
        (void)weir_text_clean(group->target, strlen(group->target), target, sizeof(target) - 2);
        (void)weir_copy(target + strlen(target), 3, ", ");
    }
    const bool is_rate = strcmp(group->mode, "concurrency") != 0;
    if (isnan(group->load)) {
        (void)snprintf(group->label, sizeof(group->label), "%s%s %zu", target,
                       group->mode[0] != '\0' ? group->mode : "level", group->ordinal + 1);
    } else {
        (void)snprintf(group->label, sizeof(group->label), "%s%s %s", target,
                       is_rate ? "rate" : "concurrency",
                       weir_number_exact(group->load, load, sizeof(load)));
    }
}

/** Say which targets there are. */
static weir_status no_such_target(const struct weir_side *side, struct weir_err *err)
{
    const char *names[64] = {"none at all"};
    size_t count = 0;
    for (size_t i = 0; i < side->run_count; i++) {
        const struct weir_summary *summary = &side->runs[i]->summary;
        for (size_t j = 0; j < summary->level_count && count < WEIR_COUNT_OF(names); j++) {
            names[count++] = summary->levels[j].target;
        }
    }
    const char *near = weir_suggest(side->target, names, count);
    return weir_fail(err, WEIR_INVALID, "no level of %.256s is of target %.100s; %s %.100s",
                     side->name, side->target, near != NULL ? "did you mean" : "there is",
                     near != NULL ? near : names[0]);
}

static weir_status make_groups(struct weir_side *side, struct weir_err *err)
{
    for (size_t i = 0; i < side->run_count; i++) {
        add_levels(side, side->runs[i]);
    }
    if (side->group_count == 0 && side->target[0] != '\0') {
        return no_such_target(side, err);
    }
    side->has_one_target = true;
    for (size_t i = 1; i < side->group_count; i++) {
        if (strcmp(side->groups[i].target, side->groups[0].target) != 0) {
            side->has_one_target = false;
        }
    }
    for (size_t i = 0; i < side->group_count; i++) {
        label_group(side, &side->groups[i]);
    }
    return WEIR_OK;
}

// ---- sides -------------------------------------------------------------------------------------

static weir_status settle(struct weir_side *side, weir_status status, struct weir_side *out,
                          struct weir_err *err)
{
    if (status == WEIR_OK) {
        status = make_groups(side, err);
    }
    if (status != WEIR_OK) {
        weir_side_free(side);
        return status;
    }
    *out = *side;
    return WEIR_OK;
}

weir_status weir_side_load(const char *const *dirs, size_t count, const char *target,
                           struct weir_side *out, struct weir_err *err)
{
    struct weir_side side = {.owns_runs = true};
    weir_status status = WEIR_OK;
    (void)weir_copy(side.target, sizeof(side.target), target);
    (void)weir_copy(side.name, sizeof(side.name), count > 0 ? dirs[0] : "");
    for (size_t i = 0; i < count && status == WEIR_OK; i++) {
        struct stat info;
        if (stat(dirs[i], &info) != 0 || !S_ISDIR(info.st_mode)) {
            status = weir_fail(err, WEIR_INVALID,
                               "%.500s is no directory; name the directory that weir run wrote",
                               dirs[i]);
        } else if (is_run(dirs[i])) {
            status = add_run(&side, dirs[i], err);
        } else {
            status = add_inside(&side, dirs[i], err);
        }
    }
    return settle(&side, status, out, err);
}

weir_status weir_side_of(struct weir_rundata *const *runs, size_t count, const char *target,
                         struct weir_side *out, struct weir_err *err)
{
    struct weir_side side = {.run_count = count,
                             .runs = weir_alloc(count + 1, sizeof(struct weir_rundata *))};
    for (size_t i = 0; i < count; i++) {
        side.runs[i] = runs[i];
    }
    (void)weir_copy(side.target, sizeof(side.target), target);
    (void)weir_copy(side.name, sizeof(side.name), count > 0 ? runs[0]->dir : "");
    return settle(&side, WEIR_OK, out, err);
}

void weir_side_free(struct weir_side *side)
{
    for (size_t i = 0; i < side->group_count; i++) {
        weir_free(side->groups[i].units);
    }
    for (size_t i = 0; side->owns_runs && i < side->run_count; i++) {
        weir_rundata_free(side->runs[i]);
    }
    weir_free(side->groups);
    weir_free(side->runs);
    *side = (struct weir_side){0};
}

const struct weir_group *weir_side_match(const struct weir_side *side,
                                         const struct weir_side *other,
                                         const struct weir_group *group)
{
    const bool is_by_name = !side->has_one_target || !other->has_one_target;
    for (size_t i = 0; i < side->group_count; i++) {
        const struct weir_group *mine = &side->groups[i];
        if ((!is_by_name || strcmp(mine->target, group->target) == 0) &&
            strcmp(mine->mode, group->mode) == 0 && is_same_load(mine->load, group->load) &&
            mine->ordinal == group->ordinal) {
            return mine;
        }
    }
    return NULL;
}

const struct weir_level_summary *weir_unit_level(const struct weir_unit *unit)
{
    return &unit->run->summary.levels[unit->level];
}
