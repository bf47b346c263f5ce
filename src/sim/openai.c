// OpenAI's chat and completions answers, put together from pieces made beforehand: see openai.h.
#include "weir/sim/openai.h"

#include <math.h>
#include <string.h>

#include "weir/base/attr.h"

enum { PREFIX_CAP = 4096, CHUNK_DIGITS = 4 };

const char *weir_sim_openai_model(const struct weir_config *config)
{
    return config->model[0] != '\0' ? config->model : "sim-model";
}

/** A pronounceable word of one to three syllables. */
static struct weir_sim_word make_word(struct weir_rng *rng)
{
    static const char CONSONANTS[] = "bdfgklmnprstvz";
    static const char VOWELS[] = "aeiou";
    struct weir_sim_word word = {.text = " ", .len = 1};
    const uint32_t syllables = 1 + weir_rng_below(rng, 3);
    for (uint32_t i = 0; i < syllables; i++) {
        word.text[word.len++] = CONSONANTS[weir_rng_below(rng, sizeof(CONSONANTS) - 1)];
        word.text[word.len++] = VOWELS[weir_rng_below(rng, sizeof(VOWELS) - 1)];
    }
    return word;
}

void weir_sim_openai_init(struct weir_sim_openai *openai, const struct weir_config *config)
{
    *openai = (struct weir_sim_openai){.config = config, .model = weir_sim_openai_model(config)};
    struct weir_buf model;
    weir_buf_init(&model, sizeof(openai->model_json) - 1);
    const bool fits = weir_buf_add_json(&model, openai->model, strlen(openai->model));
    WEIR_ASSERT(fits);
    memcpy(openai->model_json, weir_buf_text(&model), model.len);
    weir_buf_free(&model);
    struct weir_rng rng = weir_rng_split((uint64_t)config->seed, "sim words", 0);
    for (size_t i = 0; i < WEIR_SIM_WORDS; i++) {
        openai->words[i] = make_word(&rng);
    }
}

static uint64_t draw_length(const struct weir_config *config, const struct weir_sim_request *asked,
                            uint64_t number)
{
    if (asked->max_tokens > 0) {
        return (uint64_t)asked->max_tokens;
    }
    struct weir_rng rng = weir_rng_split((uint64_t)config->seed, "sim length", number);
    const double drawn = round(weir_dist_draw(&config->output_tokens, &rng));
    const double least = asked->min_tokens > 1 ? (double)asked->min_tokens : 1.0;
    return (uint64_t)fmin(fmax(drawn, least), WEIR_SIM_TOKENS_MAX);
}

static void begin_prefix(const struct weir_sim_openai *openai, struct weir_sim_answer *answer)
{
    const bool is_chat = answer->request.is_chat;
    if (answer->prefix.cap == 0) {
        weir_buf_init(&answer->prefix, PREFIX_CAP);
    }
    weir_buf_clear(&answer->prefix);
    const bool fits = weir_buf_addf(
        &answer->prefix,
        "data: {\"id\":\"%s-%08llx\",\"object\":\"%s\",\"created\":%lld,\"model\":\"%s\","
        "\"choices\":[",
        is_chat ? "chatcmpl" : "cmpl", (unsigned long long)answer->number,
        is_chat ? "chat.completion.chunk" : "text_completion", (long long)answer->created,
        openai->model_json);
    WEIR_ASSERT(fits);
}

void weir_sim_answer_begin(const struct weir_sim_openai *openai, struct weir_sim_answer *answer,
                           const struct weir_sim_request *request, uint64_t number, bool is_chunked)
{
    const struct weir_config *config = openai->config;
    const enum weir_usage usage = (enum weir_usage)config->usage;
    answer->request = *request;
    answer->number = number;
    answer->tokens = draw_length(config, request, number);
    answer->reasoning = request->is_chat ? (uint64_t)config->reasoning_tokens : 0;
    if (answer->reasoning > answer->tokens) {
        answer->reasoning = answer->tokens;
    }
    answer->sent = 0;
    answer->is_chunked = is_chunked;
    answer->has_every_usage =
        usage == WEIR_USAGE_EVERY || (usage == WEIR_USAGE_AUTO && request->wants_every);
    answer->has_final_usage = usage == WEIR_USAGE_EVERY || usage == WEIR_USAGE_FINAL ||
                              (usage == WEIR_USAGE_AUTO && request->wants_usage);
    answer->rng = weir_rng_split((uint64_t)config->seed, "sim text", number);
    answer->created = time(NULL);
    if (request->is_streaming) {
        begin_prefix(openai, answer);
    }
}

void weir_sim_answer_free(struct weir_sim_answer *answer)
{
    weir_buf_free(&answer->prefix);
}

static uint64_t ceil_div(uint64_t value, uint64_t by)
{
    return (value + by - 1) / by;
}

