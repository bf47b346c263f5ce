// What goes to standard error, and what quiet keeps back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/child.h"
#include "weir/base/log.h"

static void say_both(void)
{
    weir_warn("%d of %s", 2, "them");
    weir_note("%s", "100% done");
}

static void say_both_quietly(void)
{
    weir_log_set_quiet(true);
    say_both();
    weir_log_set_quiet(false);
    weir_note("after");
}

static void say_much(void)
{
    char text[5000];
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    weir_warn("%s", text);
}

static void lines_say_who_speaks(void **state)
{
    (void)state;
    struct child_result result = child_run(say_both);
    assert_int_equal(result.exit_code, 0);
    assert_string_equal(result.text, "weir: warning: 2 of them\nweir: 100% done\n");
}

static void quiet_keeps_back_both(void **state)
{
    (void)state;
    struct child_result result = child_run(say_both_quietly);
    assert_int_equal(result.exit_code, 0);
    assert_string_equal(result.text, "weir: after\n");
}

static void a_long_line_is_cut_off_but_ends(void **state)
{
    (void)state;
    struct child_result result = child_run(say_much);
    assert_int_equal(result.exit_code, 0);
    size_t len = strlen(result.text);
    assert_in_range(len, 100, 2000);
    assert_ptr_equal(strchr(result.text, '\n'), result.text + len - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_say_who_speaks),
        cmocka_unit_test(quiet_keeps_back_both),
        cmocka_unit_test(a_long_line_is_cut_off_but_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
