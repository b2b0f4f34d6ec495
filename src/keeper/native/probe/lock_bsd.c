/* What makes the probe harmless: it ends with its keeper, nobody looks into it, and it is nobody but whom it is to be. */
#ifndef __linux__
#include <sys/types.h>
#include <sys/procctl.h>
#include <sys/resource.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "parts_bsd.h"

enum { GROUPS_READ = 1024 }; /* more than NGROUPS_MAX of any of them */

#ifdef PROC_PDEATHSIG_CTL
/* Of this process. DragonFly does not take the 0 by which FreeBSD also means it. */
static int ask_of_kernel(int request, int *value)
{
	return procctl(P_PID, (id_t)getpid(), request, value);
}
#endif

/* The signal is kept through jail_attach(2) and a change of the uid. */
void follow_keeper(void)
{
#ifdef PROC_PDEATHSIG_CTL
	int last = SIGKILL;

	must(STAGE_pdeathsig, ask_of_kernel(PROC_PDEATHSIG_CTL, &last));
#endif
	/* It may have ended before: then we are somebody else's child by now. */
	must_be(STAGE_pdeathsig, getppid() == order.keeper, ESRCH);
}

void shut_out(void)
{
	struct rlimit none = {0, 0};
#ifdef PROC_TRACE_CTL
	int never = PROC_TRACE_CTL_DISABLE_EXEC;

	must(STAGE_dump, ask_of_kernel(PROC_TRACE_CTL, &never));
#endif
	must(STAGE_dump, setrlimit(RLIMIT_CORE, &none));
#ifdef PROC_NO_NEW_PRIVS_CTL
	int on = PROC_NO_NEW_PRIVS_ENABLE;

	must(STAGE_nonewprivs, ask_of_kernel(PROC_NO_NEW_PRIVS_CTL, &on));
#endif
}

/* ---- dropping */

static bool is_among(gid_t group, const gid_t *groups, int count)
{
	for (int i = 0; i < count; i++)
		if (groups[i] == group)
			return true;
	return false;
}

/*
 * Before FreeBSD 15, and on DragonFly, the first of the groups *is* the effective gid, so the gid is put there; and
 * getgroups(2) tells it as one of them. Also for uid 0: setgroups(2) marks the process (P_SUGID), which keeps tracers
 * away on DragonFly.
 */
static void drop_groups(void)
{
	gid_t groups[1 + ARMING_GROUPS], seen[GROUPS_READ];
	int count = (int)order.group_count, have;

	groups[0] = (gid_t)order.gid;
	for (int i = 0; i < count; i++)
		groups[1 + i] = (gid_t)order.groups[i];
	must(STAGE_groups, setgroups(0, NULL));
	if (count > 0)
		must(STAGE_groups, setgroups(1 + count, groups));
	must(STAGE_setgid, setresgid(groups[0], groups[0], groups[0]));

	have = getgroups(GROUPS_READ, seen);
	must(STAGE_groups, have);
	for (int i = 0; i < have; i++)
		must_be(STAGE_groups, is_among(seen[i], groups, 1 + count), EPERM);
	for (int i = 0; i < count; i++)
		must_be(STAGE_groups, is_among(groups[1 + i], seen, have) || groups[1 + i] == groups[0], EPERM);
}

void become(void)
{
	uid_t uid = (uid_t)order.uid, real, effective, saved;
	gid_t gid = (gid_t)order.gid, real_gid, effective_gid, saved_gid;

	drop_groups();
	must(STAGE_setuid, setresuid(uid, uid, uid));

	must(STAGE_setgid, getresgid(&real_gid, &effective_gid, &saved_gid));
	must_be(STAGE_setgid, real_gid == gid && effective_gid == gid && saved_gid == gid, EPERM);
	must(STAGE_setuid, getresuid(&real, &effective, &saved));
	must_be(STAGE_setuid, real == uid && effective == uid && saved == uid, EPERM);
}

#else
typedef int not_this_platform;
#endif
