/*
 * kqueue(2). A descriptor is known by its number and by how often that has been used; a child by its pid, which stays its
 * own until it is reaped, and is looked up again for each event: so what is told of somebody who is gone by now does no harm.
 */
#ifndef __linux__
#include <sys/types.h>
#include <sys/event.h>
#include <sys/time.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "keeper.h"

enum { BATCH = 256 };
enum { AGAIN_FIRST = 1, AGAIN_LATEST = 1000 }; /* ms */

int watch_open(struct watch *watch, struct arena *arena, size_t descriptors)
{
	watch->count = descriptors;
	watch->slots = arena_table(arena, descriptors * sizeof *watch->slots);
	if (!watch->slots) {
		errno = ENOMEM;
		return -1;
	}
	watch->queue = kqueue();
	return watch->queue == -1 ? -1 : fcntl(watch->queue, F_SETFD, FD_CLOEXEC);
}

static int tell(const struct watch *watch, uintptr_t of, int filter, int flags, unsigned what, int data, uintptr_t mark)
{
	struct kevent change;

	EV_SET(&change, of, (short)filter, (unsigned short)flags, what, data, (void *)mark);
	return kevent(watch->queue, &change, 1, NULL, 0, NULL);
}

/* ---- descriptors */

static int wish(const struct watch *watch, int descriptor, int filter, bool wanted, unsigned what)
{
	int flags = what & WATCH_EDGE ? EV_ADD | EV_CLEAR : EV_ADD;

	if (wanted)
		return tell(watch, (uintptr_t)descriptor, filter, flags, 0, 0, watch->slots[descriptor].life);
	/* ENOENT: it was not wanted before either. */
	return tell(watch, (uintptr_t)descriptor, filter, EV_DELETE, 0, 0, 0) == -1 && errno != ENOENT ? -1 : 0;
}

/* There is no filter for "closed at the other end" alone: who asks for nothing hears of what comes in as well. */
int watch_change(struct watch *watch, int descriptor, unsigned what)
{
	bool out = what & WATCH_WRITE, in = what & WATCH_READ || !out;
	int error = wish(watch, descriptor, EVFILT_READ, in, what);

	return wish(watch, descriptor, EVFILT_WRITE, out, what) == -1 ? -1 : error;
}

int watch_add(struct watch *watch, int descriptor, unsigned what, watch_ready *ready, void *owner)
{
	struct watch_slot *slot;

	if ((size_t)descriptor >= watch->count) {
		errno = EMFILE;
		return -1;
	}
	slot = &watch->slots[descriptor];
	slot->ready = ready;
	slot->owner = owner;
	slot->life++;
	slot->urgent = what & WATCH_URGENT;
	return watch_change(watch, descriptor, what);
}

void watch_close(struct watch *watch, int *descriptor)
{
	if (*descriptor == -1)
		return;
	watch->slots[*descriptor].ready = NULL;
	watch->slots[*descriptor].life++;
	close(*descriptor); /* and with it, what was asked for it */
	*descriptor = -1;
}

/* ---- children */

static int look_again(const struct watch *watch, pid_t pid, int moment)
{
	return tell(watch, (uintptr_t)pid, EVFILT_TIMER, EV_ADD | EV_ONESHOT, 0, moment, (uintptr_t)moment);
}

int watch_child(struct watch *watch, struct child *child, unsigned what)
{
	if (tell(watch, (uintptr_t)child->pid, EVFILT_PROC, EV_ADD | EV_ONESHOT, NOTE_EXIT, 0, what & WATCH_URGENT) == 0)
		return 0;
	/* It has ended before we asked. */
	return errno == ESRCH ? look_again(watch, child->pid, AGAIN_FIRST) : -1;
}

void watch_child_over(struct watch *watch, struct child *child)
{
	if (child->handle != -1)
		(void)tell(watch, (uintptr_t)child->handle, EVFILT_PROC, EV_DELETE, 0, 0, 0); /* ENOENT: told already */
	child->handle = -1;
}

/* NOTE_EXIT comes once, and maybe before the process can be reaped: a tracer may hold what is left of it. */
static void serve_child(struct keeper *keeper, const struct kevent *event)
{
	pid_t pid = (pid_t)event->ident;
	struct child *child = child_find(keeper, pid);
	int moment = AGAIN_FIRST;

	if (!child)
		return;
	child_ready(keeper, child);
	if (!child_find(keeper, pid))
		return;
	if (event->filter == EVFILT_TIMER)
		moment = 2 * (int)(uintptr_t)event->udata;
	/* No memory for it: then it stays unreaped, which costs an entry in the table of processes. */
	(void)look_again(&keeper->watch, pid, moment < AGAIN_LATEST ? moment : AGAIN_LATEST);
}

/* ---- the turn */

static bool is_urgent(const struct watch *watch, const struct kevent *event)
{
	if (event->filter == EVFILT_READ || event->filter == EVFILT_WRITE)
		return watch->slots[event->ident].urgent;
	return event->filter == EVFILT_PROC && event->udata;
}

static void serve_one(struct keeper *keeper, const struct kevent *event)
{
	const struct watch_slot *slot;

	switch (event->filter) {
	case EVFILT_READ:
	case EVFILT_WRITE:
		slot = &keeper->watch.slots[event->ident];
		if (slot->ready && slot->life == (uintptr_t)event->udata)
			slot->ready(keeper, slot->owner);
		break;
	case EVFILT_PROC:
	case EVFILT_TIMER:
		serve_child(keeper, event);
		break;
#ifdef EVFILT_JAIL
	case EVFILT_JAIL:
		witness_tell(keeper, (int)event->ident, event->fflags);
		break;
#endif
	}
}

static bool serve(struct keeper *keeper, const struct kevent *events, int count, bool urgent)
{
	bool served = false;

	for (int i = 0; i < count; i++) {
		if (is_urgent(&keeper->watch, &events[i]) != urgent)
			continue;
		serve_one(keeper, &events[i]);
		served = true;
	}
	return served;
}

bool watch_turn(struct keeper *keeper, int timeout)
{
	struct timespec limit = {.tv_sec = timeout / 1000, .tv_nsec = timeout % 1000 * 1000000L};
	struct kevent events[BATCH];
	int count = kevent(keeper->watch.queue, NULL, 0, events, BATCH, timeout == -1 ? NULL : &limit);
	bool urgent;

	if (count == -1) /* EINTR, by a stop and a continue: every signal is blocked */
		return false;
	urgent = serve(keeper, events, count, true);
	serve(keeper, events, count, false);
	return urgent;
}

#else
typedef int not_this_platform;
#endif
