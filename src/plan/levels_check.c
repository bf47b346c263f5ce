// Load options that contradict each other: see weir__levels_check in plan_internal.h. An option
// that was given its default value contradicts nothing.
#include <string.h>

#include "plan_internal.h"
#include "weir/base/attr.h"
#include "weir/base/units.h"

bool weir__is_open_loop(const struct weir_config *config)
{
    return config->request_rate.count > 0 || config->rate_schedule[0] != '\0' ||
           config->arrival_file[0] != '\0';
}

/** Was the option given a value other than its default? For options without lists. */
static bool is_changed(const struct weir_config *config, enum weir_option_id id)
{
    char text[64];
    struct weir_buf value;
    if (config->origins[id].kind == WEIR_ORIGIN_DEFAULT) {
        return false;
    }
    weir_buf_init(&value, sizeof(text));
    const bool is_default = weir_config_format(config, id, &value) &&
                            strcmp(weir_buf_text(&value), weir_option(id)->fallback) == 0;
    weir_buf_free(&value);
    return !is_default;
}

/** The first of `ids` that is changed; NULL when none is. */
static const char *first_changed(const struct weir_config *config, const enum weir_option_id *ids,
                                 size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_changed(config, ids[i])) {
            return weir_option(ids[i])->name;
        }
    }
    return NULL;
}

/** One option at most says when requests are sent. */
static weir_status check_sources(const struct weir_config *config, struct weir_err *err)
{
    const char *const given[] = {
        config->origins[WEIR_OPTION_concurrency].kind != WEIR_ORIGIN_DEFAULT ? "concurrency" : NULL,
        config->request_rate.count > 0 ? "request-rate" : NULL,
        config->rate_schedule[0] != '\0' ? "rate-schedule" : NULL,
        config->arrival_file[0] != '\0' ? "arrival-file" : NULL,
    };
    const char *first = NULL;
    for (size_t i = 0; i < WEIR_COUNT_OF(given); i++) {
        if (given[i] != NULL && first != NULL) {
            return weir_fail(err, WEIR_INVALID,
                             "--%s and --%s each say when requests are sent: give one of them%s",
                             first, given[i],
                             first == given[0] ? " (--max-in-flight bounds an open loop)" : "");
        }
        first = first != NULL ? first : given[i];
    }
    return WEIR_OK;
}

static weir_status check_closed_loop(const struct weir_config *config, struct weir_err *err)
{
    static const enum weir_option_id open_only[] = {
        WEIR_OPTION_arrival,
        WEIR_OPTION_burstiness,
        WEIR_OPTION_burst,
        WEIR_OPTION_when_full,
        WEIR_OPTION_rescale_arrivals,
        WEIR_OPTION_max_in_flight,
        WEIR_OPTION_stop_when_saturated,
    };
    const char *name = first_changed(config, open_only, WEIR_COUNT_OF(open_only));
    return name == NULL ? WEIR_OK
                        : weir_fail(err, WEIR_INVALID,
                                    "--%s shapes an open loop: give --request-rate, "
                                    "--rate-schedule or --arrival-file too",
                                    name);
}

/** A file of times decides about arrivals alone. */
static weir_status check_file(const struct weir_config *config, struct weir_err *err)
{
    static const enum weir_option_id of_rates[] = {
        WEIR_OPTION_arrival,
        WEIR_OPTION_burstiness,
        WEIR_OPTION_burst,
        WEIR_OPTION_rescale_arrivals,
    };
    const char *name = first_changed(config, of_rates, WEIR_COUNT_OF(of_rates));
    return name == NULL
               ? WEIR_OK
               : weir_fail(err, WEIR_INVALID,
                           "--%s cannot go with --arrival-file: its times are taken as they are",
                           name);
}

static weir_status check_open_loop(const struct weir_config *config, struct weir_err *err)
{
    if (is_changed(config, WEIR_OPTION_burstiness) && config->arrival != WEIR_ARRIVAL_GAMMA) {
        return weir_fail(err, WEIR_INVALID,
                         "--burstiness is the shape of gamma gaps: give --arrival gamma too");
    }
    if (config->when_full == WEIR_WHEN_FULL_DROP && config->max_in_flight == -1) {
        return weir_fail(err, WEIR_INVALID,
                         "--when-full drop needs a limit to drop at: give --max-in-flight N");
    }
    if (config->rescale_arrivals && config->warmup_count > 0 && config->duration > 0) {
        return weir_fail(err, WEIR_INVALID,
                         "--rescale-arrivals must know when the level ends: with --duration give "
                         "--warmup-duration in place of --warmup-count");
    }
    return WEIR_OK;
}

static weir_status check_warmup(const struct weir_config *config, struct weir_err *err)
{
    if (config->warmup == WEIR_WARMUP_AUTO && config->warmup_count > 0) {
        return weir_fail(err, WEIR_INVALID,
                         "--warmup auto finds the end of the warm-up itself: leave --warmup-count "
                         "out, or give --warmup fixed");
    }
    return WEIR_OK;
}

static weir_status check_cancelling(const struct weir_config *config, struct weir_err *err)
{
    if (config->cancel_rate == 0 && is_changed(config, WEIR_OPTION_cancel_after)) {
        return weir_fail(err, WEIR_INVALID,
                         "--cancel-after says when, not how many: give --cancel-rate too");
    }
    if (config->cancel_rate > 0 && config->timeout > 0 && config->cancel_after >= config->timeout) {
        char after[32];
        char limit[32];
        return weir_fail(err, WEIR_INVALID,
                         "--cancel-after %s cannot come before --timeout %s: shorten the one or "
                         "lengthen the other",
                         weir_format_duration(config->cancel_after, after, sizeof(after)),
                         weir_format_duration(config->timeout, limit, sizeof(limit)));
    }
    return WEIR_OK;
}

weir_status weir__levels_check(const struct weir_config *config, struct weir_err *err)
{
    weir_status status = check_sources(config, err);
    if (status == WEIR_OK && !weir__is_open_loop(config)) {
        status = check_closed_loop(config, err);
    }
    if (status == WEIR_OK && config->arrival_file[0] != '\0') {
        status = check_file(config, err);
    }
    if (status == WEIR_OK && weir__is_open_loop(config)) {
        status = check_open_loop(config, err);
    }
    if (status == WEIR_OK) {
        status = check_warmup(config, err);
    }
    return status == WEIR_OK ? check_cancelling(config, err) : status;
}
