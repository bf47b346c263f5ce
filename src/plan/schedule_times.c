// A file of arrival times, read line by line: see schedule.h.
#include "weir/plan/schedule.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "weir/base/mem.h"
#include "weir/base/units.h"

enum { CHUNK_BYTES = 65536, NUMBER_MAX = 48 };

/** Where the reader is, for errors; times grow on the heap. */
struct reader {
    const char *name;
    int line;
    int last_line; // of the time before
    weir_ns *times;
    size_t count;
    size_t size;
    struct weir_err *err;
};

/** The line up to the text, fit to print. */
static const char *shown(struct weir_slice text, char out[NUMBER_MAX])
{
    size_t len = 0;
    while (len < text.len && len + 1 < NUMBER_MAX) {
        out[len] = (char)(text.ptr[len] >= ' ' && text.ptr[len] < 0x7f ? text.ptr[len] : '?');
        len++;
    }
    out[len] = '\0';
    return out;
}

static bool has_exponent(struct weir_slice text)
{
    return memchr(text.ptr, 'e', text.len) != NULL || memchr(text.ptr, 'E', text.len) != NULL;
}

/** Seconds as programs print them (1.5, 1e-3), or a duration with its unit. */
static bool parse_time(struct weir_slice text, weir_ns *out)
{
    if (weir_parse_duration(text, out)) {
        return true;
    }
    double seconds = 0;
    if (!weir_parse_f64(text, &seconds) || seconds < 0) {
        return false;
    }
    if (has_exponent(text)) {
        const double ns = floor(seconds * (double)WEIR_SECOND + 0.5);
        if (ns > (double)WEIR_SCHEDULE_LENGTH_MAX) {
            return false;
        }
        *out = (weir_ns)ns;
        return true;
    }
    char exact[NUMBER_MAX]; // as a duration: a double would lose the ns of long times
    const int len = snprintf(exact, sizeof(exact), "%.*ss", (int)text.len, text.ptr);
    return (size_t)len < sizeof(exact) &&
           weir_parse_duration((struct weir_slice){exact, (size_t)len}, out);
}

/** What is wrong with a line that holds no time. */
static weir_status fail_time(const struct reader *reader, struct weir_slice text)
{
    char found[NUMBER_MAX];
    double number = 0;
    const char *why = "is no time; a line is a number of seconds from the start, as 1.25, or a "
                      "duration with its unit, as 1250ms";
    if (weir_parse_f64(text, &number)) {
        why = number < 0 ? "is below 0; times count from the start of the level"
                         : "is more than ten years; times count from the start of the level: "
                           "subtract the first one from all";
    }
    return weir_fail_at(reader->err, reader->name, reader->line, 1, "'%s' %s", shown(text, found),
                        why);
}

static weir_status add_time(struct reader *reader, weir_ns time)
{
    if (reader->count > 0 && time < reader->times[reader->count - 1]) {
        char now[40];
        char before[40];
        return weir_fail_at(
            reader->err, reader->name, reader->line, 1,
            "%s lies before %s of line %d; times must ascend (sort -g sorts plain numbers)",
            weir_format_duration(time, now, sizeof(now)),
            weir_format_duration(reader->times[reader->count - 1], before, sizeof(before)),
            reader->last_line);
    }
    if (reader->count == WEIR_TIMES_MAX) {
        return weir_fail_at(reader->err, reader->name, reader->line, 0,
                            "more than %d times; split the file", WEIR_TIMES_MAX);
    }
    if (reader->count == reader->size) {
        reader->size = reader->size > 0 ? reader->size * 2 : 256;
        reader->times = weir_realloc(reader->times, reader->size, sizeof(*reader->times));
    }
    reader->times[reader->count++] = time;
    reader->last_line = reader->line;
    return WEIR_OK;
}

/** One line without its line break. */
static weir_status take_line(struct reader *reader, struct weir_slice line)
{
    reader->line++;
    if (reader->line == 1 && weir_slice_starts(line, "\xef\xbb\xbf")) {
        line = (struct weir_slice){line.ptr + 3, line.len - 3};
    }
    const char *comment = line.len > 0 ? memchr(line.ptr, '#', line.len) : NULL;
    if (comment != NULL) {
        line.len = (size_t)(comment - line.ptr);
    } else if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    const struct weir_slice text = weir_slice_trim(line);
    if (text.len == 0) {
        return WEIR_OK;
    }
    weir_ns time = 0;
    return parse_time(text, &time) ? add_time(reader, time) : fail_time(reader, text);
}

/** Hand the times over, or drop them. */
static weir_status finish(struct reader *reader, weir_status status, weir_ns **out, size_t *count)
{
    if (status == WEIR_OK && reader->count == 0) {
        status = weir_fail_at(reader->err, reader->name, 0, 0,
                              "no arrival time in this file; a line is a number of seconds from "
                              "the start");
    }
    if (status != WEIR_OK) {
        weir_free(reader->times);
        return status;
    }
    *out = reader->times;
    *count = reader->count;
    return WEIR_OK;
}

static weir_status take_lines(struct reader *reader, FILE *file, char *chunk)
{
    size_t held = 0; // bytes of an unfinished line at the start of `chunk`
    for (;;) {
        const size_t got = fread(chunk + held, 1, CHUNK_BYTES - held, file);
        if (got == 0) {
            break;
        }
        struct weir_slice rest = {chunk, held + got};
        const char *end = memchr(rest.ptr, '\n', rest.len);
        while (end != NULL) {
            const size_t len = (size_t)(end - rest.ptr);
            const weir_status status = take_line(reader, (struct weir_slice){rest.ptr, len});
            if (status != WEIR_OK) {
                return status;
            }
            rest = (struct weir_slice){end + 1, rest.len - len - 1};
            end = rest.len > 0 ? memchr(rest.ptr, '\n', rest.len) : NULL;
        }
        if (rest.len == CHUNK_BYTES) {
            return weir_fail_at(reader->err, reader->name, reader->line + 1, 0,
                                "a line of more than %d bytes; is this a file of times?",
                                CHUNK_BYTES);
        }
        memmove(chunk, rest.ptr, rest.len);
        held = rest.len;
    }
    if (ferror(file) != 0) {
        return weir_fail_at(reader->err, reader->name, 0, 0, "cannot be read: %s", strerror(errno));
    }
    return held > 0 ? take_line(reader, (struct weir_slice){chunk, held}) : WEIR_OK;
}

weir_status weir_times_read(const char *path, weir_ns **out, size_t *count, struct weir_err *err)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return weir_fail_at(err, path, 0, 0, "cannot be opened: %s", strerror(errno));
    }
    struct reader reader = {.name = path, .err = err};
    char *chunk = weir_alloc(CHUNK_BYTES, 1);
    const weir_status status = take_lines(&reader, file, chunk);
    weir_free(chunk);
    (void)fclose(file);
    return finish(&reader, status, out, count);
}

weir_status weir_times_parse(struct weir_slice text, const char *name, weir_ns **out, size_t *count,
                             struct weir_err *err)
{
    struct reader reader = {.name = name, .err = err};
    struct weir_slice line;
    weir_status status = WEIR_OK;
    while (status == WEIR_OK && weir_slice_next_part(&text, '\n', &line)) {
        status = take_line(&reader, line);
    }
    return finish(&reader, status, out, count);
}
