// --rate-schedule: each form means what it says, and what is wrong is told by place and remedy.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/plan/schedule.h"

#define SEC WEIR_SECOND

static size_t parse(const char *text, struct weir_piece **out)
{
    struct weir_err err = {0};
    size_t count = 0;
    // exact bytes without a NUL behind them: reading on is seen by the sanitizers
    const size_t len = strlen(text);
    char *copy = weir_alloc(len + 1, 1);
    char *tight = weir_realloc(copy, len > 0 ? len : 1, 1);
    memcpy(tight, text, len);
    const weir_status status =
        weir_pieces_parse((struct weir_slice){tight, len}, out, &count, &err);
    weir_free(tight);
    if (status != WEIR_OK) {
        fail_msg("'%s': %s", text, err.text);
    }
    return count;
}

static void assert_piece(const struct weir_piece *piece, const struct weir_piece *expected)
{
    assert_int_equal(piece->kind, expected->kind);
    assert_int_equal(piece->length, expected->length);
    assert_true(piece->from == expected->from);
    assert_true(piece->to == expected->to);
    assert_int_equal(piece->period, expected->period);
}

static void the_example_of_the_manual_is_taken(void **state)
{
    (void)state;
    static const struct weir_piece expected[] = {
        {WEIR_PIECE_CONSTANT, 30 * SEC, 10, 10, 0},
        {WEIR_PIECE_RAMP, 60 * SEC, 10, 50, 0},
        {WEIR_PIECE_CONSTANT, 5 * SEC, 100, 100, 0},
        {WEIR_PIECE_SINE, 120 * SEC, 20, 10, 30 * SEC},
    };
    static const char *const same[] = {
        "10/s for 30s, ramp 10/s to 50/s over 1m, 100/s for 5s, sine 20/s+-10/s every 30s for 2m",
        "10/s for 30s ramp 10/s to 50/s over 1m 100/s for 5s sine 20/s+-10/s every 30s for 2m",
        "constant 10 for 30 s,ramp to 50 for 60s,spike 0.1k over 5000ms,"
        "sine 20 ± 10 period 0.5m over 2min",
        " ,, hold 600/min over 30s,\n\tramp from 10 / s to 3000 /m over 1m\r\n"
        "step 360k/h for 5s , sine 1200/minute +/- 36000/hour every 30s for 2m,\n",
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(same); i++) {
        struct weir_piece *pieces = NULL;
        assert_int_equal(parse(same[i], &pieces), WEIR_COUNT_OF(expected));
        for (size_t k = 0; k < WEIR_COUNT_OF(expected); k++) {
            assert_piece(&pieces[k], &expected[k]);
        }
        weir_free(pieces);
    }
}

static void a_ramp_goes_on_from_where_the_last_piece_ended(void **state)
{
    (void)state;
    struct weir_piece *pieces = NULL;
    const size_t count =
        parse("7/s for 1s ramp to 9/s over 1s ramp to 3/s over 1s pause for 2s "
              "ramp to 5/s over 1s sine 5/s+-5/s every 4s for 1s ramp to 0 over 1s",
              &pieces);
    assert_int_equal(count, 7);
    assert_true(pieces[1].from == 7 && pieces[2].from == 9);
    assert_piece(&pieces[3], &(struct weir_piece){WEIR_PIECE_CONSTANT, 2 * SEC, 0, 0, 0});
    assert_true(pieces[4].from == 0);
    assert_true(pieces[6].from == 10 && pieces[6].to == 0); // a quarter of a period: at the top
    weir_free(pieces);
}

static void limits_themselves_are_taken(void **state)
{
    (void)state;
    struct weir_piece *pieces = NULL;
    assert_int_equal(parse("1000000/s for 1ns 0.001/s for 3649d", &pieces), 2);
    assert_true(pieces[0].from == WEIR_SCHEDULE_RATE_MAX && pieces[0].length == 1);
    weir_free(pieces);
    assert_int_equal(parse("1000k for 3650d", &pieces), 1);
    weir_free(pieces);
}

struct wrong {
    const char *text;
    int column;
    const char *says;
};

