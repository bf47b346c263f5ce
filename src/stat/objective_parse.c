// From text to objectives: the grammar is in objective.h, its words are in objective_words.c.
#include "objective_internal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"

struct scanner {
    struct weir_slice text;
    size_t at;
    bool is_request;
    struct weir_err *err;
};

// ---- bytes -------------------------------------------------------------------------------------

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name_char(char c)
{
    return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.';
}

static bool is_unit_char(char c)
{
    return is_letter(c) || is_digit(c) || c == '_' || c == '%' || c == '/' ||
           (unsigned char)c >= 0x80;
}

static char peek(const struct scanner *scan)
{
    if (scan->at >= scan->text.len) {
        return '\0';
    }
    return scan->text.ptr[scan->at];
}

static bool is_at_end(const struct scanner *scan)
{
    return scan->at >= scan->text.len;
}

static void skip_blanks(struct scanner *scan)
{
    while (!is_at_end(scan) && is_blank(peek(scan))) {
        scan->at++;
    }
}

/** The run of bytes of one kind that begins here, not yet taken. */
static struct weir_slice run_of(const struct scanner *scan, bool (*is_of_kind)(char c))
{
    size_t end = scan->at;
    while (end < scan->text.len && is_of_kind(scan->text.ptr[end])) {
        end++;
    }
    return (struct weir_slice){scan->text.ptr + scan->at, end - scan->at};
}

