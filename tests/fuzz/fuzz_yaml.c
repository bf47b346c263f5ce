// Fuzz target: any bytes as a configuration file, for each command.
#include <stddef.h>
#include <stdint.h>

#include "fuzz_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int commands[] = {FOR_RUN, FOR_SIM, FOR_CALIBRATE, FOR_FIND};
    for (size_t i = 0; i < WEIR_COUNT_OF(commands); i++) {
        struct weir_config config;
        struct weir_err err = {0};
        weir_config_init(&config);
        const weir_status status = weir_config_parse_yaml(&config, commands[i], (const char *)data,
                                                          size, "fuzz.yaml", &err);
        check_outcome(&config, commands[i], status, &err);
        WEIR_ASSERT(status == WEIR_OK || size > 1 << 20 || (err.line >= 1 && err.column >= 1));
        weir_config_free(&config);
    }
    return 0;
}
