// Answers that are lists of numbers: embeddings (as floats or base64) and rerank.
#include <string.h>

#include "format.h"
#include "weir/base/attr.h"

enum { DIMENSIONS = 64 };

/** Four letters of base64 for three bytes. */
static void add_base64(struct weir_buf *out, const uint8_t *bytes, size_t len)
{
    static const char LETTERS[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        const size_t left = len - i;
        const uint32_t bits = (uint32_t)bytes[i] << 16 |
                              (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                              (left > 2 ? (uint32_t)bytes[i + 2] : 0);
        char four[4] = {LETTERS[bits >> 18], LETTERS[bits >> 12 & 63U], '=', '='};
        if (left > 1) {
            four[2] = LETTERS[bits >> 6 & 63U];
        }
        if (left > 2) {
            four[3] = LETTERS[bits & 63U];
        }
        const bool fits = weir_buf_add(out, four, sizeof(four));
        WEIR_ASSERT(fits);
    }
}

/** A vector; base64 is of its floats, lowest byte first. */
static void add_vector(struct weir_rng *rng, bool is_base64, struct weir_buf *out)
{
    uint8_t bytes[4 * DIMENSIONS];
    weir__say(out, is_base64 ? "\"" : "[");
    for (size_t i = 0; i < DIMENSIONS; i++) {
        const float value = (float)(weir_rng_unit(rng) * 2 - 1);
        uint32_t bits = 0;
        memcpy(&bits, &value, sizeof(bits));
        for (size_t k = 0; k < 4; k++) {
            bytes[4 * i + k] = (uint8_t)(bits >> 8 * k);
        }
        const bool fits =
            is_base64 || weir_buf_addf(out, "%s%.6f", i > 0 ? "," : "", (double)value);
        WEIR_ASSERT(fits);
    }
    if (is_base64) {
        add_base64(out, bytes, sizeof(bytes));
    }
    weir__say(out, is_base64 ? "\"" : "]");
}

static void say_embeddings(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                           struct weir_buf *out)
{
    const uint64_t prompt = (uint64_t)answer->request.prompt_tokens;
    weir__say(out, "{\"object\":\"list\",\"data\":[");
    for (int64_t i = 0; i < answer->request.items; i++) {
        weir__say(out, i > 0 ? ",{\"object\":\"embedding\",\"index\":"
                             : "{\"object\":\"embedding\",\"index\":");
        weir__say_number(out, (uint64_t)i);
        weir__say(out, ",\"embedding\":");
        add_vector(&answer->rng, answer->request.wants_base64, out);
        weir__say(out, "}");
    }
    weir__say(out, "],\"model\":\"");
    weir__say(out, voice->model_json);
    weir__say(out, "\",\"usage\":{\"prompt_tokens\":");
    weir__say_number(out, prompt);
    weir__say(out, ",\"total_tokens\":");
    weir__say_number(out, prompt);
    weir__say(out, "}}");
}

/** Best first, as the servers sort them; which is best is a matter of the request's number. */
static void say_rerank(const struct weir_sim_voice *voice, struct weir_sim_answer *answer,
                       struct weir_buf *out)
{
    const uint64_t items = (uint64_t)answer->request.items;
    bool fits = weir_buf_addf(out, "{\"id\":\"rerank-%08llx\",\"model\":\"%s\",\"results\":[",
                              (unsigned long long)answer->number, voice->model_json);
    for (uint64_t i = 0; i < items; i++) {
        fits = fits &&
               weir_buf_addf(out, "%s{\"index\":%llu,\"relevance_score\":%.6f}", i > 0 ? "," : "",
                             (unsigned long long)((i + answer->number) % items),
                             1.0 / (double)(i + 1));
    }
    WEIR_ASSERT(fits);
    weir__say(out, "],\"usage\":{\"prompt_tokens\":");
    weir__say_number(out, (uint64_t)answer->request.prompt_tokens);
    weir__say(out, ",\"total_tokens\":");
    weir__say_number(out, (uint64_t)answer->request.prompt_tokens);
    weir__say(out, "}}");
}

const struct weir_sim_format weir__format_embeddings = {.whole = say_embeddings};
const struct weir_sim_format weir__format_rerank = {.whole = say_rerank};
