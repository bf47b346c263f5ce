// The native languages of TGI, llama.cpp, SGLang and Triton: events without choices. TGI, SGLang
// and llama.cpp say how it ended on an event of tokens or behind them; only SGLang has [DONE].
#include "format.h"
#include "weir/base/attr.h"

static bool is_last(const struct weir_sim_answer *answer)
{
    return answer->sent == answer->tokens;
}

static uint64_t prompt_of(const struct weir_sim_answer *answer)
{
    return (uint64_t)answer->request.prompt_tokens;
}

static void say_nothing(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                        struct weir_buf *out)
{
    (void)voice;
    (void)answer;
    (void)out;
}

// ---- TGI: an event a token; the last has the whole text

static void add_tgi_details(const struct weir_sim_answer *answer, struct weir_buf *out)
{
    if (!answer->request.wants_details) {
        weir__say(out, "null");
        return;
    }
    weir__say(out, weir__finish_reason(answer)[0] == 'l' ? "{\"finish_reason\":\"length\""
                                                         : "{\"finish_reason\":\"eos_token\"");
    weir__say(out, ",\"generated_tokens\":");
    weir__say_number(out, answer->sent);
    weir__say(out, ",\"seed\":null,\"input_length\":");
    weir__say_number(out, prompt_of(answer));
    weir__say(out, "}");
}

static void say_tgi_tokens(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                           struct weir_buf *out)
{
    const size_t begin = weir__event_begin(voice, answer, NULL, out);
    weir__say(out, "{\"index\":");
    weir__say_number(out, answer->sent + 1);
    weir__say(out, ",\"token\":{\"id\":");
    weir__say_number(out, 1000 + answer->sent % WEIR_SIM_WORDS);
    weir__say(out, ",\"text\":\"");
    weir__say_words(voice, answer, 1, out);
    weir__say(out, "\",\"logprob\":-0.5,\"special\":false},\"generated_text\":");
    if (is_last(answer)) {
        weir__say(out, "\"");
        weir__say_again(voice, answer, 0, answer->tokens, out);
        weir__say(out, "\",\"details\":");
        add_tgi_details(answer, out);
        weir__say(out, "}");
    } else {
        weir__say(out, "null,\"details\":null}");
    }
    weir__event_end(voice, answer, out, begin);
}

static void say_tgi_whole(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                          struct weir_buf *out)
{
    weir__say(out, "{\"generated_text\":\"");
    weir__say_words(voice, answer, answer->tokens, out);
    weir__say(out, "\"");
    if (answer->request.wants_details) {
        weir__say(out, ",\"details\":");
        add_tgi_details(answer, out);
    }
    weir__say(out, "}");
}

const struct weir_sim_format weir__format_tgi = {
    .has_one_each = true, .tokens = say_tgi_tokens, .close = say_nothing, .whole = say_tgi_whole};

// ---- llama.cpp: a last event with "stop":true and timings

static void add_llamacpp_counts(const struct weir_sim_answer *answer, struct weir_buf *out)
{
    weir__say(out, ",\"tokens_predicted\":");
    weir__say_number(out, answer->sent);
    weir__say(out, ",\"tokens_evaluated\":");
    weir__say_number(out, prompt_of(answer));
}

static void add_llamacpp_end(const struct weir_sim_voice *voice,
                             const struct weir_sim_answer *answer, struct weir_buf *out)
{
    weir__say(out, "\",\"tokens\":[],\"id_slot\":0,\"stop\":true,\"model\":\"");
    weir__say(out, voice->model_json);
    weir__say(out, "\"");
    add_llamacpp_counts(answer, out);
    weir__say(out, weir__finish_reason(answer)[0] == 'l' ? ",\"stop_type\":\"limit\""
                                                         : ",\"stop_type\":\"eos\"");
    weir__say(out, ",\"truncated\":false,\"stopping_word\":\"\",\"tokens_cached\":");
    weir__say_number(out, prompt_of(answer) + answer->sent);
    weir__say(out, ",\"timings\":");
    weir__say_timings(answer, out);
    weir__say(out, "}");
}

