/** event_internal.h: what the readers of events share. Internal to wire. */
#ifndef WEIR_WIRE_EVENT_INTERNAL_H
#define WEIR_WIRE_EVENT_INTERNAL_H

#include "weir/wire/dialect.h"
#include "weir/wire/json.h"

/** An event that says nothing. */
static const struct weir_event WEIR__NOTHING = {.output_tokens = -1,
                                                .input_tokens = -1,
                                                .reasoning_tokens = -1,
                                                .cached_tokens = -1,
                                                .server_ns = {-1, -1, -1, -1}};

/** Consume one value: `flag` if it is a string with something in it. */
static inline uint32_t weir__flag_if_text(struct weir_json *json, uint32_t flag)
{
    struct weir_slice raw;
    return weir_json_take_string(json, &raw) && raw.len > 0 ? flag : 0;
}

/** Consume one value: `flag` if it is a string, array or object with something in it. */
static inline uint32_t weir__flag_if_filled(struct weir_json *json, uint32_t flag)
{
    return weir_json_take_filled(json) ? flag : 0;
}

/** Data that is no JSON in any dialect over server-sent events: nothing, or the mark [DONE]. True:
 * `*out` is settled. */
static inline bool weir__is_mark(struct weir_slice data, struct weir_event *out)
{
    if (data.len > 0 && !(data.ptr[0] == '[' && weir_slice_starts(data, "[DONE]"))) {
        return false;
    }
    *out = WEIR__NOTHING;
    out->flags = data.len > 0 ? WEIR_EVENT_END : 0;
    return true;
}

/** Called for each member; consumes exactly its value. */
typedef void weir__member_fn(struct weir_json *json, struct weir_slice key, void *context);

/** Consume one value; hand on its members if it is an object. */
void weir__read_members(struct weir_json *json, weir__member_fn *member, void *context);

/** The same for the elements of an array. */
typedef void weir__element_fn(struct weir_json *json, void *context);
void weir__read_elements(struct weir_json *json, weir__element_fn *element, void *context);

/** `text` is one object: hand on its members. False, with `*event` made to say nothing: it is
 * malformed. */
bool weir__read_text(struct weir_slice text, weir__member_fn *member, void *context,
                     struct weir_event *event);

/** A token count; −1 when it is no number or a negative one. */
int32_t weir__take_count(struct weir_json *json);

/** A span in units of `unit` ns, fractions and all; −1 when it is no number or a negative one. */
weir_ns weir__take_span(struct weir_json *json, weir_ns unit);

/** The value of an "error" member. null, false, 0 and empty things are no error: clients test for
 * truth. */
void weir__read_error(struct weir_json *json, struct weir_event *event);

/** Make `*event` an error about `raw`, unless it is one already. */
void weir__set_error(struct weir_event *event, struct weir_slice raw);

/** The value of an OpenAI-style "usage" member, by the names of chat and of responses. */
void weir__read_usage(struct weir_json *json, struct weir_event *event);

/** Set the counts of input and output and the flag, unless both say nothing: see struct weir_event.
 */
void weir__set_usage(struct weir_event *event, int32_t input_tokens, int32_t output_tokens);

/** {"name":…,"arguments":…}: something is said, WEIR_EVENT_TOOL, once either is not empty. */
uint32_t weir__read_function(struct weir_json *json);

/** The value of a "tool_calls" member: WEIR_EVENT_TOOL or 0. */
uint32_t weir__read_tool_calls(struct weir_json *json);

/** The value of llama.cpp's "timings" member. */
void weir__read_timings(struct weir_json *json, struct weir_event *event);

#endif
