#ifndef DEFINITION_H
#define DEFINITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

enum respawn { RESPAWN_NEVER, RESPAWN_AFTER, RESPAWN_IMMEDIATELY };
enum enter { ENTER_PID, ENTER_CHROOT, ENTER_JAIL };

enum { TEXT_MAX = 1024, TITLE_MAX = 200, PATH_LONGEST = 4095 };

/*
 * All that the keeper needs to act alone for one probe. Never changed once made: a run keeps the one it
 * started with, a process the one it was armed with. Texts are offsets into `fields`, which are the order's
 * own bytes; 0: absent.
 */
struct definition {
	uint32_t refs;
	uint32_t length;
	uint32_t key, tag, title, groups, instance, root, name, cwd, run_groups;
	uint32_t arg_count, env_count;
	uint64_t uid, gid, pid, start, mount, jid, dev, ino, receipt, timeout, kill_after, cooldown, concurrency, output;
	uint64_t run_uid, run_gid;
	uint64_t respawn, enter;
	bool run_as;
	char fields[];
};

/* NULL, and why not. */
struct definition *definition_parse(struct arena *arena, const char *fields, size_t length, const char **why);
struct definition *definition_keep(struct definition *definition);
void definition_drop(struct arena *arena, struct definition *definition);

static inline const char *definition_text(const struct definition *definition, uint32_t offset)
{
	return offset ? definition->fields + offset : "";
}

/* Numbers separated by commas, at most `room` of them; -1 if it is anything else. */
int parse_groups(const char *text, uint32_t *groups, int room);

#endif
