// The embedded simulator as a child process: see sim_child.h. It is this very program, executed
// anew. Two pipes: the child says its port on one, and ends at the end of file on the other; that
// comes when weir_sim_child_stop() closes it, and also when this process dies without having done
// so.
#define _GNU_SOURCE
#include "weir/cli/sim_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "weir/base/arena.h"
#include "weir/base/str.h"

enum {
    OPTIONS_MAX = 64,
    STOP_FD_IN_CHILD = 3,
    START_PATIENCE_MS = 20000,
    STOP_PATIENCE_MS = 60000, // a long run's truth takes a while to sort
};

/** What execve() wants; memory of an arena. */
struct start {
    char *args[OPTIONS_MAX + 1];
    char **env;
};

/** The environment of the child: ours, and which descriptor to watch. */
static char **make_env(struct weir_arena *arena)
{
    static const char NAME[] = "WEIR_SIM_STOP_FD=";
    size_t count = 0;
    while (environ[count] != NULL) {
        count++;
    }
    char **env = weir_arena_alloc(arena, (count + 2) * sizeof(*env));
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (strncmp(environ[i], NAME, sizeof(NAME) - 1) != 0) {
            env[kept++] = environ[i];
        }
    }
    char text[32];
    const int len = snprintf(text, sizeof(text), "%s%d", NAME, STOP_FD_IN_CHILD);
    env[kept] = weir_arena_strndup(arena, text, (size_t)len);
    return env;
}

/** The command line of the child: options "a=1,b=2" become --a=1 --b=2. */
static weir_status make_args(struct weir_arena *arena, const char *options, const char *truth,
                             char **args, struct weir_err *err)
{
    size_t count = 0;
    args[count++] = weir_arena_strndup(arena, "weir", 4);
    args[count++] = weir_arena_strndup(arena, "sim", 3);
    args[count++] = weir_arena_strndup(arena, "--port=0", 8);
    if (truth != NULL) {
        const size_t size = strlen(truth) + sizeof("--truth=");
        args[count] = weir_arena_alloc(arena, size);
        (void)snprintf(args[count++], size, "--truth=%s", truth);
    }
    struct weir_slice rest = weir_slice_of(options);
    struct weir_slice part;
    while (weir_slice_next_part(&rest, ',', &part)) {
        part = weir_slice_trim(part);
        if (part.len == 0) {
            continue;
        }
        if (count == OPTIONS_MAX) {
            return weir_fail(err, WEIR_INVALID,
                             "more than %d options for the simulator in \"%.100s\"",
                             OPTIONS_MAX - 4, options);
        }
        const size_t size = part.len + sizeof("--");
        args[count] = weir_arena_alloc(arena, size);
        (void)snprintf(args[count++], size, "--%.*s", (int)part.len, part.ptr);
    }
    args[count] = NULL;
    return WEIR_OK;
}

/** In the child: only what is safe between fork and exec. Does not return. */
static void become_sim(const struct start *start, int stop_fd, int port_fd, pid_t parent)
{
    // die with the thread that started us, and with no terminal's Ctrl-C: the parent decides when
    // we end
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)setpgid(0, 0);
    if (getppid() != parent) {
        _exit(0);
    }
    // both lie above 3, or dup2() would have closed the one while placing the other
    if (dup2(port_fd, STDOUT_FILENO) < 0 || dup2(stop_fd, STOP_FD_IN_CHILD) < 0) {
        _exit(70);
    }
    (void)execve("/proc/self/exe", start->args, start->env);
    _exit(70);
}

/** A pipe whose ends are closed on exec and lie above the descriptors the child uses. */
static bool make_pipe(int ends[2])
{
    int low[2];
    if (pipe2(low, O_CLOEXEC) != 0) {
        return false;
    }
    ends[0] = fcntl(low[0], F_DUPFD_CLOEXEC, STOP_FD_IN_CHILD + 1);
    ends[1] = fcntl(low[1], F_DUPFD_CLOEXEC, STOP_FD_IN_CHILD + 1);
    (void)close(low[0]);
    (void)close(low[1]);
    return ends[0] >= 0 && ends[1] >= 0;
}

/** Read the child's line "… http://127.0.0.1:PORT". False: it ended, or said something else, or
 * nothing in time. */
