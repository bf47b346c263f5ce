// The first few distinct error messages of a run: see errors.h.
#include "weir/result/errors.h"

#include <string.h>

#include "weir/base/mem.h"
#include "weir/result/text.h"

void weir_errors_init(struct weir_errors *errors)
{
    *errors = (struct weir_errors){0};
}

void weir_errors_free(struct weir_errors *errors)
{
    weir_free(errors->items);
    weir_errors_init(errors);
}

void weir_errors_add(struct weir_errors *errors, uint32_t level, enum weir_outcome outcome,
                     const char *message)
{
    struct weir_error_entry entry = {.level = level, .outcome = outcome, .count = 1};
    (void)weir_text_clean(message, strlen(message), entry.text, sizeof(entry.text));
    size_t alike = 0;
    for (size_t i = 0; i < errors->count; i++) {
        struct weir_error_entry *known = &errors->items[i];
        if (known->level != level || known->outcome != outcome) {
            continue;
        }
        if (strcmp(known->text, entry.text) == 0) {
            known->count++;
            return;
        }
        alike++;
    }
    if (alike >= WEIR_ERRORS_PER_OUTCOME) {
        return;
    }
    errors->items = weir_realloc(errors->items, errors->count + 1, sizeof(entry));
    errors->items[errors->count++] = entry;
}
