// From a request's method and path to its answer, and the answers that are not of tokens.
#define _GNU_SOURCE
#include <string.h>

#include "format.h"
#include "sim_internal.h"
#include "weir/base/attr.h"

static void respond(struct weir__conn *conn, int status, const char *headers)
{
    conn->state = WEIR__CONN_ANSWERING;
    if (weir__conn_respond(conn, status, headers, &conn->sim->scratch) &&
        weir__conn_is_flushed(conn)) {
        weir__conn_answered(conn);
    }
}

static const char JSON_TYPE[] = "Content-Type: application/json\r\n";

// ---- routes

// clang-format off
#define EP(name) WEIR_SIM_EP_##name
#define ALL UINT32_MAX

static const struct weir__route ROUTES[] = {
    {"/v1/chat/completions", HTTP_POST, EP(OPENAI), NULL, WEIR_SIM_CHAT, false},
    {"/v1/completions", HTTP_POST, EP(OPENAI), NULL, WEIR_SIM_COMPLETIONS, false},
    {"/v1/responses", HTTP_POST, EP(RESPONSES), NULL, WEIR_SIM_RESPONSES, false},
    {"/v1/messages", HTTP_POST, EP(MESSAGES), NULL, WEIR_SIM_MESSAGES, false},
    {"/v1/embeddings", HTTP_POST, EP(EMBEDDINGS), NULL, WEIR_SIM_EMBEDDINGS, false},
    {"/v1/rerank", HTTP_POST, EP(RERANK), NULL, WEIR_SIM_RERANK, false},
    {"/rerank", HTTP_POST, EP(RERANK), NULL, WEIR_SIM_RERANK, false},
    {"/api/chat", HTTP_POST, EP(OLLAMA), NULL, WEIR_SIM_OLLAMA_CHAT, false},
    {"/api/generate", HTTP_POST, EP(OLLAMA), NULL, WEIR_SIM_OLLAMA_GENERATE, false},
    {"/generate", HTTP_POST, EP(TGI), NULL, WEIR_SIM_TGI, false},
    {"/generate_stream", HTTP_POST, EP(TGI), NULL, WEIR_SIM_TGI, true},
    {"/generate", HTTP_POST, EP(SGLANG), NULL, WEIR_SIM_SGLANG, false},
    {"/completion", HTTP_POST, EP(LLAMACPP), NULL, WEIR_SIM_LLAMACPP, false},
    {"/completions", HTTP_POST, EP(LLAMACPP), NULL, WEIR_SIM_LLAMACPP, false},
    {"/v2/models/*/generate", HTTP_POST, EP(TRITON), NULL, WEIR_SIM_TRITON, false},
    {"/v2/models/*/generate_stream", HTTP_POST, EP(TRITON), NULL, WEIR_SIM_TRITON, true},
    {"/v1/models", HTTP_GET, ALL, weir__say_models, WEIR_SIM_CHAT, false},
    {"/health", HTTP_GET, ALL, weir__say_health, WEIR_SIM_CHAT, false},
    {"/version", HTTP_GET, EP(VERSION), weir__say_version, WEIR_SIM_CHAT, false},
    {"/", HTTP_GET, EP(OLLAMA), weir__say_ollama_root, WEIR_SIM_CHAT, false},
    {"/api/tags", HTTP_GET, EP(OLLAMA), weir__say_ollama_tags, WEIR_SIM_CHAT, false},
    {"/api/version", HTTP_GET, EP(OLLAMA), weir__say_ollama_version, WEIR_SIM_CHAT, false},
    {"/info", HTTP_GET, EP(TGI), weir__say_tgi_info, WEIR_SIM_CHAT, false},
    {"/props", HTTP_GET, EP(LLAMACPP), weir__say_llamacpp_props, WEIR_SIM_CHAT, false},
    {"/model_info", HTTP_GET, EP(SGLANG), weir__say_sglang_info, WEIR_SIM_CHAT, false},
    {"/get_model_info", HTTP_GET, EP(SGLANG), weir__say_sglang_info, WEIR_SIM_CHAT, false},
    {"/v2/health/ready", HTTP_GET, EP(TRITON), weir__say_health, WEIR_SIM_CHAT, false},
};
// clang-format on

static bool has_route(const struct weir__sim *sim, const struct weir__route *route)
{
    return (sim->voice.profile->endpoints & route->endpoints) != 0;
}

static bool matches(const char *pattern, const char *path, size_t len)
{
    const char *star = strchr(pattern, '*');
    if (star == NULL) {
        return strlen(pattern) == len && memcmp(pattern, path, len) == 0;
    }
    const size_t before = (size_t)(star - pattern);
    const size_t behind = strlen(star + 1);
    return len > before + behind && memcmp(pattern, path, before) == 0 &&
           memcmp(star + 1, path + len - behind, behind) == 0;
}

// ---- refusals

