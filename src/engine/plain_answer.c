// An HTTP/1 answer, byte by byte if need be, through llhttp: what of it the engine wants to know.
// See plain_internal.h.
#define _GNU_SOURCE
#include <string.h>

#include "plain_internal.h"
#include "weir/base/attr.h"

enum { HEAD_BYTES_MAX = 100 * 1024, FIRST_FINAL = 200 };

static struct weir__plain_answer *answer_of(llhttp_t *parser)
{
    return WEIR_CONTAINER_OF(parser, struct weir__plain_answer, parser);
}

static struct weir__plain_call *call_of(struct weir__plain_answer *answer)
{
    return WEIR_CONTAINER_OF(answer, struct weir__plain_call, answer);
}

static int refuse(struct weir__plain_answer *answer, const char *problem)
{
    answer->problem = problem;
    return HPE_USER;
}

static void tell_head(struct weir__plain_answer *answer)
{
    struct weir__plain_call *call = call_of(answer);
    call->call.bridge->options.ops->on_head(call->call.context, call->plain->at);
}

static int on_status_line(llhttp_t *parser)
{
    struct weir__plain_answer *answer = answer_of(parser);
    answer->status = (int16_t)(parser->status_code >= FIRST_FINAL ? parser->status_code : 0);
    tell_head(answer);
    return 0;
}

/** Keep the beginning of what comes in parts. `*len` counts up to one more than there is room for.
 */
static void keep(char *room, size_t size, uint8_t *len, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count && *len <= size; i++) {
        if (*len < size) {
            room[*len] = bytes[i];
        }
        (*len)++;
    }
}

static int count_head(struct weir__plain_answer *answer, size_t len)
{
    if (len > HEAD_BYTES_MAX - answer->head_bytes) {
        return refuse(answer, "the answer's head is larger than 100 KiB");
    }
    answer->head_bytes += (uint32_t)len;
    return 0;
}

static int on_name(llhttp_t *parser, const char *bytes, size_t len)
{
    struct weir__plain_answer *answer = answer_of(parser);
    keep(answer->name, sizeof(answer->name), &answer->name_len, bytes, len);
    return count_head(answer, len);
}

static int on_value(llhttp_t *parser, const char *bytes, size_t len)
{
    struct weir__plain_answer *answer = answer_of(parser);
    keep(answer->value, sizeof(answer->value), &answer->value_len, bytes, len);
    return count_head(answer, len);
}

static bool starts(const char *text, size_t len, const char *wanted)
{
    size_t size = strlen(wanted);
    return len >= size && strncasecmp(text, wanted, size) == 0;
}

static int on_header_end(llhttp_t *parser)
{
    static const char type[] = "content-type";
    struct weir__plain_answer *answer = answer_of(parser);
    if (answer->name_len == sizeof(type) - 1 && starts(answer->name, answer->name_len, type)) {
        answer->is_event_stream = starts(answer->value, answer->value_len, "text/event-stream");
    }
    answer->name_len = 0;
    answer->value_len = 0;
    return count_head(answer, sizeof(": \r\n") - 1);
}

static int on_head_end(llhttp_t *parser)
{
    (void)on_status_line(parser); // a status line without a reason is told of here only
    return 0;
}

static int on_body(llhttp_t *parser, const char *bytes, size_t len)
{
    struct weir__plain_answer *answer = answer_of(parser);
    struct weir__plain_call *call = call_of(answer);
    bool goes_on = call->call.bridge->options.ops->on_body(call->call.context, &call->call, bytes,
                                                           len, call->plain->at);
    answer->is_refused = !goes_on;
    return goes_on ? 0 : refuse(answer, "the answer was given up");
}

static int on_message_end(llhttp_t *parser)
{
    struct weir__plain_answer *answer = answer_of(parser);
    if (parser->status_code < FIRST_FINAL) {
        answer->is_event_stream = false; // "100 Continue" and the like: the answer is still to come
        return 0;
    }
    answer->keeps_alive = llhttp_should_keep_alive(parser) != 0;
    answer->is_complete = true;
    return HPE_PAUSED; // nothing belongs behind it
}

static const llhttp_settings_t settings = {
    .on_status_complete = on_status_line,
    .on_header_field = on_name,
    .on_header_value = on_value,
    .on_header_value_complete = on_header_end,
    .on_headers_complete = on_head_end,
    .on_body = on_body,
    .on_message_complete = on_message_end,
};

void weir__plain_answer_begin(struct weir__plain_answer *answer)
{
    memset(answer, 0, sizeof(*answer));
    llhttp_init(&answer->parser, HTTP_RESPONSE, &settings);
    // What servers do and clients put up with: both lengths at once, odd bytes in values
    llhttp_set_lenient_headers(&answer->parser, 1);
    llhttp_set_lenient_chunked_length(&answer->parser, 1);
    llhttp_set_lenient_transfer_encoding(&answer->parser, 1);
}

bool weir__plain_answer_feed(struct weir__plain_answer *answer, const char *bytes, size_t len)
{
    llhttp_errno_t code = llhttp_execute(&answer->parser, bytes, len);
    if (code == HPE_OK) {
        return true;
    }
    if (answer->is_complete) {
        answer->keeps_alive &= llhttp_get_error_pos(&answer->parser) == bytes + len;
    } else if (answer->problem == NULL) {
        answer->problem = code == HPE_PAUSED_UPGRADE ? "the server switched protocols unasked"
                                                     : llhttp_get_error_reason(&answer->parser);
    }
    return false;
}

bool weir__plain_answer_eof(struct weir__plain_answer *answer)
{
    (void)llhttp_finish(&answer->parser);
    answer->keeps_alive = false;
    return answer->is_complete;
}
