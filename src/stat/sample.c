// Names of outcomes and the like, and the packed form of a gap: see sample.h.
#include "weir/stat/sample.h"

#include "weir/base/attr.h"

/** Set: the rest counts microseconds. Clear: it counts nanoseconds. */
static const uint32_t in_usec = 0x80000000U;

uint32_t weir_gap_encode(weir_ns span)
{
    if (span <= 0) {
        return 0;
    }
    if (span < (weir_ns)in_usec) {
        return (uint32_t)span;
    }
    const weir_ns longest = (weir_ns)in_usec - 1;
    weir_ns usec = span / WEIR_USEC + (span % WEIR_USEC >= WEIR_USEC / 2 ? 1 : 0);
    return in_usec | (uint32_t)(usec < longest ? usec : longest);
}

weir_ns weir_gap_decode(uint32_t span)
{
    if ((span & in_usec) == 0) {
        return (weir_ns)span;
    }
    return (weir_ns)(span & ~in_usec) * WEIR_USEC;
}

/** A number that is none of the enum comes from a damaged record, never from weir: it gets a name
 * all the same. */
static const char *key_of(const char *const *keys, size_t count, size_t index)
{
    return index < count ? keys[index] : "unknown";
}

const char *weir_outcome_key(enum weir_outcome outcome)
{
    static const char *const keys[] = {
#define XX(name, key, meaning) key,
        WEIR_OUTCOME_MAP(XX)
#undef XX
    };
    return key_of(keys, WEIR_COUNT_OF(keys), (size_t)outcome);
}

const char *weir_timeout_key(enum weir_timeout timeout)
{
    static const char *const keys[] = {
#define XX(name, key) key,
        WEIR_TIMEOUT_MAP(XX)
#undef XX
    };
    return key_of(keys, WEIR_COUNT_OF(keys), (size_t)timeout);
}

const char *weir_phase_key(enum weir_phase phase)
{
    static const char *const keys[] = {
#define XX(name, key) key,
        WEIR_PHASE_MAP(XX)
#undef XX
    };
    return key_of(keys, WEIR_COUNT_OF(keys), (size_t)phase);
}

const char *weir_token_source_key(enum weir_token_source source)
{
    static const char *const keys[] = {
#define XX(name, key) key,
        WEIR_TOKEN_SOURCE_MAP(XX)
#undef XX
    };
    return key_of(keys, WEIR_COUNT_OF(keys), (size_t)source);
}
