#ifndef __linux__
#include <sys/types.h>
#include <sys/wait.h>
#include <errno.h>
#include <signal.h>

#include "process.h"

/* A handle is the pid: that of a child is its own until we reap it, and then nobody has the handle any more. */
int process_handle(pid_t pid)
{
	return (int)pid;
}

bool process_is_child(pid_t pid)
{
	siginfo_t info;

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

int process_kill(int handle, int signal)
{
	return kill((pid_t)handle, signal);
}

/* What this is for, clones that nobody has named, is not to be had where the probe is the process that was forked. */
bool process_each_child(struct keeper *keeper, void each(struct keeper *keeper, pid_t pid))
{
	(void)keeper;
	(void)each;
	return true;
}

static struct ending wait_for(int handle, int options)
{
	siginfo_t info = {0};
	struct ending ending = {0};

	/* 0 and no pid: it is on its way out, or a tracer holds what is left of it. */
	if (waitid(P_PID, (id_t)handle, &info, WEXITED | WNOHANG | options) == -1 || info.si_pid == 0)
		return ending;
	ending.ended = true;
	ending.signal = info.si_code != CLD_EXITED;
	/* FreeBSD tells all 32 bits of what was given to exit(2); everybody else counts in eight. */
	ending.value = ending.signal ? info.si_status : info.si_status & 0xff;
	return ending;
}

struct ending process_look(int handle)
{
	return wait_for(handle, WNOWAIT);
}

struct ending process_reap(int handle)
{
	return wait_for(handle, 0);
}

#else
typedef int not_this_platform;
#endif
