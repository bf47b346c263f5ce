// PCG-XSH-RR 64/32 and the distributions drawn from it: see rng.h.
#include "weir/base/rng.h"

#include <math.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/str.h"

uint32_t weir_rng_u32(struct weir_rng *rng)
{
    uint64_t old = rng->state;
    rng->state = old * 6364136223846793005ULL + rng->stream;
    uint32_t shifted = (uint32_t)(((old >> 18U) ^ old) >> 27U);
    uint32_t rotation = (uint32_t)(old >> 59U);
    return (shifted >> rotation) | (shifted << ((32U - rotation) & 31U));
}

static struct weir_rng start(uint64_t seed, uint64_t stream)
{
    struct weir_rng rng = {.state = 0, .stream = (stream << 1U) | 1U};
    (void)weir_rng_u32(&rng);
    rng.state += seed;
    (void)weir_rng_u32(&rng);
    return rng;
}

/** Finaliser of SplitMix64 (Steele, Lea, Flood 2014): neighbours in, strangers out. Without it the
 * first draws of neighbouring seeds or indices lie on a lattice, more even than chance. */
static uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ (value >> 27U)) * 0x94d049bb133111ebULL;
    return value ^ (value >> 31U);
}

struct weir_rng weir_rng_seed(uint64_t seed)
{
    return start(mix(seed), 0);
}

struct weir_rng weir_rng_split(uint64_t seed, const char *label, uint64_t index)
{
    uint64_t hash = weir_hash(WEIR_HASH_START, label, strlen(label));
    for (unsigned i = 0; i < sizeof(index); i++) { // byte by byte: the same on either endianness
        const unsigned char byte = (unsigned char)(index >> (8 * i));
        hash = weir_hash(hash, &byte, 1);
    }
    uint64_t key = mix(mix(seed) ^ hash);
    return start(key, mix(key + hash));
}

uint64_t weir_rng_u64(struct weir_rng *rng)
{
    uint64_t high = weir_rng_u32(rng);
    return (high << 32U) | weir_rng_u32(rng);
}

uint32_t weir_rng_below(struct weir_rng *rng, uint32_t bound)
{
    WEIR_ASSERT(bound > 0);
    uint32_t reject = (uint32_t)(0U - bound) % bound;
    uint32_t value = weir_rng_u32(rng);
    while (value < reject) {
        value = weir_rng_u32(rng);
    }
    return value % bound;
}

double weir_rng_unit(struct weir_rng *rng)
{
    return (double)(weir_rng_u64(rng) >> 11U) * 0x1.0p-53;
}

double weir_rng_exponential(struct weir_rng *rng)
{
    return -log1p(-weir_rng_unit(rng));
}

double weir_rng_normal(struct weir_rng *rng)
{
    // Box and Muller; the second value is thrown away, so that a stream has no hidden state
    double radius = sqrt(2.0 * weir_rng_exponential(rng));
    return radius * cos(2.0 * 3.14159265358979323846 * weir_rng_unit(rng));
}

double weir_rng_gamma(struct weir_rng *rng, double shape)
{
    WEIR_ASSERT(shape > 0);
    if (shape < 1.0) {
        double boost = pow(1.0 - weir_rng_unit(rng), 1.0 / shape);
        return weir_rng_gamma(rng, shape + 1.0) * boost;
    }
    double d = shape - 1.0 / 3.0;
    double c = 1.0 / sqrt(9.0 * d);
    for (;;) {
        double x = weir_rng_normal(rng);
        double v = 1.0 + c * x;
        if (v <= 0) {
            continue;
        }
        v = v * v * v;
        if (log(1.0 - weir_rng_unit(rng)) < 0.5 * x * x + d - d * v + d * log(v)) {
            return d * v;
        }
    }
}
