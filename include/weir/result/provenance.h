/** provenance.h: may two runs be compared? What is told about how they were made (run.json, summary.json) is held side by side: machine,
 *  model, prompts, load, seed, version. Pure but for allocation. */
#ifndef WEIR_RESULT_PROVENANCE_H
#define WEIR_RESULT_PROVENANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/base/status.h"
#include "weir/result/rundata.h"

/** kind, key, whether a difference of this kind forbids the comparison until allowed, what it is. */
#define WEIR_DIFFERENCE_MAP(XX)                                                                                        \
    XX(HOST, "host", true, "the machine")                                                                              \
    XX(MODEL, "model", true, "the model")                                                                              \
    XX(PROMPTS, "prompts", true, "prompts and answers: lengths, dataset, endpoint")                                    \
    XX(LOAD, "load", true, "how requests arrive and end")                                                              \
    XX(SEED, "seed", true, "the seed")                                                                                 \
    XX(VERSION, "version", false, "the version of weir")                                                               \
    XX(OTHER, "other", false, "anything else of the configuration")

enum weir_difference_kind {
#define XX(name, key, is_grave, meaning) WEIR_DIFFERENCE_##name,
    WEIR_DIFFERENCE_MAP(XX)
#undef XX
        WEIR_DIFFERENCE_COUNT
};

const char *weir_difference_key(enum weir_difference_kind kind);

struct weir_difference {
    enum weir_difference_kind kind;
    bool is_grave;  // forbids the comparison
    char what[64];  // "isl", "cpu_model", …
    char a[160];    // "" where it is not told
    char b[160];
};

struct weir_differences {
    size_t count;
    struct weir_difference *items; // owned
};

/** Append what differs between `a` and `b` and is not in the list yet. What one of them does not tell (no run.json) is a difference
 *  of OTHER: it cannot be checked. Levels, repetitions, places of files and servers' addresses do not count. */
void weir_differences_add(struct weir_differences *list, const struct weir_rundata *a, const struct weir_rundata *b);
void weir_differences_free(struct weir_differences *list);

/** Let the kinds named in `names` pass ("host", …, or "all"). An unknown name is an error with a suggestion. */
weir_status weir_differences_allow(struct weir_differences *list, char *const *names, size_t count,
                                   struct weir_err *err) WEIR_MUST_USE;

/** Whether something forbids the comparison. */
bool weir_differences_forbid(const struct weir_differences *list);

#endif
