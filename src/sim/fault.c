// The list of faults, reading them, and drawing who is struck: see fault.h.
#include "weir/sim/fault.h"

#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/rng.h"
#include "weir/base/str.h"
#include "weir/base/units.h"

// clang-format off
#define HTTP_FAULT(number, takes) {"http_" #number, WEIR_SIM_FAULT_HTTP, WEIR_SIM_ARG_##takes, number}

static const struct weir_sim_fault_info TABLE[] = {
    HTTP_FAULT(400, NONE), HTTP_FAULT(401, NONE), HTTP_FAULT(403, NONE), HTTP_FAULT(404, NONE), HTTP_FAULT(422, NONE),
    HTTP_FAULT(429, RETRY_AFTER), HTTP_FAULT(500, NONE), HTTP_FAULT(502, NONE), HTTP_FAULT(503, RETRY_AFTER),
    HTTP_FAULT(504, NONE), HTTP_FAULT(529, RETRY_AFTER),
    {"slow_start", WEIR_SIM_FAULT_SLOW_START, WEIR_SIM_ARG_SPAN, 0},
    {"stall", WEIR_SIM_FAULT_STALL, WEIR_SIM_ARG_SPAN, 0},
    {"truncate", WEIR_SIM_FAULT_TRUNCATE, WEIR_SIM_ARG_NONE, 0},
    {"cut", WEIR_SIM_FAULT_CUT, WEIR_SIM_ARG_NONE, 0},
    {"reset", WEIR_SIM_FAULT_RESET, WEIR_SIM_ARG_NONE, 0},
    {"hangup", WEIR_SIM_FAULT_HANGUP, WEIR_SIM_ARG_NONE, 0},
    {"error_event", WEIR_SIM_FAULT_ERROR_EVENT, WEIR_SIM_ARG_NONE, 0},
    {"malformed", WEIR_SIM_FAULT_MALFORMED, WEIR_SIM_ARG_NONE, 0},
    {"empty", WEIR_SIM_FAULT_EMPTY, WEIR_SIM_ARG_NONE, 0},
    {"short", WEIR_SIM_FAULT_SHORT, WEIR_SIM_ARG_NONE, 0},
    {"long", WEIR_SIM_FAULT_LONG, WEIR_SIM_ARG_NONE, 0},
    {"byte_writes", WEIR_SIM_FAULT_BYTE_WRITES, WEIR_SIM_ARG_NONE, 0},
    {"one_write", WEIR_SIM_FAULT_ONE_WRITE, WEIR_SIM_ARG_NONE, 0},
    {"never", WEIR_SIM_FAULT_NEVER, WEIR_SIM_ARG_NONE, 0},
    {"wrong_length", WEIR_SIM_FAULT_WRONG_LENGTH, WEIR_SIM_ARG_NONE, 0},
};
// clang-format on

const struct weir_sim_fault_info *weir_sim_fault_table(size_t *count)
{
    *count = WEIR_COUNT_OF(TABLE);
    return TABLE;
}

static weir_status find_kind(struct weir_slice name, struct weir_sim_fault *out,
                             struct weir_err *err)
{
    enum { NAME_BYTES = 40 };
    const char *names[WEIR_COUNT_OF(TABLE)];
    for (size_t i = 0; i < WEIR_COUNT_OF(TABLE); i++) {
        names[i] = TABLE[i].name;
        if (weir_slice_equals(name, TABLE[i].name)) {
            out->info = &TABLE[i];
            return WEIR_OK;
        }
    }
    char word[NAME_BYTES];
    const size_t len = name.len < sizeof(word) - 1 ? name.len : sizeof(word) - 1;
    memcpy(word, name.ptr, len);
    word[len] = '\0';
    const char *near = weir_suggest(word, names, WEIR_COUNT_OF(TABLE));
    return weir_fail(err, WEIR_INVALID,
                     "--fault: there is no fault \"%s\"%s%s%s; weir sim --help lists them", word,
                     near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
                     near != NULL ? "\"?" : "");
}

static bool read_share(struct weir_slice text, double *out)
{
    if (text.len < 2 || text.ptr[text.len - 1] != '%') {
        return false;
    }
    text.len--;
    return weir_parse_f64(text, out) && *out >= 0 && *out <= 100;
}

