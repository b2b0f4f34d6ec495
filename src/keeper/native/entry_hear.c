/*
 * What the keeper hears of an arming, and sees for itself, until the probe is armed. PROTOCOL.md draws who says what; what
 * comes up pipe R is treated as hostile.
 */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <unistd.h>

#include "entry_parts.h"
#include "keeper.h"

enum { LOOK_AGAIN = 1 }; /* ms */

/* It can be triggered, and it can do nothing else: that is what "armed" means. */
static void armed(struct keeper *keeper, struct entry *entry)
{
	entry_over(keeper, entry);
	timer_clear(keeper, &entry->timer);
	watch_close(&keeper->watch, &entry->report);
	record_body_ready(keeper, entry->body);
}

static void look_again(struct keeper *keeper, struct timer *timer);

/* A clone that says it is ready locks itself up at once, unless somebody inside holds it: so look until it has. */
static void look(struct keeper *keeper, struct entry *entry)
{
	if (look_locked(entry->body->definition, entry->body->child.pid)) {
		/* Whom a signal cannot reach could not be taken away again. */
		if (child_kill(&entry->body->child, 0))
			armed(keeper, entry);
		else
			entry_fail(keeper, entry->body, STAGE_label, EACCES);
		return;
	}
	entry->timer.ring = look_again;
	if (!timer_set(keeper, &entry->timer, clock_now() + LOOK_AGAIN))
		entry_fail(keeper, entry->body, STAGE_seccomp, ENOMEM);
}

static void look_again(struct keeper *keeper, struct timer *timer)
{
	struct entry *entry = OWNER(timer, struct entry, timer);

	if (entry->over || entry->body->ended)
		return;
	if (clock_now() >= entry->deadline)
		entry_give_up_late(keeper, entry);
	else
		look(keeper, entry);
	entry_free_if_over(keeper, entry);
}

static void take_pid(struct keeper *keeper, struct entry *entry, pid_t pid)
{
	struct body *body = entry->body;

	if (body->child.pid)
		return;
	entry_named(keeper, entry);
	if (!child_adopt(keeper, &body->child, pid, WATCH_URGENT))
		entry_fail(keeper, body, STAGE_pidfd, errno);
	else if (entry->over)
		body_kill(body);
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

void entry_report_ready(struct keeper *keeper, void *owner)
{
	struct entry *entry = owner;

	entry_read(keeper, entry);
	entry_free_if_over(keeper, entry);
}
