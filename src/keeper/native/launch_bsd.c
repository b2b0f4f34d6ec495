/*
 * Starting a child: fork(2), and nothing else. The keeper has no descriptor for each probe here (EVFILT_PROC needs
 * none), the arena is not copied, and a kqueue is not inherited: so there is little to copy and little to close,
 * however many probes there are.
 */
#ifndef __linux__
#include <sys/types.h>
#include <errno.h>
#include <unistd.h>

#include "keeper.h"

int launcher_open(struct launcher *launcher)
{
	*launcher = (struct launcher){0};
	return 0;
}

bool launch_possible(struct keeper *keeper)
{
	(void)keeper;
	return true;
}

pid_t launch(struct keeper *keeper, struct child *child, unsigned watch, const struct layout *layout)
{
	pid_t pid = fork();

	if (pid == 0)
		layout_arrange(layout, layout->wanted, LAUNCH_DESCRIPTORS);
	else if (pid != -1 && !child_watch(keeper, child, pid, (int)pid, watch))
		return -1;
	return pid;
}

bool launch_tidy(struct keeper *keeper)
{
	(void)keeper;
	return true;
}

void launch_ended(struct keeper *keeper, pid_t pid)
{
	(void)keeper;
	(void)pid;
}

#else
typedef int not_this_platform;
#endif
