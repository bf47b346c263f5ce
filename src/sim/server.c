// The simulator's loop: a listener, one timer for all that is due, signals and the stop descriptor.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "sim_internal.h"
#include "weir/base/attr.h"
#include "weir/base/log.h"
#include "weir/base/mem.h"
#include "weir/sim/sim.h"

enum {
    BACKLOG = 16384, // the kernel cuts it to net.core.somaxconn
    ACCEPTS_A_TURN = 256,
    DUE_A_TURN = 512, // then sockets are looked at again, however much is overdue
    SCRATCH_RESERVE = 128 * 1024,
    SCRATCH_KEEP = 1024 * 1024,
};

// ---- what is due
// -------------------------------------------------------------------------------------

static void arm(struct weir__sim *sim)
{
    const weir_ns next = sim->thaw_ns > 0 ? sim->thaw_ns : weir_sim_pace_next(&sim->pace);
    if (next == sim->armed_ns) {
        return;
    }
    struct itimerspec when = {0};
    if (next < INT64_MAX) {
        when.it_value = weir_timespec_of(next > 0 ? next : 1);
    }
    // an instant in the past fires at once; setting also takes back an expiry that was not looked
    // at
    (void)timerfd_settime(sim->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
    sim->armed_ns = next;
}

void weir__sim_turn(struct weir__sim *sim)
{
    for (int i = 0; i < DUE_A_TURN && !weir__freeze_holds(sim); i++) {
        struct weir_sim_pace_item *item = weir_sim_pace_due(&sim->pace, weir_clock_now());
        if (item == NULL) {
            break;
        }
        item->on_due(item);
    }
    if (sim->scratch.size > SCRATCH_KEEP) {
        weir_buf_free(&sim->scratch);
        weir_buf_reserve(&sim->scratch, SCRATCH_RESERVE);
    }
    if (!sim->is_stopping) {
        arm(sim);
    }
}

static void on_timer(uv_poll_t *poll, int status, int events)
{
    struct weir__sim *sim = poll->data;
    (void)status;
    (void)events;
    sim->armed_ns = 0;
    weir__sim_turn(sim);
}

// ---- the listener
// ------------------------------------------------------------------------------------

static bool is_out_of_descriptors(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
    struct weir__sim *sim = poll->data;
    (void)status;
    (void)events;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        const int fd = accept4(sim->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            weir__conn_open(sim, fd);
        } else if (is_out_of_descriptors(errno)) {
            weir_warn("the simulator cannot accept more connections: %s; raise 'ulimit -n'",
                      strerror(errno));
            sim->is_full = true;
            (void)uv_poll_stop(&sim->listener);
            break;
        } else if (errno == EAGAIN) {
            break;
        }
    }
    weir__sim_turn(sim);
}

void weir__sim_relieved(struct weir__sim *sim)
{
    if (sim->is_full && !sim->is_stopping) {
        sim->is_full = false;
        weir__sim_listen(sim, true);
    }
}

void weir__sim_listen(struct weir__sim *sim, bool is_wanted)
{
    if (is_wanted && !sim->is_full) {
        (void)uv_poll_start(&sim->listener, UV_READABLE, on_connection);
    } else {
        (void)uv_poll_stop(&sim->listener);
    }
}

static weir_status fail_listen(struct weir__sim *sim, struct weir_err *err)
{
    const int error = errno;
    const int port = (int)sim->config->port;
    if (sim->listen_fd >= 0) {
        (void)close(sim->listen_fd);
        sim->listen_fd = -1;
    }
    if (error == EADDRINUSE) {
        return weir_fail(err, WEIR_INVALID,
                         "port %d is in use on 127.0.0.1; choose another with --port, or take a "
                         "free one with --port 0",
                         port);
    }
    return weir_fail(err, WEIR_SYSTEM, "cannot listen on 127.0.0.1:%d: %s; try --port 0", port,
                     strerror(error));
}

/** Options set here are inherited by the connections: stamps begin with their very first segment.
 */
static bool set_options(int fd)
{
    const int on = 1;
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) == 0 &&
           setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0;
}

static weir_status open_listener(struct weir__sim *sim, struct weir_err *err)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)sim->config->port),
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    sim->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (sim->listen_fd < 0 || !set_options(sim->listen_fd) ||
        bind(sim->listen_fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(sim->listen_fd, BACKLOG) != 0 ||
        getsockname(sim->listen_fd, (struct sockaddr *)&address, &len) != 0) {
        return fail_listen(sim, err);
    }
    sim->port = ntohs(address.sin_port);
    return WEIR_OK;
}

// ---- the end
// -----------------------------------------------------------------------------------------

static void close_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

/** Close everything; the loop ends when it is gone. Answers being given are recorded as they stand.
 */
static void stop(struct weir__sim *sim)
{
    sim->is_stopping = true;
    if (sim->thaw_ns > 0) {
        weir_sim_truth_stall(&sim->truth, sim->frozen_ns, weir_clock_now());
    }
    while (sim->first != NULL) {
        weir__conn_close(sim->first, WEIR_SIM_STOPPED);
    }
    uv_walk(&sim->loop, close_handle, NULL);
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    stop(handle->data);
}

static void on_stop_fd(uv_poll_t *poll, int status, int events)
{
    struct weir__sim *sim = poll->data;
    char bytes[64];
    (void)events;
    const ssize_t len = status < 0 ? 0 : read(sim->stop_fd, bytes, sizeof(bytes));
    if (len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR)) {
        stop(sim);
    }
}

