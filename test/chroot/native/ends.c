/*
 * end_with() as it is compiled for DragonFly, whose procctl(2) is stood in for by one with its rule: only the caller's own pid, said in
 * full. `ends`: says its pid, then waits to be ended with the process that has started it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/procctl.h>
#include <unistd.h>

#include "../../../src/keeper/native/chroot/end_with.h"

int procctl(int type, int id, int request, void *value)
{
	if (type != P_PID || id != getpid() || request != PROC_PDEATHSIG_CTL) {
		errno = EINVAL;
		return -1;
	}
	return prctl(PR_SET_PDEATHSIG, *(int *)value);
}

int main(void)
{
	end_with(getppid());
	printf("%ld\n", (long)getpid());
	fflush(stdout);
	for (;;)
		pause();
}
