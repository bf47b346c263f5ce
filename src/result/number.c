// How numbers look in tables and files: see number.h.
#include "weir/result/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *weir_number_short(double value, char *out, size_t size)
{
    double magnitude = fabs(value);
    if (!isfinite(value)) {
        (void)snprintf(out, size, "-");
    } else if (magnitude < 0.0005) {
        (void)snprintf(out, size, "0");
    } else if (magnitude >= 9999999.5) {
        (void)snprintf(out, size, "%.*fM", magnitude < 99950000.0 ? 1 : 0, value / 1e6);
    } else {
        // The limits are those at which rounding would add a digit: 999.96 is 1000, not 1000.0.
        int decimals = magnitude >= 999.95   ? 0
                       : magnitude >= 99.995 ? 1
                       : magnitude >= 9.9995 ? 2
                                             : 3;
        (void)snprintf(out, size, "%.*f", decimals, value);
    }
    return out;
}

static void trim_zeros(char *text)
{
    if (strchr(text, '.') == NULL) {
        return;
    }
    size_t len = strlen(text);
    while (text[len - 1] == '0') {
        len--;
    }
    if (text[len - 1] == '.') {
        len--;
    }
    text[len] = '\0';
}

const char *weir_number_exact(double value, char *out, size_t size)
{
    if (!isfinite(value)) {
        out[0] = '\0';
        return out;
    }
    if (fabs(value) >= 1e15) {
        (void)snprintf(out, size, "%.17g", value);
        return out;
    }
    (void)snprintf(out, size, "%.6f", weir_number_round(value));
    trim_zeros(out);
    return out;
}

double weir_number_round(double value)
{
    if (!isfinite(value) || fabs(value) >= 1e9) {
        return value;
    }
    double rounded = round(value * 1e6) / 1e6;
    return rounded == 0.0 ? 0.0 : rounded; // no minus zero
}
