// hlog.c: round trips, words of the Java and Python libraries (tests/golden), and damage of every
// kind. With an argument the program is the C side of tests/e2e/test_hlog_peers.py: `encode` and
// `decode` filter stdin.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "../../src/stat/hlog_internal.h"
#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/base/rng.h"
#include "weir/stat/hlog.h"

#define DAY_NS   INT64_C(86400000000000)
#define LINE_CAP ((size_t)1 << 22)

static struct weir_hist *decode(const char *word)
{
    struct weir_hist *hist = NULL;
    struct weir_err err;
    if (weir_hlog_decode(weir_slice_of(word), &hist, &err) != WEIR_OK) {
        fail_msg("%s", err.text);
    }
    return hist;
}

static void check_same_slots(const struct weir_hist *a, const struct weir_hist *b)
{
    struct weir_hist_slot left = {0};
    struct weir_hist_slot right = {0};
    while (weir_hist_next(a, &left)) {
        assert_true(weir_hist_next(b, &right));
        assert_int_equal(left.lowest, right.lowest);
        assert_int_equal(left.highest, right.highest);
        assert_int_equal(left.count, right.count);
    }
    assert_false(weir_hist_next(b, &right));
    assert_int_equal(weir_hist_highest(a), weir_hist_highest(b));
    assert_int_equal(weir_hist_digits(a), weir_hist_digits(b));
    assert_int_equal(weir_hist_count(a), weir_hist_count(b));
}

// ---- round trips -------------------------------------------------------------------------------

static void check_round_trip(const struct weir_hist *hist)
{
    struct weir_buf word;
    struct weir_buf again;
    weir_buf_init(&word, LINE_CAP);
    weir_buf_init(&again, LINE_CAP);
    assert_true(weir_hlog_encode(hist, &word));
    struct weir_hist *decoded = decode(weir_buf_text(&word));
    check_same_slots(hist, decoded);
    assert_true(weir_hist_min(decoded) <= weir_hist_min(hist));
    assert_true(weir_hist_max(decoded) >= weir_hist_max(hist));
    assert_true(weir_hist_max(decoded) <= weir_hist_highest(hist));
    const double slot_error = 0.5 * pow(10, -weir_hist_digits(hist)) * weir_hist_mean(hist) + 0.5;
    assert_true(fabs(weir_hist_mean(decoded) - weir_hist_mean(hist)) <= slot_error);
    for (double percentile = 0; percentile < 100; percentile += 7.3) {
        const int64_t value = weir_hist_percentile(hist, percentile);
        if (value < weir_hist_max(hist)) {
            assert_int_equal(weir_hist_percentile(decoded, percentile), value);
        }
    }
    assert_true(weir_hlog_encode(decoded, &again));
    assert_string_equal(weir_buf_text(&word), weir_buf_text(&again));
    weir_hist_free(decoded);
    weir_buf_free(&word);
    weir_buf_free(&again);
}

static void test_round_trip_of_random_histograms(void **state)
{
    (void)state;
    struct weir_rng rng = weir_rng_seed(11);
    const int64_t highest[] = {2, 3, 1023, 1024, 1000000, DAY_NS, INT64_MAX};
    for (int digits = 1; digits <= 5; digits++) {
        for (size_t i = 0; i < WEIR_COUNT_OF(highest); i++) {
            struct weir_hist *hist = weir_hist_new(highest[i], digits);
            check_round_trip(hist);
            for (int j = 0; j < 1500; j++) {
                const uint64_t bits = weir_rng_u64(&rng) >> weir_rng_below(&rng, 63) >> 1;
                const int64_t value = (int64_t)(bits % (uint64_t)highest[i]) + 1;
                const uint64_t times = weir_rng_u64(&rng) >> (10 + weir_rng_below(&rng, 54));
                (void)weir_hist_record_n(hist, value, times);
            }
            check_round_trip(hist);
            weir_hist_free(hist);
        }
    }
}

static void test_round_trip_of_extremes(void **state)
{
    (void)state;
    const int64_t values[] = {0, 1, 2047, 2048, DAY_NS};
    for (size_t i = 0; i < WEIR_COUNT_OF(values); i++) {
        struct weir_hist *hist = weir_hist_new(DAY_NS, 3);
        assert_true(weir_hist_record(hist, values[i]));
        check_round_trip(hist);
        weir_hist_reset(hist);
        assert_true(weir_hist_record_n(hist, values[i], INT64_MAX));
        check_round_trip(hist);
        weir_hist_free(hist);
    }
}

