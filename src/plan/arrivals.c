// Which arrivals of an open-loop level are warm-up, which are measured, and where the window lies:
// see arrivals.h.
#include "weir/plan/arrivals.h"

#include <math.h>

#include "weir/base/attr.h"

static weir_ns earlier(weir_ns a, weir_ns b)
{
    return a < b ? a : b;
}

/** `start` + `span`; OPEN stays OPEN. */
static weir_ns after(weir_ns start, weir_ns span)
{
    return start < WEIR_ARRIVALS_OPEN - span ? start + span : WEIR_ARRIVALS_OPEN;
}

static void open_window(struct weir_arrivals *arrivals, weir_ns at)
{
    const struct weir_level *level = arrivals->level;
    arrivals->window_start = at > level->warmup_duration ? at : level->warmup_duration;
    if (level->duration > 0) {
        arrivals->window_end = after(arrivals->window_start, level->duration);
    }
}

void weir_arrivals_begin(const struct weir_level *level, struct weir_arrivals *arrivals)
{
    WEIR_ASSERT(level->mode == WEIR_MODE_RATE && level->schedule != NULL);
    *arrivals = (struct weir_arrivals){
        .level = level,
        .window_start = WEIR_ARRIVALS_OPEN,
        .window_end = WEIR_ARRIVALS_OPEN,
        .last = -1,
    };
    weir_schedule_begin(level->schedule, &arrivals->cursor);
    if (level->warmup_count == 0) {
        open_window(arrivals, 0);
    }
}

/** No more arrivals: the window closes at `end`, unless it has before. */
static bool finish(struct weir_arrivals *arrivals, weir_ns end)
{
    arrivals->is_over = true;
    arrivals->window_end = earlier(arrivals->window_end, end);
    arrivals->window_start = earlier(arrivals->window_start, arrivals->window_end);
    return false;
}

static bool has_all(const struct weir_arrivals *arrivals)
{
    return arrivals->level->request_count > 0 &&
           arrivals->measured == arrivals->level->request_count;
}

bool weir_arrivals_next(struct weir_arrivals *arrivals, struct weir_arrival_due *out)
{
    const struct weir_level *level = arrivals->level;
    uint64_t id = 0;
    weir_ns offset = 0;
    if (arrivals->is_over) {
        return false;
    }
    do { // behind the last measured one, the rest of its burst counts no more
        if (!weir_schedule_next(&arrivals->cursor, &id, &offset)) {
            return finish(arrivals, weir_schedule_length(level->schedule));
        }
    } while (has_all(arrivals) && offset == arrivals->last);
    if (arrivals->window_start == WEIR_ARRIVALS_OPEN && id >= level->warmup_count) {
        open_window(arrivals, offset);
    }
    if (offset >= arrivals->window_end) {
        return finish(arrivals, arrivals->window_end);
    }
    if (has_all(arrivals)) {
        return finish(arrivals, offset); // a gap a request: the window's rate is that of the level
    }
    const bool is_measured = offset >= arrivals->window_start;
    arrivals->measured += is_measured ? 1 : 0;
    arrivals->last = offset;
    *out = (struct weir_arrival_due){.id = id, .offset = offset, .is_measured = is_measured};
    return true;
}

/** When arrival `count` (from 0) is expected: where Λ reaches `count`; the end when it never does.
 */
static weir_ns reach(const struct weir_schedule *schedule, double count)
{
    const weir_ns end = weir_schedule_length(schedule);
    weir_ns low = 0;
    weir_ns high = earlier(end, 2 * WEIR_SCHEDULE_LENGTH_MAX);
    if (schedule->times != NULL) {
        return count < (double)schedule->time_count ? schedule->times[(size_t)count] : end;
    }
    if (weir_schedule_expected(schedule, high) < count) {
        return end;
    }
    while (low < high) {
        const weir_ns middle = low + (high - low) / 2;
        if (weir_schedule_expected(schedule, middle) < count) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/** Where a window ends that holds all arrivals up to number `count`, and all due at the same time
 * as the last of them. */
static weir_ns reach_end(const struct weir_schedule *schedule, double count)
{
    weir_ns at = reach(schedule, count);
    if (schedule->times != NULL && count <= (double)schedule->time_count) {
        size_t next = (size_t)count;
        while (next < schedule->time_count && schedule->times[next] == schedule->times[next - 1]) {
            next++;
        }
        at = reach(schedule, (double)next);
    }
    return at;
}

struct weir_forecast weir_arrivals_forecast(const struct weir_level *level)
{
    const struct weir_schedule *schedule = level->schedule;
    weir_ns start = level->warmup_duration;
    weir_ns end = weir_schedule_length(schedule);
    if (level->warmup_count > 0) {
        const weir_ns warm = reach(schedule, (double)level->warmup_count);
        start = warm > start ? warm : start;
    }
    start = earlier(start, end);
    if (level->duration > 0) {
        end = earlier(end, after(start, level->duration));
    }
    const double before =
        fmax(weir_schedule_expected(schedule, start), (double)level->warmup_count);
    double most = INFINITY;
    if (level->request_count > 0) {
        most = (double)level->request_count;
        end = earlier(end, reach_end(schedule, before + most));
    }
    return (struct weir_forecast){
        .measured = fmax(0, fmin(most, weir_schedule_expected(schedule, end) - before)),
        .window_start = start,
        .window_end = end,
    };
}
