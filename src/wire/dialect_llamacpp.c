// llama.cpp's own completion (tools/server/server-task.cpp): events with "content", of which the
// one with "stop":true has no text but the counts and timings. "tokens_cached" there is the size of
// the context, not what a prefix cache had: that is timings.cache_n.
#include "dialects.h"

#include "body_internal.h"
#include "event_internal.h"

bool weir__llamacpp_build(const struct weir_body_spec *spec, struct weir_buf *out,
                          size_t *prompt_at)
{
    const bool is_exact = spec->is_exact && spec->max_tokens > 0;
    *prompt_at = SIZE_MAX;
    return weir_buf_add_char(out, '{') && weir__body_model(spec, out) &&
           weir__body_text(spec, out, "prompt", spec->prompt, prompt_at) &&
           weir__body_count(spec, out, "n_predict", spec->max_tokens) &&
           (!is_exact || weir__body_flag(spec, out, "ignore_eos", true)) &&
           weir__body_flag(spec, out, "stream", spec->is_streaming) &&
           weir__body_extras(spec, out, WEIR__EXTRAS_ALL, NULL) && weir_buf_add_char(out, '}');
}

struct reading {
    struct weir_event *event;
    bool has_ids; // a token whose text is still held back
    int32_t input;
    int32_t output;
    int32_t cached;
};

static void read_cache_member(struct weir_json *json, struct weir_slice key, void *context)
{
    struct reading *reading = context;
    if (weir_json_key_is(key, "cache_n")) {
        reading->cached = weir__take_count(json);
    } else {
        weir_json_skip(json);
    }
}

static void read_timings(struct weir_json *json, struct reading *reading)
{
    struct weir_json again = *json;
    weir__read_timings(json, reading->event);
    weir__read_members(&again, read_cache_member, reading);
}

static void read_stop(struct weir_json *json, struct weir_event *event)
{
    const bool is_stop = weir_json_peek(json) == WEIR_JSON_TRUE;
    weir_json_skip(json);
    event->flags |= is_stop ? WEIR_EVENT_FINISH : 0U;
}

static void read_member(struct weir_json *json, struct weir_slice key, void *context)
{
    struct reading *reading = context;
    if (weir_json_key_is(key, "content")) {
        reading->event->flags |= weir__flag_if_text(json, WEIR_EVENT_TEXT);
    } else if (weir_json_key_is(key, "tokens")) {
        reading->has_ids = weir_json_take_filled(json);
    } else if (weir_json_key_is(key, "stop")) {
        read_stop(json, reading->event);
    } else if (weir_json_key_is(key, "tokens_predicted")) {
        reading->output = weir__take_count(json);
    } else if (weir_json_key_is(key, "tokens_evaluated")) {
        reading->input = weir__take_count(json);
    } else if (weir_json_key_is(key, "timings")) {
        read_timings(json, reading);
    } else if (weir_json_key_is(key, "error")) {
        weir__read_error(json, reading->event);
    } else {
        weir_json_skip(json);
    }
}

bool weir__llamacpp_parse_answer(const struct weir_dialect *self, struct weir_slice body,
                                 struct weir_event *out)
{
    (void)self;
    struct reading reading = {.event = out, .input = -1, .output = -1, .cached = -1};
    *out = WEIR__NOTHING;
    if (!weir__read_text(body, read_member, &reading, out)) {
        return false;
    }
    out->flags |= reading.has_ids ? WEIR_EVENT_TEXT : 0U;
    weir__set_usage(out, reading.input, reading.output);
    if ((out->flags & WEIR_EVENT_USAGE) != 0) {
        out->cached_tokens = reading.cached;
    }
    return true;
}

bool weir__llamacpp_parse_event(const struct weir_dialect *self, const struct weir_sse_event *event,
                                struct weir_event *out)
{
    const struct weir_slice data = weir_slice_trim(event->data);
    return weir__is_mark(data, out) || weir__llamacpp_parse_answer(self, data, out);
}