/** An error at this place. */
WEIR_PRINTF(2, 3)
static weir_status fail_here(const struct scanner *scan, const char *format, ...)
{
    char why[512];
    char text[WEIR__SHOWN_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    const int column = (int)scan->at + 1;
    return weir_fail_at(scan->err, "", 0, column, "'%s'%s, column %d: %s",
                        weir__shown(scan->text, text),
                        scan->text.len >= WEIR__SHOWN_MAX ? "..." : "", column, why);
}

// ---- metric and statistic ----------------------------------------------------------------------

static weir_status fail_metric(const struct scanner *scan, struct weir_slice name)
{
    char text[WEIR__SHOWN_MAX];
    if (name.len == 0) {
        return fail_here(scan, "expected a metric, as in time_to_first_token:p99<200ms");
    }
    const char *near = weir__metric_near(weir__shown(name, text));
    return fail_here(scan, "no metric is called '%s'%s%s%s", text,
                     near != NULL ? "; did you mean '" : "; metrics are named as in summary.json",
                     near != NULL ? near : "", near != NULL ? "'?" : "");
}

/** Whether one request can have a value of it. */
static weir_status check_request_metric(const struct scanner *scan, enum weir_metric metric)
{
    const struct weir_metric_info *info = weir_metric_info(metric);
    if (info->kind == WEIR_METRIC_GAP) {
        return fail_here(scan,
                         "%s is pooled over the gaps of all requests; of one request there are "
                         "time_per_output_token and longest_stall",
                         info->tag);
    }
    if (info->kind == WEIR_METRIC_SCALAR) {
        return fail_here(scan, "%s is a figure of a whole level; one request has none", info->tag);
    }
    if (metric == WEIR_METRIC_FAIL_TIME) {
        return fail_here(scan, "%s is of failed requests, which meet no objective", info->tag);
    }
    return WEIR_OK;
}

static weir_status fail_statistic(const struct scanner *scan, struct weir_slice name)
{
    char text[WEIR__SHOWN_MAX];
    const char *near = weir__statistic_near(weir__shown(name, text));
    return fail_here(scan, "unknown statistic '%s'%s%s%s; there are %savg min max std count", text,
                     near != NULL ? ", did you mean '" : "", near != NULL ? near : "",
                     near != NULL ? "'?" : "", WEIR__PERCENTILES);
}

/** Behind the colon. */
static weir_status take_statistic(struct scanner *scan, struct weir_objective *out)
{
    skip_blanks(scan);
    const char *tag = weir_metric_info(out->metric)->tag;
    const struct weir_slice name = run_of(scan, is_name_char);
    if (scan->is_request) {
        return fail_here(scan, "one request has one %s, so no statistic belongs here", tag);
    }
    if (weir_metric_info(out->metric)->kind == WEIR_METRIC_SCALAR) {
        return fail_here(scan, "%s has one value a level, so no statistic belongs here", tag);
    }
    if (!weir__find_statistic(name, out)) {
        return fail_statistic(scan, name);
    }
    scan->at += name.len;
    return WEIR_OK;
}

/** What an objective without a statistic is about: 99 of 100 values. */
static void set_default_statistic(const struct scanner *scan, struct weir_objective *out)
{
    if (scan->is_request || weir_metric_info(out->metric)->kind == WEIR_METRIC_SCALAR) {
        out->statistic = WEIR_STATISTIC_VALUE;
        return;
    }
    if (out->comparison == WEIR_EQUAL) {
        out->statistic = WEIR_STATISTIC_AVG;
        return;
    }
    const bool is_upper = out->comparison == WEIR_LESS || out->comparison == WEIR_LESS_EQUAL;
    out->statistic = WEIR_STATISTIC_PERCENTILE;
    out->percentile = is_upper ? WEIR_PERCENTILE_P99 : WEIR_PERCENTILE_P1;
}

// ---- comparison and threshold ------------------------------------------------------------------

static weir_status take_comparison(struct scanner *scan, struct weir_objective *out)
{
    skip_blanks(scan);
    const struct weir_slice rest = {scan->text.ptr + scan->at, scan->text.len - scan->at};
    const size_t len = weir__comparison_at(rest, &out->comparison);
    if (len == 0) {
        return fail_here(scan, "expected <, <=, >, >= or ==%s",
                         peek(scan) == '=' ? " (two of them)" : "");
    }
    scan->at += len;
    return WEIR_OK;
}

/** Digits with a point and an exponent, as far as they go. */
static struct weir_slice number_here(const struct scanner *scan)
{
    const char *text = scan->text.ptr;
    size_t end = scan->at;
    while (end < scan->text.len && (is_digit(text[end]) || text[end] == '.')) {
        end++;
    }
    if (end > scan->at && end + 1 < scan->text.len && (text[end] == 'e' || text[end] == 'E')) {
        const size_t sign = text[end + 1] == '+' || text[end + 1] == '-' ? 1 : 0;
        const size_t digits = end + 1 + sign;
        if (digits < scan->text.len && is_digit(text[digits])) {
            end = digits;
            while (end < scan->text.len && is_digit(text[end])) {
                end++;
            }
        }
    }
    return (struct weir_slice){text + scan->at, end - scan->at};
}

/** Take the unit that stands here, if any; a blank may stand before a known one. */
static weir_status take_unit(struct scanner *scan, const struct weir__units *units, double *value)
{
    const size_t before = scan->at;
    skip_blanks(scan);
    const struct weir_slice name = run_of(scan, is_unit_char);
    if (weir__convert(units, name, value)) {
        scan->at += name.len;
        return WEIR_OK;
    }
    const bool is_attached = scan->at == before && name.len > 0;
    scan->at = before;
    return is_attached ? fail_here(scan, "expected %s", units->allowed) : WEIR_OK;
}

static weir_status take_threshold(struct scanner *scan, struct weir_objective *out)
{
    skip_blanks(scan);
    const size_t start = scan->at;
    const struct weir_slice number = number_here(scan);
    double value = 0;
    if (!weir_parse_f64(number, &value)) {
        return fail_here(scan, "expected a number of 0 or more, as 200 or 0.5");
    }
    scan->at += number.len;
    const weir_status status = take_unit(scan, weir__units_of(out), &value);
    if (status == WEIR_OK && !isfinite(value)) {
        scan->at = start;
        return fail_here(scan, "this number is too large");
    }
    out->threshold = value;
    return status;
}

// ---- objectives --------------------------------------------------------------------------------

/** AIPerf's "tag:value": the scanner stands at the value. */
static weir_status take_aiperf(struct scanner *scan, struct weir_objective *out)
{
    const bool is_higher = weir_metric_info(out->metric)->direction == WEIR_HIGHER_IS_BETTER;
    out->comparison = is_higher ? WEIR_GREATER_EQUAL : WEIR_LESS_EQUAL;
    out->statistic = WEIR_STATISTIC_VALUE;
    return take_threshold(scan, out);
}

static bool is_aiperf_value(const struct scanner *scan)
{
    struct scanner ahead = *scan;
    skip_blanks(&ahead);
    if (peek(&ahead) != ':') {
        return false;
    }
    ahead.at++;
    skip_blanks(&ahead);
    return is_digit(peek(&ahead)) || peek(&ahead) == '.';
}

static bool take_char(struct scanner *scan, char c)
{
    skip_blanks(scan);
    const bool is_there = peek(scan) == c;
    scan->at += is_there ? 1 : 0;
    return is_there;
}

static weir_status take_objective(struct scanner *scan, bool takes_aiperf,
                                  struct weir_objective *out)
{
    *out = (struct weir_objective){.statistic = WEIR_STATISTIC_VALUE};
    skip_blanks(scan);
    const size_t start = scan->at;
    const struct weir_slice name = run_of(scan, is_name_char);
    if (!weir__find_metric(name, &out->metric)) {
        return fail_metric(scan, name);
    }
    scan->at += name.len;
    const bool is_aiperf = takes_aiperf && is_aiperf_value(scan);
    if (is_aiperf && out->metric == WEIR_METRIC_ITL) {
        out->metric = WEIR_METRIC_TPOT;
    }
    if (scan->is_request) {
        const struct scanner at_name = {scan->text, start, true, scan->err};
        const weir_status status = check_request_metric(&at_name, out->metric);
        if (status != WEIR_OK) {
            return status;
        }
    }
    const bool has_colon = take_char(scan, ':');
    if (is_aiperf) {
        return take_aiperf(scan, out);
    }
    weir_status status = has_colon ? take_statistic(scan, out) : WEIR_OK;
    if (status == WEIR_OK) {
        status = take_comparison(scan, out);
    }
    if (status == WEIR_OK && !has_colon) {
        set_default_statistic(scan, out);
    }
    return status == WEIR_OK ? take_threshold(scan, out) : status;
}

static struct scanner scan_of(struct weir_slice text, bool is_request, struct weir_err *err)
{
    const struct weir_slice there = text.ptr != NULL ? text : weir_slice_of("");
    return (struct scanner){.text = there, .is_request = is_request, .err = err};
}

weir_status weir_objective_parse(struct weir_slice text, bool is_request,
                                 struct weir_objective *out, struct weir_err *err)
{
    struct scanner scan = scan_of(text, is_request, err);
    struct weir_objective objective;
    weir_status status = take_objective(&scan, false, &objective);
    if (status != WEIR_OK) {
        return status;
    }
    skip_blanks(&scan);
    if (!is_at_end(&scan)) {
        return fail_here(&scan, "expected nothing more");
    }
    *out = objective;
    return WEIR_OK;
}

/** Objectives on the heap while their number is not known. */
struct list {
    struct weir_objective *items;
    size_t count;
    size_t size;
};

static struct weir_objective *add_item(struct list *list)
{
    if (list->count == list->size) {
        list->size = list->size > 0 ? list->size * 2 : 8;
        list->items = weir_realloc(list->items, list->size, sizeof(*list->items));
    }
    return &list->items[list->count++];
}

/** Skip blanks and commas; false when not even one stands here. */
static bool skip_separators(struct scanner *scan)
{
    const size_t start = scan->at;
    while (!is_at_end(scan) && (is_blank(peek(scan)) || peek(scan) == ',')) {
        scan->at++;
    }
    return scan->at > start;
}

/** The preset whose name stands here, or NULL. */
static const struct weir_preset *preset_here(const struct scanner *scan)
{
    size_t count = 0;
    const struct weir_preset *presets = weir_presets(&count);
    const struct weir_slice name = run_of(scan, is_name_char);
    for (size_t i = 0; i < count; i++) {
        if (weir_slice_equals(name, presets[i].name)) {
            return &presets[i];
        }
    }
    return NULL;
}

static void add_preset(const struct weir_preset *preset, bool is_request, struct list *list)
{
    struct scanner scan = scan_of(weir_slice_of(preset->objectives), is_request, NULL);
    while (!is_at_end(&scan)) {
        const weir_status status = take_objective(&scan, false, add_item(list));
        WEIR_ASSERT(status == WEIR_OK);
        (void)skip_separators(&scan);
    }
}

static weir_status take_list(struct scanner *scan, struct list *list)
{
    (void)skip_separators(scan);
    while (!is_at_end(scan)) {
        const struct weir_preset *preset = preset_here(scan);
        if (preset != NULL) {
            scan->at += strlen(preset->name);
            add_preset(preset, scan->is_request, list);
        } else {
            const weir_status status = take_objective(scan, scan->is_request, add_item(list));
            if (status != WEIR_OK) {
                return status;
            }
        }
        if (!skip_separators(scan) && !is_at_end(scan)) {
            return fail_here(scan, "expected a blank or a comma between objectives");
        }
    }
    return list->count > 0 ? WEIR_OK : fail_here(scan, "expected an objective, as ttft:p99<200ms");
}

weir_status weir_objectives_parse(struct weir_slice text, bool is_request,
                                  struct weir_objective **out, size_t *count, struct weir_err *err)
{
    struct scanner scan = scan_of(text, is_request, err);
    struct list list = {0};
    const weir_status status = take_list(&scan, &list);
    if (status != WEIR_OK) {
        weir_free(list.items);
        return status;
    }
    *out = list.items;
    *count = list.count;
    return WEIR_OK;
}
