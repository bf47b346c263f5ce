// JSONL input: whatever is in the file, an error with words or rows that make bodies which are
// JSON.
#include <stddef.h>
#include <stdint.h>

#include "weir/base/attr.h"
#include "weir/base/buf.h"
#include "weir/plan/dataset.h"
#include "weir/wire/dialect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_row(const struct weir_row *row, struct weir_buf *body)
{
    WEIR_ASSERT((row->prompt.len > 0) != (row->messages.len > 0));
    WEIR_ASSERT(row->max_tokens >= 0 && row->line > 0);
    const struct weir_body_spec spec = {
        .prompt = row->prompt, .messages = row->messages, .max_tokens = row->max_tokens};
    size_t prompt_at = 0;
    weir_buf_clear(body);
    WEIR_ASSERT(weir_dialect_find("chat")->build(&spec, body, &prompt_at));
    struct weir_arena *arena = weir_arena_new(); // the body's own messages are a row again
    struct weir_dataset again;
    WEIR_ASSERT(weir_dataset_parse((struct weir_slice){body->ptr, body->len}, "body", arena, &again,
                                   NULL) == WEIR_OK);
    WEIR_ASSERT(again.count == 1 && again.rows[0].messages.len > 0);
    weir_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct weir_arena *arena = weir_arena_new();
    struct weir_buf body;
    weir_buf_init(&body, (size_t)64 << 20U);
    struct weir_dataset set = {.count = 0};
    struct weir_err err = {.status = WEIR_OK};
    struct weir_slice text = {(const char *)data, size};
    if (weir_dataset_parse(text, "fuzz", arena, &set, &err) == WEIR_OK) {
        WEIR_ASSERT(set.count > 0);
        for (size_t i = 0; i < set.count && i < 64; i++) {
            check_row(&set.rows[i], &body);
        }
    } else {
        WEIR_ASSERT(err.text[0] != '\0');
    }
    weir_buf_free(&body);
    weir_arena_free(arena);
    return 0;
}
