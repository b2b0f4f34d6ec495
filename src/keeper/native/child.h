#ifndef CHILD_H
#define CHILD_H

#include <sys/types.h>

#include "process.h"
#include "table.h"

struct keeper;

/* A process that the keeper started, inside whatever knows what it is for. Found by pid, watched by handle. */
struct child {
	struct node node;
	pid_t pid; /* 0: none (yet, or any more) */
	int handle;
	void (*changed)(struct keeper *keeper, struct child *child); /* it has ended, or a tracer let it go */
};

/* From now on, `changed` is called. False and errno: it could not be watched, and is killed as a stray. */
bool child_watch(struct keeper *keeper, struct child *child, pid_t pid, int handle, unsigned what);

/* Takes over a child that another child started in our name. False and errno: it is none, or known, or goes as a stray. */
bool child_adopt(struct keeper *keeper, struct child *child, pid_t pid, unsigned what);

bool child_kill(const struct child *child, int signal); /* false: a security label forbids it */
void child_forget(struct keeper *keeper, struct child *child); /* when it has been reaped */

/* It may have ended: for watch_*.c. Harmless at any time. */
void child_ready(struct keeper *keeper, void *child);
struct child *child_find(const struct keeper *keeper, pid_t pid);

/*
 * Kills children that nobody here knows: what an entering process left behind that was itself killed, and what could not
 * be watched.
 */
void child_kill_strays(struct keeper *keeper);

#endif
