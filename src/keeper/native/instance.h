#ifndef INSTANCE_H
#define INSTANCE_H

#include <stdbool.h>

#include "definition.h"
#include "list.h"
#include "stage.h"
#include "table.h"

struct keeper;

/* One life of a jail. Of the jail itself the keeper holds nothing but the pidfd of the process that stands for it. */
struct instance {
	struct node node;
	uint32_t refs; /* records and bodies */
	int handle;    /* -1: a chroot, or gone */
	int life;      /* the end of a pipe on which its probes wait: nothing is ever written, and it closes when we end */
	int image;     /* the probe program: a copy of this jail's own */
	bool gone;
	uint64_t pid, start;
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

#endif
