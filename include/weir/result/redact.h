/** redact.h: secrets taken out of what is written to files: values of the options that options.def
 * calls SECRET, passwords and keys inside URLs, and secrets that a server echoes back. Pure but for
 * allocation; any thread. */
#ifndef WEIR_RESULT_REDACT_H
#define WEIR_RESULT_REDACT_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/base/buf.h"

/** What stands where a secret stood. */
#define WEIR_REDACTED "***"

/** The command line with "***" for the value of each SECRET option and "Name: ***" for each
 * SECRET_LIST one, in all forms the command line takes (--api-key K, --api-key=K, -H V, -HV), and
 * URLs redacted. An array of `argc` strings of its own. */
char **weir_redact_args(int argc, char *const *argv);
void weir_redact_args_free(char **args, int argc);

/** Append `text` with each user:password@ in it, and the values of query parameters that sound
 * secret (key, token, secret, password, signature), replaced. */
bool weir_redact_urls(const char *text, struct weir_buf *out);

/** Append `text` with each occurrence of `secret` replaced; secrets of fewer than four bytes are
 * left alone, since they would blot out words. */
bool weir_redact_secret(const char *text, const char *secret, struct weir_buf *out);

#endif
