// Hugging Face TGI's own API (router/src/lib.rs, server.rs): one event for each token, also for
// special ones, numbered from 1; the last one has the whole text, and the counts since weir asks
// for details. What goes wrong comes as an event too, also being overloaded.
#include "dialects.h"

#include "body_internal.h"
#include "event_internal.h"

// ---- bodies ------------------------------------------------------------------------------------

/** Members beside "parameters"; any other name is one of those. */
static const char *const TOP[] = {"inputs", "parameters", "stream", NULL};

static bool add_parameters(const struct weir_body_spec *spec, struct weir_buf *out)
{
    if (!weir__body_is_ours(spec, "parameters")) {
        return weir__body_extras(spec, out, WEIR__EXTRAS_ALL, NULL);
    }
    return weir__body_key(out, "parameters") && weir_buf_add_char(out, '{') &&
           weir__body_count(spec, out, "max_new_tokens", spec->max_tokens) &&
           weir__body_flag(spec, out, "details", true) &&
           weir__body_extras(spec, out, WEIR__EXTRAS_UNLISTED, TOP) &&
           weir_buf_add_char(out, '}') && weir__body_extras(spec, out, WEIR__EXTRAS_LISTED, TOP);
}

bool weir__tgi_build(const struct weir_body_spec *spec, struct weir_buf *out, size_t *prompt_at)
{
    *prompt_at = SIZE_MAX;
    return weir_buf_add_char(out, '{') &&
           weir__body_text(spec, out, "inputs", spec->prompt, prompt_at) &&
           add_parameters(spec, out) && weir_buf_add_char(out, '}');
}

// ---- answers -----------------------------------------------------------------------------------

struct reading {
    struct weir_event *event;
    bool is_whole;     // an answer of its own, not an event
    bool has_token;    // a token object
    int32_t index;     // of the token
    int32_t input;     // details.input_length
    int32_t generated; // details.generated_tokens
};

static void read_token_member(struct weir_json *json, struct weir_slice key, void *context)
{
    struct reading *reading = context;
    if (weir_json_key_is(key, "id")) {
        reading->has_token |= weir__take_count(json) >= 0; // a special token has no text
    } else if (weir_json_key_is(key, "text")) {
        reading->has_token |= weir__flag_if_text(json, 1) != 0;
    } else {
        weir_json_skip(json);
    }
}

static void read_detail(struct weir_json *json, struct weir_slice key, void *context)
{
    struct reading *reading = context;
    if (weir_json_key_is(key, "generated_tokens")) {
        reading->generated = weir__take_count(json);
    } else if (weir_json_key_is(key, "input_length")) {
        reading->input = weir__take_count(json);
    } else {
        weir_json_skip(json);
    }
}

/** Text, though it may be an empty one, ends the answer; null does not. */
static void read_generated(struct weir_json *json, struct reading *reading)
{
    struct weir_slice text;
    if (weir_json_take_string(json, &text)) {
        const bool is_text = reading->is_whole && text.len > 0;
        reading->event->flags |=
            WEIR_EVENT_FINISH | WEIR_EVENT_END | (is_text ? WEIR_EVENT_TEXT : 0U);
    }
}

static void read_member(struct weir_json *json, struct weir_slice key, void *context)
{
    struct reading *reading = context;
    if (weir_json_key_is(key, "token")) {
        weir__read_members(json, read_token_member, reading);
    } else if (weir_json_key_is(key, "index")) {
        reading->index = weir__take_count(json);
    } else if (weir_json_key_is(key, "generated_text")) {
        read_generated(json, reading);
    } else if (weir_json_key_is(key, "details")) {
        weir__read_members(json, read_detail, reading);
    } else if (weir_json_key_is(key, "error")) {
        weir__read_error(json, reading->event);
    } else {
        weir_json_skip(json);
    }
}

static bool read_answer(struct weir_slice text, bool is_whole, struct weir_event *out)
{
    struct reading reading = {
        .event = out, .is_whole = is_whole, .index = -1, .input = -1, .generated = -1};
    *out = WEIR__NOTHING;
    if (!weir__read_text(text, read_member, &reading, out)) {
        return false;
    }
    out->flags |= reading.has_token ? WEIR_EVENT_TEXT : 0U;
    const int32_t reached = reading.has_token ? reading.index : -1;
    weir__set_usage(out, reading.input, reading.generated >= 0 ? reading.generated : reached);
    return true;
}

bool weir__tgi_parse_answer(const struct weir_dialect *self, struct weir_slice body,
                            struct weir_event *out)
{
    (void)self;
    return read_answer(body, true, out);
}

bool weir__tgi_parse_event(const struct weir_dialect *self, const struct weir_sse_event *event,
                           struct weir_event *out)
{
    (void)self;
    const struct weir_slice data = weir_slice_trim(event->data);
    return weir__is_mark(data, out) || read_answer(data, false, out);
}
