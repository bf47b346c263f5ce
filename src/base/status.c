// Statuses and error details: see status.h.
#include "weir/base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "weir/base/str.h"

const char *weir_status_text(weir_status status)
{
    switch (status) {
#define XX(name, value, exit_code, text)                                                           \
    case (value):                                                                                  \
        return text;
        WEIR_STATUS_MAP(XX)
#undef XX
    default:
        return "unknown status";
    }
}

int weir_status_exit_code(weir_status status)
{
    switch (status) {
#define XX(name, value, exit_code, text)                                                           \
    case (value):                                                                                  \
        return exit_code;
        WEIR_STATUS_MAP(XX)
#undef XX
    default:
        return 70;
    }
}

/** Put the text into `filled`, and all of it into `err` only then: callers wrap an error in itself,
 * with err->text among the arguments. */
WEIR_PRINTF(3, 0)
static void fill(struct weir_err *err, struct weir_err *filled, const char *format, va_list args)
{
    (void)vsnprintf(filled->text, sizeof(filled->text), format, args);
    *err = *filled;
}

weir_status weir_fail(struct weir_err *err, weir_status status, const char *format, ...)
{
    if (err != NULL) {
        struct weir_err filled = {.status = status};
        va_list args;
        va_start(args, format);
        fill(err, &filled, format, args);
        va_end(args);
    }
    return status;
}

weir_status weir_fail_at(struct weir_err *err, const char *file, int line, int column,
                         const char *format, ...)
{
    if (err != NULL) {
        struct weir_err filled = {.status = WEIR_INVALID, .line = line, .column = column};
        (void)weir_copy(filled.file, sizeof(filled.file), file);
        va_list args;
        va_start(args, format);
        fill(err, &filled, format, args);
        va_end(args);
    }
    return WEIR_INVALID;
}

void weir_err_print(const struct weir_err *err)
{
    (void)fputs("weir: ", stderr);
    if (err->file[0] != '\0') {
        (void)fprintf(stderr, "%s:", err->file);
        if (err->line > 0) {
            (void)fprintf(stderr, "%d:", err->line);
        }
        if (err->column > 0) {
            (void)fprintf(stderr, "%d:", err->column);
        }
        (void)fputc(' ', stderr);
    }
    (void)fprintf(stderr, "%s\n", err->text[0] != '\0' ? err->text : weir_status_text(err->status));
}

void weir__assert_failed(const char *condition, const char *file, int line)
{
    (void)fprintf(stderr, "weir: internal error: %s does not hold at %s:%d; please report this\n",
                  condition, file, line);
    abort();
}
