// Secrets taken out of what is written to files: see redact.h.
#define _GNU_SOURCE
#include "weir/result/redact.h"

#include <string.h>

#include "weir/base/mem.h"
#include "weir/config/config.h"

/** Rows of options.def as far as secrecy goes; the kind as text, so that a new SECRET option is
 * covered by itself. */
struct secret_option {
    const char *kind;
    const char *name;
    char letter;
};

// clang-format off
static const struct secret_option options[] = {
#define GROUP(id, title)
#define X(kind, field, name, letter, fallback, min, max, commands, value, help) {#kind, name, letter},
#include "weir/config/options.def"
#undef GROUP
#undef X
};
// clang-format on

static bool is_secret(const struct secret_option *option)
{
    return strncmp(option->kind, "SECRET", strlen("SECRET")) == 0;
}

static bool is_list(const struct secret_option *option)
{
    return strcmp(option->kind, "SECRET_LIST") == 0;
}

/** The secret option that `arg` gives. *value_at: where its value begins in `arg`, 0 when it is the
 * next argument. */
static const struct secret_option *find_secret(const char *arg, size_t *value_at)
{
    for (size_t i = 0; i < WEIR_COUNT_OF(options); i++) {
        const struct secret_option *option = &options[i];
        size_t len = strlen(option->name);
        if (!is_secret(option)) {
            continue;
        }
        if (arg[0] == '-' && arg[1] == '-' && strncmp(arg + 2, option->name, len) == 0 &&
            (arg[2 + len] == '\0' || arg[2 + len] == '=')) {
            *value_at = arg[2 + len] == '=' ? len + 3 : 0;
            return option;
        }
        if (arg[0] == '-' && option->letter != 0 && arg[1] == option->letter) {
            *value_at = arg[2] != '\0' ? 2 : 0;
            return option;
        }
    }
    return NULL;
}

static void add_masked(const struct secret_option *option, const char *value, struct weir_buf *out)
{
    const char *colon = is_list(option) ? strchr(value, ':') : NULL;
    if (colon != NULL) {
        (void)weir_buf_add(out, value, (size_t)(colon - value));
        (void)weir_buf_add_str(out, ": ");
    }
    (void)weir_buf_add_str(out, WEIR_REDACTED);
}

char **weir_redact_args(int argc, char *const *argv)
{
    char **out = weir_alloc((size_t)argc + 1, sizeof(*out));
    struct weir_buf text;
    weir_buf_init(&text, 1U << 20);
    const struct secret_option *waiting = NULL; // its value is the next argument
    for (int i = 0; i < argc; i++) {
        weir_buf_clear(&text);
        size_t value_at = 0;
        const struct secret_option *here = waiting == NULL ? find_secret(argv[i], &value_at) : NULL;
        if (waiting != NULL) {
            add_masked(waiting, argv[i], &text);
        } else if (here != NULL && value_at > 0) {
            (void)weir_buf_add(&text, argv[i], value_at);
            add_masked(here, argv[i] + value_at, &text);
        } else {
            (void)weir_redact_urls(argv[i], &text);
        }
        waiting = here != NULL && value_at == 0 ? here : NULL;
        out[i] = weir_strdup(text.overflow ? "(too long)" : weir_buf_text(&text));
    }
    weir_buf_free(&text);
    return out;
}

void weir_redact_args_free(char **args, int argc)
{
    for (int i = 0; args != NULL && i < argc; i++) {
        weir_free(args[i]);
    }
    weir_free(args);
}

static bool sounds_secret(const char *name, size_t len)
{
    static const char *const words[] = {"key",    "token", "secret", "password",
                                        "passwd", "sig",   "auth"};
    char copy[64];
    size_t kept = len < sizeof(copy) - 1 ? len : sizeof(copy) - 1;
    memcpy(copy, name, kept);
    copy[kept] = '\0';
    for (size_t i = 0; i < WEIR_COUNT_OF(words); i++) {
        if (strcasestr(copy, words[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/** Append the query that begins at `at` ("?a=b&c=d"); returns its end. */
static const char *add_query(const char *at, struct weir_buf *out)
{
    const char *end = at + strcspn(at, "# \t\"'");
    while (at < end) {
        const char *part_end = at + 1 + strcspn(at + 1, "&# \t\"'");
        const char *equals = memchr(at, '=', (size_t)(part_end - at));
        if (equals != NULL && sounds_secret(at + 1, (size_t)(equals - at - 1))) {
            (void)weir_buf_add(out, at, (size_t)(equals - at) + 1);
            (void)weir_buf_add_str(out, WEIR_REDACTED);
        } else {
            (void)weir_buf_add(out, at, (size_t)(part_end - at));
        }
        at = part_end;
    }
    return end;
}

bool weir_redact_urls(const char *text, struct weir_buf *out)
{
    for (const char *scheme = strstr(text, "://"); scheme != NULL; scheme = strstr(text, "://")) {
        const char *host = scheme + 3;
        const char *host_end = host + strcspn(host, "/?# \t\"'");
        const char *at = memrchr(host, '@', (size_t)(host_end - host));
        (void)weir_buf_add(out, text, (size_t)(host - text));
        if (at != NULL) {
            (void)weir_buf_add_str(out, WEIR_REDACTED);
            host = at;
        }
        const char *query = host + strcspn(host, "?# \t\"'");
        (void)weir_buf_add(out, host, (size_t)(query - host));
        text = *query == '?' ? add_query(query, out) : query;
    }
    return weir_buf_add_str(out, text) && !out->overflow;
}

bool weir_redact_secret(const char *text, const char *secret, struct weir_buf *out)
{
    enum { SHORTEST = 4 };
    size_t len = strlen(secret);
    const char *hit = len >= SHORTEST ? strstr(text, secret) : NULL;
    while (hit != NULL) {
        (void)weir_buf_add(out, text, (size_t)(hit - text));
        (void)weir_buf_add_str(out, WEIR_REDACTED);
        text = hit + len;
        hit = strstr(text, secret);
    }
    return weir_buf_add_str(out, text) && !out->overflow;
}
