/** body_internal.h: request bodies, member by member. Each name is written once: what the user
 * gives replaces what weir would send. All of it says false when the buffer is full. Internal to
 * wire. */
#ifndef WEIR_WIRE_BODY_INTERNAL_H
#define WEIR_WIRE_BODY_INTERNAL_H

#include "weir/wire/dialect.h"

/** Whether the user's extras leave `name` to weir. */
bool weir__body_is_ours(const struct weir_body_spec *spec, const char *name);

/** Append "name": with the comma that parts it from an earlier member. */
bool weir__body_key(struct weir_buf *out, const char *name);

/** Append `text` as a JSON string; `*begin` is where its inside begins. */
bool weir__body_string(struct weir_buf *out, struct weir_slice text, size_t *begin);

/** Append a member, unless the user gives it. */
bool weir__body_text(const struct weir_body_spec *spec, struct weir_buf *out, const char *name,
                     struct weir_slice text, size_t *begin);
bool weir__body_flag(const struct weir_body_spec *spec, struct weir_buf *out, const char *name,
                     bool value);

/** The same for a count; 0 and less is not sent. */
bool weir__body_count(const struct weir_body_spec *spec, struct weir_buf *out, const char *name,
                      int64_t value);

/** The model, if it has a name. */
bool weir__body_model(const struct weir_body_spec *spec, struct weir_buf *out);

/** The spec's messages, or one of the user's that is the prompt, as member `name`. */
bool weir__body_messages(const struct weir_body_spec *spec, struct weir_buf *out, const char *name,
                         size_t *prompt_at);

/** Which extras weir__body_extras() writes: all, or those (not) on a list of names, which ends in
 * NULL. */
enum weir__extras { WEIR__EXTRAS_ALL, WEIR__EXTRAS_LISTED, WEIR__EXTRAS_UNLISTED };

bool weir__body_extras(const struct weir_body_spec *spec, struct weir_buf *out,
                       enum weir__extras which, const char *const *names);

#endif
