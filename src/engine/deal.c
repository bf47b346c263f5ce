// Dealing requests to slots and cutting the window: see deal.h.
#include "weir/engine/deal.h"

#include "weir/plan/arrivals.h"

void weir_deal_init(struct weir_deal *deal, const struct weir_level *level, bool is_auto,
                    weir_ns started)
{
    const bool is_open_loop = level->mode == WEIR_MODE_RATE;
    *deal = (struct weir_deal){
        .request_count = level->request_count,
        .warmup_count = level->warmup_count,
        .duration = level->duration,
        .warmup_until = is_auto ? WEIR_OPEN : started + level->warmup_duration,
        .closes_at_last = level->request_count >= 2 * (uint64_t)level->concurrency,
    };
    atomic_init(&deal->next_id, 0);
    atomic_init(&deal->measured, 0);
    atomic_init(&deal->window_start, WEIR_OPEN);
    atomic_init(&deal->window_end, WEIR_OPEN);
    atomic_init(&deal->is_stopped, false);
    if (level->warmup_count == 0 && !is_auto && !is_open_loop) {
        atomic_store(&deal->window_start, deal->warmup_until);
        atomic_store(&deal->window_end,
                     level->duration > 0 ? deal->warmup_until + level->duration : WEIR_OPEN);
    }
}

/** The warm-up count has been dealt: the window opens with the request that is due at `now`. */
static void open_window(struct weir_deal *deal, weir_ns now)
{
    int64_t expected = WEIR_OPEN;
    if (atomic_compare_exchange_strong(&deal->window_start, &expected, now) && deal->duration > 0) {
        atomic_store(&deal->window_end, now + deal->duration);
    }
}

static void shorten_window(struct weir_deal *deal, weir_ns end)
{
    int64_t known = atomic_load(&deal->window_end);
    while (end < known && !atomic_compare_exchange_weak(&deal->window_end, &known, end)) {
    }
}

static bool is_warm(struct weir_deal *deal, weir_ns now)
{
    return atomic_load_explicit(&deal->next_id, memory_order_relaxed) >= deal->warmup_count &&
           now >= deal->warmup_until;
}

/** Take one of the measured requests; the last one closes the window. */
static bool take_measured(struct weir_deal *deal, weir_ns now)
{
    uint64_t taken = atomic_fetch_add_explicit(&deal->measured, 1, memory_order_relaxed);
    if (deal->request_count == 0) {
        return true;
    }
    if (taken + 1 == deal->request_count && deal->closes_at_last) {
        shorten_window(deal, now);
    }
    return taken < deal->request_count;
}

bool weir_deal_next(struct weir_deal *deal, weir_ns now, uint64_t *id, enum weir_phase *phase)
{
    if (atomic_load_explicit(&deal->is_stopped, memory_order_relaxed) ||
        now >= atomic_load_explicit(&deal->window_end, memory_order_relaxed)) {
        return false;
    }
    if (atomic_load_explicit(&deal->window_start, memory_order_relaxed) == WEIR_OPEN &&
        is_warm(deal, now)) {
        open_window(deal, now);
    }
    *phase = now >= atomic_load(&deal->window_start) ? WEIR_PHASE_MEASURED : WEIR_PHASE_WARMUP;
    if (*phase == WEIR_PHASE_MEASURED && !take_measured(deal, now)) {
        return false;
    }
    *id = atomic_fetch_add_explicit(&deal->next_id, 1, memory_order_relaxed);
    return true;
}

struct weir_window weir_deal_window(struct weir_deal *deal)
{
    return (struct weir_window){
        .start = atomic_load_explicit(&deal->window_start, memory_order_relaxed),
        .end = atomic_load_explicit(&deal->window_end, memory_order_relaxed),
    };
}

uint64_t weir_deal_sent(struct weir_deal *deal)
{
    uint64_t measured = atomic_load(&deal->measured);
    return deal->request_count > 0 && measured > deal->request_count ? deal->request_count
                                                                     : measured;
}

void weir_deal_publish(struct weir_deal *deal, weir_ns started, weir_ns window_start,
                       weir_ns window_end)
{
    if (window_start != WEIR_ARRIVALS_OPEN) {
        atomic_store_explicit(&deal->window_start, started + window_start, memory_order_relaxed);
    }
    if (window_end != WEIR_ARRIVALS_OPEN) {
        shorten_window(deal, started + window_end);
    }
}

void weir_deal_count(struct weir_deal *deal)
{
    atomic_fetch_add_explicit(&deal->measured, 1, memory_order_relaxed);
}

void weir_deal_settle(struct weir_deal *deal, weir_ns now)
{
    open_window(deal, now);
}

bool weir_deal_is_stopped(struct weir_deal *deal)
{
    return atomic_load_explicit(&deal->is_stopped, memory_order_relaxed);
}

void weir_deal_stop(struct weir_deal *deal, weir_ns now)
{
    atomic_store(&deal->is_stopped, true);
    shorten_window(deal, now);
}

void weir_deal_close(struct weir_deal *deal, weir_ns at)
{
    int64_t expected = WEIR_OPEN;
    (void)atomic_compare_exchange_strong(&deal->window_end, &expected, at);
}
