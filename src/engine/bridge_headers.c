// The request headers that all requests of a run have in common. See bridge_internal.h.
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "bridge_internal.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"

enum { OWN_MAX = 8 }; // headers of weir's own

/** Whether a "Name: value" line has this name. */
static bool is_named(const char *line, const char *name)
{
    size_t len = strlen(name);
    return strncasecmp(line, name, len) == 0 && line[len] == ':';
}

/** Framing is the transport's business: a header that contradicts it would break the connection. */
static bool is_framing(const char *line)
{
    static const char *const names[] = {"Content-Length", "Transfer-Encoding", "Expect"};
    for (size_t i = 0; i < WEIR_COUNT_OF(names); i++) {
        if (is_named(line, names[i])) {
            return true;
        }
    }
    return false;
}

static bool has(const struct weir_str_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (is_named(list->items[i], name)) {
            return true;
        }
    }
    return false;
}

static void add_own(const struct weir_config *config, const char *name, const char *value,
                    struct weir__headers *out)
{
    if (has(&config->header, name)) {
        return;
    }
    size_t size = strlen(name) + strlen(value) + sizeof(": ");
    char *line = weir_alloc(size, 1);
    (void)snprintf(line, size, "%s: %s", name, value);
    out->lines[out->count++] = line;
}

/** The key, as the server's language wants it. */
static void add_key(const struct weir_config *config, const struct weir_dialect *dialect,
                    struct weir__headers *out)
{
    if (dialect->auth == WEIR_AUTH_X_API_KEY) {
        add_own(config, "x-api-key", config->api_key, out);
        return;
    }
    size_t size = strlen(config->api_key) + sizeof("Bearer ");
    char *value = weir_alloc(size, 1);
    (void)snprintf(value, size, "Bearer %s", config->api_key);
    add_own(config, "Authorization", value, out);
    weir_free(value);
}

/** What the language itself asks for, as "anthropic-version: …"; a header of the user's goes
 * before. */
static void add_dialect(const struct weir_config *config, const struct weir_dialect *dialect,
                        struct weir__headers *out)
{
    for (size_t i = 0; dialect->headers != NULL && dialect->headers[i] != NULL; i++) {
        struct weir_slice rest = weir_slice_of(dialect->headers[i]);
        struct weir_slice name;
        char text[64];
        (void)weir_slice_next_part(&rest, ':', &name);
        WEIR_ASSERT(name.len < sizeof(text) && out->count < OWN_MAX);
        memcpy(text, name.ptr, name.len);
        text[name.len] = '\0';
        if (!has(&config->header, text)) {
            out->lines[out->count++] = weir_strdup(dialect->headers[i]);
        }
    }
}

void weir__headers_make(const struct weir_config *config, const struct weir_dialect *dialect,
                        struct weir__headers *out)
{
    const struct weir_str_list *theirs = &config->header;
    *out = (struct weir__headers){.lines = weir_alloc(theirs->count + OWN_MAX, sizeof(char *)),
                                  .has_host = has(theirs, "Host"),
                                  .has_request_id = has(theirs, "X-Request-Id")};
    add_own(config, "User-Agent", "weir/" WEIR_VERSION, out);
    add_own(config, "Content-Type", "application/json", out);
    add_own(config, "Accept", config->streaming ? "text/event-stream" : "application/json", out);
    if (config->api_key[0] != '\0') {
        add_key(config, dialect, out);
    }
    add_dialect(config, dialect, out);
    for (size_t i = 0; i < theirs->count; i++) {
        if (!is_framing(theirs->items[i])) {
            out->lines[out->count++] = weir_strdup(theirs->items[i]);
        }
    }
}

void weir__headers_free(struct weir__headers *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        weir_free(headers->lines[i]);
    }
    weir_free(headers->lines);
}
