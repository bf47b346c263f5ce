// Ollama's own generate and chat: a JSON object a line; the last one has the durations, all in ns,
// and leaves out what is zero.
#include "format.h"
#include "weir/base/attr.h"

static bool is_chat(const struct weir_sim_answer *answer)
{
    return answer->request.format == WEIR_SIM_OLLAMA_CHAT;
}

static void add_head(const struct weir_sim_voice *voice, struct weir_buf *out)
{
    char now[64];
    weir__say(out, "{\"model\":\"");
    weir__say(out, voice->model_json);
    weir__say(out, "\",\"created_at\":\"");
    weir__say(out, weir_clock_rfc3339(weir_clock_now(), now, sizeof(now)));
    weir__say(out, "\",");
}

static void prepare(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                    struct weir_buf *out)
{
    (void)answer;
    add_head(voice, out);
}

/** A line from its beginning to the opening quote of its text. */
static size_t begin_line(const struct weir_sim_answer *answer, bool is_thought,
                         struct weir_buf *out)
{
    const size_t begin = weir__chunk_begin(answer, out);
    const bool fits = weir_buf_add(out, answer->prefix.ptr, answer->prefix.len);
    WEIR_ASSERT(fits);
    if (is_chat(answer)) {
        weir__say(out, is_thought ? "\"message\":{\"role\":\"assistant\",\"content\":\"\","
                                    "\"thinking\":\""
                                  : "\"message\":{\"role\":\"assistant\",\"content\":\"");
    } else {
        weir__say(out, is_thought ? "\"response\":\"\",\"thinking\":\"" : "\"response\":\"");
    }
    return begin;
}

static void say_tokens(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                       struct weir_buf *out)
{
    const size_t begin = begin_line(answer, answer->sent < answer->reasoning, out);
    weir__say_words(voice, answer, weir_sim_answer_next(answer), out);
    weir__say(out, is_chat(answer) ? "\"},\"done\":false}\n" : "\",\"done\":false}\n");
    weir__chunk_end(answer, out, begin);
}

static void add_count(struct weir_buf *out, const char *name, uint64_t value)
{
    if (value > 0) {
        weir__say(out, name);
        weir__say_number(out, value);
    }
}

/** A tenth of the time to the first token stands in for loading the model. */
static void add_counters(const struct weir_sim_answer *answer, struct weir_buf *out)
{
    const uint64_t prefill = (uint64_t)answer->prefill_ns;
    const uint64_t decode = (uint64_t)answer->decode_ns;
    weir__say(out, ",\"done\":true,\"done_reason\":\"");
    weir__say(out, weir__finish_reason(answer));
    weir__say(out, "\"");
    add_count(out, ",\"total_duration\":", prefill + decode);
    add_count(out, ",\"load_duration\":", prefill / 10);
    add_count(out, ",\"prompt_eval_count\":", (uint64_t)answer->request.prompt_tokens);
    add_count(out, ",\"prompt_eval_duration\":", prefill - prefill / 10);
    add_count(out, ",\"eval_count\":", answer->sent);
    add_count(out, ",\"eval_duration\":", decode);
}

static void say_close(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                      struct weir_buf *out)
{
    (void)voice;
    const size_t begin = begin_line(answer, false, out);
    weir__say(out, is_chat(answer) ? "\"}" : "\"");
    add_counters(answer, out);
    weir__say(out, "}\n");
    weir__chunk_end(answer, out, begin);
}

static void say_whole(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                      struct weir_buf *out)
{
    add_head(voice, out);
    weir__say(out, is_chat(answer) ? "\"message\":{\"role\":\"assistant\"," : "");
    if (answer->reasoning > 0) {
        weir__say(out, "\"thinking\":\"");
        weir__say_words(voice, answer, answer->reasoning, out);
        weir__say(out, "\",");
    }
    weir__say(out, is_chat(answer) ? "\"content\":\"" : "\"response\":\"");
    weir__say_words(voice, answer, answer->tokens - answer->reasoning, out);
    weir__say(out, is_chat(answer) ? "\"}" : "\"");
    add_counters(answer, out);
    weir__say(out, "}");
}

const struct weir_sim_format weir__format_ollama_generate = {.is_ndjson = true,
                                                             .has_reasoning = true,
                                                             .prepare = prepare,
                                                             .tokens = say_tokens,
                                                             .close = say_close,
                                                             .whole = say_whole};

const struct weir_sim_format weir__format_ollama_chat = {.is_ndjson = true,
                                                         .has_reasoning = true,
                                                         .prepare = prepare,
                                                         .tokens = say_tokens,
                                                         .close = say_close,
                                                         .whole = say_whole};
