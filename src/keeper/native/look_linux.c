#ifdef __linux__
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "look.h"

/* The pidfd by which it has entered, and the namespaces that it compared, say so already. */
int look_where(const struct definition *definition, enum stage *stage)
{
	(void)definition;
	(void)stage;
	return 0;
}

bool look_locked(const struct definition *definition, pid_t pid)
{
	char text[4096], *at;
	ssize_t got;
	int file;

	(void)definition;
	snprintf(text, sizeof text, "/proc/%ld/status", (long)pid);
	file = open(text, O_RDONLY | O_CLOEXEC);
	if (file == -1)
		return false;
	got = read(file, text, sizeof text - 1);
	close(file);
	if (got <= 0)
		return false;
	text[got] = '\0';
	/* The name stands before it, but with its newlines escaped: no title can write this line. */
	at = strstr(text, "\nSeccomp:\t");
	return at && at[10] != '0';
}

#else
typedef int not_this_platform;
#endif
