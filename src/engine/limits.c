// Descriptors and ports: see limits.h.
#define _GNU_SOURCE
#include "weir/engine/limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

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

/** Number of ephemeral ports for connections to one address and port. */
static uint64_t ephemeral_ports(void)
{
    unsigned low = 32768;
    unsigned high = 60999;
    FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
    if (file != NULL) {
        char line[64] = "";
        if (fgets(line, sizeof(line), file) == NULL || sscanf(line, "%u %u", &low, &high) != 2 ||
            high < low) { // NOLINT(cert-err34-c)
            low = 32768;
            high = 60999;
        }
        (void)fclose(file);
    }
    return high - low + 1;
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
