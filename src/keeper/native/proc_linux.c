#ifdef __linux__
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "proc.h"

bool proc_read(pid_t pid, const char *name, char *text, size_t room)
{
	char path[64];
	ssize_t got;
	int file;

	snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, name);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file == -1)
		return false;
	got = read(file, text, room - 1);
	close(file);
	if (got <= 0)
		return false;
	text[got] = '\0';
	return true;
}

#else
typedef int not_this_platform;
#endif
