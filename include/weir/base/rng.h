/** rng.h: seeded random numbers, the same on every machine. Streams are split by label, so that a
 * new stream never shifts the others. PCG-XSH-RR 64/32 (O'Neill 2014, pcg-random.org). One thread a
 * stream. */
#ifndef WEIR_BASE_RNG_H
#define WEIR_BASE_RNG_H

#include <stdint.h>

struct weir_rng {
    uint64_t state;
    uint64_t stream; // odd
};

/** The root stream of `seed`. */
struct weir_rng weir_rng_seed(uint64_t seed);

/** A stream of its own, a function of seed, label and index alone. */
struct weir_rng weir_rng_split(uint64_t seed, const char *label, uint64_t index);

uint32_t weir_rng_u32(struct weir_rng *rng);
uint64_t weir_rng_u64(struct weir_rng *rng);

/** Uniform in [0, bound), without modulo bias; bound > 0. */
uint32_t weir_rng_below(struct weir_rng *rng, uint32_t bound);

/** Uniform in [0, 1) with 53 bits. */
double weir_rng_unit(struct weir_rng *rng);

/** Standard normal (mean 0, deviation 1). */
double weir_rng_normal(struct weir_rng *rng);

/** Exponential of mean 1. */
double weir_rng_exponential(struct weir_rng *rng);

/** Gamma of shape `shape` > 0 and scale 1 (Marsaglia and Tsang 2000). */
double weir_rng_gamma(struct weir_rng *rng, double shape);

#endif
