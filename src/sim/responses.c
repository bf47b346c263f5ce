// OpenAI's responses: named and numbered events; a reasoning item and a message item, each with one
// part. The first token is the first delta; there is no [DONE].
#include "format.h"
#include "weir/base/attr.h"

/** Begin an event: name, type and number; the caller adds members and weir__event_end(). */
static size_t begin_event(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                          const char *name, struct weir_buf *out)
{
    const size_t begin = weir__event_begin(voice, answer, name, out);
    weir__say(out, "{\"type\":\"");
    weir__say(out, name);
    weir__say(out, "\",\"sequence_number\":");
    weir__say_number(out, answer->sequence++);
    return begin;
}

static void end_event(const struct weir_sim_voice *voice, const struct weir_sim_answer *answer,
                      struct weir_buf *out, size_t begin)
{
    weir__say(out, "}");
    weir__event_end(voice, answer, out, begin);
}

static void add_id(const struct weir_sim_answer *answer, const char *kind, struct weir_buf *out)
{
    const bool fits = weir_buf_addf(out, "\"%s_%08llx\"", kind, (unsigned long long)answer->number);
    WEIR_ASSERT(fits);
}

static bool is_reasoning(const struct weir_sim_answer *answer)
{
    return answer->sent < answer->reasoning;
}

/** The item being said: the reasoning comes first. */
static void add_place(const struct weir_sim_answer *answer, bool is_thought, struct weir_buf *out)
{
    weir__say(out, ",\"item_id\":");
    add_id(answer, is_thought ? "rs" : "msg", out);
    weir__say(out, ",\"output_index\":");
    weir__say_number(out, !is_thought && answer->reasoning > 0 ? 1 : 0);
    weir__say(out, ",\"content_index\":0");
}

static void add_part(const struct weir_sim_voice *voice, const struct weir_sim_answer *answer,
                     bool is_thought, bool is_done, struct weir_buf *out)
{
    weir__say(out, is_thought ? "{\"type\":\"reasoning_text\",\"text\":\""
                              : "{\"type\":\"output_text\",\"annotations\":[],\"text\":\"");
    if (is_done) {
        weir__say_again(voice, answer, is_thought ? 0 : answer->reasoning,
                        is_thought ? answer->reasoning : answer->tokens, out);
    }
    weir__say(out, "\"}");
}

static void add_item(const struct weir_sim_voice *voice, const struct weir_sim_answer *answer,
                     bool is_thought, bool is_done, struct weir_buf *out)
{
    weir__say(out, "{\"id\":");
    add_id(answer, is_thought ? "rs" : "msg", out);
    weir__say(out, is_thought ? ",\"type\":\"reasoning\",\"summary\":[],\"status\":\""
                              : ",\"type\":\"message\",\"role\":\"assistant\",\"status\":\"");
    weir__say(out, is_done ? "completed\",\"content\":[" : "in_progress\",\"content\":[");
    if (is_done) {
        add_part(voice, answer, is_thought, true, out);
    }
    weir__say(out, "]}");
}

static void add_usage(const struct weir_sim_answer *answer, struct weir_buf *out)
{
    const uint64_t prompt = (uint64_t)answer->request.prompt_tokens;
    weir__say(out, "{\"input_tokens\":");
    weir__say_number(out, prompt);
    weir__say(out, ",\"input_tokens_details\":{\"cached_tokens\":0},\"output_tokens\":");
    weir__say_number(out, answer->sent);
    weir__say(out, ",\"output_tokens_details\":{\"reasoning_tokens\":");
    weir__say_number(out, answer->reasoning);
    weir__say(out, "},\"total_tokens\":");
    weir__say_number(out, prompt + answer->sent);
    weir__say(out, "}");
}

static bool is_cut_off(const struct weir_sim_answer *answer)
{
    return weir__finish_reason(answer)[0] == 'l';
}

