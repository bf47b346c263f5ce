// OpenAI's chat and completions answers, with what servers do to them: where role, finish_reason
// and usage stand, and what is null.
#include <time.h>

#include "format.h"
#include "weir/base/attr.h"

time_t weir__unix_now(void)
{
    return time(NULL);
}

static bool is_chat(const struct weir_sim_answer *answer)
{
    return answer->request.format == WEIR_SIM_CHAT;
}

static void prepare(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                    struct weir_buf *out)
{
    weir__say(out, voice->data_begin);
    weir__say(out, "{\"id\":\"");
    if (!weir__has_quirk(voice, WEIR_SIM_EMPTY_ID)) {
        const bool fits = weir_buf_addf(out, "%s-%08llx", is_chat(answer) ? "chatcmpl" : "cmpl",
                                        (unsigned long long)answer->number);
        WEIR_ASSERT(fits);
    }
    weir__say(out, is_chat(answer) ? "\",\"object\":\"chat.completion.chunk\",\"created\":"
                                   : "\",\"object\":\"text_completion\",\"created\":");
    weir__say_number(out, (uint64_t)answer->created);
    weir__say(out, ",\"model\":\"");
    weir__say(out, voice->model_json);
    weir__say(out, "\",\"choices\":[");
}

static size_t begin_event(const struct weir_sim_answer *answer, struct weir_buf *out)
{
    const size_t begin = weir__chunk_begin(answer, out);
    const bool fits = weir_buf_add(out, answer->prefix.ptr, answer->prefix.len);
    WEIR_ASSERT(fits);
    return begin;
}

static void add_usage(const struct weir_sim_voice *voice, const struct weir_sim_answer *answer,
                      struct weir_buf *out)
{
    const uint64_t prompt = (uint64_t)answer->request.prompt_tokens;
    weir__say(out, "\"usage\":{\"prompt_tokens\":");
    weir__say_number(out, prompt);
    weir__say(out, ",\"completion_tokens\":");
    weir__say_number(out, answer->sent);
    weir__say(out, ",\"total_tokens\":");
    weir__say_number(out, prompt + answer->sent);
    if (weir__has_quirk(voice, WEIR_SIM_CACHED_TOKENS)) {
        weir__say(out, ",\"prompt_tokens_details\":{\"cached_tokens\":0}");
    }
    if (answer->reasoning > 0) {
        weir__say(out, ",\"completion_tokens_details\":{\"reasoning_tokens\":");
        weir__say_number(out, answer->sent < answer->reasoning ? answer->sent : answer->reasoning);
        weir__say(out, "}");
    }
    weir__say(out, "}");
}

/** End an event that is not the final one for usage. */
static void end_choices(const struct weir_sim_voice *voice, const struct weir_sim_answer *answer,
                        struct weir_buf *out)
{
    if (answer->has_every_usage) {
        weir__say(out, "],");
        add_usage(voice, answer, out);
        weir__say(out, "}");
        return;
    }
    switch ((enum weir_sim_filler)answer->filler) {
    case WEIR_SIM_FILLER_NULL:
        weir__say(out, "],\"usage\":null}");
        break;
    case WEIR_SIM_FILLER_ZEROS:
        weir__say(out, "],\"usage\":{\"prompt_tokens\":0,\"completion_tokens\":0,"
                       "\"total_tokens\":0}}");
        break;
    case WEIR_SIM_FILLER_NONE:
    default:
        weir__say(out, "]}");
        break;
    }
}

/** Whether final usage stands on the event with finish_reason. */
static bool has_usage_at_finish(const struct weir_sim_voice *voice,
                                const struct weir_sim_answer *answer)
{
    const bool is_tgi_text =
        !is_chat(answer) && weir__has_quirk(voice, WEIR_SIM_EMPTY_FINISH); // as TGI does
    return answer->has_final_usage &&
           (voice->config->usage_place == WEIR_SIM_USAGE_FINISH || is_tgi_text);
}

/** Behind the choices of the event that says finish_reason. */
static void end_finish(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                       struct weir_buf *out)
{
    answer->is_finished = true;
    if (has_usage_at_finish(voice, answer)) {
        weir__say(out, "],");
        add_usage(voice, answer, out);
        weir__say(out, "}");
    } else if (weir__has_quirk(voice, WEIR_SIM_TIMINGS) && !answer->has_final_usage) {
        weir__say(out, "],\"timings\":");
        weir__say_timings(answer, out);
        weir__say(out, "}");
    } else {
        end_choices(voice, answer, out);
    }
}

