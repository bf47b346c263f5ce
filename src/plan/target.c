// --url values into targets: where requests go, where models are listed, what the target is called.
// See target.h.
#include "weir/plan/target.h"

#include <stdio.h>
#include <string.h>

#include "weir/base/attr.h"
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

/** The first segment of the dialect's path if there are more: "/v1" of "/v1/rerank", "/api" of
 * "/api/chat". People give it with the base, so it is not written twice. */
static struct weir_slice root_of(const struct weir_dialect *dialect)
{
    const char *end = strchr(dialect->path + 1, '/');
    return (struct weir_slice){dialect->path, end != NULL ? (size_t)(end - dialect->path) : 0};
}

static bool is_versioned(const char *path)
{
    return weir_slice_starts(weir_slice_of(path), "/v1/");
}

/** Where the dialect lists models, behind the base of a full path: that has the version already, if
 * there is one. */
static const char *models_below(const struct weir_dialect *dialect, struct weir_slice base)
{
    const char *models = dialect->models.path;
    const bool has_version = is_versioned(dialect->path) && is_versioned(models);
    return has_version && base.len > 0 ? models + strlen("/v1") : models;
}

/** A path that several servers have and that --endpoint-type does not decide. */
static weir_status check_ambiguous(const struct weir_dialect *found, const struct weir_url *url,
                                   struct weir_err *err)
{
    const size_t len = weir_dialect_match(found, url->path, NULL);
    size_t count = 0;
    const struct weir_dialect *table = weir_dialect_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (&table[i] != found && weir_dialect_match(&table[i], url->path, NULL) == len) {
            return weir_fail(
                err, WEIR_INVALID,
                "--url: several servers have a path '%s'; say which with --endpoint-type "
                "%s or %s",
                found->path, found->name, table[i].name);
        }
    }
    return WEIR_OK;
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
    struct weir_slice model = {"", 0};
    const size_t len = weir_dialect_match(out->dialect, url->path, &model);
    const struct weir_slice base = {url->path.ptr, url->path.len - len};
    if (!copy_slice(out->model, sizeof(out->model), model)) {
        return weir_fail(err, WEIR_INVALID, "--url: the model's name is longer than %zu bytes",
                         sizeof(out->model) - 1);
    }
    return set_urls(out, base, (struct weir_slice[2]){slice_from(url->path, base.len), url->query},
                    models_below(out->dialect, base), err);
}

/** `root`, as "/v1", with more behind it, in a path that is no endpoint known here. */
static bool goes_below(struct weir_slice path, struct weir_slice root)
{
    for (size_t i = 0; root.len > 0 && i + root.len < path.len; i++) {
        if (path.ptr[i + root.len] == '/' && memcmp(path.ptr + i, root.ptr, root.len) == 0) {
            return true;
        }
    }
    return false;
}

static weir_status take_base_path(const struct weir_url *url, struct weir_target *out,
                                  struct weir_err *err)
{
    const struct weir_slice roots[] = {weir_slice_of("/v1"), root_of(out->dialect)};
    if (url->query.len > 0) {
        return weir_fail(err, WEIR_INVALID,
                         "--url: a query ('?…') may only follow a full endpoint path, as "
                         "http://HOST%s?…",
                         out->dialect->path);
    }
    struct weir_slice base = url->path;
    for (size_t i = 0; i < WEIR_COUNT_OF(roots); i++) {
        if (goes_below(url->path, roots[i])) {
            return weir_fail(err, WEIR_INVALID,
                             "--url: path '%.*s' is no endpoint weir knows; give the base (up to "
                             "%.*s) or a path that ends in %s",
                             (int)(url->path.len < SHOWN ? url->path.len : SHOWN), url->path.ptr,
                             (int)roots[i].len, roots[i].ptr, out->dialect->path);
        }
        if (base.len == url->path.len && roots[i].len > 0 && slice_ends(base, roots[i])) {
            base.len -= roots[i].len;
        }
    }
    return set_urls(out, base,
                    (struct weir_slice[2]){weir_slice_of(out->dialect->path), weir_slice_of("")},
                    out->dialect->models.path, err);
}

