// Anthropic's messages: named events, a thinking block and a text block, usage at both ends; the
// pings that servers send between events; no [DONE].
#include "format.h"
#include "weir/base/attr.h"

static void say_event(const struct weir_sim_voice *voice, const struct weir_sim_answer *answer,
                      const char *name, const char *text, struct weir_buf *out)
{
    const size_t begin = weir__event_begin(voice, answer, name, out);
    weir__say(out, text);
    weir__event_end(voice, answer, out, begin);
}

static void add_head(const struct weir_sim_voice *voice, const struct weir_sim_answer *answer,
                     struct weir_buf *out)
{
    const bool fits = weir_buf_addf(out,
                                    "{\"id\":\"msg_%08llx\",\"type\":\"message\","
                                    "\"role\":\"assistant\",\"model\":\"%s\",\"content\":[",
                                    (unsigned long long)answer->number, voice->model_json);
    WEIR_ASSERT(fits);
}

static void add_usage(const struct weir_sim_answer *answer, uint64_t output, struct weir_buf *out)
{
    weir__say(out, "\"usage\":{\"input_tokens\":");
    weir__say_number(out, (uint64_t)answer->request.prompt_tokens);
    weir__say(out, ",\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,"
                   "\"output_tokens\":");
    weir__say_number(out, output);
    weir__say(out, "}");
}

static const char *stop_reason(const struct weir_sim_answer *answer)
{
    return weir__finish_reason(answer)[0] == 'l' ? "max_tokens" : "end_turn";
}

static void say_open(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                     struct weir_buf *out)
{
    const size_t begin = weir__event_begin(voice, answer, "message_start", out);
    weir__say(out, "{\"type\":\"message_start\",\"message\":");
    add_head(voice, answer, out);
    weir__say(out, "],\"stop_reason\":null,\"stop_sequence\":null,");
    add_usage(answer, 1, out); // a placeholder
    weir__say(out, "}}");
    weir__event_end(voice, answer, out, begin);
}

static void say_ping(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                     struct weir_buf *out)
{
    say_event(voice, answer, "ping", "{\"type\":\"ping\"}", out);
}

static uint64_t block_of(const struct weir_sim_answer *answer, bool is_thought)
{
    return !is_thought && answer->reasoning > 0 ? 1 : 0;
}

static void say_block_start(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                            bool is_thought, struct weir_buf *out)
{
    const size_t begin = weir__event_begin(voice, answer, "content_block_start", out);
    weir__say(out, "{\"type\":\"content_block_start\",\"index\":");
    weir__say_number(out, block_of(answer, is_thought));
    weir__say(out, is_thought ? ",\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\","
                                "\"signature\":\"\"}}"
                              : ",\"content_block\":{\"type\":\"text\",\"text\":\"\"}}");
    weir__event_end(voice, answer, out, begin);
    if (answer->sent == 0) {
        say_ping(voice, answer, out);
    }
}

static void say_block_stop(const struct weir_sim_voice *voice, const struct weir_sim_answer *answer,
                           bool is_thought, struct weir_buf *out)
{
    if (is_thought) { // a signature ends what was thought
        const size_t begin = weir__event_begin(voice, answer, "content_block_delta", out);
        weir__say(out, "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
                       "\"signature_delta\",\"signature\":\"c2lt\"}}");
        weir__event_end(voice, answer, out, begin);
    }
    const size_t begin = weir__event_begin(voice, answer, "content_block_stop", out);
    weir__say(out, "{\"type\":\"content_block_stop\",\"index\":");
    weir__say_number(out, block_of(answer, is_thought));
    weir__say(out, "}");
    weir__event_end(voice, answer, out, begin);
}

static void say_tokens(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                       struct weir_buf *out)
{
    const bool is_thought = answer->sent < answer->reasoning;
    if (answer->sent == 0) {
        say_block_start(voice, answer, is_thought, out);
    } else if (answer->sent == answer->reasoning) {
        say_block_stop(voice, answer, true, out);
        say_block_start(voice, answer, false, out);
    }
    const size_t begin = weir__event_begin(voice, answer, "content_block_delta", out);
    weir__say(out, "{\"type\":\"content_block_delta\",\"index\":");
    weir__say_number(out, block_of(answer, is_thought));
    weir__say(out, is_thought ? ",\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\""
                              : ",\"delta\":{\"type\":\"text_delta\",\"text\":\"");
    weir__say_words(voice, answer, weir_sim_answer_next(answer), out);
    weir__say(out, "\"}}");
    weir__event_end(voice, answer, out, begin);
}

static void say_close(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                      struct weir_buf *out)
{
    if (answer->tokens > 0) {
        say_block_stop(voice, answer, answer->reasoning == answer->tokens, out);
    }
    const size_t begin = weir__event_begin(voice, answer, "message_delta", out);
    weir__say(out, "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"");
    weir__say(out, stop_reason(answer));
    weir__say(out, "\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":");
    weir__say_number(out, answer->sent);
    weir__say(out, "}}");
    weir__event_end(voice, answer, out, begin);
    say_event(voice, answer, "message_stop", "{\"type\":\"message_stop\"}", out);
}

static void say_whole(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                      struct weir_buf *out)
{
    add_head(voice, answer, out);
    if (answer->reasoning > 0) {
        weir__say(out, "{\"type\":\"thinking\",\"thinking\":\"");
        weir__say_words(voice, answer, answer->reasoning, out);
        weir__say(out, "\",\"signature\":\"c2lt\"},");
    }
    weir__say(out, "{\"type\":\"text\",\"text\":\"");
    weir__say_words(voice, answer, answer->tokens - answer->reasoning, out);
    weir__say(out, "\"}],\"stop_reason\":\"");
    weir__say(out, stop_reason(answer));
    weir__say(out, "\",\"stop_sequence\":null,");
    add_usage(answer, answer->sent, out);
    weir__say(out, "}");
}

const struct weir_sim_format weir__format_messages = {.has_reasoning = true,
                                                      .open = say_open,
                                                      .tokens = say_tokens,
                                                      .close = say_close,
                                                      .whole = say_whole,
                                                      .ping = say_ping};
