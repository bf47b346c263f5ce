// A URL in its pieces, strictly: see url.h.
#define _POSIX_C_SOURCE 200809L // inet_pton, strncasecmp
#include "weir/plan/url.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

enum { SHOWN = 200 };

static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

static struct weir_slice slice_from(struct weir_slice text, size_t from)
{
    return (struct weir_slice){text.ptr + from, text.len - from};
}

/** Only what may stand in a URL; the first byte that may not makes the error. */
static weir_status check_bytes(struct weir_slice url, struct weir_err *err)
{
    for (size_t i = 0; i < url.len; i++) {
        unsigned char c = (unsigned char)url.ptr[i];
        if (c <= 0x20 || c == 0x7f || strchr("\"<>\\^`{|}", c) != NULL) {
            return weir_fail(err, WEIR_INVALID,
                             "--url: byte 0x%02x at position %zu has no place in a URL; write it "
                             "as %%%02X",
                             c, i + 1, c);
        }
        if (c > 0x7f) {
            return weir_fail(err, WEIR_INVALID,
                             "--url: position %zu is not ASCII; write host names in their xn-- "
                             "form and paths with %%XX",
                             i + 1);
        }
        if (c == '#') {
            return weir_fail(err, WEIR_INVALID,
                             "--url: '#' and what follows is never sent to a server; leave it out");
        }
    }
    return WEIR_OK;
}

static weir_status fail_scheme(struct weir_slice url, struct weir_err *err)
{
    int shown = url.len < SHOWN ? (int)url.len : SHOWN;
    const char *mark = strstr(url.ptr, "://");
    if (mark == NULL && weir_slice_equals(url, "sim")) {
        return weir_fail(err, WEIR_INVALID, "--url sim: write 'sim:' with its colon");
    }
    if (memchr(url.ptr, '@', url.len) != NULL) { // may hold a password: not shown
        return weir_fail(err, WEIR_INVALID, "--url: does not begin with http:// or https://");
    }
    if (mark == NULL) {
        return weir_fail(err, WEIR_INVALID,
                         "--url '%.*s' has no scheme; did you mean 'http://%.*s'?", shown, url.ptr,
                         shown, url.ptr);
    }
    return weir_fail(err, WEIR_INVALID,
                     "--url '%.*s': only http:// and https:// are known, and 'sim:' for the "
                     "embedded simulator",
                     shown, url.ptr);
}

/** Sets is_tls and returns what stands behind "://" in `*rest`. */
static weir_status take_scheme(struct weir_slice url, bool *is_tls, struct weir_slice *rest,
                               struct weir_err *err)
{
    *is_tls = strncasecmp(url.ptr, "https://", 8) == 0;
    if (!*is_tls && strncasecmp(url.ptr, "http://", 7) != 0) {
        return fail_scheme(url, err);
    }
    *rest = slice_from(url, *is_tls ? 8 : 7);
    return WEIR_OK;
}

static weir_status split(struct weir_slice rest, struct weir_slice *authority, struct weir_url *out,
                         struct weir_err *err)
{
    size_t end = 0;
    while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?') {
        end++;
    }
    *authority = (struct weir_slice){rest.ptr, end};
    rest = slice_from(rest, end);
    if (memchr(authority->ptr, '@', authority->len) != NULL) {
        return weir_fail(err, WEIR_INVALID,
                         "--url holds a user name or password, which would end up in files and "
                         "logs; use --api-key or --header 'Authorization: …' instead");
    }
    const char *mark = rest.len > 0 ? memchr(rest.ptr, '?', rest.len) : NULL;
    size_t path_len = mark != NULL ? (size_t)(mark - rest.ptr) : rest.len;
    out->query = slice_from(rest, path_len);
    while (path_len > 0 && rest.ptr[path_len - 1] == '/') {
        path_len--;
    }
    out->path = (struct weir_slice){rest.ptr, path_len};
    return WEIR_OK;
}

