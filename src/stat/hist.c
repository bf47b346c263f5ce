// An HDR histogram: see hist.h for the layout. Beside the counts it keeps exact sums, in 128 and
// 192 bits: mean and deviation carry no slot error and lose no digits, however long the run.
#include "weir/stat/hist.h"

#include <math.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"

__extension__ typedef unsigned __int128 wide; // an extension of gcc and clang

/** More values than this are refused: the encodings carry counts as signed 64-bit numbers. */
#define COUNT_MAX ((uint64_t)INT64_MAX)

struct sums {
    wide values;
    wide squares; // the low 128 bits
    uint64_t squares_top;
};

struct weir_hist {
    // set once
    uint64_t highest;
    uint64_t sub_mask;  // 2^sub_bits - 1
    unsigned sub_bits;  // values below 2^sub_bits have a slot each
    unsigned half_bits; // every further bucket has 2^half_bits slots
    size_t slots;
    int digits;
    // written by each record
    uint64_t count;
    uint64_t dropped;
    uint64_t min; // UINT64_MAX when empty
    uint64_t max; // 0 when empty
    struct sums sums;
    uint64_t counts[];
};

static unsigned bits_for_digits(int digits)
{
    uint64_t single = 2; // values below this must have a slot each
    for (int i = 0; i < digits; i++) {
        single *= 10;
    }
    return 64U - (unsigned)__builtin_clzll(single - 1);
}

static size_t slots_for(uint64_t highest, unsigned sub_bits)
{
    size_t buckets = 1;
    for (unsigned bits = sub_bits; bits < 63 && highest >> bits != 0; bits++) {
        buckets++;
    }
    return (buckets + 1) << (sub_bits - 1);
}

struct weir_hist *weir_hist_new(int64_t highest, int digits)
{
    WEIR_ASSERT(highest >= 2 && digits >= 1 && digits <= 5);
    const unsigned sub_bits = bits_for_digits(digits);
    const size_t slots = slots_for((uint64_t)highest, sub_bits);
    struct weir_hist *hist = weir_alloc(1, sizeof(*hist) + slots * sizeof(hist->counts[0]));
    hist->highest = (uint64_t)highest;
    hist->sub_bits = sub_bits;
    hist->half_bits = sub_bits - 1;
    hist->sub_mask = (1ULL << sub_bits) - 1;
    hist->slots = slots;
    hist->digits = digits;
    hist->min = UINT64_MAX;
    return hist;
}

void weir_hist_free(struct weir_hist *hist)
{
    weir_free(hist);
}

static inline size_t slot_of(const struct weir_hist *hist, uint64_t value)
{
    const unsigned bits = 64U - (unsigned)__builtin_clzll(value | hist->sub_mask);
    const unsigned bucket = bits - hist->sub_bits;
    return ((size_t)bucket << hist->half_bits) + (size_t)(value >> bucket);
}

/** Width of the slot is 2^shift. */
static unsigned shift_of(const struct weir_hist *hist, size_t index)
{
    const size_t half = index >> hist->half_bits;
    return half > 1 ? (unsigned)(half - 1) : 0;
}

static uint64_t slot_lowest(const struct weir_hist *hist, size_t index)
{
    const unsigned shift = shift_of(hist, index);
    return (uint64_t)(index - ((size_t)shift << hist->half_bits)) << shift;
}

static uint64_t slot_width(const struct weir_hist *hist, size_t index)
{
    return 1ULL << shift_of(hist, index);
}

/** Slots that hold something lie in [first_slot, end_slot); the last of these holds something. */
static size_t first_slot(const struct weir_hist *hist)
{
    return hist->count > 0 ? slot_of(hist, hist->min) : 0;
}

static size_t end_slot(const struct weir_hist *hist)
{
    return hist->count > 0 ? slot_of(hist, hist->max) + 1 : 0;
}

void weir_hist_reset(struct weir_hist *hist)
{
    const size_t first = first_slot(hist);
    memset(hist->counts + first, 0, (end_slot(hist) - first) * sizeof(hist->counts[0]));
    hist->count = 0;
    hist->dropped = 0;
    hist->min = UINT64_MAX;
    hist->max = 0;
    hist->sums = (struct sums){0};
}

static inline void add_squares(struct sums *sums, wide low, uint64_t top)
{
    sums->squares += low;
    sums->squares_top += top + (sums->squares < low);
}

static inline void widen_to(struct weir_hist *hist, uint64_t lowest, uint64_t highest)
{
    hist->min = lowest < hist->min ? lowest : hist->min;
    hist->max = highest > hist->max ? highest : hist->max;
}

bool weir_hist_record(struct weir_hist *hist, int64_t value)
{
    const uint64_t magnitude = (uint64_t)value; // a negative one is above any `highest`
    if (magnitude > hist->highest) {
        hist->dropped++;
        return false;
    }
    hist->counts[slot_of(hist, magnitude)]++;
    hist->count++;
    hist->sums.values += magnitude;
    widen_to(hist, magnitude, magnitude);
    add_squares(&hist->sums, (wide)magnitude * magnitude, 0);
    return true;
}