static void what_is_wrong_is_told_by_place_and_remedy(void **state)
{
    (void)state;
    static const struct wrong wrong[] = {
        {"", 1, "as 10/s for 30s, found 'the end'"},
        {" , ", 4, "a piece"},
        {"10/s", 5, "expected 'for' and a time, as for 30s, found 'the end'"},
        {"10/s 30s", 6, "expected 'for' and a time, as for 30s, found '30s'"},
        {"10/s for", 9, "a time above 0 with its unit"},
        {"10/s for 30", 10, "with its unit, as 30s, found '30'"},
        {"10/s for 0s", 10, "above 0"},
        {"10/s for -5s", 10, "above 0"},
        {"10/s for 5 fortnights", 10, "with its unit"},
        {"10/s for 99999999999999999999999999999999999999999999999999s", 10, "with its unit"},
        {"10/s for 1s2/s for 1s", 12, "a blank or a comma behind a piece, found '2/s'"},
        {"10/d for 1s", 4, "s, min or h behind '/', found 'd'"},
        {"10/", 4, "s, min or h"},
        {"10/sfor 1s", 4, "s, min or h"},
        {"10x/s for 1s", 3, "/s, /min or /h behind the number"},
        {"10M/s for 1s", 3, "expected 'for'"},
        {"1..2/s for 1s", 1, "a rate, as 10/s"},
        {"./s for 1s", 1, "a rate, as 10/s"},
        {"1e3/s for 1s", 2, "behind the number"},
        {"-1/s for 1s", 1, "a rate (10/s for 30s), ramp, sine or pause, found '-1/s'"},
        {"1000001/s for 1s", 1, "a rate from 0 to 1000000/s, found '1000001/s'"},
        {"1 for 1s, 1001k/s for 1s", 11, "a rate from 0 to 1000000/s"},
        {"ramp", 5, "the rate the first ramp begins with"},
        {"ramp to 5/s over 1s", 6, "the rate the first ramp begins with"},
        {"ramp from to 5/s over 1s", 11, "a rate, as 10/s, found 'to'"},
        {"ramp 1/s 5/s over 1s", 10, "'to' and the rate the ramp ends with"},
        {"ramp 1/s to over 1s", 13, "a rate, as 10/s, found 'over'"},
        {"ramp 1/s to 5/s", 16, "'over' and a time"},
        {"sine 5/s every 3s for 1m", 10, "'+-' and how far the rate swings"},
        {"sine 5/s+-6/s every 3s for 1m", 11, "no larger than the mean rate"},
        {"sine 5/s+-5/s for 1m", 15, "'every' and a time, as every 30s, found 'for'"},
        {"sine 5/s+-5/s every 0s for 1m", 21, "above 0"},
        {"ramps 1/s to 2/s over 1s", 1, "expected 'ramp', found 'ramps'"},
        {"1 for 1s sinus 1/s for 1s", 10, "expected 'sine', found 'sinus'"},
        {"1 for 1s; 2 for 1s", 9, "a blank or a comma behind a piece, found ';'"},
        {"pause 1s", 7, "'for' and a time"},
        {"1 for 1s \x01\xff", 10,
         "found '?"
         "?'"},
        {"1/s for 3650d 1/s for 1s", 15, "more than ten years altogether"},
        {"pause for 1s 0/s for 3s ramp to 0 over 1s", 0, "every rate is 0"},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(wrong); i++) {
        struct weir_piece *pieces = NULL;
        size_t count = 77;
        struct weir_err err = {0};
        const weir_status status =
            weir_pieces_parse(weir_slice_of(wrong[i].text), &pieces, &count, &err);
        if (status != WEIR_INVALID || err.column != wrong[i].column ||
            strstr(err.text, wrong[i].says) == NULL) {
            fail_msg("'%s': status %d, column %d, %s", wrong[i].text, status, err.column, err.text);
        }
        assert_null(pieces);
        assert_int_equal(count, 77);
    }
}

static void a_thousand_pieces_are_taken_but_not_any_number(void **state)
{
    (void)state;
    static const char one[] = "1/s for 1s,";
    const size_t len = sizeof(one) - 1;
    char *text = weir_alloc(WEIR_PIECES_MAX + 1, len);
    for (size_t i = 0; i <= WEIR_PIECES_MAX; i++) {
        memcpy(text + i * len, one, len);
    }
    struct weir_piece *pieces = NULL;
    size_t count = 0;
    struct weir_err err = {0};
    assert_int_equal(
        weir_pieces_parse((struct weir_slice){text, WEIR_PIECES_MAX * len}, &pieces, &count, &err),
        WEIR_OK);
    assert_int_equal(count, WEIR_PIECES_MAX);
    weir_free(pieces);
    assert_int_equal(weir_pieces_parse((struct weir_slice){text, (WEIR_PIECES_MAX + 1) * len},
                                       &pieces, &count, &err),
                     WEIR_INVALID);
    assert_non_null(strstr(err.text, "more than 10000 pieces"));
    weir_free(text);
}

static void nothing_at_all_is_an_error_too(void **state)
{
    (void)state;
    struct weir_piece *pieces = NULL;
    size_t count = 0;
    assert_int_equal(weir_pieces_parse((struct weir_slice){NULL, 0}, &pieces, &count, NULL),
                     WEIR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_manual_is_taken),
        cmocka_unit_test(a_ramp_goes_on_from_where_the_last_piece_ended),
        cmocka_unit_test(limits_themselves_are_taken),
        cmocka_unit_test(what_is_wrong_is_told_by_place_and_remedy),
        cmocka_unit_test(a_thousand_pieces_are_taken_but_not_any_number),
        cmocka_unit_test(nothing_at_all_is_an_error_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
