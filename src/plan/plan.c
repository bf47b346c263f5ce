// What will be sent, from configuration and targets: see plan.h.
#include "weir/plan/plan.h"

#include <string.h>

#include "plan_internal.h"
#include "weir/base/arena.h"
#include "weir/base/buf.h"
#include "weir/plan/dataset.h"
#include "weir/plan/extra.h"
#include "weir/plan/prompt.h"

/** Largest body and largest plan, in bytes. */
#define BODY_BYTES_MAX ((size_t)256 << 20U)
#define PLAN_BYTES_MAX ((size_t)2 << 30U)

/** What one item is made of, for every target. */
struct source {
    struct weir_slice prompt;
    struct weir_slice messages;
    uint32_t tokens;
    uint32_t words;
    bool has_nonce;
};

/** A plan being made. */
struct maker {
    const struct weir_config *config;
    struct weir_plan *plan;
    struct weir_dataset dataset; // rows of --input-file; none for synthetic prompts
    struct weir_extra extra;
    struct weir_arena *scratch; // holds dataset and extra; freed when the plan stands
    struct weir_buf prompt;     // the synthetic prompt at hand
    struct weir_buf body;
    struct weir_err *err;
};

// ---- checks
// ----------------------------------------------------------------------------------------

/** Options that contradict each other. */
static weir_status check_config(const struct weir_config *config, struct weir_err *err)
{
    if (config->osl_stddev > 0 && config->osl == 0) {
        return weir_fail(err, WEIR_INVALID, "--osl-stddev needs a mean: give --osl too");
    }
    if (config->input_file[0] == '\0') {
        return WEIR_OK;
    }
    if (config->isl_stddev > 0) {
        return weir_fail(err, WEIR_INVALID,
                         "--isl-stddev shapes synthetic prompts; it cannot go with --input-file");
    }
    if (config->osl_stddev > 0) {
        return weir_fail(
            err, WEIR_INVALID,
            "--osl-stddev cannot go with --input-file; put 'max_tokens' into its lines");
    }
    return WEIR_OK;
}

/** Completions has no messages; the first line that has some makes the error. */
static weir_status check_messages(const struct maker *maker)
{
    const struct weir_plan *plan = maker->plan;
    for (size_t t = 0; t < plan->target_count; t++) {
        if (plan->targets[t].dialect->takes_messages) {
            continue;
        }
        for (size_t i = 0; i < maker->dataset.count; i++) {
            if (maker->dataset.rows[i].messages.len > 0) {
                return weir_fail_at(maker->err, maker->config->input_file,
                                    maker->dataset.rows[i].line, 0,
                                    "'messages' cannot go to target '%s' (endpoint type "
                                    "completions); use 'prompt', or "
                                    "--endpoint-type chat",
                                    plan->targets[t].name);
            }
        }
    }
    return WEIR_OK;
}

// ---- items
// -----------------------------------------------------------------------------------------

/** Synthetic prompts worth making: no more than the longest level can send. */
static size_t pool_size(const struct weir_plan *plan, const struct weir_config *config)
{
    uint64_t most = 0;
    for (size_t i = 0; i < plan->level_count; i++) {
        const struct weir_level *level = &plan->levels[i];
        if (level->request_count == 0 || level->warmup_duration > 0) {
            return (size_t)config->prompt_pool;
        }
        uint64_t sent = level->request_count + level->warmup_count +
                        level->concurrency; // a closed loop's load stays on to the end
        most = sent > most ? sent : most;
    }
    return most < (uint64_t)config->prompt_pool ? (size_t)most : (size_t)config->prompt_pool;
}

/** Row i of the input file. */
static struct source source_of_row(const struct maker *maker, size_t i)
{
    const struct weir_row *row = &maker->dataset.rows[i];
    int64_t tokens = row->max_tokens > 0 ? row->max_tokens : maker->config->osl;
    return (struct source){
        .prompt = row->prompt, .messages = row->messages, .tokens = (uint32_t)tokens};
}

