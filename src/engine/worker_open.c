// The open loop: requests are sent when they are due, whatever the server does. Each worker walks
// the level's one timeline and takes each W-th arrival; a timerfd wakes it at the exact instant. An
// arrival that finds no free slot waits where it is, on the timeline, so that waiting costs no
// memory; its wait counts as lateness.
#define _GNU_SOURCE
#include <math.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/plan/arrivals.h"
#include "worker_internal.h"

/** Slots made ahead: what a second of arrivals needs, within reason. More are made when they are
 * needed. */
enum { AHEAD_MIN = 4, AHEAD_MAX = 512 };

struct open_loop {
    struct weir_level level; // as the walk sees it
    struct weir_arrivals arrivals;
    struct weir_arrival_due next; // the next arrival of this worker
    bool has_next;
    bool is_auto; // the window opens when the level has settled, not by the timeline
    bool drops;   // arrivals that find no free slot are dropped
    int timer_fd;
    uv_poll_t timer;
    uint32_t *free; // slots without a request: a stack, so that warm connections go first
    uint32_t free_count;
    uint64_t dropped; // measured arrivals that were dropped
};

/** Walk on to this worker's next arrival. */
static void advance(struct weir_worker *worker)
{
    struct open_loop *open = worker->open;
    do {
        open->has_next = weir_arrivals_next(&open->arrivals, &open->next);
    } while (open->has_next && open->next.id % worker->job.workers != worker->index);
    if (!open->is_auto) {
        weir_deal_publish(worker->job.deal, worker->started, open->arrivals.window_start,
                          open->arrivals.window_end);
    }
}

static weir_ns next_due(const struct weir_worker *worker)
{
    return worker->started + worker->open->next.offset;
}

/** Wake up when the next arrival is due; at once if it has been. */
static void arm(const struct weir_worker *worker)
{
    const struct open_loop *open = worker->open;
    struct itimerspec when = {.it_value = {0, 0}};
    if (open->has_next) {
        when.it_value = weir_timespec_of(next_due(worker));
    }
    int failed = timerfd_settime(open->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
    WEIR_ASSERT(failed == 0);
}

/** A slot without a request; made if there may be one more; NULL when all are busy. */
static struct slot *take_slot(struct weir_worker *worker)
{
    struct open_loop *open = worker->open;
    if (open->free_count > 0) {
        return &worker->slots[open->free[--open->free_count]];
    }
    return worker->slots_made < worker->slot_count ? weir__slot_make(worker, -1, 0) : NULL;
}

static enum weir_phase phase_of(const struct weir_worker *worker)
{
    const struct open_loop *open = worker->open;
    bool is_measured = open->next.is_measured;
    if (open->is_auto) {
        is_measured = next_due(worker) >= weir_deal_window(worker->job.deal).start;
    }
    return is_measured ? WEIR_PHASE_MEASURED : WEIR_PHASE_WARMUP;
}

static void launch(struct slot *slot)
{
    struct weir_worker *worker = slot->worker;
    const enum weir_phase phase = phase_of(worker);
    if (phase == WEIR_PHASE_MEASURED) {
        weir_deal_count(worker->job.deal);
    }
    weir__slot_send(slot, worker->open->next.id, phase, next_due(worker));
    advance(worker);
}

/** --warmup auto: the timeline is cut where the window ends. */
static void cut(struct weir_worker *worker)
{
    struct open_loop *open = worker->open;
    if (open->is_auto && open->has_next &&
        next_due(worker) >= weir_deal_window(worker->job.deal).end) {
        open->has_next = false;
    }
}

/** Send all that is due and has a slot. */
static void send_due(struct weir_worker *worker)
{
    struct open_loop *open = worker->open;
    cut(worker);
    while (open->has_next && next_due(worker) <= weir_clock_now()) {
        struct slot *slot = take_slot(worker);
        if (slot != NULL) {
            launch(slot);
            weir_call_settle(slot->call);
        } else if (open->drops) {
            open->dropped += phase_of(worker) == WEIR_PHASE_MEASURED ? 1 : 0;
            advance(worker);
        } else {
            return; // the next slot that is freed takes it
        }
        cut(worker);
    }
    arm(worker);
}

static void on_timer(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct weir_worker *worker = poll->data;
    uint64_t expirations = 0;
    if (read(worker->open->timer_fd, &expirations, sizeof(expirations)) > 0) {
        send_due(worker);
    }
}

void weir__open_freed(struct slot *slot, weir_ns now)
{
    struct weir_worker *worker = slot->worker;
    struct open_loop *open = worker->open;
    cut(worker);
    if (open->has_next && next_due(worker) <= now) {
        launch(slot); // it has waited for this slot: none other was free
        arm(worker);
        return;
    }
    open->free[open->free_count++] = (uint32_t)(slot - worker->slots);
}

uint32_t weir__open_new(struct weir_worker *worker)
{
    struct open_loop *open = weir_alloc(1, sizeof(*open));
    const struct weir_config *config = worker->job.config;
    worker->open = open;
    open->level = worker->job.plan->levels[worker->job.level];
    open->is_auto = config->warmup == WEIR_WARMUP_AUTO;
    open->drops = config->when_full == WEIR_WHEN_FULL_DROP;
    if (open->is_auto) {
        open->level.duration = weir_schedule_length(open->level.schedule);
        open->level.warmup_duration = 0;
    }
    weir_arrivals_begin(&open->level, &open->arrivals);
    open->free = weir_alloc(worker->slot_count, sizeof(*open->free));
    open->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    WEIR_ASSERT(open->timer_fd >= 0);
    int failed = uv_poll_init(&worker->loop, &open->timer, open->timer_fd);
    WEIR_ASSERT(failed == 0);
    open->timer.data = worker;
    double second = weir_schedule_expected(open->level.schedule, WEIR_SECOND) / worker->job.workers;
    double ahead = fmin(fmax(ceil(second), AHEAD_MIN), AHEAD_MAX);
    return ahead < worker->slot_count ? (uint32_t)ahead : worker->slot_count;
}

void weir__open_begin(struct weir_worker *worker)
{
    struct open_loop *open = worker->open;
    for (uint32_t i = worker->slots_made; i > 0; i--) {
        open->free[open->free_count++] = i - 1;
    }
    int failed = uv_poll_start(&open->timer, UV_READABLE, on_timer);
    WEIR_ASSERT(failed == 0);
    advance(worker);
    send_due(worker);
}

void weir__open_stop(struct weir_worker *worker)
{
    worker->open->has_next = false;
}

bool weir__open_is_over(const struct weir_worker *worker)
{
    return !worker->open->has_next;
}

uint64_t weir__open_dropped(const struct weir_worker *worker)
{
    return worker->open != NULL ? worker->open->dropped : 0;
}

void weir__open_close(struct weir_worker *worker)
{
    uv_close((uv_handle_t *)&worker->open->timer, NULL);
}

void weir__open_free(struct weir_worker *worker)
{
    if (worker->open != NULL) {
        (void)close(worker->open->timer_fd);
        weir_free(worker->open->free);
        weir_free(worker->open);
    }
}
