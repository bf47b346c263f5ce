// --rate-schedule and files of arrival times: whatever is written, an error with words or a
// timeline that keeps to it.
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/plan/schedule.h"

enum { ARRIVALS = 300 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const struct weir_err *err)
{
    WEIR_ASSERT(err->status == WEIR_INVALID && err->text[0] != '\0');
    for (const char *c = err->text; *c != '\0'; c++) {
        WEIR_ASSERT(*c >= ' ' && *c <= '~');
    }
}

static void check_pieces(const struct weir_piece *pieces, size_t count)
{
    WEIR_ASSERT(count > 0 && count <= WEIR_PIECES_MAX);
    weir_ns length = 0;
    for (size_t i = 0; i < count; i++) {
        const struct weir_piece *piece = &pieces[i];
        WEIR_ASSERT(piece->length > 0 && piece->length <= WEIR_SCHEDULE_LENGTH_MAX - length);
        WEIR_ASSERT(piece->from >= 0 && piece->from <= 2 * WEIR_SCHEDULE_RATE_MAX);
        WEIR_ASSERT(piece->to >= 0 && piece->to <= WEIR_SCHEDULE_RATE_MAX);
        const bool is_sine = piece->kind == WEIR_PIECE_SINE;
        WEIR_ASSERT(is_sine ? piece->period > 0 && piece->to <= piece->from : piece->period == 0);
        length += piece->length;
    }
}

/** Equal gaps lie where the area is their index: as exactly as the rate is high and a double
 * long. */
static void check_place(const struct weir_schedule *schedule, uint64_t index, weir_ns offset)
{
    const double fine = 1e-6 * (1 + (double)index);
    WEIR_ASSERT((double)index >= weir_schedule_expected(schedule, offset - 2) - fine);
    WEIR_ASSERT((double)index <= weir_schedule_expected(schedule, offset + 2) + fine);
}

static void check_walk(const struct weir_schedule *schedule)
{
    struct weir_schedule_cursor cursor;
    weir_schedule_begin(schedule, &cursor);
    const weir_ns length = weir_schedule_length(schedule);
    const bool is_even = schedule->times == NULL && schedule->arrival == WEIR_ARRIVAL_CONSTANT &&
                         schedule->burst == 1;
    weir_ns last = 0;
    uint64_t index = 0;
    weir_ns offset = 0;
    for (uint64_t i = 0; i < ARRIVALS && weir_schedule_next(&cursor, &index, &offset); i++) {
        WEIR_ASSERT(index == i && offset >= last && offset < length);
        WEIR_ASSERT(weir_schedule_rate(schedule, offset) >= 0);
        WEIR_ASSERT(weir_schedule_expected(schedule, offset) >=
                    weir_schedule_expected(schedule, last));
        if (is_even) {
            check_place(schedule, index, offset);
        }
        last = offset;
    }
}

static void check_pieces_text(struct weir_slice text, uint8_t choice)
{
    struct weir_piece *pieces = NULL;
    size_t count = 0;
    struct weir_err err = {.status = WEIR_OK};
    if (weir_pieces_parse(text, &pieces, &count, &err) != WEIR_OK) {
        check_error(&err);
        return;
    }
    check_pieces(pieces, count);
    struct weir_schedule schedule = {
        .arrival = (enum weir_arrival_kind)(choice % WEIR_ARRIVAL_COUNT),
        .burstiness = 0.5,
        .burst = 1 + choice % 2,
        .pieces = pieces,
        .piece_count = count,
        .is_endless = choice % 5 == 0,
        .seed = choice,
    };
    check_walk(&schedule);
    const weir_ns length = weir_schedule_length(&schedule);
    schedule.rescale =
        weir_schedule_rescale(&schedule, 100, length < WEIR_HOUR ? length : WEIR_HOUR);
    if (schedule.rescale > 0 && schedule.arrival != WEIR_ARRIVAL_CONSTANT) {
        check_walk(&schedule);
    }
    weir_free(pieces);
}

static void check_times_text(struct weir_slice text)
{
    weir_ns *times = NULL;
    size_t count = 0;
    struct weir_err err = {.status = WEIR_OK};
    if (weir_times_parse(text, "times", &times, &count, &err) != WEIR_OK) {
        check_error(&err);
        return;
    }
    WEIR_ASSERT(count > 0 && times[0] >= 0);
    const struct weir_schedule schedule = {.times = times, .time_count = count};
    WEIR_ASSERT(weir_schedule_expected(&schedule, INT64_MAX) == (double)count);
    check_walk(&schedule);
    weir_free(times);
}

/** The first byte chooses: 'T' a file of times; else pieces, and how they are walked. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const struct weir_slice text = {(const char *)data + 1, size - 1};
    if (data[0] == 'T') {
        check_times_text(text);
    } else {
        check_pieces_text(text, data[0]);
    }
    return 0;
}
