#ifdef __linux__
#define _GNU_SOURCE
#include <string.h>

#include "look.h"
#include "proc.h"

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

	(void)definition;
	if (!proc_read(pid, "status", text, sizeof text))
		return false;
	/* The name stands before it, but with its newlines escaped: no title can write this line. */
	at = strstr(text, "\nSeccomp:\t");
	return at && at[10] != '0';
}

#else
typedef int not_this_platform;
#endif
