/** error_text.h: what a server said went wrong, as one line for people. Internal to wire. */
#ifndef WEIR_WIRE_ERROR_TEXT_H
#define WEIR_WIRE_ERROR_TEXT_H

#include "weir/base/buf.h"
#include "weir/base/str.h"

/** Replace the content of `out` by the message in `bytes`: a JSON value from which the text is dug
 * out
 *  ({"error":{"message":…}}, {"error":…}, {"message":…}, {"detail":[{"msg":…}]}, …), or else the
 * bytes themselves. Cut at the cap of `out`; control characters and runs of blanks become one
 * blank, wrong UTF-8 a question mark. */
void weir__error_text(struct weir_slice bytes, struct weir_buf *out);

#endif
