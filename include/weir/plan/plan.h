/** plan.h: what will be sent, decided before the clock starts: targets, levels, request bodies. Immutable once made: any
 *  thread may read. The same configuration and models give the same plan on any machine. */
#ifndef WEIR_PLAN_PLAN_H
#define WEIR_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/base/buf.h"
#include "weir/base/clock.h"
#include "weir/base/status.h"
#include "weir/base/str.h"
#include "weir/config/config.h"
#include "weir/plan/schedule.h"
#include "weir/plan/target.h"
#include "weir/wire/dialect.h"

/** One prepared request body for one target. */
struct weir_item {
    struct weir_slice body;   // JSON, lives as long as the plan
    size_t nonce_at;          // offset of WEIR_NONCE_BYTES replaceable bytes in the body; SIZE_MAX: send it as it is
    uint32_t tokens_asked;    // output length asked for; 0: none
    uint32_t prompt_words;    // words of a synthetic prompt; 0: not known
};

/** What a level holds constant. */
enum weir_level_mode { WEIR_MODE_CONCURRENCY, WEIR_MODE_RATE };

/** One step of the sweep. */
struct weir_level {
    uint32_t target;          // index into targets
    enum weir_level_mode mode;
    uint32_t concurrency;     // MODE_CONCURRENCY: requests kept in flight; else 0
    double request_rate;      // MODE_RATE: mean rate asked for, requests/s; NAN for a schedule or a file of times
    const struct weir_schedule *schedule; // MODE_RATE: when requests are due; lives as long as the plan
    uint32_t repetition;      // 0 .. --repeat − 1
    uint64_t request_count;   // measured requests; 0: until `duration` is over
    weir_ns duration;         // of the measured window; 0: until request_count is reached
    uint64_t warmup_count;
    weir_ns warmup_duration;
};

struct weir_plan {
    uint64_t seed;
    uint64_t hash;            // fingerprint of bodies, levels and targets
    size_t target_count;
    struct weir_target *targets;
    size_t level_count;       // targets × concurrencies, target by target within a concurrency: A1 B1 A2 B2 …
    struct weir_level *levels;
    size_t item_count;        // per target
    struct weir_item *items;  // target t has items[t * item_count .. (t + 1) * item_count)
    size_t body_bytes_max;
    uint32_t tokens_asked_max; // 0: some request leaves the length to the server
    struct weir_arena *arena; // owns all of the above
};

/** The unique words that replace the first bytes of a synthetic prompt: three four-letter words and their blanks. Request 0
 *  of level 0 has those that stand in item 0. */
enum { WEIR_NONCE_BYTES = 15 };

/** Write the nonce of request `id` of level `level`: no two of a level alike within 2^30 requests, and no two of a run's L
 *  levels as long as each sends fewer than 2^30 / (3 L) requests, warm-up included. No NUL is written. */
void weir_plan_nonce(uint64_t seed, uint32_t level, uint64_t id, char out[WEIR_NONCE_BYTES]);

/** Make the plan. `targets` (from weir_targets_parse, their models filled in) are copied. Reads --input-file. Neither
 *  --request-count nor --duration: each level takes 30 s. 'max_tokens' of a line of --input-file goes before --osl. */
weir_status weir_plan_new(const struct weir_config *config, const struct weir_target *targets, size_t target_count,
                          struct weir_plan **out, struct weir_err *err) WEIR_MUST_USE;
void weir_plan_free(struct weir_plan *plan);

/** Item of request `id` at `target`. */
const struct weir_item *weir_plan_item(const struct weir_plan *plan, uint32_t target, uint64_t id);

/** Longest request count of a level that counts, 0 when levels end by time: for `weir plan` and checks. */
uint64_t weir_plan_requests(const struct weir_plan *plan);

/** Append what is allowed but makes figures hard to read, a line each; nothing when all is well. */
void weir_plan_warnings(const struct weir_plan *plan, const struct weir_config *config, struct weir_buf *out);

#endif
