/** config_internal.h: what the files of the config layer share: rows with their kind, and the one
 * door through which values come in. */
#ifndef WEIR_CONFIG_INTERNAL_H
#define WEIR_CONFIG_INTERNAL_H

#include "weir/base/str.h"
#include "weir/config/config.h"

enum {
    WEIR__VALUE_BYTES_MAX = 64 * 1024, // one value, or one item of a list
    WEIR__LIST_ITEMS_MAX = 1024,
    WEIR__NAME_BYTES_MAX = 64, // of an option's name, the NUL included
    // Bound of one formatted option: every byte of every item escaped to \u00XX, with quotes and
    // commas.
    WEIR__FORMAT_BYTES_MAX =
        WEIR__LIST_ITEMS_MAX * (6 * WEIR__VALUE_BYTES_MAX + 4) + 2 * WEIR__NAME_BYTES_MAX
};

/** Why a text is not a value: what follows "--name: ". */
struct weir__why {
    char text[512];
};

/** Write the reason; always false, so that `return weir__because(why, …)` reads well. */
bool weir__because(struct weir__why *why, const char *format, ...) WEIR_PRINTF(2, 3);

/** Jansson knows what UTF-8 is. */
bool weir__is_utf8(struct weir_slice text);

/** A text of the user as errors show it: cut to a readable length, bytes that would upset a
 * terminal as '?'. */
struct weir__shown {
    char text[64];
};
struct weir__shown weir__show(struct weir_slice text);

/** What a YAML mapping means as a value of the kind. */
enum weir__pairs {
    WEIR__PAIRS_NONE,   // nothing: an error
    WEIR__PAIRS_HEADER, // {Name: value} is "Name: value"
    WEIR__PAIRS_INPUT   // {key: value} is "key=" and the value as JSON
};

struct weir__option;

/** What the texts of a kind mean. `field` is of type WEIR_FIELD_<kind>. */
struct weir__kind {
    const char *name;    // for OPTIONS.md: what a value is, in a word or two
    const char *summary; // the same in a sentence
    bool is_flag;        // takes no value on the command line
    bool is_list;        // a YAML sequence is a value
    bool is_repeatable;  // each flag adds items; without it the last one wins
    bool is_secret;      // values never leave the process
    enum weir__pairs pairs;
    /** Replace the field, or add to it when `is_append`. On false the field is as it was and *why
     * is filled. */
    bool (*parse)(const struct weir__option *option, struct weir_slice text, bool is_append,
                  void *field, struct weir__why *why);
    bool (*format)(const struct weir__option *option, const void *field, struct weir_buf *out);
    /** NULL: what format prints, in quotes. */
    bool (*json)(const struct weir__option *option, const void *field, struct weir_buf *out);
    /** A limit as people write it; NULL: the kind has none. */
    void (*limit)(double value, char *out, size_t size);
    /** Give back what the field owns; NULL: nothing. */
    void (*free)(void *field);
};

extern const struct weir__kind weir__kind_STR;
extern const struct weir__kind weir__kind_SECRET;
extern const struct weir__kind weir__kind_STR_LIST;
extern const struct weir__kind weir__kind_SECRET_LIST;
extern const struct weir__kind weir__kind_INPUT_LIST;
extern const struct weir__kind weir__kind_BOOL;
extern const struct weir__kind weir__kind_COUNT;
extern const struct weir__kind weir__kind_COUNT_LIST;
extern const struct weir__kind weir__kind_F64;
extern const struct weir__kind weir__kind_F64_LIST;
extern const struct weir__kind weir__kind_SIZE;
extern const struct weir__kind weir__kind_DURATION;
extern const struct weir__kind weir__kind_ENUM;
extern const struct weir__kind weir__kind_DIST_DURATION;
extern const struct weir__kind weir__kind_DIST_COUNT;

/** Limits of a number as people write them: "1ms to 10s"; "" for kinds without limits. Returns
 * `out`. */
const char *weir__format_range(const struct weir__option *option, char *out, size_t size);

/** Is `value`, written as `text`, within the limits of the option? */
bool weir__in_range(const struct weir__option *option, struct weir_slice text, double value,
                    struct weir__why *why);

/** May a list of `count` items take one more? */
bool weir__has_room(size_t count, struct weir__why *why);

/** A count within the limits of the option, or -1 for "auto" where the option takes it. */
bool weir__parse_count(const struct weir__option *option, struct weir_slice text, int64_t *out,
                       struct weir__why *why);

/** A limit of a count: millions as 1M. */
void weir__count_limit(double value, char *out, size_t size);

/** A row of options.def with what weir_option_info does not say. */
struct weir__option {
    struct weir_option_info info;
    const struct weir__kind *kind;
    size_t offset; // of the field in struct weir_config
};

const struct weir__option *weir__option(enum weir_option_id id);

/** True when another value makes another load: see options.def. */
bool weir__option_shapes_load(enum weir_option_id id);

/** Find an option of `command` by its name. Sets *id, or says that it belongs to another command,
 * or suggests one. */
bool weir__option_find(int command, const char *name, const char *dashes, enum weir_option_id *id,
                       struct weir__why *why);

/** The option of `command` with this short letter. */
bool weir__option_by_letter(int command, char letter, enum weir_option_id *id);

/** The commands of `bits` for a sentence: "weir run and weir calibrate". Returns `out`. */
const char *weir__command_names(int bits, char *out, size_t size);

/** The field of an option. */
void *weir__field(struct weir_config *config, enum weir_option_id id);
const void *weir__field_view(const struct weir_config *config, enum weir_option_id id);

/** The one door: check `text`, parse it, note where it came from. On false the option is as it was.
 */
bool weir__config_put(struct weir_config *config, enum weir_option_id id, struct weir_slice text,
                      bool is_append, struct weir_origin origin, struct weir__why *why);

/** The same for a flag: replaces what a file said, adds to what an earlier flag of a repeatable
 * option said. */
bool weir__config_put_flag(struct weir_config *config, enum weir_option_id id,
                           struct weir_slice text, struct weir__why *why);

#endif
