// Numbers with units: tables and two walks. See units.h.
#include "weir/base/units.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "weir/base/attr.h"

// Durations: ten years. Sizes and counts: what a double, and so a JSON number, still holds exactly.
static const weir_ns longest = 3650 * WEIR_DAY;
static const int64_t largest = 9000000000000000;

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit durations[] = {
    {"ns", 1},          {"us", WEIR_USEC},  {"µs", WEIR_USEC},    {"ms", WEIR_MSEC},
    {"s", WEIR_SECOND}, {"m", WEIR_MINUTE}, {"min", WEIR_MINUTE}, {"h", WEIR_HOUR},
    {"d", WEIR_DAY},
};
static const struct unit sizes[] = {
    {"B", 1},         {"KB", 1000},     {"MB", 1000000},  {"GB", 1000000000},
    {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30},
};
static const struct unit counts[] = {{"k", 1000}, {"K", 1000}, {"M", 1000000}, {"G", 1000000000}};

/** A decimal number in two parts: as one double it could not hold ten years to the nanosecond. */
struct number {
    int64_t whole;
    double fraction; // [0, 1)
};

static size_t digits_at(struct weir_slice text, size_t from)
{
    size_t end = from;
    while (end < text.len && text.ptr[end] >= '0' && text.ptr[end] <= '9') {
        end++;
    }
    return end - from;
}

/** Split "1.5ms" into 1.5 and "ms". No sign but +, no exponent. */
static bool split(struct weir_slice text, struct number *number, struct weir_slice *unit)
{
    if (text.len == 0) {
        return false;
    }
    size_t at = text.ptr[0] == '+' ? 1 : 0;
    const struct weir_slice whole = {text.ptr + at, digits_at(text, at)};
    at += whole.len;
    const size_t decimals = at < text.len && text.ptr[at] == '.' ? digits_at(text, at + 1) : 0;
    *number = (struct number){0};
    if (whole.len + decimals == 0 || (whole.len > 0 && !weir_parse_i64(whole, &number->whole))) {
        return false;
    }
    if (decimals > 0) {
        if (!weir_parse_f64((struct weir_slice){text.ptr + at, decimals + 1}, &number->fraction)) {
            return false;
        }
        at += decimals + 1;
    }
    *unit = (struct weir_slice){text.ptr + at, text.len - at};
    return true;
}

/** Factor of `unit`; `bare` for an empty unit; 0 when there is none. */
static int64_t factor_of(struct weir_slice unit, const struct unit *table, size_t count,
                         int64_t bare)
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
    struct number number;
    struct weir_slice unit;
    if (!split(text, &number, &unit)) {
        return false;
    }
    bool is_zero = number.whole == 0 && number.fraction == 0;
    int64_t factor = factor_of(unit, durations, WEIR_COUNT_OF(durations), is_zero ? 1 : 0);
    weir_ns ns = 0;
    if (factor == 0 || __builtin_mul_overflow(number.whole, factor, &ns) || ns > longest) {
        return false;
    }
    ns += llround(number.fraction * (double)factor);
    if (ns > longest) {
        return false;
    }
    *out = ns;
    return true;
}

/** `number` units as a whole number; false when it is not whole or too large. */
static bool make_whole(const struct number *number, int64_t factor, int64_t *out)
{
    double rest = number->fraction * (double)factor;
    double nearest = round(rest);
    // 0.001 has no exact double: its thousandfold may miss 1 by a few units in the last place
    bool is_whole = fabs(rest - nearest) <= 4 * DBL_EPSILON * rest;
    int64_t value = 0;
    if (factor == 0 || !is_whole || __builtin_mul_overflow(number->whole, factor, &value) ||
        value > largest) {
        return false;
    }
    *out = value + (int64_t)nearest;
    return true;
}

bool weir_parse_size(struct weir_slice text, int64_t *out)
{
    struct number number;
    struct weir_slice unit;
    return split(text, &number, &unit) &&
           make_whole(&number, factor_of(unit, sizes, WEIR_COUNT_OF(sizes), 1), out);
}

bool weir_parse_count(struct weir_slice text, int64_t *out)
{
    struct number number;
    struct weir_slice unit;
    return split(text, &number, &unit) &&
           make_whole(&number, factor_of(unit, counts, WEIR_COUNT_OF(counts), 1), out);
}

/** "1.5" of 1500 thousandths, in integers: a double would round long ones. */
static void format_thousandths(int64_t value, const char *unit, char *out, size_t size)
{
    char fraction[8] = "";
    if (value % 1000 != 0) {
        (void)snprintf(fraction, sizeof(fraction), ".%03u", (unsigned)(value % 1000) % 1000U);
        for (char *last = fraction + 3; *last == '0'; last--) {
            *last = '\0';
        }
    }
    (void)snprintf(out, size, "%" PRId64 "%s%s", value / 1000, fraction, unit);
}

const char *weir_format_duration(weir_ns ns, char *out, size_t size)
{
    static const struct unit ladder[] = {{"s", WEIR_SECOND}, {"ms", WEIR_MSEC}, {"us", WEIR_USEC}};
    if (ns >= WEIR_HOUR && ns % WEIR_HOUR == 0) { // hours only when whole
        (void)snprintf(out, size, "%" PRId64 "h", ns / WEIR_HOUR);
        return out;
    }
    for (size_t i = 0; i < WEIR_COUNT_OF(ladder); i++) {
        int64_t thousandth = ladder[i].factor / 1000;
        if (ns >= ladder[i].factor && ns % thousandth == 0) {
            format_thousandths(ns / thousandth, ladder[i].name, out, size);
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
