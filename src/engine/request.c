// One request from deal to sample: see request.h. Every instant of a sample is written here and
// nowhere else.
#include "weir/engine/request.h"

#include "weir/base/attr.h"
#include "weir/base/mem.h"

enum { EVENT_CAP = 4 << 20, EVENT_RESERVE = 512 };

/** The only door between states. */
static void set_state(struct weir_request *request, enum weir_request_state next)
{
    static const unsigned char allowed[] = {
        [WEIR_REQUEST_IDLE] = 1U << WEIR_REQUEST_WAITING,
        [WEIR_REQUEST_WAITING] = 1U << WEIR_REQUEST_SENT | 1U << WEIR_REQUEST_IDLE,
        [WEIR_REQUEST_SENT] = 1U << WEIR_REQUEST_RECEIVING | 1U << WEIR_REQUEST_IDLE,
        [WEIR_REQUEST_RECEIVING] = 1U << WEIR_REQUEST_IDLE,
    };
    WEIR_ASSERT(((unsigned)allowed[request->state] >> (unsigned)next & 1U) != 0);
    request->state = next;
}

/** Tokens that this event brought, from its own usage if it has one; 1 otherwise. Usage that comes
 * for the first time behind the first token counts those before, too: what this event brought is
 * not known then. */
static uint32_t tokens_of(struct weir_request *request, const struct weir_event *event)
{
    const int32_t said = request->sample.output_tokens;
    const int32_t before = said > 0 ? said : 0;
    if (event->output_tokens <= before || (said < 0 && request->sample.chunks > 0)) {
        return 1;
    }
    request->chunks_with_usage++;
    return (uint32_t)(event->output_tokens - before);
}

static void keep_gap(struct weir_request *request, weir_ns gap, uint32_t tokens)
{
    if (request->gap_count == request->gap_cap) {
        // An answer longer than anybody asked for: rather than grow or lose, record what there is
        // now.
        if (request->sample.phase == WEIR_PHASE_MEASURED) {
            weir_recorder_add_gaps(request->recorder, request->gaps, request->gap_count);
        }
        request->gap_count = 0;
    }
    request->gaps[request->gap_count++] = (struct weir_gap){weir_gap_encode(gap), tokens};
    if (gap > request->sample.longest_gap) {
        request->sample.longest_gap = gap;
    }
}

static bool is_in(const struct weir_window *window, weir_ns at)
{
    return at >= window->start && at < window->end;
}

static void note_token(struct weir_request *request, const struct weir_event *event)
{
    struct weir_sample *sample = &request->sample;
    struct weir_token token = {
        .at = request->now, .gap = -1, .ttft = -1, .tokens = tokens_of(request, event)};
    if (sample->chunks == 0) {
        sample->first_token = token.at;
        token.ttft = token.at - sample->sent;
    } else {
        token.gap = token.at - sample->last_token;
        token.is_coalesced = request->turn == request->last_turn && token.gap == 0;
        keep_gap(request, token.gap, token.tokens);
    }
    if (sample->chunks == 1) {
        sample->second_token = token.at;
    }
    if (sample->first_output_token == 0 &&
        (event->flags & (WEIR_EVENT_TEXT | WEIR_EVENT_TOOL)) != 0) {
        sample->first_output_token = token.at;
    }
    sample->chunks++;
    sample->chunks_in_window += is_in(&request->window, token.at) ? 1 : 0;
    sample->last_token = token.at;
    request->last_turn = request->turn;
    request->on_token(request->context, &token);
}

/** Usage may come on any event, and zero-filled on all but the last: the largest counts. */
static void take_larger(int32_t *known, int32_t said)
{
    if (said > *known) {
        *known = said;
    }
}

static void on_event(void *context, const struct weir_event *event)
{
    struct weir_request *request = context;
    struct weir_sample *sample = &request->sample;
    if ((event->flags & WEIR_EVENT_TOKEN) != 0 && sample->is_streamed) {
        note_token(request, event);
    }
    take_larger(&sample->output_tokens, event->output_tokens);
    take_larger(&sample->input_tokens, event->input_tokens);
    take_larger(&sample->reasoning_tokens, event->reasoning_tokens);
    take_larger(&sample->cached_tokens, event->cached_tokens);
}

