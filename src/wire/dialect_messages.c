// Anthropic's messages (their SDK and documents; vLLM, SGLang, llama.cpp, Ollama and LMDeploy serve
// it too). Each event names its type in the data. Usage comes twice: the input with message_start,
// the output, which counts from the beginning, with message_delta; what message_start says of the
// output is a placeholder.
#include "dialects.h"

#include "body_internal.h"
#include "event_internal.h"

const char *const weir__messages_headers[] = {"anthropic-version: 2023-06-01", NULL};

// ---- bodies ------------------------------------------------------------------------------------

enum { MAX_TOKENS_DEFAULT = 1024 }; // max_tokens must be sent

bool weir__messages_build(const struct weir_body_spec *spec, struct weir_buf *out,
                          size_t *prompt_at)
{
    const int64_t max_tokens = spec->max_tokens > 0 ? spec->max_tokens : MAX_TOKENS_DEFAULT;
    *prompt_at = SIZE_MAX;
    return weir_buf_add_char(out, '{') && weir__body_model(spec, out) &&
           weir__body_messages(spec, out, "messages", prompt_at) &&
           weir__body_count(spec, out, "max_tokens", max_tokens) &&
           weir__body_flag(spec, out, "stream", spec->is_streaming) &&
           weir__body_extras(spec, out, WEIR__EXTRAS_ALL, NULL) && weir_buf_add_char(out, '}');
}

// ---- usage -------------------------------------------------------------------------------------

struct usage {
    int32_t input;   // without what a cache had to do with
    int32_t written; // to the cache
    int32_t cached;  // read from it
    int32_t output;
};

static void read_usage_member(struct weir_json *json, struct weir_slice key, void *context)
{
    struct usage *usage = context;
    if (weir_json_key_is(key, "input_tokens")) {
        usage->input = weir__take_count(json);
    } else if (weir_json_key_is(key, "cache_creation_input_tokens")) {
        usage->written = weir__take_count(json);
    } else if (weir_json_key_is(key, "cache_read_input_tokens")) {
        usage->cached = weir__take_count(json);
    } else if (weir_json_key_is(key, "output_tokens")) {
        usage->output = weir__take_count(json);
    } else {
        weir_json_skip(json);
    }
}

/** All that went in; −1 when nothing was said of it. */
static int32_t input_of(const struct usage *usage)
{
    const int32_t parts[] = {usage->input, usage->written, usage->cached};
    int64_t sum = -1;
    for (size_t i = 0; i < WEIR_COUNT_OF(parts); i++) {
        sum = parts[i] >= 0 ? (sum > 0 ? sum : 0) + parts[i] : sum;
    }
    return sum < INT32_MAX ? (int32_t)sum : INT32_MAX;
}

static void read_usage(struct weir_json *json, struct weir_event *event, bool is_start)
{
    struct usage usage = {-1, -1, -1, -1};
    weir__read_members(json, read_usage_member, &usage);
    const int32_t input = input_of(&usage);
    const int32_t output = is_start ? -1 : usage.output;
    weir__set_usage(event, input, output);
    if (input > 0 || output > 0) {
        event->cached_tokens = usage.cached;
    }
}

// ---- content -----------------------------------------------------------------------------------

/** A block of content or a delta of one. A block of another type than these came from a tool that
 * ran at the server: no token. */
static void read_block_member(struct weir_json *json, struct weir_slice key, void *context)
{
    struct weir_event *event = context;
    if (weir_json_key_is(key, "text")) {
        event->flags |= weir__flag_if_text(json, WEIR_EVENT_TEXT);
    } else if (weir_json_key_is(key, "thinking") || weir_json_key_is(key, "data")) {
        event->flags |= weir__flag_if_text(json, WEIR_EVENT_REASONING); // data: redacted thinking
    } else if (weir_json_key_is(key, "partial_json") || weir_json_key_is(key, "name")) {
        event->flags |= weir__flag_if_text(json, WEIR_EVENT_TOOL);
    } else if (weir_json_key_is(key, "stop_reason")) {
        event->flags |= weir__flag_if_text(json, WEIR_EVENT_FINISH);
    } else {
        weir_json_skip(json);
    }
}

static void read_block(struct weir_json *json, void *context)
{
    weir__read_members(json, read_block_member, context);
}

// ---- answers and events ------------------------------------------------------------------------

struct reading {
    struct weir_event *event;
    struct weir_slice type;
    bool is_start; // inside message_start
};

static void read_message_member(struct weir_json *json, struct weir_slice key, void *context)
{
    struct reading *reading = context;
    struct weir_slice type;
    if (weir_json_key_is(key, "type")) {
        reading->type = weir_json_take_string(json, &type) ? type : reading->type;
    } else if (weir_json_key_is(key, "usage")) {
        read_usage(json, reading->event, reading->is_start);
    } else if (weir_json_key_is(key, "content")) {
        weir__read_elements(json, read_block, reading->event);
    } else if (weir_json_key_is(key, "stop_reason")) {
        reading->event->flags |= weir__flag_if_text(json, WEIR_EVENT_FINISH);
    } else if (weir_json_key_is(key, "error")) {
        weir__read_error(json, reading->event);
    } else {
        weir_json_skip(json);
    }
}

static void read_event_member(struct weir_json *json, struct weir_slice key, void *context)
{
    const struct reading *reading = context;
    if (weir_json_key_is(key, "delta") || weir_json_key_is(key, "content_block")) {
        weir__read_members(json, read_block_member, reading->event);
    } else if (weir_json_key_is(key, "message")) {
        struct reading start = {.event = reading->event, .is_start = true};
        weir__read_members(json, read_message_member, &start);
    } else {
        read_message_member(json, key, context);
    }
}

bool weir__messages_parse_answer(const struct weir_dialect *self, struct weir_slice body,
                                 struct weir_event *out)
{
    (void)self;
    struct reading reading = {.event = out, .type = {"", 0}};
    *out = WEIR__NOTHING;
    if (!weir__read_text(body, read_message_member, &reading, out)) {
        return false;
    }
    if (weir_slice_equals(reading.type, "error")) {
        weir__set_error(out, body);
    }
    return true;
}

bool weir__messages_parse_event(const struct weir_dialect *self, const struct weir_sse_event *event,
                                struct weir_event *out)
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
    if (weir_slice_equals(reading.type, "message_stop")) {
        out->flags |= WEIR_EVENT_END;
    } else if (weir_slice_equals(reading.type, "error")) {
        weir__set_error(out, data);
    }
    return true;
}
