#ifdef __linux__
#define _GNU_SOURCE
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "keeper.h"

enum { BATCH = 512 };

int watch_open(struct watch *watch, struct arena *arena, size_t descriptors)
{
	watch->count = descriptors;
	watch->slots = arena_table(arena, descriptors * sizeof *watch->slots);
	if (!watch->slots) {
		errno = ENOMEM;
		return -1;
	}
	watch->queue = epoll_create1(EPOLL_CLOEXEC);
	return watch->queue == -1 ? -1 : 0;
}

static struct epoll_event wish(const struct watch *watch, int descriptor, unsigned what)
{
	struct epoll_event event = {0};

	event.events = (what & WATCH_READ ? EPOLLIN : 0u) | (what & WATCH_WRITE ? EPOLLOUT : 0u);
	if (what & WATCH_EDGE)
		event.events |= EPOLLET;
	event.data.u64 = (uint64_t)watch->slots[descriptor].life << 32 | (uint32_t)descriptor;
	return event;
}

int watch_add(struct watch *watch, int descriptor, unsigned what, watch_ready *ready, void *owner)
{
	struct watch_slot *slot;
	struct epoll_event event;

	if ((size_t)descriptor >= watch->count) {
		errno = EMFILE;
		return -1;
	}
	slot = &watch->slots[descriptor];
	slot->ready = ready;
	slot->owner = owner;
	slot->life++;
	slot->urgent = what & WATCH_URGENT;
	event = wish(watch, descriptor, what);
	return epoll_ctl(watch->queue, EPOLL_CTL_ADD, descriptor, &event);
}

int watch_change(struct watch *watch, int descriptor, unsigned what)
{
	struct epoll_event event = wish(watch, descriptor, what);

	return epoll_ctl(watch->queue, EPOLL_CTL_MOD, descriptor, &event);
}

void watch_close(struct watch *watch, int *descriptor)
{
	if (*descriptor == -1)
		return;
	/* Not left to close(2): while a child holds a copy, epoll goes on telling of it. */
	(void)epoll_ctl(watch->queue, EPOLL_CTL_DEL, *descriptor, NULL);
	watch->slots[*descriptor].ready = NULL;
	watch->slots[*descriptor].life++;
	close(*descriptor);
	*descriptor = -1;
}

/* A tracer's letting go of what is left of it is told as well: that is an edge, too. */
int watch_child(struct watch *watch, struct child *child, unsigned what)
{
	return watch_add(watch, child->handle, WATCH_READ | WATCH_EDGE | what, child_ready, child);
}

void watch_child_over(struct watch *watch, struct child *child)
{
	watch_close(watch, &child->handle);
}

static bool serve(struct keeper *keeper, const struct epoll_event *events, int count, bool urgent)
{
	bool served = false;

	for (int i = 0; i < count; i++) {
		const struct watch_slot *slot = &keeper->watch.slots[(uint32_t)events[i].data.u64];

		if (!slot->ready || slot->life != events[i].data.u64 >> 32 || slot->urgent != urgent)
			continue;
		slot->ready(keeper, slot->owner);
		served = true;
	}
	return served;
}

bool watch_turn(struct keeper *keeper, int timeout)
{
	struct epoll_event events[BATCH];
	int count = epoll_wait(keeper->watch.queue, events, BATCH, timeout);
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
