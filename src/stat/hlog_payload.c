// The V2 payload of an encoded histogram: a fixed part, then the counts from slot 0 to the slot of
// the maximum, each as a ZigZag LEB128 number; a negative one stands for so many empty slots. Byte
// for byte what the Java library writes.
#include <string.h>

#include "hlog_internal.h"

#define COOKIE       0x1c849303U
#define COOKIE_TLZE  0x10U // bits 4 to 7 of a cookie: the counts are ZigZag LEB128
#define COOKIE_BASE  (~0xf0U)
#define VALUE_BITS   63U
#define DIGITS_MAX   5
#define RATIO_OF_ONE 0x3ff0000000000000ULL // 1.0: an integer histogram

// A histogram of the widest range with most digits: its slots are the most that a hostile log can
// make weir allocate.
#define SLOTS_MAX       ((size_t)47 << 17)
#define SLOTS_BYTES_CAP ((size_t)64 << 20)
_Static_assert(SLOTS_MAX * sizeof(uint64_t) <= SLOTS_BYTES_CAP,
               "no layout needs more than the cap");

uint32_t weir__hlog_get_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

void weir__hlog_put_u32(uint8_t *bytes, uint32_t value)
{
    for (size_t i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static uint64_t get_u64(const uint8_t *bytes)
{
    return (uint64_t)weir__hlog_get_u32(bytes) << 32 | weir__hlog_get_u32(bytes + 4);
}

static void put_u64(uint8_t *bytes, uint64_t value)
{
    weir__hlog_put_u32(bytes, (uint32_t)(value >> 32));
    weir__hlog_put_u32(bytes + 4, (uint32_t)value);
}

// ---- writing -----------------------------------------------------------------------------------

static bool add_number(int64_t number, struct weir_buf *out)
{
    uint64_t rest = (uint64_t)number << 1 ^ (number < 0 ? UINT64_MAX : 0);
    uint8_t bytes[WEIR__HLOG_COUNT_BYTES];
    size_t len = 0;
    while (rest > 0x7f && len < WEIR__HLOG_COUNT_BYTES - 1) {
        bytes[len++] = (uint8_t)(rest | 0x80);
        rest >>= 7;
    }
    bytes[len++] = (uint8_t)rest;
    return weir_buf_add(out, bytes, len);
}

/** A single empty slot is the number 0; more of them are one negative number. */
static bool add_empty(uint64_t slots, struct weir_buf *out)
{
    if (slots == 0) {
        return true;
    }
    return add_number(slots == 1 ? 0 : -(int64_t)slots, out);
}

static bool add_counts(const struct weir_hist *hist, struct weir_buf *out)
{
    const size_t slots = weir_hist_slot_count(hist);
    const uint64_t total = weir_hist_count(hist);
    uint64_t seen = 0;
    uint64_t empty = 0;
    for (size_t i = 0; i < slots && seen < total; i++) {
        const uint64_t count = weir_hist_slot_at(hist, i);
        if (count == 0) {
            empty++;
            continue;
        }
        if (!add_empty(empty, out) || !add_number((int64_t)count, out)) {
            return false;
        }
        empty = 0;
        seen += count;
    }
    // The reference writes the slot of the maximum in any case, and the maximum of nothing is 0.
    return total > 0 || add_empty(1, out);
}

bool weir__hlog_add_payload(const struct weir_hist *hist, struct weir_buf *out)
{
    uint8_t fixed[WEIR__HLOG_HEADER_BYTES] = {0};
    const size_t start = out->len;
    if (!weir_buf_add(out, fixed, sizeof(fixed)) || !add_counts(hist, out)) {
        return false;
    }
    weir__hlog_put_u32(fixed, COOKIE | COOKIE_TLZE);
    weir__hlog_put_u32(fixed + 4, (uint32_t)(out->len - start - sizeof(fixed)));
    weir__hlog_put_u32(fixed + 12, (uint32_t)weir_hist_digits(hist));
    put_u64(fixed + 16, 1);
    put_u64(fixed + 24, (uint64_t)weir_hist_highest(hist));
    put_u64(fixed + 32, RATIO_OF_ONE);
    memcpy(out->ptr + start, fixed, sizeof(fixed));
    return true;
}

// ---- reading -----------------------------------------------------------------------------------

static unsigned bits_below(uint64_t count)
{
    return 64U - (unsigned)__builtin_clzll(count - 1);
}

static weir_status measure(int64_t lowest, struct weir__hlog_layout *layout, struct weir_err *err)
{
    uint64_t single = 2;
    for (int i = 0; i < layout->digits; i++) {
        single *= 10;
    }
    layout->sub_bits = bits_below(single);
    layout->unit_bits = 63U - (unsigned)__builtin_clzll((uint64_t)lowest);
    unsigned bits = layout->sub_bits + layout->unit_bits;
    if (bits >= VALUE_BITS) {
        return weir_fail(err, WEIR_INVALID,
                         "histogram with %d digits and lowest value %lld: there is no such "
                         "layout; " WEIR__HLOG_DAMAGED,
                         layout->digits, (long long)lowest);
    }
    layout->buckets = 1;
    for (; bits < VALUE_BITS && (uint64_t)layout->highest >> bits != 0; bits++) {
        layout->buckets++;
    }
    layout->slots = (layout->buckets + 1) << (layout->sub_bits - 1);
    return WEIR_OK;
}

weir_status weir__hlog_read_header(const uint8_t *bytes, struct weir__hlog_layout *out,
                                   struct weir_err *err)
{
    const uint32_t cookie = weir__hlog_get_u32(bytes);
    if ((cookie & COOKIE_BASE) != COOKIE) {
        return weir_fail(
            err, WEIR_INVALID,
            "histogram payload begins with 0x%08x, not with the V2 cookie; " WEIR__HLOG_DAMAGED,
            cookie);
    }
    // The normalizing index offset (bytes 8 to 11) concerns the writer's memory only, and the
    // conversion ratio (32 to 39) only histograms of floating point numbers: the Java library uses
    // neither for a histogram of integers.
    const uint32_t digits = weir__hlog_get_u32(bytes + 12);
    const uint64_t lowest = get_u64(bytes + 16);
    const uint64_t highest = get_u64(bytes + 24);
    if (digits > DIGITS_MAX || lowest < 1 || highest > INT64_MAX || lowest > highest / 2) {
        return weir_fail(
            err, WEIR_INVALID,
            "histogram with %u digits from %llu to %llu: digits are 0 to 5, the lowest value at "
            "least 1, the highest at least twice that and below 2^63; " WEIR__HLOG_DAMAGED,
            digits, (unsigned long long)lowest, (unsigned long long)highest);
    }
    struct weir__hlog_layout layout = {.digits = (int)digits, .highest = (int64_t)highest};
    const weir_status status = measure((int64_t)lowest, &layout, err);
    if (status != WEIR_OK) {
        return status;
    }
    layout.payload_bytes = weir__hlog_get_u32(bytes + 4);
    if (layout.payload_bytes > layout.slots * WEIR__HLOG_COUNT_BYTES) {
        return weir_fail(err, WEIR_INVALID,
                         "histogram with %zu bytes for %zu counts: too many; " WEIR__HLOG_DAMAGED,
                         layout.payload_bytes, layout.slots);
    }
    *out = layout;
    return WEIR_OK;
}

struct cursor {
    const uint8_t *at;
    const uint8_t *end;
};

static bool next_number(struct cursor *cursor, int64_t *out)
{
    uint64_t bits = 0;
    unsigned shift = 0;
    for (unsigned i = 0; i < WEIR__HLOG_COUNT_BYTES; i++, shift += 7) {
        if (cursor->at == cursor->end) {
            return false;
        }
        const uint8_t byte = *cursor->at++;
        const bool is_ninth = i == WEIR__HLOG_COUNT_BYTES - 1;
        bits |= (uint64_t)(is_ninth ? byte : byte & 0x7f) << shift;
        if (is_ninth || (byte & 0x80) == 0) {
            break;
        }
    }
    *out = (int64_t)(bits >> 1 ^ ((bits & 1) != 0 ? UINT64_MAX : 0));
    return true;
}

/** weir's own layout: slots carry over one to one. */
static bool is_own_layout(const struct weir__hlog_layout *layout)
{
    return layout->unit_bits == 0 && layout->digits > 0;
}

static struct weir_hist *hist_for(const struct weir__hlog_layout *layout)
{
    if (layout->buckets > 1 || is_own_layout(layout)) {
        return weir_hist_new(layout->highest, layout->digits > 0 ? layout->digits : 1);
    }
    // A single bucket of large units may reach further than `highest`, and all of its slots can be
    // in use.
    const unsigned bits = layout->sub_bits + layout->unit_bits;
    return weir_hist_new((int64_t)((1ULL << bits) - 1), layout->digits > 0 ? layout->digits : 1);
}

static bool put_count(const struct weir__hlog_layout *layout, size_t index, uint64_t times,
                      struct weir_hist *hist)
{
    if (is_own_layout(layout)) {
        return weir_hist_fill_slot(hist, index, times);
    }
    // weir's slots are as narrow or narrower, so that one of them ends where this one does.
    const unsigned half_bits = layout->sub_bits - 1;
    const size_t half = index >> half_bits;
    const unsigned bucket = half > 1 ? (unsigned)(half - 1) : 0;
    const uint64_t units = index - ((uint64_t)bucket << half_bits);
    const unsigned width_bits = bucket + layout->unit_bits;
    const uint64_t lowest = units << width_bits;
    const uint64_t highest = lowest + (1ULL << width_bits) - 1;
    return weir_hist_fill(hist, (int64_t)lowest, (int64_t)highest, times);
}

static weir_status put_number(const struct weir__hlog_layout *layout, int64_t number, size_t *index,
                              struct weir_hist *hist, struct weir_err *err)
{
    const uint64_t slots = number < 0 ? 0 - (uint64_t)number : 1;
    if (slots > layout->slots - *index) {
        return weir_fail(err, WEIR_INVALID,
                         "histogram with counts for more than its %zu slots; " WEIR__HLOG_DAMAGED,
                         layout->slots);
    }
    if (number > 0 && !put_count(layout, *index, (uint64_t)number, hist)) {
        return weir_fail(err, WEIR_INVALID,
                         "histogram with more than 2^63 - 1 values; " WEIR__HLOG_DAMAGED);
    }
    *index += slots;
    return WEIR_OK;
}

weir_status weir__hlog_read_counts(const struct weir__hlog_layout *layout, const uint8_t *bytes,
                                   struct weir_hist **out, struct weir_err *err)
{
    struct weir_hist *hist = hist_for(layout);
    struct cursor cursor = {bytes, bytes + layout->payload_bytes};
    size_t index = 0;
    weir_status status = WEIR_OK;
    while (status == WEIR_OK && cursor.at < cursor.end) {
        int64_t number = 0;
        if (!next_number(&cursor, &number)) {
            status = weir_fail(err, WEIR_INVALID,
                               "histogram whose last count is cut off; " WEIR__HLOG_DAMAGED);
            break;
        }
        status = put_number(layout, number, &index, hist, err);
    }
    if (status != WEIR_OK) {
        weir_hist_free(hist);
        return status;
    }
    *out = hist;
    return WEIR_OK;
}