static void say_llamacpp_tokens(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                                struct weir_buf *out)
{
    const size_t begin = weir__event_begin(voice, answer, NULL, out);
    weir__say(out, "{\"index\":0,\"content\":\"");
    weir__say_words(voice, answer, weir_sim_answer_next(answer), out);
    weir__say(out, "\",\"tokens\":[],\"stop\":false,\"id_slot\":-1");
    add_llamacpp_counts(answer, out);
    weir__say(out, "}");
    weir__event_end(voice, answer, out, begin);
}

static void say_llamacpp_close(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                               struct weir_buf *out)
{
    const size_t begin = weir__event_begin(voice, answer, NULL, out);
    weir__say(out, "{\"index\":0,\"content\":\"");
    add_llamacpp_end(voice, answer, out);
    weir__event_end(voice, answer, out, begin);
}

static void say_llamacpp_whole(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                               struct weir_buf *out)
{
    weir__say(out, "{\"index\":0,\"content\":\"");
    weir__say_words(voice, answer, answer->tokens, out);
    add_llamacpp_end(voice, answer, out);
}

const struct weir_sim_format weir__format_llamacpp = {
    .tokens = say_llamacpp_tokens, .close = say_llamacpp_close, .whole = say_llamacpp_whole};

// ---- SGLang: each event has the whole text so far

static void add_sglang_meta(const struct weir_sim_answer *answer, struct weir_buf *out)
{
    const bool fits = weir_buf_addf(out, ",\"meta_info\":{\"id\":\"%08llx\",\"finish_reason\":",
                                    (unsigned long long)answer->number);
    WEIR_ASSERT(fits);
    if (!is_last(answer)) {
        weir__say(out, "null");
    } else if (weir__finish_reason(answer)[0] == 'l') {
        weir__say(out, "{\"type\":\"length\",\"length\":");
        weir__say_number(out, answer->sent);
        weir__say(out, "}");
    } else {
        weir__say(out, "{\"type\":\"stop\",\"matched\":2}");
    }
    weir__say(out, ",\"prompt_tokens\":");
    weir__say_number(out, prompt_of(answer));
    weir__say(out, ",\"completion_tokens\":");
    weir__say_number(out, answer->sent);
    weir__say(out, ",\"cached_tokens\":0}}");
}

static void say_sglang_tokens(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                              struct weir_buf *out)
{
    const size_t begin = weir__event_begin(voice, answer, NULL, out);
    answer->sent += weir_sim_answer_next(answer);
    weir__say(out, "{\"text\":\"");
    weir__say_again(voice, answer, 0, answer->sent, out);
    weir__say(out, "\"");
    add_sglang_meta(answer, out);
    weir__event_end(voice, answer, out, begin);
}

static void say_sglang_close(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                             struct weir_buf *out)
{
    weir__event(voice, answer, "[DONE]", out);
}

static void say_sglang_whole(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                             struct weir_buf *out)
{
    weir__say(out, "{\"text\":\"");
    weir__say_words(voice, answer, answer->tokens, out);
    weir__say(out, "\"");
    add_sglang_meta(answer, out);
}

const struct weir_sim_format weir__format_sglang = {.has_done = true,
                                                    .tokens = say_sglang_tokens,
                                                    .close = say_sglang_close,
                                                    .whole = say_sglang_whole};

// ---- Triton: text alone; the end of the body is the end

static void add_triton_head(const struct weir_sim_voice *voice, struct weir_buf *out)
{
    weir__say(out, "{\"model_name\":\"");
    weir__say(out, voice->model_json);
    weir__say(out, "\",\"model_version\":\"1\",\"text_output\":\"");
}

static void say_triton_tokens(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                              struct weir_buf *out)
{
    const size_t begin = weir__event_begin(voice, answer, NULL, out);
    add_triton_head(voice, out);
    weir__say_words(voice, answer, weir_sim_answer_next(answer), out);
    weir__say(out, "\"}");
    weir__event_end(voice, answer, out, begin);
}

static void say_triton_whole(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                             struct weir_buf *out)
{
    add_triton_head(voice, out);
    weir__say_words(voice, answer, answer->tokens, out);
    weir__say(out, "\"}");
}

const struct weir_sim_format weir__format_triton = {
    .tokens = say_triton_tokens, .close = say_nothing, .whole = say_triton_whole};
