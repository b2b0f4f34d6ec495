#ifndef __linux__
#include <errno.h>
#include <string.h>

#include "enter.h"

/* One space of pids: what is forked on the host is the probe, wherever it goes. */
const bool enter_clones = false;

const char *enter_refuses(const struct definition *definition)
{
	if (definition->enter == ENTER_PID)
		return "enter is pid, and this system has no namespaces: setns(2) is of Linux";
	if (definition->mount)
		return "mount is given, and this system has no mount namespaces: pivot_root(2) is of Linux";
#ifndef __FreeBSD__
	if (definition->name)
		return "name is given, and this system's jails have none";
#endif
	return NULL;
}

int enter_learn_home(struct home *home)
{
	memset(home, 0, sizeof *home);
	return 0;
}

int enter_process(struct entrance *entrance, const struct home *home, enum stage *stage)
{
	(void)entrance;
	(void)home;
	*stage = STAGE_setns;
	return ENOSYS; /* refused long before */
}

/* The probe attaches by number, with no directory open. All that is done here is to tell it what it must find inside. */
int enter_jail(struct entrance *entrance, enum stage *stage)
{
	(void)stage;
	entrance->order.flags |= ARMING_JAIL;
	entrance->order.dev = entrance->dev;
	entrance->order.ino = entrance->ino;
	return 0;
}

#else
typedef int not_this_platform;
#endif
