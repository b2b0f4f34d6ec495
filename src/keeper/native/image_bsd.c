/*
 * The probe program is a file: there is no sealed memory to execute here, and none is needed, since no jail can reach a file
 * of the host. It is executed by its path, not by descriptor, so that ps(1) in the jail shows its name.
 */
#ifndef __linux__
#include <sys/types.h>
#include <sys/stat.h>
#include <sys/sysctl.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "image.h"

static const char name[] = "jaildaemon-probe";

#ifdef PROBE_PATH

static int find(char path[PATH_MAX])
{
	if (sizeof PROBE_PATH > PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(path, PROBE_PATH);
	return 0;
}

#else

/* Beside the keeper's own file. */
static int find(char path[PATH_MAX])
{
	int self[] = {CTL_KERN, KERN_PROC, KERN_PROC_PATHNAME, -1};
	size_t size = PATH_MAX;
	char *slash;

	if (sysctl(self, sizeof self / sizeof *self, path, &size, NULL, 0) == -1)
		return -1;
	slash = memchr(path, '\0', size) ? strrchr(path, '/') : NULL;
	if (!slash || (size_t)(slash + 1 - path) + sizeof name > PATH_MAX) {
		errno = slash ? ENAMETOOLONG : ENOENT;
		return -1;
	}
	strcpy(slash + 1, name);
	return 0;
}

#endif

static char path[PATH_MAX];

int image_open(int *image, const char **why)
{
	struct stat status;

	*image = -1;
	*why = "finding the keeper's own file, beside which the probe's program is";
	if (!path[0] && find(path) == -1) {
		path[0] = '\0';
		return -1;
	}
	*why = path;
	if (stat(path, &status) == -1)
		return -1;
	*why = "the probe's program must be a file of root's or of this user's, and no others may write it";
	if (!S_ISREG(status.st_mode) || (status.st_uid != 0 && status.st_uid != geteuid()) || status.st_mode & 022) {
		errno = EPERM;
		return -1;
	}
	*why = "the probe's program cannot be executed";
	return access(path, X_OK);
}

int image_execute(int image, const char *title)
{
	char *arguments[] = {(char *)title, NULL}, *environment[] = {NULL};

	(void)image;
	execve(path, arguments, environment);
	return errno;
}

#else
typedef int not_this_platform;
#endif
