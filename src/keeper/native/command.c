/* What the child of a command is to find, copied out and put together for it before it is made. */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "protocol.h"

#define TRIGGER_ID "TRIGGER_ID="

/* The daemon's clock for it: process-times.ts. Elsewhere CLOCK_MONOTONIC begins with the boot by itself. */
#ifdef __linux__
#define CLOCK_OF_MARKERS CLOCK_BOOTTIME
#else
#define CLOCK_OF_MARKERS CLOCK_MONOTONIC
#endif

static int64_t since_boot(void)
{
	struct timespec now;

	clock_gettime(CLOCK_OF_MARKERS, &now); /* cannot fail for these clocks */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void *take(struct command *command, size_t size)
{
	const size_t unit = _Alignof(struct definition);
	void *place = command->room + command->used;

	command->used += (size + unit - 1) / unit * unit;
	return place;
}

/*
 * By the moment and its pid a marker names the process: so it is that of the fork, not the one at which the process, on a
 * host with much to do, has come so far as to make its marker.
 */
static char *begin_marker(struct command *command, bool by_host)
{
	const struct definition *definition = command->definition;
	const char *key = definition_text(definition, definition->key);
	const char *once = definition->respawn == RESPAWN_NEVER ? ",once" : "";
	char *rest = (char *)take(command, MARKER_ROOM) + PID_ROOM;

	if (PROTOCOL_VERSION == 1)
		snprintf(rest, MARKER_ROOM - PID_ROOM, " %" PRId64 " %s", since_boot(), key);
	else
		snprintf(rest, MARKER_ROOM - PID_ROOM, " %" PRId64 " %s%s%s %s", since_boot(),
			definition_text(definition, definition->instance), once, by_host ? ",host" : "", key);
	return rest;
}

/* argv, NULL, environment, NULL: pointers into the fields as they came over the wire. */
static void gather(struct command *command, struct definition *definition)
{
	const char *at = definition->fields, *end = at + definition->length;
	size_t words = (size_t)definition->arg_count + 1 + definition->env_count + 2;
	char **argument = take(command, words * sizeof *argument);
	char **environment = argument + definition->arg_count + 1;
	char *trigger = take(command, TRIGGER_ROOM);
	struct field field;

	command->arguments = argument;
	command->environment = environment;
	while (field_next(&at, end, &field)) {
		char *value = definition->fields + (field.value - definition->fields);

		if (field_is(&field, "arg"))
			*argument++ = value;
		else if (field_is(&field, "env") && strncmp(value, TRIGGER_ID, strlen(TRIGGER_ID)) != 0)
			*environment++ = value;
	}
	*argument = NULL;
	stpcpy(stpcpy(trigger, TRIGGER_ID), command->id);
	*environment++ = trigger;
	*environment = NULL;
}

void command_prepare(struct command *command, const struct definition *definition, const char *id, bool by_host)
{
	size_t size = sizeof *definition + definition->length;
	struct definition *copy;

	command->used = 0;
	copy = memcpy(take(command, size), definition, size);
	snprintf(command->id, sizeof command->id, "%s", id);
	command->keeper = getpid();
	command->definition = copy;
	gather(command, copy);
	command->marker = begin_marker(command, by_host);
}

/* The next child, of another jail, is not to find it. */
void command_wipe(struct command *command)
{
	memset(command->room, 0, command->used);
}
