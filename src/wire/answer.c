// One HTTP answer: framing and dialect together, and how it ended. See answer.h.
#include "weir/wire/answer.h"

#include "error_text.h"

void weir_answer_init(struct weir_answer *answer, const struct weir_dialect *dialect,
                      size_t event_cap, size_t reserve, weir_answer_fn *on_event, void *context)
{
    *answer = (struct weir_answer){.dialect = dialect, .on_event = on_event, .context = context};
    const bool has_lines = dialect->framing == WEIR_FRAMING_NDJSON;
    weir_sse_init(&answer->sse, event_cap, has_lines ? 0 : reserve);
    weir_ndjson_init(&answer->ndjson, event_cap, has_lines ? reserve : 0);
    weir_buf_init(&answer->body, event_cap);
    weir_buf_init(&answer->error, WEIR_ANSWER_ERROR_BYTES);
    if (reserve > 0) {
        weir_buf_reserve(&answer->body, reserve);
        weir_buf_reserve(&answer->error, WEIR_ANSWER_ERROR_BYTES);
    }
}

void weir_answer_free(struct weir_answer *answer)
{
    weir_sse_free(&answer->sse);
    weir_ndjson_free(&answer->ndjson);
    weir_buf_free(&answer->body);
    weir_buf_free(&answer->error);
}

void weir_answer_begin(struct weir_answer *answer, const struct weir_dialect *dialect,
                       enum weir_framing framing)
{
    answer->dialect = dialect;
    answer->framing = framing;
    answer->tokens_said = 0;
    weir_sse_reset(&answer->sse);
    weir_ndjson_reset(&answer->ndjson);
    weir_buf_clear(&answer->body);
    weir_buf_clear(&answer->error);
    answer->has_end = false;
    answer->has_finish = false;
    answer->has_token = false;
    answer->has_error = false;
    answer->is_malformed = false;
    answer->is_finishing = false;
    answer->is_cut = false;
}

/** Tell text that was said before from text that is new: by the count of tokens, if there is one.
 */
static void settle_repeated(struct weir_answer *answer, struct weir_event *event)
{
    if (event->output_tokens < 0) {
        return;
    }
    if (event->output_tokens <= answer->tokens_said) {
        event->flags &= ~(uint32_t)WEIR_EVENT_TOKEN;
        return;
    }
    answer->tokens_said = event->output_tokens;
    if ((event->flags & WEIR_EVENT_TOKEN) == 0) {
        event->flags |= WEIR_EVENT_TEXT; // a token whose text the server still holds back
    }
}

/** Remember what an event means for the end, and pass it on. */
static void note(struct weir_answer *answer, struct weir_event *event)
{
    const uint32_t content =
        answer->dialect->answers_without_tokens ? WEIR_EVENT_DATA : WEIR_EVENT_TOKEN;
    if (answer->dialect->repeats_text) {
        settle_repeated(answer, event);
    }
    answer->has_end |= (event->flags & WEIR_EVENT_END) != 0;
    answer->has_finish |= (event->flags & WEIR_EVENT_FINISH) != 0;
    answer->has_token |= (event->flags & content) != 0;
    if ((event->flags & WEIR_EVENT_ERROR) != 0 && !answer->has_error) {
        answer->has_error = true;
        weir__error_text(event->error, &answer->error);
    }
    answer->on_event(answer->context, event);
}

/** "event: error", whatever the data is. */
static void settle_error_type(const struct weir_sse_event *sse_event, struct weir_event *event)
{
    if ((event->flags & WEIR_EVENT_ERROR) == 0 && weir_slice_equals(sse_event->type, "error")) {
        event->flags |= WEIR_EVENT_ERROR;
        event->error = sse_event->data;
    }
}

static bool on_sse_event(void *context, const struct weir_sse_event *sse_event)
{
    struct weir_answer *answer = context;
    struct weir_event event;
    const bool is_read = answer->dialect->parse_event(answer->dialect, sse_event, &event);
    if (sse_event->type.len > 0) {
        settle_error_type(sse_event, &event);
    }
    if (is_read || (event.flags & WEIR_EVENT_ERROR) != 0) {
        note(answer, &event);
        return !answer->has_end;
    }
    answer->is_cut = answer->is_finishing;
    answer->is_malformed = !answer->is_finishing;
    if (!answer->has_error) {
        weir__error_text(sse_event->data, &answer->error);
    }
    return false;
}

