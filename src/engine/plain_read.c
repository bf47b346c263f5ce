// Reading for weir's own transport: one system call brings bytes and their arrival. See
// plain_internal.h.
//
// A read has the stamp of the last segment it touched. As long as the client is prompt, a read is a
// segment, and that is all there is to it. A client that comes late finds several segments waiting,
// and one stamp for all of them would make gaps of nothing and gaps twice as long. So when that may
// be the case, it looks at the bytes first and then takes them event by event: each read then ends
// with an event's last byte, and its stamp is that of the segment which completed the event.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "plain_internal.h"

enum {
    READS_MAX = 8,   // of one stream before the others have their turn
    EVENTS_MAX = 64, // told apart in one such look
    GAP_PART = 4,    // a stream is looked at early enough within this part of its usual gap
};

/** Whether more than one segment may wait: it is longer since anybody looked than segments of this
 * stream are apart. */
static bool may_be_late(const struct weir__plain_call *call, weir_ns now)
{
    weir_ns unseen = now - call->plain->looked_before;
    return unseen > WEIR_STAMP_PROMPT && unseen > call->gap / GAP_PART;
}

static void note_gap(struct weir__plain_call *call, weir_ns at)
{
    weir_ns gap = call->last_at > 0 ? at - call->last_at : 0;
    if (gap > 0) { // short ones count at once, long ones may be pauses
        call->gap = call->gap == 0 || gap < call->gap * 2 ? gap : call->gap * 2;
    }
    call->last_at = at;
}

/** How the connection ended, and what that means for the answer. */
static void end_of_stream(struct weir__plain_call *call)
{
    bool has_head = call->answer.status != 0;
    call->plain->at = weir_clock_now();
    if (weir__plain_answer_eof(&call->answer)) {
        weir__plain_end(call, WEIR_OUTCOME_OK, "");
    } else {
        weir__plain_end(call, WEIR_OUTCOME_RESET,
                        has_head ? "the connection was closed in the middle of the answer"
                                 : "the connection was closed without an answer");
    }
}

/** Hand on what has been read. False: the exchange has ended. */
static bool feed(struct weir__plain_call *call, const char *bytes, size_t len)
{
    struct weir__plain_answer *answer = &call->answer;
    if (weir__plain_answer_feed(answer, bytes, len)) {
        return true;
    }
    if (answer->is_complete) {
        weir__plain_end(call, WEIR_OUTCOME_OK, "");
    } else {
        (void)snprintf(call->plain->message, sizeof(call->plain->message), "%s%s",
                       answer->is_refused ? "" : "the answer is not HTTP/1.1: ", answer->problem);
        weir__plain_end(call, WEIR_OUTCOME_MALFORMED, call->plain->message);
    }
    return false;
}

/** Take up to `size` bytes and hand them on. False: the exchange has ended, or there is no more
 * now.
 */
static bool take(struct weir__plain_call *call, char *bytes, size_t size, weir_ns now)
{
    struct weir__plain *plain = call->plain;
    struct weir_bridge *bridge = call->call.bridge;
    struct weir_stamped got = weir_stamp_read(&bridge->stamper, call->fd, bytes, size, now, false);
    if (got.len == 0) {
        end_of_stream(call);
        return false;
    }
    if (got.len < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            weir__plain_fail(call, "the connection was lost", errno);
        }
        return false;
    }
    if (got.at != call->last_at) { // else more of the same segment
        bridge->turn++;
        note_gap(call, got.at);
    }
    weir__bridge_note_lag(bridge, got.is_kernel, now - got.at);
    plain->at = got.at;
    return feed(call, bytes, (size_t)got.len) && (size_t)got.len == size;
}

/** Where the event ends whose line ends before `at`; NULL: not here. Events of a stream end with a
 * blank line; elsewhere, with the line, unless that is HTTP's own, which ends with CR LF. */
static const char *event_end(const char *at, const char *begin, const char *end, bool is_stream)
{
    if (!is_stream) {
        return at - begin >= 2 && at[-2] == '\r' ? NULL : at;
    }
    at += at < end && *at == '\r' ? 1 : 0;
    return at < end && *at == '\n' ? at + 1 : NULL;
}

/** Bytes to the end of the first event, the end of its chunk included; all of them when none ends
 * here. Cutting in the wrong place costs a read and nothing else. */
static size_t event_len(const char *bytes, size_t len, bool is_stream)
{
    const char *end = bytes + len;
    for (const char *at = memchr(bytes, '\n', len); at != NULL;
         at = memchr(at, '\n', (size_t)(end - at))) {
        at++;
        const char *event = event_end(at, bytes, end, is_stream);
        if (event != NULL) {
            bool is_chunk_end = end - event >= 2 && event[0] == '\r' && event[1] == '\n';
            return (size_t)(event - bytes) + (is_chunk_end ? 2 : 0);
        }
    }
    return len;
}

/** Take what is there event by event. False: the exchange has ended, or there is no more now. */
static bool take_events(struct weir__plain_call *call, weir_ns now)
{
    struct weir__plain *plain = call->plain;
    struct weir_stamped seen = weir_stamp_read(&call->call.bridge->stamper, call->fd, plain->buffer,
                                               sizeof(plain->buffer), now, true);
    if (seen.len <= 0) {
        return take(call, plain->buffer, sizeof(plain->buffer), now);
    }
    size_t left = (size_t)seen.len;
    char *at = plain->buffer;
    for (int i = 0; i < EVENTS_MAX; i++) {
        size_t len = event_len(at, left, call->answer.is_event_stream);
        bool is_last = len == left;
        if (!take(call, at, len, now) || is_last) {
            return false;
        }
        at += len;
        left -= len;
    }
    return true;
}

/** No more wake-ups will come: what is left now is all there will be. */
static void take_rest(struct weir__plain_call *call, weir_ns now)
{
    struct weir__plain *plain = call->plain;
    while (weir__plain_is_under_way(call) &&
           take(call, plain->buffer, sizeof(plain->buffer), now)) {
    }
    if (weir__plain_is_under_way(call)) {
        (void)take(call, plain->buffer, sizeof(plain->buffer), now); // its end or its error
    }
    if (weir__plain_is_under_way(call)) {
        weir__plain_fail(call, "the connection was lost", ECONNRESET);
    }
}

void weir__plain_read(struct weir__plain_call *call, bool is_broken)
{
    struct weir__plain *plain = call->plain;
    weir_ns now = weir_clock_now();
    if (!plain->has_looked) {
        plain->has_looked = true;
        plain->looked_at = now;
    }
    bool goes_on = true;
    if (may_be_late(call, now)) {
        goes_on = take_events(call, now);
    }
    for (int i = 0; i < READS_MAX && goes_on; i++) {
        goes_on = take(call, plain->buffer, sizeof(plain->buffer), now);
    }
    if (is_broken) {
        take_rest(call, now);
    }
}
