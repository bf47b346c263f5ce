/** rundata_internal.h: the parts of a run directory, each read on its own. What is in the files is
 * not trusted: whatever stands there gives a result or an error that names file and remedy. */
#ifndef WEIR_RESULT_RUNDATA_INTERNAL_H
#define WEIR_RESULT_RUNDATA_INTERNAL_H

#include "weir/base/buf.h"
#include "weir/base/str.h"
#include "weir/result/rundata.h"

enum {
    WEIR__LEVELS_MAX = 10000,   // a plan has at most so many
    WEIR__FILE_MAX = 512 << 20, // of a file that is read as a whole
};

/** A JSON document being read: `path` is its file, for errors. The first error stays; what is read
 * after it is empty. */
struct weir__reader {
    const char *path;
    const char *remedy; // end of the sentence that says what is wrong
    struct weir_err *err;
    bool has_failed;
};

/** Say what is wrong, unless something was before. */
void weir__reader_fail(struct weir__reader *reader, const char *where, const char *key,
                       const char *wanted);

// Members of objects. `where` is the place of the object in words ("levels[2].metrics"). A member
// that is missing or null is "no data": NAN, 0, "", false, an empty object; one of another type is
// an error.
double weir__read_number(struct weir__reader *reader, const json_t *object, const char *where,
                         const char *key);
uint64_t weir__json_read_count(struct weir__reader *reader, const json_t *object, const char *where,
                               const char *key);
bool weir__json_read_bool(struct weir__reader *reader, const json_t *object, const char *where,
                          const char *key);
const char *weir__json_read_text(struct weir__reader *reader, const json_t *object,
                                 const char *where, const char *key);
const json_t *weir__read_object(struct weir__reader *reader, const json_t *object,
                                const char *where, const char *key);
const json_t *weir__read_array(struct weir__reader *reader, const json_t *object, const char *where,
                               const char *key);

/** Index of a word in a closed set; `count`, and an error, when it is none of it. */
int weir__read_word(struct weir__reader *reader, const json_t *object, const char *where,
                    const char *key, const char *const *words, int count);

/** summary.json, parsed, into run->summary and run->errors. Texts of the levels are borrowed from
 * `root`. */
weir_status weir__rundata_summary(struct weir_rundata *run, const json_t *root, const char *path,
                                  struct weir_err *err);
void weir__rundata_level(struct weir__reader *reader, const json_t *object, const char *where,
                         struct weir_level_summary *level);

/** slices.csv from memory. A last line without its end is left out: the run was killed while it was
 * written. */
weir_status weir__rundata_slices(struct weir_rundata *run, struct weir_slice text, const char *path,
                                 struct weir_err *err);

/** histograms.hlog from memory; the same of its last line. Levels that the run does not have are an
 * error. */
weir_status weir__rundata_hists(struct weir_rundata *run, struct weir_slice text, const char *path,
                                struct weir_err *err);

/** One line of records.jsonl. Instants of the sample count from WEIR__RECORD_BASE. target: where
 * the line names one. */
#define WEIR__RECORD_BASE WEIR_HOUR
weir_status weir__rundata_record(struct weir_slice line, struct weir_sample *out, char target[128],
                                 struct weir_err *err);

/** What levels tell since there are open loops: open_loop, warmup, trends, goodput, objectives. */
void weir__rundata_extras(struct weir__reader *reader, const json_t *object, const char *where,
                          struct weir_level_summary *level);

/** The lines of records.jsonl, plain or compressed, in one file or in parts. */
struct weir__lines;

/** False when `dir` holds no records. */
bool weir__lines_open(const char *dir, struct weir__lines **out);
void weir__lines_free(struct weir__lines *lines);

/** The next line without its end; false at the end of them all. A last line without its end, which
 * was being written when the run was killed, is left out. Otherwise what cannot be read is an error
 * that stays in `err`. */
bool weir__lines_next(struct weir__lines *lines, struct weir_slice *line, struct weir_err *err);
const char *weir__lines_path(const struct weir__lines *lines); // file of the last line
size_t weir__lines_number(const struct weir__lines *lines);    // and its place in it

/** run->summary from the records and run.json (run->run, may be NULL). */
weir_status weir__rundata_rebuild(struct weir_rundata *run, struct weir_err *err);

/** Value of an option in the effective configuration; NULL when it is not known. */
const json_t *weir__rundata_option(const struct weir_rundata *run, const char *name);

#endif
