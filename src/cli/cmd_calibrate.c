#include "weir/cli/command.h"
int weir_cmd_calibrate(int argc, char *const *argv)
{
    (void)argc; (void)argv;
    return 70;
}
