// Reranking as Jina and Cohere have it (vLLM, SGLang, llama.cpp, Infinity and others serve it): a
// query and documents in, a score for each document out. The answer is an object with "results", or
// just their array (SGLang, text-embeddings-inference). There are no output tokens.
#include "dialects.h"

#include <string.h>

#include "body_internal.h"
#include "event_internal.h"

// ---- bodies ------------------------------------------------------------------------------------

enum { QUERY_WORDS = 16, DOCUMENT_WORDS = 128 };

/** Cut the first `words` words, blanks behind them included, off `*rest`. */
static struct weir_slice cut_words(struct weir_slice *rest, size_t words)
{
    size_t end = 0;
    for (size_t i = 0; i < words && end < rest->len; i++) {
        while (end < rest->len && rest->ptr[end] != ' ') {
            end++;
        }
        while (end < rest->len && rest->ptr[end] == ' ') {
            end++;
        }
    }
    const struct weir_slice head = {rest->ptr, end};
    *rest = (struct weir_slice){rest->ptr + end, rest->len - end};
    return head;
}

/** The next document: a line, or so many words of a prompt that is one line. False: none is left.
 */
static bool next_document(struct weir_slice *rest, bool has_lines, struct weir_slice *document)
{
    do {
        if (rest->len == 0) {
            return false;
        }
        if (!has_lines) {
            *document = cut_words(rest, DOCUMENT_WORDS);
            continue;
        }
        const char *end = memchr(rest->ptr, '\n', rest->len);
        const size_t len = end != NULL ? (size_t)(end - rest->ptr) : rest->len;
        const size_t used = end != NULL ? len + 1 : len;
        *document = (struct weir_slice){rest->ptr, len};
        *rest = (struct weir_slice){rest->ptr + used, rest->len - used};
    } while (weir_slice_trim(*document).len == 0);
    return true;
}

static bool add_documents(const struct weir_body_spec *spec, struct weir_buf *out,
                          struct weir_slice rest, bool has_lines)
{
    size_t ignored = 0;
    struct weir_slice document = spec->prompt;
    bool is_first = true;
    if (!weir__body_key(out, "documents") || !weir_buf_add_char(out, '[')) {
        return false;
    }
    while (next_document(&rest, has_lines, &document)) {
        if ((!is_first && !weir_buf_add_char(out, ',')) ||
            !weir__body_string(out, weir_slice_trim(document), &ignored)) {
            return false;
        }
        is_first = false;
    }
    if (is_first && !weir__body_string(out, spec->prompt, &ignored)) {
        return false; // servers refuse an empty list: a short prompt is compared with itself
    }
    return weir_buf_add_char(out, ']');
}

/** The prompt's first line is the query and each other line a document; of a single line, the first
 *  words are the query and the others documents. A user who gives documents has the whole prompt as
 *  query. */
static bool add_query(const struct weir_body_spec *spec, struct weir_buf *out, size_t *prompt_at)
{
    if (!weir__body_is_ours(spec, "documents")) {
        return weir__body_text(spec, out, "query", spec->prompt, prompt_at);
    }
    struct weir_slice rest = spec->prompt;
    struct weir_slice query = {rest.ptr, 0};
    const char *end = rest.len > 0 ? memchr(rest.ptr, '\n', rest.len) : NULL;
    const bool has_lines = end != NULL;
    if (has_lines) {
        query.len = (size_t)(end - rest.ptr);
        rest = (struct weir_slice){end + 1, rest.len - query.len - 1};
    } else {
        query = weir_slice_trim(cut_words(&rest, QUERY_WORDS));
    }
    return weir__body_text(spec, out, "query", query, prompt_at) &&
           add_documents(spec, out, rest, has_lines);
}

bool weir__rerank_build(const struct weir_body_spec *spec, struct weir_buf *out, size_t *prompt_at)
{
    *prompt_at = SIZE_MAX;
    return weir_buf_add_char(out, '{') && weir__body_model(spec, out) &&
           add_query(spec, out, prompt_at) &&
           weir__body_extras(spec, out, WEIR__EXTRAS_ALL, NULL) && weir_buf_add_char(out, '}');
}

// ---- answers -----------------------------------------------------------------------------------

static void read_result_member(struct weir_json *json, struct weir_slice key, void *context)
{
    struct weir_event *event = context;
    double score = 0;
    if (weir_json_key_is(key, "relevance_score") || weir_json_key_is(key, "score")) {
        event->flags |= weir_json_take_f64(json, &score) ? WEIR_EVENT_DATA : 0;
    } else {
        weir_json_skip(json);
    }
}

static void read_result(struct weir_json *json, void *context)
{
    weir__read_members(json, read_result_member, context);
}

struct usage {
    int32_t prompt_tokens;
    int32_t total_tokens; // all that vLLM gives; the input is all there is
};

static void read_usage_member(struct weir_json *json, struct weir_slice key, void *context)
{
    struct usage *usage = context;
    if (weir_json_key_is(key, "prompt_tokens") || weir_json_key_is(key, "input_tokens")) {
        usage->prompt_tokens = weir__take_count(json);
    } else if (weir_json_key_is(key, "total_tokens")) {
        usage->total_tokens = weir__take_count(json);
    } else {
        weir_json_skip(json);
    }
}

static void read_usage(struct weir_json *json, struct weir_event *event)
{
    struct usage usage = {.prompt_tokens = -1, .total_tokens = -1};
    weir__read_members(json, read_usage_member, &usage);
    weir__set_usage(event, usage.prompt_tokens > 0 ? usage.prompt_tokens : usage.total_tokens, -1);
}

static void read_member(struct weir_json *json, struct weir_slice key, void *context)
{
    struct weir_event *event = context;
    if (weir_json_key_is(key, "results") || weir_json_key_is(key, "data")) {
        weir__read_elements(json, read_result, event);
    } else if (weir_json_key_is(key, "usage")) {
        read_usage(json, event);
    } else if (weir_json_key_is(key, "error")) {
        weir__read_error(json, event);
    } else {
        weir_json_skip(json);
    }
}

static bool read_array(struct weir_slice body, struct weir_event *out)
{
    struct weir_json json;
    weir_json_init(&json, body);
    weir__read_elements(&json, read_result, out);
    if (!weir_json_end(&json)) {
        *out = WEIR__NOTHING;
        return false;
    }
    return true;
}

bool weir__rerank_parse_answer(const struct weir_dialect *self, struct weir_slice body,
                               struct weir_event *out)
{
    (void)self;
    struct weir_json json;
    *out = WEIR__NOTHING;
    weir_json_init(&json, body);
    return weir_json_peek(&json) == WEIR_JSON_ARRAY ? read_array(body, out)
                                                    : weir__read_text(body, read_member, out, out);
}

bool weir__rerank_parse_event(const struct weir_dialect *self, const struct weir_sse_event *event,
                              struct weir_event *out)
{
    const struct weir_slice data = weir_slice_trim(event->data);
    return weir__is_mark(data, out) || weir__rerank_parse_answer(self, data, out);
}
