// What an OpenAI-style chunk or answer means. Read from the sources of vLLM (entrypoints/openai),
// SGLang (srt/entrypoints), TGI (router/src), llama.cpp (tools/server), Ollama
// (middleware/openai.go), TensorRT-LLM (serve), LMDeploy (serve) and OpenAI's openapi.yaml. Each
// function reads one level, in any order of members; types that make no sense are skipped, since
// servers differ in what they leave null.
#include "openai.h"

#include "weir/wire/json.h"

static const struct weir_event NOTHING = {
    .output_tokens = -1, .input_tokens = -1, .reasoning_tokens = -1, .cached_tokens = -1};

/** Consume one value: `flag` if it is a string with something in it. */
static uint32_t flag_if_text(struct weir_json *json, uint32_t flag)
{
    struct weir_slice raw;
    return weir_json_take_string(json, &raw) && raw.len > 0 ? flag : 0;
}

/** One part of a content array: {"type":"text","text":…}, {"type":"thinking","thinking":[…]}. */
static uint32_t read_part(struct weir_json *json)
{
    if (weir_json_peek(json) == WEIR_JSON_STRING) {
        return flag_if_text(json, WEIR_EVENT_TEXT);
    }
    uint32_t flags = 0;
    struct weir_slice key;
    if (!weir_json_open_object(json)) {
        return 0;
    }
    while (weir_json_next_member(json, &key)) {
        if (weir_json_key_is(key, "text") || weir_json_key_is(key, "refusal")) {
            flags |= flag_if_text(json, WEIR_EVENT_TEXT);
        } else if (weir_json_key_is(key, "thinking")) {
            flags |= weir_json_take_filled(json) ? WEIR_EVENT_REASONING : 0;
        } else {
            weir_json_skip(json);
        }
    }
    return flags;
}

static uint32_t read_content(struct weir_json *json)
{
    if (weir_json_peek(json) != WEIR_JSON_ARRAY) {
        return flag_if_text(json, WEIR_EVENT_TEXT);
    }
    uint32_t flags = 0;
    (void)weir_json_open_array(json);
    while (weir_json_next_element(json)) {
        flags |= read_part(json);
    }
    return flags;
}

/** {"name":…,"arguments":…}: something is said once either is not empty. */
static uint32_t read_function(struct weir_json *json)
{
    uint32_t flags = 0;
    struct weir_slice key;
    if (!weir_json_open_object(json)) {
        return 0;
    }
    while (weir_json_next_member(json, &key)) {
        if (weir_json_key_is(key, "name") || weir_json_key_is(key, "arguments") ||
            weir_json_key_is(key, "input")) {
            flags |= weir_json_take_filled(json) ? WEIR_EVENT_TOOL : 0;
        } else {
            weir_json_skip(json);
        }
    }
    return flags;
}

