// --rate-schedule: a small grammar for rates that vary in time, written in schedule.h.
#include "weir/plan/schedule.h"

#include <stdio.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/base/units.h"

enum { WORD_MAX = 24, SHOWN_MAX = 40 };

struct scanner {
    struct weir_slice text;
    size_t at;
    struct weir_err *err;
    struct weir_piece *pieces; // grow on the heap
    size_t count;
    size_t size;
    weir_ns length; // of all pieces so far
    bool has_load;  // some rate is above 0
};

// ---- bytes and words ---------------------------------------------------------------------------

static char peek(const struct scanner *scan)
{
    if (scan->at >= scan->text.len) {
        return '\0';
    }
    return scan->text.ptr[scan->at];
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_number_char(char c)
{
    return (c >= '0' && c <= '9') || c == '.';
}

static void skip_blanks(struct scanner *scan)
{
    while (scan->at < scan->text.len && is_blank(peek(scan))) {
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

/** What stands here up to the next blank or comma, fit to print. */
static const char *shown(const struct scanner *scan, char out[SHOWN_MAX])
{
    size_t len = 0;
    while (scan->at + len < scan->text.len && len + 1 < SHOWN_MAX) {
        const char c = scan->text.ptr[scan->at + len];
        if (is_blank(c) || c == ',') {
            break;
        }
        out[len++] = (char)(c > ' ' && c < 0x7f ? c : '?');
    }
    out[len] = '\0';
    return len > 0 ? out : scan->at < scan->text.len ? "," : "the end";
}

/** The error every wrong byte makes: where, what would be right, what stands there instead. */
static weir_status expected(const struct scanner *scan, const char *what)
{
    char found[SHOWN_MAX];
    const int column = (int)scan->at + 1;
    return weir_fail_at(scan->err, "", 0, column,
                        "--rate-schedule, column %d: expected %s, found '%s'", column, what,
                        shown(scan, found));
}

static bool take_char(struct scanner *scan, char c)
{
    if (scan->at >= scan->text.len || peek(scan) != c) {
        return false;
    }
    scan->at++;
    return true;
}

/** Take `word` when it stands here as a whole word, behind blanks. */
static bool take_word(struct scanner *scan, const char *word)
{
    skip_blanks(scan);
    const struct weir_slice run = run_of(scan, is_letter);
    if (!weir_slice_equals(run, word)) {
        return false;
    }
    scan->at += run.len;
    return true;
}

static bool take_text(struct scanner *scan, const char *text)
{
    const struct weir_slice rest = {scan->text.ptr + scan->at, scan->text.len - scan->at};
    if (!weir_slice_starts(rest, text)) {
        return false;
    }
    scan->at += strlen(text);
    return true;
}

// ---- rates and times ---------------------------------------------------------------------------

/** "/s" and its like, or nothing, which means the same. */
static weir_status take_per(struct scanner *scan, double *rate)
{
    static const struct {
        const char *name;
        double seconds;
    } spans[] = {{"s", 1},    {"sec", 1},     {"second", 1}, {"m", 60},
                 {"min", 60}, {"minute", 60}, {"h", 3600},   {"hour", 3600}};
    const size_t before = scan->at;
    skip_blanks(scan);
    if (!take_char(scan, '/')) {
        scan->at = before;
        return WEIR_OK;
    }
    for (size_t i = 0; i < WEIR_COUNT_OF(spans); i++) {
        if (take_word(scan, spans[i].name)) {
            *rate /= spans[i].seconds;
            return WEIR_OK;
        }
    }
    return expected(scan, "s, min or h behind '/'");
}

static weir_status take_rate(struct scanner *scan, double *out)
{
    skip_blanks(scan);
    const size_t start = scan->at;
    const struct weir_slice number = run_of(scan, is_number_char);
    double rate = 0;
    if (!weir_parse_f64(number, &rate)) {
        return expected(scan, "a rate, as 10/s");
    }
    scan->at += number.len;
    const struct weir_slice suffix = run_of(scan, is_letter);
    if (weir_slice_equals(suffix, "k")) {
        rate *= 1000;
        scan->at++;
    } else if (suffix.len > 0) {
        return expected(scan, "/s, /min or /h behind the number of a rate");
    }
    weir_status status = take_per(scan, &rate);
    if (status == WEIR_OK && !(rate <= WEIR_SCHEDULE_RATE_MAX)) {
        scan->at = start;
        status = expected(scan, "a rate from 0 to 1000000/s");
    }
    if (status == WEIR_OK) {
        *out = rate;
        scan->has_load = scan->has_load || rate > 0;
    }
    return status;
}

static bool is_unit_char(char c)
{
    return is_letter(c) || (unsigned char)c >= 0x80; // µs
}

/** Number and unit; a blank may stand between them. */
static weir_status take_time(struct scanner *scan, weir_ns *out)
{
    skip_blanks(scan);
    const size_t start = scan->at;
    const struct weir_slice number = run_of(scan, is_number_char);
    scan->at += number.len;
    skip_blanks(scan);
    const struct weir_slice unit = run_of(scan, is_unit_char);
    char text[2 * WORD_MAX];
    weir_ns time = 0;
    if (number.len < WORD_MAX && unit.len < WORD_MAX) {
        const int len = snprintf(text, sizeof(text), "%.*s%.*s", (int)number.len, number.ptr,
                                 (int)unit.len, unit.ptr);
        if (weir_parse_duration((struct weir_slice){text, (size_t)len}, &time) && time > 0) {
            scan->at += unit.len;
            *out = time;
            return WEIR_OK;
        }
    }
    scan->at = start;
    return expected(scan, "a time above 0 with its unit, as 30s");
}

static weir_status take_word_and_time(struct scanner *scan, const char *word, const char *other,
                                      weir_ns *out)
{
    if (!take_word(scan, word) && !take_word(scan, other)) {
        char what[WORD_MAX * 3];
        (void)snprintf(what, sizeof(what), "'%s' and a time, as %s 30s", word, word);
        return expected(scan, what);
    }
    return take_time(scan, out);
}

static weir_status take_length(struct scanner *scan, const char *word, struct weir_piece *piece)
{
    return take_word_and_time(scan, word, strcmp(word, "for") == 0 ? "over" : "for",
                              &piece->length);
}

// ---- pieces ------------------------------------------------------------------------------------

static weir_status take_constant(struct scanner *scan, struct weir_piece *piece)
{
    weir_status status = take_rate(scan, &piece->from);
    piece->to = piece->from;
    return status == WEIR_OK ? take_length(scan, "for", piece) : status;
}

static weir_status take_pause(struct scanner *scan, struct weir_piece *piece)
{
    return take_length(scan, "for", piece);
}

/** Where the last piece ended. */
static weir_status continue_from(const struct scanner *scan, double *from)
{
    if (scan->count == 0) {
        return expected(scan, "the rate the first ramp begins with, as ramp 1/s to 10/s");
    }
    const struct weir_piece *last = &scan->pieces[scan->count - 1];
    const struct weir_schedule alone = {.pieces = last, .piece_count = 1, .is_endless = true};
    *from = weir_schedule_rate(&alone, last->length);
    return WEIR_OK;
}

static weir_status take_ramp(struct scanner *scan, struct weir_piece *piece)
{
    piece->kind = WEIR_PIECE_RAMP;
    const bool has_from = take_word(scan, "from");
    skip_blanks(scan);
    weir_status status = WEIR_OK;
    if (has_from || is_number_char(peek(scan))) {
        status = take_rate(scan, &piece->from);
    } else {
        status = continue_from(scan, &piece->from);
    }
    if (status == WEIR_OK && !take_word(scan, "to")) {
        status = expected(scan, "'to' and the rate the ramp ends with, as to 50/s");
    }
    if (status == WEIR_OK) {
        status = take_rate(scan, &piece->to);
    }
    return status == WEIR_OK ? take_length(scan, "over", piece) : status;
}

static weir_status take_swing(struct scanner *scan, struct weir_piece *piece)
{
    skip_blanks(scan);
    if (!take_text(scan, "+-") && !take_text(scan, "+/-") && !take_text(scan, "±")) {
        return expected(scan, "'+-' and how far the rate swings, as +-10/s");
    }
    skip_blanks(scan);
    const size_t start = scan->at;
    weir_status status = take_rate(scan, &piece->to);
    if (status == WEIR_OK && piece->to > piece->from) {
        scan->at = start;
        return expected(scan, "a swing no larger than the mean rate, since no rate is below 0");
    }
    return status;
}

static weir_status take_sine(struct scanner *scan, struct weir_piece *piece)
{
    piece->kind = WEIR_PIECE_SINE;
    weir_status status = take_rate(scan, &piece->from);
    if (status == WEIR_OK) {
        status = take_swing(scan, piece);
    }
    if (status == WEIR_OK) {
        status = take_word_and_time(scan, "every", "period", &piece->period);
    }
    return status == WEIR_OK ? take_length(scan, "for", piece) : status;
}

typedef weir_status take_fn(struct scanner *scan, struct weir_piece *piece);

static const struct {
    const char *word;
    take_fn *take;
} shapes[] = {
    {"constant", take_constant}, {"hold", take_constant}, {"step", take_constant},
    {"spike", take_constant},    {"ramp", take_ramp},     {"sine", take_sine},
    {"pause", take_pause},
};

static weir_status fail_shape(const struct scanner *scan, struct weir_slice word)
{
    const char *words[WEIR_COUNT_OF(shapes)];
    for (size_t i = 0; i < WEIR_COUNT_OF(shapes); i++) {
        words[i] = shapes[i].word;
    }
    char text[WORD_MAX];
    (void)snprintf(text, sizeof(text), "%.*s", (int)(word.len < WORD_MAX ? word.len : 0), word.ptr);
    const char *near = weir_suggest(text, words, WEIR_COUNT_OF(words));
    char what[128];
    (void)snprintf(what, sizeof(what), "%s%s%s", near != NULL ? "'" : "",
                   near != NULL ? near : "a rate (10/s for 30s), ramp, sine or pause",
                   near != NULL ? "'" : "");
    return expected(scan, what);
}

static weir_status take_piece(struct scanner *scan, struct weir_piece *piece)
{
    const struct weir_slice word = run_of(scan, is_letter);
    if (word.len == 0 && is_number_char(peek(scan))) {
        return take_constant(scan, piece);
    }
    for (size_t i = 0; i < WEIR_COUNT_OF(shapes); i++) {
        if (weir_slice_equals(word, shapes[i].word)) {
            scan->at += word.len;
            return shapes[i].take(scan, piece);
        }
    }
    return fail_shape(scan, word);
}

static weir_status add_piece(struct scanner *scan, const struct weir_piece *piece, size_t start)
{
    if (scan->count == WEIR_PIECES_MAX || piece->length > WEIR_SCHEDULE_LENGTH_MAX - scan->length) {
        const bool is_many = scan->count == WEIR_PIECES_MAX;
        return weir_fail_at(scan->err, "", 0, (int)start + 1,
                            "--rate-schedule, column %zu: %s; leave the rest out", start + 1,
                            is_many ? "more than 10000 pieces" : "more than ten years altogether");
    }
    if (scan->count == scan->size) {
        scan->size = scan->size > 0 ? scan->size * 2 : 8;
        scan->pieces = weir_realloc(scan->pieces, scan->size, sizeof(*scan->pieces));
    }
    scan->pieces[scan->count++] = *piece;
    scan->length += piece->length;
    return WEIR_OK;
}

/** Skip blanks and commas; false when not even one stands here. */
static bool skip_separators(struct scanner *scan)
{
    const size_t start = scan->at;
    while (scan->at < scan->text.len && (is_blank(peek(scan)) || peek(scan) == ',')) {
        scan->at++;
    }
    return scan->at > start;
}

static weir_status take_all(struct scanner *scan)
{
    (void)skip_separators(scan);
    while (scan->at < scan->text.len) {
        const size_t start = scan->at;
        struct weir_piece piece = {.kind = WEIR_PIECE_CONSTANT};
        weir_status status = take_piece(scan, &piece);
        if (status == WEIR_OK) {
            status = add_piece(scan, &piece, start);
        }
        if (status != WEIR_OK) {
            return status;
        }
        if (!skip_separators(scan) && scan->at < scan->text.len) {
            return expected(scan, "a blank or a comma behind a piece");
        }
    }
    if (scan->count == 0) {
        return expected(scan, "a piece, as 10/s for 30s");
    }
    if (!scan->has_load) {
        return weir_fail(scan->err, WEIR_INVALID,
                         "--rate-schedule: every rate is 0, so nothing would ever be sent");
    }
    return WEIR_OK;
}

weir_status weir_pieces_parse(struct weir_slice text, struct weir_piece **out, size_t *count,
                              struct weir_err *err)
{
    struct scanner scan = {.text = text.ptr != NULL ? text : weir_slice_of(""), .err = err};
    const weir_status status = take_all(&scan);
    if (status != WEIR_OK) {
        weir_free(scan.pieces);
        return status;
    }
    *out = scan.pieces;
    *count = scan.count;
    return WEIR_OK;
}
