/** capacity.h: limits of a server: a token bucket for requests, a budget of tokens a second, and
 * the instants at which it freezes. Pure: knows no clock. One thread. */
#ifndef WEIR_SIM_CAPACITY_H
#define WEIR_SIM_CAPACITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/base/clock.h"
#include "weir/base/status.h"
#include "weir/config/config.h"

/** Requests a second. Zeroed: no limit. */
struct weir_sim_bucket {
    double rate;  // a second; 0: no limit
    double burst; // most that it holds
    double level;
    weir_ns at; // when the level was that; 0: it was never asked
};

/** Read "RATE[:BURST]"; "" is no limit. */
weir_status weir_sim_bucket_parse(const char *text, struct weir_sim_bucket *out,
                                  struct weir_err *err) WEIR_MUST_USE;

/** Take one. False: there is none; it will be there after `*wait`. */
bool weir_sim_bucket_take(struct weir_sim_bucket *bucket, weir_ns now, weir_ns *wait);

/** Tokens a second of all answers together. Zeroed: no limit. */
struct weir_sim_budget {
    double rate;   // 0: no limit
    weir_ns ready; // when the next token may go
};

/** `tokens` tokens are due: when they may go (not before `due`). */
weir_ns weir_sim_budget_take(struct weir_sim_budget *budget, weir_ns due, uint64_t tokens);

/** A freeze of the whole server. */
struct weir_sim_freeze {
    weir_ns at;   // after the first request
    weir_ns span; // how long
};

enum { WEIR_SIM_FREEZES_MAX = 64 };

/** All of them, ascending. Plain data. */
struct weir_sim_freezes {
    struct weir_sim_freeze items[WEIR_SIM_FREEZES_MAX];
    size_t count;
};

/** Read "AT:SPAN" items; they must not overlap. */
weir_status weir_sim_freezes_parse(const struct weir_str_list *texts, struct weir_sim_freezes *out,
                                   struct weir_err *err) WEIR_MUST_USE;

#endif
