// --url values into targets: where requests go, where models are listed, what the target is called.
// See target.h.
#include "weir/plan/target.h"

#include <stdio.h>
#include <string.h>

#include "weir/base/mem.h"
#include "weir/plan/url.h"

enum { NAME_MAX_LEN = 64, DIALECT_MAX = 32, SHOWN = 200 };

static const char sim_prefix[] = "sim:";

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
    return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-';
}

static struct weir_slice slice_from(struct weir_slice text, size_t from)
{
    return (struct weir_slice){text.ptr + from, text.len - from};
}

static bool slice_ends(struct weir_slice text, struct weir_slice end)
{
    return text.len >= end.len && memcmp(text.ptr + text.len - end.len, end.ptr, end.len) == 0;
}

static bool copy_slice(char *out, size_t size, struct weir_slice text)
{
    if (text.len >= size) {
        return false;
    }
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}

// ---- dialect
// -------------------------------------------------------------------------------------

static weir_status find_dialect(const char *type, const struct weir_dialect **out,
                                struct weir_err *err)
{
    *out = weir_dialect_find(type);
    if (*out != NULL) {
        return WEIR_OK;
    }
    size_t count = 0;
    const struct weir_dialect *table = weir_dialect_table(&count);
    const char *names[DIALECT_MAX];
    struct weir_buf list;
    weir_buf_init(&list, 512);
    for (size_t i = 0; i < count && i < DIALECT_MAX; i++) {
        names[i] = table[i].name;
        (void)weir_buf_addf(&list, "%s%s", i > 0 ? ", " : "", table[i].name);
    }
    const char *near = weir_suggest(type, names, count < DIALECT_MAX ? count : DIALECT_MAX);
    weir_status status =
        weir_fail(err, WEIR_INVALID, "unknown --endpoint-type '%.40s'%s%s%s; known are: %s", type,
                  near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                  near != NULL ? "'?" : "", weir_buf_text(&list));
    weir_buf_free(&list);
    return status;
}

/** The endpoint's path below the version: "/chat/completions" of "/v1/chat/completions". */
static struct weir_slice below_version(const struct weir_dialect *dialect)
{
    struct weir_slice path = weir_slice_of(dialect->path);
    return weir_slice_starts(path, "/v1/") ? slice_from(path, 3) : path;
}

// ---- putting it together
// ---------------------------------------------------------------------------

/** scheme://host:port of the target, as every URL of it begins. */
static void add_origin(const struct weir_target *target, struct weir_buf *out)
{
    bool is_ipv6 = weir_url_is_ipv6(target->host);
    (void)weir_buf_addf(out, "%s://%s%s%s:%u", target->is_tls ? "https" : "http",
                        is_ipv6 ? "[" : "", target->host, is_ipv6 ? "]" : "",
                        (unsigned)target->port);
}

static weir_status copy_url(struct weir_buf *from, char *out, size_t size, struct weir_err *err)
{
    bool fits = !from->overflow && from->len < size;
    if (fits) {
        memcpy(out, weir_buf_text(from), from->len + 1);
    }
    weir_buf_free(from);
    return fits ? WEIR_OK
                : weir_fail(err, WEIR_INVALID, "--url is too long; %zu bytes are the limit",
                            size - 1);
}

/** out->url = origin, base, then tail; out->models_url = origin, base, then models. */
static weir_status set_urls(struct weir_target *out, struct weir_slice base,
                            const struct weir_slice tail[2], const char *models,
                            struct weir_err *err)
{
    struct weir_buf url;
    weir_buf_init(&url, sizeof(out->url) - 1);
    add_origin(out, &url);
    (void)weir_buf_add(&url, base.ptr, base.len);
    for (size_t i = 0; i < 2; i++) {
        (void)weir_buf_add(&url, tail[i].ptr, tail[i].len);
    }
    weir_status status = copy_url(&url, out->url, sizeof(out->url), err);
    if (status != WEIR_OK) {
        return status;
    }
    weir_buf_init(&url, sizeof(out->models_url) - 1);
    add_origin(out, &url);
    (void)weir_buf_add(&url, base.ptr, base.len);
    (void)weir_buf_add_str(&url, models);
    return copy_url(&url, out->models_url, sizeof(out->models_url), err);
}

