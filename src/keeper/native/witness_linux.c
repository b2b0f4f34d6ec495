#ifdef __linux__
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "keeper.h"
#include "proc.h"

static bool start_time(pid_t pid, uint64_t *start)
{
	enum { START = 22, AFTER_NAME = 2 };
	char text[1024], *at;

	if (!proc_read(pid, "stat", text, sizeof text))
		return false;
	at = strrchr(text, ')'); /* the name before it may hold anything */
	for (int field = AFTER_NAME; at && field < START; field++)
		at = strchr(at + 1, ' ');
	if (!at)
		return false;
	*start = strtoull(at, NULL, 10);
	return true;
}

bool witness_has_ended(int handle)
{
	struct pollfd look = {.fd = handle, .events = POLLIN};

	/* A security label may keep it from being signalled, and says so only of a process that is there. */
	return (process_kill(handle, 0) == -1 && errno == ESRCH) || poll(&look, 1, 0) == 1;
}

static void ended(struct keeper *keeper, void *instance)
{
	instance_ended(keeper, instance);
}

/* The pidfd first, then the start time: so both speak of the same process. */
bool witness_open(struct keeper *keeper, struct instance *instance, enum stage *stage, int *error)
{
	uint64_t start;

	if (instance->pid == 0)
		return true;
	instance->handle = process_handle((pid_t)instance->pid);
	if (instance->handle == -1) {
		*error = errno;
		*stage = errno == ESRCH ? STAGE_gone : STAGE_pidfd;
		return false;
	}
	if (!start_time((pid_t)instance->pid, &start) || start != instance->start
		|| witness_has_ended(instance->handle)) {
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

void witness_close(struct keeper *keeper, struct instance *instance)
{
	watch_close(&keeper->watch, &instance->handle);
}

int witness_to_give(const struct instance *instance)
{
	return instance->handle;
}

void witness_listen(struct keeper *keeper)
{
	(void)keeper;
}

#else
typedef int not_this_platform;
#endif
