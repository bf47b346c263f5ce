// Kinds of options that are numbers or choices: for each one parser and one printer. Nothing here
// knows a single option.
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config_internal.h"
#include "weir/base/attr.h"
#include "weir/base/units.h"

bool weir__because(struct weir__why *why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why->text, sizeof(why->text), format, args);
    va_end(args);
    return false;
}

bool weir__is_utf8(struct weir_slice text)
{
    json_t *value = json_stringn(text.ptr, text.len);
    json_decref(value);
    return value != NULL;
}

/** Bytes a terminal may print; those of no character are not. */
static bool is_printable(unsigned char c, bool is_utf8)
{
    return c >= 0x20 && c != 0x7F && (c < 0x80 || is_utf8);
}

struct weir__shown weir__show(struct weir_slice text)
{
    struct weir__shown shown;
    enum { ROOM = sizeof(shown.text) - sizeof("...") };
    const bool is_utf8 = weir__is_utf8(text);
    size_t kept = text.len <= ROOM ? text.len : ROOM;
    while (kept < text.len && kept > 0 && ((unsigned char)text.ptr[kept] & 0xC0U) == 0x80U) {
        kept--; // not within a character
    }
    for (size_t i = 0; i < kept; i++) {
        shown.text[i] = '?';
        if (is_printable((unsigned char)text.ptr[i], is_utf8)) {
            shown.text[i] = text.ptr[i];
        }
    }
    (void)snprintf(shown.text + kept, sizeof(shown.text) - kept, "%s",
                   kept < text.len ? "..." : "");
    return shown;
}

// ---- numbers and their limits
// ------------------------------------------------------------------------

/** Millions as 1M, which counts may be written as, too. */
void weir__count_limit(double value, char *out, size_t size)
{
    bool is_millions = value >= 1e6 && value < 1e9 && fmod(value, 1e6) == 0;
    (void)snprintf(out, size, is_millions ? "%.0fM" : "%.0f", is_millions ? value / 1e6 : value);
}

static void duration_limit(double value, char *out, size_t size)
{
    (void)weir_format_duration((weir_ns)value, out, size);
}

const char *weir__format_range(const struct weir__option *option, char *out, size_t size)
{
    char low[40];
    char high[40];
    out[0] = '\0';
    if (option->kind->limit != NULL) {
        option->kind->limit(option->info.min, low, sizeof(low));
        option->kind->limit(option->info.max, high, sizeof(high));
        (void)snprintf(out, size, "%s to %s", low, high);
    }
    return out;
}

bool weir__in_range(const struct weir__option *option, struct weir_slice text, double value,
                    struct weir__why *why)
{
    if (value >= option->info.min && value <= option->info.max) {
        return true;
    }
    char range[96];
    return weir__because(why, "%s is out of range; it must be %s", weir__show(text).text,
                         weir__format_range(option, range, sizeof(range)));
}

static bool accepts_auto(const struct weir__option *option)
{
    return strcmp(option->info.fallback, "auto") == 0;
}

bool weir__parse_count(const struct weir__option *option, struct weir_slice text, int64_t *out,
                       struct weir__why *why)
{
    int64_t value = 0;
    if (accepts_auto(option) && weir_slice_equals(text, "auto")) {
        *out = -1;
        return true;
    }
    if (!weir_parse_count(text, &value)) {
        return weir__because(why, "\"%s\" is not a whole number; write 100, 1.5k or 2M%s",
                             weir__show(text).text, accepts_auto(option) ? ", or auto" : "");
    }
    if (!weir__in_range(option, text, (double)value, why)) {
        return false;
    }
    *out = value;
    return true;
}

static bool count_parse(const struct weir__option *option, struct weir_slice text, bool is_append,
                        void *field, struct weir__why *why)
{
    (void)is_append;
    return weir__parse_count(option, text, field, why);
}

static bool count_format(const struct weir__option *option, const void *field, struct weir_buf *out)
{
    const WEIR_FIELD_COUNT *value = field;
    if (accepts_auto(option) && *value == -1) {
        return weir_buf_add_str(out, "auto");
    }
    return weir_buf_addf(out, "%" PRId64, *value);
}

static bool count_json(const struct weir__option *option, const void *field, struct weir_buf *out)
{
    const WEIR_FIELD_COUNT *value = field;
    if (accepts_auto(option) && *value == -1) {
        return weir_buf_add_str(out, "\"auto\"");
    }
    return count_format(option, field, out);
}

