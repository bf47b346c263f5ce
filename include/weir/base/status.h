/** status.h: what went wrong, told once. One list makes the enum, the texts and the exit codes.
 *  A server's misbehaviour is never a status: it is data, an outcome in a sample (stat/sample.h).
 */
#ifndef WEIR_BASE_STATUS_H
#define WEIR_BASE_STATUS_H

#include "weir/base/attr.h"

/** name, value, exit code of the process, text. Exit codes are design.md §5: fixed for ever. */
#define WEIR_STATUS_MAP(XX)                                                                        \
    XX(OK, 0, 0, "ok")                                                                             \
    XX(GATE_FAILED, -1, 1, "a gate or objective was not met")                                      \
    XX(INVALID, -2, 2, "bad usage, configuration or data")                                         \
    XX(TOO_LARGE, -3, 2, "a limit was reached")                                                    \
    XX(UNREACHABLE, -4, 3, "target unreachable, or no request succeeded")                          \
    XX(RUN_INVALID, -5, 4, "the generator could not keep its own schedule or accuracy")            \
    XX(INCONCLUSIVE, -6, 5, "inconclusive")                                                        \
    XX(SYSTEM, -7, 70, "the operating system refused")                                             \
    XX(INTERNAL, -8, 70, "internal error")                                                         \
    XX(INTERRUPTED, -9, 130, "interrupted")

enum weir_status_value {
#define XX(name, value, exit_code, text) WEIR_##name = (value),
    WEIR_STATUS_MAP(XX)
#undef XX
};

/** 0 when all went well, else a negative weir_status_value. */
typedef int weir_status;

/** Static text of a status; "unknown status" for a number that is none. */
const char *weir_status_text(weir_status status);

/** Exit code of the process for a status; 70 for a number that is none. */
int weir_status_exit_code(weir_status status);

/** Detail of an error, for people. Filled on cold paths only; plain data, owned by the caller. */
struct weir_err {
    weir_status status;
    int line;       // 1-based line of the input; 0: not about a line
    int column;     // 1-based column; 0: not about a column
    char file[256]; // input the error is about; "": none
    char text[768]; // what is wrong and what to do about it
};

/** Fill `err` (may be NULL) and return `status`, so that `return weir_fail(err, WEIR_INVALID, …)`
 * reads well. */
weir_status weir_fail(struct weir_err *err, weir_status status, const char *format, ...)
    WEIR_PRINTF(3, 4);

/** The same for an error at a place in an input file. */
weir_status weir_fail_at(struct weir_err *err, const char *file, int line, int column,
                         const char *format, ...) WEIR_PRINTF(5, 6);

/** Print "weir: file:line:column: text\n" to standard error, leaving out what is not known. */
void weir_err_print(const struct weir_err *err);

#endif
