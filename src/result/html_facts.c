// The facts of a run back from run.json, for reports that are made again. See html_internal.h.
#include "html_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json_internal.h"
#include "weir/base/mem.h"
#include "weir/base/str.h"

enum { CONFIG_MAX = 16 << 20 };

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

static int64_t count_of(const json_t *value)
{
    if (json_is_string(value)) {
        return INT64_MAX; // "unlimited"
    }
    return json_is_integer(value) ? json_integer_value(value) : -1;
}

static uint64_t hash_of(const json_t *object, const char *key)
{
    return strtoull(text_of(object, key), NULL, 16);
}

static void read_host(const json_t *host, struct weir_host_facts *out)
{
    const json_t *ports = json_object_get(host, "ip_local_port_range");
    const json_t *load = json_object_get(host, "load_average");
    (void)weir_copy(out->hostname, sizeof(out->hostname), text_of(host, "hostname"));
    (void)weir_copy(out->kernel, sizeof(out->kernel), text_of(host, "kernel"));
    (void)weir_copy(out->cpu_model, sizeof(out->cpu_model), text_of(host, "cpu_model"));
    (void)weir_copy(out->clocksource, sizeof(out->clocksource), text_of(host, "clocksource"));
    (void)weir_copy(out->governor, sizeof(out->governor), text_of(host, "governor"));
    out->cores = count_of(json_object_get(host, "cores"));
    out->memory_bytes = count_of(json_object_get(host, "memory_bytes"));
    out->open_files_soft = count_of(json_object_get(host, "open_files_soft"));
    out->open_files_hard = count_of(json_object_get(host, "open_files_hard"));
    out->port_first = count_of(json_array_get(ports, 0));
    out->port_last = count_of(json_array_get(ports, 1));
    out->load_average = json_is_number(load) ? json_number_value(load) : NAN;
}

static void read_targets(const json_t *root, struct weir__html_facts *out)
{
    const json_t *targets = json_object_get(root, "targets");
    out->targets = weir_alloc(json_array_size(targets) + 1, sizeof(*out->targets));
    size_t i = 0;
    const json_t *target = NULL;
    json_array_foreach(targets, i, target)
    {
        out->targets[i] = (struct weir_run_target){.name = text_of(target, "name"),
                                                   .url = text_of(target, "url"),
                                                   .model = text_of(target, "model")};
        out->facts.target_count = i + 1;
    }
    out->facts.targets = out->targets;
}

static void read_errors(const struct weir_rundata *run, struct weir_errors *out)
{
    weir_errors_init(out);
    out->items = weir_alloc(run->error_count + 1, sizeof(*out->items));
    for (size_t i = 0; i < run->error_count; i++) {
        const struct weir_error_row *row = &run->errors[i];
        struct weir_error_entry *entry = &out->items[out->count++];
        *entry = (struct weir_error_entry){
            .level = row->level, .outcome = row->outcome, .count = row->count};
        (void)weir_copy(entry->text, sizeof(entry->text), row->message);
    }
}

void weir__html_facts_of(const struct weir_rundata *run, struct weir__html_facts *out)
{
    // Both files say it; summary.json is the one that is sure to be of this run.
    const json_t *root = run->summary_json != NULL ? run->summary_json : run->run;
    *out = (struct weir__html_facts){.targets = NULL};
    weir_buf_init(&out->config, CONFIG_MAX);
    const json_t *config = json_object_get(run->run, "config");
    if (config != NULL) {
        (void)weir__json_add(config, &out->config);
    }
    out->facts = (struct weir_run_facts){
        .state = run->summary.is_interrupted ? WEIR_RUN_INTERRUPTED : WEIR_RUN_COMPLETE,
        .name = run->summary.name,
        .weir_version = text_of(root, "weir_version"),
        .seed = run->summary.seed,
        .config_hash = hash_of(root, "config_hash"),
        .plan_hash = hash_of(root, "plan_hash"),
        .config_json = weir_buf_text(&out->config),
    };
    (void)weir_copy(out->facts.started_at, sizeof(out->facts.started_at),
                    text_of(root, "started_at"));
    (void)weir_copy(out->facts.ended_at, sizeof(out->facts.ended_at), text_of(root, "ended_at"));
    read_host(json_object_get(root, "host"), &out->facts.host);
    read_targets(run->run, out);
    read_errors(run, &out->errors);
}

void weir__html_facts_free(struct weir__html_facts *facts)
{
    weir_errors_free(&facts->errors);
    weir_buf_free(&facts->config);
    weir_free(facts->targets);
}
