/** terminal.h: what a stream can show. */
#ifndef WEIR_RESULT_TERMINAL_H
#define WEIR_RESULT_TERMINAL_H

#include <stdbool.h>

struct weir_terminal {
    bool is_tty;
    bool has_colour; // a terminal, not a dumb one, and NO_COLOR (no-color.org) not set
    int columns;     // of the terminal; 120 when it is none
};

struct weir_terminal weir_terminal_of(int fd);

#endif
