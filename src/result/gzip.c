// gzip members, one a call, with memory that is kept: see gzip_internal.h.
#include "gzip_internal.h"

#include <stdint.h>
#include <zlib.h>

#include "weir/base/attr.h"
#include "weir/base/mem.h"

struct weir__gzip {
    z_stream stream;
    unsigned char *out;
    size_t cap;
};

/** Room for what `len` bytes become at worst. */
static void make_room(struct weir__gzip *gzip, size_t len)
{
    size_t worst = deflateBound(&gzip->stream, (uLong)len);
    if (worst > gzip->cap) {
        gzip->out = weir_realloc(gzip->out, worst, 1);
        gzip->cap = worst;
    }
}

struct weir__gzip *weir__gzip_new(size_t usual)
{
    enum { GZIP_WINDOW = 15 + 16, MEMORY = 8 };
    struct weir__gzip *gzip = weir_alloc(1, sizeof(*gzip));
    // The fastest level: lines of numbers shrink to a sixth with it, and the load must not suffer.
    int result = deflateInit2(&gzip->stream, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, MEMORY,
                              Z_DEFAULT_STRATEGY);
    WEIR_ASSERT(result == Z_OK); // else there is no memory
    make_room(gzip, usual);
    return gzip;
}

void weir__gzip_free(struct weir__gzip *gzip)
{
    if (gzip == NULL) {
        return;
    }
    (void)deflateEnd(&gzip->stream);
    weir_free(gzip->out);
    weir_free(gzip);
}

const char *weir__gzip_member(struct weir__gzip *gzip, const char *text, size_t len, size_t *size)
{
    WEIR_ASSERT(len <= UINT32_MAX / 2); // zlib counts in unsigned int
    make_room(gzip, len);
    int result = deflateReset(&gzip->stream);
    WEIR_ASSERT(result == Z_OK);
    gzip->stream.next_in = (z_const Bytef *)(uintptr_t)text;
    gzip->stream.avail_in = (uInt)len;
    gzip->stream.next_out = gzip->out;
    gzip->stream.avail_out = (uInt)gzip->cap;
    result = deflate(&gzip->stream, Z_FINISH);
    WEIR_ASSERT(result == Z_STREAM_END); // there is room for the worst
    *size = gzip->cap - gzip->stream.avail_out;
    return (const char *)gzip->out;
}
