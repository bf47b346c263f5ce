// What this machine is: see facts.h.
#define _GNU_SOURCE
#include "weir/result/facts.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "weir/base/str.h"
#include "weir/result/text.h"

/** First line of a small file of the kernel's, or "" when there is none. */
static void read_line(const char *path, char *out, size_t size)
{
    out[0] = '\0';
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return;
    }
    char line[512];
    if (fgets(line, sizeof(line), file) != NULL) {
        (void)weir_text_clean(line, strcspn(line, "\n"), out, size);
    }
    (void)fclose(file);
}

static void read_cpu_model(char *out, size_t size)
{
    out[0] = '\0';
    FILE *file = fopen("/proc/cpuinfo", "re");
    if (file == NULL) {
        return;
    }
    char line[512];
    while (fgets(line, sizeof(line), file) != NULL) {
        const char *colon = strchr(line, ':');
        if (colon != NULL && strncmp(line, "model name", strlen("model name")) == 0) {
            colon += 1 + strspn(colon + 1, " \t");
            (void)weir_text_clean(colon, strcspn(colon, "\n"), out, size);
            break;
        }
    }
    (void)fclose(file);
}

static int64_t limit_of(rlim_t limit)
{
    return limit == RLIM_INFINITY ? INT64_MAX : (int64_t)limit;
}

static void read_limits(struct weir_host_facts *facts)
{
    struct rlimit files;
    facts->open_files_soft = -1;
    facts->open_files_hard = -1;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        facts->open_files_soft = limit_of(files.rlim_cur);
        facts->open_files_hard = limit_of(files.rlim_max);
    }
    facts->port_first = -1;
    facts->port_last = -1;
    char range[64];
    read_line("/proc/sys/net/ipv4/ip_local_port_range", range, sizeof(range));
    char *blank = strchr(range, ' ');
    if (blank != NULL) {
        *blank = '\0';
        (void)weir_parse_i64(weir_slice_of(range), &facts->port_first);
        (void)weir_parse_i64(weir_slice_trim(weir_slice_of(blank + 1)), &facts->port_last);
    }
}

void weir_host_facts_read(struct weir_host_facts *facts)
{
    *facts = (struct weir_host_facts){.load_average = NAN};
    if (gethostname(facts->hostname, sizeof(facts->hostname) - 1) != 0) {
        facts->hostname[0] = '\0';
    }
    struct utsname name;
    if (uname(&name) == 0) {
        (void)snprintf(facts->kernel, sizeof(facts->kernel), "%s %s %s", name.sysname, name.release,
                       name.machine);
    }
    read_cpu_model(facts->cpu_model, sizeof(facts->cpu_model));
    facts->cores = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t pages = sysconf(_SC_PHYS_PAGES);
    int64_t page_bytes = sysconf(_SC_PAGESIZE);
    facts->memory_bytes = pages > 0 && page_bytes > 0 ? pages * page_bytes : -1;
    read_line("/sys/devices/system/clocksource/clocksource0/current_clocksource",
              facts->clocksource, sizeof(facts->clocksource));
    read_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", facts->governor,
              sizeof(facts->governor));
    read_limits(facts);
    double load = 0;
    if (getloadavg(&load, 1) == 1) {
        facts->load_average = load;
    }
}
