#ifdef __linux__
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "entrance.h"
#include "life.h"

/* The other end is opened from /proc/self/fd by each child: so one descriptor does for all, and no two share a file. */
int life_open(struct life *life)
{
	int ends[2];

	*life = (struct life){-1, -1};
	if (pipe2(ends, O_CLOEXEC) == -1)
		return -1;
	close(ends[0]);
	life->ours = ends[1];
	return 0;
}

void life_close(struct life *life)
{
	if (life->ours != -1)
		close(life->ours);
	life->ours = -1;
}

int life_to_give(const struct life *life)
{
	return life->ours;
}

int life_take(void)
{
	char path[32];
	int life;

	snprintf(path, sizeof path, "/proc/self/fd/%d", FD_LIFE_IN);
	life = open(path, O_RDONLY);
	if (life == -1 || (life != FD_LIFE && dup2(life, FD_LIFE) == -1))
		return errno;
	if (life != FD_LIFE)
		close(life);
	return 0;
}

#else
typedef int not_this_platform;
#endif
