// weir find: the highest load that keeps every objective. A search chooses the point; a fresh
// measurement of it, and of the load just beyond, is what is reported.
#include <math.h>
#include <stdio.h>

#include "find_internal.h"
#include "weir/base/buf.h"
#include "weir/base/log.h"
#include "weir/base/mem.h"
#include "weir/cli/command.h"

enum { OUTPUT_CAP = 1 << 22 };

/** What came out: `found` is 0 when no load held, `beyond` INFINITY when none missed. */
struct answer {
    double found;
    double beyond;
};

/** Values that find takes where the user left them open. */
static weir_status complete(struct weir_config *config, struct weir_err *err)
{
    weir_status status = WEIR_OK;
    if (config->duration == 0) {
        status = weir_config_set(config, FOR_FIND, "duration", "10s", err);
    }
    if (status == WEIR_OK && config->warmup == WEIR_WARMUP_FIXED &&
        config->origins[WEIR_OPTION_warmup_duration].kind == WEIR_ORIGIN_DEFAULT) {
        status = weir_config_set(config, FOR_FIND, "warmup-duration", "2s", err);
    }
    if (status == WEIR_OK && config->origins[WEIR_OPTION_name].kind == WEIR_ORIGIN_DEFAULT) {
        status = weir_config_set(config, FOR_FIND, "name", "find", err);
    }
    return status;
}

static weir_status check(const struct weir_config *config, struct weir_err *err)
{
    if (config->slo.count == 0) {
        return weir_fail(err, WEIR_INVALID,
                         "--slo is missing: say what the load must not break, as --slo "
                         "'ttft:p99<200ms'");
    }
    if (config->url.count > 1) {
        return weir_fail(err, WEIR_INVALID,
                         "find searches at one target, and %zu are given: leave one --url",
                         config->url.count);
    }
    if (config->find_max < config->find_from) {
        return weir_fail(err, WEIR_INVALID, "--find-max %g lies below --find-from %g",
                         config->find_max, config->find_from);
    }
    if (config->vary == WEIR_VARY_CONCURRENCY &&
        floor(config->find_max) < ceil(config->find_from)) {
        return weir_fail(err, WEIR_INVALID,
                         "no whole number lies between --find-from %g and --find-max %g",
                         config->find_from, config->find_max);
    }
    return WEIR_OK;
}

static const struct weir_find_probe *last_probe(const struct weir__find *find)
{
    return &find->probes[find->count - 1];
}

/** Loads that this machine has no descriptors or ports for are above what can be found here. */
static bool is_machine_limit(const struct weir__find *find, weir_status status)
{
    return find->search.held > 0 && (status == WEIR_INVALID || status == WEIR_TOO_LARGE);
}

/** Doubling and bisection. */
static weir_status search(struct weir__find *find, struct weir_err *err)
{
    double load = 0;
    weir_status status = WEIR_OK;
    while (status == WEIR_OK && weir_search_next(&find->search, &load)) {
        struct weir_err why = {0};
        status = weir__find_probe(find, load, &why);
        if (is_machine_limit(find, status)) {
            weir_warn("%g is more than this machine can do: %s", load, why.text);
            find->search.most = find->search.held;
            status = WEIR_OK;
            break;
        }
        if (status != WEIR_OK) {
            *err = why;
        }
        if (status != WEIR_OK || find->is_interrupted) {
            break;
        }
        weir_search_tell(&find->search, load, last_probe(find)->result == WEIR_FIND_HELD);
    }
    return status;
}

/** Attempts after the first get a directory of their own beside --out. */
static weir_status name_attempt(struct weir__find *find, const char *out, unsigned attempt,
                                struct weir_err *err)
{
    char name[512];
    if (attempt == 0 || out[0] == '\0') {
        return WEIR_OK; // the default name holds the time
    }
    (void)snprintf(name, sizeof(name), "%.500s-%u", out, attempt + 1);
    return weir_config_set(&find->config, FOR_FIND, "out", name, err);
}

