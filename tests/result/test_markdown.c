// report.md: golden; tables whose rows all have as many cells as their heading; no secrets.
#include "result/fixture.h"

#include "weir/result/markdown.h"

static void render(const struct weir_summary *summary, const struct weir_run_facts *facts,
                   struct weir_buf *text)
{
    struct weir_errors errors = fixture_errors();
    weir_buf_init(text, 1U << 20);
    assert_true(weir_markdown(summary, facts, &errors, text));
    weir_errors_free(&errors);
}

static void test_golden(void **state)
{
    (void)state;
    struct weir_summary summary = fixture_summary();
    struct weir_run_facts facts = fixture_facts();
    struct weir_buf text;
    render(&summary, &facts, &text);
    fixture_golden("report.md", weir_buf_text(&text));
    assert_null(strstr(weir_buf_text(&text), "hunter"));
    weir_buf_free(&text);
    weir_summary_free(&summary);
}

static void test_rates(void **state)
{
    (void)state;
    struct weir_summary summary = fixture_rates();
    struct weir_run_facts facts = fixture_facts();
    struct weir_buf text;
    render(&summary, &facts, &text);
    fixture_golden("report_rates.md", weir_buf_text(&text));
    weir_buf_free(&text);
    weir_summary_free(&summary);
}

/** Cell borders of a line: bars that are not escaped. */
static size_t borders(const char *line, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++) {
        count += line[i] == '|' && (i == 0 || line[i - 1] != '\\');
    }
    return count;
}

static void test_every_row_fits_its_heading(void **state)
{
    (void)state;
    struct weir_summary summary = fixture_summary();
    struct weir_run_facts facts = fixture_facts();
    struct weir_buf text;
    render(&summary, &facts, &text);
    size_t wanted = 0; // borders of the table we are in; 0: in none
    size_t rows = 0;
    for (const char *line = weir_buf_text(&text); *line != '\0';) {
        size_t len = strcspn(line, "\n");
        size_t found = line[0] == '|' ? borders(line, len) : 0;
        if (wanted > 0 && found > 0) {
            assert_int_equal(found, wanted);
            rows++;
        }
        wanted = found;
        line += len + (line[len] == '\n');
    }
    assert_in_range(rows, 15, 40);
    weir_buf_free(&text);
    weir_summary_free(&summary);
}

static void test_nothing_at_all(void **state)
{
    (void)state;
    struct weir_summary summary = {.seed = 1, .name = "empty"};
    struct weir_run_facts facts = fixture_facts();
    facts.config_json = "";
    struct weir_buf text;
    render(&summary, &facts, &text);
    assert_non_null(strstr(weir_buf_text(&text), "0 levels, 0 measured requests"));
    weir_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_every_row_fits_its_heading),
        cmocka_unit_test(test_nothing_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
