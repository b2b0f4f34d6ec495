#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "keeper.h"

static struct instance *find(const struct keeper *keeper, const char *name)
{
	struct node *node = table_find(&keeper->instances, hash_text(name));

	while (node && strcmp(OWNER(node, struct instance, node)->name, name) != 0)
		node = table_again(node);
	return node ? OWNER(node, struct instance, node) : NULL;
}

void instance_ended(struct keeper *keeper, struct instance *instance)
{
	struct list *link, *next;
	struct frame frame;
	char buffer[EVENT_MAX];

	instance->refs++; /* what follows may drop the last of the others */
	instance->gone = true;
	witness_close(keeper, instance);
	event_begin(keeper, &frame, buffer, "gone");
	frame_text(&frame, "instance", instance->name);
	event_end_state(keeper, &frame, NULL);

	while (!list_empty(&instance->pending))
		entry_fail(keeper, OWNER(instance->pending.next, struct body, of_instance), STAGE_gone, ESRCH);
	for (link = instance->bodies.next; link != &instance->bodies; link = next) {
		struct body *body = OWNER(link, struct body, of_instance);

		next = link->next; /* an entry that fails is killed, but stays in the list until it is reaped */
		if (body->entry)
			entry_fail(keeper, body, STAGE_gone, ESRCH);
		else
			body_kill(body);
	}
	instance_drop(keeper, instance);
}

/*
 * Each jail gets a copy of the probe program of its own. Its root may reach it through /proc/PID/exe, and change not
 * what is in it but its mode, owner and attributes: that must neither keep other jails from being armed nor be a
 * way to tell them something.
 */
static bool open_image(struct instance *instance, enum stage *stage, int *error)
{
	const char *why;

	if (image_open(&instance->image, &why) == 0)
		return true;
	*stage = STAGE_exec;
	*error = errno;
	return false;
}

static bool open_life(struct instance *instance, enum stage *stage, int *error)
{
	if (life_open(&instance->life) == 0)
		return true;
	*stage = STAGE_pipe;
	*error = errno;
	return false;
}

static void close_all(struct keeper *keeper, struct instance *instance)
{
	witness_close(keeper, instance);
	life_close(&instance->life);
	if (instance->image != -1)
		close(instance->image);
	instance->image = -1;
}

/* One name for two processes, or for two jails: one of the two is of another life. */
static bool same_life(const struct instance *instance, const struct definition *definition)
{
	bool by_pid = definition->enter == ENTER_PID, by_jid = definition->enter == ENTER_JAIL;

	return instance->pid == (by_pid ? definition->pid : 0) && instance->start == (by_pid ? definition->start : 0)
		&& instance->jid == (by_jid ? definition->jid : 0);
}

static struct instance *make(
	struct keeper *keeper, const struct definition *definition, enum stage *stage, int *error)
{
	const char *name = definition_text(definition, definition->instance);
	uint32_t size = (uint32_t)strlen(name) + 1;
	struct instance *instance = arena_take_clear(&keeper->arena, sizeof *instance + size);

	*stage = STAGE_pidfd;
	*error = ENOMEM;
	if (!instance)
		return NULL;
	instance->handle = instance->image = instance->life.ours = instance->life.theirs = -1;
	instance->pid = definition->enter == ENTER_PID ? definition->pid : 0;
	instance->start = definition->enter == ENTER_PID ? definition->start : 0;
	instance->jid = definition->enter == ENTER_JAIL ? definition->jid : 0;
	instance->name_size = size;
	memcpy(instance->name, name, size);
	list_init(&instance->bodies);
	list_init(&instance->pending);
	list_init(&instance->ring);
	if (open_life(instance, stage, error) && open_image(instance, stage, error)
		&& witness_open(keeper, instance, stage, error)
		&& table_add(&keeper->instances, &keeper->arena, &instance->node, hash_text(name)))
		return instance;
	close_all(keeper, instance);
	arena_give(&keeper->arena, instance, sizeof *instance + size);
	return NULL;
}

struct instance *instance_keep(
	struct keeper *keeper, const struct definition *definition, enum stage *stage, int *error)
{
	struct instance *instance = find(keeper, definition_text(definition, definition->instance));

	if (!instance)
		instance = make(keeper, definition, stage, error);
	if (!instance)
		return NULL;
	*stage = STAGE_gone;
	*error = ESRCH;
	if (instance->gone || !same_life(instance, definition))
		return NULL;
	return instance_keep_again(instance);
}

struct instance *instance_keep_again(struct instance *instance)
{
	instance->refs++;
	return instance;
}

void instance_drop(struct keeper *keeper, struct instance *instance)
{
	if (!instance || --instance->refs > 0)
		return;
	table_remove(&keeper->instances, &instance->node);
	close_all(keeper, instance);
	arena_give(&keeper->arena, instance, sizeof *instance + instance->name_size);
}
