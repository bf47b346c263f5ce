// What a stream can show: see terminal.h.
#define _GNU_SOURCE
#include "weir/result/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct weir_terminal weir_terminal_of(int fd)
{
    enum { COLUMNS_OF_A_FILE = 120, COLUMNS_OF_A_TERMINAL = 80 };
    struct weir_terminal terminal = {.columns = COLUMNS_OF_A_FILE};
    terminal.is_tty = isatty(fd) == 1;
    if (!terminal.is_tty) {
        return terminal;
    }
    struct winsize size = {0};
    bool is_known = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    terminal.columns = is_known ? size.ws_col : COLUMNS_OF_A_TERMINAL;
    const char *kind = getenv("TERM");
    const char *no_colour = getenv("NO_COLOR");
    terminal.has_colour =
        kind != NULL && strcmp(kind, "dumb") != 0 && (no_colour == NULL || no_colour[0] == '\0');
    return terminal;
}
