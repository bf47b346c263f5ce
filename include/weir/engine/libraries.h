/** libraries.h: which versions of the engine's libraries run here: part of a run's provenance.
 * Static texts. */
#ifndef WEIR_ENGINE_LIBRARIES_H
#define WEIR_ENGINE_LIBRARIES_H

const char *weir_libcurl_version(void); // with its TLS library
const char *weir_libuv_version(void);

#endif
