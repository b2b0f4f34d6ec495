#ifndef ARMING_H
#define ARMING_H

#include <stdint.h>

/* What the keeper and the probe program say to each other during one arming. Both ends are built together. */

/* Counts up with every change of this page: on BSD the two are two files, and one may have been replaced. */
enum { ARMING_VERSION = 3 };

/* The descriptors with which the probe program is executed. Those that an entry does not need are closed, and 0 to 2. */
enum { FD_ORDER = 3, FD_REPORT = 4, FD_ROOT = 5, FD_TARGET = 6, FD_LIFE = 7 };

enum { ARMING_GROUPS = 256, ARMING_LABEL = 1024 };

enum arming_flag {
	ARMING_TARGET = 1,      /* FD_TARGET is the pidfd of the process whose namespaces are joined */
	ARMING_USER = 2,        /* the user namespace is among them */
	ARMING_KEEP_GROUPS = 4, /* the keeper is not root: setgroups(2) may be denied */
	ARMING_MOUNT = 16,      /* Linux: FD_ROOT becomes the root mount, in mounts of the probe's own */
	ARMING_JAIL = 8,        /* BSD: jail_attach(2) to `jid`, where / must be `dev` and `ino`; else FD_ROOT is the root */
};

/* Down pipe G: written and read by the same process, before and after it executes the probe program. */
struct arming_order {
	uint32_t version;
	int32_t keeper; /* pid: who is no child of it any more goes no further */
	uint64_t nonce;
	uint64_t dev, ino;
	int32_t jid;
	uint32_t flags;
	uint32_t namespaces; /* CLONE_NEW*, for setns(2) */
	uint32_t uid, gid;
	uint32_t group_count;
	uint32_t groups[ARMING_GROUPS];
	char label[ARMING_LABEL]; /* Linux: the security label to take over, as it is asked for; empty: none */
};

enum arming_kind {
	ARMING_PID = 1, /* value: the clone. Only the entering process knows the nonce */
	ARMING_READY,   /* from the clone, without the nonce: from now on a HUP can kill it */
	ARMING_FAILED,  /* value: errno. With the nonce from outside, without it from the clone */
};

/* Up pipe R. */
struct arming_report {
	uint64_t nonce;
	uint32_t kind;
	uint32_t stage;
	int32_t value;
	uint32_t unused;
};

#endif
