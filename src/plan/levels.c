// The levels of a plan, in the order they run, and the schedules of open-loop ones. What the levels
// of one rate share is the very timeline: its seed is a function of the plan's seed and of the
// rate's place in the sweep alone, so each target and each repetition sees the same arrivals, and
// they differ by what the servers make of them (common random numbers).
#include <math.h>
#include <string.h>

#include "plan_internal.h"
#include "weir/base/arena.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/base/units.h"
#include "weir/plan/arrivals.h"

enum {
    LEVELS_MAX = 10000,
    RESCALED_MAX = 100000000, // arrivals walked ahead for --rescale-arrivals: some 2 s
};

/** Taken when neither --request-count nor --duration is given; latest end of --warmup auto. */
#define DURATION_DEFAULT (30 * WEIR_SECOND)
#define AUTO_WARMUP_MAX  WEIR_MINUTE

// ---- schedules
// -------------------------------------------------------------------------------------

/** Of rate `index` of the sweep; what is common to all forms of open loop. */
static struct weir_schedule *new_schedule(struct weir_plan *plan, const struct weir_config *config,
                                          size_t index)
{
    struct weir_rng rng = weir_rng_split(plan->seed, "arrival", index);
    struct weir_schedule *schedule = weir_arena_alloc(plan->arena, sizeof(*schedule));
    *schedule = (struct weir_schedule){
        .arrival = (enum weir_arrival_kind)config->arrival, // ORDER WEIR_ARRIVAL_MAP
        .burstiness = config->burstiness,
        .burst = (uint32_t)config->burst,
        .seed = weir_rng_u64(&rng),
    };
    return schedule;
}

static void *copy_into(struct weir_arena *arena, const void *from, size_t bytes)
{
    void *copy = weir_arena_alloc(arena, bytes);
    memcpy(copy, from, bytes);
    return copy;
}

static const struct weir_schedule *schedule_of_rate(struct weir_plan *plan,
                                                    const struct weir_config *config, size_t index)
{
    const double rate = config->request_rate.items[index];
    const struct weir_piece piece = {
        .kind = WEIR_PIECE_CONSTANT, .length = WEIR_HOUR, .from = rate, .to = rate};
    struct weir_schedule *schedule = new_schedule(plan, config, index);
    schedule->pieces = copy_into(plan->arena, &piece, sizeof(piece));
    schedule->piece_count = 1;
    schedule->is_endless = true;
    return schedule;
}

static weir_status schedule_of_pieces(struct weir_plan *plan, const struct weir_config *config,
                                      const struct weir_schedule **out, struct weir_err *err)
{
    struct weir_piece *pieces = NULL;
    size_t count = 0;
    weir_status status =
        weir_pieces_parse(weir_slice_of(config->rate_schedule), &pieces, &count, err);
    if (status != WEIR_OK) {
        return status;
    }
    struct weir_schedule *schedule = new_schedule(plan, config, 0);
    schedule->pieces = copy_into(plan->arena, pieces, count * sizeof(*pieces));
    schedule->piece_count = count;
    weir_free(pieces);
    *out = schedule;
    return WEIR_OK;
}

static weir_status schedule_of_file(struct weir_plan *plan, const struct weir_config *config,
                                    const struct weir_schedule **out, struct weir_err *err)
{
    weir_ns *times = NULL;
    size_t count = 0;
    weir_status status = weir_times_read(config->arrival_file, &times, &count, err);
    if (status != WEIR_OK) {
        return status;
    }
    struct weir_schedule *schedule = new_schedule(plan, config, 0);
    schedule->times = copy_into(plan->arena, times, count * sizeof(*times));
    schedule->time_count = count;
    weir_free(times);
    *out = schedule;
    return WEIR_OK;
}

// ---- one step of the sweep
// -------------------------------------------------------------------------

/** What all steps have in common. */
static struct weir_level any_step(const struct weir_config *config)
{
    const bool is_endless = config->request_count == 0 && config->duration == 0;
    const bool is_auto = config->warmup == WEIR_WARMUP_AUTO && config->warmup_duration == 0;
    return (struct weir_level){
        .mode = WEIR_MODE_CONCURRENCY,
        .request_rate = NAN,
        .request_count = (uint64_t)config->request_count,
        .duration = is_endless ? DURATION_DEFAULT : config->duration,
        .warmup_count = (uint64_t)config->warmup_count,
        .warmup_duration = is_auto ? AUTO_WARMUP_MAX : config->warmup_duration,
    };
}

/** Make it open: requests are due by a schedule. */
static weir_status open_step(struct weir_plan *plan, const struct weir_config *config, size_t index,
                             struct weir_level *out, struct weir_err *err)
{
    out->mode = WEIR_MODE_RATE;
    if (config->rate_schedule[0] != '\0') {
        return schedule_of_pieces(plan, config, &out->schedule, err);
    }
    if (config->arrival_file[0] != '\0') {
        return schedule_of_file(plan, config, &out->schedule, err);
    }
    out->request_rate = config->request_rate.items[index];
    out->schedule = schedule_of_rate(plan, config, index);
    return WEIR_OK;
}

