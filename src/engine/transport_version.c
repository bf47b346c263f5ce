// Versions of libcurl and libuv: see libraries.h.
#define _GNU_SOURCE
#include <curl/curl.h>
#include <uv.h>

#include "weir/engine/libraries.h"

const char *weir_libcurl_version(void)
{
    return curl_version(); // static memory of libcurl
}

const char *weir_libuv_version(void)
{
    return uv_version_string();
}