/** Measure the found load afresh. When it does not hold any more, go down a step at a time. */
static weir_status confirm(struct weir__find *find, struct answer *answer, struct weir_err *err)
{
    char *out = weir_strdup(find->config.out);
    weir_status status = WEIR_OK;
    double load = find->search.held;
    double beyond = find->search.missed;
    *answer = (struct answer){.beyond = beyond};
    for (unsigned attempt = 0; load > 0 && answer->found == 0; attempt++) {
        const size_t first = find->count;
        status = name_attempt(find, out, attempt, err);
        if (status == WEIR_OK) {
            status = weir__find_measure(find, load, beyond, err);
        }
        if (status != WEIR_OK || find->is_interrupted) {
            break;
        }
        if (find->probes[first].result == WEIR_FIND_HELD) {
            *answer = (struct answer){.found = load, .beyond = beyond};
        } else {
            beyond = load;
            load = weir_search_step_down(&find->search, load);
        }
    }
    weir_free(out);
    return status;
}

static void print(const struct weir__find *find, const struct answer *answer)
{
    const struct weir_config *config = &find->config;
    const struct weir_find_report report = {
        .vary = config->vary == WEIR_VARY_CONCURRENCY ? "concurrency" : "request-rate",
        .dir = find->dir,
        .found = answer->found,
        .beyond = answer->beyond,
        .most = find->search.most,
        .is_interrupted = find->is_interrupted,
        .count = find->count,
        .probes = find->probes,
    };
    if (config->quiet && !config->json) {
        return;
    }
    struct weir_buf text;
    weir_buf_init(&text, OUTPUT_CAP);
    const bool fits =
        config->json ? weir_find_json(&report, &text) : weir_find_table(&report, &text);
    WEIR_ASSERT(fits);
    (void)fputs(weir_buf_text(&text), stdout);
    weir_buf_free(&text);
}

/** Was it the client that did not go along at the load beyond the answer? */
static bool is_client_limit(const struct weir__find *find, double beyond)
{
    for (size_t i = find->count; i > 0; i--) {
        if (find->probes[i - 1].load == beyond) {
            return find->probes[i - 1].result == WEIR_FIND_CLIENT;
        }
    }
    return false;
}

static weir_status judge(const struct weir__find *find, const struct answer *answer,
                         struct weir_err *err)
{
    if (find->is_interrupted) {
        return WEIR_INTERRUPTED;
    }
    const struct weir_find_probe *first = &find->probes[0];
    if (find->search.held == 0 && first->result == WEIR_FIND_FAILED) {
        return weir_fail(err, WEIR_UNREACHABLE, "no request succeeded at the first load, %g",
                         first->load);
    }
    if (is_client_limit(find, answer->beyond)) {
        return weir_fail(err, WEIR_RUN_INVALID,
                         "at %g the client, not the server, was the limit: the server may bear "
                         "more than %g; use more --workers or a machine of its own "
                         "(--allow-invalid takes such levels as they are)",
                         answer->beyond, answer->found);
    }
    if (answer->found == 0) {
        return weir_fail(err, WEIR_GATE_FAILED,
                         "no load from %g on keeps the objectives; try a lower --find-from",
                         first->load);
    }
    return WEIR_OK;
}

static weir_status find_load(struct weir__find *find, struct weir_err *err)
{
    struct weir_config *config = &find->config;
    struct answer answer = {.beyond = INFINITY};
    find->duration = config->duration;
    find->seed = config->seed;
    weir_search_init(&find->search, config->find_from, config->find_max, config->find_step,
                     config->vary == WEIR_VARY_CONCURRENCY);
    weir_status status = search(find, err);
    answer.beyond = find->search.missed;
    if (status == WEIR_OK && !find->is_interrupted) {
        status = confirm(find, &answer, err);
    }
    if (status == WEIR_OK) {
        print(find, &answer);
        status = judge(find, &answer, err);
    }
    return status;
}

int weir_cmd_find(int argc, char *const *argv)
{
    struct weir__find *find = weir_alloc(1, sizeof(*find));
    int exit_code = 0;
    if (!weir_cli_begin("find", FOR_FIND, "search for the highest load that keeps every objective",
                        argc, argv, &find->config, &exit_code)) {
        weir_free(find);
        return exit_code;
    }
    struct weir_err err = {0};
    find->argc = argc;
    find->argv = argv;
    weir_status status = complete(&find->config, &err);
    if (status == WEIR_OK) {
        status = check(&find->config, &err);
    }
    if (status == WEIR_OK) {
        status = weir_targets_open(&find->config, &find->targets, &err);
    }
    if (status == WEIR_OK) {
        status = find_load(find, &err);
    }
    exit_code = status == WEIR_OK || status == WEIR_INTERRUPTED ? weir_status_exit_code(status)
                                                                : weir_cli_fail(&err);
    weir_targets_close(&find->targets);
    weir_config_free(&find->config);
    weir_free(find);
    return exit_code;
}
