// --url: whatever is written, an error with words or a target whose parts agree.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"
#include "weir/base/str.h"
#include "weir/plan/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_good(const struct weir_target *target)
{
    WEIR_ASSERT(target->name[0] != '\0');
    WEIR_ASSERT(target->dialect != NULL);
    if (target->is_sim) {
        WEIR_ASSERT(target->url[0] == '\0');
        return;
    }
    WEIR_ASSERT(target->port != 0 && target->host[0] != '\0');
    WEIR_ASSERT(
        strncmp(target->url, target->is_tls ? "https://" : "http://", target->is_tls ? 8 : 7) == 0);
    WEIR_ASSERT(strchr(target->host, '@') == NULL && strchr(target->host, '/') == NULL);
    WEIR_ASSERT(strstr(target->url, target->host) != NULL);
    const char *models = target->dialect->models.path; // less its version, if the base has one
    WEIR_ASSERT(strstr(target->models_url, strrchr(models, '/')) != NULL);
    struct weir_target again; // what came out is a URL itself and means the same
    struct weir_err err;
    char text[sizeof(target->url) + 2] = "x="; // a long host name does not make a target's name
    (void)weir_copy(text + 2, sizeof(text) - 2, target->url);
    WEIR_ASSERT(weir_target_parse(text, target->dialect->name, &again, &err) == WEIR_OK);
    WEIR_ASSERT(strcmp(again.url, target->url) == 0 &&
                strcmp(again.models_url, target->models_url) == 0);
    WEIR_ASSERT(again.dialect == target->dialect && again.port == target->port);
    WEIR_ASSERT(strcmp(again.model, target->model) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = weir_strndup((const char *)data, size);
    struct weir_target target;
    struct weir_err err = {.status = WEIR_OK};
    if (weir_target_parse(text, "chat", &target, &err) == WEIR_OK) {
        check_good(&target);
    } else {
        WEIR_ASSERT(err.text[0] != '\0');
    }
    weir_free(text);
    return 0;
}
