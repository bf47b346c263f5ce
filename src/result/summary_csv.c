// summary.csv: see summary_csv.h.
#include "weir/result/summary_csv.h"

#include <math.h>

#include "weir/result/number.h"
#include "weir/result/text.h"

static void add_number(struct weir_buf *out, double value)
{
    char text[64];
    (void)weir_buf_add_char(out, ',');
    (void)weir_buf_add_str(out, weir_number_exact(value, text, sizeof(text)));
}

static void add_text(struct weir_buf *out, const char *text)
{
    (void)weir_buf_add_char(out, ',');
    (void)weir_text_add_csv(out, text);
}

static void add_stats(struct weir_buf *out, const struct weir_metric_stats *stats, bool is_scalar)
{
    bool is_empty = !is_scalar && stats->count == 0;
    if (is_scalar) {
        (void)weir_buf_add_char(out, ',');
    } else {
        (void)weir_buf_addf(out, ",%llu", (unsigned long long)stats->count);
    }
    add_number(out, is_empty ? NAN : stats->avg);
    bool has_spread = !is_scalar && !is_empty;
    add_number(out, has_spread ? stats->std : NAN);
    add_number(out, has_spread ? stats->min : NAN);
    add_number(out, has_spread ? stats->max : NAN);
    for (int i = 0; i < WEIR_PERCENTILE_COUNT; i++) {
        add_number(out, has_spread ? stats->percentiles[i] : NAN);
    }
}

static void add_level(struct weir_buf *out, const struct weir_level_summary *level)
{
    for (int i = 0; i < WEIR_METRIC_COUNT; i++) {
        const struct weir_metric_info *info = weir_metric_info((enum weir_metric)i);
        (void)weir_buf_addf(out, "%u", level->index);
        add_text(out, level->target);
        add_text(out, level->model);
        add_text(out, level->mode != NULL ? level->mode : "");
        add_number(out, level->concurrency > 0 ? (double)level->concurrency : NAN);
        add_number(out, level->request_rate);
        add_text(out, info->tag);
        add_text(out, info->unit);
        add_stats(out, &level->metrics[i], info->kind == WEIR_METRIC_SCALAR);
        (void)weir_buf_add_char(out, '\n');
    }
}

bool weir_summary_csv(const struct weir_summary *summary, struct weir_buf *out)
{
    (void)weir_buf_add_str(
        out, "level,target,model,mode,concurrency,request_rate,metric,unit,count,avg,std,min,max");
    for (int i = 0; i < WEIR_PERCENTILE_COUNT; i++) {
        add_text(out, weir_percentile_key((enum weir_percentile)i));
    }
    (void)weir_buf_add_char(out, '\n');
    for (size_t i = 0; i < summary->level_count; i++) {
        add_level(out, &summary->levels[i]);
    }
    return !out->overflow;
}
