// Doubling, then bisection: see search.h. The middle is the geometric one, since what counts is the
// ratio of two loads.
#include "weir/stat/search.h"

#include <math.h>

void weir_search_init(struct weir_search *search, double from, double most, double step,
                      bool is_whole)
{
    *search = (struct weir_search){
        .from = is_whole ? ceil(from) : from,
        .most = is_whole ? floor(most) : most,
        .step = step,
        .is_whole = is_whole,
        .missed = INFINITY,
    };
}

/** Three significant digits where that stays between the bounds: 23.7 reads better than 23.73816.
 */
static double rounded(double value, double low, double high)
{
    const double unit = pow(10, floor(log10(value)) - 2);
    const double round_value = unit < 1 ? round(value / unit) * unit : round(value);
    const double shown = unit < 1 ? nearbyint(round_value * 1e6) / 1e6 : round_value;
    return shown > low && shown < high ? shown : value;
}

static double middle(const struct weir_search *search)
{
    const double value = sqrt(search->held * search->missed);
    if (!search->is_whole) {
        return rounded(value, search->held, search->missed);
    }
    return fmin(fmax(round(value), search->held + 1), search->missed - 1);
}

static bool is_close(const struct weir_search *search)
{
    return search->missed <= search->held * search->step ||
           (search->is_whole && search->missed - search->held <= 1);
}

bool weir_search_next(const struct weir_search *search, double *load)
{
    if (search->held == 0) {
        *load = search->from;
        return isinf(search->missed);
    }
    if (isinf(search->missed)) {
        *load = fmin(2 * search->held, search->most);
        return search->held < search->most;
    }
    *load = middle(search);
    return !is_close(search) && *load > search->held && *load < search->missed;
}

void weir_search_tell(struct weir_search *search, double load, bool has_held)
{
    if (has_held && load > search->held && load < search->missed) {
        search->held = load;
    }
    if (!has_held && load < search->missed && load > search->held) {
        search->missed = load;
    }
}

double weir_search_step_down(const struct weir_search *search, double load)
{
    double lower = load / search->step;
    lower = search->is_whole ? fmin(floor(lower), load - 1) : rounded(lower, 0, load);
    if (lower >= search->from) {
        return lower;
    }
    return load > search->from ? search->from : 0;
}
