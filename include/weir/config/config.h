/** config.h: what the user asked for: a plain struct whose fields are the rows of options.def, and
 * where each value came from. Filled before anything runs, then read-only: any thread may read. */
#ifndef WEIR_CONFIG_CONFIG_H
#define WEIR_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/base/buf.h"
#include "weir/base/clock.h"
#include "weir/base/dist.h"
#include "weir/base/status.h"

/** Sets of options that commands take, as bits for the rows of options.def; text for messages. */
#define WEIR_COMMAND_BIT_MAP(XX)                                                                   \
    XX(FOR_RUN, 1, "weir run")                                                                     \
    XX(FOR_SIM, 2, "weir sim")                                                                     \
    XX(FOR_CALIBRATE, 4, "weir calibrate")                                                         \
    XX(FOR_REPORT, 8, "weir report")                                                               \
    XX(FOR_FIND, 16, "weir find")                                                                  \
    XX(FOR_GATE, 32, "weir gate")                                                                  \
    XX(FOR_COMPARE, 64, "weir compare")

enum weir_command_bit {
#define XX(name, bit, text) name = (bit),
    WEIR_COMMAND_BIT_MAP(XX)
#undef XX
};

struct weir_str_list {
    char **items; // owned
    size_t count;
};
struct weir_i64_list {
    int64_t *items; // owned
    size_t count;
};
struct weir_f64_list {
    double *items; // owned
    size_t count;
};

// Field type of each kind. COUNT: 1.5k, "auto" is -1 where the default is "auto". F64: 0.5, 1.5k;
// always finite. SIZE: bytes. ENUM: index into the VALUE column.
typedef char *WEIR_FIELD_STR;    // owned; "" when not set, never NULL
typedef char *WEIR_FIELD_SECRET; // a STR that no file, log or error ever shows
typedef struct weir_str_list
    WEIR_FIELD_STR_LIST; // repeatable on the command line, a sequence or a scalar in YAML
typedef struct weir_str_list
    WEIR_FIELD_SECRET_LIST; // of "Name: value", of which only the names are shown
typedef struct weir_str_list
    WEIR_FIELD_INPUT_LIST;    // of KEY=VALUE or a JSON object; in YAML a mapping too
typedef bool WEIR_FIELD_BOOL; // --name, --no-name; true or false in YAML
typedef int64_t WEIR_FIELD_COUNT;
typedef struct weir_i64_list WEIR_FIELD_COUNT_LIST; // 1,2,4 or a YAML sequence
typedef double WEIR_FIELD_F64;
typedef struct weir_f64_list WEIR_FIELD_F64_LIST; // 0.5,1,2 or a YAML sequence
typedef int64_t WEIR_FIELD_SIZE;
typedef weir_ns WEIR_FIELD_DURATION;
typedef int WEIR_FIELD_ENUM;
typedef struct weir_dist WEIR_FIELD_DIST_DURATION;
typedef struct weir_dist WEIR_FIELD_DIST_COUNT;

// Values of the ENUM options, in the order of their VALUE column (ORDER options.def). Those of
// "arrival" are enum weir_arrival_kind in plan/schedule.h; those of the simulator's own options
// stand in sim/profile.h.
enum weir_warmup { WEIR_WARMUP_FIXED, WEIR_WARMUP_AUTO };
enum weir_when_full { WEIR_WHEN_FULL_WAIT, WEIR_WHEN_FULL_DROP };
enum weir_connection { WEIR_CONNECTION_REUSE, WEIR_CONNECTION_NEW };
enum weir_transport { WEIR_TRANSPORT_AUTO, WEIR_TRANSPORT_NATIVE, WEIR_TRANSPORT_CURL };
enum weir_records { WEIR_RECORDS_NONE, WEIR_RECORDS_JSONL };
enum weir_vary { WEIR_VARY_CONCURRENCY, WEIR_VARY_REQUEST_RATE };
enum weir_annotate { WEIR_ANNOTATE_AUTO, WEIR_ANNOTATE_NONE, WEIR_ANNOTATE_GITHUB };
enum weir_progress { WEIR_PROGRESS_AUTO, WEIR_PROGRESS_PLAIN, WEIR_PROGRESS_NONE };
enum weir_role_chunk {
    WEIR_ROLE_EARLY,
    WEIR_ROLE_FIRST,
    WEIR_ROLE_NONE,
    WEIR_ROLE_EVERY,
    WEIR_ROLE_MERGED
};
enum weir_usage { WEIR_USAGE_AUTO, WEIR_USAGE_OFF, WEIR_USAGE_FINAL, WEIR_USAGE_EVERY };
enum weir_reasoning_field { WEIR_REASONING_CONTENT, WEIR_REASONING };

