// A 4-ary heap of instants: see pace.h. Four children share a cache line, and the keys lie in the
// heap itself, so that a token's turn costs a few cache misses even with ten thousand streams.
#include "weir/sim/pace.h"

#include <stdint.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"

enum { ARITY = 4, FIRST_SIZE = 256 };

struct weir_sim_pace_slot {
    weir_ns due;
    struct weir_sim_pace_item *item;
};

void weir_sim_pace_init(struct weir_sim_pace *pace)
{
    *pace = (struct weir_sim_pace){0};
}

void weir_sim_pace_free(struct weir_sim_pace *pace)
{
    weir_free(pace->slots);
    weir_sim_pace_init(pace);
}

static void put(struct weir_sim_pace *pace, size_t at, struct weir_sim_pace_slot slot)
{
    pace->slots[at] = slot;
    slot.item->place = at + 1;
}

static size_t sift_up(struct weir_sim_pace *pace, size_t at, struct weir_sim_pace_slot slot)
{
    while (at > 0) {
        size_t parent = (at - 1) / ARITY;
        if (pace->slots[parent].due <= slot.due) {
            break;
        }
        put(pace, at, pace->slots[parent]);
        at = parent;
    }
    return at;
}

static size_t earliest_child(const struct weir_sim_pace *pace, size_t at)
{
    size_t first = at * ARITY + 1;
    size_t end = first + ARITY < pace->count ? first + ARITY : pace->count;
    size_t best = first;
    for (size_t child = first + 1; child < end; child++) {
        if (pace->slots[child].due < pace->slots[best].due) {
            best = child;
        }
    }
    return best;
}

static size_t sift_down(struct weir_sim_pace *pace, size_t at, struct weir_sim_pace_slot slot)
{
    while (at * ARITY + 1 < pace->count) {
        size_t child = earliest_child(pace, at);
        if (pace->slots[child].due >= slot.due) {
            break;
        }
        put(pace, at, pace->slots[child]);
        at = child;
    }
    return at;
}

/** Put `slot` where it belongs, starting from the free place `at`. */
static void settle(struct weir_sim_pace *pace, size_t at, struct weir_sim_pace_slot slot)
{
    size_t place = sift_up(pace, at, slot);
    if (place == at) {
        place = sift_down(pace, at, slot);
    }
    put(pace, place, slot);
}

static void grow(struct weir_sim_pace *pace)
{
    pace->size = pace->size > 0 ? pace->size * 2 : FIRST_SIZE;
    pace->slots = weir_realloc(pace->slots, pace->size, sizeof(*pace->slots));
}

void weir_sim_pace_set(struct weir_sim_pace *pace, struct weir_sim_pace_item *item, weir_ns due)
{
    WEIR_ASSERT(item->on_due != NULL);
    struct weir_sim_pace_slot slot = {.due = due, .item = item};
    item->due = due;
    if (item->place > 0) {
        settle(pace, item->place - 1, slot);
        return;
    }
    if (pace->count == pace->size) {
        grow(pace);
    }
    pace->count++;
    settle(pace, pace->count - 1, slot);
}

void weir_sim_pace_drop(struct weir_sim_pace *pace, struct weir_sim_pace_item *item)
{
    if (item->place == 0) {
        return;
    }
    size_t at = item->place - 1;
    item->place = 0;
    pace->count--;
    if (at < pace->count) {
        settle(pace, at, pace->slots[pace->count]);
    }
}

weir_ns weir_sim_pace_next(const struct weir_sim_pace *pace)
{
    return pace->count > 0 ? pace->slots[0].due : INT64_MAX;
}

struct weir_sim_pace_item *weir_sim_pace_due(const struct weir_sim_pace *pace, weir_ns now)
{
    return pace->count > 0 && pace->slots[0].due <= now ? pace->slots[0].item : NULL;
}