/** A schedule with an end: the level lasts to it when nothing else is said, and not beyond. */
static weir_status fit_to_schedule(const struct weir_config *config, struct weir_level *level,
                                   struct weir_err *err)
{
    const weir_ns length = weir_schedule_length(level->schedule);
    const char *what = level->schedule->times != NULL ? "arrival-file" : "rate-schedule";
    char has[32];
    char needs[32];
    (void)weir_format_duration(length - (level->schedule->times != NULL ? 1 : 0), has, sizeof(has));
    if (level->warmup_duration >= length) {
        return weir_fail(err, WEIR_INVALID,
                         "--%s lasts %s, all of which is warm-up (%s): shorten --warmup-duration%s",
                         what, has,
                         weir_format_duration(level->warmup_duration, needs, sizeof(needs)),
                         config->warmup_duration == 0 ? " (with --warmup auto 60s)" : "");
    }
    if (config->duration > length - level->warmup_duration) {
        (void)weir_format_duration(level->warmup_duration + config->duration, needs, sizeof(needs));
        return weir_fail(err, WEIR_INVALID,
                         "--%s ends after %s, but warm-up and --duration take %s: lengthen the "
                         "one, shorten the other, or leave --duration out to run to its end",
                         what, has, needs);
    }
    const double expected = weir_schedule_expected(level->schedule, length);
    const double wanted = (double)level->warmup_count + (double)level->request_count;
    if (expected < wanted) {
        return weir_fail(err, WEIR_INVALID,
                         "--%s has %s%.0f requests, but --warmup-count and --request-count ask "
                         "for %.0f",
                         what, level->schedule->times != NULL ? "" : "about ", expected, wanted);
    }
    if (config->duration == 0 && config->request_count == 0) {
        level->duration = length - level->warmup_duration;
    }
    return WEIR_OK;
}

static weir_status check_forecast(const struct weir_level *level, struct weir_err *err)
{
    if (weir_arrivals_forecast(level).measured > 0) {
        return WEIR_OK;
    }
    return weir_fail(err, WEIR_INVALID,
                     "no request is due behind the warm-up: shorten the warm-up or lengthen the "
                     "level");
}

/** Stretch the gaps of the step's schedule; `*walked` arrivals have been walked for steps before.
 */
static weir_status rescale(struct weir_plan *plan, struct weir_level *level, double *walked,
                           struct weir_err *err)
{
    const weir_ns end = weir_arrivals_forecast(level).window_end;
    const double count = round(weir_schedule_expected(level->schedule, end));
    *walked += count;
    if (*walked > RESCALED_MAX) {
        return weir_fail(err, WEIR_INVALID,
                         "--rescale-arrivals walks all arrivals ahead, here %.0f of them and more; "
                         "%d are the limit: shorten the levels, or leave it out",
                         *walked, RESCALED_MAX);
    }
    struct weir_schedule *scaled =
        copy_into(plan->arena, level->schedule, sizeof(*level->schedule));
    scaled->rescale = weir_schedule_rescale(level->schedule, (uint64_t)count, end);
    if (!(scaled->rescale > 0)) {
        return weir_fail(err, WEIR_INVALID,
                         "--rescale-arrivals: less than one request is expected in a level; "
                         "lengthen it or raise the rate");
    }
    level->schedule = scaled;
    return WEIR_OK;
}

/** Step `index` for every target and repetition. */
static weir_status make_step(struct weir_plan *plan, const struct weir_config *config, size_t index,
                             struct weir_level *out, struct weir_err *err)
{
    *out = any_step(config);
    if (!weir__is_open_loop(config)) {
        out->concurrency = (uint32_t)config->concurrency.items[index];
        return WEIR_OK;
    }
    weir_status status = open_step(plan, config, index, out, err);
    if (status == WEIR_OK && !out->schedule->is_endless) {
        status = fit_to_schedule(config, out, err);
    }
    return status == WEIR_OK ? check_forecast(out, err) : status;
}

static weir_status make_steps(struct weir_plan *plan, const struct weir_config *config,
                              struct weir_level *steps, size_t count, struct weir_err *err)
{
    weir_status status = WEIR_OK;
    double walked = 0;
    for (size_t i = 0; i < count && status == WEIR_OK; i++) {
        status = make_step(plan, config, i, &steps[i], err);
        if (status == WEIR_OK && config->rescale_arrivals && steps[i].schedule != NULL) {
            status = rescale(plan, &steps[i], &walked, err);
        }
    }
    return status;
}

// ---- all levels
// ------------------------------------------------------------------------------------

