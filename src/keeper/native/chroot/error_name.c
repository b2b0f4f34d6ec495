#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "error_name.h"

#define NAMED(name) {name, #name}

static const struct {
	int error;
	const char *name;
} names[] = {
	NAMED(E2BIG), NAMED(EACCES), NAMED(EBUSY), NAMED(EFAULT), NAMED(EINVAL), NAMED(EIO), NAMED(EISDIR), NAMED(ELOOP),
	NAMED(EMFILE), NAMED(ENAMETOOLONG), NAMED(ENFILE), NAMED(ENODEV), NAMED(ENOENT), NAMED(ENOEXEC), NAMED(ENOMEM),
	NAMED(ENOSPC), NAMED(ENOSYS), NAMED(ENOTDIR), NAMED(ENOTCONN), NAMED(EPERM), NAMED(ESTALE), NAMED(ETXTBSY),
};

const char *error_name(int error)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].error == error)
			return names[i].name;
	return strerror(error);
}
