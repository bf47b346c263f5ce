// From a request's method and path to its answer, and the answers that are not streams.
#define _GNU_SOURCE
#include <string.h>

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

static void respond_fault(struct weir__conn *conn, const struct weir_sim_fault *fault,
                          const char *headers)
{
    weir_buf_clear(&conn->sim->scratch);
    weir_sim_fault_json(fault, &conn->sim->scratch);
    respond(conn, fault->http_status, headers);
}

static void respond_not_found(struct weir__conn *conn, int path_len)
{
    struct weir_sim_fault fault;
    for (int i = 0; i < path_len; i++) { // whatever bytes came, the answer is JSON
        const char c = conn->path.ptr[i];
        if (c <= ' ' || c > '~') {
            conn->path.ptr[i] = '?';
        }
    }
    (void)weir_sim_refuse(&fault, HTTP_STATUS_NOT_FOUND, NULL,
                          "There is no %s %.*s here. There are POST /v1/chat/completions, POST "
                          "/v1/completions, GET /v1/models, GET /health and GET /version.",
                          llhttp_method_name((llhttp_method_t)conn->parser.method),
                          path_len < 100 ? path_len : 100, weir_buf_text(&conn->path));
    respond_fault(conn, &fault, JSON_TYPE);
}

static void respond_wrong_method(struct weir__conn *conn, enum llhttp_method right)
{
    struct weir_sim_fault fault;
    (void)weir_sim_refuse(&fault, HTTP_STATUS_METHOD_NOT_ALLOWED, NULL,
                          "This path takes %s, not %s.", llhttp_method_name(right),
                          llhttp_method_name((llhttp_method_t)conn->parser.method));
    respond_fault(conn, &fault,
                  right == HTTP_POST ? "Content-Type: application/json\r\nAllow: POST\r\n"
                                     : "Content-Type: application/json\r\nAllow: GET\r\n");
}

// ---- routes
// ------------------------------------------------------------------------------------------

static void answer_chat(struct weir__conn *conn)
{
    weir__stream_start(conn, true);
}

static void answer_completions(struct weir__conn *conn)
{
    weir__stream_start(conn, false);
}

static void answer_models(struct weir__conn *conn)
{
    weir_buf_clear(&conn->sim->scratch);
    weir_sim_models_json(&conn->sim->openai, &conn->sim->scratch);
    respond(conn, HTTP_STATUS_OK, JSON_TYPE);
}

static void answer_health(struct weir__conn *conn)
{
    weir_buf_clear(&conn->sim->scratch);
    respond(conn, HTTP_STATUS_OK, "");
}

static void answer_version(struct weir__conn *conn)
{
    weir_buf_clear(&conn->sim->scratch);
    (void)weir_buf_add_str(&conn->sim->scratch, "{\"version\":\"" WEIR_VERSION "\"}");
    respond(conn, HTTP_STATUS_OK, JSON_TYPE);
}

static const struct {
    const char *path;
    enum llhttp_method method;
    void (*answer)(struct weir__conn *conn);
} ROUTES[] = {
    {"/v1/chat/completions", HTTP_POST, answer_chat},
    {"/v1/completions", HTTP_POST, answer_completions},
    {"/v1/models", HTTP_GET, answer_models},
    {"/health", HTTP_GET, answer_health},
    {"/version", HTTP_GET, answer_version},
};

void weir__route(struct weir__conn *conn)
{
    const char *path = weir_buf_text(&conn->path);
    const size_t len = strcspn(path, "?#");
    conn->state = WEIR__CONN_ANSWERING;
    weir_sim_pace_drop(&conn->sim->pace, &conn->item);
    for (size_t i = 0; i < WEIR_COUNT_OF(ROUTES); i++) {
        if (strlen(ROUTES[i].path) != len || memcmp(ROUTES[i].path, path, len) != 0) {
            continue;
        }
        if (conn->parser.method == ROUTES[i].method) {
            ROUTES[i].answer(conn);
        } else if (conn->parser.method == HTTP_HEAD) {
            break;
        } else {
            respond_wrong_method(conn, ROUTES[i].method);
        }
        return;
    }
    respond_not_found(conn, (int)len);
}

void weir__route_broken(struct weir__conn *conn)
{
    struct weir_sim_fault fault;
    const int status = conn->refused_status > 0 ? conn->refused_status : HTTP_STATUS_BAD_REQUEST;
    const char *reason = llhttp_get_error_reason(&conn->parser);
    conn->keeps_alive = false;
    if (conn->refused_status > 0) {
        (void)weir_sim_refuse(
            &fault, status, NULL,
            "The request is too large: a path may have %d bytes, headers %d, a body %d.",
            WEIR__PATH_CAP, WEIR__HEADER_CAP, WEIR__BODY_CAP);
    } else {
        (void)weir_sim_refuse(&fault, status, NULL, "The request is not HTTP/1.1: %s",
                              reason != NULL ? reason : "malformed");
    }
    conn->parser.method = HTTP_GET; // the answer has a body, whatever the method was to be
    respond_fault(conn, &fault, JSON_TYPE);
}

void weir__route_refuse(struct weir__conn *conn, const struct weir_sim_fault *fault)
{
    respond_fault(conn, fault, JSON_TYPE);
}