static uint32_t read_tool_calls(struct weir_json *json)
{
    uint32_t flags = 0;
    struct weir_slice key;
    if (!weir_json_open_array(json)) {
        return 0;
    }
    while (weir_json_next_element(json)) {
        if (!weir_json_open_object(json)) {
            continue;
        }
        while (weir_json_next_member(json, &key)) {
            if (weir_json_key_is(key, "function") || weir_json_key_is(key, "custom")) {
                flags |= read_function(json);
            } else {
                weir_json_skip(json);
            }
        }
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
            flags |= flag_if_text(json, WEIR_EVENT_REASONING);
        } else if (weir_json_key_is(key, "refusal")) {
            flags |= flag_if_text(json, WEIR_EVENT_TEXT);
        } else if (weir_json_key_is(key, "tool_calls")) {
            flags |= read_tool_calls(json);
        } else if (weir_json_key_is(key, "function_call")) {
            flags |= read_function(json);
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
            flags |= flag_if_text(json, WEIR_EVENT_TEXT);
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

/** A token count; -1 when it is no number or a negative one. */
static int32_t take_count(struct weir_json *json)
{
    int64_t value = -1;
    if (!weir_json_take_i64(json, &value) || value < 0) {
        return -1;
    }
    return value < INT32_MAX ? (int32_t)value : INT32_MAX;
}

/** The count `name` inside …_details. */
static int32_t take_detail(struct weir_json *json, const char *name)
{
    int32_t count = -1;
    struct weir_slice key;
    if (!weir_json_open_object(json)) {
        return -1;
    }
    while (weir_json_next_member(json, &key)) {
        if (weir_slice_equals(key, name)) {
            count = take_count(json);
        } else {
            weir_json_skip(json);
        }
    }
    return count;
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static void read_usage(struct weir_json *json, struct weir_event *event)
{
    struct weir_event said = NOTHING;
    struct weir_slice key;
    if (!weir_json_open_object(json)) {
        return;
    }
    while (weir_json_next_member(json, &key)) {
        if (weir_json_key_is(key, "prompt_tokens")) {
            said.input_tokens = take_count(json);
        } else if (weir_json_key_is(key, "completion_tokens")) {
            said.output_tokens = take_count(json);
        } else if (weir_json_key_is(key, "reasoning_tokens")) {
            said.reasoning_tokens = larger(said.reasoning_tokens, take_count(json));
        } else if (weir_json_key_is(key, "completion_tokens_details")) {
            said.reasoning_tokens =
                larger(said.reasoning_tokens, take_detail(json, "reasoning_tokens"));
        } else if (weir_json_key_is(key, "prompt_tokens_details")) {
            said.cached_tokens = take_detail(json, "cached_tokens");
        } else {
            weir_json_skip(json);
        }
    }
    if (said.input_tokens <= 0 && said.output_tokens <= 0) {
        return; // a placeholder: see struct weir_event
    }
    event->flags |= WEIR_EVENT_USAGE;
    event->input_tokens = said.input_tokens;
    event->output_tokens = said.output_tokens;
    event->reasoning_tokens = said.reasoning_tokens;
    event->cached_tokens = said.cached_tokens;
}

/** null, false, 0 and empty things are no error: clients test for truth. */
static void read_error(struct weir_json *json, struct weir_event *event)
{
    struct weir_json copy = *json;
    const enum weir_json_type type = weir_json_peek(json);
    const struct weir_slice raw = weir_json_take_raw(json);
    int64_t number = 0;
    const bool is_error =
        type == WEIR_JSON_TRUE ||
        (type == WEIR_JSON_NUMBER ? weir_json_take_i64(&copy, &number) && number != 0
                                  : weir_json_take_filled(&copy));
    if (raw.ptr != NULL && is_error) {
        event->flags |= WEIR_EVENT_ERROR;
        event->error = raw;
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
        read_usage(json, event);
    } else if (weir_json_key_is(key, "error")) {
        read_error(json, event);
    } else if (weir_json_key_is(key, "object")) {
        flat->is_error = weir_json_take_string(json, &object) && weir_json_key_is(object, "error");
    } else if (weir_json_key_is(key, "message")) {
        flat->message = weir_json_take_raw(json);
    } else {
        weir_json_skip(json);
    }
}

bool weir__openai_parse_answer(struct weir_slice body, struct weir_event *out)
{
    struct weir_json json;
    struct weir_slice key;
    struct flat_error flat = {.is_error = false};
    *out = NOTHING;
    weir_json_init(&json, body);
    if (!weir_json_open_object(&json)) {
        return false;
    }
    while (weir_json_next_member(&json, &key)) {
        read_member(&json, key, out, &flat);
    }
    if (!weir_json_end(&json)) {
        *out = NOTHING;
        return false;
    }
    if (flat.is_error && (out->flags & WEIR_EVENT_ERROR) == 0) {
        out->flags |= WEIR_EVENT_ERROR;
        out->error = flat.message.ptr != NULL ? flat.message : body;
    }
    return true;
}

bool weir__openai_parse_event(struct weir_slice data, struct weir_event *out)
{
    const struct weir_slice text = weir_slice_trim(data);
    *out = NOTHING;
    if (text.len == 0) {
        return true;
    }
    if (text.ptr[0] == '[' && weir_slice_starts(text, "[DONE]")) {
        out->flags = WEIR_EVENT_END;
        return true;
    }
    return weir__openai_parse_answer(text, out);
}
