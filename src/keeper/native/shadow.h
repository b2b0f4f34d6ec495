#ifndef SHADOW_H
#define SHADOW_H

/*
 * AddressSanitizer knows nothing of what the arena hands out and takes back, unless it is told. In an ordinary
 * build there is nothing here.
 */
#if defined(__SANITIZE_ADDRESS__)
#define SHADOWED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SHADOWED 1
#endif
#endif

#ifdef SHADOWED
#include <sanitizer/asan_interface.h>
#define shadow_allow(from, size) __asan_unpoison_memory_region((from), (size))
#define shadow_forbid(from, size) __asan_poison_memory_region((from), (size))
#else
#define shadow_allow(from, size) ((void)(from), (void)(size))
#define shadow_forbid(from, size) ((void)(from), (void)(size))
#endif

#endif