static bool read_arg(struct weir_slice text, bool is_given, struct weir_sim_fault *out)
{
    static const char NAME[] = "retry-after=";
    switch (out->info->arg) {
    case WEIR_SIM_ARG_SPAN:
        return is_given && weir_parse_duration(text, &out->span);
    case WEIR_SIM_ARG_RETRY_AFTER:
        if (is_given && weir_slice_starts(text, NAME)) {
            text.ptr += sizeof(NAME) - 1;
            text.len -= sizeof(NAME) - 1;
            return weir_parse_duration(text, &out->span);
        }
        return !is_given;
    case WEIR_SIM_ARG_NONE:
    default:
        return !is_given;
    }
}

static weir_status parse_one(const char *text, struct weir_sim_fault *out, struct weir_err *err)
{
    static const char *const FORMS[] = {[WEIR_SIM_ARG_NONE] = "1%",
                                        [WEIR_SIM_ARG_SPAN] = "1%:2s",
                                        [WEIR_SIM_ARG_RETRY_AFTER] = "1% or 1%:retry-after=2s"};
    struct weir_slice rest = weir_slice_of(text);
    struct weir_slice name;
    *out = (struct weir_sim_fault){.span = -1};
    (void)weir_slice_next_part(&rest, '=', &name);
    const weir_status status = find_kind(weir_slice_trim(name), out, err);
    if (status != WEIR_OK) {
        return status;
    }
    const char *value = strchr(text, '=');
    const char *colon = value != NULL ? strchr(value, ':') : NULL;
    struct weir_slice share = weir_slice_of(value != NULL ? value + 1 : "");
    if (colon != NULL) {
        share.len = (size_t)(colon - share.ptr);
    }
    if (!read_share(weir_slice_trim(share), &out->share) ||
        !read_arg(weir_slice_of(colon != NULL ? colon + 1 : ""), colon != NULL, out)) {
        return weir_fail(err, WEIR_INVALID,
                         "--fault: \"%.60s\" cannot be read; write %s=%s, with a share from 0%% to "
                         "100%%",
                         text, out->info->name, FORMS[out->info->arg]);
    }
    out->share /= 100;
    return WEIR_OK;
}

weir_status weir_sim_faults_parse(const struct weir_str_list *texts, struct weir_sim_faults *out,
                                  struct weir_err *err)
{
    static const double ROUNDING = 1e-9;
    struct weir_sim_faults read = {.count = texts->count};
    double sum = 0;
    if (texts->count > WEIR_SIM_FAULTS_MAX) {
        return weir_fail(err, WEIR_INVALID, "--fault may stand at most %d times",
                         WEIR_SIM_FAULTS_MAX);
    }
    for (size_t i = 0; i < texts->count; i++) {
        const weir_status status = parse_one(texts->items[i], &read.items[i], err);
        if (status != WEIR_OK) {
            return status;
        }
        sum += read.items[i].share;
    }
    if (sum > 1 + ROUNDING) {
        return weir_fail(err, WEIR_INVALID,
                         "the shares of --fault sum to %.6g%%; a request has one fault at most, so "
                         "they must not pass 100%%",
                         100 * sum);
    }
    *out = read;
    return WEIR_OK;
}

const struct weir_sim_fault *weir_sim_faults_draw(const struct weir_sim_faults *faults,
                                                  uint64_t seed, uint64_t number)
{
    if (faults->count == 0) {
        return NULL;
    }
    struct weir_rng rng = weir_rng_split(seed, "sim fault", number);
    double left = weir_rng_unit(&rng);
    for (size_t i = 0; i < faults->count; i++) {
        if (left < faults->items[i].share) {
            return &faults->items[i];
        }
        left -= faults->items[i].share;
    }
    return NULL;
}

uint64_t weir_sim_fault_place(uint64_t seed, uint64_t number, uint64_t events)
{
    if (events <= 2) {
        return events == 2 ? 1 : 0;
    }
    struct weir_rng rng = weir_rng_split(seed, "sim fault place", number);
    const uint64_t most = events - 1 < UINT32_MAX ? events - 1 : UINT32_MAX;
    return 1 + weir_rng_below(&rng, (uint32_t)most);
}
