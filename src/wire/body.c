// Members of request bodies: see body_internal.h.
#include "body_internal.h"

#include <string.h>

/** The last extra of a name, so that it is written once; SIZE_MAX: there is none. */
static size_t find_extra(const struct weir_body_spec *spec, const char *name)
{
    for (size_t i = spec->extra_count; i > 0; i--) {
        if (strcmp(spec->extra_keys[i - 1], name) == 0) {
            return i - 1;
        }
    }
    return SIZE_MAX;
}

bool weir__body_is_ours(const struct weir_body_spec *spec, const char *name)
{
    return find_extra(spec, name) == SIZE_MAX;
}

bool weir__body_key(struct weir_buf *out, const char *name)
{
    return (out->ptr[out->len - 1] == '{' || weir_buf_add_char(out, ',')) &&
           weir_buf_add_char(out, '"') && weir_buf_add_json(out, name, strlen(name)) &&
           weir_buf_add_str(out, "\":");
}

bool weir__body_string(struct weir_buf *out, struct weir_slice text, size_t *begin)
{
    if (!weir_buf_add_char(out, '"')) {
        return false;
    }
    *begin = out->len;
    return weir_buf_add_json(out, text.ptr, text.len) && weir_buf_add_char(out, '"');
}

bool weir__body_text(const struct weir_body_spec *spec, struct weir_buf *out, const char *name,
                     struct weir_slice text, size_t *begin)
{
    return !weir__body_is_ours(spec, name) ||
           (weir__body_key(out, name) && weir__body_string(out, text, begin));
}

bool weir__body_flag(const struct weir_body_spec *spec, struct weir_buf *out, const char *name,
                     bool value)
{
    return !weir__body_is_ours(spec, name) ||
           (weir__body_key(out, name) && weir_buf_add_str(out, value ? "true" : "false"));
}

bool weir__body_count(const struct weir_body_spec *spec, struct weir_buf *out, const char *name,
                      int64_t value)
{
    return value <= 0 || !weir__body_is_ours(spec, name) ||
           (weir__body_key(out, name) && weir_buf_addf(out, "%lld", (long long)value));
}

bool weir__body_model(const struct weir_body_spec *spec, struct weir_buf *out)
{
    size_t ignored = 0;
    return spec->model.len == 0 || weir__body_text(spec, out, "model", spec->model, &ignored);
}

bool weir__body_messages(const struct weir_body_spec *spec, struct weir_buf *out, const char *name,
                         size_t *prompt_at)
{
    if (!weir__body_is_ours(spec, name)) {
        return true;
    }
    if (!weir__body_key(out, name)) {
        return false;
    }
    if (spec->messages.len > 0) {
        return weir_buf_add(out, spec->messages.ptr, spec->messages.len);
    }
    return weir_buf_add_str(out, "[{\"role\":\"user\",\"content\":") &&
           weir__body_string(out, spec->prompt, prompt_at) && weir_buf_add_str(out, "}]");
}

static bool is_listed(const char *name, const char *const *names)
{
    while (*names != NULL && strcmp(*names, name) != 0) {
        names++;
    }
    return *names != NULL;
}

bool weir__body_extras(const struct weir_body_spec *spec, struct weir_buf *out,
                       enum weir__extras which, const char *const *names)
{
    for (size_t i = 0; i < spec->extra_count; i++) {
        const char *key = spec->extra_keys[i];
        if (find_extra(spec, key) != i ||
            (which != WEIR__EXTRAS_ALL &&
             is_listed(key, names) != (which == WEIR__EXTRAS_LISTED))) {
            continue;
        }
        if (!weir__body_key(out, key) || !weir_buf_add_str(out, spec->extra_values[i])) {
            return false;
        }
    }
    return true;
}