/** Synthetic prompt i; false when it does not fit. */
static bool source_of_seed(struct maker *maker, size_t i, struct source *out)
{
    const struct weir_config *config = maker->config;
    const uint64_t seed = maker->plan->seed;
    uint32_t least = config->unique_prompts ? WEIR_PROMPT_UNIQUE_MIN : 1;
    *out = (struct source){.has_nonce = config->unique_prompts};
    out->words =
        weir_length_draw(seed, "isl", i, (double)config->isl, (double)config->isl_stddev, least);
    if (config->osl > 0) {
        out->tokens =
            weir_length_draw(seed, "osl", i, (double)config->osl, (double)config->osl_stddev, 1);
    }
    weir_buf_clear(&maker->prompt);
    bool fits = weir_prompt_write(seed, i, out->words, out->has_nonce, &maker->prompt);
    out->prompt = (struct weir_slice){weir_buf_text(&maker->prompt), maker->prompt.len};
    return fits;
}

static weir_status fail_size(const struct maker *maker)
{
    return weir_fail(maker->err, WEIR_TOO_LARGE,
                     "the plan needs more than %zu MiB for request bodies (or one body more than "
                     "%zu MiB); lower %s",
                     PLAN_BYTES_MAX >> 20U, BODY_BYTES_MAX >> 20U,
                     maker->dataset.count > 0 ? "the size of --input-file"
                                              : "--prompt-pool or --isl");
}

/** The offset of the nonce; SIZE_MAX when there is none or the dialect wrote the prompt in another
 * way. */
static size_t nonce_of(const struct maker *maker, const struct source *source, size_t prompt_at)
{
    if (!source->has_nonce || prompt_at > maker->body.len ||
        maker->body.len - prompt_at < WEIR_NONCE_BYTES) {
        return SIZE_MAX;
    }
    bool is_there = memcmp(maker->body.ptr + prompt_at, source->prompt.ptr, WEIR_NONCE_BYTES) == 0;
    return is_there ? prompt_at : SIZE_MAX;
}

static weir_status make_item(struct maker *maker, const struct source *source,
                             const struct weir_target *target, struct weir_item *out)
{
    struct weir_plan *plan = maker->plan;
    const struct weir_body_spec spec = {
        .model = weir_slice_of(target->model),
        .prompt = source->prompt,
        .messages = source->messages,
        .max_tokens = source->tokens,
        .is_streaming = maker->config->streaming,
        .extra_keys = maker->extra.keys,
        .extra_values = maker->extra.values,
        .extra_count = maker->extra.count,
    };
    size_t prompt_at = SIZE_MAX;
    weir_buf_clear(&maker->body);
    if (!weir_dialect_build(target->dialect, spec, &maker->body, &prompt_at) ||
        weir_arena_used(plan->arena) + maker->body.len > PLAN_BYTES_MAX) {
        return fail_size(maker);
    }
    uint32_t asked =
        maker->extra.tokens_asked > 0 ? (uint32_t)maker->extra.tokens_asked : source->tokens;
    *out = (struct weir_item){
        .body = {weir_arena_strndup(plan->arena, weir_buf_text(&maker->body), maker->body.len),
                 maker->body.len},
        .nonce_at = nonce_of(maker, source, prompt_at),
        .tokens_asked = asked,
        .prompt_words = source->words,
    };
    plan->body_bytes_max =
        maker->body.len > plan->body_bytes_max ? maker->body.len : plan->body_bytes_max;
    return WEIR_OK;
}

/** Synthetic prompts that cannot fit whatever the words: told before minutes are spent on them. */
static bool is_hopeless(const struct weir_plan *plan, const struct weir_config *config)
{
    const double bytes_per_word = 4.0; // a little less than the mean
    double items = (double)plan->item_count * (double)plan->target_count;
    return items * (double)config->isl * bytes_per_word > (double)PLAN_BYTES_MAX;
}

static weir_status make_items(struct maker *maker)
{
    struct weir_plan *plan = maker->plan;
    const bool has_file = maker->dataset.count > 0;
    plan->item_count = has_file ? maker->dataset.count : pool_size(plan, maker->config);
    if (!has_file && is_hopeless(plan, maker->config)) {
        return fail_size(maker);
    }
    plan->items =
        weir_arena_alloc(plan->arena, plan->item_count * plan->target_count * sizeof(*plan->items));
    for (size_t i = 0; i < plan->item_count; i++) {
        struct source source;
        if (has_file) {
            source = source_of_row(maker, i);
        } else if (!source_of_seed(maker, i, &source)) {
            return fail_size(maker);
        }
        for (size_t t = 0; t < plan->target_count; t++) {
            weir_status status = make_item(maker, &source, &plan->targets[t],
                                           &plan->items[t * plan->item_count + i]);
            if (status != WEIR_OK) {
                return status;
            }
        }
    }
    return WEIR_OK;
}

