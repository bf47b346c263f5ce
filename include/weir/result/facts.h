/** facts.h: everything about a run that is not its result: where, with what and by which command it
 * was made. Plain data, so that files can be written (and tested) from any values. */
#ifndef WEIR_RESULT_FACTS_H
#define WEIR_RESULT_FACTS_H

#include <stddef.h>
#include <stdint.h>

/** The machine. Numbers that could not be found out are −1 (NAN for load_average), texts "". */
struct weir_host_facts {
    char hostname[256];
    char kernel[256]; // system, release and machine
    char cpu_model[256];
    int64_t cores; // online
    int64_t memory_bytes;
    char clocksource[64];
    char governor[64];       // of cpu0
    int64_t open_files_soft; // RLIMIT_NOFILE; INT64_MAX: no limit
    int64_t open_files_hard;
    int64_t port_first; // ip_local_port_range
    int64_t port_last;
    double load_average; // of the last minute, when the run began
};

/** Read them from this machine. */
void weir_host_facts_read(struct weir_host_facts *facts);

struct weir_library {
    const char *name;
    const char *version;
};

struct weir_run_target {
    const char *name;
    const char *url;
    const char *model;
};

enum weir_run_state { WEIR_RUN_RUNNING, WEIR_RUN_COMPLETE, WEIR_RUN_INTERRUPTED };

/** Texts are borrowed. */
struct weir_run_facts {
    enum weir_run_state state;
    const char *name;
    const char *weir_version;
    char started_at[32]; // RFC 3339
    char ended_at[32];   // "" while running
    uint64_t seed;
    uint64_t config_hash;
    uint64_t plan_hash;
    const char
        *config_json; // effective configuration: weir_config_json(); "" or broken: null in files
    char *const *command; // without secrets: weir_redact_args()
    size_t command_count;
    const struct weir_library *libraries;
    size_t library_count;
    const struct weir_run_target *targets;
    size_t target_count;
    char (*level_starts)[32]; // RFC 3339 of each level's first instant, as far as begun
    size_t level_start_count;
    struct weir_host_facts host;
};

#endif
