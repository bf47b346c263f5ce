// A language that its user describes: bodies and events. See template.h. Each pointer is looked up
// from the beginning: this is for odd servers, not for the fastest ones.
#include "template_internal.h"

#include <string.h>

#include "body_internal.h"
#include "event_internal.h"

// ---- bodies ------------------------------------------------------------------------------------

/** What a body's text may hold; with their quotes: whole strings only. */
static const char PROMPT[] = "{prompt}";
static const char MODEL[] = "{model}";
static const char MESSAGES[] = "\"{messages}\"";
static const char MAX_TOKENS[] = "\"{max_tokens}\"";
static const char STREAM[] = "\"{stream}\"";

static bool add_escaped(struct weir_buf *out, struct weir_slice text)
{
    return weir_buf_add_json(out, text.ptr, text.len);
}

static bool add_messages(const struct weir_body_spec *spec, struct weir_buf *out, size_t *prompt_at)
{
    if (spec->messages.len > 0) {
        return weir_buf_add(out, spec->messages.ptr, spec->messages.len);
    }
    return weir_buf_add_str(out, "[{\"role\":\"user\",\"content\":") &&
           weir__body_string(out, spec->prompt, prompt_at) && weir_buf_add_str(out, "}]");
}

static bool add_max_tokens(const struct weir_body_spec *spec, struct weir_buf *out)
{
    return spec->max_tokens > 0 ? weir_buf_addf(out, "%lld", (long long)spec->max_tokens)
                                : weir_buf_add_str(out, "null");
}

/** Append what `*text` begins with, moved on behind it: a placeholder's value or one byte. */
static bool add_next(const struct weir_body_spec *spec, struct weir_slice *text,
                     struct weir_buf *out, size_t *prompt_at)
{
    size_t used = 1;
    bool fits = true;
    if (weir_slice_starts(*text, PROMPT)) {
        used = strlen(PROMPT);
        *prompt_at = *prompt_at == SIZE_MAX ? out->len : *prompt_at;
        fits = add_escaped(out, spec->prompt);
    } else if (weir_slice_starts(*text, MODEL)) {
        used = strlen(MODEL);
        fits = add_escaped(out, spec->model);
    } else if (weir_slice_starts(*text, MESSAGES)) {
        used = strlen(MESSAGES);
        fits = add_messages(spec, out, prompt_at);
    } else if (weir_slice_starts(*text, MAX_TOKENS)) {
        used = strlen(MAX_TOKENS);
        fits = add_max_tokens(spec, out);
    } else if (weir_slice_starts(*text, STREAM)) {
        used = strlen(STREAM);
        fits = weir_buf_add_str(out, spec->is_streaming ? "true" : "false");
    } else {
        fits = weir_buf_add_char(out, text->ptr[0]);
    }
    *text = (struct weir_slice){text->ptr + used, text->len - used};
    return fits;
}

static bool add_value(const struct weir_body_spec *spec, struct weir_slice raw,
                      struct weir_buf *out, size_t *prompt_at)
{
    while (raw.len > 0) {
        if (!add_next(spec, &raw, out, prompt_at)) {
            return false;
        }
    }
    return true;
}

/** True if the user gives the member himself. */
static bool is_replaced(const struct weir_body_spec *spec, struct weir_slice key)
{
    for (size_t i = 0; i < spec->extra_count; i++) {
        if (weir_slice_equals(key, spec->extra_keys[i])) {
            return true;
        }
    }
    return false;
}

bool weir__template_build(const struct weir_body_spec *spec, struct weir_buf *out,
                          size_t *prompt_at)
{
    struct weir_json json;
    struct weir_slice key;
    *prompt_at = SIZE_MAX;
    weir_json_init(&json, spec->template->body);
    if (!weir_buf_add_char(out, '{') || !weir_json_open_object(&json)) {
        return false;
    }
    while (weir_json_next_member(&json, &key)) {
        const struct weir_slice value = weir_json_take_raw(&json);
        if (is_replaced(spec, key)) {
            continue;
        }
        const bool is_first = out->ptr[out->len - 1] == '{';
        if ((!is_first && !weir_buf_add_char(out, ',')) || !weir_buf_add_char(out, '"') ||
            !weir_buf_add(out, key.ptr, key.len) || !weir_buf_add_str(out, "\":") ||
            !add_value(spec, value, out, prompt_at)) {
            return false;
        }
    }
    return weir__body_extras(spec, out, WEIR__EXTRAS_ALL, NULL) && weir_buf_add_char(out, '}');
}

// ---- JSON pointers -----------------------------------------------------------------------------

/** One step of a pointer, "~1" and "~0" and all, behind its slash; `*pointer` moved on behind it.
 */
