/** attr.h: compiler attributes and the assertion that stays on in release builds. No state. */
#ifndef WEIR_BASE_ATTR_H
#define WEIR_BASE_ATTR_H

#include <stddef.h>

#define WEIR_MUST_USE           __attribute__((warn_unused_result))
#define WEIR_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define WEIR_NORETURN           __attribute__((noreturn))

/** Address of the struct of type `type` whose member `member` lies at `ptr`. */
#define WEIR_CONTAINER_OF(ptr, type, member)                                                       \
    ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define WEIR_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/** A programmer's error: print where, then abort (exit by SIGABRT). On in every build. */
#define WEIR_ASSERT(condition)                                                                     \
    ((condition) ? (void)0 : weir__assert_failed(#condition, __FILE__, __LINE__))

WEIR_NORETURN void weir__assert_failed(const char *condition, const char *file, int line);

#endif
