#ifndef PARTS_BSD_H
#define PARTS_BSD_H

/* What probe_bsd.c and lock_bsd.c have in common, and nobody else uses. */

#include <stdbool.h>

#include "../stage.h"
#include "arming.h"

extern struct arming_order order;

/* Around a call that must have succeeded: a probe never runs half locked. */
void must(enum stage stage, int result);
void must_be(enum stage stage, bool so, int error);

/* On the host's side. */
void follow_keeper(void); /* to end with it */
void shut_out(void);      /* nobody inside may look into this process, trace it, or have it leave a core file */

/* Inside: the uid, the gid and the groups of the order, and none else. */
void become(void);

#endif