// ---- the log -----------------------------------------------------------------------------------

static void test_header(void **state)
{
    (void)state;
    struct weir_buf out;
    weir_buf_init(&out, 1000);
    assert_true(weir_hlog_add_header(1700000000.123, &out));
    assert_string_equal(
        weir_buf_text(&out),
        "#[Histogram log format version 1.3]\n"
        "#[StartTime: 1700000000.123 (seconds since epoch), Tue Nov 14 22:13:20 UTC 2023]\n"
        "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_"
        "Histogram\"\n");
    struct weir_slice rest = weir_slice_of(weir_buf_text(&out));
    struct weir_slice line;
    while (weir_slice_next_part(&rest, '\n', &line)) {
        struct weir_hlog_entry entry = {.start_s = 5};
        assert_int_equal(weir_hlog_parse_line(line, &entry, NULL), WEIR_OK);
        assert_null(entry.hist);
        assert_true(entry.start_s == 0);
    }
    weir_buf_free(&out);
}

static void test_line_round_trip(void **state)
{
    (void)state;
    char longest[256] = {0};
    memset(longest, 'x', sizeof(longest) - 1);
    const char *const tags[] = {"c=64:ttft", "µs", longest, "", NULL};
    struct weir_hist *hist = weir_hist_new(DAY_NS, 3);
    assert_true(weir_hist_record(hist, 51234567));
    for (size_t i = 0; i < WEIR_COUNT_OF(tags); i++) {
        struct weir_buf out;
        weir_buf_init(&out, LINE_CAP);
        assert_true(weir_hlog_add_line(tags[i], 12.5, 1.0625, 1e6, hist, &out));
        const char *numbers = tags[i] == NULL ? out.ptr : strstr(out.ptr, "12.500");
        assert_true(strncmp(numbers, "12.500,1.062,51.235,HIST", 24) == 0);
        assert_int_equal(out.ptr[out.len - 1], '\n');
        struct weir_hlog_entry entry;
        const struct weir_slice line = {out.ptr, out.len - 1};
        assert_int_equal(weir_hlog_parse_line(line, &entry, NULL), WEIR_OK);
        assert_string_equal(entry.tag, tags[i] == NULL ? "" : tags[i]);
        assert_true(entry.start_s == 12.5 && entry.length_s == 1.062);
        check_same_slots(entry.hist, hist);
        weir_hist_free(entry.hist);
        weir_buf_free(&out);
    }
    weir_hist_free(hist);
}

static void test_full_buffer_keeps_no_half_line(void **state)
{
    (void)state;
    struct weir_hist *hist = weir_hist_new(DAY_NS, 3);
    assert_true(weir_hist_record(hist, 51234567));
    struct weir_buf whole;
    weir_buf_init(&whole, LINE_CAP);
    assert_true(weir_hlog_add_line("a", 0, 1, 1e6, hist, &whole));
    for (size_t cap = 2; cap < whole.len + 2; cap++) {
        struct weir_buf out;
        weir_buf_init(&out, cap);
        assert_true(weir_buf_add_str(&out, "ab"));
        assert_false(weir_hlog_add_line("a", 0, 1, 1e6, hist, &out));
        assert_true(out.overflow);
        assert_string_equal(weir_buf_text(&out), "ab");
        weir_buf_free(&out);
    }
    weir_buf_free(&whole);
    weir_hist_free(hist);
}

static void test_lines_without_histogram(void **state)
{
    (void)state;
    const char *const lines[] = {"",
                                 "\r",
                                 "  \t",
                                 "#",
                                 "# a comment, with commas",
                                 "#[BaseTime: 1 (seconds)]",
                                 "\"StartTimestamp\",\"Interval_Length\"\r"};
    for (size_t i = 0; i < WEIR_COUNT_OF(lines); i++) {
        struct weir_hlog_entry entry = {.hist = (struct weir_hist *)&entry};
        assert_int_equal(weir_hlog_parse_line(weir_slice_of(lines[i]), &entry, NULL), WEIR_OK);
        assert_null(entry.hist);
        assert_string_equal(entry.tag, "");
    }
}

