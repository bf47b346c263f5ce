// SGLang's own generate (srt/entrypoints/http_server.py, managers/tokenizer_manager.py). Each event
// has the whole text so far, unless the server streams increments: meta_info.completion_tokens
// tells whether it brought tokens (see repeats_text). Sampling options stand in an object of their
// own.
#include "dialects.h"

#include "body_internal.h"
#include "event_internal.h"

// ---- bodies ------------------------------------------------------------------------------------

/** What stands in "sampling_params"; any other name is a member beside it. */
static const char *const SAMPLING[] = {"custom_params",
                                       "ebnf",
                                       "frequency_penalty",
                                       "ignore_eos",
                                       "json_schema",
                                       "logit_bias",
                                       "max_new_tokens",
                                       "min_new_tokens",
                                       "min_p",
                                       "n",
                                       "no_stop_trim",
                                       "presence_penalty",
                                       "regex",
                                       "sampling_seed",
                                       "repetition_penalty",
                                       "skip_special_tokens",
                                       "stop",
                                       "stop_regex",
                                       "stop_token_ids",
                                       "spaces_between_special_tokens",
                                       "stream_interval",
                                       "structural_tag",
                                       "temperature",
                                       "top_k",
                                       "top_p",
                                       NULL};

static bool add_sampling(const struct weir_body_spec *spec, struct weir_buf *out)
{
    const bool is_exact = spec->is_exact && spec->max_tokens > 0;
    if (!weir__body_is_ours(spec, "sampling_params")) {
        return weir__body_extras(spec, out, WEIR__EXTRAS_ALL, NULL);
    }
    return weir__body_key(out, "sampling_params") && weir_buf_add_char(out, '{') &&
           weir__body_count(spec, out, "max_new_tokens", spec->max_tokens) &&
           (!is_exact || (weir__body_count(spec, out, "min_new_tokens", spec->max_tokens) &&
                          weir__body_flag(spec, out, "ignore_eos", true))) &&
           weir__body_extras(spec, out, WEIR__EXTRAS_LISTED, SAMPLING) &&
           weir_buf_add_char(out, '}') &&
           weir__body_extras(spec, out, WEIR__EXTRAS_UNLISTED, SAMPLING);
}

bool weir__sglang_build(const struct weir_body_spec *spec, struct weir_buf *out, size_t *prompt_at)
{
    *prompt_at = SIZE_MAX;
    return weir_buf_add_char(out, '{') &&
           weir__body_text(spec, out, "text", spec->prompt, prompt_at) &&
           weir__body_flag(spec, out, "stream", spec->is_streaming) && add_sampling(spec, out) &&
           weir_buf_add_char(out, '}');
}

// ---- answers -----------------------------------------------------------------------------------

/** null until the end; then {"type":"length"|"stop"|"abort",…}, in old versions just the type. An
 * aborted one is an error, with its words beside the type. */
struct finish {
    bool is_abort;
};

static void read_finish_member(struct weir_json *json, struct weir_slice key, void *context)
{
    struct finish *finish = context;
    struct weir_slice type;
    if (weir_json_key_is(key, "type")) {
        finish->is_abort = weir_json_take_string(json, &type) && weir_slice_equals(type, "abort");
    } else {
        weir_json_skip(json);
    }
}

static void read_finish(struct weir_json *json, struct weir_event *event)
{
    struct weir_json copy = *json;
    struct finish finish = {.is_abort = false};
    const enum weir_json_type type = weir_json_peek(json);
    const struct weir_slice raw = weir_json_take_raw(json);
    if (type == WEIR_JSON_STRING) {
        finish.is_abort = weir_slice_equals(raw, "\"abort\"");
    } else if (type == WEIR_JSON_OBJECT) {
        weir__read_members(&copy, read_finish_member, &finish);
    } else {
        return;
    }
    event->flags |= WEIR_EVENT_FINISH;
    if (finish.is_abort && raw.ptr != NULL) {
        weir__set_error(event, raw);
    }
}

struct reading {
    struct weir_event *event;
    bool has_ids;           // a token whose text is still held back
    struct weir_event said; // counts
};

static void read_meta_member(struct weir_json *json, struct weir_slice key, void *context)
{
    struct reading *reading = context;
    if (weir_json_key_is(key, "completion_tokens")) {
        reading->said.output_tokens = weir__take_count(json);
    } else if (weir_json_key_is(key, "prompt_tokens")) {
        reading->said.input_tokens = weir__take_count(json);
    } else if (weir_json_key_is(key, "cached_tokens")) {
        reading->said.cached_tokens = weir__take_count(json);
    } else if (weir_json_key_is(key, "reasoning_tokens")) {
        reading->said.reasoning_tokens = weir__take_count(json);
    } else if (weir_json_key_is(key, "finish_reason")) {
        read_finish(json, reading->event);
    } else if (weir_json_key_is(key, "queue_time")) {
        reading->event->server_ns.queue = weir__take_span(json, WEIR_SECOND);
    } else {
        weir_json_skip(json);
    }
}

static void read_member(struct weir_json *json, struct weir_slice key, void *context)
{
    struct reading *reading = context;
    if (weir_json_key_is(key, "text")) {
        reading->event->flags |= weir__flag_if_text(json, WEIR_EVENT_TEXT);
    } else if (weir_json_key_is(key, "meta_info")) {
        weir__read_members(json, read_meta_member, reading);
    } else if (weir_json_key_is(key, "output_ids")) {
        reading->has_ids = weir_json_take_filled(json);
    } else if (weir_json_key_is(key, "error")) {
        weir__read_error(json, reading->event);
    } else {
        weir_json_skip(json);
    }
}

bool weir__sglang_parse_answer(const struct weir_dialect *self, struct weir_slice body,
                               struct weir_event *out)
{
    (void)self;
    struct reading reading = {.event = out, .said = WEIR__NOTHING};
    *out = WEIR__NOTHING;
    if (!weir__read_text(body, read_member, &reading, out)) {
        return false;
    }
    out->flags |= reading.has_ids ? WEIR_EVENT_TEXT : 0U;
    weir__set_usage(out, reading.said.input_tokens, reading.said.output_tokens);
    if ((out->flags & WEIR_EVENT_USAGE) != 0) {
        out->cached_tokens = reading.said.cached_tokens;
        out->reasoning_tokens = reading.said.reasoning_tokens;
    }
    return true;
}

bool weir__sglang_parse_event(const struct weir_dialect *self, const struct weir_sse_event *event,
                              struct weir_event *out)
{
    const struct weir_slice data = weir_slice_trim(event->data);
    return weir__is_mark(data, out) || weir__sglang_parse_answer(self, data, out);
}
