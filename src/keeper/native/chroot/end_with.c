/* Who kills the process that was asked for the command, means the command. */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/prctl.h>
#elif defined(__FreeBSD__) || defined(__DragonFly__)
#include <sys/procctl.h>
#include <sys/wait.h>
#endif

#include "end_with.h"

void end_with(pid_t parent)
{
#if defined(__linux__)
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* cannot fail for a signal that exists */
#elif defined(PROC_PDEATHSIG_CTL)
	int deadly = SIGKILL;

	/* By our pid: DragonFly does not take the 0 by which FreeBSD also means us. */
	(void)procctl(P_PID, (id_t)getpid(), PROC_PDEATHSIG_CTL, &deadly);
#endif
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
}
