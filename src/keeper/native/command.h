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

enum { WORDS_MAX = FRAME_MAX / 4 };

/* The one definition in hand, outside the arena, for the child. Its pages are touched as far as they are used. */
struct command {
	char id[ID_ROOM];
	bool by_host;
	pid_t keeper;
	int64_t began; /* ms since the boot, for the marker */
	_Alignas(struct definition) char copy[sizeof(struct definition) + FRAME_MAX];
	struct definition *definition; /* in there */
	char *words[WORDS_MAX];        /* argument vector and environment, made by the child */
	uint32_t groups[WORDS_MAX + 1];
};

void command_prepare(struct command *command, const struct definition *definition, const char *id, bool by_host);
void command_wipe(struct command *command);
_Noreturn void command_execute(struct command *command); /* in the child */

#endif
