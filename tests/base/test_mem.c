// Memory that is there or the program ends.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "base/child.h"
#include "weir/base/mem.h"

static void new_memory_is_zeroed(void **state)
{
    (void)state;
    for (size_t bytes = 1; bytes <= 100000; bytes *= 10) {
        unsigned char *ptr = weir_alloc(bytes, 3);
        for (size_t i = 0; i < bytes * 3; i++) {
            assert_int_equal(ptr[i], 0);
        }
        memset(ptr, 0xff, bytes * 3);
        weir_free(ptr);
    }
}

static void nothing_is_still_a_pointer(void **state)
{
    (void)state;
    void *none = weir_alloc(0, 0);
    assert_non_null(none);
    void *shrunk = weir_realloc(none, 0, 8);
    assert_non_null(shrunk);
    weir_free(shrunk);
    weir_free(NULL);
}

static void growing_keeps_the_content(void **state)
{
    (void)state;
    size_t *numbers = NULL;
    for (size_t count = 1; count <= 4096; count *= 2) {
        numbers = weir_realloc(numbers, count, sizeof(*numbers));
        for (size_t i = count / 2; i < count; i++) {
            numbers[i] = i;
        }
    }
    for (size_t i = 0; i < 4096; i++) {
        assert_int_equal(numbers[i], i);
    }
    weir_free(numbers);
}

static void copies_end_where_they_should(void **state)
{
    (void)state;
    char *all = weir_strdup("stream");
    char *part = weir_strndup("stream", 3);
    char *none = weir_strndup(NULL, 0);
    assert_string_equal(all, "stream");
    assert_string_equal(part, "str");
    assert_string_equal(none, "");
    weir_free(all);
    weir_free(part);
    weir_free(none);
}

static void each_call_is_counted(void **state)
{
    (void)state;
    uint64_t before = weir_mem_count();
    void *ptr = weir_alloc(1, 1);
    assert_int_equal(weir_mem_count() - before, 1);
    ptr = weir_realloc(ptr, 2, 1);
    assert_int_equal(weir_mem_count() - before, 2);
    weir_free(ptr);
    weir_free(weir_strdup("x"));
    assert_int_equal(weir_mem_count() - before, 3);
    weir_free(weir_strndup("xy", 1));
    assert_int_equal(weir_mem_count() - before, 4);
}

static void *allocate_much(void *count)
{
    for (int i = 0; i < 1000; i++) {
        weir_free(weir_alloc(1, 16));
    }
    *(uint64_t *)count = weir_mem_count();
    return NULL;
}

static void threads_count_for_themselves(void **state)
{
    (void)state;
    uint64_t before = weir_mem_count();
    uint64_t theirs = 0;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, allocate_much, &theirs), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(theirs, 1000);
    assert_int_equal(weir_mem_count(), before);
}

static void ask_for_more_than_there_can_be(void)
{
    weir_free(weir_realloc(NULL, SIZE_MAX / 2, 3));
}

static void running_out_ends_the_program_with_its_own_exit_code(void **state)
{
    (void)state;
    struct child_result result = child_run(ask_for_more_than_there_can_be);
    assert_int_equal(result.exit_code, 70);
    assert_non_null(strstr(result.text, "weir: out of memory"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_memory_is_zeroed),
        cmocka_unit_test(nothing_is_still_a_pointer),
        cmocka_unit_test(growing_keeps_the_content),
        cmocka_unit_test(copies_end_where_they_should),
        cmocka_unit_test(each_call_is_counted),
        cmocka_unit_test(threads_count_for_themselves),
        cmocka_unit_test(running_out_ends_the_program_with_its_own_exit_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
