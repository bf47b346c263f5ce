// Arguments to configuration. Each argument becomes one item (an option, --config); the items are
// walked twice, because the file is read first wherever --config stands.
#include <stdlib.h>
#include <string.h>

#include "config_internal.h"
#include "weir/base/attr.h"

/** Variables that stand in for an option that neither flag nor file gave; the first one that is set
 * counts. */
static const struct {
    enum weir_option_id option;
    const char *variable;
} environment[] = {
    {WEIR_OPTION_api_key, "WEIR_API_KEY"},
    {WEIR_OPTION_api_key, "OPENAI_API_KEY"},
};

/** Where the walk over the arguments stands. */
struct args {
    int command;
    int argc;
    char *const *argv;
    int at;
    enum weir_option_id last; // option of the item before
    bool has_last;
    struct weir_err *err;
};

/** One option as it was given. */
struct item {
    bool is_config;         // --config
    enum weir_option_id id; // else
    const char *value;
    char shown[WEIR__NAME_BYTES_MAX + 8]; // "--name", "--no-name" or "-c", for messages
};

/** Might `arg` be an option of the command, so that it is no value? Negative numbers are values. */
static bool looks_like_option(const struct args *args, const char *arg)
{
    enum weir_option_id id;
    if (arg[0] != '-' || arg[1] == '\0') {
        return false;
    }
    return arg[1] == '-' || arg[1] == 'h' || weir__option_by_letter(args->command, arg[1], &id);
}

/** The argument after the option as its value. */
static weir_status take_value(struct args *args, struct item *item)
{
    if (args->at >= args->argc || looks_like_option(args, args->argv[args->at])) {
        return weir_fail(args->err, WEIR_INVALID, "%s needs a value: %s %s", item->shown,
                         item->shown, item->is_config ? "FILE" : weir_option(item->id)->value);
    }
    item->value = args->argv[args->at++];
    return WEIR_OK;
}

/** --no-name of a switch; false when `name` is none. */
static bool find_negated(const struct args *args, const char *name, enum weir_option_id *id)
{
    struct weir__why unused;
    return strncmp(name, "no-", 3) == 0 &&
           weir__option_find(args->command, name + 3, "--", id, &unused) &&
           weir__option(*id)->kind->is_flag;
}

/** Of a switch: --name, --name=true, --no-name. */
static weir_status finish_switch(struct args *args, struct item *item, bool is_negated,
                                 const char *equals)
{
    if (is_negated && equals != NULL) {
        return weir_fail(args->err, WEIR_INVALID, "%s takes no value; leave what begins at '=' out",
                         item->shown);
    }
    item->value = is_negated ? "false" : equals != NULL ? equals + 1 : "true";
    return WEIR_OK;
}

static weir_status next_long(struct args *args, const char *arg, struct item *item)
{
    const char *equals = strchr(arg, '=');
    const size_t len = equals != NULL ? (size_t)(equals - arg) : strlen(arg);
    char name[WEIR__NAME_BYTES_MAX];
    struct weir__why why;
    if (len >= sizeof(name)) {
        struct weir__shown shown = weir__show((struct weir_slice){arg, len});
        return weir_fail(args->err, WEIR_INVALID, "unknown option --%s", shown.text);
    }
    memcpy(name, arg, len);
    name[len] = '\0';
    (void)weir_copy(item->shown, sizeof(item->shown), "--");
    (void)weir_copy(item->shown + 2, sizeof(item->shown) - 2, name);
    item->is_config = strcmp(name, "config") == 0;
    const bool is_negated = !item->is_config && find_negated(args, name, &item->id);
    if (!item->is_config && !is_negated &&
        !weir__option_find(args->command, name, "--", &item->id, &why)) {
        return weir_fail(args->err, WEIR_INVALID, "%s", why.text);
    }
    if (!item->is_config && weir__option(item->id)->kind->is_flag) {
        return finish_switch(args, item, is_negated, equals);
    }
    if (equals != NULL) {
        item->value = equals + 1;
        return WEIR_OK;
    }
    return take_value(args, item);
}

/** -c VALUE, -cVALUE, -q. */
static weir_status next_short(struct args *args, const char *arg, struct item *item)
{
    item->is_config = false;
    (void)weir_copy(item->shown, sizeof(item->shown), (char[]){'-', arg[0], '\0'});
    if (!weir__option_by_letter(args->command, arg[0], &item->id)) {
        const char *letter = (unsigned char)arg[0] < 0x80 ? item->shown + 1 : "?";
        return weir_fail(args->err, WEIR_INVALID, "unknown option -%s; --help lists all options",
                         letter);
    }
    if (weir__option(item->id)->kind->is_flag) {
        item->value = "true";
        return arg[1] == '\0'
                   ? WEIR_OK
                   : weir_fail(args->err, WEIR_INVALID,
                               "%s takes no value; write each switch on its own", item->shown);
    }
    if (arg[1] != '\0') {
        item->value = arg + 1;
        return WEIR_OK;
    }
    return take_value(args, item);
}

