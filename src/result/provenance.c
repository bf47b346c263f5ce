// What differs between two runs beside their figures: see provenance.h.
#include "weir/result/provenance.h"

#include <stdio.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/base/str.h"
#include "weir/result/text.h"

static const struct {
    const char *key;
    bool is_grave;
} kinds[] = {
#define XX(name, key, is_grave, meaning) {key, is_grave},
    WEIR_DIFFERENCE_MAP(XX)
#undef XX
};

/** What each option of `weir run` decides; those not named here are OTHER. */
static const struct {
    const char *option;
    enum weir_difference_kind kind;
} options[] = {
    {"model", WEIR_DIFFERENCE_MODEL},          {"endpoint-type", WEIR_DIFFERENCE_PROMPTS},
    {"streaming", WEIR_DIFFERENCE_PROMPTS},    {"isl", WEIR_DIFFERENCE_PROMPTS},
    {"isl-stddev", WEIR_DIFFERENCE_PROMPTS},   {"osl", WEIR_DIFFERENCE_PROMPTS},
    {"osl-stddev", WEIR_DIFFERENCE_PROMPTS},   {"input-file", WEIR_DIFFERENCE_PROMPTS},
    {"prompt-pool", WEIR_DIFFERENCE_PROMPTS},  {"unique-prompts", WEIR_DIFFERENCE_PROMPTS},
    {"extra-inputs", WEIR_DIFFERENCE_PROMPTS}, {"cancel-rate", WEIR_DIFFERENCE_LOAD},
    {"cancel-after", WEIR_DIFFERENCE_LOAD},    {"connection", WEIR_DIFFERENCE_LOAD},
    {"arrival", WEIR_DIFFERENCE_LOAD},         {"burstiness", WEIR_DIFFERENCE_LOAD},
    {"burst", WEIR_DIFFERENCE_LOAD},           {"rate-schedule", WEIR_DIFFERENCE_LOAD},
    {"arrival-file", WEIR_DIFFERENCE_LOAD},    {"max-in-flight", WEIR_DIFFERENCE_LOAD},
    {"when-full", WEIR_DIFFERENCE_LOAD},       {"seed", WEIR_DIFFERENCE_SEED},
};

/** Options that may differ without a word: where the server is, what is asked of the result, where
 * it goes. */
static const char *const silent[] = {
    "url",
    "header",
    "api-key",
    "slo",
    "goodput",
    "fail-if",
    "name",
    "out",
    "records",
    "records-rotate",
    "records-compress",
    "progress",
    "quiet",
    "json",
    "allow-invalid",
    "report",
};

const char *weir_difference_key(enum weir_difference_kind kind)
{
    WEIR_ASSERT((size_t)kind < WEIR_COUNT_OF(kinds));
    return kinds[kind].key;
}

static enum weir_difference_kind kind_of(const char *option)
{
    for (size_t i = 0; i < WEIR_COUNT_OF(options); i++) {
        if (strcmp(options[i].option, option) == 0) {
            return options[i].kind;
        }
    }
    return WEIR_DIFFERENCE_OTHER;
}

static bool is_silent(const char *option)
{
    for (size_t i = 0; i < WEIR_COUNT_OF(silent); i++) {
        if (strcmp(silent[i], option) == 0) {
            return true;
        }
    }
    return false;
}

static void add(struct weir_differences *list, enum weir_difference_kind kind, const char *what,
                const char *a, const char *b)
{
    struct weir_difference new = {.kind = kind, .is_grave = kinds[kind].is_grave};
    (void)weir_text_clean(what, strlen(what), new.what, sizeof(new.what));
    (void)weir_text_clean(a, strlen(a), new.a, sizeof(new.a));
    (void)weir_text_clean(b, strlen(b), new.b, sizeof(new.b));
    for (size_t i = 0; i < list->count; i++) {
        const struct weir_difference *old = &list->items[i];
        if (strcmp(old->what, new.what) == 0 && strcmp(old->a, new.a) == 0 &&
            strcmp(old->b, new.b) == 0) {
            return;
        }
    }
    list->items = weir_realloc(list->items, list->count + 1, sizeof(*list->items));
    list->items[list->count++] = new;
}

