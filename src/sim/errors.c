// Error bodies in the shapes that servers give them.
#include "format.h"
#include "weir/base/attr.h"

enum weir_sim_error_shape weir__error_shape(const struct weir_sim_profile *profile,
                                            enum weir_sim_format_id format, bool is_in_stream)
{
    switch (format) {
    case WEIR_SIM_OLLAMA_CHAT:
    case WEIR_SIM_OLLAMA_GENERATE:
    case WEIR_SIM_TRITON:
        return WEIR_SIM_ERROR_TEXT;
    case WEIR_SIM_TGI:
        return WEIR_SIM_ERROR_TGI;
    case WEIR_SIM_MESSAGES:
        return WEIR_SIM_ERROR_ANTHROPIC;
    case WEIR_SIM_LLAMACPP:
        return WEIR_SIM_ERROR_LLAMACPP;
    case WEIR_SIM_RESPONSES:
        if (is_in_stream) {
            return WEIR_SIM_ERROR_EVENT;
        }
        break;
    case WEIR_SIM_COMPLETIONS:
    case WEIR_SIM_CHAT:
    case WEIR_SIM_EMBEDDINGS:
    case WEIR_SIM_RERANK:
    case WEIR_SIM_SGLANG:
    case WEIR_SIM_FORMAT_COUNT:
    default:
        break;
    }
    return (enum weir_sim_error_shape)(is_in_stream ? profile->stream_error : profile->error);
}

static void add_member(struct weir_buf *out, const char *name, const char *text)
{
    weir__say(out, name);
    weir__say_string(out, text);
}

static const char *tgi_type(int status)
{
    switch (status) {
    case 429:
        return "overloaded";
    case 422:
    case 400:
        return "validation";
    default:
        return "generation";
    }
}

static const char *llamacpp_type(int status)
{
    switch (status) {
    case 401:
        return "authentication_error";
    case 404:
        return "not_found_error";
    case 503:
        return "unavailable_error";
    default:
        return status >= 500 ? "server_error" : "invalid_request_error";
    }
}

static const char *anthropic_type(int status)
{
    switch (status) {
    case 401:
        return "authentication_error";
    case 403:
        return "permission_error";
    case 404:
        return "not_found_error";
    case 429:
        return "rate_limit_error";
    case 503:
    case 529:
        return "overloaded_error";
    default:
        return status >= 500 ? "api_error" : "invalid_request_error";
    }
}

/** Members that OpenAI's shapes share, from "message" to "param". */
static void add_common(struct weir_buf *out, const struct weir_sim_refusal *refusal)
{
    add_member(out, "\"message\":", refusal->message);
    add_member(out, ",\"type\":", refusal->type);
    add_member(out, ",\"param\":", refusal->param);
}

void weir__say_error(enum weir_sim_error_shape shape, const struct weir_sim_refusal *refusal,
                     const struct weir_sim_answer *answer, struct weir_buf *out)
{
    const uint64_t status = (uint64_t)refusal->http_status;
    switch (shape) {
    case WEIR_SIM_ERROR_NUMBERED:
    case WEIR_SIM_ERROR_FLAT:
        weir__say(out, shape == WEIR_SIM_ERROR_FLAT ? "{\"object\":\"error\"," : "{\"error\":{");
        add_common(out, refusal);
        weir__say(out, ",\"code\":");
        weir__say_number(out, status);
        weir__say(out, shape == WEIR_SIM_ERROR_FLAT ? "}" : "}}");
        break;
    case WEIR_SIM_ERROR_TEXT:
        add_member(out, "{\"error\":", refusal->message);
        weir__say(out, "}");
        break;
    case WEIR_SIM_ERROR_TGI:
        add_member(out, "{\"error\":", refusal->message);
        add_member(out, ",\"error_type\":", tgi_type(refusal->http_status));
        weir__say(out, "}");
        break;
    case WEIR_SIM_ERROR_TGI_CHUNK: // it always says 422
        add_member(out, "{\"error\":{\"message\":", refusal->message);
        weir__say(out, ",\"http_status_code\":422}}");
        break;
    case WEIR_SIM_ERROR_LLAMACPP:
        weir__say(out, "{\"error\":{\"code\":");
        weir__say_number(out, status);
        add_member(out, ",\"message\":", refusal->message);
        add_member(out, ",\"type\":", llamacpp_type(refusal->http_status));
        weir__say(out, "}}");
        break;
    case WEIR_SIM_ERROR_ANTHROPIC:
        add_member(
            out, "{\"type\":\"error\",\"error\":{\"type\":", anthropic_type(refusal->http_status));
        add_member(out, ",\"message\":", refusal->message);
        weir__say(out, "}}");
        break;
    case WEIR_SIM_ERROR_EVENT:
        add_member(out, "{\"type\":\"error\",\"code\":", refusal->type);
        add_member(out, ",\"message\":", refusal->message);
        weir__say(out, ",\"param\":null,\"sequence_number\":");
        weir__say_number(out, answer != NULL ? answer->sequence : 0);
        weir__say(out, "}");
        break;
    case WEIR_SIM_ERROR_OPENAI:
    default:
        weir__say(out, "{\"error\":{");
        add_common(out, refusal);
        add_member(out, ",\"code\":", refusal->code);
        weir__say(out, "}}");
        break;
    }
}

void weir_sim_error_json(const struct weir_sim_profile *profile, enum weir_sim_format_id format,
                         const struct weir_sim_refusal *refusal, struct weir_buf *out)
{
    weir__say_error(weir__error_shape(profile, format, false), refusal, NULL, out);
}
