#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <signal.h>
#include <stdio.h>

#include "keeper.h"

/* The judge of a death. What the process still had to say is read before its ending counts. */
static void changed(struct keeper *keeper, struct child *child)
{
	struct body *body = OWNER(child, struct body, child);
	struct ending ending = process_reap(child->handle);
	pid_t pid = child->pid;

	if (!ending.ended)
		return;
	body->ended = true;
	if (body->entry)
		entry_read(keeper, body->entry);
	record_body_died(keeper, body, pid, ending);
	child_forget(keeper, child);
	if (body->entry)
		entry_body_died(keeper, body->entry);
	else
		body_free_if_over(keeper, body);
}

struct body *body_make(struct keeper *keeper, struct record *record)
{
	struct body *body = arena_take_clear(&keeper->arena, sizeof *body);
	struct instance *instance = record->instance;

	if (!body)
		return NULL;
	body->child.changed = changed;
	body->record = record;
	body->instance = instance_keep_again(instance);
	body->definition = definition_keep(record->definition);
	tell_receipt(record, body->receipt);
	list_append(&record->bodies, &body->of_record);
	list_append(&instance->pending, &body->of_instance);
	if (list_empty(&instance->ring))
		list_append(&keeper->entering_ring, &instance->ring);
	body->waiting = true;
	keeper->bodies++;
	return body;
}

void body_leave_queue(struct keeper *keeper, struct body *body)
{
	(void)keeper;
	body->waiting = false;
	list_remove(&body->of_instance);
	if (list_empty(&body->instance->pending))
		list_remove(&body->instance->ring);
}

/*
 * Where a profile that it has taken over forbids us to signal it, the end of pipe L ends it, and with it the jail's other
 * probes, which have the same profile.
 */
void body_kill(struct body *body)
{
	struct life *life = &body->instance->life;

	if (child_kill(&body->child, SIGKILL))
		return;
	life_close(life);
	(void)life_open(life); /* without it, arming fails and says so */
}

void body_retire(struct keeper *keeper, struct body *body)
{
	if (body->waiting)
		body_leave_queue(keeper, body);
	if (body->entry)
		entry_give_up(keeper, body->entry);
	body_kill(body);
	body_free_if_over(keeper, body);
}

void body_free_if_over(struct keeper *keeper, struct body *body)
{
	struct record *record = body->record;

	if (body->waiting || body->entry || body->child.pid)
		return;
	keeper->bodies--;
	list_remove(&body->of_record);
	list_remove(&body->of_instance);
	instance_drop(keeper, body->instance);
	definition_drop(&keeper->arena, body->definition);
	arena_give(&keeper->arena, body, sizeof *body);
	record_settle(keeper, record);
}

void body_title(const struct body *body, char *title, size_t room)
{
	const char *plain = definition_text(body->definition, body->definition->title);

	snprintf(title, room, "%s%s", plain, body->receipt);
}
