#ifdef __linux__
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "self.h"

int close_from(int first)
{
	return (int)syscall(SYS_close_range, first, ~0u, 0);
}

int self_harden(void)
{
	if (prctl(PR_SET_DUMPABLE, 0) == -1)
		return -1;
	/* An empty session keyring: children that get none of their own must not see the administrator's. */
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) == -1 && errno != ENOSYS && errno != EDQUOT)
		return -1;
	return 0;
}

void self_name(const char *name)
{
	(void)prctl(PR_SET_NAME, name);
}

int self_set_groups(gid_t gid, gid_t *groups, int count)
{
	(void)gid;
	return setgroups((size_t)count, groups);
}

int self_ask_peer(int socket, uid_t *uid)
{
	struct ucred peer;
	socklen_t length = sizeof peer;

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) == -1)
		return -1;
	*uid = peer.uid;
	return 0;
}

#else
typedef int not_this_platform;
#endif
