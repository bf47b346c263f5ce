// report.html: see html.h. The page is a frame; a script of weir's own draws it from the data that
// it carries.
#include "weir/result/html.h"

#include <string.h>

#include "html_internal.h"
#include "json_internal.h"
#include "weir/base/str.h"
#include "weir/result/markdown.h"
#include "weir/result/rundir.h"

enum { PAGE_MAX = 512 << 20 };

static void add_asset(struct weir_buf *out, const unsigned char *bytes, size_t len)
{
    (void)weir_buf_add(out, bytes, len);
}

/** As the content of a <script>: "</script>" and "<!--" must not come up in it. */
static bool add_part(struct weir_buf *out, const char *part, size_t len)
{
    size_t begin = 0;
    for (size_t i = 0; i < len; i++) {
        if (part[i] == '<') {
            (void)weir_buf_add(out, part + begin, i - begin);
            (void)weir_buf_add_str(out, "\\u003c");
            begin = i + 1;
        }
    }
    return weir_buf_add(out, part + begin, len - begin) && !out->overflow;
}

static int add_json_part(const char *part, size_t len, void *out)
{
    return add_part(out, part, len) ? 0 : -1;
}

/** The tag, unit, direction and formula of each metric. */
static json_t *metrics_of(void)
{
    static const char *const better[] = {
        [WEIR_LOWER_IS_BETTER] = "lower", [WEIR_HIGHER_IS_BETTER] = "higher", [WEIR_NEITHER] = ""};
    json_t *out = json_object();
    for (int i = 0; i < WEIR_METRIC_COUNT; i++) {
        const struct weir_metric_info *info = weir_metric_info((enum weir_metric)i);
        json_t *one = json_object();
        weir__json_put(one, "unit", json_string(info->unit));
        weir__json_put(one, "better", json_string(better[info->direction]));
        weir__json_put(one, "formula", json_string(info->formula));
        weir__json_put(out, info->tag, one);
    }
    return out;
}

static void add_data(const struct weir_rundata *const *runs, size_t count, struct weir_buf *out)
{
    json_t *root = json_object();
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        weir__json_append(list, weir__html_data(runs[i]));
    }
    weir__json_put(root, "weir", json_string(WEIR_VERSION));
    weir__json_put(root, "metrics", metrics_of());
    weir__json_put(root, "runs", list);
    if (json_dump_callback(root, add_json_part, out, JSON_COMPACT | JSON_REAL_PRECISION(15)) != 0) {
        out->overflow = true;
    }
    json_decref(root);
}

static void add_escaped(struct weir_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            (void)weir_buf_add_str(out, "&lt;");
            break;
        case '&':
            (void)weir_buf_add_str(out, "&amp;");
            break;
        default:
            (void)weir_buf_add_char(out, *text);
        }
    }
}

bool weir_html(const struct weir_rundata *const *runs, size_t count, struct weir_buf *out)
{
    (void)weir_buf_add_str(
        out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<meta name=\"color-scheme\" content=\"light dark\">\n"
             "<link rel=\"icon\" href=\"data:,\">\n<title>");
    for (size_t i = 0; i < count; i++) {
        (void)weir_buf_add_str(out, i > 0 ? ", " : "");
        add_escaped(out, runs[i]->summary.name);
    }
    (void)weir_buf_add_str(out, " - weir</title>\n<style>\n");
    add_asset(out, weir__asset_report_css, weir__asset_report_css_len);
    (void)weir_buf_add_str(out, "</style>\n</head>\n<body>\n<main id=\"page\"><noscript>This "
                                "report is drawn by a script that it carries. The same tables "
                                "stand in report.md.</noscript></main>\n"
                                "<script type=\"application/json\" id=\"data\">");
    add_data(runs, count, out);
    (void)weir_buf_add_str(out, "</script>\n<script>\n");
    add_asset(out, weir__asset_chart_js, weir__asset_chart_js_len);
    add_asset(out, weir__asset_report_js, weir__asset_report_js_len);
    (void)weir_buf_add_str(out, "</script>\n</body>\n</html>\n");
    return !out->overflow;
}

bool weir_html_markdown(const struct weir_rundata *run, struct weir_buf *out)
{
    struct weir__html_facts facts;
    weir__html_facts_of(run, &facts);
    bool fits = weir_markdown(&run->summary, &facts.facts, &facts.errors, out);
    weir__html_facts_free(&facts);
    return fits;
}

weir_status weir_html_write(const char *dir, struct weir_err *err)
{
    struct weir_rundata *run = NULL;
    weir_status status = weir_rundata_load(dir, &run, err);
    if (status != WEIR_OK) {
        return status;
    }
    struct weir_rundir place;
    struct weir_buf page;
    (void)weir_copy(place.path, sizeof(place.path), dir);
    weir_buf_init(&page, PAGE_MAX);
    const struct weir_rundata *const runs[] = {run};
    status = weir_html(runs, 1, &page)
                 ? weir_rundir_write(&place, WEIR_FILE_HTML, weir_buf_text(&page), page.len, err)
                 : weir_fail(err, WEIR_TOO_LARGE, WEIR_FILE_HTML " would be larger than 512 MiB");
    weir_buf_free(&page);
    weir_rundata_free(run);
    return status;
}
