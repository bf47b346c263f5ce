// Any description of a language, and any answer in it: an error with words, or bodies that are JSON
// and an answer that means the same however it is split. Up to a NUL: the description; byte behind
// it: splits; the rest: the answer. Seeds: corpus/template; dictionary: sse.dict.
#include <stdlib.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/wire/answer.h"
#include "weir/wire/json.h"
#include "weir/wire/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { CAP = 1 << 20 };

static void hear(void *context, const struct weir_event *event)
{
    uint64_t *hash = context;
    const int32_t counts[] = {event->output_tokens, event->input_tokens, event->reasoning_tokens,
                              event->cached_tokens};
    *hash = weir_hash(*hash, &event->flags, sizeof(event->flags));
    *hash = weir_hash(*hash, counts, sizeof(counts));
    *hash = weir_hash(*hash, event->error.ptr, event->error.len);
}

static uint64_t read_answer(const struct weir_dialect *dialect, struct weir_slice body,
                            size_t piece)
{
    struct weir_answer answer;
    uint64_t hash = WEIR_HASH_START;
    weir_answer_init(&answer, dialect, CAP, 0, hear, &hash);
    weir_answer_begin(&answer, dialect, dialect->framing);
    for (size_t at = 0; at < body.len; at += piece) {
        const size_t len = piece < body.len - at ? piece : body.len - at;
        char *copy = malloc(len);
        WEIR_ASSERT(copy != NULL);
        memcpy(copy, body.ptr + at, len);
        (void)weir_answer_feed(&answer, copy, len);
        free(copy);
    }
    const enum weir_answer_end end = weir_answer_finish(&answer);
    hash = weir_hash(hash, &end, sizeof(end));
    weir_answer_free(&answer);
    return hash;
}

static void check_body(const struct weir_dialect *dialect)
{
    const struct weir_body_spec spec = {.model = {"a\"b", 3}, .prompt = {"p\n", 2}};
    struct weir_buf body;
    struct weir_json json;
    size_t prompt_at = 0;
    weir_buf_init(&body, (size_t)1 << 24);
    WEIR_ASSERT(weir_dialect_build(dialect, spec, &body, &prompt_at));
    weir_json_init(&json, (struct weir_slice){weir_buf_text(&body), body.len});
    weir_json_skip(&json);
    WEIR_ASSERT(weir_json_end(&json));
    WEIR_ASSERT(prompt_at == SIZE_MAX || memcmp(body.ptr + prompt_at, "p\\n", 3) == 0);
    weir_buf_free(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const uint8_t *nul = size > 0 ? memchr(bytes, 0, size) : NULL;
    const size_t len = nul != NULL ? (size_t)(nul - bytes) : size;
    char *text = malloc(len + 1); // its end is the end of readable memory
    WEIR_ASSERT(text != NULL);
    memcpy(text, size > 0 ? (const char *)bytes : "", len);
    struct weir_template *template = NULL;
    struct weir_err err = {.status = WEIR_OK};
    if (weir_template_parse((struct weir_slice){text, len}, "", &template, &err) != WEIR_OK) {
        WEIR_ASSERT(err.text[0] != '\0' && template == NULL);
        free(text);
        return 0;
    }
    free(text); // nothing of it is needed any longer
    const struct weir_dialect *dialect = weir_template_dialect(template);
    check_body(dialect);
    if (nul != NULL && size - len > 2) {
        const struct weir_slice body = {(const char *)nul + 2, size - len - 2};
        WEIR_ASSERT(read_answer(dialect, body, SIZE_MAX) ==
                    read_answer(dialect, body, 1 + nul[1] % 16U));
    }
    weir_template_free(template);
    return 0;
}