void weir__route_refuse(struct weir__conn *conn, enum weir_sim_format_id format,
                        const struct weir_sim_refusal *refusal, const char *headers)
{
    enum { HEADERS_CAP = 256 };
    struct weir_buf all;
    weir_buf_init(&all, HEADERS_CAP);
    const bool fits = weir_buf_add_str(&all, JSON_TYPE) && weir_buf_add_str(&all, headers);
    WEIR_ASSERT(fits);
    weir_buf_clear(&conn->sim->scratch);
    weir_sim_error_json(conn->sim->voice.profile, format, refusal, &conn->sim->scratch);
    respond(conn, refusal->http_status, weir_buf_text(&all));
    weir_buf_free(&all);
}

/** Add the paths there are to the message, as many as fit. */
static void add_paths(const struct weir__sim *sim, struct weir_sim_refusal *refusal)
{
    struct weir_buf text;
    weir_buf_init(&text, sizeof(refusal->message) - 1);
    bool fits = weir_buf_add_str(&text, refusal->message);
    for (size_t i = 0; fits && i < WEIR_COUNT_OF(ROUTES); i++) {
        fits = !has_route(sim, &ROUTES[i]) ||
               weir_buf_addf(&text, " %s %s", llhttp_method_name(ROUTES[i].method), ROUTES[i].path);
    }
    (void)weir_copy(refusal->message, sizeof(refusal->message), weir_buf_text(&text));
    weir_buf_free(&text);
}

static void respond_not_found(struct weir__conn *conn, int path_len)
{
    struct weir_sim_refusal refusal;
    for (int i = 0; i < path_len; i++) { // whatever bytes came, the answer is JSON
        const char c = conn->path.ptr[i];
        if (c <= ' ' || c > '~') {
            conn->path.ptr[i] = '?';
        }
    }
    (void)weir_sim_refuse(&refusal, HTTP_STATUS_NOT_FOUND, NULL,
                          "There is no %s %.*s here. There are:",
                          llhttp_method_name((llhttp_method_t)conn->parser.method),
                          path_len < 100 ? path_len : 100, weir_buf_text(&conn->path));
    add_paths(conn->sim, &refusal);
    weir__route_refuse(conn, WEIR_SIM_CHAT, &refusal, "");
}

static void respond_wrong_method(struct weir__conn *conn, const struct weir__route *route)
{
    struct weir_sim_refusal refusal;
    (void)weir_sim_refuse(&refusal, HTTP_STATUS_METHOD_NOT_ALLOWED, NULL,
                          "This path takes %s, not %s.", llhttp_method_name(route->method),
                          llhttp_method_name((llhttp_method_t)conn->parser.method));
    weir__route_refuse(conn, route->format, &refusal,
                       route->method == HTTP_POST ? "Allow: POST\r\n" : "Allow: GET\r\n");
}

// ---- answers

static void respond_document(struct weir__conn *conn, const struct weir__route *route)
{
    struct weir_buf *out = &conn->sim->scratch;
    weir_buf_clear(out);
    route->say(&conn->sim->voice, out);
    const bool is_json = out->len > 0 && out->ptr[0] == '{';
    const char *type = is_json ? JSON_TYPE : "Content-Type: text/plain; charset=utf-8\r\n";
    respond(conn, HTTP_STATUS_OK, out->len > 0 ? type : "");
}

/** The request is the last that its connection gets an answer to. */
static bool is_last(const struct weir__conn *conn)
{
    const int64_t most = conn->sim->config->connection_requests;
    return most > 0 && conn->served >= (uint64_t)most;
}

void weir__route(struct weir__conn *conn)
{
    const char *path = weir_buf_text(&conn->path);
    const size_t len = strcspn(path, "?#");
    const struct weir__route *found = NULL;
    conn->state = WEIR__CONN_ANSWERING;
    conn->served++;
    if (is_last(conn)) {
        weir__conn_retire(conn);
    }
    weir_sim_pace_drop(&conn->sim->pace, &conn->item);
    for (size_t i = 0; found == NULL && i < WEIR_COUNT_OF(ROUTES); i++) {
        if (has_route(conn->sim, &ROUTES[i]) && matches(ROUTES[i].path, path, len)) {
            found = &ROUTES[i];
        }
    }
    if (found == NULL || conn->parser.method == HTTP_HEAD) {
        respond_not_found(conn, (int)len);
    } else if (conn->parser.method != found->method) {
        respond_wrong_method(conn, found);
    } else if (found->say != NULL) {
        respond_document(conn, found);
    } else {
        weir__admit(conn, found);
    }
}

void weir__route_broken(struct weir__conn *conn)
{
    struct weir_sim_refusal refusal;
    const int status = conn->refused_status > 0 ? conn->refused_status : HTTP_STATUS_BAD_REQUEST;
    const char *reason = llhttp_get_error_reason(&conn->parser);
    weir__conn_retire(conn);
    if (conn->refused_status > 0) {
        (void)weir_sim_refuse(
            &refusal, status, NULL,
            "The request is too large: a path may have %d bytes, headers %d, a body %d.",
            WEIR__PATH_CAP, WEIR__HEADER_CAP, WEIR__BODY_CAP);
    } else {
        (void)weir_sim_refuse(&refusal, status, NULL, "The request is not HTTP/1.1: %s",
                              reason != NULL ? reason : "malformed");
    }
    conn->parser.method = HTTP_GET; // the answer has a body, whatever the method was to be
    weir__route_refuse(conn, WEIR_SIM_CHAT, &refusal, "");
}
