// Varying quantities, parsed and drawn: see dist.h.
#include "weir/base/dist.h"

#include <math.h>
#include <stdio.h>

#include "weir/base/units.h"

typedef bool parse_fn(struct weir_slice text, int64_t *out);

static bool parse_spread(struct weir_slice kind, struct weir_slice rest, parse_fn *parse,
                         struct weir_dist *dist)
{
    if (rest.ptr == NULL) {
        double percent = 0;
        if (!weir_parse_f64(kind, &percent) || percent < 0 || percent > 100) {
            return false;
        }
        dist->kind = WEIR_DIST_UNIFORM;
        dist->spread = dist->mean * percent / 100;
        return true;
    }
    int64_t spread = 0;
    if (!parse(rest, &spread)) {
        return false;
    }
    dist->spread = (double)spread;
    dist->kind = weir_slice_equals(kind, "normal") ? WEIR_DIST_NORMAL : WEIR_DIST_LOGNORMAL;
    return dist->kind == WEIR_DIST_NORMAL || weir_slice_equals(kind, "lognormal");
}

static bool parse_dist(struct weir_slice text, parse_fn *parse, struct weir_dist *out)
{
    struct weir_slice mean;
    struct weir_slice kind;
    struct weir_dist dist = {.kind = WEIR_DIST_FIXED};
    int64_t value = 0;
    if (!weir_slice_next_part(&text, ':', &mean) || !parse(mean, &value)) {
        return false;
    }
    dist.mean = (double)value;
    if (weir_slice_next_part(&text, ':', &kind) && !parse_spread(kind, text, parse, &dist)) {
        return false;
    }
    *out = dist;
    return true;
}

bool weir_dist_parse_duration(struct weir_slice text, struct weir_dist *out)
{
    return parse_dist(text, weir_parse_duration, out);
}

bool weir_dist_parse_count(struct weir_slice text, struct weir_dist *out)
{
    return parse_dist(text, weir_parse_count, out);
}

static double lognormal(const struct weir_dist *dist, struct weir_rng *rng)
{
    // drawn even when the mean is 0: a stream does not depend on values
    double normal = weir_rng_normal(rng);
    if (dist->mean <= 0) {
        return 0;
    }
    double ratio = dist->spread / dist->mean;
    double variance = log1p(ratio * ratio);
    return dist->mean * exp(sqrt(variance) * normal - variance / 2);
}

double weir_dist_draw(const struct weir_dist *dist, struct weir_rng *rng)
{
    double value = dist->mean;
    switch (dist->kind) {
    case WEIR_DIST_FIXED:
        break;
    case WEIR_DIST_UNIFORM:
        value += dist->spread * (2.0 * weir_rng_unit(rng) - 1.0);
        break;
    case WEIR_DIST_NORMAL:
        value += dist->spread * weir_rng_normal(rng);
        break;
    case WEIR_DIST_LOGNORMAL:
        value = lognormal(dist, rng);
        break;
    }
    return value > 0 ? value : 0;
}

static const char *format_spread(const struct weir_dist *dist, const char *mean, const char *spread,
                                 char *out, size_t size)
{
    switch (dist->kind) {
    case WEIR_DIST_UNIFORM:
        (void)snprintf(out, size, "%s:%.6g", mean,
                       dist->mean > 0 ? dist->spread / dist->mean * 100 : 0);
        break;
    case WEIR_DIST_NORMAL:
        (void)snprintf(out, size, "%s:normal:%s", mean, spread);
        break;
    case WEIR_DIST_LOGNORMAL:
        (void)snprintf(out, size, "%s:lognormal:%s", mean, spread);
        break;
    case WEIR_DIST_FIXED:
    default:
        (void)snprintf(out, size, "%s", mean);
    }
    return out;
}

const char *weir_dist_format_duration(const struct weir_dist *dist, char *out, size_t size)
{
    char mean[40];
    char spread[40];
    (void)weir_format_duration((weir_ns)llround(dist->mean), mean, sizeof(mean));
    (void)weir_format_duration((weir_ns)llround(dist->spread), spread, sizeof(spread));
    return format_spread(dist, mean, spread, out, size);
}

const char *weir_dist_format_count(const struct weir_dist *dist, char *out, size_t size)
{
    char mean[40];
    char spread[40];
    (void)snprintf(mean, sizeof(mean), "%.0f", dist->mean);
    (void)snprintf(spread, sizeof(spread), "%.0f", dist->spread);
    return format_spread(dist, mean, spread, out, size);
}
