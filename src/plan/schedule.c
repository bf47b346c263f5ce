// The timeline of an open-loop level: a process drawn at rate 1, carried over to time by the
// inverse of the cumulative rate. See schedule.h.
#include "weir/plan/schedule.h"

#include <math.h>

#include "weir/base/attr.h"

// Nothing is due later: a hundred years in ns still leave room to add to.
#define FAR_S 3.2e9
#define NEVER INT64_MAX

static const double two_pi = 6.28318530717958647693;

static double seconds_of(weir_ns ns)
{
    return (double)ns / (double)WEIR_SECOND;
}

/** Nearest ns; NEVER when far away (or not a number). */
static weir_ns ns_of(double seconds)
{
    return seconds < FAR_S ? (weir_ns)floor(seconds * (double)WEIR_SECOND + 0.5) : NEVER;
}

/** whole units of `unit` ns and a rest, so that long times keep their ns. */
static weir_ns whole_and_rest(double whole, weir_ns unit, double rest_s)
{
    if (!(whole * seconds_of(unit) < FAR_S)) {
        return NEVER;
    }
    return (weir_ns)whole * unit + ns_of(rest_s);
}

// ---- one piece: rate, area, and the inverse of the area ----------------------------------------

/** Rate `t` seconds into the piece. */
static double piece_rate(const struct weir_piece *piece, double t)
{
    const double length = seconds_of(piece->length);
    switch (piece->kind) {
    case WEIR_PIECE_RAMP:
        return t < length ? piece->from + (piece->to - piece->from) * t / length : piece->to;
    case WEIR_PIECE_SINE:
        return piece->from + piece->to * sin(two_pi * fmod(t / seconds_of(piece->period), 1));
    default:
        return piece->from;
    }
}

static double ramp_area(const struct weir_piece *piece, double t)
{
    const double length = seconds_of(piece->length);
    const double inside = t < length ? t : length;
    const double slope = (piece->to - piece->from) / length;
    return inside * (piece->from + slope * inside / 2) + (t - inside) * piece->to;
}

/** Area within one period, `t` seconds into it. */
static double sine_area(const struct weir_piece *piece, double t)
{
    const double period = seconds_of(piece->period);
    const double swing = piece->to * period / two_pi;
    const double half = sin(two_pi / 2 * t / period); // 1 − cos(2x) = 2 sin²(x), without cancelling
    return piece->from * t + swing * 2 * half * half;
}

/** Expected arrivals in the first `t` seconds of the piece. */
static double piece_area(const struct weir_piece *piece, double t)
{
    if (piece->kind == WEIR_PIECE_RAMP) {
        return ramp_area(piece, t);
    }
    if (piece->kind == WEIR_PIECE_SINE) {
        const double period = seconds_of(piece->period);
        const double whole = floor(t / period);
        return whole * period * piece->from + sine_area(piece, fma(-whole, period, t));
    }
    return piece->from * t;
}

static weir_ns constant_reach(double rate, double area)
{
    if (!(rate > 0)) {
        return NEVER;
    }
    // Whole seconds apart: area/rate as one double would lose the ns after some days.
    const double whole = floor(area / rate);
    return whole_and_rest(whole, WEIR_SECOND, fma(-whole, rate, area) / rate);
}

static weir_ns ramp_reach(const struct weir_piece *piece, double area, double total)
{
    if (area >= total) { // behind its end
        const weir_ns held = constant_reach(piece->to, area - total);
        return held < NEVER ? piece->length + held : NEVER;
    }
    // slope/2·t² + from·t = area, solved in the form that does not cancel for small slopes
    const double slope = (piece->to - piece->from) / seconds_of(piece->length);
    const double root = sqrt(fmax(piece->from * piece->from + 2 * slope * area, 0));
    const double below = piece->from + root;
    return below > 0 ? ns_of(2 * area / below) : 0;
}

/** Newton's method for sine_area(t) = area with t in [0, period], kept inside a shrinking bracket:
 * where the rate touches 0 a step of Newton's alone would fly off. */
static double solve_sine(const struct weir_piece *piece, double area)
{
    enum { STEPS_MAX = 100 };
    const double fine = 1e-11; // seconds
    double low = 0;
    double high = seconds_of(piece->period);
    double t = fmin(area / piece->from, high);
    for (int i = 0; i < STEPS_MAX && high - low > fine; i++) {
        const double off = sine_area(piece, t) - area;
        if (off > 0) {
            high = t;
        } else {
            low = t;
        }
        double next = t - off / piece_rate(piece, t);
        if (!(next >= low && next <= high)) {
            next = low + (high - low) / 2;
        }
        if (fabs(next - t) <= fine) {
            return next;
        }
        t = next;
    }
    return t;
}

