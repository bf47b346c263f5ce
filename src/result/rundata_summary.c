// summary.json back into struct weir_summary: see rundata_internal.h.
#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "rundata_internal.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"

#define SCHEMA "weir.summary/1"

static const char remedy[] =
    "restore the file, or remove it to have the run rebuilt from records.jsonl";

/** "0123456789abcdef" */
static uint64_t read_hash(struct weir__reader *reader, const json_t *root, const char *key)
{
    const char *text = weir__json_read_text(reader, root, "", key);
    uint64_t hash = 0;
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit = strchr(digits, text[i]);
        if (digit == NULL || len > 16) {
            weir__reader_fail(reader, "", key, "16 hexadecimal digits");
            return 0;
        }
        hash = hash << 4U | (uint64_t)(digit - digits);
    }
    return hash;
}

/** "2026-01-31T12:00:00.123Z" as its seven numbers; false when it is anything else. */
static bool parse_date(const char *text, int64_t out[7])
{
    static const char form[] = "0000-00-00T00:00:00.000Z";
    size_t count = 0;
    const char *begin = text;
    if (strlen(text) != strlen(form)) {
        return false;
    }
    for (size_t i = 0; form[i] != '\0'; i++) {
        if (form[i] == '0') {
            continue;
        }
        const struct weir_slice digits = {begin, (size_t)(text + i - begin)};
        if (text[i] != form[i] || !isdigit((unsigned char)*begin) ||
            !weir_parse_i64(digits, &out[count++])) {
            return false;
        }
        begin = text + i + 1;
    }
    return true;
}

/** RFC 3339 in UTC as ns of wall time since 1970: the clock it was measured on is gone. 0: none. */
static weir_ns read_instant(struct weir__reader *reader, const json_t *root, const char *key)
{
    enum { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, MILLI, PARTS };
    const char *text = weir__json_read_text(reader, root, "", key);
    int64_t part[PARTS] = {0};
    if (text[0] == '\0') {
        return 0;
    }
    if (!parse_date(text, part) || part[YEAR] < 1970 || part[YEAR] > 2200 || part[MONTH] < 1) {
        weir__reader_fail(reader, "", key, "a time as 2026-01-31T12:00:00.123Z");
        return 0;
    }
    struct tm when = {
        .tm_year = (int)part[YEAR] - 1900,
        .tm_mon = (int)part[MONTH] - 1,
        .tm_mday = (int)part[DAY],
        .tm_hour = (int)part[HOUR],
        .tm_min = (int)part[MINUTE],
        .tm_sec = (int)part[SECOND],
    };
    return (weir_ns)timegm(&when) * WEIR_SECOND + part[MILLI] * WEIR_MSEC;
}

static void read_verdict(struct weir__reader *reader, const json_t *object, const char *where,
                         struct weir_verdict_reasons *out)
{
    static const char *const words[] = {"valid", "suspect", "invalid"}; // ORDER weir_verdict
    int verdict = weir__read_word(reader, object, where, "verdict", words, 3);
    out->verdict = verdict < 3 ? (enum weir_verdict)verdict : WEIR_VERDICT_INVALID;
    size_t i = 0;
    const json_t *reason = NULL;
    json_array_foreach(weir__read_array(reader, object, where, "verdict_reasons"), i, reason)
    {
        const char *text = json_string_value(reason);
        if (text == NULL) {
            weir__reader_fail(reader, where, "verdict_reasons", "a list of texts");
        } else if (out->count < WEIR_REASON_MAX) {
            (void)weir_copy(out->text[out->count++], WEIR_REASON_BYTES, text);
        }
    }
}

static void read_errors(struct weir__reader *reader, const json_t *object, const char *where,
                        uint32_t level, struct weir_rundata *run)
{
    const char *keys[WEIR_OUTCOME_COUNT];
    for (int i = 0; i < WEIR_OUTCOME_COUNT; i++) {
        keys[i] = weir_outcome_key((enum weir_outcome)i);
    }
    size_t i = 0;
    const json_t *entry = NULL;
    json_array_foreach(weir__read_array(reader, object, where, "errors"), i, entry)
    {
        struct weir_error_row row = {.level = level};
        row.outcome = (enum weir_outcome)weir__read_word(reader, entry, where, "outcome", keys,
                                                         WEIR_OUTCOME_COUNT);
        row.count = weir__json_read_count(reader, entry, where, "count");
        (void)weir_copy(row.message, sizeof(row.message),
                        weir__json_read_text(reader, entry, where, "message"));
        if (reader->has_failed) {
            return;
        }
        run->errors = weir_realloc(run->errors, run->error_count + 1, sizeof(row));
        run->errors[run->error_count++] = row;
    }
}

static void read_levels(struct weir__reader *reader, const json_t *root, struct weir_rundata *run)
{
    const json_t *levels = weir__read_array(reader, root, "", "levels");
    size_t count = json_array_size(levels);
    if (levels == NULL || count > WEIR__LEVELS_MAX) {
        weir__reader_fail(reader, "", "levels", "a list of the levels of a run");
        return;
    }
    struct weir_summary *summary = &run->summary;
    summary->levels = weir_alloc(count + 1, sizeof(*summary->levels));
    for (size_t i = 0; i < count && !reader->has_failed; i++) {
        char where[32];
        (void)snprintf(where, sizeof(where), "levels[%zu]", i);
        const json_t *object = json_array_get(levels, i);
        struct weir_level_summary *level = &summary->levels[summary->level_count++];
        if (!json_is_object(object)) {
            weir__reader_fail(reader, "", where, "an object");
            return;
        }
        weir__rundata_level(reader, object, where, level);
        read_verdict(reader, object, where, &level->verdict);
        read_errors(reader, object, where, level->index, run);
        if (level->index != i) {
            weir__reader_fail(reader, where, "level", "its place in the list");
        }
    }
}

weir_status weir__rundata_summary(struct weir_rundata *run, const json_t *root, const char *path,
                                  struct weir_err *err)
{
    const char *schema = json_string_value(json_object_get(root, "schema"));
    if (schema == NULL || strcmp(schema, SCHEMA) != 0) {
        return weir_fail(err, WEIR_INVALID,
                         "%.300s is of schema \"%.40s\"; this version of weir reads " SCHEMA
                         ": use the version that wrote it, or a newer one",
                         path, schema != NULL ? schema : "");
    }
    struct weir__reader reader = {.path = path, .remedy = remedy, .err = err};
    struct weir_summary *summary = &run->summary;
    summary->started = read_instant(&reader, root, "started_at");
    summary->ended = read_instant(&reader, root, "ended_at");
    (void)weir_copy(summary->name, sizeof(summary->name),
                    weir__json_read_text(&reader, root, "", "name"));
    summary->seed = weir__json_read_count(&reader, root, "", "seed");
    summary->config_hash = read_hash(&reader, root, "config_hash");
    summary->is_interrupted = weir__json_read_bool(&reader, root, "", "interrupted");
    read_verdict(&reader, root, "", &summary->verdict);
    read_levels(&reader, root, run);
    return reader.has_failed ? WEIR_INVALID : WEIR_OK;
}