static weir_status take_port(struct weir_slice text, struct weir_url *out, struct weir_err *err)
{
    int64_t port = 0;
    if (text.len == 0) {
        out->port = out->is_tls ? 443 : 80;
        return WEIR_OK;
    }
    text = slice_from(text, 1);
    if (text.len == 0 || text.ptr[0] < '0' || text.ptr[0] > '9' || !weir_parse_i64(text, &port) ||
        port < 1 || port > 65535) {
        return weir_fail(err, WEIR_INVALID, "--url: port '%.*s' is not a number from 1 to 65535",
                         (int)(text.len < 32 ? text.len : 32), text.ptr);
    }
    out->port = (uint16_t)port;
    return WEIR_OK;
}

static bool copy_host(struct weir_url *out, struct weir_slice host)
{
    if (host.len >= sizeof(out->host)) {
        return false;
    }
    memcpy(out->host, host.ptr, host.len);
    out->host[host.len] = '\0';
    return true;
}

static weir_status take_ipv6(struct weir_slice authority, struct weir_url *out,
                             struct weir_err *err)
{
    const char *end = memchr(authority.ptr, ']', authority.len);
    if (end == NULL) {
        return weir_fail(err, WEIR_INVALID, "--url: '[' without ']' in the host");
    }
    size_t after = (size_t)(end - authority.ptr) + 1;
    struct weir_slice inside = {authority.ptr + 1, after - 2};
    struct in6_addr address;
    if (!copy_host(out, inside) || inet_pton(AF_INET6, out->host, &address) != 1) {
        return weir_fail(err, WEIR_INVALID,
                         "--url: '%.*s' is not an IPv6 address (zones as in fe80::1%%eth0 are not "
                         "supported)",
                         (int)(inside.len < 64 ? inside.len : 64), inside.ptr);
    }
    if (after < authority.len && authority.ptr[after] != ':') {
        return weir_fail(err, WEIR_INVALID, "--url: only :PORT may follow ']' in the host");
    }
    return take_port(slice_from(authority, after), out, err);
}

static weir_status take_authority(struct weir_slice authority, struct weir_url *out,
                                  struct weir_err *err)
{
    if (authority.len > 0 && authority.ptr[0] == '[') {
        return take_ipv6(authority, out, err);
    }
    const char *colon = authority.len > 0 ? memchr(authority.ptr, ':', authority.len) : NULL;
    struct weir_slice host = {authority.ptr,
                              colon != NULL ? (size_t)(colon - authority.ptr) : authority.len};
    struct weir_slice port = slice_from(authority, host.len);
    if (port.len > 1 && memchr(port.ptr + 1, ':', port.len - 1) != NULL) {
        return weir_fail(err, WEIR_INVALID,
                         "--url: an IPv6 address stands in brackets, as http://[::1]:8000");
    }
    if (host.len == 0) {
        return weir_fail(err, WEIR_INVALID, "--url has no host; write http://HOST:PORT");
    }
    for (size_t i = 0; i < host.len; i++) {
        if (!is_host_char(host.ptr[i])) {
            return weir_fail(err, WEIR_INVALID, "--url: '%c' has no place in a host name",
                             host.ptr[i]);
        }
    }
    if (!copy_host(out, host)) {
        return weir_fail(err, WEIR_INVALID, "--url: the host name is longer than %zu bytes",
                         sizeof(out->host) - 1);
    }
    return take_port(port, out, err);
}

weir_status weir_url_parse(struct weir_slice text, struct weir_url *out, struct weir_err *err)
{
    struct weir_url url = {.port = 0};
    struct weir_slice rest = {"", 0};
    struct weir_slice authority = {"", 0};
    weir_status status = check_bytes(text, err);
    if (status == WEIR_OK) {
        status = take_scheme(text, &url.is_tls, &rest, err);
    }
    if (status == WEIR_OK) {
        status = split(rest, &authority, &url, err);
    }
    if (status == WEIR_OK) {
        status = take_authority(authority, &url, err);
    }
    if (status == WEIR_OK) {
        *out = url;
    }
    return status;
}

bool weir_url_is_ipv6(const char *host)
{
    return strchr(host, ':') != NULL;
}
