/** child.h: run a function in a process of its own and look at how it ended and what it said on
 * standard error. For code that ends the program, or whose only effect is a line for people. */
#ifndef WEIR_TESTS_BASE_CHILD_H
#define WEIR_TESTS_BASE_CHILD_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

struct child_result {
    int exit_code;   // −1: ended by a signal
    int signal;      // 0: none
    char text[4096]; // standard error, cut off at the end
};

static inline void child_read(int fd, char *out, size_t size)
{
    size_t len = 0;
    char rest[512];
    for (;;) {
        char *to = len + 1 < size ? out + len : rest;
        size_t room = len + 1 < size ? size - 1 - len : sizeof(rest);
        ssize_t got = read(fd, to, room);
        if (got <= 0) {
            break;
        }
        len += to == rest ? 0 : (size_t)got;
    }
    out[len] = '\0';
}

/** Exit code 0 when `body` returns; −1 and signal 0 when there could be no child. */
static inline struct child_result child_run(void (*body)(void))
{
    struct child_result result = {.exit_code = -1};
    int ends[2];
    if (pipe(ends) != 0) {
        return result;
    }
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        body();
        _exit(0);
    }
    (void)close(ends[1]);
    child_read(ends[0], result.text, sizeof(result.text));
    (void)close(ends[0]);
    int status = 0;
    if (pid > 0 && waitpid(pid, &status, 0) == pid) {
        result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    }
    return result;
}

#endif
