#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <signal.h>

#include "keeper.h"

void child_ready(struct keeper *keeper, void *owner)
{
	struct child *child = owner;

	child->changed(keeper, child);
}

bool child_watch(struct keeper *keeper, struct child *child, pid_t pid, int handle, unsigned what)
{
	int reason;

	child->pid = pid;
	child->handle = handle;
	if (watch_child(&keeper->watch, child, what) == 0
		&& table_add(&keeper->children, &keeper->arena, &child->node, hash_number((uint32_t)pid)))
		return true;
	reason = errno;
	keeper->strays = true; /* it is reaped as one of those */
	child->pid = 0;
	watch_child_over(&keeper->watch, child);
	kill(pid, SIGKILL); /* it is our child and not reaped: the number is still its own */
	errno = reason;
	return false;
}

struct child *child_find(const struct keeper *keeper, pid_t pid)
{
	struct node *node = table_find(&keeper->children, hash_number((uint32_t)pid));

	while (node && OWNER(node, struct child, node)->pid != pid)
		node = table_again(node);
	return node ? OWNER(node, struct child, node) : NULL;
}

bool child_adopt(struct keeper *keeper, struct child *child, pid_t pid, unsigned what)
{
	int handle;

	if (pid <= 0 || child_find(keeper, pid) || !process_is_child(pid)) {
		errno = ECHILD;
		return false;
	}
	handle = process_handle(pid);
	if (handle == -1) {
		int reason = errno;

		kill(pid, SIGKILL); /* as in child_watch() */
		keeper->strays = true;
		errno = reason;
		return false;
	}
	return child_watch(keeper, child, pid, handle, what);
}

bool child_kill(const struct child *child, int signal)
{
	/* ESRCH: it has ended already, and we shall hear of it */
	return child->pid == 0 || process_kill(child->handle, signal) == 0 || errno == ESRCH;
}

void child_forget(struct keeper *keeper, struct child *child)
{
	if (!child->pid)
		return;
	launch_ended(keeper, child->pid);
	table_remove(&keeper->children, &child->node);
	watch_child_over(&keeper->watch, child);
	child->pid = 0;
}

static void stray_changed(struct keeper *keeper, struct child *stray)
{
	if (!process_reap(stray->handle).ended)
		return;
	child_forget(keeper, stray);
	arena_give(&keeper->arena, stray, sizeof *stray);
}

static void kill_if_stray(struct keeper *keeper, pid_t pid)
{
	struct child *stray;

	if (pid <= 0 || child_find(keeper, pid))
		return;
	kill(pid, SIGKILL); /* it is our child and not reaped: the number is still its own */
	stray = arena_take_clear(&keeper->arena, sizeof *stray);
	if (!stray)
		return;
	stray->changed = stray_changed; /* called also if it was dead before we watched it */
	if (!child_adopt(keeper, stray, pid, 0))
		arena_give(&keeper->arena, stray, sizeof *stray);
}

/* This walks all children, but only after somebody on the host has killed an entry half-way, or one could not be watched. */
void child_kill_strays(struct keeper *keeper)
{
	/* Without a descriptor to look for them, another time. */
	keeper->strays |= !process_each_child(keeper, kill_if_stray);
}
