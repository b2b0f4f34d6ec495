/* What the floor has for a probe: a process that waits to be killed, and dies with its parent. */
#include <linux/prctl.h>

#include "bare.h"

enum { SIGNAL_KILL = 9 };

void program(const long *stack)
{
	unsigned long nothing_blocked = 0;

	(void)stack;
	call(__NR_prctl, PR_SET_PDEATHSIG, SIGNAL_KILL, 0, 0);
	for (;;)
		call(__NR_rt_sigsuspend, (long)&nothing_blocked, sizeof nothing_blocked, 0, 0);
}
