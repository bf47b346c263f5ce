// run.json: content, states, and that nothing secret is ever in it.
#include "result/fixture.h"

#include <jansson.h>

#include "weir/result/redact.h"
#include "weir/result/run_json.h"

static void render(const struct weir_run_facts *facts, struct weir_buf *out)
{
    weir_buf_init(out, 1U << 20);
    assert_true(weir_run_json(facts, out));
}

static void test_golden(void **state)
{
    (void)state;
    struct weir_run_facts facts = fixture_facts();
    struct weir_buf out;
    render(&facts, &out);
    fixture_golden("run.json", weir_buf_text(&out));
    weir_buf_free(&out);
}

static void test_no_secret_is_written(void **state)
{
    (void)state;
    static char words[][64] = {"weir",
                               "run",
                               "--api-key",
                               "s3cret-a",
                               "-H",
                               "Authorization: Bearer s3cret-b",
                               "--url=http://me:s3cret-c@h",
                               "--url",
                               "http://h/v1?api_key=s3cret-d",
                               "-HX: s3cret-e"};
    char *argv[WEIR_COUNT_OF(words)];
    for (size_t i = 0; i < WEIR_COUNT_OF(words); i++) {
        argv[i] = words[i];
    }
    struct weir_run_facts facts = fixture_facts();
    facts.command = weir_redact_args((int)WEIR_COUNT_OF(words), argv);
    facts.command_count = WEIR_COUNT_OF(words);
    struct weir_buf out;
    render(&facts, &out);
    assert_null(strstr(weir_buf_text(&out), "s3cret"));
    assert_null(
        strstr(weir_buf_text(&out), "hunter")); // in target and configuration of the fixture
    assert_non_null(strstr(weir_buf_text(&out), "Authorization: ***"));
    weir_redact_args_free((char **)(uintptr_t)facts.command, (int)facts.command_count);
    weir_buf_free(&out);
}

static void test_states(void **state)
{
    (void)state;
    struct weir_run_facts facts = fixture_facts();
    const char *const keys[] = {"running", "complete", "interrupted"};
    for (int i = 0; i < 3; i++) {
        facts.state = (enum weir_run_state)i;
        facts.ended_at[0] = '\0';
        struct weir_buf out;
        render(&facts, &out);
        json_t *root = json_loads(weir_buf_text(&out), JSON_REJECT_DUPLICATES, NULL);
        assert_string_equal(json_string_value(json_object_get(root, "state")), keys[i]);
        assert_true(json_is_null(json_object_get(root, "ended_at")));
        json_decref(root);
        weir_buf_free(&out);
    }
}

static void test_unknown_facts_are_null(void **state)
{
    (void)state;
    struct weir_run_facts facts = {.name = "", .weir_version = "", .config_json = "not json"};
    facts.host = (struct weir_host_facts){
        .cores = -1, .memory_bytes = -1, .port_first = -1, .load_average = NAN};
    struct weir_buf out;
    render(&facts, &out);
    json_t *root = json_loads(weir_buf_text(&out), 0, NULL);
    assert_true(json_is_null(json_object_get(root, "config")));
    const json_t *host = json_object_get(root, "host");
    assert_true(json_is_null(json_object_get(host, "cores")));
    assert_true(json_is_null(json_object_get(host, "load_average")));
    json_decref(root);
    weir_buf_free(&out);
}

static void test_facts_of_this_machine(void **state)
{
    (void)state;
    struct weir_host_facts host;
    weir_host_facts_read(&host);
    assert_true(strncmp(host.kernel, "Linux ", 6) == 0);
    assert_true(host.cores >= 1);
    assert_true(host.memory_bytes > 1 << 20);
    assert_true(host.open_files_soft > 0 && host.open_files_soft <= host.open_files_hard);
    assert_true(host.port_first < host.port_last ||
                (host.port_first == -1 && host.port_last == -1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_no_secret_is_written),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_unknown_facts_are_null),
        cmocka_unit_test(test_facts_of_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