/** A JSON value in one line, strings without their quotes; "" when it is absent or null. Returns
 * `out`. */
static const char *text_of(const json_t *value, char *out, size_t size)
{
    out[0] = '\0';
    if (json_is_string(value)) {
        (void)weir_copy(out, size, json_string_value(value));
    } else if (value != NULL && !json_is_null(value)) {
        const size_t len = json_dumpb(value, out, size - 1, JSON_COMPACT | JSON_ENCODE_ANY);
        out[len < size ? len : size - 1] = '\0';
    }
    return out;
}

static void compare_values(struct weir_differences *list, enum weir_difference_kind kind,
                           const char *what, const json_t *a, const json_t *b)
{
    char first[512];
    char second[512];
    if (a == b || (a != NULL && b != NULL && json_equal(a, b))) {
        return;
    }
    (void)text_of(a, first, sizeof(first));
    (void)text_of(b, second, sizeof(second));
    if (strcmp(first, second) != 0) {
        add(list, kind, what, first, second);
    }
}

static void compare_hosts(struct weir_differences *list, const json_t *a, const json_t *b)
{
    static const char *const grave[] = {"hostname", "cpu_model", "cores"};
    static const char *const light[] = {"kernel", "governor", "clocksource"};
    for (size_t i = 0; i < WEIR_COUNT_OF(grave); i++) {
        compare_values(list, WEIR_DIFFERENCE_HOST, grave[i], json_object_get(a, grave[i]),
                       json_object_get(b, grave[i]));
    }
    for (size_t i = 0; i < WEIR_COUNT_OF(light); i++) {
        compare_values(list, WEIR_DIFFERENCE_OTHER, light[i], json_object_get(a, light[i]),
                       json_object_get(b, light[i]));
    }
}

static const json_t *option_value(const json_t *config, const char *name)
{
    return json_object_get(json_object_get(config, name), "value");
}

/** Options of `from` against those of `with`; `is_back`: only those that `with` lacks, seen from
 * the other side. */
static void compare_options(struct weir_differences *list, json_t *from, json_t *with, bool is_back)
{
    const char *name = NULL;
    json_t *option = NULL;
    json_object_foreach(from, name, option)
    {
        const bool is_new = json_object_get(with, name) == NULL;
        if (is_silent(name) || (is_back && !is_new)) {
            continue;
        }
        // An option that an older weir did not have is no difference of the load until it is used;
        // what it is, is told.
        const enum weir_difference_kind kind = is_new ? WEIR_DIFFERENCE_OTHER : kind_of(name);
        const json_t *mine = option_value(from, name);
        const json_t *theirs = option_value(with, name);
        compare_values(list, kind, name, is_back ? theirs : mine, is_back ? mine : theirs);
    }
}

/** Models are told level by level: the one that the server chose counts, not the one that was asked
 * for. */
static void compare_models(struct weir_differences *list, const struct weir_rundata *a,
                           const struct weir_rundata *b)
{
    for (size_t i = 0; i < a->summary.level_count; i++) {
        const char *first = a->summary.levels[i].model;
        bool is_there = false;
        for (size_t j = 0; j < b->summary.level_count; j++) {
            is_there = is_there || strcmp(first, b->summary.levels[j].model) == 0;
        }
        if (!is_there && b->summary.level_count > 0) {
            add(list, WEIR_DIFFERENCE_MODEL, "model", first, b->summary.levels[0].model);
        }
    }
}

