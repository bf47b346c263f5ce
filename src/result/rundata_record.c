// A line of records.jsonl back into a sample: see rundata_internal.h.
#include <math.h>
#include <string.h>

#include "rundata_internal.h"
#include "weir/base/attr.h"
#include "weir/stat/sample.h"

/** key, field: instants from the level's start. */
#define INSTANT_MAP(XX)                                                                            \
    XX(due)                                                                                        \
    XX(sent)                                                                                       \
    XX(first_byte)                                                                                 \
    XX(first_token)                                                                                \
    XX(first_output_token)                                                                         \
    XX(second_token)                                                                               \
    XX(last_token)                                                                                 \
    XX(done)

/** Largest distance of an instant from the level's start, either way: WEIR__RECORD_BASE keeps what
 * was due a little before it above 0. */
#define INSTANT_MAX (400 * WEIR_DAY)

static weir_ns read_instant(struct weir__reader *reader, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL || json_is_null(value)) {
        return 0;
    }
    json_int_t ns = json_integer_value(value);
    if (!json_is_integer(value) || ns <= -WEIR__RECORD_BASE || ns > INSTANT_MAX) {
        weir__reader_fail(reader, "", key, "a time in ns");
        return 0;
    }
    return ns + WEIR__RECORD_BASE;
}

static uint32_t read_u32(struct weir__reader *reader, const json_t *object, const char *key,
                         uint32_t most)
{
    uint64_t count = weir__json_read_count(reader, object, "", key);
    if (count > most) {
        weir__reader_fail(reader, "", key, "as small as it must be");
        return 0;
    }
    return (uint32_t)count;
}

/** null is "the server did not say": −1. */
static int32_t read_tokens(struct weir__reader *reader, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL || json_is_null(value)) {
        return -1;
    }
    return (int32_t)read_u32(reader, object, key, INT32_MAX);
}

static void read_words(struct weir__reader *reader, const json_t *object, struct weir_sample *out)
{
    static const char *const phases[] = {
#define XX(name, key) key,
        WEIR_PHASE_MAP(XX)
#undef XX
    };
    static const char *const outcomes[] = {
#define XX(name, key, meaning) key,
        WEIR_OUTCOME_MAP(XX)
#undef XX
    };
    static const char *const timeouts[] = {
#define XX(name, key) key,
        WEIR_TIMEOUT_MAP(XX)
#undef XX
    };
    static const char *const sources[] = {
#define XX(name, key) key,
        WEIR_TOKEN_SOURCE_MAP(XX)
#undef XX
    };
    out->phase =
        (uint8_t)weir__read_word(reader, object, "", "phase", phases, (int)WEIR_COUNT_OF(phases));
    out->outcome = (uint8_t)weir__read_word(reader, object, "", "outcome", outcomes,
                                            (int)WEIR_COUNT_OF(outcomes));
    out->token_source = (uint8_t)weir__read_word(reader, object, "", "token_source", sources,
                                                 (int)WEIR_COUNT_OF(sources));
    if (json_object_get(object, "timeout") != NULL) {
        out->timeout = (uint8_t)weir__read_word(reader, object, "", "timeout", timeouts,
                                                (int)WEIR_COUNT_OF(timeouts));
    }
}

static void read_counts(struct weir__reader *reader, const json_t *object, struct weir_sample *out)
{
    out->id = weir__json_read_count(reader, object, "", "id");
    out->level = read_u32(reader, object, "level", WEIR__LEVELS_MAX - 1);
    out->item = read_u32(reader, object, "item", UINT32_MAX);
    out->worker = (uint16_t)read_u32(reader, object, "worker", UINT16_MAX);
    out->tokens_asked = read_u32(reader, object, "tokens_asked", UINT32_MAX);
    out->chunks = read_u32(reader, object, "chunks", UINT32_MAX);
    out->chunks_in_window = read_u32(reader, object, "chunks_in_window", out->chunks);
    out->output_tokens = read_tokens(reader, object, "output_tokens");
    out->input_tokens = read_tokens(reader, object, "input_tokens");
    out->reasoning_tokens = read_tokens(reader, object, "reasoning_tokens");
    out->cached_tokens = read_tokens(reader, object, "cached_tokens");
    out->body_bytes = weir__json_read_count(reader, object, "", "body_bytes");
    out->http_status = (int16_t)read_u32(reader, object, "http_status", INT16_MAX);
    out->retries = (uint8_t)read_u32(reader, object, "retries", UINT8_MAX);
    out->connect_time = (weir_ns)weir__json_read_count(reader, object, "", "connect_ns");
    out->longest_gap = (weir_ns)weir__json_read_count(reader, object, "", "longest_gap_ns");
    out->is_streamed = weir__json_read_bool(reader, object, "", "streamed");
    out->is_reused = weir__json_read_bool(reader, object, "", "reused");
}

weir_status weir__rundata_record(struct weir_slice line, struct weir_sample *out, char target[128],
                                 struct weir_err *err)
{
    json_error_t error;
    json_t *object = json_loadb(line.ptr, line.len, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(object)) {
        json_decref(object);
        return weir_fail(err, WEIR_INVALID, "not a record: %.100s", error.text);
    }
    struct weir__reader reader = {.path = "the record", .remedy = "remove its line", .err = err};
    *out = (struct weir_sample){0};
#define XX(field) out->field = read_instant(&reader, object, #field "_ns");
    INSTANT_MAP(XX)
#undef XX
    read_counts(&reader, object, out);
    read_words(&reader, object, out);
    if (out->due == 0 || out->done == 0) {
        weir__reader_fail(&reader, "", out->due == 0 ? "due_ns" : "done_ns", "there");
    }
    (void)weir_copy(target, 128, weir__json_read_text(&reader, object, "", "target"));
    json_decref(object);
    return reader.has_failed ? WEIR_INVALID : WEIR_OK;
}
