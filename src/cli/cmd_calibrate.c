// weir calibrate: the simulator and the client side by side, level by level: how far can times be
// trusted on this machine?
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "weir/base/buf.h"
#include "weir/base/log.h"
#include "weir/base/mem.h"
#include "weir/cli/command.h"
#include "weir/cli/sim_child.h"
#include "weir/engine/run.h"
#include "weir/plan/plan.h"
#include "weir/result/calibration.h"

enum { OUTPUT_CAP = 1 << 20 };

/** What --concurrency is when nobody said. */
static const char default_levels[] = "1,10,100,500,1000";

/** Values that calibrate takes where the user left them open. */
static weir_status complete(struct weir_config *config, struct weir_err *err)
{
    weir_status status = WEIR_OK;
    if (config->origins[WEIR_OPTION_concurrency].kind == WEIR_ORIGIN_DEFAULT) {
        status = weir_config_set(config, FOR_CALIBRATE, "concurrency", default_levels, err);
    }
    if (status == WEIR_OK && config->duration == 0) {
        status = weir_config_set(config, FOR_CALIBRATE, "duration", "5s", err);
    }
    if (status == WEIR_OK && config->osl == 0) {
        status = weir_config_set(config, FOR_CALIBRATE, "osl", "100", err);
    }
    return status;
}

/** "ttft=50ms,itl=10ms:30,seed=1" for the simulator. */
static void sim_options(const struct weir_config *config, char *out, size_t size)
{
    char ttft[96];
    char itl[96];
    (void)snprintf(out, size, "ttft=%s,itl=%s,seed=%lld",
                   weir_dist_format_duration(&config->ttft, ttft, sizeof(ttft)),
                   weir_dist_format_duration(&config->itl, itl, sizeof(itl)),
                   (long long)config->seed);
}

/** The plan of one level: `config` with this concurrency alone. */
static weir_status plan_level(struct weir_config *config, int64_t concurrency, uint16_t port,
                              struct weir_plan **out, struct weir_err *err)
{
    const struct weir_i64_list all = config->concurrency;
    struct weir_target target;
    weir_status status = weir_target_parse("sim:", config->endpoint_type, &target, err);
    if (status != WEIR_OK) {
        return status;
    }
    weir_target_set_sim_port(&target, port);
    (void)weir_copy(target.model, sizeof(target.model), "sim-model");
    config->concurrency = (struct weir_i64_list){&concurrency, 1};
    status = weir_plan_new(config, &target, 1, out, err);
    config->concurrency = all;
    return status;
}

/** Run the level; `*summary` has exactly one level when all is well. */
static weir_status run_level(struct weir_config *config, int64_t concurrency, uint16_t port,
                             struct weir_summary *summary, struct weir_err *err)
{
    struct weir_plan *plan = NULL;
    const struct weir_run_sink none = {0};
    weir_status status = plan_level(config, concurrency, port, &plan, err);
    if (status == WEIR_OK) {
        status = weir_run_check(config, plan, err);
    }
    if (status == WEIR_OK) {
        status = weir_run(config, plan, &none, summary, err);
    }
    weir_plan_free(plan);
    if (status == WEIR_OK && summary->is_interrupted) {
        status = weir_fail(err, WEIR_INTERRUPTED, "interrupted");
    }
    return status;
}

static weir_status calibrate_level(struct weir_config *config, int64_t concurrency,
                                   const char *truth, struct weir_calibration_row *row,
                                   struct weir_err *err)
{
    char options[256];
    struct weir_sim_child sim;
    struct weir_summary summary = {0};
    sim_options(config, options, sizeof(options));
    weir_status status = weir_sim_child_start(&sim, options, truth, err);
    if (status != WEIR_OK) {
        return status;
    }
    status = run_level(config, concurrency, sim.port, &summary, err);
    weir_status stopped = weir_sim_child_stop(&sim, status == WEIR_OK ? err : NULL);
    status = status == WEIR_OK ? stopped : status;
    if (status == WEIR_OK) {
        status = weir_calibration_compare(&summary.levels[0], truth, config->bound, row, err);
    }
    weir_summary_free(&summary);
    return status;
}

static weir_status calibrate_all(struct weir_config *config, const char *truth,
                                 struct weir_calibration_row *rows, struct weir_err *err)
{
    weir_status status = WEIR_OK;
    for (size_t i = 0; i < config->concurrency.count && status == WEIR_OK; i++) {
        if (config->progress != WEIR_PROGRESS_NONE) {
            weir_note("calibrating with %lld streams", (long long)config->concurrency.items[i]);
        }
        status = calibrate_level(config, config->concurrency.items[i], truth, &rows[i], err);
    }
    return status;
}

static void print(const struct weir_config *config, const struct weir_calibration_row *rows)
{
    struct weir_buf text;
    weir_buf_init(&text, OUTPUT_CAP);
    const size_t count = config->concurrency.count;
    bool fits = config->json ? weir_calibration_json(rows, count, config->bound, &text)
                             : weir_calibration_table(rows, count, config->bound, &text);
    WEIR_ASSERT(fits);
    (void)fputs(weir_buf_text(&text), stdout);
    weir_buf_free(&text);
}

/** With a place for the truth files, removed afterwards. */
static weir_status calibrate(struct weir_config *config, struct weir_err *err)
{
    const char *tmp = getenv("TMPDIR");
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/weir-truth-XXXXXX",
                   tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp");
    int fd = mkstemp(path);
    if (fd < 0) {
        return weir_fail(err, WEIR_SYSTEM, "cannot make a temporary file %s: %s; set TMPDIR", path,
                         strerror(errno));
    }
    (void)close(fd);
    struct weir_calibration_row *rows = weir_alloc(config->concurrency.count, sizeof(*rows));
    weir_status status = calibrate_all(config, path, rows, err);
    if (status == WEIR_OK) {
        print(config, rows);
        status = weir_calibration_limit(rows, config->concurrency.count) > 0 ? WEIR_OK
                                                                             : WEIR_RUN_INVALID;
    }
    (void)unlink(path);
    weir_free(rows);
    return status;
}

int weir_cmd_calibrate(int argc, char *const *argv)
{
    struct weir_config config;
    int exit_code = 0;
    if (!weir_cli_begin("calibrate", FOR_CALIBRATE,
                        "measure weir's own error on this machine against the simulator", argc,
                        argv, &config, &exit_code)) {
        return exit_code;
    }
    struct weir_err err = {0};
    weir_status status = complete(&config, &err);
    if (status == WEIR_OK) {
        status = calibrate(&config, &err);
    }
    exit_code = weir_status_exit_code(status);
    if (status != WEIR_OK && status != WEIR_RUN_INVALID) {
        exit_code = weir_cli_fail(&err);
    }
    weir_config_free(&config);
    return exit_code;
}