uint64_t weir_sim_answer_events(const struct weir_sim_openai *openai,
                                const struct weir_sim_answer *answer)
{
    const uint64_t each = (uint64_t)openai->config->tokens_per_chunk;
    return ceil_div(answer->reasoning, each) + ceil_div(answer->tokens - answer->reasoning, each);
}

uint64_t weir_sim_answer_next(const struct weir_sim_openai *openai,
                              const struct weir_sim_answer *answer)
{
    const uint64_t end = answer->sent < answer->reasoning ? answer->reasoning : answer->tokens;
    const uint64_t left = end - answer->sent;
    const uint64_t each = (uint64_t)openai->config->tokens_per_chunk;
    return left < each ? left : each;
}

static void add_text(struct weir_buf *out, const char *text)
{
    const bool fits = weir_buf_add(out, text, strlen(text));
    WEIR_ASSERT(fits);
}

/** Decimal digits; snprintf would be a tenth of a token's cost. */
static void add_number(struct weir_buf *out, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    const bool fits = weir_buf_add(out, digits + at, sizeof(digits) - at);
    WEIR_ASSERT(fits);
}

/** Append `count` words of the answer; the first word of a text has no blank before it. */
static void add_words(const struct weir_sim_openai *openai, struct weir_sim_answer *answer,
                      uint64_t count, struct weir_buf *out)
{
    bool is_first = answer->sent == 0 || answer->sent == answer->reasoning;
    for (uint64_t i = 0; i < count; i++) {
        const struct weir_sim_word *word =
            &openai->words[weir_rng_u32(&answer->rng) % WEIR_SIM_WORDS];
        const bool fits = weir_buf_add(out, word->text + is_first, (size_t)word->len - is_first);
        WEIR_ASSERT(fits);
        is_first = false;
    }
    answer->sent += count;
}

static void add_usage(const struct weir_sim_answer *answer, struct weir_buf *out)
{
    const uint64_t prompt = (uint64_t)answer->request.prompt_tokens;
    add_text(out, "\"usage\":{\"prompt_tokens\":");
    add_number(out, prompt);
    add_text(out, ",\"completion_tokens\":");
    add_number(out, answer->sent);
    add_text(out, ",\"total_tokens\":");
    add_number(out, prompt + answer->sent);
    if (answer->reasoning > 0) {
        add_text(out, ",\"completion_tokens_details\":{\"reasoning_tokens\":");
        add_number(out, answer->sent < answer->reasoning ? answer->sent : answer->reasoning);
        add_text(out, "}");
    }
    add_text(out, "}");
}

/** Begin an HTTP chunk: leave room for its length. Returns where the event begins. */
static size_t begin_event(const struct weir_sim_answer *answer, struct weir_buf *out)
{
    if (answer->is_chunked) {
        add_text(out, "0000\r\n");
    }
    const size_t begin = out->len;
    const bool fits = weir_buf_add(out, answer->prefix.ptr, answer->prefix.len);
    WEIR_ASSERT(fits);
    return begin;
}

/** End the HTTP chunk whose content began at `begin`: write its length before it, without leading
 * zeros. */
static void end_event(const struct weir_sim_answer *answer, struct weir_buf *out, size_t begin)
{
    static const char HEX[] = "0123456789abcdef";
    if (!answer->is_chunked) {
        return;
    }
    const size_t len = out->len - begin;
    WEIR_ASSERT(len < WEIR_SIM_EVENT_CAP);
    add_text(out, "\r\n");
    char *start = out->ptr + begin - CHUNK_DIGITS - 2;
    size_t zeros = 0;
    for (size_t i = 0; i < CHUNK_DIGITS; i++) {
        start[i] = HEX[(len >> (4 * (CHUNK_DIGITS - 1 - i))) & 15U];
        zeros += zeros == i && start[i] == '0';
    }
    memmove(start, start + zeros, out->len - (size_t)(start - out->ptr) - zeros);
    out->len -= zeros;
}

static void end_choices(const struct weir_sim_answer *answer, struct weir_buf *out, bool has_usage)
{
    add_text(out, "]");
    if (has_usage) {
        add_text(out, ",");
        add_usage(answer, out);
    }
    add_text(out, "}\n\n");
}

void weir_sim_answer_role(const struct weir_sim_openai *openai, struct weir_sim_answer *answer,
                          struct weir_buf *out)
{
    (void)openai;
    if (!answer->request.is_chat) {
        return;
    }
    const size_t begin = begin_event(answer, out);
    add_text(out, "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},"
                  "\"logprobs\":null,\"finish_reason\":null}");
    end_choices(answer, out, answer->has_every_usage);
    end_event(answer, out, begin);
}

