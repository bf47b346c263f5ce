// What summary.json tells of a level beside its metrics: offered against achieved, settling,
// trends, goodput, objectives. All of it may be missing: earlier versions did not write it.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rundata_internal.h"
#include "weir/base/attr.h"

enum { PLACE_BYTES = 96, HOUR_S = 3600 };

static const char *place_of(const char *where, const char *key, char out[PLACE_BYTES])
{
    (void)snprintf(out, PLACE_BYTES, "%.40s.%.40s", where, key);
    return out;
}

static void read_offered(struct weir__reader *reader, const json_t *object, const char *where,
                         struct weir_offered *out)
{
    char place[PLACE_BYTES];
    const json_t *open_loop = weir__read_object(reader, object, where, "open_loop");
    (void)place_of(where, "open_loop", place);
    out->offered_rate = weir__read_number(reader, open_loop, place, "offered_rate");
    out->sent_rate = weir__read_number(reader, open_loop, place, "sent_rate");
    out->late = weir__json_read_count(reader, open_loop, place, "late");
    out->dropped = weir__json_read_count(reader, open_loop, place, "dropped");
    out->is_saturated = weir__json_read_bool(reader, open_loop, place, "saturated");
}

static void read_settling(struct weir__reader *reader, const json_t *object, const char *where,
                          struct weir_settling *out)
{
    char place[PLACE_BYTES];
    const json_t *warmup = weir__read_object(reader, object, where, "warmup");
    (void)place_of(where, "warmup", place);
    out->is_auto = weir__json_read_bool(reader, warmup, place, "auto");
    out->has_settled = weir__json_read_bool(reader, warmup, place, "settled");
    out->settled_s = weir__read_number(reader, warmup, place, "settled_s");
}

static double number_at(struct weir__reader *reader, const json_t *list, const char *where,
                        size_t index)
{
    const json_t *value = json_array_get(list, index);
    if (value != NULL && !json_is_null(value) && !json_is_number(value)) {
        weir__reader_fail(reader, where, "interval_per_hour", "a pair of numbers");
    }
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static void read_trends(struct weir__reader *reader, const json_t *object, const char *where,
                        struct weir_level_summary *level)
{
    char place[PLACE_BYTES];
    char deeper[PLACE_BYTES];
    const json_t *trends = weir__read_object(reader, object, where, "trends");
    (void)place_of(where, "trends", place);
    for (enum weir_trend_id i = 0; i < WEIR_TREND_COUNT; i++) {
        const json_t *one = weir__read_object(reader, trends, place, weir_trend_key(i));
        if (one == NULL) {
            continue;
        }
        (void)place_of(place, weir_trend_key(i), deeper);
        const json_t *interval = weir__read_array(reader, one, deeper, "interval_per_hour");
        level->has_trend[i] = true;
        level->trends[i] = (struct weir_trend){
            .slope = weir__read_number(reader, one, deeper, "slope_per_hour") / HOUR_S,
            .interval = {number_at(reader, interval, deeper, 0) / HOUR_S,
                         number_at(reader, interval, deeper, 1) / HOUR_S},
            .mean = weir__read_number(reader, one, deeper, "mean"),
        };
    }
}

static void read_goodput(struct weir__reader *reader, const json_t *object, const char *where,
                         struct weir_counters *out)
{
    char place[PLACE_BYTES];
    const json_t *goodput = weir__read_object(reader, object, where, "goodput");
    (void)place_of(where, "goodput", place);
    out->has_goodput = goodput != NULL;
    out->good = weir__json_read_count(reader, goodput, place, "good");
    if (out->good > out->measured) {
        weir__reader_fail(reader, place, "good", "at most the measured requests");
    }
}

static void read_objectives(struct weir__reader *reader, const json_t *object, const char *where,
                            struct weir_level_summary *level)
{
    static const char *const results[] = {"met", "missed",
                                          "no data"}; // ORDER weir_objective_result
    char place[PLACE_BYTES];
    size_t i = 0;
    const json_t *one = NULL;
    (void)place_of(where, "objectives", place);
    json_array_foreach(weir__read_array(reader, object, where, "objectives"), i, one)
    {
        const char *text = weir__json_read_text(reader, one, place, "objective");
        struct weir_objective_outcome outcome = {
            .value = weir__read_number(reader, one, place, "value")};
        int result = weir__read_word(reader, one, place, "result", results, 3);
        if (reader->has_failed || level->objective_count == WEIR_OBJECTIVES_MAX) {
            return;
        }
        if (weir_objective_parse(weir_slice_of(text), false, &outcome.objective, NULL) != WEIR_OK) {
            weir__reader_fail(reader, place, "objective", "one that this version of weir knows");
            return;
        }
        outcome.result = (enum weir_objective_result)result;
        level->objectives[level->objective_count++] = outcome;
    }
}

void weir__rundata_extras(struct weir__reader *reader, const json_t *object, const char *where,
                          struct weir_level_summary *level)
{
    read_offered(reader, object, where, &level->offered);
    read_settling(reader, object, where, &level->settling);
    read_trends(reader, object, where, level);
    read_goodput(reader, object, where, &level->counters);
    read_objectives(reader, object, where, level);
}
