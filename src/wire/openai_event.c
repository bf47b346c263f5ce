// What an OpenAI-style chunk or answer means. Read from the sources of vLLM (entrypoints/openai),
// SGLang (srt/entrypoints), TGI (router/src), llama.cpp (tools/server), Ollama
// (middleware/openai.go), TensorRT-LLM (serve), LMDeploy (serve) and OpenAI's openapi.yaml. Each
// function reads one level, in any order of members; types that make no sense are skipped, since
// servers differ in what they leave null.
#include "openai.h"

#include "event_internal.h"

/** One part of a content array: {"type":"text","text":…}, {"type":"thinking","thinking":[…]}. */
static uint32_t read_part(struct weir_json *json)
{
    if (weir_json_peek(json) == WEIR_JSON_STRING) {
        return weir__flag_if_text(json, WEIR_EVENT_TEXT);
    }
    uint32_t flags = 0;
    struct weir_slice key;
    if (!weir_json_open_object(json)) {
        return 0;
    }
    while (weir_json_next_member(json, &key)) {
        if (weir_json_key_is(key, "text") || weir_json_key_is(key, "refusal")) {
            flags |= weir__flag_if_text(json, WEIR_EVENT_TEXT);
        } else if (weir_json_key_is(key, "thinking")) {
            flags |= weir__flag_if_filled(json, WEIR_EVENT_REASONING);
        } else {
            weir_json_skip(json);
        }
    }
    return flags;
}

static uint32_t read_content(struct weir_json *json)
{
    if (weir_json_peek(json) != WEIR_JSON_ARRAY) {
        return weir__flag_if_text(json, WEIR_EVENT_TEXT);
    }
    uint32_t flags = 0;
    (void)weir_json_open_array(json);
    while (weir_json_next_element(json)) {
        flags |= read_part(json);
    }
    return flags;
}

static bool is_token_ids(struct weir_slice key)
{
    return weir_json_key_is(key, "token_ids") || weir_json_key_is(key, "output_ids");
}

/** A delta of a chunk, or the message of a whole answer. */
static uint32_t read_delta(struct weir_json *json, bool *has_token_ids)
{
    uint32_t flags = 0;
    struct weir_slice key;
    if (!weir_json_open_object(json)) {
        return 0;
    }
    while (weir_json_next_member(json, &key)) {
        if (weir_json_key_is(key, "content")) {
            flags |= read_content(json);
        } else if (weir_json_key_is(key, "reasoning_content") ||
                   weir_json_key_is(key, "reasoning")) {
            flags |= weir__flag_if_text(json, WEIR_EVENT_REASONING);
        } else if (weir_json_key_is(key, "refusal")) {
            flags |= weir__flag_if_text(json, WEIR_EVENT_TEXT);
        } else if (weir_json_key_is(key, "tool_calls")) {
            flags |= weir__read_tool_calls(json);
        } else if (weir_json_key_is(key, "function_call")) {
            flags |= weir__read_function(json);
        } else if (is_token_ids(key)) {
            *has_token_ids |= weir_json_take_filled(json);
        } else {
            weir_json_skip(json);
        }
    }
    return flags;
}

/** "" (TGI) and null mean that the choice goes on. A choice that the server gave up is an error. */
static uint32_t read_finish(struct weir_json *json, struct weir_slice *error)
{
    struct weir_slice reason;
    if (!weir_json_take_string(json, &reason) || reason.len == 0) {
        return 0;
    }
    if (!weir_json_key_is(reason, "error") && !weir_json_key_is(reason, "abort")) {
        return WEIR_EVENT_FINISH;
    }
    if (error->ptr == NULL) {
        *error = (struct weir_slice){reason.ptr - 1, reason.len + 2}; // with its quotes
    }
    return WEIR_EVENT_FINISH | WEIR_EVENT_ERROR;
}

