// Objectives: whatever is written, an error with words or objectives that print and parse as
// themselves.
#include <stddef.h>
#include <stdint.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/stat/objective.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const struct weir_err *err)
{
    WEIR_ASSERT(err->status == WEIR_INVALID && err->column >= 1 && err->text[0] != '\0');
    for (const char *c = err->text; *c != '\0'; c++) {
        WEIR_ASSERT(*c >= ' ' && *c <= '~');
    }
}

static void check_good(const struct weir_objective *objective, bool is_request)
{
    WEIR_ASSERT(objective->metric < WEIR_METRIC_COUNT && objective->threshold >= 0);
    struct weir_buf text;
    weir_buf_init(&text, 256);
    WEIR_ASSERT(weir_objective_format(objective, &text));
    struct weir_objective again;
    struct weir_err err;
    const struct weir_slice slice = {weir_buf_text(&text), text.len};
    WEIR_ASSERT(weir_objective_parse(slice, is_request, &again, &err) == WEIR_OK);
    WEIR_ASSERT(again.metric == objective->metric && again.statistic == objective->statistic);
    WEIR_ASSERT(again.percentile == objective->percentile);
    WEIR_ASSERT(again.comparison == objective->comparison);
    WEIR_ASSERT(again.threshold == objective->threshold);
    weir_buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const bool is_request = data[0] % 2 == 1; // '0' and '1' in the corpus
    const struct weir_slice text = {(const char *)data + 1, size - 1};
    struct weir_err err = {.status = WEIR_OK};
    struct weir_objective one;
    if (weir_objective_parse(text, is_request, &one, &err) == WEIR_OK) {
        check_good(&one, is_request);
    } else {
        check_error(&err);
    }
    struct weir_objective *list = NULL;
    size_t count = 0;
    if (weir_objectives_parse(text, is_request, &list, &count, &err) != WEIR_OK) {
        check_error(&err);
        return 0;
    }
    WEIR_ASSERT(count > 0);
    for (size_t i = 0; i < count; i++) {
        check_good(&list[i], is_request);
    }
    weir_free(list);
    return 0;
}