/** The dialect of a full path: the one asked for where several servers share it. */
static weir_status take_dialect(const struct weir_url *url, struct weir_target *out, bool *is_full,
                                struct weir_err *err)
{
    const struct weir_dialect *found = weir_dialect_of_path(url->path);
    *is_full = found != NULL;
    if (found == NULL || weir_dialect_match(found, url->path, NULL) ==
                             weir_dialect_match(out->dialect, url->path, NULL)) {
        return WEIR_OK;
    }
    out->dialect = found;
    return check_ambiguous(found, url, err);
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
    bool is_full = false;
    status = take_dialect(&url, out, &is_full, err);
    if (status != WEIR_OK) {
        return status;
    }
    return is_full ? take_full_path(&url, out, err) : take_base_path(&url, out, err);
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

// ---- the model's name
// ----------------------------------------------------------------------------------

/** Put `model` where the URL has "{model}", which no URL given by hand can have. False: too long.
 */
static bool fill_model(char *url, size_t size, const char *model)
{
    static const char MARK[] = "{model}";
    char *at = strstr(url, MARK);
    if (at == NULL) {
        return true;
    }
    const char *rest = at + sizeof(MARK) - 1;
    const size_t model_len = strlen(model);
    if ((size_t)(at - url) + model_len + strlen(rest) >= size) {
        return false;
    }
    memmove(at + model_len, rest, strlen(rest) + 1);
    memcpy(at, model, model_len);
    return true;
}

static bool is_path_safe(const char *model)
{
    for (const char *at = model; *at != '\0'; at++) {
        if (!is_name_char(*at) && *at != ':' && *at != '~') {
            return false;
        }
    }
    return model[0] != '\0';
}

/** Name the target's model; a path may already have done so. */
static weir_status set_model(struct weir_target *out, const char *model, struct weir_err *err)
{
    if (model[0] != '\0' && !weir_copy(out->model, sizeof(out->model), model)) {
        return weir_fail(err, WEIR_INVALID, "--model is longer than %zu bytes",
                         sizeof(out->model) - 1);
    }
    if (strstr(out->url, "{model}") == NULL) {
        return WEIR_OK;
    }
    if (!is_path_safe(out->model)) {
        return weir_fail(err, WEIR_INVALID,
                         "%s: the model's name is part of the path %s; give --model (letters, "
                         "digits and ._-:~) or the full URL",
                         out->name, out->dialect->path);
    }
    return fill_model(out->url, sizeof(out->url), out->model)
               ? WEIR_OK
               : weir_fail(err, WEIR_INVALID, "--url is too long; %zu bytes are the limit",
                           sizeof(out->url) - 1);
}

void weir_target_set_sim_port(struct weir_target *target, uint16_t port)
{
    (void)weir_copy(target->host, sizeof(target->host), "127.0.0.1");
    target->port = port;
    target->is_tls = false;
    (void)snprintf(target->url, sizeof(target->url), "http://127.0.0.1:%u%s", (unsigned)port,
                   target->dialect->path);
    (void)fill_model(target->url, sizeof(target->url),
                     is_path_safe(target->model) ? target->model : "sim");
    (void)snprintf(target->models_url, sizeof(target->models_url), "http://127.0.0.1:%u%s",
                   (unsigned)port, target->dialect->models.path);
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

static weir_status check_transport(const struct weir_config *config,
                                   const struct weir_target *target, struct weir_err *err)
{
    if (!target->is_tls || config->transport != WEIR_TRANSPORT_NATIVE) {
        return WEIR_OK;
    }
    return weir_fail(err, WEIR_INVALID,
                     "--transport native carries plain HTTP only, and %s is https; leave it at "
                     "auto, or say curl",
                     target->name);
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
        if (status == WEIR_OK) {
            status = set_model(&targets[i], config->model, err);
        }
        if (status == WEIR_OK) {
            status = check_transport(config, &targets[i], err);
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