/** An empty histogram. */
#define WORD "HISTFAAAACF42pNpmSzMwMDAyAABzFAayPebMtGfgcH+A1QEAFRwBD0="

static void test_bad_lines(void **state)
{
    (void)state;
    const char *const lines[][2] = {
        {"x", "no number for the interval's start"},
        {"1,2", "no number for the maximum"},
        {"1,2,3", "ends before its histogram"},
        {"1,2,3,", "not base64"},
        {"1,,3," WORD, "no number for the interval's length"},
        {"Tag=a", "no number for the interval's start"},
        {"Tag=a,", "no number for the interval's start"},
        {"Tag=a b,1,2,3," WORD, "none of them a blank"},
        {"Tag=a\tb,1,2,3," WORD, "none of them a blank"},
        {"tag=a,1,2,3," WORD, "no number for the interval's start"},
        {"nan,1,2," WORD, "no number for the interval's start"},
        {"0,-1,2," WORD, "negative length"},
        {"0,1e999,2," WORD, "no number for the interval's length"},
        {"0,1,2," WORD ",", "not base64"},
        {"0,1,2," WORD " " WORD, "not base64"},
        {"\"Start\",1,2,3", "no number for the interval's start"},
    };
    for (size_t i = 0; i < WEIR_COUNT_OF(lines); i++) {
        struct weir_hlog_entry entry = {.start_s = 77};
        struct weir_err err = {0};
        assert_int_equal(weir_hlog_parse_line(weir_slice_of(lines[i][0]), &entry, &err),
                         WEIR_INVALID);
        assert_non_null(strstr(err.text, lines[i][1]));
        assert_true(entry.start_s == 77 && entry.hist == NULL); // untouched
    }
    struct weir_hlog_entry entry;
    assert_int_equal(
        weir_hlog_parse_line(weir_slice_of(" Tag=a,0,1, 2.5," WORD "\r"), &entry, NULL), WEIR_OK);
    assert_int_equal(weir_hist_count(entry.hist), 0);
    weir_hist_free(entry.hist);
}

static void test_longest_tag(void **state)
{
    (void)state;
    char tag[257] = {0};
    char line[400];
    memset(tag, 'x', sizeof(tag) - 1);
    (void)snprintf(line, sizeof(line), "Tag=%s,1,2,3," WORD, tag);
    struct weir_hlog_entry entry;
    struct weir_err err = {0};
    assert_int_equal(weir_hlog_parse_line(weir_slice_of(line), &entry, &err), WEIR_INVALID);
    assert_non_null(strstr(err.text, "at most 255 characters"));
    (void)snprintf(line, sizeof(line), "Tag=%s,1,2,3," WORD, tag + 1);
    assert_int_equal(weir_hlog_parse_line(weir_slice_of(line), &entry, NULL), WEIR_OK);
    assert_string_equal(entry.tag, tag + 1);
    weir_hist_free(entry.hist);
}

// ---- words of other libraries ------------------------------------------------------------

/** As in peers/HlogPeer.java. */
static void fill(struct weir_hist *hist, int64_t highest, int count)
{
    uint64_t state = (uint64_t)count + 1;
    for (int i = 0; i < count; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        const uint64_t value = (state >> 1 >> (state >> 58)) % (uint64_t)(highest / 2);
        assert_true(
            weir_hist_record_n(hist, (int64_t)value, i % 10 == 0 ? UINT64_C(1) << i % 40 : 1));
    }
}

static FILE *open_golden(const char *name)
{
    char path[1024];
    (void)snprintf(path, sizeof(path), "%s/golden/%s", WEIR_TEST_DIR, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    return file;
}

/** The next line that holds a histogram; its text without the end is in `text`. */
static bool next_entry(FILE *file, char *text, size_t size, struct weir_hlog_entry *entry)
{
    while (fgets(text, (int)size, file) != NULL) {
        text[strcspn(text, "\n")] = '\0';
        struct weir_err err;
        if (weir_hlog_parse_line(weir_slice_of(text), entry, &err) != WEIR_OK) {
            fail_msg("%s", err.text);
        }
        if (entry->hist != NULL) {
            return true;
        }
    }
    return false;
}

/** The payload in a word, inflated. */
static struct weir_buf payload_of(const char *word)
{
    struct weir_buf payload;
    uint8_t *frame = weir_alloc(strlen(word), 1);
    size_t frame_len = 0;
    assert_true(weir__base64_decode(weir_slice_of(word), frame, &frame_len));
    uLongf len = LINE_CAP;
    weir_buf_init(&payload, LINE_CAP);
    weir_buf_reserve(&payload, LINE_CAP);
    assert_int_equal(uncompress((Bytef *)payload.ptr, &len, frame + 8, (uLong)(frame_len - 8)),
                     Z_OK);
    payload.len = len;
    weir_free(frame);
    return payload;
}

static void check_same_payload(const char *left, const char *right)
{
    struct weir_buf a = payload_of(left);
    struct weir_buf b = payload_of(right);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.ptr, b.ptr, a.len);
    weir_buf_free(&a);
    weir_buf_free(&b);
}

