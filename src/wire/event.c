// What the readers of events share: see event_internal.h.
#include "event_internal.h"

void weir__read_members(struct weir_json *json, weir__member_fn *member, void *context)
{
    struct weir_slice key;
    if (!weir_json_open_object(json)) {
        return;
    }
    while (weir_json_next_member(json, &key)) {
        member(json, key, context);
    }
}

void weir__read_elements(struct weir_json *json, weir__element_fn *element, void *context)
{
    if (!weir_json_open_array(json)) {
        return;
    }
    while (weir_json_next_element(json)) {
        element(json, context);
    }
}

bool weir__read_text(struct weir_slice text, weir__member_fn *member, void *context,
                     struct weir_event *event)
{
    struct weir_json json;
    weir_json_init(&json, text);
    const bool is_object = weir_json_peek(&json) == WEIR_JSON_OBJECT;
    weir__read_members(&json, member, context);
    if (!weir_json_end(&json) || !is_object) {
        *event = WEIR__NOTHING;
        return false;
    }
    return true;
}

int32_t weir__take_count(struct weir_json *json)
{
    int64_t value = -1;
    if (!weir_json_take_i64(json, &value) || value < 0) {
        return -1;
    }
    return value < INT32_MAX ? (int32_t)value : INT32_MAX;
}

weir_ns weir__take_span(struct weir_json *json, weir_ns unit)
{
    double value = -1;
    if (!weir_json_take_f64(json, &value) || value < 0) {
        return -1;
    }
    const double ns = value * (double)unit;
    return ns < (double)INT64_MAX ? (weir_ns)(ns + 0.5) : INT64_MAX;
}

void weir__set_error(struct weir_event *event, struct weir_slice raw)
{
    if ((event->flags & WEIR_EVENT_ERROR) == 0) {
        event->flags |= WEIR_EVENT_ERROR;
        event->error = raw;
    }
}

void weir__read_error(struct weir_json *json, struct weir_event *event)
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
            count = weir__take_count(json);
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

void weir__set_usage(struct weir_event *event, int32_t input_tokens, int32_t output_tokens)
{
    if (input_tokens <= 0 && output_tokens <= 0) {
        return; // a placeholder: see struct weir_event
    }
    event->flags |= WEIR_EVENT_USAGE;
    event->input_tokens = input_tokens;
    event->output_tokens = output_tokens;
}

void weir__read_usage(struct weir_json *json, struct weir_event *event)
{
    struct weir_event said = WEIR__NOTHING;
    struct weir_slice key;
    if (!weir_json_open_object(json)) {
        return;
    }
    while (weir_json_next_member(json, &key)) {
        if (weir_json_key_is(key, "prompt_tokens") || weir_json_key_is(key, "input_tokens")) {
            said.input_tokens = larger(said.input_tokens, weir__take_count(json));
        } else if (weir_json_key_is(key, "completion_tokens") ||
                   weir_json_key_is(key, "output_tokens")) {
            said.output_tokens = larger(said.output_tokens, weir__take_count(json));
        } else if (weir_json_key_is(key, "reasoning_tokens")) {
            said.reasoning_tokens = larger(said.reasoning_tokens, weir__take_count(json));
        } else if (weir_json_key_is(key, "completion_tokens_details") ||
                   weir_json_key_is(key, "output_tokens_details")) {
            said.reasoning_tokens =
                larger(said.reasoning_tokens, take_detail(json, "reasoning_tokens"));
        } else if (weir_json_key_is(key, "prompt_tokens_details") ||
                   weir_json_key_is(key, "input_tokens_details")) {
            said.cached_tokens = take_detail(json, "cached_tokens");
        } else {
            weir_json_skip(json);
        }
    }
    weir__set_usage(event, said.input_tokens, said.output_tokens);
    if (said.input_tokens > 0 || said.output_tokens > 0) {
        event->reasoning_tokens = said.reasoning_tokens;
        event->cached_tokens = said.cached_tokens;
    }
}

uint32_t weir__read_function(struct weir_json *json)
{
    uint32_t flags = 0;
    struct weir_slice key;
    if (!weir_json_open_object(json)) {
        return 0;
    }
    while (weir_json_next_member(json, &key)) {
        if (weir_json_key_is(key, "name") || weir_json_key_is(key, "arguments") ||
            weir_json_key_is(key, "input")) {
            flags |= weir__flag_if_filled(json, WEIR_EVENT_TOOL);
        } else {
            weir_json_skip(json);
        }
    }
    return flags;
}

uint32_t weir__read_tool_calls(struct weir_json *json)
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
                flags |= weir__read_function(json);
            } else {
                weir_json_skip(json);
            }
        }
    }
    return flags;
}

static void read_timing(struct weir_json *json, struct weir_slice key, void *context)
{
    struct weir_event *event = context;
    if (weir_json_key_is(key, "prompt_ms")) {
        event->server_ns.prompt_eval = weir__take_span(json, WEIR_MSEC);
    } else if (weir_json_key_is(key, "predicted_ms")) {
        event->server_ns.eval = weir__take_span(json, WEIR_MSEC);
    } else {
        weir_json_skip(json);
    }
}

void weir__read_timings(struct weir_json *json, struct weir_event *event)
{
    weir__read_members(json, read_timing, event);
}
