/* What the child of a command is to find, copied out for it before it is made. */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

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

/*
 * By the moment and its pid a marker names the process: so it is that of the fork, not the one at which the process, on a
 * host with much to do, has come so far as to make its marker.
 */
void command_prepare(struct command *command, const struct definition *definition, const char *id, bool by_host)
{
	memcpy(command->copy, definition, sizeof *definition + definition->length);
	command->definition = (struct definition *)(void *)command->copy;
	snprintf(command->id, sizeof command->id, "%s", id);
	command->by_host = by_host;
	command->keeper = getpid();
	command->began = since_boot();
}

/* The next child, of another jail, is not to find it. */
void command_wipe(struct command *command)
{
	memset(command->copy, 0, sizeof *command->definition + command->definition->length);
}
