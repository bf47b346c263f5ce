// Kinds of options that are real numbers, one or a list: parsers, and a printer that loses nothing.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config_internal.h"
#include "weir/base/mem.h"

enum { NUMBER_BYTES_MAX = 32 };

/** 0.5, 20, 1.5k, 2M. */
static bool parse_number(struct weir_slice text, double *out)
{
    static const struct {
        char letter;
        double factor;
    } units[] = {{'k', 1e3}, {'K', 1e3}, {'M', 1e6}, {'G', 1e9}};
    double factor = 1;
    double value = 0;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && text.len > 0; i++) {
        if (text.ptr[text.len - 1] == units[i].letter) {
            factor = units[i].factor;
            text.len--;
            break;
        }
    }
    if (!weir_parse_f64(text, &value) || !isfinite(value * factor)) {
        return false;
    }
    *out = value * factor + 0.0; // never -0, which would print as another text
    return true;
}

static bool parse_within(const struct weir__option *option, struct weir_slice text, double *out,
                         struct weir__why *why)
{
    double value = 0;
    if (!parse_number(text, &value)) {
        return weir__because(why, "\"%s\" is not a number; write 0.5, 20 or 1.5k",
                             weir__show(text).text);
    }
    if (!weir__in_range(option, text, value, why)) {
        return false;
    }
    *out = value;
    return true;
}

/** The shortest text that reads as the same number: JSON takes it, too. */
static bool add_number(double value, struct weir_buf *out)
{
    char text[NUMBER_BYTES_MAX] = "";
    double again = NAN;
    for (int digits = 15; digits <= 17 && again != value; digits++) {
        (void)snprintf(text, sizeof(text), "%.*g", digits, value);
        (void)weir_parse_f64(weir_slice_of(text), &again);
    }
    return weir_buf_add_str(out, text);
}

static void f64_limit(double value, char *out, size_t size)
{
    if (value == floor(value)) {
        weir__count_limit(value, out, size);
    } else {
        (void)snprintf(out, size, "%.15g", value);
    }
}

static bool f64_parse(const struct weir__option *option, struct weir_slice text, bool is_append,
                      void *field, struct weir__why *why)
{
    (void)is_append;
    return parse_within(option, text, field, why);
}

static bool f64_format(const struct weir__option *option, const void *field, struct weir_buf *out)
{
    (void)option;
    return add_number(*(const WEIR_FIELD_F64 *)field, out);
}

const struct weir__kind weir__kind_F64 = {
    .name = "number",
    .summary = "a number, as 0.5, 20 or 1.5k",
    .parse = f64_parse,
    .format = f64_format,
    .json = f64_format, // bare, not in quotes
    .limit = f64_limit,
};

static void f64_list_free(void *field)
{
    struct weir_f64_list *list = field;
    weir_free(list->items);
    *list = (struct weir_f64_list){NULL, 0};
}

static bool f64_list_parse(const struct weir__option *option, struct weir_slice text,
                           bool is_append, void *field, struct weir__why *why)
{
    struct weir_f64_list *list = field;
    const size_t kept = is_append ? list->count : 0;
    struct weir_f64_list grown = {weir_alloc(WEIR__LIST_ITEMS_MAX, sizeof(*grown.items)), kept};
    if (kept > 0) {
        memcpy(grown.items, list->items, kept * sizeof(*grown.items));
    }
    struct weir_slice part;
    while (weir_slice_next_part(&text, ',', &part)) {
        if (!weir__has_room(grown.count, why) ||
            !parse_within(option, weir_slice_trim(part), &grown.items[grown.count], why)) {
            f64_list_free(&grown);
            return false;
        }
        grown.count++;
    }
    grown.items = weir_realloc(grown.items, grown.count, sizeof(*grown.items));
    f64_list_free(list);
    *list = grown;
    return true;
}

static bool add_numbers(const struct weir_f64_list *list, const char *separator,
                        struct weir_buf *out)
{
    bool fits = true;
    for (size_t i = 0; fits && i < list->count; i++) {
        fits = (i == 0 || weir_buf_add_str(out, separator)) && add_number(list->items[i], out);
    }
    return fits;
}

static bool f64_list_format(const struct weir__option *option, const void *field,
                            struct weir_buf *out)
{
    (void)option;
    return add_numbers(field, ",", out);
}

static bool f64_list_json(const struct weir__option *option, const void *field,
                          struct weir_buf *out)
{
    (void)option;
    return weir_buf_add_char(out, '[') && add_numbers(field, ", ", out) &&
           weir_buf_add_char(out, ']');
}

const struct weir__kind weir__kind_F64_LIST = {
    .name = "numbers",
    .summary = "numbers separated by commas, or a YAML sequence",
    .is_list = true,
    .parse = f64_list_parse,
    .format = f64_list_format,
    .json = f64_list_json,
    .limit = f64_limit,
    .free = f64_list_free,
};