static struct weir_slice next_step(const char **pointer)
{
    const char *begin = *pointer + 1;
    const size_t len = strcspn(begin, "/");
    *pointer = begin + len;
    return (struct weir_slice){begin, len};
}

static bool step_is(struct weir_slice step, struct weir_slice key)
{
    size_t k = 0;
    for (size_t i = 0; i < step.len; i++, k++) {
        char c = step.ptr[i];
        if (c == '~' && i + 1 < step.len) {
            c = step.ptr[++i] == '1' ? '/' : '~';
        }
        if (k == key.len || key.ptr[k] != c) {
            return false;
        }
    }
    return k == key.len;
}

/** Stand before the value that `step` names in the object or array next; false: there is none. */
static bool take_step(struct weir_json *json, struct weir_slice step)
{
    const enum weir_json_type type = weir_json_peek(json);
    int64_t index = 0;
    struct weir_slice key;
    if (type == WEIR_JSON_OBJECT) {
        (void)weir_json_open_object(json);
        while (weir_json_next_member(json, &key)) {
            if (step_is(step, key)) {
                return true;
            }
            weir_json_skip(json);
        }
        return false;
    }
    if (type != WEIR_JSON_ARRAY || !weir_parse_i64(step, &index) || index < 0) {
        return false;
    }
    (void)weir_json_open_array(json);
    while (weir_json_next_element(json)) {
        if (index-- == 0) {
            return true;
        }
        weir_json_skip(json);
    }
    return false;
}

/** Stand before the value at `pointer`; NULL is a pointer that finds nothing. */
static bool find(struct weir_slice text, const char *pointer, struct weir_json *json)
{
    weir_json_init(json, text);
    if (pointer == NULL) {
        return false;
    }
    while (*pointer != '\0') {
        if (!take_step(json, next_step(&pointer))) {
            return false;
        }
    }
    return true;
}

// ---- events ------------------------------------------------------------------------------------

/** Whether something is at `pointer`, and what: see weir__read_error() for what is nothing. */
static bool is_said(struct weir_slice text, const char *pointer, struct weir_slice *raw)
{
    struct weir_json json;
    struct weir_event probe = WEIR__NOTHING;
    if (!find(text, pointer, &json)) {
        return false;
    }
    weir__read_error(&json, &probe);
    *raw = probe.error;
    return (probe.flags & WEIR_EVENT_ERROR) != 0;
}

static uint32_t flag_at(struct weir_slice text, const char *pointer, uint32_t flags)
{
    struct weir_slice raw;
    return is_said(text, pointer, &raw) ? flags : 0;
}

static int32_t count_at(struct weir_slice text, const char *pointer)
{
    struct weir_json json;
    return find(text, pointer, &json) ? weir__take_count(&json) : -1;
}

static void read_usage(const struct weir_template *template, struct weir_slice text,
                       struct weir_event *out)
{
    weir__set_usage(out, count_at(text, template->input_tokens),
                    count_at(text, template->output_tokens));
    if ((out->flags & WEIR_EVENT_USAGE) != 0) {
        out->cached_tokens = count_at(text, template->cached_tokens);
        out->reasoning_tokens = count_at(text, template->reasoning_tokens);
    }
}

static bool is_json(struct weir_slice text)
{
    struct weir_json json;
    weir_json_init(&json, text);
    weir_json_skip(&json);
    return weir_json_end(&json);
}

bool weir__template_parse_answer(const struct weir_dialect *self, struct weir_slice body,
                                 struct weir_event *out)
{
    const struct weir_template *template = self->template;
    struct weir_slice error;
    *out = WEIR__NOTHING;
    if (!is_json(body)) {
        return false;
    }
    out->flags = flag_at(body, template->text, WEIR_EVENT_TEXT) |
                 flag_at(body, template->reasoning, WEIR_EVENT_REASONING) |
                 flag_at(body, template->tool, WEIR_EVENT_TOOL) |
                 flag_at(body, template->finish, WEIR_EVENT_FINISH) |
                 flag_at(body, template->end_at, WEIR_EVENT_FINISH | WEIR_EVENT_END);
    read_usage(template, body, out);
    if (is_said(body, template->error, &error)) {
        weir__set_error(out, error);
    }
    return true;
}

bool weir__template_parse_event(const struct weir_dialect *self, const struct weir_sse_event *event,
                                struct weir_event *out)
{
    const struct weir_slice data = weir_slice_trim(event->data);
    const char *end = self->template->end;
    if (end != NULL && weir_slice_equals(data, end)) {
        *out = WEIR__NOTHING;
        out->flags = WEIR_EVENT_END;
        return true;
    }
    return weir__is_mark(data, out) || weir__template_parse_answer(self, data, out);
}