static void drop(struct weir_hist *hist, uint64_t times)
{
    hist->dropped = times > UINT64_MAX - hist->dropped ? UINT64_MAX : hist->dropped + times;
}

static void add_to_sums(struct sums *sums, uint64_t value, uint64_t times)
{
    sums->values += (wide)value * times;
    const wide square = (wide)value * value;
    const wide low = (wide)(uint64_t)square * times;
    const wide high = (square >> 64) * times; // of weight 2^64
    add_squares(sums, low, 0);
    add_squares(sums, high << 64, (uint64_t)(high >> 64));
}

bool weir_hist_record_n(struct weir_hist *hist, int64_t value, uint64_t times)
{
    const uint64_t magnitude = (uint64_t)value;
    if (magnitude > hist->highest || times > COUNT_MAX - hist->count) {
        drop(hist, times);
        return false;
    }
    if (times > 0) {
        hist->counts[slot_of(hist, magnitude)] += times;
        hist->count += times;
        add_to_sums(&hist->sums, magnitude, times);
        widen_to(hist, magnitude, magnitude);
    }
    return true;
}

static void add_sums(struct sums *into, const struct sums *from)
{
    into->values += from->values;
    add_squares(into, from->squares, from->squares_top);
}

/** The slots of both mean the same, and `into` has all that `from` uses. */
static bool fits_slot_by_slot(const struct weir_hist *into, const struct weir_hist *from)
{
    return from->digits == into->digits &&
           (from->highest <= into->highest || from->max <= into->highest);
}

static void add_slots(struct weir_hist *into, const struct weir_hist *from)
{
    const size_t end = end_slot(from);
    for (size_t i = first_slot(from); i < end; i++) {
        into->counts[i] += from->counts[i];
    }
    into->count += from->count;
    widen_to(into, from->min, from->max);
    add_sums(&into->sums, &from->sums);
}

static uint64_t add_value(struct weir_hist *into, uint64_t value, uint64_t times)
{
    return weir_hist_record_n(into, (int64_t)value, times) ? 0 : times;
}

/** Record what slot `index` of `from` holds by way of the slot's median, but the exact minimum and
 * maximum, where they lie in it, as themselves. Returns how many did not fit. */
static uint64_t add_slot(struct weir_hist *into, const struct weir_hist *from, size_t index)
{
    uint64_t times = from->counts[index];
    uint64_t unfit = 0;
    if (times > 0 && index == slot_of(from, from->max)) {
        unfit += add_value(into, from->max, 1);
        times--;
    }
    if (times > 0 && index == slot_of(from, from->min)) {
        unfit += add_value(into, from->min, 1);
        times--;
    }
    uint64_t median = slot_lowest(from, index) + slot_width(from, index) / 2;
    median = median < from->min ? from->min : median;
    median = median > from->max ? from->max : median;
    return times > 0 ? unfit + add_value(into, median, times) : unfit;
}

static uint64_t add_values(struct weir_hist *into, const struct weir_hist *from)
{
    struct sums exact = into->sums;
    uint64_t unfit = 0;
    const size_t end = end_slot(from);
    for (size_t i = first_slot(from); i < end; i++) {
        unfit += add_slot(into, from, i);
    }
    if (unfit == 0) {
        add_sums(&exact, &from->sums);
        into->sums = exact;
        widen_to(into, from->min, from->max); // after weir_hist_fill() they need not be counted
    }
    return unfit;
}

uint64_t weir_hist_add(struct weir_hist *into, const struct weir_hist *from)
{
    const uint64_t was_dropped = from->dropped;
    uint64_t unfit = 0;
    if (from->count > COUNT_MAX - into->count) {
        unfit = from->count;
        drop(into, unfit);
    } else if (fits_slot_by_slot(into, from)) {
        add_slots(into, from);
    } else {
        unfit = add_values(into, from);
    }
    drop(into, was_dropped);
    return unfit;
}

uint64_t weir_hist_count(const struct weir_hist *hist)
{
    return hist->count;
}

uint64_t weir_hist_dropped(const struct weir_hist *hist)
{
    return hist->dropped;
}

int64_t weir_hist_min(const struct weir_hist *hist)
{
    return hist->count > 0 ? (int64_t)hist->min : 0;
}

int64_t weir_hist_max(const struct weir_hist *hist)
{
    return (int64_t)hist->max;
}

double weir_hist_mean(const struct weir_hist *hist)
{
    if (hist->count == 0) {
        return 0;
    }
    // Whole and fraction apart: a 128-bit sum has more digits than a double.
    const uint64_t whole = (uint64_t)(hist->sums.values / hist->count);
    const uint64_t rest = (uint64_t)(hist->sums.values % hist->count);
    return (double)whole + (double)rest / (double)hist->count;
}

