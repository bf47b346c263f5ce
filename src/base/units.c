// Numbers with units: tables and two walks. See units.h.
#include "weir/base/units.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "weir/base/attr.h"

struct unit {
    const char *name;
    int64_t factor;
};

// Ascending, so that formatting can take the largest that fits.
static const struct unit durations[] = {
    {"ns", 1},          {"us", WEIR_USEC},   {"µs", WEIR_USEC}, {"ms", WEIR_MSEC}, {"s", WEIR_SECOND},
    {"m", WEIR_MINUTE}, {"min", WEIR_MINUTE}, {"h", WEIR_HOUR},  {"d", WEIR_DAY},
};
static const struct unit sizes[] = {
    {"B", 1},         {"KB", 1000},         {"MB", 1000000},     {"GB", 1000000000},
    {"KiB", 1 << 10}, {"MiB", 1 << 20},     {"GiB", 1 << 30},
};
static const struct unit counts[] = {{"k", 1000}, {"K", 1000}, {"M", 1000000}, {"G", 1000000000}};

static bool is_number_char(const struct weir_slice text, size_t i)
{
    char c = text.ptr[i];
    return (c >= '0' && c <= '9') || c == '.' || (i == 0 && (c == '-' || c == '+'));
}

/** Split "1.5ms" into 1.5 and "ms". */
static bool split(struct weir_slice text, double *number, struct weir_slice *unit)
{
    size_t digits = 0;
    while (digits < text.len && is_number_char(text, digits)) {
        digits++;
    }
    *unit = (struct weir_slice){text.ptr + digits, text.len - digits};
    return weir_parse_f64((struct weir_slice){text.ptr, digits}, number) && *number >= 0;
}

/** Factor of `unit`; `bare` for an empty unit; 0 when there is none. */
static int64_t factor_of(struct weir_slice unit, const struct unit *table, size_t count, int64_t bare)
{
    if (unit.len == 0) {
        return bare;
    }
    for (size_t i = 0; i < count; i++) {
        if (weir_slice_equals(unit, table[i].name)) {
            return table[i].factor;
        }
    }
    return 0;
}

bool weir_parse_duration(struct weir_slice text, weir_ns *out)
{
    double number = 0;
    struct weir_slice unit;
    if (!split(text, &number, &unit)) {
        return false;
    }
    int64_t factor = factor_of(unit, durations, WEIR_COUNT_OF(durations), number == 0 ? 1 : 0);
    double ns = number * (double)factor;
    if (factor == 0 || ns > 3650.0 * (double)WEIR_DAY) {
        return false;
    }
    *out = (weir_ns)llround(ns);
    return true;
}

/** `number` units as a whole number; false when it is not whole or too large. */
static bool whole(double number, int64_t factor, int64_t *out)
{
    double value = number * (double)factor;
    if (factor == 0 || value > 9e15 || value != floor(value)) {
        return false;
    }
    *out = (int64_t)value;
    return true;
}

bool weir_parse_size(struct weir_slice text, int64_t *out)
{
    double number = 0;
    struct weir_slice unit;
    return split(text, &number, &unit) &&
           whole(number, factor_of(unit, sizes, WEIR_COUNT_OF(sizes), 1), out);
}

bool weir_parse_count(struct weir_slice text, int64_t *out)
{
    double number = 0;
    struct weir_slice unit;
    return split(text, &number, &unit) &&
           whole(number, factor_of(unit, counts, WEIR_COUNT_OF(counts), 1), out);
}

const char *weir_format_duration(weir_ns ns, char *out, size_t size)
{
    static const struct unit ladder[] = {{"h", WEIR_HOUR}, {"s", WEIR_SECOND}, {"ms", WEIR_MSEC}, {"us", WEIR_USEC}};
    for (size_t i = 0; i < WEIR_COUNT_OF(ladder); i++) {
        // hours only when whole; below that, a fraction of up to three digits stays exact
        bool fits = i == 0 ? ns % WEIR_HOUR == 0 : ns % (ladder[i].factor / 1000) == 0;
        if (ns >= ladder[i].factor && fits) {
            (void)snprintf(out, size, "%.10g%s", (double)ns / (double)ladder[i].factor, ladder[i].name);
            return out;
        }
    }
    (void)snprintf(out, size, ns == 0 ? "0s" : "%" PRId64 "ns", ns);
    return out;
}

const char *weir_format_size(int64_t bytes, char *out, size_t size)
{
    static const struct unit ladder[] = {{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}};
    for (size_t i = 0; i < WEIR_COUNT_OF(ladder); i++) {
        if (bytes >= ladder[i].factor && bytes % ladder[i].factor == 0) {
            (void)snprintf(out, size, "%" PRId64 "%s", bytes / ladder[i].factor, ladder[i].name);
            return out;
        }
    }
    (void)snprintf(out, size, "%" PRId64 "B", bytes);
    return out;
}