static void add_response(const struct weir_sim_voice *voice, const struct weir_sim_answer *answer,
                         bool is_done, struct weir_buf *out)
{
    const char *status = is_cut_off(answer) ? "incomplete" : "completed";
    weir__say(out, "{\"id\":");
    add_id(answer, "resp", out);
    weir__say(out, ",\"object\":\"response\",\"created_at\":");
    weir__say_number(out, (uint64_t)answer->created);
    weir__say(out, ",\"status\":\"");
    weir__say(out, is_done ? status : "in_progress");
    weir__say(out, "\",\"error\":null,\"incomplete_details\":");
    weir__say(out, is_done && is_cut_off(answer) ? "{\"reason\":\"max_output_tokens\"}" : "null");
    weir__say(out, ",\"instructions\":null,\"metadata\":{},\"parallel_tool_calls\":true,"
                   "\"temperature\":1.0,\"tool_choice\":\"auto\",\"tools\":[],\"top_p\":1.0,"
                   "\"model\":\"");
    weir__say(out, voice->model_json);
    weir__say(out, "\",\"output\":[");
    if (is_done && answer->reasoning > 0) {
        add_item(voice, answer, true, true, out);
        weir__say(out, ",");
    }
    if (is_done) {
        add_item(voice, answer, false, true, out);
    }
    weir__say(out, "],\"usage\":");
    if (is_done) {
        add_usage(answer, out);
    } else {
        weir__say(out, "null");
    }
    weir__say(out, "}");
}

static void say_response(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                         const char *name, bool is_done, struct weir_buf *out)
{
    const size_t begin = begin_event(voice, answer, name, out);
    weir__say(out, ",\"response\":");
    add_response(voice, answer, is_done, out);
    end_event(voice, answer, out, begin);
}

static void say_open(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                     struct weir_buf *out)
{
    say_response(voice, answer, "response.created", false, out);
    say_response(voice, answer, "response.in_progress", false, out);
}

static void say_item(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                     bool is_thought, bool is_done, struct weir_buf *out)
{
    const size_t begin = begin_event(
        voice, answer, is_done ? "response.output_item.done" : "response.output_item.added", out);
    weir__say(out, ",\"output_index\":");
    weir__say_number(out, !is_thought && answer->reasoning > 0 ? 1 : 0);
    weir__say(out, ",\"item\":");
    add_item(voice, answer, is_thought, is_done, out);
    end_event(voice, answer, out, begin);
}

static void say_part(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                     bool is_thought, bool is_done, struct weir_buf *out)
{
    const size_t begin = begin_event(
        voice, answer, is_done ? "response.content_part.done" : "response.content_part.added", out);
    add_place(answer, is_thought, out);
    weir__say(out, ",\"part\":");
    add_part(voice, answer, is_thought, is_done, out);
    end_event(voice, answer, out, begin);
}

static void say_item_end(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                         bool is_thought, struct weir_buf *out)
{
    const size_t begin =
        begin_event(voice, answer,
                    is_thought ? "response.reasoning_text.done" : "response.output_text.done", out);
    add_place(answer, is_thought, out);
    weir__say(out, ",\"text\":\"");
    weir__say_again(voice, answer, is_thought ? 0 : answer->reasoning,
                    is_thought ? answer->reasoning : answer->tokens, out);
    weir__say(out, is_thought ? "\"" : "\",\"logprobs\":[]");
    end_event(voice, answer, out, begin);
    say_part(voice, answer, is_thought, true, out);
    say_item(voice, answer, is_thought, true, out);
}

static void say_item_begin(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                           bool is_thought, struct weir_buf *out)
{
    say_item(voice, answer, is_thought, false, out);
    say_part(voice, answer, is_thought, false, out);
}

static void say_tokens(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                       struct weir_buf *out)
{
    const bool is_thought = is_reasoning(answer);
    if (answer->sent == 0) {
        say_item_begin(voice, answer, is_thought, out);
    } else if (answer->sent == answer->reasoning) {
        say_item_end(voice, answer, true, out);
        say_item_begin(voice, answer, false, out);
    }
    const size_t begin = begin_event(
        voice, answer, is_thought ? "response.reasoning_text.delta" : "response.output_text.delta",
        out);
    add_place(answer, is_thought, out);
    weir__say(out, ",\"delta\":\"");
    weir__say_words(voice, answer, weir_sim_answer_next(answer), out);
    weir__say(out, is_thought ? "\"" : "\",\"logprobs\":[]");
    end_event(voice, answer, out, begin);
}

static void say_close(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                      struct weir_buf *out)
{
    if (answer->tokens > 0) {
        const bool is_thought_last = answer->reasoning == answer->tokens;
        say_item_end(voice, answer, is_thought_last, out);
    }
    say_response(voice, answer, is_cut_off(answer) ? "response.incomplete" : "response.completed",
                 true, out);
}

static void say_whole(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                      struct weir_buf *out)
{
    answer->sent = answer->tokens;
    add_response(voice, answer, true, out);
}

const struct weir_sim_format weir__format_responses = {.has_reasoning = true,
                                                       .open = say_open,
                                                       .tokens = say_tokens,
                                                       .close = say_close,
                                                       .whole = say_whole};
