#ifndef WISH_H
#define WISH_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/resource.h>

/* What this program was asked for, by the command line's own process. */
struct wish {
	pid_t parent;
	int rule;     /* about open directories */
	bool mount;   /* the root mount, not the root directory */
	rlim_t files; /* the soft limit of open files to go back to; 0: stay */
	const char *dirname;
	char **command;   /* its end alone: the shell */
	pid_t foreground; /* nothing of all this: the process group that gets the terminal; 0: none */
};

/* Ends the program (64) if the words make no sense. */
struct wish wish_read(int argc, char **argv);

#endif
