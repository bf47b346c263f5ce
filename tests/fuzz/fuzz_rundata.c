// Any bytes as one of the files of a run directory. The first byte chooses which; what is accepted
// must hold together, and what is not must be told.
#include <jansson.h>
#include <stdint.h>
#include <string.h>

#include "../../src/result/rundata_internal.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/result/html.h"

enum { LEVELS = 3, PAGE_MAX = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** A run of three empty levels, to which slices and histograms may belong. */
static struct weir_rundata *new_run(void)
{
    struct weir_rundata *run = weir_alloc(1, sizeof(*run));
    (void)weir_copy(run->dir, sizeof(run->dir), "run");
    return run;
}

static void add_levels(struct weir_rundata *run)
{
    for (uint32_t i = 0; i < LEVELS; i++) {
        struct weir_level_summary level = {.index = i, .mode = "concurrency"};
        weir_summary_add(&run->summary, &level);
    }
}

/** Whatever was read can be shown. */
static void check_page(const struct weir_rundata *run)
{
    struct weir_buf page;
    weir_buf_init(&page, PAGE_MAX);
    const struct weir_rundata *const runs[] = {run};
    WEIR_ASSERT(weir_html(runs, 1, &page));
    weir_buf_clear(&page);
    WEIR_ASSERT(weir_html_markdown(run, &page));
    weir_buf_free(&page);
}

static void check(const struct weir_rundata *run, weir_status status, const struct weir_err *err)
{
    if (status != WEIR_OK) {
        WEIR_ASSERT(status == WEIR_INVALID && err->text[0] != '\0');
        return;
    }
    for (size_t i = 0; i < run->summary.level_count; i++) {
        const struct weir_level_summary *level = &run->summary.levels[i];
        uint64_t sum = 0;
        for (int o = 0; o < WEIR_OUTCOME_COUNT; o++) {
            sum += level->counters.outcomes[o];
        }
        WEIR_ASSERT(level->index == i && sum == level->counters.measured);
    }
    check_page(run);
}

static void try_summary(const char *text, size_t len)
{
    struct weir_err err = {0};
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(root)) {
        struct weir_rundata *run = new_run();
        run->summary_json = json_incref(root);
        weir_status status = weir__rundata_summary(run, root, "summary.json", &err);
        check(run, status, &err);
        weir_rundata_free(run);
    }
    json_decref(root);
}

static void try_part(const char *text, size_t len, bool is_slices)
{
    struct weir_err err = {0};
    struct weir_rundata *run = new_run();
    add_levels(run);
    const struct weir_slice slice = {text, len};
    weir_status status = is_slices ? weir__rundata_slices(run, slice, "slices.csv", &err)
                                   : weir__rundata_hists(run, slice, "histograms.hlog", &err);
    check(run, status, &err);
    weir_rundata_free(run);
}

static void try_record(const char *text, size_t len)
{
    struct weir_err err = {0};
    struct weir_sample sample;
    char target[128];
    if (weir__rundata_record((struct weir_slice){text, len}, &sample, target, &err) != WEIR_OK) {
        WEIR_ASSERT(err.text[0] != '\0');
        return;
    }
    WEIR_ASSERT(sample.due > 0 && sample.done > 0 && sample.chunks_in_window <= sample.chunks);
    WEIR_ASSERT(sample.outcome < WEIR_OUTCOME_COUNT && sample.timeout < WEIR_TIMEOUT_COUNT);
    WEIR_ASSERT(sample.phase < WEIR_PHASE_COUNT && sample.token_source < WEIR_TOKEN_SOURCE_COUNT);
    for (int i = 0; i < WEIR_METRIC_COUNT; i++) {
        WEIR_ASSERT(weir_metric_info((enum weir_metric)i)->kind != WEIR_METRIC_REQUEST ||
                    weir_metric_value((enum weir_metric)i, &sample) >= -1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const char *text = (const char *)data + 1;
    switch (data[0] % 4) {
    case 0:
        try_summary(text, size - 1);
        break;
    case 1:
        try_part(text, size - 1, true);
        break;
    case 2:
        try_part(text, size - 1, false);
        break;
    default:
        try_record(text, size - 1);
    }
    return 0;
}
