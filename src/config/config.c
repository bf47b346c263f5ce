// The configuration struct: defaults, the one door for values, and what is derived from them.
#include <stdio.h>
#include <string.h>

#include "config_internal.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"

static void set_default(struct weir_config *config, enum weir_option_id id)
{
    const struct weir__option *option = weir__option(id);
    bool is_unset_list = option->kind->is_list && option->info.fallback[0] == '\0';
    if (is_unset_list) {
        return; // all zero is the empty list
    }
    struct weir__why why = {""};
    const struct weir_origin origin = {WEIR_ORIGIN_DEFAULT, 0};
    bool is_valid =
        weir__config_put(config, id, weir_slice_of(option->info.fallback), false, origin, &why);
    WEIR_ASSERT(is_valid); // a row of options.def is wrong
}

void weir_config_init(struct weir_config *config)
{
    memset(config, 0, sizeof(*config));
    for (int i = 0; i < WEIR_OPTION_COUNT; i++) {
        set_default(config, (enum weir_option_id)i);
    }
}

void weir_config_free(struct weir_config *config)
{
    for (int i = 0; i < WEIR_OPTION_COUNT; i++) {
        const struct weir__kind *kind = weir__option((enum weir_option_id)i)->kind;
        if (kind->free != NULL) {
            kind->free(weir__field(config, (enum weir_option_id)i));
        }
    }
}

bool weir__config_put(struct weir_config *config, enum weir_option_id id, struct weir_slice text,
                      bool is_append, struct weir_origin origin, struct weir__why *why)
{
    const struct weir__option *option = weir__option(id);
    if (text.len > WEIR__VALUE_BYTES_MAX) {
        return weir__because(why, "the value is longer than %d KiB", WEIR__VALUE_BYTES_MAX / 1024);
    }
    if (memchr(text.ptr, '\0', text.len) != NULL) {
        return weir__because(why, "the value holds a NUL character");
    }
    if (!weir__is_utf8(text)) { // values end up in JSON files
        return weir__because(why, "the value is not valid UTF-8");
    }
    if (!option->kind->parse(option, text, is_append, weir__field(config, id), why)) {
        return false;
    }
    if (!is_append) { // a list comes from where it begins
        config->origins[id] = origin;
    }
    return true;
}

weir_status weir_config_set(struct weir_config *config, int command, const char *name,
                            const char *value, struct weir_err *err)
{
    enum weir_option_id id = WEIR_OPTION_COUNT;
    struct weir__why why;
    if (!weir__option_find(command, name, "--", &id, &why)) {
        return weir_fail(err, WEIR_INVALID, "%s", why.text);
    }
    if (!weir__config_put_flag(config, id, weir_slice_of(value), &why)) {
        return weir_fail(err, WEIR_INVALID, "--%s: %s", name, why.text);
    }
    return WEIR_OK;
}

bool weir__config_put_flag(struct weir_config *config, enum weir_option_id id,
                           struct weir_slice text, struct weir__why *why)
{
    // the first flag replaces what a file said, further ones add to it
    bool is_append =
        weir__option(id)->kind->is_repeatable && config->origins[id].kind == WEIR_ORIGIN_FLAG;
    return weir__config_put(config, id, text, is_append, (struct weir_origin){WEIR_ORIGIN_FLAG, 0},
                            why);
}

bool weir_config_format(const struct weir_config *config, enum weir_option_id option,
                        struct weir_buf *out)
{
    const struct weir__option *row = weir__option(option);
    return row->kind->format(row, weir__field_view(config, option), out);
}

const char *weir_config_origin(const struct weir_config *config, enum weir_option_id option,
                               char *out, size_t size)
{
    static const char *const words[] = {[WEIR_ORIGIN_DEFAULT] = "default",
                                        [WEIR_ORIGIN_FLAG] = "flag",
                                        [WEIR_ORIGIN_ENVIRONMENT] = "environment"};
    const struct weir_origin origin = config->origins[option];
    if (origin.kind == WEIR_ORIGIN_FILE) {
        (void)snprintf(out, size, "%s:%d", config->file, origin.line);
    } else {
        (void)snprintf(out, size, "%s", words[origin.kind]);
    }
    return out;
}

static bool value_json(const struct weir_config *config, enum weir_option_id id,
                       struct weir_buf *out)
{
    const struct weir__option *option = weir__option(id);
    const void *field = weir__field_view(config, id);
    if (option->kind->json != NULL) {
        return option->kind->json(option, field, out);
    }
    return weir_buf_add_char(out, '"') && option->kind->format(option, field, out) &&
           weir_buf_add_char(out, '"');
}

static bool member_json(const struct weir_config *config, enum weir_option_id id,
                        struct weir_buf *out)
{
    char origin[sizeof(config->file) + 16];
    (void)weir_config_origin(config, id, origin, sizeof(origin));
    return weir_buf_addf(out, "\"%s\": {\"value\": ", weir_option(id)->name) &&
           value_json(config, id, out) && weir_buf_add_str(out, ", \"origin\": \"") &&
           weir_buf_add_json(out, origin, strlen(origin)) && weir_buf_add_str(out, "\"}");
}

bool weir_config_json(const struct weir_config *config, int command, struct weir_buf *out)
{
    bool fits = weir_buf_add_char(out, '{');
    bool is_first = true;
    for (int i = 0; fits && i < WEIR_OPTION_COUNT; i++) {
        const enum weir_option_id id = (enum weir_option_id)i;
        if ((weir_option(id)->commands & command) == 0) {
            continue;
        }
        fits = (is_first || weir_buf_add_str(out, ", ")) && member_json(config, id, out);
        is_first = false;
    }
    return fits && weir_buf_add_char(out, '}');
}

/** Is the value of this option part of the fingerprint? Of a header the name is. */
static bool is_hashed(enum weir_option_id id, int command)
{
    return (weir_option(id)->commands & command) != 0 && weir__option_shapes_load(id) &&
           weir__option(id)->kind != &weir__kind_SECRET;
}

uint64_t weir_config_hash(const struct weir_config *config, int command)
{
    uint64_t hash = WEIR_HASH_START;
    struct weir_buf text;
    weir_buf_init(&text, WEIR__FORMAT_BYTES_MAX);
    for (int i = 0; i < WEIR_OPTION_COUNT; i++) {
        const enum weir_option_id id = (enum weir_option_id)i;
        if (!is_hashed(id, command)) {
            continue;
        }
        weir_buf_clear(&text);
        bool fits = weir_buf_addf(&text, "%s=", weir_option(id)->name) &&
                    value_json(config, id, &text) && weir_buf_add_char(&text, '\n');
        WEIR_ASSERT(fits); // the cap follows from the limits of values
        hash = weir_hash(hash, text.ptr, text.len);
    }
    weir_buf_free(&text);
    return hash;
}
