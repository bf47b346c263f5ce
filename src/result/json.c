// What the writers of JSON files share: see json_internal.h.
#include "json_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/result/number.h"
#include "weir/result/text.h"

void weir__json_put(json_t *object, const char *key, json_t *value)
{
    WEIR_ASSERT(json_object_set_new(object, key, value) == 0);
}

void weir__json_append(json_t *array, json_t *value)
{
    WEIR_ASSERT(json_array_append_new(array, value) == 0);
}

json_t *weir__json_number(double value)
{
    return isfinite(value) ? json_real(weir_number_round(value)) : json_null();
}

json_t *weir__json_count(int64_t value)
{
    return value >= 0 ? json_integer(value) : json_null();
}

json_t *weir__json_text(const char *text)
{
    size_t size = strlen(text) + 1; // cleaning never lengthens
    char *clean = weir_alloc(size, 1);
    (void)weir_text_clean(text, size - 1, clean, size);
    json_t *out = clean[0] != '\0' ? json_string(clean) : json_null();
    weir_free(clean);
    return out;
}

json_t *weir__json_hash(uint64_t hash)
{
    char digits[17];
    (void)snprintf(digits, sizeof(digits), "%016llx", (unsigned long long)hash);
    return json_string(digits);
}

static json_t *limit(int64_t value)
{
    return value == INT64_MAX ? json_string("unlimited") : weir__json_count(value);
}

json_t *weir__json_host(const struct weir_host_facts *host)
{
    json_t *out = json_object();
    weir__json_put(out, "hostname", weir__json_text(host->hostname));
    weir__json_put(out, "kernel", weir__json_text(host->kernel));
    weir__json_put(out, "cpu_model", weir__json_text(host->cpu_model));
    weir__json_put(out, "cores", weir__json_count(host->cores));
    weir__json_put(out, "memory_bytes", weir__json_count(host->memory_bytes));
    weir__json_put(out, "clocksource", weir__json_text(host->clocksource));
    weir__json_put(out, "governor", weir__json_text(host->governor));
    weir__json_put(out, "open_files_soft", limit(host->open_files_soft));
    weir__json_put(out, "open_files_hard", limit(host->open_files_hard));
    json_t *ports = json_array();
    weir__json_append(ports, weir__json_count(host->port_first));
    weir__json_append(ports, weir__json_count(host->port_last));
    weir__json_put(out, "ip_local_port_range", ports);
    weir__json_put(out, "load_average", weir__json_number(host->load_average));
    return out;
}

static int add_part(const char *part, size_t len, void *data)
{
    return weir_buf_add(data, part, len) ? 0 : -1;
}

bool weir__json_add(const json_t *value, struct weir_buf *out)
{
    return json_dump_callback(value, add_part, out, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)) == 0;
}

bool weir__json_dump(json_t *root, struct weir_buf *out)
{
    // 15 significant digits show every number as it was rounded: 51.2, never 51.200000000000003.
    int failed = json_dump_callback(root, add_part, out, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    json_decref(root);
    return failed == 0 && weir_buf_add_char(out, '\n');
}