static void check_golden(const char *name, bool payload_is_ours)
{
    const struct {
        int64_t highest;
        int digits;
    } shapes[] = {{DAY_NS, 3}, {DAY_NS, 1}, {DAY_NS, 2},   {DAY_NS, 4},
                  {1000, 5},   {2, 1},      {INT64_MAX, 3}};
    FILE *file = open_golden(name);
    static char text[65536];
    struct weir_hlog_entry entry;
    int index = 0;
    for (; next_entry(file, text, sizeof(text), &entry); index++) {
        assert_true((size_t)index < WEIR_COUNT_OF(shapes));
        struct weir_hist *hist = weir_hist_new(shapes[index].highest, shapes[index].digits);
        fill(hist, shapes[index].highest, 100 * index);
        check_same_slots(hist, entry.hist);
        char tag[16];
        (void)snprintf(tag, sizeof(tag), "set%d", index);
        assert_string_equal(entry.tag, tag);
        assert_true(entry.start_s == index && entry.length_s == 0.5 * index);
        struct weir_buf word;
        weir_buf_init(&word, LINE_CAP);
        assert_true(weir_hlog_encode(hist, &word));
        if (payload_is_ours) {
            check_same_payload(strrchr(text, ',') + 1, weir_buf_text(&word));
        }
        weir_buf_free(&word);
        weir_hist_free(hist);
        weir_hist_free(entry.hist);
    }
    assert_int_equal(index, WEIR_COUNT_OF(shapes));
    (void)fclose(file);
}

static void test_words_of_the_java_library(void **state)
{
    (void)state;
    check_golden("hlog_java.hlog", true);
}

static void test_words_of_the_python_library(void **state)
{
    (void)state;
    check_golden("hlog_python.hlog", false); // it writes single empty slots in the longer form
}

/** `hist` has the values of fill(), known to 1/10^digits and to one unit. */
static void check_near_fill(const struct weir_hist *hist, int64_t highest, double unit, int digits)
{
    struct weir_hist *exact = weir_hist_new(INT64_MAX, 5);
    fill(exact, highest, 1000);
    assert_int_equal(weir_hist_count(hist), weir_hist_count(exact));
    assert_int_equal(weir_hist_dropped(hist), 0);
    for (double percentile = 0.5; percentile <= 100; percentile += 0.5) {
        const double value = (double)weir_hist_percentile(exact, percentile);
        const double off = fabs((double)weir_hist_percentile(hist, percentile) - value);
        assert_true(off <= value * (1e-5 + pow(10, -digits)) + unit);
    }
    weir_hist_free(exact);
}

static void test_layouts_of_others(void **state)
{
    (void)state;
    const struct {
        int64_t highest;
        double unit;
        int digits;
    } shapes[] = {{DAY_NS, 512, 3}, {DAY_NS, 1 << 20, 2},   {1000000, 1, 0},
                  {1 << 30, 2, 5},  {INT64_MAX, 0x1p40, 1}, {DAY_NS, 1, 3}};
    FILE *file = open_golden("hlog_java_layouts.hlog");
    static char text[65536];
    struct weir_hlog_entry entry;
    size_t index = 0;
    while (next_entry(file, text, sizeof(text), &entry)) {
        if (entry.start_s == 5) { // values above the highest, 5000
            assert_int_equal(weir_hist_highest(entry.hist), 5000);
            assert_int_equal(weir_hist_count(entry.hist), 5);
            assert_int_equal(weir_hist_percentile(entry.hist, 40), 5003);
            assert_int_equal(weir_hist_max(entry.hist), 8191);
        } else {
            check_near_fill(entry.hist, shapes[index].highest, shapes[index].unit,
                            shapes[index].digits);
            index++;
        }
        weir_hist_free(entry.hist);
    }
    assert_int_equal(index, WEIR_COUNT_OF(shapes));
    (void)fclose(file);
}

