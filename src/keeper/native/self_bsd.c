#ifndef __linux__
#include <sys/types.h>
#include <sys/procctl.h>
#include <sys/socket.h>
#include <string.h>
#include <unistd.h>

#include "self.h"

/* int on DragonFly and void on FreeBSD, where neither can fail. */
int close_from(int first)
{
	(void)closefrom(first);
	return 0;
}

/* Neither ptrace(2) nor core files, of us and of our children until they execute what they are for. DragonFly has no such thing. */
int self_harden(void)
{
#ifdef PROC_TRACE_CTL
	int none = PROC_TRACE_CTL_DISABLE;

	return procctl(P_PID, (id_t)getpid(), PROC_TRACE_CTL, &none);
#else
	return 0;
#endif
}

void self_name(const char *name)
{
	setproctitle("%s", name);
}

/*
 * Before FreeBSD 15, and on DragonFly, the first of the groups *is* the effective gid, and setgid puts the gid into its
 * place: so the gid must be there already, or the first group is lost.
 */
int self_set_groups(gid_t gid, gid_t *groups, int count)
{
	if (count > 0 && groups[0] != gid) {
		memmove(groups + 1, groups, (size_t)count * sizeof *groups);
		groups[0] = gid;
		count++;
	}
	return setgroups(count, groups);
}

int self_ask_peer(int socket, uid_t *uid)
{
	gid_t gid;

	return getpeereid(socket, uid, &gid) == 0 ? 0 : -1;
}

#else
typedef int not_this_platform;
#endif
