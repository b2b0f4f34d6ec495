#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Children by name, never "any child": waitpid(-1) walks them all, and a pid may be somebody else's by the
 * time it is used. A handle is a descriptor that stands for one process (Linux: a pidfd).
 */
struct ending {
	bool ended;  /* false: still there, or a tracer holds what is left of it */
	bool signal; /* `value` is a signal, not an exit code */
	int value;
};

int process_handle(pid_t pid);   /* of any process; -1 and errno */
bool process_is_child(pid_t pid);
int process_kill(int handle, int signal);
bool process_has_ended(int handle); /* without taking the ending: for processes that are no children */

/* Whether it has shut itself out of nearly all system calls (seccomp). */
bool process_is_locked(pid_t pid);

bool process_start_time(pid_t pid, uint64_t *start); /* as the host counts it: field 22 of /proc/PID/stat */

struct ending process_look(int handle); /* leaves it to be reaped */
struct ending process_reap(int handle);

int close_from(int first); /* every descriptor from `first` on */

/* The keeper itself: what a stranger could use to look into it. 0, or -1 and errno. */
int process_harden(void);

#endif
