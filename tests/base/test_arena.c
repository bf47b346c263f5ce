// Memory freed at once.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdalign.h>
#include <string.h>

#include "weir/base/arena.h"
#include "weir/base/mem.h"
#include "weir/base/rng.h"

enum { PIECES = 3000 };

struct piece {
    unsigned char *ptr;
    size_t bytes;
};

/** Mostly small, now and then larger than any block. */
static size_t some_size(struct weir_rng *rng)
{
    return weir_rng_below(rng, 100) == 0 ? 300000 + weir_rng_below(rng, 1000)
                                         : weir_rng_below(rng, 2000);
}

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    static struct piece pieces[PIECES];
    struct weir_rng rng = weir_rng_seed(1);
    struct weir_arena *arena = weir_arena_new();
    for (size_t i = 0; i < PIECES; i++) {
        size_t bytes = some_size(&rng);
        unsigned char *ptr = weir_arena_alloc(arena, bytes);
        assert_non_null(ptr);
        assert_int_equal((uintptr_t)ptr % alignof(max_align_t), 0);
        for (size_t j = 0; j < bytes; j++) {
            assert_int_equal(ptr[j], 0);
        }
        memset(ptr, (int)(i % 255 + 1), bytes);
        pieces[i] = (struct piece){ptr, bytes};
    }
    for (size_t i = 0; i < PIECES; i++) { // nobody wrote over anybody
        for (size_t j = 0; j < pieces[i].bytes; j++) {
            assert_int_equal(pieces[i].ptr[j], i % 255 + 1);
        }
    }
    weir_arena_free(arena);
}

static void small_pieces_share_blocks(void **state)
{
    (void)state;
    struct weir_arena *arena = weir_arena_new();
    (void)weir_arena_alloc(arena, 1);
    uint64_t before = weir_mem_count();
    for (int i = 0; i < 1000; i++) {
        (void)weir_arena_alloc(arena, 100);
    }
    assert_int_equal(weir_mem_count(), before);
    weir_arena_free(arena);
}

static void use_is_counted(void **state)
{
    (void)state;
    struct weir_arena *arena = weir_arena_new();
    assert_int_equal(weir_arena_used(arena), 0);
    (void)weir_arena_alloc(arena, 100);
    (void)weir_arena_alloc(arena, 1000000);
    assert_in_range(weir_arena_used(arena), 1000100, 1000100 + 2 * alignof(max_align_t));
    weir_arena_free(arena);
    weir_arena_free(NULL);
}

static void texts_are_copied(void **state)
{
    (void)state;
    struct weir_arena *arena = weir_arena_new();
    const char *part = weir_arena_strndup(arena, "weirdly", 4);
    const char *none = weir_arena_strndup(arena, NULL, 0);
    assert_string_equal(part, "weir");
    assert_string_equal(none, "");
    weir_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(small_pieces_share_blocks),
        cmocka_unit_test(use_is_counted),
        cmocka_unit_test(texts_are_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
