#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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

/* The process that stood for it has ended: what we still have in there goes, whatever kind of jail it was. */
static void ended(struct keeper *keeper, void *owner)
{
	struct instance *instance = owner;
	struct list *link, *next;
	struct frame frame;
	char buffer[EVENT_MAX];

	instance->refs++; /* what follows may drop the last of the others */
	instance->gone = true;
	watch_close(&keeper->watch, &instance->handle);
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
			child_kill(&body->child, SIGKILL);
	}
	instance_drop(keeper, instance);
}

/* The pidfd first, then the start time: so both speak of the same process. */
static bool hold(struct keeper *keeper, struct instance *instance, enum stage *stage, int *error)
{
	uint64_t start;

	instance->handle = process_handle((pid_t)instance->pid);
	if (instance->handle == -1) {
		*error = errno;
		*stage = errno == ESRCH ? STAGE_gone : STAGE_pidfd;
		return false;
	}
	if (!process_start_time((pid_t)instance->pid, &start) || start != instance->start
		|| process_has_ended(instance->handle)) {
		*error = ESRCH;
		*stage = STAGE_gone;
	} else if (watch_add(&keeper->watch, instance->handle, WATCH_READ | WATCH_EDGE, ended, instance) == -1) {
		*error = errno;
		*stage = STAGE_pidfd;
	} else {
		return true;
	}
	watch_close(&keeper->watch, &instance->handle);
	return false;
}

/* Its other end is opened anew for each probe, from /proc/self/fd: so one descriptor does for all of them. */
static bool open_life(struct instance *instance, enum stage *stage, int *error)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) == -1) {
		*stage = STAGE_pipe;
		*error = errno;
		return false;
	}
	close(ends[0]);
	instance->life = ends[1];
	return true;
}

/*
 * Each jail gets a copy of the probe program of its own. Its root may reach it through /proc/PID/exe, and change not
 * what is in it but its mode, owner and attributes: that must neither keep other jails from being armed nor be a
 * way to tell them something.
 */
static bool open_image(struct instance *instance, enum stage *stage, int *error)
{
	const char *why;

	instance->image = image_open(&why);
	if (instance->image != -1)
		return true;
	*stage = STAGE_exec;
	*error = errno;
	return false;
}

static void close_all(struct keeper *keeper, struct instance *instance)
{
	watch_close(&keeper->watch, &instance->handle);
	if (instance->life != -1)
		close(instance->life);
	if (instance->image != -1)
		close(instance->image);
	instance->life = instance->image = -1;
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
	instance->handle = instance->life = instance->image = -1;
	instance->pid = definition->enter == ENTER_PID ? definition->pid : 0;
	instance->start = definition->enter == ENTER_PID ? definition->start : 0;
	instance->name_size = size;
	memcpy(instance->name, name, size);
	list_init(&instance->bodies);
	list_init(&instance->pending);
	list_init(&instance->ring);
	if (open_life(instance, stage, error) && open_image(instance, stage, error)
		&& (instance->pid == 0 || hold(keeper, instance, stage, error))
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
	bool by_pid = definition->enter == ENTER_PID;

	if (!instance)
		instance = make(keeper, definition, stage, error);
	if (!instance)
		return NULL;
	*stage = STAGE_gone;
	*error = ESRCH;
	if (instance->gone)
		return NULL;
	/* One name for two processes: one of the two is of another life. */
	if (by_pid != (instance->pid != 0) || (by_pid && instance->start != definition->start)
		|| (by_pid && instance->pid != definition->pid))
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
