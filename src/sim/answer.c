// A voice, and answers whatever their language: see answer.h.
#include "weir/sim/answer.h"

#include <math.h>
#include <string.h>

#include "format.h"
#include "weir/base/attr.h"

static const struct weir_sim_format *const FORMATS[WEIR_SIM_FORMAT_COUNT] = {
    [WEIR_SIM_COMPLETIONS] = &weir__format_completions,
    [WEIR_SIM_CHAT] = &weir__format_chat,
    [WEIR_SIM_RESPONSES] = &weir__format_responses,
    [WEIR_SIM_EMBEDDINGS] = &weir__format_embeddings,
    [WEIR_SIM_RERANK] = &weir__format_rerank,
    [WEIR_SIM_MESSAGES] = &weir__format_messages,
    [WEIR_SIM_OLLAMA_GENERATE] = &weir__format_ollama_generate,
    [WEIR_SIM_OLLAMA_CHAT] = &weir__format_ollama_chat,
    [WEIR_SIM_TGI] = &weir__format_tgi,
    [WEIR_SIM_LLAMACPP] = &weir__format_llamacpp,
    [WEIR_SIM_SGLANG] = &weir__format_sglang,
    [WEIR_SIM_TRITON] = &weir__format_triton,
};

const char *weir_sim_model(const struct weir_config *config)
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

static void choose_framing(struct weir_sim_voice *voice)
{
    static const struct {
        const char *begin;
        const char *line_end;
        const char *event_end;
    } FRAMINGS[] = {
        [WEIR_SIM_SSE_LF] = {"data: ", "\n", "\n\n"},
        [WEIR_SIM_SSE_CRLF] = {"data: ", "\r\n", "\r\n\r\n"},
        [WEIR_SIM_SSE_CR] = {"data: ", "\r", "\r\r"},
        [WEIR_SIM_SSE_TIGHT] = {"data:", "\n", "\n\n"},
        [WEIR_SIM_SSE_PADDED] = {"data: ", "\n", " \n\n"},
    };
    voice->data_begin = FRAMINGS[voice->config->sse].begin;
    voice->line_end = FRAMINGS[voice->config->sse].line_end;
    voice->event_end = FRAMINGS[voice->config->sse].event_end;
}

void weir_sim_voice_init(struct weir_sim_voice *voice, const struct weir_config *config)
{
    *voice = (struct weir_sim_voice){
        .config = config, .profile = weir_sim_profile_of(config), .model = weir_sim_model(config)};
    choose_framing(voice);
    struct weir_buf model;
    weir_buf_init(&model, sizeof(voice->model_json) - 1);
    const bool fits = weir_buf_add_json(&model, voice->model, strlen(voice->model));
    WEIR_ASSERT(fits);
    memcpy(voice->model_json, weir_buf_text(&model), model.len);
    weir_buf_free(&model);
    struct weir_rng rng = weir_rng_split((uint64_t)config->seed, "sim words", 0);
    for (size_t i = 0; i < WEIR_SIM_WORDS; i++) {
        voice->words[i] = make_word(&rng);
    }
}

/** A server that takes max_tokens for a limit only stops when it has said what it had to say. */
static uint64_t draw_length(const struct weir_sim_voice *voice,
                            const struct weir_sim_request *asked, uint64_t number)
{
    const bool is_cap = weir__has_quirk(voice, WEIR_SIM_CAP_ONLY) && !asked->wants_exact;
    const double most = asked->max_tokens > 0 ? (double)asked->max_tokens : WEIR_SIM_TOKENS_MAX;
    if (asked->max_tokens > 0 && !is_cap) {
        return (uint64_t)asked->max_tokens;
    }
    struct weir_rng rng = weir_rng_split((uint64_t)voice->config->seed, "sim length", number);
    const double drawn = round(weir_dist_draw(&voice->config->output_tokens, &rng));
    const double least = asked->min_tokens > 1 ? (double)asked->min_tokens : 1.0;
    return (uint64_t)fmin(fmax(drawn, least), most);
}

static void choose_usage(const struct weir_sim_voice *voice, struct weir_sim_answer *answer)
{
    const struct weir_sim_request *request = &answer->request;
    const enum weir_usage usage = (enum weir_usage)voice->config->usage;
    const bool is_auto = usage == WEIR_USAGE_AUTO;
    answer->has_every_usage = usage == WEIR_USAGE_EVERY || (is_auto && request->wants_every);
    answer->has_final_usage =
        usage == WEIR_USAGE_EVERY || usage == WEIR_USAGE_FINAL || (is_auto && request->wants_usage);
    const bool has_filler =
        (answer->has_final_usage || weir__has_quirk(voice, WEIR_SIM_FILLER_ALWAYS)) &&
        (request->format == WEIR_SIM_COMPLETIONS || !weir__has_quirk(voice, WEIR_SIM_FILLER_TEXT));
    answer->filler = has_filler ? (uint8_t)voice->config->usage_filler : WEIR_SIM_FILLER_NONE;
}

