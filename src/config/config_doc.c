// What people read about options: the options part of --help and configs/OPTIONS.md, both from the
// rows of options.def.
#include <stdio.h>
#include <string.h>

#include "config_internal.h"
#include "weir/base/attr.h"

enum {
    LABEL_COLUMNS = 30, // where the text of --help begins
    WIDTH_MIN = LABEL_COLUMNS + 20,
    TEXT_BYTES_MAX = 4096, // of one option's text
};

/** The next word of `*rest`; false at the end. */
static bool next_word(struct weir_slice *rest, struct weir_slice *word)
{
    while (weir_slice_next_part(rest, ' ', word)) {
        if (word->len > 0) {
            return true;
        }
    }
    return false;
}

/** Where a wrapped paragraph stands. */
struct paragraph {
    struct weir_buf *out;
    size_t indent; // of the lines after the first
    size_t width;  // no line passes it, unless a single word does
    size_t column;
};

/** Append what is not to be broken. */
static bool add_word(struct paragraph *at, struct weir_slice word)
{
    bool fits = true;
    if (at->column > at->indent && at->column + 1 + word.len > at->width) {
        fits = weir_buf_addf(at->out, "\n%*s", (int)at->indent, "");
        at->column = at->indent;
    }
    if (at->column > at->indent) {
        fits = fits && weir_buf_add_char(at->out, ' ');
        at->column++;
    }
    at->column += word.len;
    return fits && weir_buf_add(at->out, word.ptr, word.len);
}

static bool add_words(struct paragraph *at, const char *text)
{
    struct weir_slice rest = weir_slice_of(text);
    struct weir_slice word;
    bool fits = true;
    while (fits && next_word(&rest, &word)) {
        fits = add_word(at, word);
    }
    return fits;
}

/** A label in its column and beside it (below it, when the label is too long) the text and the
 * default. */
static bool add_entry(struct weir_buf *out, const char *label, const char *text,
                      const char *fallback, size_t width)
{
    const size_t len = strlen(label);
    const bool is_beside = len + 2 <= LABEL_COLUMNS;
    struct paragraph at = {out, LABEL_COLUMNS, width, LABEL_COLUMNS};
    char words[TEXT_BYTES_MAX];
    bool fits = weir_buf_addf(out, "%s%s%*s", label, is_beside ? "" : "\n",
                              (int)(is_beside ? LABEL_COLUMNS - len : LABEL_COLUMNS), "") &&
                add_words(&at, text);
    if (fallback[0] != '\0') {
        (void)snprintf(words, sizeof(words), "[default: %s]", fallback);
        fits = fits && add_word(&at, weir_slice_of(words));
    }
    return fits && weir_buf_add_char(out, '\n');
}

/** The title of a group on lines of its own, a blank line before all but the first. */
static bool add_title(struct weir_buf *out, const char *title, bool is_first, size_t width)
{
    struct paragraph at = {out, 0, width - 1, 0}; // room for the colon
    return (is_first || weir_buf_add_char(out, '\n')) && add_words(&at, title) &&
           weir_buf_add_str(out, ":\n");
}

/** A switch that is on is turned off by --no-name: show both ways. */
static const char *switch_prefix(const struct weir__option *option)
{
    return option->kind->is_flag && strcmp(option->info.fallback, "true") == 0 ? "[no-]" : "";
}

/** A list of names that would not fit on the label's line stands in the text instead. */
static bool has_long_value(const struct weir_option_info *info)
{
    enum { LONG = 60 };
    return strlen(info->value) > LONG;
}

/** "  -c, --concurrency N[,N...]". */
static void write_label(const struct weir__option *option, char *out, size_t size)
{
    const struct weir_option_info *info = &option->info;
    char letter[8] = "    ";
    if (info->letter != '\0') {
        (void)snprintf(letter, sizeof(letter), "-%c, ", info->letter);
    }
    const char *value = has_long_value(info) ? "NAME" : info->value;
    (void)snprintf(out, size, "  %s--%s%s%s%s", letter, switch_prefix(option), info->name,
                   value[0] != '\0' ? " " : "", value);
}

