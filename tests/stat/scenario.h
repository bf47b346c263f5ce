/** scenario.h: thirteen requests around a window of one second, from 1000 ms to 2000 ms, with every
 * sum worked out by hand in the tests that use them. Instants in ms: MS(1052) is 52 ms into the
 * window. */
#ifndef WEIR_TESTS_STAT_SCENARIO_H
#define WEIR_TESTS_STAT_SCENARIO_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "weir/stat/recorder.h"

/** Equal but for what rounding in another order makes of a sum. */
static inline bool is_near(double actual, double expected)
{
    return fabs(actual - expected) <= 1e-9 * (1 + fabs(expected));
}
#define assert_near(actual, expected) assert_true(is_near((actual), (expected)))

#define MS(value) ((weir_ns)((value)*1000000.0))

struct scenario_request {
    struct weir_sample sample;
    size_t gap_count;
    weir_ns gap;         // each of them
    uint32_t gap_tokens; // that each of them brought
};

static const struct weir_window scenario_window = {MS(1000), MS(2000)};

// clang-format off
#define UNTOLD .input_tokens = -1, .reasoning_tokens = -1, .cached_tokens = -1
#define WARMUP .phase = WEIR_PHASE_WARMUP
#define MEASURED .phase = WEIR_PHASE_MEASURED
#define STREAM(source) .is_streamed = 1, .token_source = WEIR_TOKEN_SOURCE_##source
#define FAILED(why) .outcome = WEIR_OUTCOME_##why, .is_streamed = 1, .output_tokens = -1, \
                    .token_source = WEIR_TOKEN_SOURCE_NONE, UNTOLD

static const struct scenario_request scenario[] = {
    // warm-up, over before the window
    {{WARMUP, STREAM(USAGE), .due = MS(100), .sent = MS(100), .first_token = MS(150), .second_token = MS(160),
      .last_token = MS(250), .done = MS(260), .chunks = 10, .output_tokens = 10, .input_tokens = 100,
      .connect_time = MS(3), .tokens_asked = 99},
     9, MS(11), 1},
    // warm-up, reaching into the window: tokens at 950, 1000 (the start is outside), 1050, 1100, 1150
    {{WARMUP, STREAM(USAGE), .is_reused = 1, .due = MS(900), .sent = MS(900), .first_token = MS(950),
      .second_token = MS(1000), .last_token = MS(1150), .done = MS(1160), .chunks = 5, .chunks_in_window = 3,
      .output_tokens = 20, .input_tokens = 50},
     4, MS(50), 1},
    // warm-up, failed
    {{WARMUP, FAILED(RESET), .is_reused = 1, .due = MS(950), .sent = MS(950), .done = MS(1050)}, 0, 0, 0},
    // all inside, on a new connection; its first token was reasoning
    {{MEASURED, STREAM(USAGE), .due = MS(1000), .sent = MS(1002), .first_token = MS(1052), .first_output_token = MS(1062),
      .second_token = MS(1062), .last_token = MS(1152), .done = MS(1153), .longest_gap = MS(10), .chunks = 11,
      .chunks_in_window = 11, .output_tokens = 11, .input_tokens = 100, .reasoning_tokens = 3,
      .connect_time = MS(1.5), .tokens_asked = 11},
     10, MS(10), 1},
    // four tokens an event, and more of them than asked for
    {{MEASURED, STREAM(CHUNK_USAGE), UNTOLD, .is_reused = 1, .due = MS(1100),
      .sent = MS(1100), .first_token = MS(1150), .second_token = MS(1190), .last_token = MS(1270),
      .done = MS(1270), .longest_gap = MS(40), .chunks = 4, .chunks_in_window = 4, .output_tokens = 13,
      .tokens_asked = 10},
     3, MS(40), 4},
    // over the end of the window: tokens at 1980, 2000 (the end is inside), 2020, 2040; fewer than asked for
    {{MEASURED, STREAM(USAGE), .is_reused = 1, .due = MS(1900), .sent = MS(1900), .first_token = MS(1980),
      .second_token = MS(2000), .last_token = MS(2040), .done = MS(2050), .longest_gap = MS(20), .chunks = 4,
      .chunks_in_window = 2, .output_tokens = 8, .input_tokens = 40, .reasoning_tokens = -1, .cached_tokens = -1,
      .tokens_asked = 10},
     3, MS(20), 1},
    // done at the very end of the window; counted by events, so nobody can say that it is short
    {{MEASURED, STREAM(EVENTS), UNTOLD, .is_reused = 1, .due = MS(1500),
      .sent = MS(1510), .first_token = MS(1600), .second_token = MS(1800), .last_token = MS(2000),
      .done = MS(2000), .longest_gap = MS(200), .chunks = 3, .chunks_in_window = 3, .output_tokens = 3,
      .tokens_asked = 10},
     2, MS(200), 1},
    // in one piece, inside
    {{MEASURED, .token_source = WEIR_TOKEN_SOURCE_USAGE, .is_reused = 1, .due = MS(1200), .sent = MS(1200),
      .done = MS(1700), .output_tokens = 30, .input_tokens = 60, .reasoning_tokens = -1, .cached_tokens = -1},
     0, 0, 0},
    // in one piece, after the end
    {{MEASURED, .token_source = WEIR_TOKEN_SOURCE_USAGE, .is_reused = 1, .due = MS(1800), .sent = MS(1800),
      .done = MS(2100), .output_tokens = 10, .input_tokens = 20, .reasoning_tokens = -1, .cached_tokens = -1},
     0, 0, 0},
    // failed after two events, whose gap must not count
    {{MEASURED, FAILED(TIMEOUT), .timeout = WEIR_TIMEOUT_STALL, .is_reused = 1, .due = MS(1300), .sent = MS(1300),
      .first_token = MS(1310), .second_token = MS(1315), .last_token = MS(1315), .done = MS(1600), .chunks = 2,
      .chunks_in_window = 2},
     1, MS(5), 1},
    // never sent
    {{MEASURED, FAILED(CONNECT), .due = MS(1400), .done = MS(1450)}, 0, 0, 0},
    // refused, on a new connection
    {{MEASURED, FAILED(HTTP_429), .due = MS(1450), .sent = MS(1451), .done = MS(1461), .connect_time = MS(1),
      .http_status = 429},
     0, 0, 0},
    // one event: no gap, no pace
    {{MEASURED, STREAM(USAGE), .is_reused = 1, .due = MS(1600), .sent = MS(1600), .first_token = MS(1640),
      .first_output_token = MS(1640), .last_token = MS(1640), .done = MS(1650), .chunks = 1,
      .chunks_in_window = 1, .output_tokens = 5, .input_tokens = 7, .reasoning_tokens = -1, .cached_tokens = -1,
      .tokens_asked = 5, .retries = 2},
     0, 0, 0},
};
// clang-format on
#undef UNTOLD
#undef WARMUP
#undef MEASURED
#undef STREAM
#undef FAILED

static inline void scenario_play(struct weir_recorder *recorder)
{
    for (size_t i = 0; i < sizeof(scenario) / sizeof(scenario[0]); i++) {
        struct weir_gap gaps[16];
        for (size_t j = 0; j < scenario[i].gap_count; j++) {
            gaps[j] = (struct weir_gap){weir_gap_encode(scenario[i].gap), scenario[i].gap_tokens};
        }
        weir_recorder_add(recorder, &scenario[i].sample, gaps, scenario[i].gap_count,
                          scenario_window);
    }
}

#endif
