/** url.h: an http or https URL in its pieces. Strict: what a request could not carry as it stands is an error that says what
 *  to write instead. Errors never show user names or passwords. Pure; no network, no name look-up. */
#ifndef WEIR_PLAN_URL_H
#define WEIR_PLAN_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/base/status.h"
#include "weir/base/str.h"

struct weir_url {
    bool is_tls;
    uint16_t port;           // 80 or 443 when the URL names none
    char host[256];          // without brackets
    struct weir_slice path;  // borrowed; "" or begins with '/', no '/' at its end
    struct weir_slice query; // borrowed; begins with '?', or empty
};

/** `text` must be followed by a NUL somewhere. */
weir_status weir_url_parse(struct weir_slice text, struct weir_url *out, struct weir_err *err) WEIR_MUST_USE;

/** An address that stands in brackets in a URL. */
bool weir_url_is_ipv6(const char *host);

#endif
