/* The beginning of an arming: whose turn it is, and the process that enters. What it says is heard in entry_hear.c. */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "entry_parts.h"
#include "keeper.h"

enum { AT_ONCE = 32, AT_ONCE_IN_INSTANCE = 8, A_FEW = 4, TIME_LIMIT = 10000 };

/* Descriptors are the scarcest thing: armings leave enough of them for the commands of those that are armed. */
static bool spare_descriptors(const struct keeper *keeper, int newest)
{
	size_t spare = keeper->watch.count / 8;

	return (size_t)newest + (spare < 2048 ? spare : 2048) < keeper->watch.count;
}

static int start(struct keeper *keeper, struct body *body, struct entry *entry)
{
	int report[2];
	struct layout layout = {.count = FD_ENTRANCE_COUNT, .close_on_exec = FD_IMAGE};
	pid_t pid;

	if (pipe2(report, O_CLOEXEC | O_NONBLOCK) == -1)
		return errno;
	entry->report = report[0];
	if (!spare_descriptors(keeper, report[1]))
		errno = EMFILE;
	else if (getrandom(&entry->nonce, sizeof entry->nonce, 0) == sizeof entry->nonce
		&& fcntl(report[1], F_SETFL, 0) == 0
		&& watch_add(&keeper->watch, entry->report, WATCH_READ | WATCH_EDGE, entry_report_ready, entry) == 0)
		errno = 0;
	if (errno) {
		close(report[1]);
		return errno;
	}
	entrance_prepare(keeper, body, entry->nonce);
	_Static_assert((int)FD_ENTRANCE_COUNT <= (int)LAUNCH_DESCRIPTORS, "room for what the child is given");
	memcpy(layout.wanted,
		(int[]){-1, -1, -1, -1, report[1], -1, witness_to_give(body->instance), -1, body->instance->image,
			life_to_give(&body->instance->life)},
		sizeof layout.wanted);
	if (enter_clones)
		pid = launch(keeper, &entry->child, 0, &layout);
	else
		pid = launch(keeper, &body->child, WATCH_URGENT, &layout);
	if (pid == 0)
		entrance_become_probe(keeper);
	close(report[1]);
	if (pid == -1)
		return errno;
	entry->unnamed = enter_clones;
	keeper->unnamed += enter_clones;
	return 0;
}

static void body_start(struct keeper *keeper, struct body *body)
{
	struct instance *instance = body->instance;
	struct entry *entry = arena_take_clear(&keeper->arena, sizeof *entry);
	int error = ENOMEM;

	body_leave_queue(keeper, body);
	list_append(&instance->bodies, &body->of_instance);
	if (entry) {
		entry->child.changed = entry_enterer_changed;
		entry->body = body;
		entry->instance = instance_keep_again(instance);
		entry->report = -1;
		entry->deadline = clock_now() + TIME_LIMIT;
		entry->timer.ring = entry_too_long;
		body->entry = entry;
		instance->entering++;
		keeper->entering++;
		error = timer_set(keeper, &entry->timer, entry->deadline) ? start(keeper, body, entry) : ENOMEM;
	}
	if (!error)
		return;
	if (entry) {
		entry_give_up(keeper, entry);
		record_body_failed(keeper, body, STAGE_fork, error);
		entry_free_if_over(keeper, entry);
		return;
	}
	record_body_failed(keeper, body, STAGE_fork, error);
	body_free_if_over(keeper, body);
}

/* Round robin over the instances, so that a jail with many probes does not keep the others waiting. */
int entries_start(struct keeper *keeper)
{
	struct list *ring = &keeper->entering_ring;
	struct list *link = ring->next;

	/* A clone that nobody named looks like those that are about to be named: wait until there are none of these. */
	if (keeper->strays && keeper->unnamed > 0)
		return -1;
	if (keeper->strays) {
		keeper->strays = false;
		child_kill_strays(keeper);
	}

	for (int started = 0; link != ring && keeper->entering < AT_ONCE;) {
		struct instance *instance = OWNER(link, struct instance, ring);
		struct list *next = link->next;

		if (instance->entering < AT_ONCE_IN_INSTANCE) {
			if (started++ == A_FEW)
				return 0;
			if (!launch_possible(keeper))
				return 1;
			list_remove(link);
			list_append(ring, link);
			body_start(keeper, OWNER(instance->pending.next, struct body, of_instance));
			/* That may have changed the ring; who is at its front now has waited longest. */
			next = ring->next;
		}
		link = next;
	}
	return -1;
}
