#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "definition.h"
#include "frame.h"
#include "run.h"

/* What a command's process reports before exec: first that it is about to, then, if that failed, where. */
struct command_report {
	uint32_t stage; /* STAGE_none: about to execute */
	int32_t error;  /* with STAGE_none: of the marker */
};

/* The descriptors it has; those from FD_OUTCOME on are closed by exec. */
enum { FD_OUTCOME = 3, FD_RUNNING, FD_COMMAND_COUNT };

enum { WORDS_MAX = FRAME_MAX / 4, PID_ROOM = 20, MARKER_ROOM = PID_ROOM + 2 * TEXT_MAX + 128 };
enum { TRIGGER_ROOM = ID_ROOM + 16, ROUNDING = 64 };
enum {
	COMMAND_ROOM =
		sizeof(struct definition) + FRAME_MAX + WORDS_MAX * sizeof(char *) + MARKER_ROOM + TRIGGER_ROOM + ROUNDING
};

/*
 * The one definition in hand, outside the arena, for the child, and what can be made of it before there is one: each page
 * that the child is the first to use costs it as much as ten system calls. What it needs lies close together in `room`.
 */
struct command {
	char id[ID_ROOM];
	pid_t keeper;
	const struct definition *definition;
	char **arguments, **environment; /* as for execve(2) */
	char *marker;                    /* all of it but the pid, for which there is room before it */
	size_t used;
	_Alignas(struct definition) char room[COMMAND_ROOM];
	uint32_t groups[WORDS_MAX + 1]; /* made by the child */
};

void command_prepare(struct command *command, const struct definition *definition, const char *id, bool by_host);
void command_wipe(struct command *command);
_Noreturn void command_execute(struct command *command); /* in the child */

#endif
