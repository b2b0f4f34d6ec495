#ifndef INSTANCE_H
#define INSTANCE_H

#include <stdbool.h>

#include "definition.h"
#include "life.h"
#include "list.h"
#include "stage.h"
#include "table.h"

struct keeper;

/* One life of a jail. Of the jail itself the keeper holds nothing but what stands for it: no directory, no path. */
struct instance {
	struct node node;
	uint32_t refs; /* records and bodies */
	int handle;    /* of what stands for it (witness.h); -1: nothing does, or it is gone */
	struct life life;
	int image; /* the probe program: a copy of this jail's own; -1: it is executed from a file */
	bool gone;
	uint64_t pid, start, jid; /* 0 where they do not apply */
	struct list bodies;  /* processes of ours in there */
	struct list pending; /* bodies that wait for their turn to enter */
	struct list ring;    /* among the instances that have such */
	unsigned entering;
	uint32_t name_size;
	char name[];
};

/* Finds or makes it, and counts a reference. NULL: it has ended (or cannot be watched), with stage and errno. */
struct instance *instance_keep(
	struct keeper *keeper, const struct definition *definition, enum stage *stage, int *error);
struct instance *instance_keep_again(struct instance *instance);
void instance_drop(struct keeper *keeper, struct instance *instance);

/* What stood for it has ended: what we still have in there goes, whatever kind of jail it was. */
void instance_ended(struct keeper *keeper, struct instance *instance);

#endif