const struct weir__kind weir__kind_COUNT = {
    .name = "count",
    .summary = "a whole number, as 100, 1.5k or 2M",
    .parse = count_parse,
    .format = count_format,
    .json = count_json,
    .limit = weir__count_limit,
};

/** Say why `text` is no duration. */
static bool not_a_duration(struct weir_slice text, struct weir__why *why)
{
    struct weir__shown shown = weir__show(text);
    double number = 0;
    if (text.len > 0 && text.ptr[0] == '-') {
        return weir__because(why, "\"%s\" is negative", shown.text);
    }
    if (weir_parse_f64(text, &number)) {
        return weir__because(why, "\"%s\" has no unit; write %ss or %sms", shown.text, shown.text,
                             shown.text);
    }
    return weir__because(why,
                         "\"%s\" is not a time; write 50ms, 30s, 5m or 1h (units ns us ms s m h d, "
                         "at most 10 years)",
                         shown.text);
}

static bool duration_parse(const struct weir__option *option, struct weir_slice text,
                           bool is_append, void *field, struct weir__why *why)
{
    (void)is_append;
    weir_ns value = 0;
    if (!weir_parse_duration(text, &value)) {
        return not_a_duration(text, why);
    }
    if (!weir__in_range(option, text, (double)value, why)) {
        return false;
    }
    *(WEIR_FIELD_DURATION *)field = value;
    return true;
}

static bool duration_format(const struct weir__option *option, const void *field,
                            struct weir_buf *out)
{
    (void)option;
    char text[48];
    const WEIR_FIELD_DURATION *value = field;
    return weir_buf_add_str(out, weir_format_duration(*value, text, sizeof(text)));
}

const struct weir__kind weir__kind_DURATION = {
    .name = "time",
    .summary = "a time with its unit, as 500us, 50ms, 30s, 5m or 1h",
    .parse = duration_parse,
    .format = duration_format,
    .limit = duration_limit,
};

static bool dist_duration_parse(const struct weir__option *option, struct weir_slice text,
                                bool is_append, void *field, struct weir__why *why)
{
    (void)is_append;
    struct weir_dist dist;
    double number = 0;
    if (weir_parse_f64(text, &number) && number != 0) {
        return not_a_duration(text, why);
    }
    if (!weir_dist_parse_duration(text, &dist)) {
        return weir__because(
            why,
            "\"%s\" is not a time with a spread; write 50ms, 50ms:30 (+-30 %%), 50ms:normal:5ms or "
            "50ms:lognormal:5ms",
            weir__show(text).text);
    }
    if (!weir__in_range(option, text, dist.mean, why)) {
        return false;
    }
    *(WEIR_FIELD_DIST_DURATION *)field = dist;
    return true;
}

static bool dist_duration_format(const struct weir__option *option, const void *field,
                                 struct weir_buf *out)
{
    (void)option;
    char text[128];
    return weir_buf_add_str(out, weir_dist_format_duration(field, text, sizeof(text)));
}

const struct weir__kind weir__kind_DIST_DURATION = {
    .name = "varying time",
    .summary = "a time that may vary, as 50ms, 50ms:30, 50ms:normal:5ms or 50ms:lognormal:5ms",
    .parse = dist_duration_parse,
    .format = dist_duration_format,
    .limit = duration_limit,
};

static bool dist_count_parse(const struct weir__option *option, struct weir_slice text,
                             bool is_append, void *field, struct weir__why *why)
{
    (void)is_append;
    struct weir_dist dist;
    if (!weir_dist_parse_count(text, &dist)) {
        return weir__because(
            why,
            "\"%s\" is not a count with a spread; write 100, 100:30 (+-30 %%), 100:normal:20 or "
            "100:lognormal:40",
            weir__show(text).text);
    }
    if (!weir__in_range(option, text, dist.mean, why)) {
        return false;
    }
    *(WEIR_FIELD_DIST_COUNT *)field = dist;
    return true;
}

static bool dist_count_format(const struct weir__option *option, const void *field,
                              struct weir_buf *out)
{
    (void)option;
    char text[128];
    return weir_buf_add_str(out, weir_dist_format_count(field, text, sizeof(text)));
}

