#ifndef __linux__
#include <sys/types.h>
#include <sys/procctl.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "entrance.h"
#include "life.h"

#ifdef PROC_PDEATHSIG_CTL

/* The kernel kills a probe when its keeper ends: it needs no pipe, and has no descriptor at all. */
int life_open(struct life *life)
{
	*life = (struct life){-1, -1};
	return 0;
}

#else

/* DragonFly before 6.0. There is no way to open the end for reading a second time, so all of a jail's probes share it. */
int life_open(struct life *life)
{
	int ends[2];

	*life = (struct life){-1, -1};
	if (pipe2(ends, O_CLOEXEC) == -1)
		return -1;
	life->theirs = ends[0];
	life->ours = ends[1];
	return 0;
}

#endif

void life_close(struct life *life)
{
	if (life->ours != -1)
		close(life->ours);
	if (life->theirs != -1)
		close(life->theirs);
	*life = (struct life){-1, -1};
}

int life_to_give(const struct life *life)
{
	return life->theirs;
}

int life_take(void)
{
	if (fcntl(FD_LIFE_IN, F_GETFD) == -1)
		return 0; /* none was given */
	return dup2(FD_LIFE_IN, FD_LIFE) == -1 ? errno : 0;
}

#else
typedef int not_this_platform;
#endif