void weir_request_init(struct weir_request *request, const struct weir_dialect *dialect,
                       size_t gap_cap, struct weir_recorder *recorder,
                       void (*on_token)(void *, const struct weir_token *), void *context)
{
    *request = (struct weir_request){
        .gaps = weir_alloc(gap_cap, sizeof(struct weir_gap)),
        .gap_cap = gap_cap,
        .recorder = recorder,
        .on_token = on_token,
        .context = context,
    };
    weir_answer_init(&request->answer, dialect, EVENT_CAP, EVENT_RESERVE, on_event, request);
}

void weir_request_free(struct weir_request *request)
{
    weir_answer_free(&request->answer);
    weir_free(request->gaps);
}

void weir_request_begin(struct weir_request *request, const struct weir_sample *dealt, weir_ns now)
{
    set_state(request, WEIR_REQUEST_WAITING);
    request->sample = *dealt;
    if (request->answer.dialect->framing == WEIR_FRAMING_DOCUMENT) {
        request->sample.is_streamed = 0; // whatever was asked for
    }
    request->sample.output_tokens = -1;
    request->sample.input_tokens = -1;
    request->sample.reasoning_tokens = -1;
    request->sample.cached_tokens = -1;
    request->started = now;
    request->cancel_after = 0;
    request->gap_count = 0;
    request->chunks_with_usage = 0;
    request->last_turn = 0;
    request->is_answer_begun = false;
}

void weir_request_sent(struct weir_request *request, weir_ns now)
{
    set_state(request, WEIR_REQUEST_SENT);
    request->sample.sent = now;
}

void weir_request_head(struct weir_request *request, weir_ns at)
{
    if (request->state == WEIR_REQUEST_SENT) {
        set_state(request, WEIR_REQUEST_RECEIVING);
        request->sample.first_byte = at > request->sample.sent ? at : request->sample.sent;
    }
}

void weir_request_open_body(struct weir_request *request, enum weir_framing framing)
{
    // lines are a stream's framing; an answer that was not asked for as one is one document
    const bool is_lone = framing == WEIR_FRAMING_NDJSON && !request->sample.is_streamed;
    weir_answer_begin(&request->answer, request->answer.dialect,
                      is_lone ? WEIR_FRAMING_DOCUMENT : framing);
    request->is_answer_begun = true;
}

bool weir_request_body(struct weir_request *request, const char *bytes, size_t len, weir_ns at,
                       uint64_t turn)
{
    request->now = at > request->sample.sent ? at : request->sample.sent;
    request->turn = turn;
    request->sample.body_bytes += len;
    return weir_answer_feed(&request->answer, bytes, len);
}

static enum weir_outcome outcome_of_status(int16_t status)
{
    if (status == 429) {
        return WEIR_OUTCOME_HTTP_429;
    }
    if (status >= 500) {
        return WEIR_OUTCOME_HTTP_5XX;
    }
    if (status >= 400) {
        return WEIR_OUTCOME_HTTP_4XX;
    }
    return status >= 300 ? WEIR_OUTCOME_HTTP_3XX : WEIR_OUTCOME_OK;
}

static enum weir_outcome outcome_of_answer(enum weir_answer_end end)
{
    static const enum weir_outcome outcomes[] = {
        [WEIR_ANSWER_COMPLETE] = WEIR_OUTCOME_OK,
        [WEIR_ANSWER_EMPTY] = WEIR_OUTCOME_EMPTY,
        [WEIR_ANSWER_TRUNCATED] = WEIR_OUTCOME_TRUNCATED,
        [WEIR_ANSWER_MALFORMED] = WEIR_OUTCOME_MALFORMED,
        [WEIR_ANSWER_ERROR] = WEIR_OUTCOME_ERROR_EVENT,
    };
    return outcomes[end];
}