static bool on_line(void *context, struct weir_slice line)
{
    const struct weir_sse_event event = {.type = {"", 0}, .data = line};
    return on_sse_event(context, &event);
}

static void fail_too_large(struct weir_answer *answer)
{
    answer->is_malformed = true;
    if (!answer->has_error) {
        weir_buf_clear(&answer->error);
        (void)weir_buf_addf(&answer->error, "more than %zu bytes in one %s", answer->body.cap,
                            answer->framing != WEIR_FRAMING_DOCUMENT ? "event" : "answer");
    }
}

/** Collect a document. What is beyond the cap is dropped, its beginning stays readable. */
static void add_body(struct weir_answer *answer, const char *bytes, size_t len)
{
    const size_t room = answer->body.cap - answer->body.len;
    (void)weir_buf_add(&answer->body, bytes, len < room ? len : room);
    if (len > room) {
        fail_too_large(answer);
    }
}

bool weir_answer_feed(struct weir_answer *answer, const char *bytes, size_t len)
{
    bool is_too_large = false;
    if (answer->is_malformed) {
        return false;
    }
    if (answer->framing == WEIR_FRAMING_SSE) {
        is_too_large =
            weir_sse_feed(&answer->sse, bytes, len, on_sse_event, answer) == WEIR_SSE_TOO_LARGE;
    } else if (answer->framing == WEIR_FRAMING_NDJSON) {
        is_too_large =
            weir_ndjson_feed(&answer->ndjson, bytes, len, on_line, answer) == WEIR_NDJSON_TOO_LARGE;
    } else {
        add_body(answer, bytes, len);
    }
    if (is_too_large) {
        fail_too_large(answer);
    }
    return !answer->is_malformed;
}

static void finish_stream(struct weir_answer *answer)
{
    answer->is_finishing = true;
    const bool is_too_large =
        answer->framing == WEIR_FRAMING_SSE
            ? weir_sse_finish(&answer->sse, on_sse_event, answer) == WEIR_SSE_TOO_LARGE
            : weir_ndjson_finish(&answer->ndjson, on_line, answer) == WEIR_NDJSON_TOO_LARGE;
    if (is_too_large && !answer->is_malformed) {
        fail_too_large(answer);
    }
}

static void finish_document(struct weir_answer *answer)
{
    const struct weir_slice body = {weir_buf_text(&answer->body), answer->body.len};
    struct weir_event event;
    answer->has_end = true;
    if (body.len > 0 && !answer->is_malformed) {
        if (answer->dialect->parse_answer(answer->dialect, body, &event)) {
            note(answer, &event);
        } else {
            answer->is_malformed = true;
        }
    }
    if (!answer->has_error && !answer->has_token) {
        weir__error_text(body, &answer->error);
    }
}

static enum weir_answer_end end_of(const struct weir_answer *answer)
{
    if (answer->has_error) {
        return WEIR_ANSWER_ERROR;
    }
    if (answer->is_malformed) {
        return WEIR_ANSWER_MALFORMED;
    }
    const bool has_ended =
        answer->has_end || answer->has_finish || !answer->dialect->ends_with_mark;
    if (answer->is_cut || !has_ended) {
        return WEIR_ANSWER_TRUNCATED;
    }
    return answer->has_token ? WEIR_ANSWER_COMPLETE : WEIR_ANSWER_EMPTY;
}

enum weir_answer_end weir_answer_finish(struct weir_answer *answer)
{
    if (answer->framing != WEIR_FRAMING_DOCUMENT) {
        finish_stream(answer);
    } else {
        finish_document(answer);
    }
    return end_of(answer);
}

const char *weir_answer_error(const struct weir_answer *answer)
{
    return weir_buf_text(&answer->error);
}