/** The default for people: nothing when there is none to speak of. */
static bool add_default(const struct weir_config *defaults, enum weir_option_id id,
                        struct weir_buf *out)
{
    const struct weir__option *option = weir__option(id);
    if (option->kind->is_flag) {
        return weir_buf_add_str(out, strcmp(option->info.fallback, "true") == 0 ? "on" : "");
    }
    return weir_config_format(defaults, id, out);
}

/** The help of an option, with the names it takes when they are too many for its label. */
static bool add_help_text(const struct weir_option_info *info, struct weir_buf *out)
{
    bool fits = weir_buf_add_str(out, info->help);
    if (!has_long_value(info)) {
        return fits;
    }
    struct weir_slice rest = weir_slice_of(info->value);
    struct weir_slice name;
    const char *before = " One of: ";
    while (fits && weir_slice_next_part(&rest, '|', &name)) {
        fits = weir_buf_add_str(out, before) && weir_buf_add(out, name.ptr, name.len);
        before = ", ";
    }
    return fits && weir_buf_add_char(out, '.');
}

static bool add_option_help(const struct weir_config *defaults, enum weir_option_id id,
                            size_t width, struct weir_buf *out)
{
    char label[160];
    struct weir_buf help;
    struct weir_buf fallback;
    weir_buf_init(&help, TEXT_BYTES_MAX / 2);
    weir_buf_init(&fallback, TEXT_BYTES_MAX / 2);
    write_label(weir__option(id), label, sizeof(label));
    const bool fits = add_help_text(weir_option(id), &help) &&
                      add_default(defaults, id, &fallback) &&
                      add_entry(out, label, weir_buf_text(&help), weir_buf_text(&fallback), width);
    weir_buf_free(&fallback);
    weir_buf_free(&help);
    return fits;
}

bool weir_config_help(int command, int width, struct weir_buf *out)
{
    const size_t columns = width > WIDTH_MIN ? (size_t)width : WIDTH_MIN;
    const char *group = NULL;
    struct weir_config defaults;
    bool fits = true;
    weir_config_init(&defaults);
    for (int i = 0; fits && i < WEIR_OPTION_COUNT; i++) {
        const enum weir_option_id id = (enum weir_option_id)i;
        if ((weir_option(id)->commands & command) == 0) {
            continue;
        }
        if (group != weir_option_group(id)) {
            fits = add_title(out, weir_option_group(id), group == NULL, columns);
            group = weir_option_group(id);
        }
        fits = fits && add_option_help(&defaults, id, columns, out);
    }
    weir_config_free(&defaults);
    return fits && weir_buf_add_str(out, "\nGeneral:\n") &&
           add_entry(out, "      --config FILE",
                     "YAML file with options by their names; flags override it.", "", columns) &&
           add_entry(out, "  -h, --help", "Show this help.", "", columns);
}

// ---- OPTIONS.md
// ------------------------------------------------------------------------------------------

static const char preface[] = "# Options of weir\n\n"
                              "Generated from `include/weir/config/options.def`; do not edit. "
                              "After a change of that file run\n"
                              "`WEIR_UPDATE_GOLDEN=1 ctest -R config/test_config_doc`.\n\n"
                              "## How to give options\n\n"
                              "- On the command line: `--concurrency 8`, `--concurrency=8`, `-c "
                              "8`, `-c8`; switches `--quiet`, `--no-streaming`,\n"
                              "  `--streaming=false`. A flag given twice: the last one counts; "
                              "flags of lists of texts add up.\n"
                              "- In a YAML file for `--config FILE`: a mapping from the same names "
                              "to values, `-` or `_` between words. Flags override\n"
                              "  the file. Unknown keys and keys that stand twice are errors with "
                              "line and column. Anchors, aliases, tags and several\n"
                              "  documents are not taken.\n"
                              "- `api-key` is read from the environment variables `WEIR_API_KEY`, "
                              "then `OPENAI_API_KEY`, when neither flag nor file\n"
                              "  gives it.\n"
                              "- `weir plan` takes the options of `weir run`.\n\n"
                              "```yaml\n"
                              "url: \"sim:ttft=50ms,itl=10ms\"\n"
                              "concurrency: [1, 2, 4, 8]\n"
                              "duration: 10s\n"
                              "header:\n"
                              "  X-Team: search\n"
                              "extra-inputs: {temperature: 0, ignore_eos: true}\n"
                              "```\n";

