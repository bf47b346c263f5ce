// Triton's generate extension (server: docs/protocol/extension_generate.md, src/http_server.cc).
// The members are the model's own inputs and outputs; these are those of the TensorRT-LLM and vLLM
// backends. Events have text and nothing that marks the end; an error after the first comes as an
// event, since the status is out by then.
#include "dialects.h"

#include "body_internal.h"
#include "event_internal.h"

bool weir__triton_build(const struct weir_body_spec *spec, struct weir_buf *out, size_t *prompt_at)
{
    const bool is_exact = spec->is_exact && spec->max_tokens > 0;
    *prompt_at = SIZE_MAX;
    return weir_buf_add_char(out, '{') &&
           weir__body_text(spec, out, "text_input", spec->prompt, prompt_at) &&
           weir__body_count(spec, out, "max_tokens", spec->max_tokens) &&
           (!is_exact || weir__body_count(spec, out, "min_length", spec->max_tokens)) &&
           weir__body_flag(spec, out, "stream", spec->is_streaming) &&
           weir__body_extras(spec, out, WEIR__EXTRAS_ALL, NULL) && weir_buf_add_char(out, '}');
}

static void read_text(struct weir_json *json, void *context)
{
    struct weir_event *event = context;
    event->flags |= weir__flag_if_text(json, WEIR_EVENT_TEXT);
}

/** A string, or an array of them when there are several answers. */
static void read_output(struct weir_json *json, struct weir_event *event)
{
    if (weir_json_peek(json) == WEIR_JSON_ARRAY) {
        weir__read_elements(json, read_text, event);
    } else {
        read_text(json, event);
    }
}

static void read_member(struct weir_json *json, struct weir_slice key, void *context)
{
    struct weir_event *event = context;
    if (weir_json_key_is(key, "text_output")) {
        read_output(json, event);
    } else if (weir_json_key_is(key, "error")) {
        weir__read_error(json, event);
    } else {
        weir_json_skip(json);
    }
}

bool weir__triton_parse_answer(const struct weir_dialect *self, struct weir_slice body,
                               struct weir_event *out)
{
    (void)self;
    *out = WEIR__NOTHING;
    return weir__read_text(body, read_member, out, out);
}

bool weir__triton_parse_event(const struct weir_dialect *self, const struct weir_sse_event *event,
                              struct weir_event *out)
{
    const struct weir_slice data = weir_slice_trim(event->data);
    return weir__is_mark(data, out) || weir__triton_parse_answer(self, data, out);
}
