// The rows of options.def as a table: look-up by name and letter, groups, which command takes what.
#include <stdio.h>
#include <string.h>

#include "config_internal.h"

// clang-format off
static const struct weir__option options[] = {
#define GROUP(id, title)
#define X(kind_, field, name_, letter_, fallback_, min_, max_, commands_, value_, help_)            \
    {.info = {.name = (name_), .fallback = (fallback_), .value = (value_), .help = (help_),         \
              .min = (min_), .max = (max_), .commands = (commands_), .letter = (letter_)},          \
     .kind = &weir__kind_##kind_, .offset = offsetof(struct weir_config, field)},
#include "weir/config/options.def"
#undef GROUP
#undef X
};

// FIRST_<group> is the id of the first option of the group: the numbering steps back after each group's mark.
enum group_first {
#define GROUP(id, title) FIRST_##id, BACK_##id = FIRST_##id - 1,
#define X(kind, field, name, letter, fallback, min, max, commands, value, help) AT_##field,
#include "weir/config/options.def"
#undef GROUP
#undef X
};

static const struct group {
    const char *title;
    int first;
} groups[] = {
#define GROUP(id, title) {title, FIRST_##id},
#define X(kind, field, name, letter, fallback, min, max, commands, value, help)
#include "weir/config/options.def"
#undef GROUP
#undef X
};
// clang-format on

static const struct {
    int bit;
    const char *text;
} command_bits[] = {
#define XX(name, bit, text) {bit, text},
    WEIR_COMMAND_BIT_MAP(XX)
#undef XX
};

const struct weir_option_info *weir_option(enum weir_option_id option)
{
    return &weir__option(option)->info;
}

static const struct group *group_of(enum weir_option_id id)
{
    size_t at = WEIR_COUNT_OF(groups) - 1;
    while (at > 0 && groups[at].first > (int)id) {
        at--;
    }
    return &groups[at];
}

const char *weir_option_group(enum weir_option_id option)
{
    return group_of(option)->title;
}

const struct weir__option *weir__option(enum weir_option_id id)
{
    WEIR_ASSERT((size_t)id < WEIR_COUNT_OF(options));
    return &options[id];
}

bool weir__option_shapes_load(enum weir_option_id id)
{
    const int first = group_of(id)->first;
    return first != (int)FIRST_objectives && first != (int)FIRST_output;
}

/** Say what to write instead of `name`, which no option is called. */
static bool unknown_option(int command, const char *name, const char *dashes, struct weir__why *why)
{
    const char *names[WEIR_OPTION_COUNT + 2];
    size_t count = 0;
    for (size_t i = 0; i < WEIR_COUNT_OF(options); i++) {
        if ((options[i].info.commands & command) != 0) {
            names[count++] = options[i].info.name;
        }
    }
    if (dashes[0] != '\0') { // these two are no keys of a file
        names[count++] = "config";
        names[count++] = "help";
    }
    const char *near = weir_suggest(name, names, count);
    struct weir__shown shown = weir__show(weir_slice_of(name));
    if (near == NULL) {
        return weir__because(why, "unknown option %s%s", dashes, shown.text);
    }
    return weir__because(why, "unknown option %s%s; did you mean %s%s?", dashes, shown.text, dashes,
                         near);
}

bool weir__option_find(int command, const char *name, const char *dashes, enum weir_option_id *id,
                       struct weir__why *why)
{
    for (size_t i = 0; i < WEIR_COUNT_OF(options); i++) {
        if (strcmp(options[i].info.name, name) != 0) {
            continue;
        }
        if ((options[i].info.commands & command) == 0) {
            char owners[96];
            return weir__because(
                why, "%s%s is an option of %s", dashes, name,
                weir__command_names(options[i].info.commands, owners, sizeof(owners)));
        }
        *id = (enum weir_option_id)i;
        return true;
    }
    return unknown_option(command, name, dashes, why);
}

bool weir__option_by_letter(int command, char letter, enum weir_option_id *id)
{
    for (size_t i = 0; i < WEIR_COUNT_OF(options); i++) {
        if (letter != '\0' && options[i].info.letter == letter &&
            (options[i].info.commands & command) != 0) {
            *id = (enum weir_option_id)i;
            return true;
        }
    }
    return false;
}

const char *weir__command_names(int bits, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < WEIR_COUNT_OF(command_bits); i++) {
        if ((command_bits[i].bit & bits) == 0) {
            continue;
        }
        const char *link = len > 0 ? " and " : "";
        int wrote = snprintf(out + len, size - len, "%s%s", link, command_bits[i].text);
        WEIR_ASSERT(wrote > 0 && (size_t)wrote < size - len);
        len += (size_t)wrote;
    }
    return out;
}

void *weir__field(struct weir_config *config, enum weir_option_id id)
{
    return (char *)config + weir__option(id)->offset;
}

const void *weir__field_view(const struct weir_config *config, enum weir_option_id id)
{
    return (const char *)config + weir__option(id)->offset;
}
