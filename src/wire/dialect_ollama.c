// Ollama's own API (api/types.go, server/routes.go): one JSON object a line; the one with "done" is
// the last and has the counts and the durations, in nanoseconds, of which it leaves out those that
// are zero. Sampling options stand in an object of their own.
#include "dialects.h"

#include "body_internal.h"
#include "event_internal.h"

// ---- bodies ------------------------------------------------------------------------------------

/** Members beside "options"; any other name is an option. */
static const char *const TOP[] = {"_debug_render_only",
                                  "context",
                                  "format",
                                  "images",
                                  "keep_alive",
                                  "logprobs",
                                  "messages",
                                  "model",
                                  "options",
                                  "prompt",
                                  "raw",
                                  "shift",
                                  "stream",
                                  "suffix",
                                  "system",
                                  "template",
                                  "think",
                                  "tools",
                                  "top_logprobs",
                                  "truncate",
                                  NULL};

static bool add_options(const struct weir_body_spec *spec, struct weir_buf *out)
{
    if (!weir__body_is_ours(spec, "options")) {
        return weir__body_extras(spec, out, WEIR__EXTRAS_ALL, NULL);
    }
    return weir__body_key(out, "options") && weir_buf_add_char(out, '{') &&
           weir__body_count(spec, out, "num_predict", spec->max_tokens) &&
           weir__body_extras(spec, out, WEIR__EXTRAS_UNLISTED, TOP) &&
           weir_buf_add_char(out, '}') && weir__body_extras(spec, out, WEIR__EXTRAS_LISTED, TOP);
}

static bool add_rest(const struct weir_body_spec *spec, struct weir_buf *out)
{
    return weir__body_flag(spec, out, "stream", spec->is_streaming) && add_options(spec, out) &&
           weir_buf_add_char(out, '}');
}

bool weir__ollama_build_generate(const struct weir_body_spec *spec, struct weir_buf *out,
                                 size_t *prompt_at)
{
    *prompt_at = SIZE_MAX;
    return weir_buf_add_char(out, '{') && weir__body_model(spec, out) &&
           weir__body_text(spec, out, "prompt", spec->prompt, prompt_at) && add_rest(spec, out);
}

bool weir__ollama_build_chat(const struct weir_body_spec *spec, struct weir_buf *out,
                             size_t *prompt_at)
{
    *prompt_at = SIZE_MAX;
    return weir_buf_add_char(out, '{') && weir__body_model(spec, out) &&
           weir__body_messages(spec, out, "messages", prompt_at) && add_rest(spec, out);
}

// ---- answers -----------------------------------------------------------------------------------

struct reading {
    struct weir_event *event;
    int32_t input;
    int32_t output;
};

static void read_message_member(struct weir_json *json, struct weir_slice key, void *context)
{
    const struct reading *reading = context;
    if (weir_json_key_is(key, "content")) {
        reading->event->flags |= weir__flag_if_text(json, WEIR_EVENT_TEXT);
    } else if (weir_json_key_is(key, "thinking")) {
        reading->event->flags |= weir__flag_if_text(json, WEIR_EVENT_REASONING);
    } else if (weir_json_key_is(key, "tool_calls")) {
        reading->event->flags |= weir__read_tool_calls(json);
    } else {
        weir_json_skip(json);
    }
}

static void read_done(struct weir_json *json, struct weir_event *event)
{
    const bool is_done = weir_json_peek(json) == WEIR_JSON_TRUE;
    weir_json_skip(json);
    event->flags |= is_done ? WEIR_EVENT_FINISH | WEIR_EVENT_END : 0;
}

/** What the last object says. */
static void read_counter(struct weir_json *json, struct weir_slice key, struct reading *reading)
{
    if (weir_json_key_is(key, "prompt_eval_count")) {
        reading->input = weir__take_count(json);
    } else if (weir_json_key_is(key, "eval_count")) {
        reading->output = weir__take_count(json);
    } else if (weir_json_key_is(key, "load_duration")) {
        reading->event->server_ns.load = weir__take_span(json, 1);
    } else if (weir_json_key_is(key, "prompt_eval_duration")) {
        reading->event->server_ns.prompt_eval = weir__take_span(json, 1);
    } else if (weir_json_key_is(key, "eval_duration")) {
        reading->event->server_ns.eval = weir__take_span(json, 1);
    } else {
        weir_json_skip(json);
    }
}

static void read_member(struct weir_json *json, struct weir_slice key, void *context)
{
    struct reading *reading = context;
    if (weir_json_key_is(key, "response")) {
        reading->event->flags |= weir__flag_if_text(json, WEIR_EVENT_TEXT);
    } else if (weir_json_key_is(key, "message")) {
        weir__read_members(json, read_message_member, reading);
    } else if (weir_json_key_is(key, "thinking")) {
        reading->event->flags |= weir__flag_if_text(json, WEIR_EVENT_REASONING);
    } else if (weir_json_key_is(key, "done")) {
        read_done(json, reading->event);
    } else if (weir_json_key_is(key, "error")) {
        weir__read_error(json, reading->event);
    } else {
        read_counter(json, key, reading);
    }
}

bool weir__ollama_parse_answer(const struct weir_dialect *self, struct weir_slice body,
                               struct weir_event *out)
{
    (void)self;
    struct reading reading = {.event = out, .input = -1, .output = -1};
    *out = WEIR__NOTHING;
    if (!weir__read_text(body, read_member, &reading, out)) {
        return false;
    }
    weir__set_usage(out, reading.input, reading.output);
    return true;
}

bool weir__ollama_parse_event(const struct weir_dialect *self, const struct weir_sse_event *event,
                              struct weir_event *out)
{
    return weir__ollama_parse_answer(self, event->data, out);
}