/** Only what shapes the bodies is left when the options agree: the content of the dataset. */
static void compare_plans(struct weir_differences *list, const struct weir_rundata *a,
                          const struct weir_rundata *b)
{
    const json_t *first = json_object_get(a->summary_json, "plan_hash");
    const json_t *second = json_object_get(b->summary_json, "plan_hash");
    static const char *const shaping[] = {
        "concurrency",     "request-rate", "request-count", "duration", "warmup-count",
        "warmup-duration", "repeat",       "warmup",        "url",      "rescale-arrivals"};
    const json_t *mine = json_object_get(a->run, "config");
    const json_t *theirs = json_object_get(b->run, "config");
    bool is_explained = first == NULL || second == NULL || json_equal(first, second);
    for (size_t i = 0; i < WEIR_COUNT_OF(shaping); i++) {
        const json_t *one = option_value(mine, shaping[i]);
        const json_t *other = option_value(theirs, shaping[i]);
        is_explained = is_explained || (one != NULL && other != NULL && !json_equal(one, other));
    }
    for (size_t i = 0; i < list->count; i++) {
        is_explained = is_explained || list->items[i].kind != WEIR_DIFFERENCE_HOST;
    }
    if (!is_explained) {
        compare_values(list, WEIR_DIFFERENCE_PROMPTS, "plan_hash (content of the requests)", first,
                       second);
    }
}

void weir_differences_add(struct weir_differences *list, const struct weir_rundata *a,
                          const struct weir_rundata *b)
{
    const json_t *host_a = json_object_get(a->summary_json, "host");
    const json_t *host_b = json_object_get(b->summary_json, "host");
    compare_hosts(list, host_a != NULL ? host_a : json_object_get(a->run, "host"),
                  host_b != NULL ? host_b : json_object_get(b->run, "host"));
    compare_models(list, a, b);
    json_t *mine = json_object_get(a->run, "config");
    json_t *theirs = json_object_get(b->run, "config");
    if (json_is_object(mine) && json_is_object(theirs)) {
        compare_options(list, mine, theirs, false);
        compare_options(list, theirs, mine, true);
    } else {
        add(list, WEIR_DIFFERENCE_OTHER, "configuration",
            json_is_object(mine) ? "told" : "not told: no run.json",
            json_is_object(theirs) ? "told" : "not told: no run.json");
        compare_values(list, WEIR_DIFFERENCE_SEED, "seed", json_object_get(a->summary_json, "seed"),
                       json_object_get(b->summary_json, "seed"));
    }
    compare_plans(list, a, b);
    compare_values(list, WEIR_DIFFERENCE_VERSION, "weir_version",
                   json_object_get(a->summary_json, "weir_version"),
                   json_object_get(b->summary_json, "weir_version"));
}

void weir_differences_free(struct weir_differences *list)
{
    weir_free(list->items);
    *list = (struct weir_differences){0};
}

static weir_status allow_one(struct weir_differences *list, const char *name, struct weir_err *err)
{
    const char *names[WEIR_DIFFERENCE_COUNT + 1] = {"all"};
    const bool is_all = strcmp(name, "all") == 0;
    bool is_known = is_all;
    for (size_t i = 0; i < WEIR_COUNT_OF(kinds); i++) {
        names[i + 1] = kinds[i].key;
        is_known = is_known || strcmp(name, kinds[i].key) == 0;
    }
    if (!is_known) {
        const char *near = weir_suggest(name, names, WEIR_COUNT_OF(names));
        return weir_fail(
            err, WEIR_INVALID,
            "--allow-different %.60s is no kind of difference; %s%s%s there are host, model, "
            "prompts, load, seed, version, other and all",
            name, near != NULL ? "did you mean " : "", near != NULL ? near : "",
            near != NULL ? "?" : "");
    }
    for (size_t i = 0; i < list->count; i++) {
        if (is_all || strcmp(kinds[list->items[i].kind].key, name) == 0) {
            list->items[i].is_grave = false;
        }
    }
    return WEIR_OK;
}

weir_status weir_differences_allow(struct weir_differences *list, char *const *names, size_t count,
                                   struct weir_err *err)
{
    weir_status status = WEIR_OK;
    for (size_t i = 0; i < count && status == WEIR_OK; i++) {
        struct weir_slice rest = weir_slice_of(names[i]);
        struct weir_slice part;
        while (status == WEIR_OK && weir_slice_next_part(&rest, ',', &part)) {
            char name[64];
            const struct weir_slice word = weir_slice_trim(part);
            (void)snprintf(name, sizeof(name), "%.*s", (int)word.len, word.ptr);
            status = allow_one(list, name, err);
        }
    }
    return status;
}

bool weir_differences_forbid(const struct weir_differences *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].is_grave) {
            return true;
        }
    }
    return false;
}