static void open_chat(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                      struct weir_buf *out)
{
    const enum weir_role_chunk role = (enum weir_role_chunk)voice->config->role_chunk;
    if (role != WEIR_ROLE_EARLY && role != WEIR_ROLE_FIRST) {
        return;
    }
    const size_t begin = begin_event(answer, out);
    weir__say(out, "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":");
    weir__say(out, weir__has_quirk(voice, WEIR_SIM_ROLE_NULL) ? "null" : "\"\"");
    weir__say(out, "},\"logprobs\":null,\"finish_reason\":null}");
    end_choices(voice, answer, out);
    weir__event_end(voice, answer, out, begin);
}

static const char *reasoning_field(const struct weir_sim_voice *voice)
{
    return voice->config->reasoning_field == WEIR_REASONING ? "reasoning" : "reasoning_content";
}

static void begin_delta(const struct weir_sim_voice *voice, const struct weir_sim_answer *answer,
                        struct weir_buf *out)
{
    const enum weir_role_chunk role = (enum weir_role_chunk)voice->config->role_chunk;
    weir__say(out, "{\"index\":0,\"delta\":{\"");
    if (role == WEIR_ROLE_EVERY || (role == WEIR_ROLE_MERGED && answer->sent == 0)) {
        weir__say(out, "role\":\"assistant\",\"");
    }
    if (answer->sent < answer->reasoning) {
        weir__say(out, reasoning_field(voice));
        weir__say(out, "\":\"");
    } else {
        weir__say(out, "content\":\"");
    }
}

/** "finish_reason" of a token event, and the end of its choice. */
static void add_finish(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                       struct weir_buf *out)
{
    const bool is_last = answer->sent == answer->tokens;
    if (is_last && voice->config->finish == WEIR_SIM_FINISH_LAST) {
        weir__say(out, ",\"logprobs\":null,\"finish_reason\":\"");
        weir__say(out, weir__finish_reason(answer));
        weir__say(out, "\"}");
        end_finish(voice, answer, out);
        return;
    }
    const bool is_empty = !is_chat(answer) && weir__has_quirk(voice, WEIR_SIM_EMPTY_FINISH);
    weir__say(out, is_empty ? ",\"logprobs\":null,\"finish_reason\":\"\"}"
                            : ",\"logprobs\":null,\"finish_reason\":null}");
    end_choices(voice, answer, out);
}

static void say_tokens(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                       struct weir_buf *out)
{
    const size_t begin = begin_event(answer, out);
    const bool is_text = answer->sent >= answer->reasoning;
    if (is_chat(answer)) {
        begin_delta(voice, answer, out);
    } else {
        weir__say(out, "{\"index\":0,\"text\":\"");
    }
    weir__say_words(voice, answer, weir_sim_answer_next(answer), out);
    if (!is_chat(answer)) {
        weir__say(out, "\"");
    } else if (is_text && weir__has_quirk(voice, WEIR_SIM_REASONING_NULL)) {
        weir__say(out, "\",\"reasoning_content\":null}");
    } else {
        weir__say(out, "\"}");
    }
    add_finish(voice, answer, out);
    weir__event_end(voice, answer, out, begin);
}

static void say_close(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                      struct weir_buf *out)
{
    if (!answer->is_finished) {
        const size_t begin = begin_event(answer, out);
        weir__say(out,
                  is_chat(answer) ? "{\"index\":0,\"delta\":{}" : "{\"index\":0,\"text\":\"\"");
        weir__say(out, ",\"logprobs\":null,\"finish_reason\":\"");
        weir__say(out, weir__finish_reason(answer));
        weir__say(out, "\"}");
        end_finish(voice, answer, out);
        weir__event_end(voice, answer, out, begin);
    }
    if (answer->has_final_usage && !has_usage_at_finish(voice, answer)) {
        const size_t begin = begin_event(answer, out);
        weir__say(out, "],");
        add_usage(voice, answer, out);
        if (weir__has_quirk(voice, WEIR_SIM_TIMINGS)) {
            weir__say(out, ",\"timings\":");
            weir__say_timings(answer, out);
        }
        weir__say(out, "}");
        weir__event_end(voice, answer, out, begin);
    }
    weir__event(voice, answer, "[DONE]", out);
}

static void say_whole(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                      struct weir_buf *out)
{
    const bool fits = weir_buf_addf(
        out,
        "{\"id\":\"%s-%08llx\",\"object\":\"%s\",\"created\":%lld,\"model\":\"%s\",\"choices\":[",
        is_chat(answer) ? "chatcmpl" : "cmpl", (unsigned long long)answer->number,
        is_chat(answer) ? "chat.completion" : "text_completion", (long long)answer->created,
        voice->model_json);
    WEIR_ASSERT(fits);
    weir__say(out, "{\"index\":0,");
    if (is_chat(answer)) {
        weir__say(out, "\"message\":{\"role\":\"assistant\",");
    }
    if (answer->reasoning > 0) {
        weir__say(out, "\"");
        weir__say(out, reasoning_field(voice));
        weir__say(out, "\":\"");
        weir__say_words(voice, answer, answer->reasoning, out);
        weir__say(out, "\",");
    }
    weir__say(out, is_chat(answer) ? "\"content\":\"" : "\"text\":\"");
    weir__say_words(voice, answer, answer->tokens - answer->reasoning, out);
    weir__say(out, is_chat(answer) ? "\"}" : "\"");
    weir__say(out, ",\"logprobs\":null,\"finish_reason\":\"");
    weir__say(out, weir__finish_reason(answer));
    weir__say(out, "\"}],");
    add_usage(voice, answer, out);
    if (weir__has_quirk(voice, WEIR_SIM_TIMINGS)) {
        weir__say(out, ",\"timings\":");
        weir__say_timings(answer, out);
    }
    weir__say(out, "}");
}

const struct weir_sim_format weir__format_chat = {.has_reasoning = true,
                                                  .has_done = true,
                                                  .prepare = prepare,
                                                  .open = open_chat,
                                                  .tokens = say_tokens,
                                                  .close = say_close,
                                                  .whole = say_whole};

const struct weir_sim_format weir__format_completions = {.has_done = true,
                                                         .prepare = prepare,
                                                         .tokens = say_tokens,
                                                         .close = say_close,
                                                         .whole = say_whole};
