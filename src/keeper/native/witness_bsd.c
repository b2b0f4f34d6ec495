/*
 * FreeBSD 15 tells of jails by kevent(2); before it, and on DragonFly, nothing does: there a jail that ends takes its probes
 * with it, and the daemon looks.
 */
#ifndef __linux__
#include <sys/types.h>
#include <sys/event.h>
#include <errno.h>

#include "keeper.h"

#ifdef EVFILT_JAIL

static int ask(const struct keeper *keeper, uint64_t jid, int flags)
{
	struct kevent change;

	EV_SET(&change, (uintptr_t)jid, EVFILT_JAIL, (unsigned short)flags, NOTE_JAIL_REMOVE | NOTE_JAIL_CHILD, 0, NULL);
	return kevent(keeper->watch.queue, &change, 1, NULL, 0, NULL);
}

bool witness_open(struct keeper *keeper, struct instance *instance, enum stage *stage, int *error)
{
	if (instance->jid == 0)
		return true;
	if (ask(keeper, instance->jid, EV_ADD) == 0) {
		instance->handle = (int)instance->jid;
		return true;
	}
	*stage = STAGE_gone;
	*error = errno;
	return errno != ENOENT; /* else an older kernel, or one out of memory: then it does not tell */
}

void witness_close(struct keeper *keeper, struct instance *instance)
{
	if (instance->handle != -1)
		(void)ask(keeper, instance->jid, EV_DELETE); /* ENOENT: it has told of the jail's end */
	instance->handle = -1;
}

/* 0 stands for the jail that we are in ourselves, or the host: there, those that come into being directly below it. */
void witness_listen(struct keeper *keeper)
{
	(void)ask(keeper, 0, EV_ADD); /* an older kernel does not tell */
}

static struct instance *find(const struct keeper *keeper, int jid)
{
	const struct table *table = &keeper->instances;

	for (uint32_t i = 0; i < table->size; i++)
		for (struct node *node = table->buckets[i]; node; node = node->next)
			if (OWNER(node, struct instance, node)->handle == jid)
				return OWNER(node, struct instance, node);
	return NULL;
}

void witness_tell(struct keeper *keeper, int jid, unsigned what)
{
	struct instance *instance = what & NOTE_JAIL_REMOVE ? find(keeper, jid) : NULL;

	if (instance)
		instance_ended(keeper, instance);
	if (what & (NOTE_JAIL_CHILD | NOTE_JAIL_MULTI))
		connection_tell_look(keeper);
}

#else

bool witness_open(struct keeper *keeper, struct instance *instance, enum stage *stage, int *error)
{
	(void)keeper;
	(void)instance;
	(void)stage;
	(void)error;
	return true;
}

void witness_close(struct keeper *keeper, struct instance *instance)
{
	(void)keeper;
	(void)instance;
}

void witness_listen(struct keeper *keeper)
{
	(void)keeper;
}

#endif

int witness_to_give(const struct instance *instance)
{
	(void)instance;
	return -1;
}

#else
typedef int not_this_platform;
#endif