static weir_status take_full_path(const struct weir_url *url, struct weir_target *out,
                                  struct weir_err *err)
{
    struct weir_slice end = below_version(out->dialect);
    struct weir_slice base = {url->path.ptr, url->path.len - end.len};
    bool has_version = end.len < strlen(out->dialect->path);
    return set_urls(out, base, (struct weir_slice[2]){end, url->query},
                    has_version ? "/models" : "/v1/models", err);
}

/** "/v1/" with more behind it, in a path that is no endpoint known here. */
static bool goes_below_version(struct weir_slice path)
{
    for (size_t i = 0; i + 4 <= path.len; i++) {
        if (memcmp(path.ptr + i, "/v1/", 4) == 0) {
            return true;
        }
    }
    return false;
}

static weir_status take_base_path(const struct weir_url *url, struct weir_target *out,
                                  struct weir_err *err)
{
    if (url->query.len > 0) {
        return weir_fail(err, WEIR_INVALID,
                         "--url: a query ('?…') may only follow a full endpoint path, as "
                         "http://HOST%s?…",
                         out->dialect->path);
    }
    if (goes_below_version(url->path)) {
        return weir_fail(err, WEIR_INVALID,
                         "--url: path '%.*s' is no endpoint weir knows; give the base (up to /v1) "
                         "or a path that ends in %s",
                         (int)(url->path.len < SHOWN ? url->path.len : SHOWN), url->path.ptr,
                         out->dialect->path);
    }
    struct weir_slice base = url->path;
    if (slice_ends(base, weir_slice_of("/v1"))) {
        base.len -= 3;
    }
    return set_urls(out, base,
                    (struct weir_slice[2]){weir_slice_of(out->dialect->path), weir_slice_of("")},
                    "/v1/models", err);
}

static weir_status take_url(struct weir_slice text, struct weir_target *out, struct weir_err *err)
{
    struct weir_url url;
    weir_status status = weir_url_parse(text, &url, err);
    if (status != WEIR_OK) {
        return status;
    }
    out->is_tls = url.is_tls;
    out->port = url.port;
    (void)weir_copy(out->host, sizeof(out->host), url.host);
    const struct weir_dialect *of_path = weir_dialect_of_path(url.path);
    if (of_path != NULL) {
        out->dialect = of_path;
        return take_full_path(&url, out, err);
    }
    return take_base_path(&url, out, err);
}

static weir_status take_sim(struct weir_slice options, struct weir_target *out,
                            struct weir_err *err)
{
    options = weir_slice_trim(options);
    out->is_sim = true;
    if (!copy_slice(out->sim_options, sizeof(out->sim_options), options)) {
        return weir_fail(err, WEIR_INVALID, "--url sim: options are longer than %zu bytes",
                         sizeof(out->sim_options) - 1);
    }
    return WEIR_OK;
}

/** Takes NAME= off the front of `*text`. A '=' behind "sim:" or "://" belongs to the URL. */
static weir_status take_name(struct weir_slice *text, struct weir_target *out, struct weir_err *err)
{
    const char *mark = text->len > 0 ? memchr(text->ptr, '=', text->len) : NULL;
    size_t len = mark != NULL ? (size_t)(mark - text->ptr) : 0;
    if (mark == NULL || memchr(text->ptr, ':', len) != NULL ||
        memchr(text->ptr, '/', len) != NULL) {
        return WEIR_OK;
    }
    size_t good = 0;
    while (good < len && is_name_char(text->ptr[good])) {
        good++;
    }
    if (good < len || len == 0 || len > NAME_MAX_LEN) {
        return weir_fail(err, WEIR_INVALID,
                         "--url: a target's NAME has 1 to %d letters, digits, '.', '_' or '-'",
                         NAME_MAX_LEN);
    }
    (void)copy_slice(out->name, sizeof(out->name), (struct weir_slice){text->ptr, len});
    *text = slice_from(*text, len + 1);
    return WEIR_OK;
}

