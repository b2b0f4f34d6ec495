/*
 * exe PID: tries to become the owner of the program that a process executes. At last it kills the process, and keeps
 * the program open to write, so that whoever executes the same file finds it busy.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "report.h"

static void overwrite_running(const char *path)
{
	tell("open to write", open(path, O_WRONLY));
	tell("open to truncate", open(path, O_RDWR | O_TRUNC));
	tell("truncate", truncate(path, 0));
}

/* Nothing executes it any more, but we have kept it. */
static void overwrite(int kept)
{
	char own[64];
	int file;

	snprintf(own, sizeof own, "/proc/self/fd/%d", kept);
	file = open(own, O_RDWR);
	tell("open again", file);
	if (file == -1)
		return;
	tell("write", write(file, "x", 1));
	tell("ftruncate", ftruncate(file, 0));
	tell("map to write", mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) == MAP_FAILED ? -1 : 0);
	tell("add seals", fcntl(file, F_ADD_SEALS, F_SEAL_SEAL));
}

/* Not what is in it, but who may execute it, and as whom. */
static void change_mode(const char *path)
{
	struct vfs_cap_data capability = {
		.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
		.data = {{.permitted = ~0u}, {.permitted = ~0u}},
	};

	tell("capability", setxattr(path, "security.capability", &capability, XATTR_CAPS_SZ_2, 0));
	tell("chown", chown(path, 65534, 65534));
	tell("set user id", chmod(path, 06555));
	tell("chmod", chmod(path, 0));
}

int main(int count, char **arguments)
{
	char path[64];
	int victim, kept;

	if (count != 2)
		return 64;
	victim = atoi(arguments[1]);
	snprintf(path, sizeof path, "/proc/%d/exe", victim);
	overwrite_running(path);
	kept = open(path, O_RDONLY);
	tell("open to read", kept);
	change_mode(path);
	kill(victim, SIGKILL);
	while (kill(victim, 0) == 0)
		usleep(1000);
	overwrite(kept);
	fflush(stdout);
	/* Our end must not be waited for: what we hold, we hold. */
	if (fork() > 0)
		return 0;
	fclose(stdout);
	fclose(stderr);
	for (;;)
		pause();
}