static enum weir_outcome judge(struct weir_request *request, enum weir_outcome transport,
                               int16_t http_status)
{
    enum weir_outcome by_status = outcome_of_status(http_status);
    if (by_status != WEIR_OUTCOME_OK) {
        if (request->is_answer_begun) {
            (void)weir_answer_finish(&request->answer); // for the error's words
        }
        return by_status;
    }
    if (transport != WEIR_OUTCOME_OK &&
        !(transport == WEIR_OUTCOME_RESET && request->is_answer_begun && request->answer.has_end &&
          request->answer.has_finish)) {
        return transport; // a connection lost after finish and end mark has cost nothing
    }
    return request->is_answer_begun ? outcome_of_answer(weir_answer_finish(&request->answer))
                                    : WEIR_OUTCOME_EMPTY;
}

/** What the counts of tokens of an ended request rest on. */
static void settle_tokens(struct weir_request *request)
{
    struct weir_sample *sample = &request->sample;
    if (sample->output_tokens > 0) {
        bool is_exact = sample->is_streamed && sample->chunks > 1 &&
                        request->chunks_with_usage >= sample->chunks;
        sample->token_source = is_exact ? WEIR_TOKEN_SOURCE_CHUNK_USAGE : WEIR_TOKEN_SOURCE_USAGE;
    } else if (sample->chunks > 0) {
        sample->output_tokens = (int32_t)sample->chunks;
        sample->token_source = WEIR_TOKEN_SOURCE_EVENTS;
    } else {
        sample->token_source = WEIR_TOKEN_SOURCE_NONE;
    }
}

static void finish(struct weir_request *request, enum weir_outcome outcome, weir_ns at)
{
    struct weir_sample *sample = &request->sample;
    sample->outcome = (uint8_t)outcome;
    sample->done = at > sample->last_token ? at : sample->last_token;
    settle_tokens(request);
    weir_recorder_add(request->recorder, sample, request->gaps, request->gap_count,
                      request->window);
    set_state(request, WEIR_REQUEST_IDLE);
}

void weir_request_end(struct weir_request *request, enum weir_outcome transport,
                      int16_t http_status, weir_ns at)
{
    request->now = at;
    request->sample.http_status = http_status;
    finish(request, judge(request, transport, http_status), at);
}

void weir_request_abandon(struct weir_request *request, enum weir_timeout timeout, weir_ns at)
{
    request->sample.timeout = (uint8_t)timeout;
    finish(request, timeout == WEIR_TIMEOUT_NONE ? WEIR_OUTCOME_CANCELLED : WEIR_OUTCOME_TIMEOUT,
           at);
}

static void earlier(weir_ns from, weir_ns span, enum weir_timeout kind, weir_ns *deadline,
                    enum weir_timeout *which)
{
    if (span > 0 && from + span < *deadline) {
        *deadline = from + span;
        *which = kind;
    }
}

weir_ns weir_request_deadline(const struct weir_request *request,
                              const struct weir_request_limits *limits, enum weir_timeout *which)
{
    weir_ns deadline = INT64_MAX;
    *which = WEIR_TIMEOUT_NONE;
    if (request->state == WEIR_REQUEST_IDLE) {
        return deadline;
    }
    const struct weir_sample *sample = &request->sample;
    earlier(sample->due, limits->total, WEIR_TIMEOUT_TOTAL, &deadline, which);
    if (request->state == WEIR_REQUEST_WAITING) {
        earlier(request->started, limits->connect, WEIR_TIMEOUT_CONNECT, &deadline, which);
        return deadline;
    }
    earlier(sample->sent, request->cancel_after, WEIR_TIMEOUT_NONE, &deadline, which);
    if (sample->is_streamed && sample->chunks == 0) {
        earlier(sample->sent, limits->first_token, WEIR_TIMEOUT_FIRST_TOKEN, &deadline, which);
    } else if (sample->is_streamed) {
        earlier(sample->last_token, limits->stall, WEIR_TIMEOUT_STALL, &deadline, which);
    }
    return deadline;
}
