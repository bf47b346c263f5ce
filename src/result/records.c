// records.jsonl, formatted by hand: see records.h.
#define _GNU_SOURCE
#include "weir/result/records.h"

#include <stdbool.h>
#include <string.h>

#include "weir/base/buf.h"
#include "weir/base/mem.h"
#include "weir/base/str.h"
#include "weir/result/text.h"

enum { TARGET_JSON_MAX = 2048 };

struct weir_record_file {
    struct weir_outfile *file;
    weir_ns t0;
    char target[TARGET_JSON_MAX]; // JSON string with quotes; "" when not written
};

weir_status weir_record_file_open(const char *path, const struct weir_outfile_options *options,
                                  struct weir_record_file **out, struct weir_err *err)
{
    struct weir_outfile *file = NULL;
    weir_status status = weir_outfile_open_as(path, options, &file, err);
    if (status != WEIR_OK) {
        return status;
    }
    *out = weir_alloc(1, sizeof(**out));
    (*out)->file = file;
    return WEIR_OK;
}

void weir_record_file_level(struct weir_record_file *file, const char *target, weir_ns t0)
{
    file->t0 = t0;
    file->target[0] = '\0';
    if (target[0] == '\0') {
        return;
    }
    char clean[256]; // escaping makes at most six bytes of one
    (void)weir_text_clean(target, strlen(target), clean, sizeof(clean));
    struct weir_buf json;
    weir_buf_init(&json, TARGET_JSON_MAX - 1);
    (void)weir_buf_add_char(&json, '"');
    (void)weir_buf_add_json(&json, clean, strlen(clean));
    (void)weir_buf_add_char(&json, '"');
    (void)weir_copy(file->target, sizeof(file->target), weir_buf_text(&json));
    weir_buf_free(&json);
}

// ---- one line: each function appends at `at` and returns the new end ----

static char *put_text(char *at, const char *text)
{
    char *end = memccpy(at, text, '\0', WEIR_OUTFILE_LINE_MAX);
    return end - 1; // the next part takes the NUL's place
}

static char *put_i64(char *at, int64_t value)
{
    char digits[20];
    size_t count = 0;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) {
        *at++ = '-';
    }
    while (count > 0) {
        *at++ = digits[--count];
    }
    return at;
}

/** `key` comes with its comma, quotes and colon. */
static char *put_number(char *at, const char *key, int64_t value)
{
    return put_i64(put_text(at, key), value);
}

static char *put_or_null(char *at, const char *key, bool is_known, int64_t value)
{
    at = put_text(at, key);
    return is_known ? put_i64(at, value) : put_text(at, "null");
}

static char *put_instant(char *at, const char *key, weir_ns instant, weir_ns t0)
{
    return put_or_null(at, key, instant != 0, instant - t0);
}

static char *put_word(char *at, const char *key, const char *word)
{
    at = put_text(put_text(at, key), word);
    *at++ = '"';
    return at;
}

static char *put_instants(char *at, const struct weir_sample *sample, weir_ns t0)
{
    at = put_instant(at, ",\"due_ns\":", sample->due, t0);
    at = put_instant(at, ",\"sent_ns\":", sample->sent, t0);
    at = put_instant(at, ",\"first_byte_ns\":", sample->first_byte, t0);
    at = put_instant(at, ",\"first_token_ns\":", sample->first_token, t0);
    at = put_instant(at, ",\"first_output_token_ns\":", sample->first_output_token, t0);
    at = put_instant(at, ",\"second_token_ns\":", sample->second_token, t0);
    at = put_instant(at, ",\"last_token_ns\":", sample->last_token, t0);
    return put_instant(at, ",\"done_ns\":", sample->done, t0);
}

static char *put_counts(char *at, const struct weir_sample *sample)
{
    at = put_number(at, ",\"connect_ns\":", sample->connect_time);
    at = put_or_null(at, ",\"longest_gap_ns\":", sample->chunks > 1, sample->longest_gap);
    at = put_number(at, ",\"chunks\":", sample->chunks);
    at = put_number(at, ",\"chunks_in_window\":", sample->chunks_in_window);
    at = put_or_null(at, ",\"output_tokens\":", sample->output_tokens >= 0, sample->output_tokens);
    at = put_or_null(at, ",\"input_tokens\":", sample->input_tokens >= 0, sample->input_tokens);
    at = put_or_null(at, ",\"reasoning_tokens\":", sample->reasoning_tokens >= 0,
                     sample->reasoning_tokens);
    at = put_or_null(at, ",\"cached_tokens\":", sample->cached_tokens >= 0, sample->cached_tokens);
    at = put_word(at, ",\"token_source\":\"",
                  weir_token_source_key((enum weir_token_source)sample->token_source));
    at = put_or_null(at, ",\"tokens_asked\":", sample->tokens_asked > 0, sample->tokens_asked);
    return put_number(at, ",\"body_bytes\":", (int64_t)sample->body_bytes);
}

size_t weir_record_format(const struct weir_sample *sample, const char *target_json, weir_ns t0,
                          char *out)
{
    char *at = put_number(out, "{\"id\":", (int64_t)sample->id);
    at = put_number(at, ",\"level\":", sample->level);
    at = put_word(at, ",\"phase\":\"", weir_phase_key((enum weir_phase)sample->phase));
    if (target_json[0] != '\0') {
        at = put_text(put_text(at, ",\"target\":"), target_json);
    }
    at = put_number(at, ",\"worker\":", sample->worker);
    at = put_number(at, ",\"item\":", sample->item);
    at = put_text(at, sample->is_streamed ? ",\"streamed\":true" : ",\"streamed\":false");
    at = put_instants(at, sample, t0);
    at = put_counts(at, sample);
    at = put_or_null(at, ",\"http_status\":", sample->http_status != 0, sample->http_status);
    at = put_word(at, ",\"outcome\":\"", weir_outcome_key((enum weir_outcome)sample->outcome));
    if (sample->timeout != WEIR_TIMEOUT_NONE) {
        at = put_word(at, ",\"timeout\":\"", weir_timeout_key((enum weir_timeout)sample->timeout));
    }
    at = put_text(at, sample->is_reused ? ",\"reused\":true" : ",\"reused\":false");
    at = put_number(at, ",\"retries\":", sample->retries);
    at = put_text(at, "}\n");
    return (size_t)(at - out);
}

void weir_record_file_add(struct weir_record_file *file, const struct weir_sample *sample)
{
    char *line = weir_outfile_line(file->file);
    weir_outfile_commit(file->file, weir_record_format(sample, file->target, file->t0, line));
    weir_outfile_tick(file->file, sample->done);
}

void weir_record_file_tick(struct weir_record_file *file, weir_ns now)
{
    weir_outfile_tick(file->file, now);
}

void weir_record_file_flush(struct weir_record_file *file)
{
    weir_outfile_flush(file->file);
}

weir_status weir_record_file_error(const struct weir_record_file *file, struct weir_err *err)
{
    return weir_outfile_error(file->file, err);
}

uint64_t weir_record_file_lost(const struct weir_record_file *file)
{
    return weir_outfile_lost(file->file);
}

weir_status weir_record_file_close(struct weir_record_file *file, struct weir_err *err)
{
    if (file == NULL) {
        return WEIR_OK;
    }
    weir_status status = weir_outfile_close(file->file, err);
    weir_free(file);
    return status;
}
