// The words of objectives: names, comparisons and units, to be read and to be written. See
// objective.h.
#include "objective_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir/base/attr.h"

enum { NAME_MAX = 48, NAMES_MAX = 128 };

static const struct {
    const char *name;
    enum weir_metric metric;
} short_names[] = {
#define XX(name, metric) {name, WEIR_METRIC_##metric},
    WEIR_SHORT_NAME_MAP(XX)
#undef XX
};

static const struct {
    const char *name;
    enum weir_statistic_kind kind;
} statistics[] = {
    {"avg", WEIR_STATISTIC_AVG}, {"min", WEIR_STATISTIC_MIN},     {"max", WEIR_STATISTIC_MAX},
    {"std", WEIR_STATISTIC_STD}, {"count", WEIR_STATISTIC_COUNT},
};

static const char *const comparisons[] = {
#define XX(name, text) text,
    WEIR_COMPARISON_MAP(XX)
#undef XX
};

/** `times` / `over` units of the metric. */
struct weir__unit {
    const char *name;
    double times;
    double over;
};

static const struct weir__unit time_units[] = {{"ms", 1, 1},    {"ns", 1, 1e6}, {"us", 1, 1e3},
                                               {"µs", 1, 1e3},  {"s", 1e3, 1},  {"m", 6e4, 1},
                                               {"min", 6e4, 1}, {"h", 3.6e6, 1}};
static const struct weir__unit share_units[] = {{"%", 1, 1}};
static const struct weir__unit plain_units[] = {{"k", 1e3, 1}, {"K", 1e3, 1}, {"M", 1e6, 1}};

const char *weir__shown(struct weir_slice text, char out[WEIR__SHOWN_MAX])
{
    size_t len = 0;
    while (len < text.len && len + 1 < WEIR__SHOWN_MAX) {
        out[len] = (char)(text.ptr[len] >= ' ' && text.ptr[len] < 0x7f ? text.ptr[len] : '?');
        len++;
    }
    out[len] = '\0';
    return out;
}

bool weir__find_metric(struct weir_slice name, enum weir_metric *out)
{
    for (size_t i = 0; i < WEIR_COUNT_OF(short_names); i++) {
        if (weir_slice_equals(name, short_names[i].name)) {
            *out = short_names[i].metric;
            return true;
        }
    }
    char tag[NAME_MAX];
    if (name.len >= sizeof(tag) || memchr(name.ptr, '\0', name.len) != NULL) {
        return false;
    }
    memcpy(tag, name.ptr, name.len);
    tag[name.len] = '\0';
    *out = weir_metric_find(tag);
    return *out < WEIR_METRIC_COUNT;
}

const char *weir__metric_near(const char *word)
{
    const char *names[NAMES_MAX];
    size_t count = 0;
    for (enum weir_metric i = 0; i < WEIR_METRIC_COUNT; i++) {
        names[count++] = weir_metric_info(i)->tag;
    }
    for (size_t i = 0; i < WEIR_COUNT_OF(short_names); i++) {
        names[count++] = short_names[i].name;
    }
    size_t preset_count = 0;
    const struct weir_preset *presets = weir_presets(&preset_count);
    for (size_t i = 0; i < preset_count && count < NAMES_MAX; i++) {
        names[count++] = presets[i].name;
    }
    return weir_suggest(word, names, count);
}

bool weir__find_statistic(struct weir_slice name, struct weir_objective *out)
{
    for (size_t i = 0; i < WEIR_COUNT_OF(statistics); i++) {
        if (weir_slice_equals(name, statistics[i].name)) {
            out->statistic = statistics[i].kind;
            return true;
        }
    }
    for (enum weir_percentile i = 0; i < WEIR_PERCENTILE_COUNT; i++) {
        if (weir_slice_equals(name, weir_percentile_key(i))) {
            out->statistic = WEIR_STATISTIC_PERCENTILE;
            out->percentile = i;
            return true;
        }
    }
    return false;
}

const char *weir__statistic_near(const char *word)
{
    enum { NAMED = WEIR_COUNT_OF(statistics) };
    const char *names[NAMED + WEIR_PERCENTILE_COUNT];
    for (size_t i = 0; i < NAMED; i++) {
        names[i] = statistics[i].name;
    }
    for (enum weir_percentile i = 0; i < WEIR_PERCENTILE_COUNT; i++) {
        names[NAMED + i] = weir_percentile_key(i);
    }
    return weir_suggest(word, names, WEIR_COUNT_OF(names));
}

size_t weir__comparison_at(struct weir_slice text, enum weir_comparison *out)
{
    size_t best = 0; // the longest that fits: "<=" before "<"
    for (size_t i = 0; i < WEIR_COUNT_OF(comparisons); i++) {
        const size_t len = strlen(comparisons[i]);
        if (len > best && weir_slice_starts(text, comparisons[i])) {
            best = len;
            *out = (enum weir_comparison)i;
        }
    }
    return best;
}

const struct weir__units *weir__units_of(const struct weir_objective *objective)
{
    static const struct weir__units times = {"ms", "ns, us, ms, s, m or h behind a time",
                                             time_units, WEIR_COUNT_OF(time_units)};
    static const struct weir__units shares = {"%", "% or nothing behind a share", share_units,
                                              WEIR_COUNT_OF(share_units)};
    static const struct weir__units plain = {"",
                                             "no unit here (k and M are thousands and millions)",
                                             plain_units, WEIR_COUNT_OF(plain_units)};
    const char *unit = weir_metric_info(objective->metric)->unit;
    if (objective->statistic == WEIR_STATISTIC_COUNT) {
        return &plain;
    }
    if (strcmp(unit, "ms") == 0) {
        return &times;
    }
    return strcmp(unit, "%") == 0 ? &shares : &plain;
}

bool weir__convert(const struct weir__units *units, struct weir_slice name, double *value)
{
    for (size_t i = 0; i < units->count; i++) {
        if (weir_slice_equals(name, units->table[i].name)) {
            *value = *value * units->table[i].times / units->table[i].over;
            return true;
        }
    }
    return false;
}

static const char *statistic_name(const struct weir_objective *objective)
{
    if (objective->statistic == WEIR_STATISTIC_PERCENTILE) {
        return weir_percentile_key(objective->percentile);
    }
    for (size_t i = 0; i < WEIR_COUNT_OF(statistics); i++) {
        if (statistics[i].kind == objective->statistic) {
            return statistics[i].name;
        }
    }
    return NULL;
}

bool weir_objective_format(const struct weir_objective *objective, struct weir_buf *out)
{
    char number[40];
    int digits = 15; // enough for what people write; 17 for any double
    do {
        (void)snprintf(number, sizeof(number), "%.*g", digits++, objective->threshold);
    } while (digits <= 17 && strtod(number, NULL) != objective->threshold);
    const char *statistic = statistic_name(objective);
    return weir_buf_addf(out, "%s%s%s%s%s%s", weir_metric_info(objective->metric)->tag,
                         statistic != NULL ? ":" : "", statistic != NULL ? statistic : "",
                         comparisons[objective->comparison], number,
                         weir__units_of(objective)->written);
}