/** An argument that is no option and no value of one. */
static weir_status refuse_positional(const struct args *args, const char *arg)
{
    const struct weir__kind *before = args->has_last ? weir__option(args->last)->kind : NULL;
    struct weir__shown shown = weir__show(weir_slice_of(arg));
    if (before != NULL && before->is_secret) { // a secret in two words, as the shell took it apart
        return weir_fail(args->err, WEIR_INVALID,
                         "unexpected argument after --%s; write its value in quotes",
                         weir_option(args->last)->name);
    }
    if (before != NULL && before->is_flag) {
        return weir_fail(args->err, WEIR_INVALID,
                         "unexpected argument \"%s\"; a switch is written --%s, --no-%s or --%s=%s",
                         shown.text, weir_option(args->last)->name, weir_option(args->last)->name,
                         weir_option(args->last)->name, "false");
    }
    return weir_fail(args->err, WEIR_INVALID,
                     "unexpected argument \"%s\"; options begin with --, and a value with blanks "
                     "needs quotes",
                     shown.text);
}

/** The next option; there is one. */
static weir_status next_item(struct args *args, struct item *item)
{
    const char *arg = args->argv[args->at++];
    weir_status status = WEIR_OK;
    if (arg[0] == '-' && arg[1] == '-' && arg[2] != '\0') {
        status = next_long(args, arg + 2, item);
    } else if (arg[0] == '-' && arg[1] != '\0' && arg[1] != '-') {
        status = next_short(args, arg + 1, item);
    } else {
        return refuse_positional(args, arg);
    }
    if (status == WEIR_OK) {
        args->has_last = !item->is_config;
        args->last = item->id;
    }
    return status;
}

/** First walk: everything is well-formed; find --config. */
static weir_status find_file(struct args args, const char **file)
{
    struct item item = {.id = WEIR_OPTION_url};
    while (args.at < args.argc) {
        weir_status status = next_item(&args, &item);
        if (status != WEIR_OK) {
            return status;
        }
        if (!item.is_config) {
            continue;
        }
        if (*file != NULL) {
            return weir_fail(args.err, WEIR_INVALID,
                             "--config is given twice; one file can be read");
        }
        *file = item.value;
    }
    return WEIR_OK;
}

/** Second walk: values. */
static weir_status apply(struct args args, struct weir_config *config)
{
    struct item item = {.id = WEIR_OPTION_url};
    struct weir__why why;
    while (args.at < args.argc) {
        weir_status status = next_item(&args, &item);
        if (status != WEIR_OK) {
            return status;
        }
        if (!item.is_config &&
            !weir__config_put_flag(config, item.id, weir_slice_of(item.value), &why)) {
            return weir_fail(args.err, WEIR_INVALID, "--%s: %s", weir_option(item.id)->name,
                             why.text);
        }
    }
    return WEIR_OK;
}

static weir_status read_environment(struct weir_config *config, int command, struct weir_err *err)
{
    for (size_t i = 0; i < WEIR_COUNT_OF(environment); i++) {
        const enum weir_option_id id = environment[i].option;
        const char *value = getenv(environment[i].variable);
        const bool is_wanted = (weir_option(id)->commands & command) != 0 &&
                               config->origins[id].kind == WEIR_ORIGIN_DEFAULT;
        struct weir__why why;
        if (!is_wanted || value == NULL || value[0] == '\0') {
            continue;
        }
        if (!weir__config_put(config, id, weir_slice_of(value), false,
                              (struct weir_origin){WEIR_ORIGIN_ENVIRONMENT, 0}, &why)) {
            return weir_fail(err, WEIR_INVALID, "environment variable %s: %s",
                             environment[i].variable, why.text);
        }
    }
    return WEIR_OK;
}

static bool wants_help(int argc, char *const *argv)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strncmp(argv[i], "--help=", 7) == 0 ||
            strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

weir_status weir_config_parse_args(struct weir_config *config, int command, int argc,
                                   char *const *argv, enum weir_cli_wish *wish,
                                   struct weir_err *err)
{
    const struct args args = {.command = command, .argc = argc, .argv = argv, .err = err};
    const char *file = NULL;
    if (wants_help(argc, argv)) { // also beside something wrong: help is what is needed then
        *wish = WEIR_CLI_HELP;
        return WEIR_OK;
    }
    *wish = WEIR_CLI_GO;
    weir_status status = find_file(args, &file);
    if (status == WEIR_OK && file != NULL) {
        status = weir_config_read_yaml(config, command, file, err);
    }
    if (status == WEIR_OK) {
        status = apply(args, config);
    }
    return status == WEIR_OK ? read_environment(config, command, err) : status;
}
