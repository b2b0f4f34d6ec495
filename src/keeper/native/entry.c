/*
 * Arming, as the keeper sees it: the entering process, and then its clone, which is the probe.
 * PROTOCOL.md draws who says what; what comes up pipe R is treated as hostile.
 */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "keeper.h"

enum { AT_ONCE = 32, AT_ONCE_IN_INSTANCE = 8, A_FEW = 4, TIME_LIMIT = 10000 };
enum { LOOK_AGAIN = 1 }; /* ms */

/* The turn of another one comes; the entering process itself may still have to be reaped. */
static void end(struct keeper *keeper, struct entry *entry)
{
	if (entry->over)
		return;
	entry->over = true;
	entry->instance->entering--;
	keeper->entering--;
}

static void free_if_over(struct keeper *keeper, struct entry *entry)
{
	struct body *body = entry->body;

	if (!entry->over || entry->child.pid)
		return;
	timer_clear(keeper, &entry->timer);
	watch_close(&keeper->watch, &entry->report);
	instance_drop(keeper, entry->instance);
	arena_give(&keeper->arena, entry, sizeof *entry);
	body->entry = NULL;
	body_free_if_over(keeper, body);
}

/* The clone can be named, or it may have been made by now: nobody else can say so. */
static void named(struct keeper *keeper, struct entry *entry)
{
	keeper->unnamed -= entry->unnamed;
	entry->unnamed = false;
}

/*
 * The entering process is left to come to its end, which is near: it alone can name the clone that it may just be
 * making, and that is killed as soon as its pid is read.
 */
void entry_give_up(struct keeper *keeper, struct entry *entry)
{
	if (entry->over)
		return;
	end(keeper, entry);
	child_kill(&entry->body->child, SIGKILL);
}

/* The entering process may have been reaped before: then this is the last that is heard of the arming. */
void entry_body_died(struct keeper *keeper, struct entry *entry)
{
	entry_give_up(keeper, entry);
	free_if_over(keeper, entry);
}

void entry_fail(struct keeper *keeper, struct body *body, enum stage stage, int error)
{
	struct entry *entry = body->entry;

	if (entry && entry->over)
		return;
	if (entry)
		entry_give_up(keeper, entry);
	else
		body_leave_queue(keeper, body);
	record_body_failed(keeper, body, stage, error);
	body_free_if_over(keeper, body);
}

/* It can be triggered, and it can do nothing else: that is what "armed" means. */
static void armed(struct keeper *keeper, struct entry *entry)
{
	end(keeper, entry);
	timer_clear(keeper, &entry->timer);
	watch_close(&keeper->watch, &entry->report);
	record_body_ready(keeper, entry->body);
}

static void look_again(struct keeper *keeper, struct timer *timer);

/* A clone that says it is ready locks itself up at once, unless somebody inside holds it: so look until it has. */
static void look(struct keeper *keeper, struct entry *entry)
{
	if (look_locked(entry->body->definition, entry->body->child.pid)) {
		armed(keeper, entry);
		return;
	}
	entry->timer.ring = look_again;
	if (!timer_set(keeper, &entry->timer, clock_now() + LOOK_AGAIN))
		entry_fail(keeper, entry->body, STAGE_seccomp, ENOMEM);
}

static void take_pid(struct keeper *keeper, struct entry *entry, pid_t pid)
{
	struct body *body = entry->body;

	if (body->child.pid)
		return;
	named(keeper, entry);
	if (!child_adopt(keeper, &body->child, pid, WATCH_URGENT))
		entry_fail(keeper, body, STAGE_pidfd, errno);
	else if (entry->over)
		child_kill(&body->child, SIGKILL);
}

/* What the clone may fail in; it does not know the nonce, and whoever traces it can only make it fail. */
static bool clone_may_say(enum stage stage)
{
	return stage == STAGE_setsid || stage == STAGE_pdeathsig || stage == STAGE_name || stage == STAGE_seccomp;
}

static void take_ready(struct keeper *keeper, struct entry *entry)
{
	enum stage stage;
	int error = look_where(entry->body->definition, &stage);

	if (error)
		entry_fail(keeper, entry->body, stage, error);
	else
		entry->body->ready = true;
}

static void take_report(struct keeper *keeper, struct entry *entry, const struct arming_report *report)
{
	bool from_outside = report->nonce == entry->nonce;
	enum stage stage = report->stage < STAGE_COUNT ? (enum stage)report->stage : STAGE_report;

	if (report->kind == ARMING_PID && from_outside)
		take_pid(keeper, entry, report->value);
	else if (report->kind == ARMING_READY)
		take_ready(keeper, entry);
	else if (report->kind == ARMING_FAILED && (from_outside || clone_may_say(stage))) {
		entry->no_clone = from_outside;
		entry_fail(keeper, entry->body, stage, report->value);
	} else {
		entry_fail(keeper, entry->body, STAGE_report, EPROTO);
	}
}

void entry_read(struct keeper *keeper, struct entry *entry)
{
	/* An honest arming sends two; a third is not asked for, whatever it says. */
	for (int i = 0; i < 3 && entry->report != -1; i++) {
		struct arming_report report;
		ssize_t got = read(entry->report, &report, sizeof report);

		if (got == 0 || (got == -1 && errno == EAGAIN))
			break;
		if (got == sizeof report)
			take_report(keeper, entry, &report);
		else
			entry_fail(keeper, entry->body, STAGE_report, EPROTO);
	}
	if (entry->body->ready && entry->body->child.pid && !entry->body->ended && !entry->over)
		look(keeper, entry);
}

static void report_ready(struct keeper *keeper, void *owner)
{
	struct entry *entry = owner;

	entry_read(keeper, entry);
	free_if_over(keeper, entry);
}

static void enterer_changed(struct keeper *keeper, struct child *child)
{
	struct entry *entry = OWNER(child, struct entry, child);
	struct ending ending = process_reap(child->handle);

	if (!ending.ended)
		return;
	child_forget(keeper, child);
	entry_read(keeper, entry);
	if (entry->unnamed) {
		entry_fail(keeper, entry->body, STAGE_report, ending.signal ? EINTR : EPROTO);
		/* It did not name its clone, if it had one: it was killed, by us or by somebody else on the host. */
		keeper->strays |= !entry->no_clone;
	}
	named(keeper, entry);
	free_if_over(keeper, entry);
}

static void give_up_late(struct keeper *keeper, struct entry *entry)
{
	entry_fail(keeper, entry->body, STAGE_timeout, ETIMEDOUT);
	/* It makes no clone any more; one that it has made and not named is looked for. */
	child_kill(&entry->child, SIGKILL);
	keeper->strays |= entry->unnamed;
	named(keeper, entry);
}

static void too_long(struct keeper *keeper, struct timer *timer)
{
	give_up_late(keeper, OWNER(timer, struct entry, timer));
}

static void look_again(struct keeper *keeper, struct timer *timer)
{
	struct entry *entry = OWNER(timer, struct entry, timer);

	if (entry->over || entry->body->ended)
		return;
	if (clock_now() >= entry->deadline)
		give_up_late(keeper, entry);
	else
		look(keeper, entry);
	free_if_over(keeper, entry);
}

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
		&& watch_add(&keeper->watch, entry->report, WATCH_READ | WATCH_EDGE, report_ready, entry) == 0)
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
		entry->child.changed = enterer_changed;
		entry->body = body;
		entry->instance = instance_keep_again(instance);
		entry->report = -1;
		entry->deadline = clock_now() + TIME_LIMIT;
		entry->timer.ring = too_long;
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
		free_if_over(keeper, entry);
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