static weir_ns sine_reach(const struct weir_piece *piece, double area)
{
    if (!(piece->from > 0)) {
        return NEVER;
    }
    const double in_period = piece->from * seconds_of(piece->period);
    const double whole = floor(area / in_period);
    const double rest = fmax(fma(-whole, in_period, area), 0);
    return whole_and_rest(whole, piece->period, solve_sine(piece, rest));
}

/** Time from the piece's start until its area reaches `area` ≥ 0; NEVER when that is behind its
 * end. */
static weir_ns piece_reach(const struct weir_piece *piece, double area, double total,
                           bool is_endless)
{
    if (!is_endless && area >= total) {
        return NEVER;
    }
    weir_ns at = NEVER;
    switch (piece->kind) {
    case WEIR_PIECE_RAMP:
        at = ramp_reach(piece, area, total);
        break;
    case WEIR_PIECE_SINE:
        at = sine_reach(piece, area);
        break;
    default:
        at = constant_reach(piece->from, area);
        break;
    }
    return is_endless || at < piece->length ? at : NEVER; // rounding may carry it to the very end
}

// ---- the whole schedule ------------------------------------------------------------------------

/** Number of times before `until`. */
static size_t times_before(const struct weir_schedule *schedule, weir_ns until)
{
    size_t low = 0;
    size_t high = schedule->time_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (schedule->times[middle] < until) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/** The piece that holds `at`, which becomes the time within it; NULL behind the end. */
static const struct weir_piece *piece_at(const struct weir_schedule *schedule, weir_ns *at)
{
    for (size_t i = 0; i < schedule->piece_count; i++) {
        const struct weir_piece *piece = &schedule->pieces[i];
        if (*at < piece->length || (schedule->is_endless && i + 1 == schedule->piece_count)) {
            return piece;
        }
        *at -= piece->length;
    }
    return NULL;
}

double weir_schedule_rate(const struct weir_schedule *schedule, weir_ns at)
{
    if (at < 0) {
        return 0;
    }
    if (schedule->times != NULL) {
        const weir_ns second = at / WEIR_SECOND * WEIR_SECOND;
        const weir_ns end = second < INT64_MAX - WEIR_SECOND ? second + WEIR_SECOND : INT64_MAX;
        return (double)(times_before(schedule, end) - times_before(schedule, second));
    }
    const struct weir_piece *piece = piece_at(schedule, &at);
    return piece != NULL ? piece_rate(piece, seconds_of(at)) : 0;
}

/** Λ at `until` seconds. */
static double area_until(const struct weir_schedule *schedule, double until)
{
    double area = 0;
    for (size_t i = 0; i < schedule->piece_count && until > 0; i++) {
        const struct weir_piece *piece = &schedule->pieces[i];
        const bool is_open = schedule->is_endless && i + 1 == schedule->piece_count;
        const double length = seconds_of(piece->length);
        area += piece_area(piece, is_open || until < length ? until : length);
        until -= length;
    }
    return area;
}

double weir_schedule_expected(const struct weir_schedule *schedule, weir_ns until)
{
    if (schedule->times != NULL) {
        return (double)times_before(schedule, until);
    }
    return area_until(schedule, seconds_of(until));
}

weir_ns weir_schedule_length(const struct weir_schedule *schedule)
{
    if (schedule->times != NULL) {
        return schedule->time_count > 0 ? schedule->times[schedule->time_count - 1] + 1 : 0;
    }
    if (schedule->piece_count == 0) {
        return 0;
    }
    if (schedule->is_endless) {
        return INT64_MAX;
    }
    weir_ns length = 0;
    for (size_t i = 0; i < schedule->piece_count; i++) {
        length += schedule->pieces[i].length;
    }
    return length;
}

// ---- walking -----------------------------------------------------------------------------------

/** Mean 1. The first is the rest of a gap that was under way: a uniform part of one drawn with
 * odds in proportion to its length, and so of shape + 1. */
static double gamma_gap(struct weir_schedule_cursor *cursor)
{
    const double shape = cursor->schedule->burstiness;
    if (cursor->index > 0) {
        return weir_rng_gamma(&cursor->rng, shape) / shape;
    }
    const double part = weir_rng_unit(&cursor->rng);
    return part * weir_rng_gamma(&cursor->rng, shape + 1) / shape;
}

/** Λ of the next instant of the unit process. */
static double next_area(struct weir_schedule_cursor *cursor)
{
    const struct weir_schedule *schedule = cursor->schedule;
    switch (schedule->arrival) {
    case WEIR_ARRIVAL_CONSTANT:
        return (double)cursor->index; // computed, not summed
    case WEIR_ARRIVAL_GAMMA:
        return cursor->area + schedule->burst * gamma_gap(cursor);
    default:
        return cursor->area + schedule->burst * weir_rng_exponential(&cursor->rng);
    }
}

static void enter_piece(struct weir_schedule_cursor *cursor)
{
    if (cursor->piece < cursor->schedule->piece_count) {
        const struct weir_piece *piece = &cursor->schedule->pieces[cursor->piece];
        cursor->piece_total = piece_area(piece, seconds_of(piece->length));
    }
}

/** Move to where Λ reaches `area`; false when it never does. */
static bool move_to(struct weir_schedule_cursor *cursor, double area)
{
    const struct weir_schedule *schedule = cursor->schedule;
    while (cursor->piece < schedule->piece_count) {
        const struct weir_piece *piece = &schedule->pieces[cursor->piece];
        const bool is_open = schedule->is_endless && cursor->piece + 1 == schedule->piece_count;
        const double inside = fmax(area - cursor->piece_area, 0);
        const weir_ns at = piece_reach(piece, inside, cursor->piece_total, is_open);
        if (at < NEVER) {
            const weir_ns offset = cursor->piece_start + at;
            cursor->at = offset > cursor->at ? offset : cursor->at;
            return true;
        }
        cursor->piece++;
        cursor->piece_start += piece->length;
        cursor->piece_area += cursor->piece_total;
        enter_piece(cursor);
    }
    return false;
}

void weir_schedule_begin(const struct weir_schedule *schedule, struct weir_schedule_cursor *cursor)
{
    WEIR_ASSERT(schedule->times != NULL || schedule->burst >= 1);
    WEIR_ASSERT(schedule->arrival != WEIR_ARRIVAL_GAMMA || schedule->burstiness > 0);
    *cursor = (struct weir_schedule_cursor){
        .schedule = schedule,
        .rng = weir_rng_split(schedule->seed, "arrival", 0),
    };
    enter_piece(cursor);
}

/** Where arrival `area` of the unit process falls; NEVER behind the end. */
static weir_ns place(const struct weir_schedule *schedule, double area)
{
    struct weir_schedule_cursor cursor;
    weir_schedule_begin(schedule, &cursor);
    return move_to(&cursor, area) ? cursor.at : NEVER;
}

double weir_schedule_rescale(const struct weir_schedule *schedule, uint64_t count, weir_ns window)
{
    // Times are rounded: what lies before this falls on a ns before the window's end.
    const double end = seconds_of(window) - 0.5 / (double)WEIR_SECOND;
    if (schedule->times != NULL || count == 0 || !(area_until(schedule, end) > 0)) {
        return 0;
    }
    struct weir_schedule_cursor cursor;
    weir_schedule_begin(schedule, &cursor);
    cursor.area = next_area(&cursor);
    while (cursor.index < count) {
        cursor.index += schedule->burst;
        cursor.area = next_area(&cursor);
    }
    if (!(cursor.area > 0)) { // gaps of extreme burstiness may all be 0
        return 0;
    }
    double factor = area_until(schedule, end) / cursor.area;
    // The last places of the division and of the inverse may leave it one ns short.
    for (double step = 0x1p-52; place(schedule, cursor.area * factor) < window; step *= 2) {
        factor *= 1 + step;
    }
    return factor;
}

bool weir_schedule_next(struct weir_schedule_cursor *cursor, uint64_t *index, weir_ns *offset)
{
    const struct weir_schedule *schedule = cursor->schedule;
    if (schedule->times != NULL) {
        if (cursor->index >= schedule->time_count) {
            return false;
        }
        cursor->at = schedule->times[cursor->index];
    } else if (cursor->left_in_burst > 0) {
        cursor->left_in_burst--;
    } else {
        cursor->area = next_area(cursor);
        const double factor = schedule->rescale > 0 ? schedule->rescale : 1;
        if (!move_to(cursor, cursor->area * factor)) {
            return false;
        }
        cursor->left_in_burst = schedule->burst - 1;
    }
    *index = cursor->index++;
    *offset = cursor->at;
    return true;
}
