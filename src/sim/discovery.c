// Documents about the server: which models, which version, is it well.
#define _GNU_SOURCE
#include "format.h"
#include "sim_internal.h"
#include "weir/base/attr.h"

void weir__say_models(const struct weir_sim_voice *voice, struct weir_buf *out)
{
    weir__say(out, "{\"object\":\"list\",\"data\":[{\"id\":");
    weir__say_string(out, voice->model);
    weir__say(out, ",\"object\":\"model\",\"created\":");
    weir__say_number(out, (uint64_t)weir__unix_now());
    weir__say(out, ",\"owned_by\":\"weir\",\"root\":");
    weir__say_string(out, voice->model);
    weir__say(out, ",\"parent\":null}]}");
}

/** 200 says it all. */
void weir__say_health(const struct weir_sim_voice *voice, struct weir_buf *out)
{
    (void)voice;
    (void)out;
}

void weir__say_version(const struct weir_sim_voice *voice, struct weir_buf *out)
{
    (void)voice;
    weir__say(out, "{\"version\":\"" WEIR_VERSION "\"}");
}

void weir__say_ollama_root(const struct weir_sim_voice *voice, struct weir_buf *out)
{
    (void)voice;
    weir__say(out, "Ollama is running");
}

void weir__say_ollama_tags(const struct weir_sim_voice *voice, struct weir_buf *out)
{
    char now[64];
    weir__say(out, "{\"models\":[{\"name\":");
    weir__say_string(out, voice->model);
    weir__say(out, ",\"model\":");
    weir__say_string(out, voice->model);
    weir__say(out, ",\"modified_at\":\"");
    weir__say(out, weir_clock_rfc3339(weir_clock_now(), now, sizeof(now)));
    weir__say(out, "\",\"size\":0,\"digest\":\"0\",\"details\":{\"parent_model\":\"\",\"format\":"
                   "\"simulated\",\"family\":\"sim\",\"families\":[\"sim\"],\"parameter_size\":"
                   "\"0B\",\"quantization_level\":\"none\"}}]}");
}

void weir__say_ollama_version(const struct weir_sim_voice *voice, struct weir_buf *out)
{
    weir__say_version(voice, out);
}

static void add_limit(struct weir_buf *out, const char *name, int64_t value)
{
    weir__say(out, name);
    weir__say_number(out, value > 0 ? (uint64_t)value : 0);
}

void weir__say_tgi_info(const struct weir_sim_voice *voice, struct weir_buf *out)
{
    weir__say(out, "{\"model_id\":");
    weir__say_string(out, voice->model);
    weir__say(out, ",\"model_sha\":null,\"model_pipeline_tag\":\"text-generation\"");
    add_limit(out, ",\"max_concurrent_requests\":", voice->config->slots);
    add_limit(out, ",\"max_input_tokens\":", WEIR_SIM_TOKENS_MAX);
    add_limit(out, ",\"max_total_tokens\":", WEIR_SIM_TOKENS_MAX);
    weir__say(out, ",\"router\":\"text-generation-router\",\"version\":\"" WEIR_VERSION "\"}");
}

void weir__say_llamacpp_props(const struct weir_sim_voice *voice, struct weir_buf *out)
{
    weir__say(out, "{\"default_generation_settings\":{\"n_ctx\":");
    weir__say_number(out, WEIR_SIM_TOKENS_MAX);
    weir__say(out, "}");
    add_limit(out, ",\"total_slots\":", voice->config->slots);
    weir__say(out, ",\"model_path\":");
    weir__say_string(out, voice->model);
    weir__say(out, ",\"chat_template\":\"\",\"build_info\":\"weir-" WEIR_VERSION "\"}");
}

void weir__say_sglang_info(const struct weir_sim_voice *voice, struct weir_buf *out)
{
    weir__say(out, "{\"model_path\":");
    weir__say_string(out, voice->model);
    weir__say(out, ",\"tokenizer_path\":");
    weir__say_string(out, voice->model);
    weir__say(out, ",\"is_generation\":true,\"version\":\"" WEIR_VERSION "\"}");
}
