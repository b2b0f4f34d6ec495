#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct keeper;

/*
 * Children by name, never "any child": waitpid(-1) walks them all. A handle stands for one process: on Linux it is
 * a pidfd, on BSD the pid itself, which for a child stays its own until we reap it.
 */
struct ending {
	bool ended;  /* false: still there, or a tracer holds what is left of it */
	bool signal; /* `value` is a signal, not an exit code */
	int value;
};

int process_handle(pid_t pid); /* -1 and errno */
bool process_is_child(pid_t pid);
int process_kill(int handle, int signal);
bool process_each_child(struct keeper *keeper, void each(struct keeper *keeper, pid_t pid));

struct ending process_look(int handle); /* leaves it to be reaped */
struct ending process_reap(int handle);

#endif
