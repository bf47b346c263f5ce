// What a stream can show: a pseudo-terminal and a file, with and without NO_COLOR.
#define _GNU_SOURCE
#include "result/fixture.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "weir/result/terminal.h"

static void test_file(void **state)
{
    (void)state;
    int fd = open("/dev/null", O_WRONLY);
    assert_true(fd >= 0);
    struct weir_terminal terminal = weir_terminal_of(fd);
    assert_false(terminal.is_tty);
    assert_false(terminal.has_colour);
    assert_int_equal(terminal.columns, 120);
    assert_int_equal(close(fd), 0);
}

static void test_terminal(void **state)
{
    (void)state;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
        skip(); // no pseudo-terminals here
    }
    int fd = open(ptsname(master), O_RDWR | O_NOCTTY);
    assert_true(fd >= 0);
    struct winsize size = {.ws_col = 97, .ws_row = 20};
    assert_int_equal(ioctl(fd, TIOCSWINSZ, &size), 0);
    assert_int_equal(setenv("TERM", "xterm", 1), 0);
    assert_int_equal(unsetenv("NO_COLOR"), 0);
    struct weir_terminal terminal = weir_terminal_of(fd);
    assert_true(terminal.is_tty && terminal.has_colour);
    assert_int_equal(terminal.columns, 97);
    assert_int_equal(setenv("NO_COLOR", "1", 1), 0);
    assert_false(weir_terminal_of(fd).has_colour);
    assert_int_equal(unsetenv("NO_COLOR"), 0);
    assert_int_equal(setenv("TERM", "dumb", 1), 0);
    assert_false(weir_terminal_of(fd).has_colour);
    size.ws_col = 0;
    assert_int_equal(ioctl(fd, TIOCSWINSZ, &size), 0);
    assert_int_equal(weir_terminal_of(fd).columns, 80);
    assert_int_equal(close(fd), 0);
    assert_int_equal(close(master), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
