// OpenAI's Responses API (openapi.yaml; vLLM, SGLang, llama.cpp, Ollama and LMDeploy serve it too).
// Each event names its type in the data; what it means hangs on that name alone. A token is in a
// *.delta event, never in those that say that something begins (created, added) or is done.
#include "dialects.h"

#include "body_internal.h"
#include "event_internal.h"

// ---- bodies ------------------------------------------------------------------------------------

static bool add_input(const struct weir_body_spec *spec, struct weir_buf *out, size_t *prompt_at)
{
    return spec->messages.len > 0 ? weir__body_messages(spec, out, "input", prompt_at)
                                  : weir__body_text(spec, out, "input", spec->prompt, prompt_at);
}

bool weir__responses_build(const struct weir_body_spec *spec, struct weir_buf *out,
                           size_t *prompt_at)
{
    *prompt_at = SIZE_MAX;
    return weir_buf_add_char(out, '{') && weir__body_model(spec, out) &&
           add_input(spec, out, prompt_at) &&
           weir__body_count(spec, out, "max_output_tokens", spec->max_tokens) &&
           weir__body_flag(spec, out, "stream", spec->is_streaming) &&
           weir__body_extras(spec, out, WEIR__EXTRAS_ALL, NULL) && weir_buf_add_char(out, '}');
}

// ---- output items ------------------------------------------------------------------------------

/** An item of a whole answer's output, or a part of one. */
struct item {
    uint32_t kind;    // what its type makes of content
    bool has_content; // text, summary, refusal: words
    bool has_call;    // name, arguments or input of a tool call
};

static uint32_t kind_of_item(struct weir_slice type)
{
    if (weir_slice_equals(type, "message")) {
        return WEIR_EVENT_TEXT;
    }
    return weir_slice_equals(type, "reasoning") ? WEIR_EVENT_REASONING : WEIR_EVENT_TOOL;
}

/** What an item and a part of its content have alike. */
static void read_plain_member(struct weir_json *json, struct weir_slice key, void *context)
{
    struct item *item = context;
    struct weir_slice type;
    if (weir_json_key_is(key, "type")) {
        item->kind = weir_json_take_string(json, &type) ? kind_of_item(type) : 0;
    } else if (weir_json_key_is(key, "text") || weir_json_key_is(key, "refusal")) {
        item->has_content |= weir_json_take_filled(json);
    } else if (weir_json_key_is(key, "name") || weir_json_key_is(key, "arguments") ||
               weir_json_key_is(key, "input")) {
        item->has_call |= weir_json_take_filled(json);
    } else {
        weir_json_skip(json);
    }
}

static void read_part(struct weir_json *json, void *context)
{
    struct item *item = context;
    struct item part = {.kind = 0};
    weir__read_members(json, read_plain_member, &part);
    item->has_content |= part.has_content;
}

/** {"type":"message","content":[{"text":…}]}, {"type":"reasoning","summary":[…],"content":[…]},
 *  {"type":"function_call","name":…,"arguments":…}. */
static void read_item_member(struct weir_json *json, struct weir_slice key, void *context)
{
    if (weir_json_key_is(key, "content") || weir_json_key_is(key, "summary")) {
        weir__read_elements(json, read_part, context);
    } else {
        read_plain_member(json, key, context);
    }
}

static void read_item(struct weir_json *json, void *context)
{
    struct weir_event *event = context;
    struct item item = {.kind = 0};
    weir__read_members(json, read_item_member, &item);
    const bool is_said = item.kind == WEIR_EVENT_TOOL ? item.has_call : item.has_content;
    event->flags |= is_said ? item.kind : 0;
}

// ---- the response object -----------------------------------------------------------------------

struct response {
    struct weir_event *event;
    bool is_whole; // an answer of its own: its output counts, in a stream the deltas had it
};

static void read_status(struct weir_json *json, struct weir_event *event)
{
    struct weir_slice status;
    if (!weir_json_take_string(json, &status)) {
        return;
    }
    if (weir_slice_equals(status, "failed") || weir_slice_equals(status, "cancelled")) {
        // with its quotes; "error", which has the words, replaces it wherever it stands
        weir__set_error(event, (struct weir_slice){status.ptr - 1, status.len + 2});
    } else if (weir_slice_equals(status, "completed") || weir_slice_equals(status, "incomplete")) {
        event->flags |= WEIR_EVENT_FINISH;
    }
}