/** Index of each option: weir_option(WEIR_OPTION_concurrency). */
enum weir_option_id {
#define GROUP(id, title)
#define X(kind, field, name, letter, fallback, min, max, commands, value, help) WEIR_OPTION_##field,
#include "weir/config/options.def"
#undef GROUP
#undef X
    WEIR_OPTION_COUNT
};

enum weir_origin_kind {
    WEIR_ORIGIN_DEFAULT,
    WEIR_ORIGIN_FILE,
    WEIR_ORIGIN_FLAG,
    WEIR_ORIGIN_ENVIRONMENT
};

/** Where a value came from. */
struct weir_origin {
    enum weir_origin_kind kind;
    int line; // of the file
};

struct weir_config {
#define GROUP(id, title)
#define X(kind, field, name, letter, fallback, min, max, commands, value, help)                    \
    WEIR_FIELD_##kind field;
#include "weir/config/options.def"
#undef GROUP
#undef X
    struct weir_origin origins[WEIR_OPTION_COUNT];
    char file[256]; // --config FILE; "" when none was given
};

/** Every field at its default. */
void weir_config_init(struct weir_config *config);
void weir_config_free(struct weir_config *config);

/** Set an option from text, as a flag would; for code that derives one configuration from another
 * (sim: URLs, calibrate). Unknown names get a suggestion. `command` is one bit: options of other
 * commands are errors. */
weir_status weir_config_set(struct weir_config *config, int command, const char *name,
                            const char *value, struct weir_err *err) WEIR_MUST_USE;

/** What the command line asked for beside options. */
enum weir_cli_wish { WEIR_CLI_GO, WEIR_CLI_HELP };

/** Parse the arguments after the command's name: --name VALUE, --name=VALUE, --flag, --no-flag, -c
 * VALUE, -cVALUE, --help, -h,
 *  --config FILE (read first, wherever it stands; flags override it). Positional arguments are
 * errors. Environment variables for api-key are read when neither flag nor file gave one. */
weir_status weir_config_parse_args(struct weir_config *config, int command, int argc,
                                   char *const *argv, enum weir_cli_wish *wish,
                                   struct weir_err *err) WEIR_MUST_USE;

/** Read a YAML file: a mapping from option names to values. Errors name file, line and column and
 * say what would be right; unknown keys get a suggestion, a key that stands twice is an error. */
weir_status weir_config_read_yaml(struct weir_config *config, int command, const char *path,
                                  struct weir_err *err) WEIR_MUST_USE;

/** The same from memory; `name` stands in errors. */
weir_status weir_config_parse_yaml(struct weir_config *config, int command, const char *text,
                                   size_t len, const char *name,
                                   struct weir_err *err) WEIR_MUST_USE;

/** Append what a value is, for people and files: as it would be parsed again (several items: as a
 * YAML flow sequence, which is a JSON array too); secrets as "***" or the header's name. */
bool weir_config_format(const struct weir_config *config, enum weir_option_id option,
                        struct weir_buf *out);

/** "default", "flag", "environment", "FILE:LINE". Returns `out`. */
const char *weir_config_origin(const struct weir_config *config, enum weir_option_id option,
                               char *out, size_t size);

/** Append {"name": {"value": …, "origin": "…"}, …} for the options of `command`: the effective
 * configuration. Values are JSON numbers, booleans, strings and arrays; a STR that is not set is
 * null. */
bool weir_config_json(const struct weir_config *config, int command, struct weir_buf *out);

/** Fingerprint of everything that shapes the load: not the groups "objectives" and "output" of
 * options.def, and no secrets. */
uint64_t weir_config_hash(const struct weir_config *config, int command);

/** A row of options.def; static. */
struct weir_option_info {
    const char *name;
    const char *fallback;
    const char *value;
    const char *help;
    double min;
    double max;
    int commands;
    char letter;
};
const struct weir_option_info *weir_option(enum weir_option_id option);

/** Title of the group the option stands in; static. */
const char *weir_option_group(enum weir_option_id option);

/** Append the options part of `weir <command> --help`, wrapped to `width` columns. */
bool weir_config_help(int command, int width, struct weir_buf *out);

/** Append configs/OPTIONS.md. */
bool weir_config_markdown(struct weir_buf *out);

#endif
