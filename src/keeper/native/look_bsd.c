#ifndef __linux__
#include <sys/types.h>
#include <sys/param.h>
#include <sys/jail.h>
#include <sys/sysctl.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <errno.h>
#include <string.h>

#include "look.h"

#ifdef __FreeBSD__

/* The name of the jail with this number, if it lives. 0, or errno. */
static int ask_name(int jid, char name[MAXHOSTNAMELEN])
{
	struct iovec wanted[] = {
		{.iov_base = "jid", .iov_len = sizeof "jid"},
		{.iov_base = &jid, .iov_len = sizeof jid},
		{.iov_base = "name", .iov_len = sizeof "name"},
		{.iov_base = name, .iov_len = MAXHOSTNAMELEN},
	};

	return jail_get(wanted, sizeof wanted / sizeof *wanted, 0) == -1 ? errno : 0;
}

/*
 * The number may have been given to another jail since the daemon looked. One that bears another name is another one;
 * while our process is in there, the number is not given again.
 */
int look_where(const struct definition *definition, enum stage *stage)
{
	char name[MAXHOSTNAMELEN] = "";
	int error;

	if (definition->enter != ENTER_JAIL || !definition->name)
		return 0;
	error = ask_name((int)definition->jid, name);
	*stage = error == ENOENT ? STAGE_gone : STAGE_identity;
	if (!error && strncmp(name, definition_text(definition, definition->name), sizeof name) != 0)
		error = ESTALE;
	return error;
}

static bool is_there(const struct kinfo_proc *seen, const struct definition *definition)
{
	uid_t uid = (uid_t)definition->uid;

	return (definition->enter != ENTER_JAIL || seen->ki_jid == (int)definition->jid) && seen->ki_uid == uid
		&& seen->ki_ruid == uid && seen->ki_svuid == uid && seen->ki_cr_flags & KI_CRF_CAPABILITY_MODE;
}

#else

/* Jails have no names here. Who is in which jail, is_there() sees. */
int look_where(const struct definition *definition, enum stage *stage)
{
	(void)definition;
	(void)stage;
	return 0;
}

static bool is_there(const struct kinfo_proc *seen, const struct definition *definition)
{
	uid_t uid = (uid_t)definition->uid;

	return (definition->enter != ENTER_JAIL || seen->kp_jailid == (int)definition->jid) && seen->kp_uid == uid
		&& seen->kp_ruid == uid && seen->kp_svuid == uid;
}

#endif

bool look_locked(const struct definition *definition, pid_t pid)
{
	int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, (int)pid};
	struct kinfo_proc seen;
	size_t size = sizeof seen;

	/* A process that has ended is not found, or its size is 0. */
	if (sysctl(name, sizeof name / sizeof *name, &seen, &size, NULL, 0) == -1 || size != sizeof seen)
		return false;
	return is_there(&seen, definition);
}

#else
typedef int not_this_platform;
#endif
