// Descriptors and ports: see limits.h.
#define _GNU_SOURCE
#include "weir/engine/limits.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "weir/base/str.h"

enum {
    OWN_DESCRIPTORS = 64,
    DESCRIPTORS_MAX = 1 << 20
}; // files, loops, pipes; more than a million are never watched

static void raise_limit(struct rlimit *limit)
{
    if (getrlimit(RLIMIT_NOFILE, limit) != 0) {
        *limit = (struct rlimit){1024, 1024};
        return;
    }
    if (limit->rlim_cur < limit->rlim_max) {
        struct rlimit raised = {limit->rlim_max, limit->rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0) {
            *limit = raised;
        }
    }
}

uint64_t weir_limits_descriptors(void)
{
    struct rlimit limit;
    raise_limit(&limit);
    return limit.rlim_cur < DESCRIPTORS_MAX ? limit.rlim_cur : DESCRIPTORS_MAX;
}

/** "32768\t60999\n" as two numbers; false when it is anything else. */
static bool parse_range(char *line, int64_t *low, int64_t *high)
{
    struct weir_slice rest = {line, strcspn(line, "\n")};
    struct weir_slice first;
    return weir_slice_next_part(&rest, '\t', &first) && rest.ptr != NULL &&
           weir_parse_i64(first, low) && weir_parse_i64(rest, high) && *high >= *low;
}

/** Number of ephemeral ports for connections to one address and port. */
static uint64_t ephemeral_ports(void)
{
    enum { LOW = 32768, HIGH = 60999 }; // Linux's defaults
    int64_t low = LOW;
    int64_t high = HIGH;
    FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
    if (file != NULL) {
        char line[64] = "";
        if (fgets(line, sizeof(line), file) == NULL || !parse_range(line, &low, &high)) {
            low = LOW;
            high = HIGH;
        }
        (void)fclose(file);
    }
    return (uint64_t)(high - low + 1);
}

weir_status weir_limits_check(uint32_t streams, const struct weir_endpoint *endpoint,
                              struct weir_err *err)
{
    uint64_t descriptors = weir_limits_descriptors();
    uint64_t needed = (uint64_t)streams + OWN_DESCRIPTORS;
    if (needed > descriptors) {
        return weir_fail(err, WEIR_INVALID,
                         "concurrency %" PRIu32 " needs %" PRIu64
                         " file descriptors, but this process may open %" PRIu64
                         "; run 'ulimit -n %" PRIu64
                         "' first, or raise the hard limit in /etc/security/limits.conf",
                         streams, needed, descriptors, needed);
    }
    uint64_t ports = ephemeral_ports();
    if (streams > ports) {
        return weir_fail(
            err, WEIR_INVALID,
            "concurrency %" PRIu32
            " needs as many ports to reach %s port %u, but the ephemeral range has %" PRIu64
            "; widen it: sysctl -w net.ipv4.ip_local_port_range='1024 65535'",
            streams, endpoint->target->host, endpoint->target->port, ports);
    }
    return WEIR_OK;
}