double weir_hist_stddev(const struct weir_hist *hist)
{
    if (hist->count == 0) {
        return 0;
    }
    // With q the whole part of the mean and sum = n·q + r, the sum of (x - q)² is squares - q·(sum
    // + r): exact in 192 bits and of the size of the deviations, so nothing cancels.
    const uint64_t q = (uint64_t)(hist->sums.values / hist->count);
    const uint64_t r = (uint64_t)(hist->sums.values % hist->count);
    const wide factor = hist->sums.values + r;
    const wide low = (wide)q * (uint64_t)factor;
    const wide high = (wide)q * (uint64_t)(factor >> 64) + (low >> 64); // of weight 2^64
    const wide subtract = (high << 64) | (uint64_t)low;
    const uint64_t borrow = hist->sums.squares < subtract;
    const uint64_t top = hist->sums.squares_top - (uint64_t)(high >> 64) - borrow;
    const double around_q = ldexp((double)top, 128) + (double)(hist->sums.squares - subtract);
    const double n = (double)hist->count;
    const double shift = (double)r / n; // mean - q
    const double variance = around_q / n - shift * shift;
    return variance > 0 ? sqrt(variance) : 0;
}

int64_t weir_hist_highest(const struct weir_hist *hist)
{
    return (int64_t)hist->highest;
}

int weir_hist_digits(const struct weir_hist *hist)
{
    return hist->digits;
}

static uint64_t rank_of(const struct weir_hist *hist, double percentile)
{
    if (!(percentile > 0)) { // a NaN too
        return 1;
    }
    if (percentile >= 100) {
        return hist->count;
    }
    // One step down first: 99.9 as a double lies above 99.9, and ⌈1000·99.9/100⌉ has to be 999.
    const double rank = ceil(nextafter(percentile, 0) * (double)hist->count / 100);
    if (rank >= (double)hist->count) {
        return hist->count;
    }
    return rank > 1 ? (uint64_t)rank : 1;
}

int64_t weir_hist_percentile(const struct weir_hist *hist, double percentile)
{
    if (hist->count == 0) {
        return 0;
    }
    const uint64_t rank = rank_of(hist, percentile);
    size_t index = first_slot(hist);
    uint64_t seen = hist->counts[index];
    while (seen < rank) {
        index++;
        seen += hist->counts[index];
    }
    const uint64_t highest = slot_lowest(hist, index) + slot_width(hist, index) - 1;
    return (int64_t)(highest < hist->max ? highest : hist->max);
}

uint64_t weir_hist_count_up_to(const struct weir_hist *hist, int64_t value)
{
    if (value < 0) {
        return 0;
    }
    if ((uint64_t)value >= hist->max) {
        return hist->count;
    }
    uint64_t seen = 0;
    const size_t last = slot_of(hist, (uint64_t)value);
    for (size_t i = first_slot(hist); i <= last; i++) {
        seen += hist->counts[i];
    }
    return seen;
}

bool weir_hist_next(const struct weir_hist *hist, struct weir_hist_slot *slot)
{
    const size_t first = first_slot(hist);
    const size_t end = end_slot(hist);
    size_t index = slot->next > first ? slot->next : first;
    while (index < end && hist->counts[index] == 0) {
        index++;
    }
    if (index >= end) {
        return false;
    }
    slot->next = index + 1;
    slot->lowest = (int64_t)slot_lowest(hist, index);
    slot->highest = (int64_t)(slot_lowest(hist, index) + slot_width(hist, index) - 1);
    slot->count = hist->counts[index];
    slot->up_to += slot->count;
    return true;
}

size_t weir_hist_slot_count(const struct weir_hist *hist)
{
    return hist->slots;
}

uint64_t weir_hist_slot_at(const struct weir_hist *hist, size_t index)
{
    return index < hist->slots ? hist->counts[index] : 0;
}

bool weir_hist_fill(struct weir_hist *hist, int64_t lowest, int64_t highest, uint64_t times)
{
    const uint64_t low = (uint64_t)lowest;
    uint64_t top = (uint64_t)highest;
    WEIR_ASSERT(lowest >= 0 && lowest <= highest);
    if (low <= hist->highest && top > hist->highest) {
        top = hist->highest;
    }
    const size_t index = slot_of(hist, top);
    if (index >= hist->slots || times > COUNT_MAX - hist->count) {
        return false;
    }
    if (times > 0) {
        hist->counts[index] += times;
        hist->count += times;
        add_to_sums(&hist->sums, low + ((uint64_t)highest - low + 1) / 2, times);
        widen_to(hist, low, top);
    }
    return true;
}

bool weir_hist_fill_slot(struct weir_hist *hist, size_t index, uint64_t times)
{
    if (index >= hist->slots) {
        return false;
    }
    const uint64_t lowest = slot_lowest(hist, index);
    const uint64_t highest = lowest + slot_width(hist, index) - 1;
    return weir_hist_fill(hist, (int64_t)lowest, (int64_t)highest, times);
}
