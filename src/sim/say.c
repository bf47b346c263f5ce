// What answers are put together from: text, numbers, words, HTTP chunks, events.
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "weir/base/attr.h"

enum { PREFIX_CAP = 4096, CHUNK_DIGITS = 8 };

/** snprintf would be a tenth of a token's cost. */
void weir__say_number(struct weir_buf *out, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    const bool fits = weir_buf_add(out, digits + at, sizeof(digits) - at);
    WEIR_ASSERT(fits);
}

void weir__say_string(struct weir_buf *out, const char *text)
{
    if (text == NULL) {
        weir__say(out, "null");
        return;
    }
    weir__say(out, "\"");
    const bool fits = weir_buf_add_json(out, text, strlen(text));
    WEIR_ASSERT(fits);
    weir__say(out, "\"");
}

static void add_word(const struct weir_sim_voice *voice, struct weir_rng *rng, bool is_first,
                     struct weir_buf *out)
{
    const struct weir_sim_word *word = &voice->words[weir_rng_u32(rng) % WEIR_SIM_WORDS];
    const bool fits = weir_buf_add(out, word->text + is_first, (size_t)word->len - is_first);
    WEIR_ASSERT(fits);
}

void weir__say_words(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                     uint64_t count, struct weir_buf *out)
{
    bool is_first = answer->sent == 0 || answer->sent == answer->reasoning;
    for (uint64_t i = 0; i < count; i++) {
        add_word(voice, &answer->rng, is_first, out);
        is_first = false;
    }
    answer->sent += count;
}

void weir__say_again(const struct weir_sim_voice *voice, const struct weir_sim_answer *answer,
                     uint64_t from, uint64_t to, struct weir_buf *out)
{
    struct weir_rng rng = weir_rng_split((uint64_t)voice->config->seed, "sim text", answer->number);
    for (uint64_t i = 0; i < from; i++) {
        (void)weir_rng_u32(&rng);
    }
    for (uint64_t i = from; i < to; i++) {
        add_word(voice, &rng, i == 0 || i == answer->reasoning, out);
    }
}

size_t weir__chunk_begin(const struct weir_sim_answer *answer, struct weir_buf *out)
{
    if (answer->is_chunked) {
        weir__say(out, "00000000\r\n");
    }
    return out->len;
}

void weir__chunk_end(const struct weir_sim_answer *answer, struct weir_buf *out, size_t begin)
{
    static const char HEX[] = "0123456789abcdef";
    if (!answer->is_chunked) {
        return;
    }
    const size_t len = out->len - begin;
    weir__say(out, "\r\n");
    char digits[CHUNK_DIGITS];
    size_t at = CHUNK_DIGITS;
    for (size_t left = len; left > 0; left >>= 4) {
        digits[--at] = HEX[left & 15U];
    }
    char *start = out->ptr + begin - CHUNK_DIGITS - 2;
    memcpy(start, digits + at, CHUNK_DIGITS - at);
    memmove(start + CHUNK_DIGITS - at, start + CHUNK_DIGITS,
            out->len - (begin - 2)); // without leading zeros
    out->len -= at;
}

size_t weir__event_begin(const struct weir_sim_voice *voice, const struct weir_sim_answer *answer,
                         const char *name, struct weir_buf *out)
{
    const size_t begin = weir__chunk_begin(answer, out);
    if (name != NULL) {
        weir__say(out, "event: ");
        weir__say(out, name);
        weir__say(out, voice->line_end);
    }
    weir__say(out, voice->data_begin);
    return begin;
}

void weir__event_end(const struct weir_sim_voice *voice, const struct weir_sim_answer *answer,
                     struct weir_buf *out, size_t begin)
{
    weir__say(out, voice->event_end);
    weir__chunk_end(answer, out, begin);
}

void weir__event(const struct weir_sim_voice *voice, const struct weir_sim_answer *answer,
                 const char *text, struct weir_buf *out)
{
    const size_t begin = weir__event_begin(voice, answer, NULL, out);
    weir__say(out, text);
    weir__event_end(voice, answer, out, begin);
}

void weir__prefix_clear(struct weir_sim_answer *answer)
{
    if (answer->prefix.cap == 0) {
        weir_buf_init(&answer->prefix, PREFIX_CAP);
    }
    weir_buf_clear(&answer->prefix);
}

const char *weir__finish_reason(const struct weir_sim_answer *answer)
{
    const int64_t max = answer->request.max_tokens;
    return max > 0 && answer->tokens >= (uint64_t)max ? "length" : "stop";
}

/** `count` a second in `ns`; 0 when no time passed. */
static double a_second(uint64_t count, weir_ns ns)
{
    return ns > 0 ? (double)count * 1e9 / (double)ns : 0;
}

void weir__say_timings(const struct weir_sim_answer *answer, struct weir_buf *out)
{
    const uint64_t prompt = (uint64_t)answer->request.prompt_tokens;
    const double predicted_ms = (double)answer->decode_ns / 1e6;
    const bool fits = weir_buf_addf(
        out,
        "{\"cache_n\":0,\"prompt_n\":%llu,\"prompt_ms\":%.3f,\"prompt_per_second\":%.3f,"
        "\"predicted_n\":%llu,\"predicted_ms\":%.3f,\"predicted_per_token_ms\":%.3f,"
        "\"predicted_per_second\":%.3f}",
        (unsigned long long)prompt, (double)answer->prefill_ns / 1e6,
        a_second(prompt, answer->prefill_ns), (unsigned long long)answer->sent, predicted_ms,
        answer->sent > 0 ? predicted_ms / (double)answer->sent : 0,
        a_second(answer->sent, answer->decode_ns));
    WEIR_ASSERT(fits);
}
