// The ids in a server's list of models: see weir_dialect_read_models() in dialect.h.
#include "weir/wire/dialect.h"

#include "event_internal.h"

struct listing {
    const struct weir_models_shape *shape;
    char (*ids)[WEIR_MODEL_BYTES];
    size_t room;
    size_t count;
};

/** Cut to whole characters, which is what a buffer of that cap keeps. */
static void add_id(struct listing *listing, struct weir_slice raw)
{
    struct weir_buf text;
    weir_buf_init(&text, WEIR_MODEL_BYTES - 1);
    (void)weir_json_unescape(raw, &text);
    if (text.len > 0) {
        (void)weir_copy(listing->ids[listing->count++], WEIR_MODEL_BYTES, weir_buf_text(&text));
    }
    weir_buf_free(&text);
}

static void read_entry_member(struct weir_json *json, struct weir_slice key, void *context)
{
    struct listing *listing = context;
    struct weir_slice id;
    if (!weir_slice_equals(key, listing->shape->id) || listing->count == listing->room) {
        weir_json_skip(json);
    } else if (weir_json_take_string(json, &id)) {
        add_id(listing, id);
    }
}

static void read_entry(struct weir_json *json, void *context)
{
    weir__read_members(json, read_entry_member, context);
}

static void read_list_member(struct weir_json *json, struct weir_slice key, void *context)
{
    const struct listing *listing = context;
    if (weir_slice_equals(key, listing->shape->list)) {
        weir__read_elements(json, read_entry, context);
    } else {
        weir_json_skip(json);
    }
}

size_t weir_dialect_read_models(const struct weir_dialect *dialect, struct weir_slice body,
                                char (*ids)[WEIR_MODEL_BYTES], size_t room)
{
    struct listing listing = {.shape = &dialect->models, .ids = ids, .room = room};
    struct weir_json json;
    if (dialect->models.id == NULL) {
        return 0;
    }
    weir_json_init(&json, body);
    weir__read_members(&json, dialect->models.list != NULL ? read_list_member : read_entry_member,
                       &listing);
    return weir_json_end(&json) ? listing.count : 0;
}
