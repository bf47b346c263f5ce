/** units.h: numbers as people write them: 50ms, 2s, 1.5k, 64KiB. Pure, any thread. */
#ifndef WEIR_BASE_UNITS_H
#define WEIR_BASE_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/base/clock.h"
#include "weir/base/str.h"

/** Duration: number and ns, us (µs), ms, s, m (min), h or d. A bare 0 is allowed, any other bare
 * number is not: a duration without a unit is a guess. False when malformed, negative or above 10
 * years. */
bool weir_parse_duration(struct weir_slice text, weir_ns *out);

/** Size: number and B, KB, MB, GB (1000) or KiB, MiB, GiB (1024); bare numbers are bytes. */
bool weir_parse_size(struct weir_slice text, int64_t *out);

/** Count: number and nothing, k, M or G (1000s); must come out whole. */
bool weir_parse_count(struct weir_slice text, int64_t *out);

/** "1.5ms", "90s", "2h": the largest unit that gives a short exact number. Returns `out`. */
const char *weir_format_duration(weir_ns ns, char *out, size_t size);

/** "64KiB", "1000B". Returns `out`. */
const char *weir_format_size(int64_t bytes, char *out, size_t size);

#endif
