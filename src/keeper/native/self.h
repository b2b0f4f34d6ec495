#ifndef SELF_H
#define SELF_H

#include <stdint.h>
#include <sys/types.h>

/* Of ourselves: the keeper, or a child of its own program. 0, or -1 and errno. */

int close_from(int first); /* every descriptor from `first` on */
int self_harden(void);     /* what a stranger could use to look into us; the next exec ends it */
void self_name(const char *name);

/* The supplementary groups of one who is about to take this gid. There is room for one group more. */
int self_set_groups(gid_t gid, gid_t *groups, int count);

/* Whom the kernel says to be at the other end of a unix socket. */
int self_ask_peer(int socket, uid_t *uid);

#endif