// ---- the beginning
// -----------------------------------------------------------------------------------

static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); // what there is will do
    }
}

static int watch(struct weir__sim *sim, uv_poll_t *poll, int fd, uv_poll_cb on_event)
{
    const int result = uv_poll_init(&sim->loop, poll, fd);
    if (result != 0) {
        return result;
    }
    poll->data = sim;
    return uv_poll_start(poll, UV_READABLE, on_event);
}

static int catch_signal(struct weir__sim *sim, uv_signal_t *handle, int number)
{
    const int result = uv_signal_init(&sim->loop, handle);
    if (result != 0) {
        return result;
    }
    handle->data = sim;
    return uv_signal_start(handle, on_signal, number);
}

static weir_status start_handles(struct weir__sim *sim, struct weir_err *err)
{
    int result = watch(sim, &sim->listener, sim->listen_fd, on_connection);
    if (result == 0) {
        result = watch(sim, &sim->timer, sim->timer_fd, on_timer);
    }
    if (result == 0 && sim->stop_fd >= 0) {
        result = watch(sim, &sim->stopper, sim->stop_fd, on_stop_fd);
    }
    if (result == 0) {
        result = catch_signal(sim, &sim->signals[0], SIGINT);
    }
    if (result == 0) {
        result = catch_signal(sim, &sim->signals[1], SIGTERM);
    }
    if (result != 0) {
        return weir_fail(err, WEIR_SYSTEM, "cannot start the simulator's loop: %s",
                         uv_strerror(result));
    }
    return WEIR_OK;
}

static weir_status read_limits(struct weir__sim *sim, struct weir_err *err)
{
    sim->budget.rate = sim->config->token_rate;
    weir_status status = weir_sim_faults_parse(&sim->config->fault, &sim->faults, err);
    if (status == WEIR_OK) {
        status = weir_sim_bucket_parse(sim->config->rate_limit, &sim->bucket, err);
    }
    return status == WEIR_OK ? weir_sim_freezes_parse(&sim->config->stall_at, &sim->freezes, err)
                             : status;
}

static weir_status open_all(struct weir__sim *sim, struct weir_err *err)
{
    const char *model = weir_sim_model(sim->config);
    if (strlen(model) > WEIR_SIM_MODEL_MAX) {
        return weir_fail(err, WEIR_INVALID, "--model may have at most %d bytes",
                         WEIR_SIM_MODEL_MAX);
    }
    weir_status status = read_limits(sim, err);
    if (status == WEIR_OK) {
        status = weir_sim_truth_open(&sim->truth, sim->config->truth, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    sim->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (sim->timer_fd < 0) {
        return weir_fail(err, WEIR_SYSTEM, "cannot make a timer: %s", strerror(errno));
    }
    raise_descriptors();
    status = open_listener(sim, err);
    return status == WEIR_OK ? start_handles(sim, err) : status;
}

static struct weir__sim *new_sim(const struct weir_config *config, int stop_fd)
{
    struct weir__sim *sim = weir_alloc(1, sizeof(*sim));
    sim->config = config;
    sim->listen_fd = -1;
    sim->timer_fd = -1;
    sim->stop_fd = stop_fd;
    sim->input = weir_alloc(WEIR__INPUT_BYTES, 1);
    weir_buf_init(&sim->scratch, WEIR_SIM_ANSWER_CAP);
    weir_buf_reserve(&sim->scratch, SCRATCH_RESERVE);
    weir_sim_pace_init(&sim->pace);
    weir__http_init(&sim->parsing);
    return sim;
}

static void free_sim(struct weir__sim *sim)
{
    if (sim->listen_fd >= 0) {
        (void)close(sim->listen_fd);
    }
    if (sim->timer_fd >= 0) {
        (void)close(sim->timer_fd);
    }
    weir_sim_pace_free(&sim->pace);
    weir_buf_free(&sim->scratch);
    weir_free(sim->input);
    weir_free(sim);
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double cpu_seconds(void)
{
    struct rusage usage = {0};
    (void)getrusage(RUSAGE_SELF, &usage);
    return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

weir_status weir_sim_serve(const struct weir_config *config, int stop_fd,
                           void (*on_listening)(void *context, uint16_t port), void *context,
                           struct weir_err *err)
{
    struct weir__sim *sim = new_sim(config, stop_fd);
    if (uv_loop_init(&sim->loop) != 0) {
        free_sim(sim);
        return weir_fail(err, WEIR_SYSTEM, "cannot make an event loop: %s", strerror(errno));
    }
    const double cpu_before = cpu_seconds();
    weir_status status = open_all(sim, err);
    if (status == WEIR_OK) {
        weir_sim_voice_init(&sim->voice, config);
        sim->offset_ns = weir_clock_offset(NULL);
        sim->offset_at_ns = weir_clock_now();
        if (on_listening != NULL) {
            on_listening(context, sim->port);
        }
    } else {
        stop(sim);
    }
    (void)uv_run(&sim->loop, UV_RUN_DEFAULT);
    const int left = uv_loop_close(&sim->loop);
    WEIR_ASSERT(left == 0);
    struct weir_err *const truth_err = status == WEIR_OK ? err : NULL;
    const struct weir_sim_totals totals = {.cpu_s = cpu_seconds() - cpu_before,
                                           .max_streams = sim->max_streams,
                                           .max_waiting = sim->max_waiting};
    const weir_status truth = weir_sim_truth_close(&sim->truth, &totals, truth_err);
    free_sim(sim);
    return status != WEIR_OK ? status : truth;
}