static bool read_port(int fd, uint16_t *port)
{
    char line[128];
    size_t len = 0;
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    while (len + 1 < sizeof(line) && poll(&wait, 1, START_PATIENCE_MS) > 0) {
        const ssize_t got = read(fd, line + len, sizeof(line) - 1 - len);
        if (got <= 0) {
            return false;
        }
        len += (size_t)got;
        line[len] = '\0';
        if (line[len - 1] == '\n') {
            const char *colon = strrchr(line, ':');
            const struct weir_slice digits = {.ptr = colon + 1,
                                              .len = colon != NULL ? strlen(colon) - 2 : 0};
            int64_t value = 0;
            const bool is_port =
                colon != NULL && weir_parse_i64(digits, &value) && value > 0 && value <= UINT16_MAX;
            *port = (uint16_t)value;
            return is_port;
        }
    }
    return false;
}

static weir_status status_of_exit(int wait_status, struct weir_err *err)
{
    if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0) {
        return WEIR_OK;
    }
    if (WIFEXITED(wait_status)) {
        const bool is_usage = WEXITSTATUS(wait_status) == 2;
        return weir_fail(
            err, is_usage ? WEIR_INVALID : WEIR_SYSTEM,
            "the embedded simulator ended with exit code %d (its own message is above)",
            WEXITSTATUS(wait_status));
    }
    return weir_fail(err, WEIR_SYSTEM, "the embedded simulator was ended by signal %d",
                     WTERMSIG(wait_status));
}

/** Wait for the child's end; kill it when `patience_ms` is over. */
static weir_status reap(pid_t pid, int patience_ms, struct weir_err *err)
{
    const int pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pid_fd >= 0) {
        struct pollfd wait = {.fd = pid_fd, .events = POLLIN};
        int ready = 0;
        do {
            ready = poll(&wait, 1, patience_ms);
        } while (ready < 0 && errno == EINTR);
        if (ready == 0) {
            (void)kill(pid, SIGKILL);
        }
        (void)close(pid_fd);
    }
    int wait_status = 0;
    while (waitpid(pid, &wait_status, 0) < 0) {
        if (errno != EINTR) {
            return weir_fail(err, WEIR_SYSTEM, "cannot wait for the embedded simulator: %s",
                             strerror(errno));
        }
    }
    return status_of_exit(wait_status, err);
}

static weir_status fail_start(pid_t pid, struct weir_err *err)
{
    (void)kill(pid, SIGTERM);
    const weir_status status = reap(pid, START_PATIENCE_MS, err);
    return status != WEIR_OK ? status
                             : weir_fail(err, WEIR_SYSTEM,
                                         "the embedded simulator did not say its port within %d s",
                                         START_PATIENCE_MS / 1000);
}

static void close_pipe(const int ends[2])
{
    for (int i = 0; i < 2; i++) {
        if (ends[i] >= 0) {
            (void)close(ends[i]);
        }
    }
}

static weir_status spawn(struct weir_sim_child *child, const struct start *start,
                         struct weir_err *err)
{
    int stop[2] = {-1, -1};
    int port[2] = {-1, -1};
    const pid_t parent = getpid();
    pid_t pid = -1;
    if (make_pipe(stop) && make_pipe(port)) {
        pid = fork();
    }
    if (pid == 0) {
        become_sim(start, stop[0], port[1], parent);
    }
    if (pid < 0) {
        const int error = errno;
        close_pipe(stop);
        close_pipe(port);
        return weir_fail(err, WEIR_SYSTEM, "cannot start the embedded simulator: %s",
                         strerror(error));
    }
    (void)close(stop[0]);
    (void)close(port[1]);
    uint16_t number = 0;
    const bool is_up = read_port(port[0], &number);
    (void)close(port[0]);
    if (is_up) {
        *child = (struct weir_sim_child){.pid = pid, .stop_fd = stop[1], .port = number};
        return WEIR_OK;
    }
    (void)close(stop[1]);
    return fail_start(pid, err);
}

weir_status weir_sim_child_start(struct weir_sim_child *child, const char *options,
                                 const char *truth, struct weir_err *err)
{
    struct start start;
    struct weir_arena *arena = weir_arena_new();
    weir_status status = make_args(arena, options, truth, start.args, err);
    if (status == WEIR_OK) {
        start.env = make_env(arena);
        status = spawn(child, &start, err);
    }
    weir_arena_free(arena);
    return status;
}

weir_status weir_sim_child_stop(struct weir_sim_child *child, struct weir_err *err)
{
    (void)close(child->stop_fd);
    const pid_t pid = child->pid;
    *child = (struct weir_sim_child){.stop_fd = -1};
    return reap(pid, STOP_PATIENCE_MS, err);
}
