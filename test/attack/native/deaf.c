/*
 * deaf NAME WORD: becomes a process that leads a session, that calls itself `NAME WORD`, and whose root is a file system of
 * which nobody will ever answer anything.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "report.h"

static const char place[] = "/tmp/place", root[] = "/tmp/place/root", device[] = "/tmp/place/fuse";

static int move_in(void)
{
	char options[100];
	int fuse;

	if (unshare(CLONE_NEWNS) == -1 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1
		|| mkdir(place, 0755) == -1 || mount("none", place, "tmpfs", 0, NULL) == -1 || mkdir(root, 0755) == -1 || mknod(device, S_IFCHR | 0600, makedev(10, 229)) == -1)
		return -1;
	fuse = open(device, O_RDWR);
	snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fuse);
	if (fuse == -1 || mount("none", root, "fuse", 0, options) == -1)
		return -1;
	return (int)syscall(SYS_pivot_root, root, root);
}

int main(int count, char **arguments)
{
	int moved;

	if (count == 3) {
		execl("/proc/self/exe", arguments[1], arguments[2], (char *)NULL);
		return 71;
	}
	if (fork() > 0)
		return 0;
	(void)setsid();
	moved = move_in();
	tell("move in", moved);
	say("pid", "%d", (int)getpid());
	fclose(stdout);
	fclose(stderr);
	for (;;)
		pause();
}
