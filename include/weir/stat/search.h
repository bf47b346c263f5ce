/** search.h: where to look next for the highest load that holds: doubling until one does not, then bisection of what lies
 *  between. The only thing it is told of a load is whether it held. Pure; any thread. */
#ifndef WEIR_STAT_SEARCH_H
#define WEIR_STAT_SEARCH_H

#include <stdbool.h>

struct weir_search {
    // set once
    double from;   // first load
    double most;   // largest load to try, ≥ from
    double step;   // > 1: the search ends when the load that did not hold is at most this many times the one that did
    bool is_whole; // loads are whole numbers
    // what is known
    double held;   // highest load that held; 0: none
    double missed; // lowest load that did not; INFINITY: none
};

void weir_search_init(struct weir_search *search, double from, double most, double step, bool is_whole);

/** The next load to try, strictly between what held and what did not. False: the search is over. It is over as well when the
 *  first load did not hold (held stays 0) and when the largest one did (missed stays INFINITY). */
bool weir_search_next(const struct weir_search *search, double *load);

/** What came out at `load`. A load above one that did not hold, or below one that did, changes nothing. */
void weir_search_tell(struct weir_search *search, double load, bool has_held);

/** A load that held did not when it was measured again: the next lower one to measure, one step down; 0 when that would be
 *  below the first load. */
double weir_search_step_down(const struct weir_search *search, double load);

#endif