static const char *reasoning_field(const struct weir_sim_openai *openai)
{
    return openai->config->reasoning_field == WEIR_REASONING ? "reasoning" : "reasoning_content";
}

void weir_sim_answer_tokens(const struct weir_sim_openai *openai, struct weir_sim_answer *answer,
                            struct weir_buf *out)
{
    const bool is_chat = answer->request.is_chat;
    const size_t begin = begin_event(answer, out);
    if (!is_chat) {
        add_text(out, "{\"index\":0,\"text\":\"");
    } else if (answer->sent < answer->reasoning) {
        add_text(out, "{\"index\":0,\"delta\":{\"");
        add_text(out, reasoning_field(openai));
        add_text(out, "\":\"");
    } else {
        add_text(out, "{\"index\":0,\"delta\":{\"content\":\"");
    }
    add_words(openai, answer, weir_sim_answer_next(openai, answer), out);
    add_text(out, is_chat ? "\"},\"logprobs\":null,\"finish_reason\":null}"
                          : "\",\"logprobs\":null,\"finish_reason\":null}");
    end_choices(answer, out, answer->has_every_usage);
    end_event(answer, out, begin);
}

static const char *finish_reason(const struct weir_sim_answer *answer)
{
    return answer->request.max_tokens > 0 ? "length" : "stop";
}

void weir_sim_answer_end(const struct weir_sim_openai *openai, struct weir_sim_answer *answer,
                         struct weir_buf *out)
{
    (void)openai;
    size_t begin = begin_event(answer, out);
    add_text(out,
             answer->request.is_chat ? "{\"index\":0,\"delta\":{}" : "{\"index\":0,\"text\":\"\"");
    add_text(out, ",\"logprobs\":null,\"finish_reason\":\"");
    add_text(out, finish_reason(answer));
    add_text(out, "\"}");
    end_choices(answer, out, answer->has_every_usage);
    end_event(answer, out, begin);
    if (answer->has_final_usage) {
        begin = begin_event(answer, out);
        end_choices(answer, out, true);
        end_event(answer, out, begin);
    }
    add_text(out, answer->is_chunked ? "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n" : "data: [DONE]\n\n");
}

void weir_sim_answer_whole(const struct weir_sim_openai *openai, struct weir_sim_answer *answer,
                           struct weir_buf *out)
{
    const bool is_chat = answer->request.is_chat;
    const bool fits = weir_buf_addf(
        out,
        "{\"id\":\"%s-%08llx\",\"object\":\"%s\",\"created\":%lld,\"model\":\"%s\",\"choices\":[",
        is_chat ? "chatcmpl" : "cmpl", (unsigned long long)answer->number,
        is_chat ? "chat.completion" : "text_completion", (long long)answer->created,
        openai->model_json);
    WEIR_ASSERT(fits);
    add_text(out, "{\"index\":0,");
    if (is_chat) {
        add_text(out, "\"message\":{\"role\":\"assistant\",");
    }
    if (answer->reasoning > 0) {
        add_text(out, "\"");
        add_text(out, reasoning_field(openai));
        add_text(out, "\":\"");
        add_words(openai, answer, answer->reasoning, out);
        add_text(out, "\",");
    }
    add_text(out, is_chat ? "\"content\":\"" : "\"text\":\"");
    add_words(openai, answer, answer->tokens - answer->reasoning, out);
    add_text(out, is_chat ? "\"}" : "\"");
    add_text(out, ",\"logprobs\":null,\"finish_reason\":\"");
    add_text(out, finish_reason(answer));
    add_text(out, "\"}],");
    add_usage(answer, out);
    add_text(out, "}");
}

static void add_member(struct weir_buf *out, const char *name, const char *text)
{
    add_text(out, name);
    if (text == NULL) {
        add_text(out, "null");
        return;
    }
    add_text(out, "\"");
    const bool fits = weir_buf_add_json(out, text, strlen(text));
    WEIR_ASSERT(fits);
    add_text(out, "\"");
}

void weir_sim_fault_json(const struct weir_sim_fault *fault, struct weir_buf *out)
{
    add_member(out, "{\"error\":{\"message\":", fault->message);
    add_member(out, ",\"type\":", fault->type);
    add_member(out, ",\"param\":", fault->param);
    add_member(out, ",\"code\":", fault->code);
    add_text(out, "}}");
}

void weir_sim_models_json(const struct weir_sim_openai *openai, struct weir_buf *out)
{
    add_member(out, "{\"object\":\"list\",\"data\":[{\"id\":", openai->model);
    const bool fits = weir_buf_addf(
        out, ",\"object\":\"model\",\"created\":%lld,\"owned_by\":\"weir\"", (long long)time(NULL));
    WEIR_ASSERT(fits);
    add_member(out, ",\"root\":", openai->model);
    add_text(out, ",\"parent\":null}]}");
}