static void read_choice(struct weir_json *json, struct weir_event *event)
{
    uint32_t flags = 0;
    bool has_token_ids = false;
    struct weir_slice key;
    if (!weir_json_open_object(json)) {
        return;
    }
    while (weir_json_next_member(json, &key)) {
        if (weir_json_key_is(key, "delta") || weir_json_key_is(key, "message")) {
            flags |= read_delta(json, &has_token_ids);
        } else if (weir_json_key_is(key, "text")) {
            flags |= weir__flag_if_text(json, WEIR_EVENT_TEXT);
        } else if (weir_json_key_is(key, "finish_reason")) {
            flags |= read_finish(json, &event->error);
        } else if (is_token_ids(key)) {
            has_token_ids |= weir_json_take_filled(json);
        } else {
            weir_json_skip(json);
        }
    }
    if (has_token_ids && (flags & WEIR_EVENT_TOKEN) == 0) {
        flags |= WEIR_EVENT_TEXT; // a token whose text the server still holds back
    }
    event->flags |= flags;
}

static void read_choices(struct weir_json *json, struct weir_event *event)
{
    if (!weir_json_open_array(json)) {
        return;
    }
    while (weir_json_next_element(json)) {
        read_choice(json, event);
    }
}

/** vLLM's --enable-per-request-metrics. */
static void read_metric(struct weir_json *json, struct weir_slice key, void *context)
{
    struct weir_event *event = context;
    if (weir_json_key_is(key, "queue_time_ms")) {
        event->server_ns.queue = weir__take_span(json, WEIR_MSEC);
    } else if (weir_json_key_is(key, "time_to_first_token_ms")) {
        event->server_ns.prompt_eval = weir__take_span(json, WEIR_MSEC); // from scheduling on
    } else if (weir_json_key_is(key, "generation_time_ms")) {
        event->server_ns.eval = weir__take_span(json, WEIR_MSEC);
    } else {
        weir_json_skip(json);
    }
}

/** Members of a flat error: {"object":"error","message":…}. */
struct flat_error {
    bool is_error;
    struct weir_slice message;
};

static void read_member(struct weir_json *json, struct weir_slice key, struct weir_event *event,
                        struct flat_error *flat)
{
    struct weir_slice object;
    if (weir_json_key_is(key, "choices")) {
        read_choices(json, event);
    } else if (weir_json_key_is(key, "usage")) {
        weir__read_usage(json, event);
    } else if (weir_json_key_is(key, "error")) {
        weir__read_error(json, event);
    } else if (weir_json_key_is(key, "object")) {
        flat->is_error = weir_json_take_string(json, &object) && weir_json_key_is(object, "error");
    } else if (weir_json_key_is(key, "message")) {
        flat->message = weir_json_take_raw(json);
    } else if (weir_json_key_is(key, "timings")) {
        weir__read_timings(json, event);
    } else if (weir_json_key_is(key, "metrics")) {
        weir__read_members(json, read_metric, event);
    } else {
        weir_json_skip(json);
    }
}

static bool read_answer(struct weir_slice body, struct weir_event *out)
{
    struct weir_json json;
    struct weir_slice key;
    struct flat_error flat = {.is_error = false};
    *out = WEIR__NOTHING;
    weir_json_init(&json, body);
    if (!weir_json_open_object(&json)) {
        return false;
    }
    while (weir_json_next_member(&json, &key)) {
        read_member(&json, key, out, &flat);
    }
    if (!weir_json_end(&json)) {
        *out = WEIR__NOTHING;
        return false;
    }
    if (flat.is_error) {
        weir__set_error(out, flat.message.ptr != NULL ? flat.message : body);
    }
    return true;
}

bool weir__openai_parse_answer(const struct weir_dialect *self, struct weir_slice body,
                               struct weir_event *out)
{
    (void)self;
    return read_answer(body, out);
}

bool weir__openai_parse_event(const struct weir_dialect *self, const struct weir_sse_event *event,
                              struct weir_event *out)
{
    (void)self;
    const struct weir_slice data = weir_slice_trim(event->data);
    return weir__is_mark(data, out) || read_answer(data, out);
}
