/** config_samples.h: for tests that go over all options: values each kind takes, and equality of
 * fields. */
#ifndef WEIR_TESTS_CONFIG_SAMPLES_H
#define WEIR_TESTS_CONFIG_SAMPLES_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir/config/config.h"

enum { SAMPLE_COUNT = 3, SAMPLE_BYTES = 256 };

/** The kind of each option, as text. */
static const char *const kind_names[] = {
#define GROUP(id, title)
#define X(kind, field, name, letter, fallback, min, max, commands, value, help) #kind,
#include "weir/config/options.def"
#undef GROUP
#undef X
};

static inline bool is_kind(enum weir_option_id id, const char *kind)
{
    return strcmp(kind_names[id], kind) == 0;
}

/** One of the commands that take the option. */
static inline int command_of(enum weir_option_id id)
{
    const int commands = weir_option(id)->commands;
    return commands & -commands;
}

/** Choice number `which` (from the end round) of an ENUM. */
static inline void sample_choice(enum weir_option_id id, int which, char *out)
{
    (void)snprintf(out, SAMPLE_BYTES, "%s", weir_option(id)->value);
    for (char *bar = strrchr(out, '|'); which > 0 && bar != NULL;
         bar = strrchr(out, '|'), which--) {
        *bar = '\0';
    }
    char *last = strrchr(out, '|');
    if (last != NULL) {
        memmove(out, last + 1, strlen(last + 1) + 1);
    }
}

/** A number within the limits: the lowest, the highest, one between. */
static inline int64_t sample_number(enum weir_option_id id, int which)
{
    const int64_t numbers[SAMPLE_COUNT] = {(int64_t)weir_option(id)->min,
                                           (int64_t)weir_option(id)->max,
                                           (int64_t)weir_option(id)->min + 7};
    return numbers[which];
}

/** The same of a real number: what is between has no short decimal form. */
static inline double sample_real(enum weir_option_id id, int which)
{
    const double low = weir_option(id)->min;
    const double high = weir_option(id)->max;
    const double numbers[SAMPLE_COUNT] = {low, high, low + (high - low) / 7};
    return numbers[which];
}

/** Value number `which` of the option as a flag would give it. Returns `out`. */
static inline const char *sample(enum weir_option_id id, int which, char out[SAMPLE_BYTES])
{
    static const struct {
        const char *kind;
        const char *values[SAMPLE_COUNT];
    } fixed[] = {
        {"STR", {"one", "two: words # \"quoted\" \\ 'so'", "d\xC3\xA9j\xC3\xA0 vu"}},
        {"SECRET", {"sk-hush-1", "sk-hush: 2", "sk-hush-#3"}},
        {"STR_LIST", {"http://a:1", "b=http://c:2/v1", "sim:ttft=5ms,itl=1ms"}},
        {"SECRET_LIST", {"X-One: sk-hush-1", "X-Two: sk: hush-2", "X-Three: #sk-hush 3"}},
        {"INPUT_LIST", {"ignore_eos=true", "{\"temperature\": 0}", "stop=[\"a, b\"]"}},
        {"BOOL", {"true", "false", "true"}},
        {"SIZE", {"64KiB", "0", "1.5GB"}},
        {"DURATION", {"2ms", "999.5s", "1500us"}},
        {"DIST_DURATION", {"20ms", "20ms:lognormal:4ms", "3s:25"}},
        {"DIST_COUNT", {"20", "20:normal:4", "1000:50"}},
    };
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        if (is_kind(id, fixed[i].kind)) {
            (void)snprintf(out, SAMPLE_BYTES, "%s", fixed[i].values[which]);
            return out;
        }
    }
    if (is_kind(id, "ENUM")) {
        sample_choice(id, which, out);
    } else if (is_kind(id, "COUNT_LIST")) {
        (void)snprintf(out, SAMPLE_BYTES, "%" PRId64 ",%" PRId64 ",%" PRId64,
                       sample_number(id, which), sample_number(id, 1), sample_number(id, 2));
    } else if (is_kind(id, "F64")) {
        (void)snprintf(out, SAMPLE_BYTES, "%.17g", sample_real(id, which));
    } else if (is_kind(id, "F64_LIST")) {
        (void)snprintf(out, SAMPLE_BYTES, "%.17g,%.17g,%.17g", sample_real(id, which),
                       sample_real(id, 1), sample_real(id, 2));
    } else {
        (void)snprintf(out, SAMPLE_BYTES, "%" PRId64, sample_number(id, which));
    }
    return out;
}

// ---- equality, one function a kind
// -----------------------------------------------------------------------

static inline bool same_STR(char *const *a, char *const *b)
{
    return strcmp(*a, *b) == 0;
}

static inline bool same_SECRET(char *const *a, char *const *b)
{
    return strcmp(*a, *b) == 0;
}

static inline bool same_STR_LIST(const struct weir_str_list *a, const struct weir_str_list *b)
{
    bool is_same = a->count == b->count;
    for (size_t i = 0; is_same && i < a->count; i++) {
        is_same = strcmp(a->items[i], b->items[i]) == 0;
    }
    return is_same;
}

static inline bool same_SECRET_LIST(const struct weir_str_list *a, const struct weir_str_list *b)
{
    return same_STR_LIST(a, b);
}

static inline bool same_INPUT_LIST(const struct weir_str_list *a, const struct weir_str_list *b)
{
    return same_STR_LIST(a, b);
}

static inline bool same_BOOL(const bool *a, const bool *b)
{
    return *a == *b;
}

static inline bool same_COUNT(const int64_t *a, const int64_t *b)
{
    return *a == *b;
}

static inline bool same_COUNT_LIST(const struct weir_i64_list *a, const struct weir_i64_list *b)
{
    return a->count == b->count && memcmp(a->items, b->items, a->count * sizeof(*a->items)) == 0;
}

static inline bool same_F64(const double *a, const double *b)
{
    return *a == *b;
}

static inline bool same_F64_LIST(const struct weir_f64_list *a, const struct weir_f64_list *b)
{
    bool is_same = a->count == b->count;
    for (size_t i = 0; is_same && i < a->count; i++) {
        is_same = a->items[i] == b->items[i];
    }
    return is_same;
}

static inline bool same_SIZE(const int64_t *a, const int64_t *b)
{
    return *a == *b;
}

static inline bool same_DURATION(const weir_ns *a, const weir_ns *b)
{
    return *a == *b;
}

static inline bool same_ENUM(const int *a, const int *b)
{
    return *a == *b;
}

static inline bool same_DIST_DURATION(const struct weir_dist *a, const struct weir_dist *b)
{
    return a->kind == b->kind && a->mean == b->mean && a->spread == b->spread;
}

static inline bool same_DIST_COUNT(const struct weir_dist *a, const struct weir_dist *b)
{
    return same_DIST_DURATION(a, b);
}

/** The first option whose values differ; WEIR_OPTION_COUNT when none does. */
static inline enum weir_option_id first_difference(const struct weir_config *a,
                                                   const struct weir_config *b)
{
#define GROUP(id, title)
#define X(kind, field, name, letter, fallback, min, max, commands, value, help)                    \
    if (!same_##kind(&a->field, &b->field)) {                                                      \
        return WEIR_OPTION_##field;                                                                \
    }
#include "weir/config/options.def"
#undef GROUP
#undef X
    return WEIR_OPTION_COUNT;
}

#endif
