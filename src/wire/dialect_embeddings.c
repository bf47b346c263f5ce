// OpenAI's embeddings (vLLM, SGLang, llama.cpp, Ollama, Foundry Local and others serve them). The
// answer is one document of vectors, as numbers or in base64; there are no output tokens.
#include "dialects.h"

#include "body_internal.h"
#include "event_internal.h"

bool weir__embeddings_build(const struct weir_body_spec *spec, struct weir_buf *out,
                            size_t *prompt_at)
{
    *prompt_at = SIZE_MAX;
    return weir_buf_add_char(out, '{') && weir__body_model(spec, out) &&
           weir__body_text(spec, out, "input", spec->prompt, prompt_at) &&
           weir__body_extras(spec, out, WEIR__EXTRAS_ALL, NULL) && weir_buf_add_char(out, '}');
}

static void read_vector_member(struct weir_json *json, struct weir_slice key, void *context)
{
    struct weir_event *event = context;
    if (weir_json_key_is(key, "embedding")) {
        event->flags |= weir__flag_if_filled(json, WEIR_EVENT_DATA);
    } else {
        weir_json_skip(json);
    }
}

static void read_vector(struct weir_json *json, void *context)
{
    weir__read_members(json, read_vector_member, context);
}

struct reading {
    struct weir_event *event;
    bool is_error; // {"object":"error","message":…}
};

static void read_member(struct weir_json *json, struct weir_slice key, void *context)
{
    struct reading *reading = context;
    struct weir_slice object;
    if (weir_json_key_is(key, "data")) {
        weir__read_elements(json, read_vector, reading->event);
    } else if (weir_json_key_is(key, "usage")) {
        weir__read_usage(json, reading->event);
    } else if (weir_json_key_is(key, "error")) {
        weir__read_error(json, reading->event);
    } else if (weir_json_key_is(key, "object")) {
        reading->is_error =
            weir_json_take_string(json, &object) && weir_slice_equals(object, "error");
    } else {
        weir_json_skip(json);
    }
}

bool weir__embeddings_parse_answer(const struct weir_dialect *self, struct weir_slice body,
                                   struct weir_event *out)
{
    (void)self;
    struct reading reading = {.event = out};
    *out = WEIR__NOTHING;
    if (!weir__read_text(body, read_member, &reading, out)) {
        return false;
    }
    if (reading.is_error) {
        weir__set_error(out, body);
    }
    return true;
}

bool weir__embeddings_parse_event(const struct weir_dialect *self,
                                  const struct weir_sse_event *event, struct weir_event *out)
{
    const struct weir_slice data = weir_slice_trim(event->data);
    return weir__is_mark(data, out) || weir__embeddings_parse_answer(self, data, out);
}
