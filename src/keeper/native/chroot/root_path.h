#ifndef ROOT_PATH_H
#define ROOT_PATH_H

#include <stddef.h>

/* The limits that chroot(2) documents, in bytes without the NUL; Linux itself would take longer paths. */
enum { COMPONENT_LONGEST = 255, ROOT_LONGEST = 1023 };

/* A part of the caller's own text; `at` is NULL where no component in particular is to blame. */
struct component {
	const char *at;
	size_t length;
};

/* The first component at or after `at`; its length is 0 at the end of the path. */
struct component root_path_next(const char *at);

/* Lengths alone: 0 or ENAMETOOLONG, and the component. */
int root_path_measure(const char *path, struct component *blamed);

/* Lengths, and then step by step, as the kernel goes: 0, or the first step's errno, and its component. */
int root_path_look(const char *path, struct component *blamed);

#endif