static void read_response_member(struct weir_json *json, struct weir_slice key, void *context)
{
    const struct response *response = context;
    if (weir_json_key_is(key, "usage")) {
        weir__read_usage(json, response->event);
    } else if (weir_json_key_is(key, "error")) {
        weir__read_error(json, response->event);
    } else if (weir_json_key_is(key, "status")) {
        read_status(json, response->event);
    } else if (weir_json_key_is(key, "output") && response->is_whole) {
        weir__read_elements(json, read_item, response->event);
    } else {
        weir_json_skip(json);
    }
}

bool weir__responses_parse_answer(const struct weir_dialect *self, struct weir_slice body,
                                  struct weir_event *out)
{
    (void)self;
    struct response response = {.event = out, .is_whole = true};
    *out = WEIR__NOTHING;
    return weir__read_text(body, read_response_member, &response, out);
}

// ---- events ------------------------------------------------------------------------------------

static const struct {
    const char *type;
    uint32_t flags;
} MEANINGS[] = {
    {"response.output_text.delta", WEIR_EVENT_TEXT},
    {"response.reasoning_text.delta", WEIR_EVENT_REASONING},
    {"response.reasoning_summary_text.delta", WEIR_EVENT_REASONING},
    {"response.reasoning.delta", WEIR_EVENT_REASONING},
    {"response.reasoning_summary.delta", WEIR_EVENT_REASONING},
    {"response.refusal.delta", WEIR_EVENT_TEXT},
    {"response.function_call_arguments.delta", WEIR_EVENT_TOOL},
    {"response.custom_tool_call_input.delta", WEIR_EVENT_TOOL},
    {"response.mcp_call_arguments.delta", WEIR_EVENT_TOOL},
    {"response.code_interpreter_call_code.delta", WEIR_EVENT_TOOL},
    {"response.completed", WEIR_EVENT_FINISH | WEIR_EVENT_END},
    {"response.incomplete", WEIR_EVENT_FINISH | WEIR_EVENT_END},
    {"response.failed", WEIR_EVENT_ERROR | WEIR_EVENT_END},
    {"response.cancelled", WEIR_EVENT_ERROR | WEIR_EVENT_END},
    {"error", WEIR_EVENT_ERROR},
};

struct reading {
    struct weir_event *event;
    struct weir_slice type;
    bool has_delta;
};

static void read_event_member(struct weir_json *json, struct weir_slice key, void *context)
{
    struct reading *reading = context;
    struct weir_slice type;
    if (weir_json_key_is(key, "type")) {
        reading->type = weir_json_take_string(json, &type) ? type : reading->type;
    } else if (weir_json_key_is(key, "delta")) {
        reading->has_delta = weir_json_take_filled(json);
    } else if (weir_json_key_is(key, "response")) {
        struct response response = {.event = reading->event};
        weir__read_members(json, read_response_member, &response);
    } else if (weir_json_key_is(key, "error")) {
        weir__read_error(json, reading->event);
    } else {
        weir_json_skip(json);
    }
}

static uint32_t flags_of(const struct reading *reading)
{
    for (size_t i = 0; i < WEIR_COUNT_OF(MEANINGS); i++) {
        if (weir_slice_equals(reading->type, MEANINGS[i].type)) {
            const bool is_delta = (MEANINGS[i].flags & WEIR_EVENT_TOKEN) != 0;
            return is_delta && !reading->has_delta ? 0 : MEANINGS[i].flags;
        }
    }
    return 0;
}

bool weir__responses_parse_event(const struct weir_dialect *self,
                                 const struct weir_sse_event *event, struct weir_event *out)
{
    (void)self;
    const struct weir_slice data = weir_slice_trim(event->data);
    if (weir__is_mark(data, out)) {
        return true;
    }
    struct reading reading = {.event = out, .type = event->type};
    *out = WEIR__NOTHING;
    if (!weir__read_text(data, read_event_member, &reading, out)) {
        return false;
    }
    const uint32_t flags = flags_of(&reading);
    if ((flags & WEIR_EVENT_ERROR) != 0) {
        weir__set_error(out, data);
    }
    out->flags |= flags;
    return true;
}
