// Arithmetic of limits: see capacity.h.
#include "weir/sim/capacity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/str.h"
#include "weir/base/units.h"

static bool read_rate(struct weir_slice text, double *out)
{
    static const char TAIL[] = "/s";
    const size_t len = sizeof(TAIL) - 1;
    if (text.len > len && memcmp(text.ptr + text.len - len, TAIL, len) == 0) {
        text.len -= len;
    }
    return weir_parse_f64(text, out) && *out >= 1e-3 && *out <= 1e9;
}

static bool read_burst(struct weir_slice text, double *out)
{
    int64_t count = 0;
    const bool is_good = weir_parse_count(text, &count) && count >= 1;
    *out = (double)count;
    return is_good;
}

weir_status weir_sim_bucket_parse(const char *text, struct weir_sim_bucket *out,
                                  struct weir_err *err)
{
    struct weir_sim_bucket read = {0};
    const char *colon = strchr(text, ':');
    struct weir_slice rate = weir_slice_of(text);
    if (text[0] == '\0') {
        *out = read;
        return WEIR_OK;
    }
    if (colon != NULL) {
        rate.len = (size_t)(colon - text);
    }
    bool is_good = read_rate(rate, &read.rate);
    if (is_good && colon != NULL) {
        is_good = read_burst(weir_slice_of(colon + 1), &read.burst);
    }
    if (!is_good) {
        return weir_fail(err, WEIR_INVALID,
                         "--rate-limit \"%.60s\" cannot be read; write requests a second and, if "
                         "wanted, how many at once, as 10 or 10:20",
                         text);
    }
    if (colon == NULL) {
        read.burst = fmax(1, floor(read.rate));
    }
    read.level = read.burst;
    *out = read;
    return WEIR_OK;
}

bool weir_sim_bucket_take(struct weir_sim_bucket *bucket, weir_ns now, weir_ns *wait)
{
    static const double SECOND = 1e9;
    *wait = 0;
    if (bucket->rate <= 0) {
        return true;
    }
    if (bucket->at > 0 && now > bucket->at) {
        const double more = bucket->rate * (double)(now - bucket->at) / SECOND;
        bucket->level = fmin(bucket->burst, bucket->level + more);
    }
    bucket->at = now > bucket->at ? now : bucket->at;
    if (bucket->level >= 1) {
        bucket->level -= 1;
        return true;
    }
    *wait = (weir_ns)ceil((1 - bucket->level) / bucket->rate * SECOND);
    return false;
}

weir_ns weir_sim_budget_take(struct weir_sim_budget *budget, weir_ns due, uint64_t tokens)
{
    if (budget->rate <= 0) {
        return due;
    }
    const weir_ns at = budget->ready > due ? budget->ready : due;
    budget->ready = at + (weir_ns)llround((double)tokens / budget->rate * 1e9);
    return at;
}

static int compare_freezes(const void *a, const void *b)
{
    const struct weir_sim_freeze *const x = a;
    const struct weir_sim_freeze *const y = b;
    return (x->at > y->at) - (x->at < y->at);
}

static bool read_freeze(const char *text, struct weir_sim_freeze *out)
{
    const char *colon = strchr(text, ':');
    if (colon == NULL) {
        return false;
    }
    const struct weir_slice at = {text, (size_t)(colon - text)};
    return weir_parse_duration(at, &out->at) &&
           weir_parse_duration(weir_slice_of(colon + 1), &out->span) && out->span > 0;
}

weir_status weir_sim_freezes_parse(const struct weir_str_list *texts, struct weir_sim_freezes *out,
                                   struct weir_err *err)
{
    struct weir_sim_freezes read = {.count = texts->count};
    if (texts->count > WEIR_SIM_FREEZES_MAX) {
        return weir_fail(err, WEIR_INVALID, "--stall-at may stand at most %d times",
                         WEIR_SIM_FREEZES_MAX);
    }
    for (size_t i = 0; i < texts->count; i++) {
        if (!read_freeze(texts->items[i], &read.items[i])) {
            return weir_fail(err, WEIR_INVALID,
                             "--stall-at \"%.60s\" cannot be read; write when and for how long, as "
                             "5s:2s",
                             texts->items[i]);
        }
    }
    qsort(read.items, read.count, sizeof(read.items[0]), compare_freezes);
    for (size_t i = 1; i < read.count; i++) {
        if (read.items[i - 1].at + read.items[i - 1].span > read.items[i].at) {
            return weir_fail(err, WEIR_INVALID,
                             "two spans of --stall-at overlap; let each end "
                             "before the next begins");
        }
    }
    *out = read;
    return WEIR_OK;
}
