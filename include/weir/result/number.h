/** number.h: how numbers look. Short ones are for people (four significant digits), exact ones for
 * files (at most six decimals). Anything that is not a finite number is "no data", never zero.
 * Pure, any thread. */
#ifndef WEIR_RESULT_NUMBER_H
#define WEIR_RESULT_NUMBER_H

#include <stddef.h>

/** 1234, 123.4, 12.34, 1.234, 0.123; "0" for zero, "12.3M" from ten million on, "-" for no data.
 * Returns `out`. */
const char *weir_number_short(double value, char *out, size_t size);

/** At most six decimals, no trailing zeros, no exponent below 1e15; "" for no data. Returns `out`.
 */
const char *weir_number_exact(double value, char *out, size_t size);

/** Rounded to six decimals: what goes into JSON. Not finite stays not finite. */
double weir_number_round(double value);

#endif
