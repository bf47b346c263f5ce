// Rules of a gate from any text: either parsed whole, or refused with a reason and nothing added.
#include <stdint.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/result/gate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = weir_strndup((const char *)data, size);
    for (int kind = 0; kind < 3; kind++) {
        struct weir_gate_rules rules;
        struct weir_err err = {0};
        weir_gate_rules_init(&rules);
        const weir_status status = kind == 2
                                       ? weir_gate_rules_regression(&rules, text, &err)
                                       : weir_gate_rules_condition(&rules, text, kind == 1, &err);
        const size_t count = rules.condition_count + rules.regression_count;
        WEIR_ASSERT((status == WEIR_OK) == (count > 0));
        WEIR_ASSERT(status == WEIR_OK || err.text[0] != '\0');
        weir_gate_rules_free(&rules);
    }
    weir_free(text);
    return 0;
}
