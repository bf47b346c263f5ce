/** dist.h: a positive quantity that varies: "50ms", "50ms:30" (uniform ±30 %), "50ms:normal:5ms",
 * "50ms:lognormal:5ms". The same for lengths in tokens: "128", "128:30", "128:normal:16",
 * "128:lognormal:40". Pure; any thread. */
#ifndef WEIR_BASE_DIST_H
#define WEIR_BASE_DIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/base/rng.h"
#include "weir/base/str.h"

enum weir_dist_kind { WEIR_DIST_FIXED, WEIR_DIST_UNIFORM, WEIR_DIST_NORMAL, WEIR_DIST_LOGNORMAL };

/** mean and spread in the unit of the quantity (ns or tokens). spread: half-width when uniform,
 * standard deviation else. */
struct weir_dist {
    enum weir_dist_kind kind;
    double mean;
    double spread;
};

bool weir_dist_parse_duration(struct weir_slice text, struct weir_dist *out);
bool weir_dist_parse_count(struct weir_slice text, struct weir_dist *out);

/** One draw, never below 0. Normal draws below 0 become 0; a lognormal has the given mean and
 * deviation. */
double weir_dist_draw(const struct weir_dist *dist, struct weir_rng *rng);

/** As it would be parsed again. Returns `out`. */
const char *weir_dist_format_duration(const struct weir_dist *dist, char *out, size_t size);
const char *weir_dist_format_count(const struct weir_dist *dist, char *out, size_t size);

#endif
