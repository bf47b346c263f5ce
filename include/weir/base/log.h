/** log.h: what weir says on standard error beside its results. Never called on the request path.
 * Any thread. */
#ifndef WEIR_BASE_LOG_H
#define WEIR_BASE_LOG_H

#include <stdbool.h>

#include "weir/base/attr.h"

/** quiet: warnings are dropped, errors stay. The one mutable global of the program; set once by
 * main. */
void weir_log_set_quiet(bool is_quiet);

/** "weir: warning: …" */
void weir_warn(const char *format, ...) WEIR_PRINTF(1, 2);

/** "weir: …" */
void weir_note(const char *format, ...) WEIR_PRINTF(1, 2);

#endif
