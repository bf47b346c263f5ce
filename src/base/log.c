// Words on standard error: see log.h.
#include "weir/base/log.h"

#include <stdarg.h>
#include <stdio.h>

static bool quiet;

void weir_log_set_quiet(bool is_quiet)
{
    quiet = is_quiet;
}

WEIR_PRINTF(2, 0)
static void say(const char *prefix, const char *format, va_list args)
{
    char line[1024];
    (void)vsnprintf(line, sizeof(line), format, args);
    (void)fprintf(stderr, "weir: %s%s\n", prefix, line);
}

void weir_warn(const char *format, ...)
{
    if (quiet) {
        return;
    }
    va_list args;
    va_start(args, format);
    say("warning: ", format, args);
    va_end(args);
}

void weir_note(const char *format, ...)
{
    if (quiet) {
        return;
    }
    va_list args;
    va_start(args, format);
    say("", format, args);
    va_end(args);
}