// ---- the C side of e2e/test_hlog_peers.py ------------------------------------------------

static void print_line(const char *tag, const double *interval, const struct weir_hist *hist)
{
    struct weir_buf out;
    weir_buf_init(&out, (size_t)1 << 28);
    const bool is_untagged = strcmp(tag, "-") == 0;
    if (!weir_hlog_add_line(is_untagged ? NULL : tag, interval[0], interval[1], 1e6, hist, &out)) {
        exit(2);
    }
    (void)fputs(weir_buf_text(&out), stdout);
    weir_buf_free(&out);
}

/** Input: "hist TAG START LENGTH LOWEST HIGHEST DIGITS", then lines "VALUE TIMES", for each
 * histogram. */
static int encode_input(void)
{
    struct weir_buf header;
    weir_buf_init(&header, 1000);
    (void)weir_hlog_add_header(1700000000.123, &header);
    (void)fputs(weir_buf_text(&header), stdout);
    weir_buf_free(&header);
    struct weir_hist *hist = NULL;
    char line[512];
    char tag[256] = "";
    double interval[2] = {0, 0};
    int64_t lowest = 0;
    int64_t value = 0;
    uint64_t times = 0;
    int digits = 0;
    while (fgets(line, sizeof(line), stdin) != NULL) {
        if (sscanf(line, "%" SCNd64 " %" SCNu64, &value, &times) == 2) {
            (void)weir_hist_record_n(hist, value, times);
            continue;
        }
        if (hist != NULL) {
            print_line(tag, interval, hist);
        }
        weir_hist_free(hist);
        if (sscanf(line, "hist %255s %lf %lf %" SCNd64 " %" SCNd64 " %d", tag, &interval[0],
                   &interval[1], &lowest, &value, &digits) != 6) {
            return 2;
        }
        hist = weir_hist_new(value, digits);
    }
    print_line(tag, interval, hist);
    weir_hist_free(hist);
    return 0;
}

static void print_hist(const char *tag, const struct weir_hist *hist)
{
    static const double percentiles[] = {1, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 99.999, 100};
    (void)printf("hist %s %" PRId64 " %d %" PRIu64 "\n", tag[0] == '\0' ? "-" : tag,
                 weir_hist_highest(hist), weir_hist_digits(hist), weir_hist_count(hist));
    for (size_t i = 0; i < WEIR_COUNT_OF(percentiles); i++) {
        (void)printf("p%.3f %" PRId64 "\n", percentiles[i],
                     weir_hist_percentile(hist, percentiles[i]));
    }
    struct weir_hist_slot slot = {0};
    while (weir_hist_next(hist, &slot)) {
        (void)printf("%" PRId64 " %" PRIu64 "\n", slot.highest, slot.count);
    }
}

/** Input: a log. Output: all that is in it, as text. */
static int decode_input(void)
{
    char *line = weir_alloc(1, LINE_CAP);
    int result = 0;
    while (result == 0 && fgets(line, (int)LINE_CAP, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        struct weir_hlog_entry entry;
        struct weir_err err;
        if (weir_hlog_parse_line(weir_slice_of(line), &entry, &err) != WEIR_OK) {
            weir_err_print(&err);
            result = 2;
        } else if (entry.hist != NULL) {
            print_hist(entry.tag, entry.hist);
            weir_hist_free(entry.hist);
        }
    }
    weir_free(line);
    return result;
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        return strcmp(argv[1], "encode") == 0 ? encode_input() : decode_input();
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip_of_random_histograms),
        cmocka_unit_test(test_round_trip_of_extremes),
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_line_round_trip),
        cmocka_unit_test(test_full_buffer_keeps_no_half_line),
        cmocka_unit_test(test_lines_without_histogram),
        cmocka_unit_test(test_bad_lines),
        cmocka_unit_test(test_longest_tag),
        cmocka_unit_test(test_words_of_the_java_library),
        cmocka_unit_test(test_words_of_the_python_library),
        cmocka_unit_test(test_layouts_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
