/*
 * Arming, as the keeper sees it: the entering process, and then its clone, which is the probe. How it ends, unless well:
 * the beginning is in entry_start.c, and what is heard of it in entry_hear.c.
 */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <signal.h>

#include "entry_parts.h"
#include "keeper.h"

/* The turn of another one comes; the entering process itself may still have to be reaped. */
void entry_over(struct keeper *keeper, struct entry *entry)
{
	if (entry->over)
		return;
	entry->over = true;
	entry->instance->entering--;
	keeper->entering--;
}

void entry_free_if_over(struct keeper *keeper, struct entry *entry)
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
void entry_named(struct keeper *keeper, struct entry *entry)
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
	entry_over(keeper, entry);
	body_kill(entry->body);
}

/* The entering process may have been reaped before: then this is the last that is heard of the arming. */
void entry_body_died(struct keeper *keeper, struct entry *entry)
{
	entry_give_up(keeper, entry);
	entry_free_if_over(keeper, entry);
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

void entry_enterer_changed(struct keeper *keeper, struct child *child)
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
	entry_named(keeper, entry);
	entry_free_if_over(keeper, entry);
}

void entry_give_up_late(struct keeper *keeper, struct entry *entry)
{
	entry_fail(keeper, entry->body, STAGE_timeout, ETIMEDOUT);
	/* It makes no clone any more; one that it has made and not named is looked for. */
	child_kill(&entry->child, SIGKILL);
	keeper->strays |= entry->unnamed;
	entry_named(keeper, entry);
}

void entry_too_long(struct keeper *keeper, struct timer *timer)
{
	entry_give_up_late(keeper, OWNER(timer, struct entry, timer));
}
