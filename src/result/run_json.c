// run.json: see run_json.h.
#include "weir/result/run_json.h"

#include "json_internal.h"
#include "weir/result/redact.h"

const char *weir_run_state_key(enum weir_run_state state)
{
    static const char *const keys[] = {"running", "complete", "interrupted"};
    return (size_t)state < WEIR_COUNT_OF(keys) ? keys[state] : "unknown";
}

static json_t *text_without_secrets(const char *text)
{
    struct weir_buf clean;
    weir_buf_init(&clean, 1U << 20);
    json_t *out =
        weir_redact_urls(text, &clean) ? weir__json_text(weir_buf_text(&clean)) : json_null();
    weir_buf_free(&clean);
    return out;
}

/** {"name": {"value": …, "origin": …}}, with URLs inside values (and inside lists of them)
 * redacted. */
static json_t *config_of(const char *config_json)
{
    json_t *config = json_loads(config_json, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(config)) {
        json_decref(config);
        return json_null();
    }
    const char *name = NULL;
    json_t *option = NULL;
    json_object_foreach(config, name, option)
    {
        json_t *value = json_object_get(option, "value");
        size_t i = 0;
        json_t *item = NULL;
        json_array_foreach(value, i, item)
        {
            if (json_is_string(item)) {
                (void)json_array_set_new(value, i, text_without_secrets(json_string_value(item)));
            }
        }
        if (json_is_string(value) && json_string_length(value) > 0) {
            weir__json_put(option, "value", text_without_secrets(json_string_value(value)));
        }
    }
    return config;
}

static json_t *targets_of(const struct weir_run_facts *facts)
{
    json_t *targets = json_array();
    for (size_t i = 0; i < facts->target_count; i++) {
        const struct weir_run_target *target = &facts->targets[i];
        json_t *one = json_object();
        weir__json_put(one, "name", weir__json_text(target->name));
        weir__json_put(one, "url", text_without_secrets(target->url));
        weir__json_put(one, "model", weir__json_text(target->model));
        weir__json_append(targets, one);
    }
    return targets;
}

static json_t *libraries_of(const struct weir_run_facts *facts)
{
    json_t *libraries = json_object();
    for (size_t i = 0; i < facts->library_count; i++) {
        weir__json_put(libraries, facts->libraries[i].name,
                       weir__json_text(facts->libraries[i].version));
    }
    return libraries;
}

static json_t *command_of(const struct weir_run_facts *facts)
{
    json_t *command = json_array();
    for (size_t i = 0; i < facts->command_count; i++) {
        const char *word = facts->command[i];
        weir__json_append(command, word[0] != '\0' ? weir__json_text(word) : json_string(""));
    }
    return command;
}

bool weir_run_json(const struct weir_run_facts *facts, struct weir_buf *out)
{
    json_t *root = json_object();
    weir__json_put(root, "schema", json_string("weir.run/1"));
    weir__json_put(root, "state", json_string(weir_run_state_key(facts->state)));
    weir__json_put(root, "name", weir__json_text(facts->name));
    weir__json_put(root, "weir_version", weir__json_text(facts->weir_version));
    weir__json_put(root, "started_at", weir__json_text(facts->started_at));
    weir__json_put(root, "ended_at", weir__json_text(facts->ended_at));
    weir__json_put(root, "seed", json_integer((json_int_t)facts->seed));
    weir__json_put(root, "config_hash", weir__json_hash(facts->config_hash));
    weir__json_put(root, "plan_hash", weir__json_hash(facts->plan_hash));
    weir__json_put(root, "command", command_of(facts));
    weir__json_put(root, "targets", targets_of(facts));
    json_t *starts = json_array();
    for (size_t i = 0; i < facts->level_start_count; i++) {
        weir__json_append(starts, weir__json_text(facts->level_starts[i]));
    }
    weir__json_put(root, "level_starts", starts);
    weir__json_put(root, "config", config_of(facts->config_json));
    weir__json_put(root, "libraries", libraries_of(facts));
    weir__json_put(root, "host", weir__json_host(&facts->host));
    return weir__json_dump(root, out);
}