void weir_sim_answer_begin(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                           const struct weir_sim_request *request, uint64_t number, bool is_chunked)
{
    const struct weir_config *config = voice->config;
    const struct weir_sim_format *format = FORMATS[request->format];
    const struct weir_buf prefix = answer->prefix;
    *answer = (struct weir_sim_answer){
        .request = *request,
        .format = format,
        .number = number,
        .each = format->has_one_each ? 1 : (uint64_t)config->tokens_per_chunk,
        .is_chunked = is_chunked,
        .rng = weir_rng_split((uint64_t)config->seed, "sim text", number),
        .created = weir__unix_now(),
        .prefix = prefix,
    };
    if (format->tokens == NULL) {
        return; // no answer of tokens
    }
    answer->tokens = draw_length(voice, request, number);
    answer->reasoning = format->has_reasoning ? (uint64_t)config->reasoning_tokens : 0;
    if (answer->reasoning > answer->tokens) {
        answer->reasoning = answer->tokens;
    }
    choose_usage(voice, answer);
    if (request->is_streaming && format->prepare != NULL) {
        weir__prefix_clear(answer);
        format->prepare(voice, answer, &answer->prefix);
    }
}

void weir_sim_answer_free(struct weir_sim_answer *answer)
{
    weir_buf_free(&answer->prefix);
}

const char *weir_sim_answer_type(const struct weir_sim_answer *answer)
{
    return answer->format->is_ndjson ? "application/x-ndjson" : "text/event-stream; charset=utf-8";
}

static uint64_t ceil_div(uint64_t value, uint64_t by)
{
    return (value + by - 1) / by;
}

uint64_t weir_sim_answer_events(const struct weir_sim_answer *answer)
{
    return ceil_div(answer->reasoning, answer->each) +
           ceil_div(answer->tokens - answer->reasoning, answer->each);
}

uint64_t weir_sim_answer_next(const struct weir_sim_answer *answer)
{
    const uint64_t end = answer->sent < answer->reasoning ? answer->reasoning : answer->tokens;
    const uint64_t left = end - answer->sent;
    return left < answer->each ? left : answer->each;
}

void weir_sim_answer_open(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                          struct weir_buf *out)
{
    if (answer->format->open != NULL) {
        answer->format->open(voice, answer, out);
    }
}

void weir_sim_answer_tokens(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                            struct weir_buf *out)
{
    answer->format->tokens(voice, answer, out);
}

void weir_sim_answer_close(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                           struct weir_buf *out)
{
    answer->format->close(voice, answer, out);
    weir_sim_answer_stop(answer, out);
}

void weir_sim_answer_ping(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                          struct weir_buf *out)
{
    const char *text = voice->profile->ping != NULL ? voice->profile->ping : "";
    if (answer->format->is_ndjson) {
        return;
    }
    if (answer->format->ping != NULL) {
        answer->format->ping(voice, answer, out);
        return;
    }
    const size_t begin = weir__chunk_begin(answer, out);
    weir__say(out, ":");
    weir__say(out, text);
    weir__say(out, voice->line_end);
    weir__say(out, voice->line_end);
    weir__chunk_end(answer, out, begin);
}

static void say_error_event(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                            const struct weir_sim_refusal *refusal, struct weir_buf *out)
{
    const enum weir_sim_error_shape shape =
        weir__error_shape(voice->profile, answer->request.format, true);
    const bool is_named = shape == WEIR_SIM_ERROR_ANTHROPIC || shape == WEIR_SIM_ERROR_EVENT;
    const bool is_line = answer->format->is_ndjson;
    const size_t begin = is_line ? weir__chunk_begin(answer, out)
                                 : weir__event_begin(voice, answer, is_named ? "error" : NULL, out);
    weir__say_error(shape, refusal, answer, out);
    if (is_line) {
        weir__say(out, "\n");
        weir__chunk_end(answer, out, begin);
    } else {
        weir__event_end(voice, answer, out, begin);
    }
}

void weir_sim_answer_fail(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                          const struct weir_sim_refusal *refusal, struct weir_buf *out)
{
    const bool is_openai = answer->format->has_done;
    if (is_openai && weir__has_quirk(voice, WEIR_SIM_ERROR_SILENT)) {
        weir_sim_answer_stop(answer, out);
        return;
    }
    say_error_event(voice, answer, refusal, out);
    if (is_openai && weir__has_quirk(voice, WEIR_SIM_DONE_AFTER_ERROR)) {
        weir__event(voice, answer, "[DONE]", out);
    }
    weir_sim_answer_stop(answer, out);
}

void weir_sim_answer_break(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                           struct weir_buf *out)
{
    static const char BROKEN[] = "{\"id\":\"broken\",\"choices\":[{\"index\":0,\"delta\":{\"conte";
    if (!answer->format->is_ndjson) {
        weir__event(voice, answer, BROKEN, out);
        return;
    }
    const size_t begin = weir__chunk_begin(answer, out);
    weir__say(out, BROKEN);
    weir__say(out, "\n");
    weir__chunk_end(answer, out, begin);
}

void weir_sim_answer_stop(const struct weir_sim_answer *answer, struct weir_buf *out)
{
    weir__say(out, answer->is_chunked ? "0\r\n\r\n" : "");
}

void weir_sim_answer_whole(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                           struct weir_buf *out)
{
    answer->format->whole(voice, answer, out);
}
