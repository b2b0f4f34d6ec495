#ifndef ENTER_H
#define ENTER_H

#include <stdbool.h>
#include <sys/types.h>

#include "definition.h"
#include "probe/arming.h"
#include "stage.h"

enum { TITLE_ROOM = TITLE_MAX + 48 };

/* The namespaces in which the keeper itself lives. */
enum { NAMESPACES = 8 };
struct home {
	dev_t dev[NAMESPACES];
	ino_t ino[NAMESPACES];
};
int enter_learn_home(struct home *home);

/*
 * Whether the probe is a clone of the process that enters (only who is born in a PID namespace belongs to it), or that
 * process itself (where there are none).
 */
extern const bool enter_clones;

/* NULL, or why no jail can be entered in this way on this system. */
const char *enter_refuses(const struct definition *definition);

/* All that the child of an entry needs, outside the arena, which it does not have. */
struct entrance {
	struct arming_order order;
	enum enter enter;
	char title[TITLE_ROOM];
	pid_t pid;
	char root[PATH_LONGEST + 1];
	uint64_t dev, ino;
	bool mount;
};

/*
 * In that child, on the host's side: find what is needed to enter, put it at FD_ROOT and into the order. The
 * pidfd of the target stands at FD_TARGET. 0, or errno and the stage.
 */
int enter_process(struct entrance *entrance, const struct home *home, enum stage *stage);
int enter_jail(struct entrance *entrance, enum stage *stage);
int enter_chroot(struct entrance *entrance, enum stage *stage);

#endif
