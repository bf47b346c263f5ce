/** extra.h: --extra-inputs: members added to every request body. "KEY=VALUE", where VALUE is JSON when it parses as JSON and
 *  a string otherwise, or a whole JSON object. Of a key given twice the last counts. Pure. */
#ifndef WEIR_PLAN_EXTRA_H
#define WEIR_PLAN_EXTRA_H

#include <stddef.h>
#include <stdint.h>

#include "weir/base/arena.h"
#include "weir/base/status.h"
#include "weir/config/config.h"

/** In the order first given; as struct weir_body_spec wants them. */
struct weir_extra {
    const char **keys;   // in the arena
    const char **values; // JSON, in the arena
    size_t count;
    int64_t tokens_asked; // of a "max_completion_tokens" among them; 0: none
};

/** Keys that an option of weir decides (prompt, messages, model, stream, max_tokens) are errors that name the option. */
weir_status weir_extra_parse(const struct weir_str_list *texts, struct weir_arena *arena, struct weir_extra *out,
                             struct weir_err *err) WEIR_MUST_USE;

#endif
