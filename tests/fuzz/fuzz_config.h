/** fuzz_config.h: what must hold of any configuration that was accepted, whatever the input was. */
#ifndef WEIR_TESTS_FUZZ_CONFIG_H
#define WEIR_TESTS_FUZZ_CONFIG_H

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/config/config.h"

enum { FUZZ_BYTES_MAX = 64 << 20 };

/** The effective configuration is one JSON object. */
static inline void check_json(const struct weir_config *config, int command)
{
    struct weir_buf text;
    weir_buf_init(&text, FUZZ_BYTES_MAX);
    WEIR_ASSERT(weir_config_json(config, command, &text));
    json_t *root = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
    WEIR_ASSERT(json_is_object(root));
    json_decref(root);
    weir_buf_free(&text);
}

/** Can what is printed of the option be set again as one flag? Secrets and lists of texts that hold
 * not one item cannot. */
static inline bool is_one_flag(const struct weir_config *config, enum weir_option_id id)
{
    switch ((int)id) {
    case WEIR_OPTION_header:
    case WEIR_OPTION_api_key:
        return false;
    case WEIR_OPTION_url:
        return config->url.count == 1;
    case WEIR_OPTION_extra_inputs:
        return config->extra_inputs.count == 1;
    case WEIR_OPTION_slo:
        return config->slo.count == 1;
    case WEIR_OPTION_request_rate:
        return config->request_rate.count > 0;
    default:
        return true;
    }
}

/** Printed, set and printed again, an option reads the same. */
static inline void check_round_trip(const struct weir_config *config, int command,
                                    enum weir_option_id id)
{
    struct weir_config again;
    struct weir_buf first;
    struct weir_buf second;
    weir_config_init(&again);
    weir_buf_init(&first, FUZZ_BYTES_MAX);
    weir_buf_init(&second, FUZZ_BYTES_MAX);
    WEIR_ASSERT(weir_config_format(config, id, &first));
    WEIR_ASSERT(weir_config_set(&again, command, weir_option(id)->name, weir_buf_text(&first),
                                NULL) == WEIR_OK);
    WEIR_ASSERT(weir_config_format(&again, id, &second));
    WEIR_ASSERT(strcmp(weir_buf_text(&first), weir_buf_text(&second)) == 0);
    weir_buf_free(&second);
    weir_buf_free(&first);
    weir_config_free(&again);
}

/** What must hold after parsing. */
static inline void check_outcome(const struct weir_config *config, int command, weir_status status,
                                 const struct weir_err *err)
{
    if (status == WEIR_OK) {
        check_json(config, command);
        for (int i = 0; i < WEIR_OPTION_COUNT; i++) {
            const enum weir_option_id id = (enum weir_option_id)i;
            if ((weir_option(id)->commands & command) != 0 && is_one_flag(config, id)) {
                check_round_trip(config, command, id);
            }
        }
        (void)weir_config_hash(config, command);
        return;
    }
    WEIR_ASSERT(status == WEIR_INVALID && err->status == status && err->text[0] != '\0');
    json_t *text = json_string(err->text); // what is printed is UTF-8
    WEIR_ASSERT(text != NULL);
    json_decref(text);
}

#endif