// ---- the whole
// -------------------------------------------------------------------------------------

static uint32_t longest_answer(const struct weir_plan *plan)
{
    uint32_t most = 0;
    for (size_t i = 0; i < plan->item_count * plan->target_count; i++) {
        uint32_t asked = plan->items[i].tokens_asked;
        if (asked == 0) {
            return 0;
        }
        most = asked > most ? asked : most;
    }
    return most;
}

static uint64_t hash_plan(const struct weir_plan *plan)
{
    uint64_t hash = weir__hash_u64(WEIR_HASH_START, plan->seed);
    for (size_t i = 0; i < plan->target_count; i++) {
        hash = weir_hash(hash, plan->targets[i].name, strlen(plan->targets[i].name) + 1);
    }
    hash = weir__levels_hash(hash, plan);
    for (size_t i = 0; i < plan->item_count * plan->target_count; i++) {
        hash = weir__hash_u64(hash, plan->items[i].body.len);
        hash = weir_hash(hash, plan->items[i].body.ptr, plan->items[i].body.len);
    }
    return hash;
}

static weir_status make_plan(struct maker *maker)
{
    const struct weir_config *config = maker->config;
    weir_status status = weir__levels_make(maker->plan, config, maker->err);
    if (status == WEIR_OK) {
        status = weir_extra_parse(&config->extra_inputs, maker->scratch, &maker->extra, maker->err);
    }
    if (status == WEIR_OK && config->input_file[0] != '\0') {
        status = weir_dataset_read(config->input_file, maker->scratch, &maker->dataset, maker->err);
    }
    if (status == WEIR_OK) {
        status = check_messages(maker);
    }
    return status == WEIR_OK ? make_items(maker) : status;
}

weir_status weir_plan_new(const struct weir_config *config, const struct weir_target *targets,
                          size_t target_count, struct weir_plan **out, struct weir_err *err)
{
    weir_status status = check_config(config, err);
    if (status == WEIR_OK) {
        status = weir__levels_check(config, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    if (target_count == 0) {
        return weir_fail(err, WEIR_INVALID, "a plan needs a target (--url)");
    }
    struct weir_arena *arena = weir_arena_new();
    struct weir_plan *plan = weir_arena_alloc(arena, sizeof(*plan));
    plan->arena = arena;
    plan->seed = (uint64_t)config->seed;
    plan->target_count = target_count;
    plan->targets = weir_arena_alloc(arena, target_count * sizeof(*targets));
    memcpy(plan->targets, targets, target_count * sizeof(*targets));
    struct maker maker = {.config = config, .plan = plan, .scratch = weir_arena_new(), .err = err};
    weir_buf_init(&maker.prompt, BODY_BYTES_MAX);
    weir_buf_init(&maker.body, BODY_BYTES_MAX);
    status = make_plan(&maker);
    weir_buf_free(&maker.body);
    weir_buf_free(&maker.prompt);
    weir_arena_free(maker.scratch);
    if (status != WEIR_OK) {
        weir_plan_free(plan);
        return status;
    }
    plan->tokens_asked_max = longest_answer(plan);
    plan->hash = hash_plan(plan);
    *out = plan;
    return WEIR_OK;
}

void weir_plan_free(struct weir_plan *plan)
{
    if (plan != NULL) {
        weir_arena_free(plan->arena);
    }
}

const struct weir_item *weir_plan_item(const struct weir_plan *plan, uint32_t target, uint64_t id)
{
    WEIR_ASSERT(target < plan->target_count);
    return &plan->items[target * plan->item_count + id % plan->item_count];
}

uint64_t weir_plan_requests(const struct weir_plan *plan)
{
    uint64_t most = 0;
    for (size_t i = 0; i < plan->level_count; i++) {
        most = plan->levels[i].request_count > most ? plan->levels[i].request_count : most;
    }
    return most;
}