static weir_status set_default_name(struct weir_target *out, struct weir_err *err)
{
    if (out->name[0] != '\0') {
        return WEIR_OK;
    }
    if (out->is_sim) {
        (void)weir_copy(out->name, sizeof(out->name), "sim");
        return WEIR_OK;
    }
    bool is_ipv6 = weir_url_is_ipv6(out->host);
    int len = snprintf(out->name, sizeof(out->name), is_ipv6 ? "[%s]:%u" : "%s:%u", out->host,
                       (unsigned)out->port);
    if (len < 0 || (size_t)len >= sizeof(out->name)) {
        return weir_fail(err, WEIR_INVALID,
                         "--url: the host name is too long to name the target by; write NAME=URL");
    }
    return WEIR_OK;
}

weir_status weir_target_parse(const char *text, const char *endpoint_type, struct weir_target *out,
                              struct weir_err *err)
{
    struct weir_target target = {.port = 0};
    weir_status status = find_dialect(endpoint_type, &target.dialect, err);
    if (status != WEIR_OK) {
        return status;
    }
    struct weir_slice rest = weir_slice_trim(weir_slice_of(text));
    status = take_name(&rest, &target, err);
    if (status != WEIR_OK) {
        return status;
    }
    if (rest.len == 0) {
        return weir_fail(err, WEIR_INVALID, "--url is empty; write http://HOST:PORT or 'sim:'");
    }
    if (weir_slice_starts(rest, sim_prefix)) {
        status = take_sim(slice_from(rest, sizeof(sim_prefix) - 1), &target, err);
    } else {
        status = take_url(rest, &target, err);
    }
    if (status == WEIR_OK) {
        status = set_default_name(&target, err);
    }
    if (status == WEIR_OK) {
        *out = target;
    }
    return status;
}

void weir_target_set_sim_port(struct weir_target *target, uint16_t port)
{
    (void)weir_copy(target->host, sizeof(target->host), "127.0.0.1");
    target->port = port;
    target->is_tls = false;
    (void)snprintf(target->url, sizeof(target->url), "http://127.0.0.1:%u%s", (unsigned)port,
                   target->dialect->path);
    (void)snprintf(target->models_url, sizeof(target->models_url), "http://127.0.0.1:%u/v1/models",
                   (unsigned)port);
}

static weir_status check_names(const struct weir_target *targets, size_t count,
                               struct weir_err *err)
{
    for (size_t i = 1; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(targets[i].name, targets[j].name) == 0) {
                return weir_fail(err, WEIR_INVALID,
                                 "two targets are called '%s'; name them apart: --url a=URL --url "
                                 "b=URL",
                                 targets[i].name);
            }
        }
    }
    return WEIR_OK;
}

weir_status weir_targets_parse(const struct weir_config *config, struct weir_target **out,
                               size_t *count, struct weir_err *err)
{
    if (config->url.count == 0) {
        return weir_fail(err, WEIR_INVALID,
                         "no target; say --url http://HOST:PORT, or --url sim: for the embedded "
                         "simulator");
    }
    struct weir_target *targets = weir_alloc(config->url.count, sizeof(*targets));
    weir_status status = WEIR_OK;
    for (size_t i = 0; i < config->url.count && status == WEIR_OK; i++) {
        status = weir_target_parse(config->url.items[i], config->endpoint_type, &targets[i], err);
        if (status == WEIR_OK &&
            !weir_copy(targets[i].model, sizeof(targets[i].model), config->model)) {
            status = weir_fail(err, WEIR_INVALID, "--model is longer than %zu bytes",
                               sizeof(targets[i].model) - 1);
        }
    }
    if (status == WEIR_OK) {
        status = check_names(targets, config->url.count, err);
    }
    if (status != WEIR_OK) {
        weir_free(targets);
        return status;
    }
    *out = targets;
    *count = config->url.count;
    return WEIR_OK;
}