/** Text within a table: a bar would end the cell, an angle bracket would begin HTML. */
static bool add_cell_text(struct weir_buf *out, const char *text, bool is_code)
{
    bool fits = true;
    for (const char *at = text; fits && *at != '\0'; at++) {
        if (*at == '|') {
            fits = weir_buf_add_str(out, "\\|");
        } else if (*at == '<' && !is_code) {
            fits = weir_buf_add_str(out, "&lt;");
        } else {
            fits = weir_buf_add_char(out, *at);
        }
    }
    return fits;
}

static bool add_code(struct weir_buf *out, const char *text)
{
    if (text[0] == '\0') {
        return true;
    }
    return weir_buf_add_char(out, '`') && add_cell_text(out, text, true) &&
           weir_buf_add_char(out, '`');
}

static bool add_kinds(struct weir_buf *out)
{
    static const struct weir__kind *const kinds[] = {
        &weir__kind_STR,         &weir__kind_STR_LIST,      &weir__kind_SECRET,
        &weir__kind_SECRET_LIST, &weir__kind_INPUT_LIST,    &weir__kind_BOOL,
        &weir__kind_COUNT,       &weir__kind_COUNT_LIST,    &weir__kind_F64,
        &weir__kind_F64_LIST,    &weir__kind_SIZE,          &weir__kind_DURATION,
        &weir__kind_ENUM,        &weir__kind_DIST_DURATION, &weir__kind_DIST_COUNT,
    };
    bool fits = weir_buf_add_str(out, "\n## Values\n\n| kind | what it is |\n|---|---|\n");
    for (size_t i = 0; fits && i < WEIR_COUNT_OF(kinds); i++) {
        fits = weir_buf_addf(out, "| %s | %s |\n", kinds[i]->name, kinds[i]->summary);
    }
    return fits;
}

/** "| `--duration`, `-d` | `TIME` (time) |". */
static bool add_name_cells(const struct weir__option *option, struct weir_buf *out)
{
    const struct weir_option_info *info = &option->info;
    bool fits = weir_buf_addf(out, "| `--%s%s`", switch_prefix(option), info->name);
    if (info->letter != '\0') {
        fits = fits && weir_buf_addf(out, ", `-%c`", info->letter);
    }
    fits = fits && weir_buf_add_str(out, " | ") && add_code(out, info->value);
    return fits &&
           weir_buf_addf(out, "%s%s | ", info->value[0] != '\0' ? " " : "", option->kind->name);
}

static bool add_row(const struct weir_config *defaults, enum weir_option_id id,
                    struct weir_buf *out)
{
    const struct weir__option *option = weir__option(id);
    char range[96];
    char commands[96];
    struct weir_buf fallback;
    weir_buf_init(&fallback, TEXT_BYTES_MAX);
    bool fits =
        add_name_cells(option, out) && add_default(defaults, id, &fallback) &&
        add_code(out, weir_buf_text(&fallback)) &&
        weir_buf_addf(out, " | %s | %s | ", weir__format_range(option, range, sizeof(range)),
                      weir__command_names(option->info.commands, commands, sizeof(commands))) &&
        add_cell_text(out, option->info.help, false) && weir_buf_add_str(out, " |\n");
    weir_buf_free(&fallback);
    return fits;
}

bool weir_config_markdown(struct weir_buf *out)
{
    const char *group = NULL;
    struct weir_config defaults;
    bool fits = weir_buf_add_str(out, preface) && add_kinds(out);
    weir_config_init(&defaults);
    for (int i = 0; fits && i < WEIR_OPTION_COUNT; i++) {
        const enum weir_option_id id = (enum weir_option_id)i;
        if (group != weir_option_group(id)) {
            group = weir_option_group(id);
            fits = weir_buf_addf(
                out,
                "\n## %s\n\n| option | value | default | limits | command | meaning |\n"
                "|---|---|---|---|---|---|\n",
                group);
        }
        fits = fits && add_row(&defaults, id, out);
    }
    weir_config_free(&defaults);
    return fits;
}
