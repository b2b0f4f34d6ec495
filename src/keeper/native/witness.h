#ifndef WITNESS_H
#define WITNESS_H

#include <stdbool.h>

#include "instance.h"

/*
 * What stands for an instance, and tells of its end: on Linux the process that is its first, on FreeBSD 15 the kernel's
 * events of the jail. Where nothing does, the daemon looks. A chroot has nothing.
 */

/* False: it has ended, or cannot be watched; with stage and errno. Calls instance_ended() later. */
bool witness_open(struct keeper *keeper, struct instance *instance, enum stage *stage, int *error);
void witness_close(struct keeper *keeper, struct instance *instance);

int witness_to_give(const struct instance *instance); /* what the child of an entry gets as FD_TARGET; -1: nothing */

/* To be told when a jail is made; nothing where the kernel does not tell. */
void witness_listen(struct keeper *keeper);

/* FreeBSD 15: what the kernel told of a jail. */
void witness_tell(struct keeper *keeper, int jid, unsigned what);

/* Linux: whether the process of a pidfd has ended, without taking its ending. */
bool witness_has_ended(int handle);

#endif
