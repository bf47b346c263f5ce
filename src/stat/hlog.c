// Lines of the interval log format 1.3: see hlog.h. The histogram in a line is hlog_word.c's.
#define _GNU_SOURCE // gmtime_r
#include "weir/stat/hlog.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "weir/base/attr.h"

#define EPOCH_S_END 253402300800.0 // the year 10000
#define LEGEND      "\"StartTimestamp\""

bool weir_hlog_add_header(double start_epoch_s, struct weir_buf *out)
{
    WEIR_ASSERT(start_epoch_s >= 0 && start_epoch_s < EPOCH_S_END);
    const time_t seconds = (time_t)start_epoch_s;
    struct tm utc;
    char date[64];
    WEIR_ASSERT(gmtime_r(&seconds, &utc) != NULL);
    WEIR_ASSERT(strftime(date, sizeof(date), "%a %b %d %H:%M:%S UTC %Y", &utc) > 0);
    return weir_buf_addf(out,
                         "#[Histogram log format version 1.3]\n"
                         "#[StartTime: %.3f (seconds since epoch), %s]\n"
                         "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
                         "\"Interval_Compressed_Histogram\"\n",
                         start_epoch_s, date);
}

static bool is_tag(struct weir_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        const unsigned char c = (unsigned char)text.ptr[i];
        if (c <= ' ' || c == ',' || c == 0x7f) {
            return false;
        }
    }
    return text.len < sizeof(((struct weir_hlog_entry *)NULL)->tag);
}

static bool add_numbers(const char *tag, double start_s, double length_s, double max,
                        struct weir_buf *out)
{
    if (tag != NULL && tag[0] != '\0' && !weir_buf_addf(out, "Tag=%s,", tag)) {
        return false;
    }
    return weir_buf_addf(out, "%.3f,%.3f,%.3f,", start_s, length_s, max);
}

bool weir_hlog_add_line(const char *tag, double start_s, double length_s, double max_unit,
                        const struct weir_hist *hist, struct weir_buf *out)
{
    WEIR_ASSERT(tag == NULL || is_tag(weir_slice_of(tag)));
    WEIR_ASSERT(isfinite(start_s) && isfinite(length_s) && max_unit > 0);
    const size_t start = out->len;
    const double max = (double)weir_hist_max(hist) / max_unit;
    if (add_numbers(tag, start_s, length_s, max, out) && weir_hlog_encode(hist, out) &&
        weir_buf_add_char(out, '\n')) {
        return true;
    }
    out->len = start; // no half line
    if (out->ptr != NULL) {
        out->ptr[start] = '\0';
    }
    return false;
}

static weir_status read_tag(struct weir_slice *rest, struct weir_hlog_entry *entry,
                            struct weir_err *err)
{
    static const char key[] = "Tag=";
    if (!weir_slice_starts(*rest, key)) {
        return WEIR_OK;
    }
    struct weir_slice tag;
    (void)weir_slice_next_part(rest, ',', &tag);
    tag.ptr += sizeof(key) - 1;
    tag.len -= sizeof(key) - 1;
    if (!is_tag(tag)) {
        return weir_fail(
            err, WEIR_INVALID,
            "histogram log: a tag has at most %zu characters, none of them a blank or a "
            "control character",
            sizeof(entry->tag) - 1);
    }
    memcpy(entry->tag, tag.ptr, tag.len);
    entry->tag[tag.len] = '\0';
    return WEIR_OK;
}

static weir_status read_number(struct weir_slice *rest, const char *what, double *out,
                               struct weir_err *err)
{
    struct weir_slice part;
    if (!weir_slice_next_part(rest, ',', &part) || !weir_parse_f64(weir_slice_trim(part), out)) {
        return weir_fail(err, WEIR_INVALID,
                         "histogram log: no number for the %s; a line is "
                         "[Tag=NAME,]start,length,max,histogram",
                         what);
    }
    return WEIR_OK;
}

static weir_status read_numbers(struct weir_slice *rest, struct weir_hlog_entry *entry,
                                struct weir_err *err)
{
    weir_status status = read_number(rest, "interval's start", &entry->start_s, err);
    if (status != WEIR_OK) {
        return status;
    }
    status = read_number(rest, "interval's length", &entry->length_s, err);
    if (status != WEIR_OK) {
        return status;
    }
    if (entry->length_s < 0) {
        return weir_fail(err, WEIR_INVALID, "histogram log: an interval of negative length");
    }
    double max = 0; // the histogram knows better
    return read_number(rest, "maximum", &max, err);
}

static bool holds_no_histogram(struct weir_slice line)
{
    return line.len == 0 || line.ptr[0] == '#' || weir_slice_starts(line, LEGEND);
}

weir_status weir_hlog_parse_line(struct weir_slice line, struct weir_hlog_entry *out,
                                 struct weir_err *err)
{
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    struct weir_slice rest = weir_slice_trim(line);
    struct weir_hlog_entry entry = {0};
    if (holds_no_histogram(rest)) {
        *out = entry;
        return WEIR_OK;
    }
    weir_status status = read_tag(&rest, &entry, err);
    if (status == WEIR_OK) {
        status = read_numbers(&rest, &entry, err);
    }
    if (status == WEIR_OK && rest.ptr == NULL) {
        status = weir_fail(err, WEIR_INVALID, "histogram log: the line ends before its histogram");
    }
    if (status == WEIR_OK) {
        status = weir_hlog_decode(rest, &entry.hist, err);
    }
    if (status == WEIR_OK) {
        *out = entry;
    }
    return status;
}
