#ifndef LAUNCH_H
#define LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

#include "child.h"
#include "layout.h"

enum { LAUNCH_PADS = 24 };

/* Linux: children that still share our table of descriptors. */
struct launcher {
	int in_flight; /* the pads whose children still share our table, as bits */
	void *left;    /* shared with the children: a byte for each pad, set when its child has a table of its own */
	pid_t owner[LAUNCH_PADS];
};

int launcher_open(struct launcher *launcher);

/*
 * False: too many children have not come far enough yet. Once one of them is heard of, there is room again.
 * The descriptors in a layout may be closed by the caller as soon as launch() has returned; the copies
 * that are kept for the child until it has its own are closed by launch_tidy(), which is false while there are any.
 */
bool launch_possible(struct keeper *keeper);
pid_t launch(struct keeper *keeper, struct child *child, unsigned watch, const struct layout *layout);
bool launch_tidy(struct keeper *keeper);
void launch_ended(struct keeper *keeper, pid_t pid); /* it may have been killed before it came that far */

#endif