const struct weir__kind weir__kind_DIST_COUNT = {
    .name = "varying count",
    .summary = "a count that may vary, as 100, 100:30, 100:normal:20 or 100:lognormal:40",
    .parse = dist_count_parse,
    .format = dist_count_format,
    .limit = weir__count_limit,
};

static bool size_parse(const struct weir__option *option, struct weir_slice text, bool is_append,
                       void *field, struct weir__why *why)
{
    (void)is_append;
    int64_t value = 0;
    if (!weir_parse_size(text, &value)) {
        return weir__because(why,
                             "\"%s\" is not a size; write 64KiB, 100MB or 2GiB (units B KB MB GB "
                             "KiB MiB GiB)",
                             weir__show(text).text);
    }
    if (!weir__in_range(option, text, (double)value, why)) {
        return false;
    }
    *(WEIR_FIELD_SIZE *)field = value;
    return true;
}

static bool size_format(const struct weir__option *option, const void *field, struct weir_buf *out)
{
    (void)option;
    char text[48];
    const WEIR_FIELD_SIZE *value = field;
    return weir_buf_add_str(out, weir_format_size(*value, text, sizeof(text)));
}

static void size_limit(double value, char *out, size_t size)
{
    (void)weir_format_size((int64_t)value, out, size);
}

const struct weir__kind weir__kind_SIZE = {
    .name = "size",
    .summary = "a size with its unit, as 64KiB, 100MB or 2GiB; a bare number is bytes",
    .parse = size_parse,
    .format = size_format,
    .limit = size_limit,
};

// ---- choices
// -----------------------------------------------------------------------------------------

static bool bool_parse(const struct weir__option *option, struct weir_slice text, bool is_append,
                       void *field, struct weir__why *why)
{
    (void)option;
    (void)is_append;
    bool is_true = weir_slice_equals(text, "true");
    if (!is_true && !weir_slice_equals(text, "false")) {
        return weir__because(why, "\"%s\" is neither true nor false", weir__show(text).text);
    }
    *(WEIR_FIELD_BOOL *)field = is_true;
    return true;
}

static bool bool_format(const struct weir__option *option, const void *field, struct weir_buf *out)
{
    (void)option;
    return weir_buf_add_str(out, *(const WEIR_FIELD_BOOL *)field ? "true" : "false");
}

const struct weir__kind weir__kind_BOOL = {
    .name = "switch",
    .summary = "a switch: --name, --no-name; true or false in a file",
    .is_flag = true,
    .parse = bool_parse,
    .format = bool_format,
    .json = bool_format, // bare, not in quotes
};

/** The choices of an ENUM for a sentence: "a, b, c". */
static const char *list_choices(const struct weir__option *option, char *out, size_t size)
{
    size_t len = 0;
    for (const char *at = option->info.value; *at != '\0' && len + 3 < size; at++) {
        if (*at == '|') {
            out[len++] = ',';
            out[len++] = ' ';
        } else {
            out[len++] = *at;
        }
    }
    out[len] = '\0';
    return out;
}

static bool enum_parse(const struct weir__option *option, struct weir_slice text, bool is_append,
                       void *field, struct weir__why *why)
{
    (void)is_append;
    struct weir_slice rest = weir_slice_of(option->info.value);
    struct weir_slice choice;
    for (int index = 0; weir_slice_next_part(&rest, '|', &choice); index++) {
        if (choice.len == text.len && memcmp(choice.ptr, text.ptr, text.len) == 0) {
            *(WEIR_FIELD_ENUM *)field = index;
            return true;
        }
    }
    char choices[128];
    return weir__because(why, "\"%s\" is not one of %s", weir__show(text).text,
                         list_choices(option, choices, sizeof(choices)));
}

static bool enum_format(const struct weir__option *option, const void *field, struct weir_buf *out)
{
    struct weir_slice rest = weir_slice_of(option->info.value);
    struct weir_slice choice = {"", 0};
    for (int left = *(const WEIR_FIELD_ENUM *)field; left >= 0; left--) {
        bool is_there = weir_slice_next_part(&rest, '|', &choice);
        WEIR_ASSERT(is_there);
    }
    return weir_buf_add(out, choice.ptr, choice.len);
}

const struct weir__kind weir__kind_ENUM = {
    .name = "choice",
    .summary = "one of the words shown",
    .parse = enum_parse,
    .format = enum_format,
};
