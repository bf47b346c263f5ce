// One blocking GET of the model list before the run: see probe.h.
#include <curl/curl.h>
#include <string.h>

#include "weir/base/buf.h"
#include "weir/base/log.h"
#include "weir/base/mem.h"
#include "weir/base/str.h"
#include "weir/engine/probe.h"

enum { BODY_CAP = 4 << 20, TIMEOUT_DEFAULT_MS = 30000 };

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    return weir_buf_add(context, bytes, size * count) ? size * count : 0;
}

static struct curl_slist *headers_of(const struct weir_config *config,
                                     const struct weir_dialect *dialect)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
    if (config->api_key[0] != '\0') {
        struct weir_buf line;
        weir_buf_init(&line, 1 << 16);
        (void)weir_buf_addf(&line, "%s%s",
                            dialect->auth == WEIR_AUTH_X_API_KEY ? "x-api-key: "
                                                                 : "Authorization: Bearer ",
                            config->api_key);
        headers = curl_slist_append(headers, weir_buf_text(&line));
        weir_buf_free(&line);
    }
    for (size_t i = 0; dialect->headers != NULL && dialect->headers[i] != NULL; i++) {
        headers = curl_slist_append(headers, dialect->headers[i]);
    }
    for (size_t i = 0; i < config->header.count; i++) {
        headers = curl_slist_append(headers, config->header.items[i]);
    }
    return headers;
}

static CURLcode get(const struct weir_config *config, const struct weir_target *target,
                    struct weir_buf *body, long *status)
{
    CURL *easy = curl_easy_init();
    if (easy == NULL) {
        return CURLE_OUT_OF_MEMORY;
    }
    struct curl_slist *headers = headers_of(config, target->dialect);
    long timeout_ms = config->connect_timeout > 0 ? (long)(config->connect_timeout / WEIR_MSEC) + 1
                                                  : TIMEOUT_DEFAULT_MS;
    (void)curl_easy_setopt(easy, CURLOPT_URL, target->models_url);
    (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, body);
    CURLcode code = curl_easy_perform(easy);
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
    return code;
}

static weir_status explain(const struct weir_target *target, CURLcode code, struct weir_err *err)
{
    if (code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION) {
        return weir_fail(
            err, WEIR_UNREACHABLE,
            "%s: TLS to %s port %u failed: %s; does the server speak https? Try http://",
            target->name, target->host, target->port, curl_easy_strerror(code));
    }
    return weir_fail(err, WEIR_UNREACHABLE,
                     "%s: %s does not answer: %s; is it an inference server, and is it up?",
                     target->name, target->models_url, curl_easy_strerror(code));
}

weir_status weir_probe_models(const struct weir_config *config, const struct weir_target *target,
                              struct weir_probe *out, struct weir_err *err)
{
    memset(out, 0, sizeof(*out));
    struct weir_buf body;
    weir_buf_init(&body, BODY_CAP);
    long status = 0;
    CURLcode code = get(config, target, &body, &status);
    out->http_status = (int)status;
    bool is_fatal = code == CURLE_COULDNT_CONNECT || code == CURLE_SSL_CONNECT_ERROR ||
                    code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_COULDNT_RESOLVE_HOST;
    if (status == 200) {
        out->model_count = weir_dialect_read_models(
            target->dialect, (struct weir_slice){weir_buf_text(&body), body.len}, out->models,
            WEIR_PROBE_MODELS);
    }
    weir_buf_free(&body);
    return is_fatal ? explain(target, code, err) : WEIR_OK;
}

/** "a, b, c and 4 more". */
static void list_models(const struct weir_probe *probe, char *out, size_t size)
{
    enum { SHOWN = 8 };
    struct weir_buf text;
    weir_buf_init(&text, size - 1);
    for (size_t i = 0; i < probe->model_count && i < SHOWN; i++) {
        (void)weir_buf_addf(&text, "%s%s", i > 0 ? ", " : "", probe->models[i]);
    }
    if (probe->model_count > SHOWN) {
        (void)weir_buf_addf(&text, " and %zu more", probe->model_count - SHOWN);
    }
    (void)weir_copy(out, size, weir_buf_text(&text));
    weir_buf_free(&text);
}

static weir_status no_model(const struct weir_probe *probe, const struct weir_target *target,
                            struct weir_err *err)
{
    if (probe->http_status == 401 || probe->http_status == 403) {
        return weir_fail(err, WEIR_UNREACHABLE,
                         "%s: %s answers %d: the API key is missing or wrong; give --api-key",
                         target->name, target->models_url, probe->http_status);
    }
    return weir_fail(err, WEIR_INVALID,
                     "%s: %s lists no models (HTTP status %d); name one with --model", target->name,
                     target->models_url, probe->http_status);
}

static void warn_unlisted(const struct weir_config *config, const struct weir_probe *probe,
                          const struct weir_target *target)
{
    const char *known[WEIR_PROBE_MODELS];
    for (size_t i = 0; i < probe->model_count; i++) {
        if (strcmp(probe->models[i], config->model) == 0) {
            return;
        }
        known[i] = probe->models[i];
    }
    const char *near = weir_suggest(config->model, known, probe->model_count);
    char list[512];
    list_models(probe, list, sizeof(list));
    weir_warn("%s does not list the model '%s'%s%s%s; it has: %s", target->name, config->model,
              near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
              near != NULL ? "'?)" : "", list);
}

weir_status weir_probe_choose(const struct weir_config *config, const struct weir_probe *probe,
                              struct weir_target *target, struct weir_err *err)
{
    if (config->model[0] != '\0') {
        if (probe->model_count > 0) {
            warn_unlisted(config, probe,
                          target); // some servers take aliases, adapters or any name at all
        }
        (void)weir_copy(target->model, sizeof(target->model), config->model);
        return WEIR_OK;
    }
    if (probe->model_count == 0 && (!target->dialect->sends_model || target->model[0] != '\0')) {
        return WEIR_OK; // this server serves what it serves, or the URL has named the model
    }
    if (probe->model_count == 0) {
        return no_model(probe, target, err);
    }
    (void)weir_copy(target->model, sizeof(target->model), probe->models[0]);
    return WEIR_OK;
}
