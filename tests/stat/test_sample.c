// Keys of the closed sets, and gaps in 32 bits.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/rng.h"
#include "weir/stat/sample.h"

typedef const char *key_fn(unsigned value);

static const char *outcome_key(unsigned value)
{
    return weir_outcome_key((enum weir_outcome)value);
}

static const char *timeout_key(unsigned value)
{
    return weir_timeout_key((enum weir_timeout)value);
}

static const char *phase_key(unsigned value)
{
    return weir_phase_key((enum weir_phase)value);
}

static const char *token_source_key(unsigned value)
{
    return weir_token_source_key((enum weir_token_source)value);
}

/** Keys go into files: lower case, digits and underscores only. */
static void check_key(const char *key)
{
    assert_true(strlen(key) > 0);
    assert_int_equal(strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(key));
}

static void check_keys(key_fn *key, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        check_key(key(i));
        assert_string_not_equal(key(i), "unknown");
        for (unsigned j = 0; j < i; j++) {
            assert_string_not_equal(key(i), key(j));
        }
    }
    assert_string_equal(key(count), "unknown");
    assert_string_equal(key(255), "unknown");
}

static void keys_are_unique(void **state)
{
    (void)state;
    check_keys(outcome_key, WEIR_OUTCOME_COUNT);
    check_keys(timeout_key, WEIR_TIMEOUT_COUNT);
    check_keys(phase_key, WEIR_PHASE_COUNT);
    check_keys(token_source_key, WEIR_TOKEN_SOURCE_COUNT);
}

static void keys_that_files_rely_on(void **state)
{
    (void)state;
    assert_string_equal(weir_outcome_key(WEIR_OUTCOME_OK), "ok");
    assert_string_equal(weir_outcome_key(WEIR_OUTCOME_HTTP_429), "http_429");
    assert_string_equal(weir_outcome_key(WEIR_OUTCOME_CLIENT_RESOURCE), "client_resource");
    assert_string_equal(weir_timeout_key(WEIR_TIMEOUT_FIRST_TOKEN), "first_token");
    assert_string_equal(weir_phase_key(WEIR_PHASE_MEASURED), "measured");
    assert_string_equal(weir_token_source_key(WEIR_TOKEN_SOURCE_CHUNK_USAGE), "chunk_usage");
    assert_int_equal(WEIR_OUTCOME_OK, 0); // a zeroed sample is one that ended well
}

static void gaps_below_two_seconds_are_exact(void **state)
{
    (void)state;
    static const weir_ns spans[] = {0,         1,           999,        1000,
                                    WEIR_MSEC, WEIR_SECOND, 2147483646, 2147483647};
    for (size_t i = 0; i < WEIR_COUNT_OF(spans); i++) {
        assert_int_equal(weir_gap_decode(weir_gap_encode(spans[i])), spans[i]);
    }
    struct weir_rng rng = weir_rng_seed(1);
    for (int i = 0; i < 100000; i++) {
        weir_ns span = weir_rng_u32(&rng) >> 1U;
        assert_int_equal(weir_gap_decode(weir_gap_encode(span)), span);
    }
}

static const weir_ns longest = 2147483647000;

static void longer_gaps_are_right_to_half_a_microsecond(void **state)
{
    (void)state;
    assert_int_equal(weir_gap_decode(weir_gap_encode(2147483648)), 2147484000);
    assert_int_equal(weir_gap_decode(weir_gap_encode(3 * WEIR_SECOND + 499)), 3 * WEIR_SECOND);
    assert_int_equal(weir_gap_decode(weir_gap_encode(3 * WEIR_SECOND + 500)),
                     3 * WEIR_SECOND + WEIR_USEC);
    struct weir_rng rng = weir_rng_seed(2);
    for (int i = 0; i < 100000; i++) {
        weir_ns span =
            2147483648 + (weir_ns)(weir_rng_u64(&rng) % (uint64_t)(longest - 2147483648));
        weir_ns off = weir_gap_decode(weir_gap_encode(span)) - span;
        assert_true(off >= -500 && off <= 500);
    }
}

static void gaps_are_cut_off_at_both_ends(void **state)
{
    (void)state;
    const weir_ns high[] = {longest, longest + 1, longest + WEIR_USEC, WEIR_DAY, INT64_MAX};
    for (size_t i = 0; i < WEIR_COUNT_OF(high); i++) {
        assert_int_equal(weir_gap_decode(weir_gap_encode(high[i])), longest);
    }
    assert_int_equal(weir_gap_encode(-1), 0);
    assert_int_equal(weir_gap_encode(INT64_MIN), 0);
}

static void longer_gaps_never_encode_shorter(void **state)
{
    (void)state;
    weir_ns last = 0;
    for (weir_ns span = 1; span < WEIR_HOUR; span += span / 100 + 1) {
        weir_ns kept = weir_gap_decode(weir_gap_encode(span));
        assert_true(kept >= last);
        last = kept;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_unique),
        cmocka_unit_test(keys_that_files_rely_on),
        cmocka_unit_test(gaps_below_two_seconds_are_exact),
        cmocka_unit_test(longer_gaps_are_right_to_half_a_microsecond),
        cmocka_unit_test(gaps_are_cut_off_at_both_ends),
        cmocka_unit_test(longer_gaps_never_encode_shorter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
