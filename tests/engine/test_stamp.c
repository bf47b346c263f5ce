// Kernel receive stamps on a loopback connection: between send and read, and of the segment that is
// read next.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "weir/engine/stamp.h"

struct pair {
    int reader;
    int writer;
};

static int setup(void **state)
{
    static struct pair pair;
    const int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    pair.reader = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(weir_stamp_enable(pair.reader));
    assert_int_equal(connect(pair.reader, (struct sockaddr *)&address, len), 0);
    pair.writer = accept(listener, NULL, NULL);
    assert_true(pair.writer >= 0);
    (void)setsockopt(pair.writer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)close(listener);
    *state = &pair;
    return 0;
}

static int teardown(void **state)
{
    struct pair *pair = *state;
    (void)close(pair->reader);
    (void)close(pair->writer);
    return 0;
}

static void wait_readable(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&wait, 1, 5000), 1);
}

/** The kernel switches stamping on a moment after the first socket asks for it: exchange bytes
 * until they carry stamps. */
static void warm_up(const struct pair *pair, struct weir_stamper *stamper)
{
    bool is_stamped = false;
    for (int i = 0; i < 100000 && !is_stamped; i++) {
        char byte = 'w';
        assert_int_equal(write(pair->writer, &byte, 1), 1);
        wait_readable(pair->reader);
        is_stamped = weir_stamp_peek(stamper, pair->reader, weir_clock_now()).is_kernel;
        assert_int_equal(read(pair->reader, &byte, 1), 1);
    }
    assert_true(is_stamped);
}

static void stamps_the_next_unread_byte(void **state)
{
    struct pair *pair = *state;
    struct weir_stamper stamper;
    weir_stamper_init(&stamper);
    warm_up(pair, &stamper);
    weir_ns bracket = 0;
    (void)weir_clock_offset(&bracket);
    const weir_ns slack = bracket + 100 * WEIR_USEC; // of the two clocks' offset
    weir_ns before = weir_clock_now();
    assert_int_equal(write(pair->writer, "a", 1), 1);
    wait_readable(pair->reader);
    weir_ns between = weir_clock_now();
    assert_int_equal(write(pair->writer, "b", 1), 1);
    weir_ns after = weir_clock_now();

    struct weir_arrival first = weir_stamp_peek(&stamper, pair->reader, after);
    assert_true(first.is_kernel);
    assert_true(first.first >= before - slack && first.first <= between + slack);
    struct weir_arrival again = weir_stamp_peek(&stamper, pair->reader, after);
    assert_int_equal(first.first, again.first); // looking takes nothing

    // a late reader learns when the last of them came, too
    weir_ns late = weir_clock_now();
    while (late - first.first <= WEIR_STAMP_PROMPT) {
        late = weir_clock_now();
    }
    struct weir_arrival both = weir_stamp_peek(&stamper, pair->reader, late);
    assert_int_equal(both.first, first.first);
    assert_true(both.last >= between - slack && both.last <= after + slack);

    char byte = 0;
    assert_int_equal(read(pair->reader, &byte, 1), 1);
    struct weir_arrival second = weir_stamp_peek(&stamper, pair->reader, weir_clock_now());
    assert_true(second.is_kernel);
    assert_true(second.first >= first.first);
    assert_true(second.first >= between - slack);
    assert_int_equal(second.first, both.last);
}

/** One call brings bytes and the arrival of the last of them; a look leaves them there. */
static void a_read_has_the_stamp_of_its_last_byte(void **state)
{
    struct pair *pair = *state;
    struct weir_stamper stamper;
    weir_stamper_init(&stamper);
    warm_up(pair, &stamper);
    weir_ns bracket = 0;
    (void)weir_clock_offset(&bracket);
    const weir_ns slack = bracket + 100 * WEIR_USEC;
    // Once acknowledged, a segment is joined with the next one, stamp and all: as after a request
    // of ours, acknowledge late
    const int off = 0;
    (void)setsockopt(pair->reader, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof(off));
    char bytes[8] = "";
    weir_ns before = weir_clock_now();
    assert_int_equal(write(pair->writer, "ab", 2), 2);
    weir_ns between = weir_clock_now();
    while (weir_clock_now() - between < WEIR_MSEC) {
    }
    weir_ns late = weir_clock_now();
    assert_int_equal(write(pair->writer, "cd", 2), 2);
    wait_readable(pair->reader);
    weir_ns now = weir_clock_now();

    struct weir_stamped seen =
        weir_stamp_read(&stamper, pair->reader, bytes, sizeof(bytes), now, true);
    assert_int_equal(seen.len, 4);
    assert_true(seen.is_kernel && seen.at >= late - slack && seen.at <= now + slack);
    struct weir_stamped first = weir_stamp_read(&stamper, pair->reader, bytes, 2, now, false);
    assert_int_equal(first.len, 2);
    assert_memory_equal(bytes, "ab", 2);
    assert_true(first.is_kernel && first.at >= before - slack && first.at <= between + slack);
    struct weir_stamped rest =
        weir_stamp_read(&stamper, pair->reader, bytes, sizeof(bytes), now, false);
    assert_int_equal(rest.len, 2);
    assert_memory_equal(bytes, "cd", 2);
    assert_int_equal(rest.at, seen.at);
    struct weir_stamped none =
        weir_stamp_read(&stamper, pair->reader, bytes, sizeof(bytes), now, false);
    assert_int_equal(none.len, -1);
    assert_false(none.is_kernel);
    assert_int_equal(none.at, now);
}

static void falls_back_to_the_user_clock(void **state)
{
    struct pair *pair = *state;
    struct weir_stamper stamper;
    weir_stamper_init(&stamper);
    struct weir_arrival none = weir_stamp_peek(&stamper, pair->reader, 12345); // nothing to read
    assert_false(none.is_kernel);
    assert_int_equal(none.first, 12345);
    (void)close(pair->writer);
    pair->writer = -1;
    wait_readable(pair->reader);
    assert_false(
        weir_stamp_peek(&stamper, pair->reader, 12345).is_kernel); // end of file has no stamp
}

static void a_stepped_clock_is_noticed(void **state)
{
    struct pair *pair = *state;
    struct weir_stamper stamper;
    weir_stamper_init(&stamper);
    warm_up(pair, &stamper);
    stamper.offset -= WEIR_HOUR; // as if the wall clock had jumped since: stamps lie in the future
    assert_int_equal(write(pair->writer, "a", 1), 1);
    wait_readable(pair->reader);
    weir_ns now = weir_clock_now();
    struct weir_arrival arrival = weir_stamp_peek(&stamper, pair->reader, now);
    assert_true(arrival.is_kernel);
    assert_true(arrival.first <= now && now - arrival.first < WEIR_MINUTE);
    assert_true(stamper.step_max > 59 * WEIR_MINUTE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(stamps_the_next_unread_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(a_read_has_the_stamp_of_its_last_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(falls_back_to_the_user_clock, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stepped_clock_is_noticed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