static size_t count_steps(const struct weir_config *config)
{
    if (!weir__is_open_loop(config)) {
        return config->concurrency.count;
    }
    return config->request_rate.count > 0 ? config->request_rate.count : 1;
}

/** Every repetition: step by step, within a step target by target. When there are several
 * repetitions, the targets of every other step stand in reverse, and the other way round in the
 * next repetition: A B, B A, …, so that what drifts in time burdens no target more than another.
 */
static void lay_out(struct weir_plan *plan, const struct weir_level *steps, size_t count,
                    bool is_alternating)
{
    for (size_t i = 0; i < plan->level_count; i++) {
        const size_t place = i % plan->target_count;
        const size_t step = i / plan->target_count % count;
        const size_t repetition = i / plan->target_count / count;
        const bool is_reversed = is_alternating && (step + repetition) % 2 == 1;
        plan->levels[i] = steps[step];
        plan->levels[i].repetition = (uint32_t)repetition;
        plan->levels[i].target = (uint32_t)(is_reversed ? plan->target_count - 1 - place : place);
    }
}

weir_status weir__levels_make(struct weir_plan *plan, const struct weir_config *config,
                              struct weir_err *err)
{
    const size_t count = count_steps(config);
    const size_t repeat = (size_t)config->repeat;
    if (count == 0 || count > LEVELS_MAX / plan->target_count ||
        repeat > LEVELS_MAX / plan->target_count / count) {
        return weir_fail(err, WEIR_INVALID,
                         "%zu loads for %zu targets, %zu times: a run has 1 to %d levels", count,
                         plan->target_count, repeat, LEVELS_MAX);
    }
    struct weir_level *steps = weir_alloc(count, sizeof(*steps));
    const weir_status status = make_steps(plan, config, steps, count, err);
    if (status == WEIR_OK) {
        plan->level_count = count * plan->target_count * repeat;
        plan->levels = weir_arena_alloc(plan->arena, plan->level_count * sizeof(*plan->levels));
        lay_out(plan, steps, count, repeat > 1);
    }
    weir_free(steps);
    return status;
}

// ---- fingerprint
// -----------------------------------------------------------------------------------

uint64_t weir__hash_u64(uint64_t hash, uint64_t value)
{
    unsigned char bytes[8]; // the same on machines of either byte order
    for (unsigned i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)(value >> (8U * i) & 0xffU);
    }
    return weir_hash(hash, bytes, sizeof(bytes));
}

static uint64_t hash_f64(uint64_t hash, double value)
{
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof(bits));
    return weir__hash_u64(hash, bits);
}

/** The factor of --rescale-arrivals is left out, as it follows from the rest, by way of logarithms
 * whose last place may differ from one machine to another. */
static uint64_t hash_schedule(uint64_t hash, const struct weir_schedule *schedule)
{
    hash = weir__hash_u64(hash, (uint64_t)schedule->arrival);
    hash = hash_f64(hash, schedule->burstiness);
    hash = weir__hash_u64(hash, schedule->burst);
    hash = weir__hash_u64(hash, schedule->seed);
    hash = weir__hash_u64(hash, (uint64_t)schedule->is_endless * 2 + (schedule->rescale > 0));
    hash = weir__hash_u64(hash, schedule->piece_count);
    for (size_t i = 0; i < schedule->piece_count; i++) {
        const struct weir_piece *piece = &schedule->pieces[i];
        hash = weir__hash_u64(hash, (uint64_t)piece->kind);
        hash = weir__hash_u64(hash, (uint64_t)piece->length);
        hash = weir__hash_u64(hash, (uint64_t)piece->period);
        hash = hash_f64(hash, piece->from);
        hash = hash_f64(hash, piece->to);
    }
    hash = weir__hash_u64(hash, schedule->time_count);
    for (size_t i = 0; i < schedule->time_count; i++) {
        hash = weir__hash_u64(hash, (uint64_t)schedule->times[i]);
    }
    return hash;
}

uint64_t weir__levels_hash(uint64_t hash, const struct weir_plan *plan)
{
    const struct weir_schedule *last = NULL;
    for (size_t i = 0; i < plan->level_count; i++) {
        const struct weir_level *level = &plan->levels[i];
        hash = weir__hash_u64(hash, level->target);
        hash = weir__hash_u64(hash, (uint64_t)level->mode);
        hash = weir__hash_u64(hash, level->concurrency);
        hash = weir__hash_u64(hash, level->repetition);
        hash = weir__hash_u64(hash, level->request_count);
        hash = weir__hash_u64(hash, (uint64_t)level->duration);
        hash = weir__hash_u64(hash, level->warmup_count);
        hash = weir__hash_u64(hash, (uint64_t)level->warmup_duration);
        if (level->schedule != NULL && level->schedule != last) { // a file of times is long
            hash = hash_schedule(hash, level->schedule);
            last = level->schedule;
        }
    }
    return hash;
}
